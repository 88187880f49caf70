/**
 * Which run of a tool made a call: what a pipeline appends to the user agent, or names its session.
 *
 * `TF_APPEND_USER_AGENT`, `AWS_SDK_UA_APP_ID` and `AWS_EXECUTION_ENV` are how pipelines name their
 * runs: Atlantis appends `atlantis/OWNER/REPOSITORY/PULL`.
 */

import { indexable, spoken } from '../../changes/text.ts'
import { assumedRole } from './actor.ts'
import type { Facts } from './facts.ts'

const RUN_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i
/** Products and metadata that SDKs and tools themselves send. */
const KNOWN_PRODUCT =
  /^(aws-?sdk[\w-]*|aws-cli|aws-internal|boto3|botocore|APN|HashiCorp|Terraform|OpenTofu|terraform-provider-[\w-]+|Pulumi\S*|ua|os|lang|md|api|cfg|m|ft|exec-env|app|sts|cdk|aws-cdk\S*|Python|Linux|Darwin|Windows\S*|Java\S*|OpenJDK\S*|go\d\S*|kotlin|vendor|retry|io|http|crt|md5|promise|callback|prompt|command|dotnet\S*|\.NET\S*|NodeJS|node\S*|ruby\S*|php\S*|GuzzleHttp|curl|Mozilla|Gecko|Firefox|AppleWebKit|Chrome|Safari|Version|Edg|amazon-\S+|AWS_\S+|source|exe|awscrt|internal|packer\S*|Vault|lib|sid|ClientId|S3Manager|aws-sam-cli|invocation-id|ansible\S*|serverless\S*|eksctl|kops\S*)$/i
/** The IDs of installations, which SAM CLI and the AWS Toolkits send: the same in each of their runs. */
const INSTALLATION = /(?<=\baws-sam-cli\/[\w.]+)\/[\w-]+|\bClientId\/[\w-]+/gi
/** `BuildID/1234`, `pull/12`, `commit/3f2a9c1d`, `jenkins-deploy-prod-452`. */
const NAMED_RUN =
  /(^|[/_-])(run|build|job|pipeline|pull|pr|mr|deploy(ment)?|commit|sha|execution|workflow)s?([_-]?(id|number|no|request))?[-_/#:=]\w|^[a-z].*(build|job|deploy|pipeline|jenkins).*[-_]\d+$/i
const runs = new Map<string, string | undefined>()

/** For people and for filters; undefined when the record does not show it. */
export function runOf(facts: Facts): string | undefined {
  const appended = appendedRun(facts.userAgent)
  if (appended !== undefined) return appended
  const type = facts.identity.text('type')
  if (type !== 'AssumedRole' && type !== 'Role') return undefined
  return assumedRole(facts).run
}

/** What the caller appended to the user agent: a UUID, or a path such as `atlantis/shop/infra/12`. */
export function appendedRun(userAgent: string): string | undefined {
  if (userAgent === '' || runs.has(userAgent)) return runs.get(userAgent)
  const found = find(userAgent)
  if (runs.size >= 1_000) runs.clear()
  runs.set(userAgent, found)
  return found
}

function find(userAgent: string): string | undefined {
  const agent = userAgent
    .replace(/^\[(.*)\]$/s, '$1')
    .replace(/\([^)]*\)/g, ' ')
    .replace(INSTALLATION, '')
  const words = agent.split(/\s+/).filter((word) => word !== '')
  const appId = /(?:^|\s)app\/([\w.+!#$%&'*^`|~-]{1,60})/.exec(agent)?.[1]
  // Only what follows the SDK's own part was appended.
  const sdk = words.findIndex((word) =>
    /^(aws-sdk|boto3|botocore|aws-cli|terraform|opentofu|APN)/i.test(word),
  )
  const rest = sdk < 0 ? [] : words.slice(sdk + 1)
  const candidates = rest.filter((word) => {
    const product = word.split(/[/#]/)[0] ?? ''
    return /[/_:=#-]/.test(word) && !KNOWN_PRODUCT.test(product) && !/^[\d.]+$/.test(word)
  })
  const path =
    candidates.find((word) => NAMED_RUN.test(word)) ??
    candidates.find((word) => /\/.*\/|\d{4,}|[/#]\d+$|run|pull|pr[-/#]/i.test(word))
  const found = RUN_ID.exec(agent)?.[0] ?? path ?? (appId && /\d/.test(appId) ? appId : undefined)
  return found === undefined ? undefined : indexable(spoken(found, 120))
}

const DATE = /^20[2-4]\d(0\d|1[0-2])[0-3]\d(\d{4}|\d{6})?$/

/** A run that is unique over all sessions: its changes are one piece of work, in any account. */
export function isUniqueRun(run: string): boolean {
  if (RUN_ID.test(run) || /(^|[^\w])run-[A-Za-z0-9]{16}$/.test(run)) return true
  if (/(^|[^0-9A-Za-z])[0-9A-HJKMNP-TV-Z]{26}($|[^0-9A-Za-z])/.test(run)) return true
  // Instances, accounts and dates are the same in many runs.
  const numbers = run.replace(/\bi-[0-9a-f]{8,17}\b/g, '').match(/(?<![\d.])\d{8,}(?![\d.])/g) ?? []
  return numbers.some((number) => number.length !== 12 && !DATE.test(number))
}
