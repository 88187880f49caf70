import type { AwsCredentialIdentity } from '@smithy/types'
import type { AwsProblemKind } from '../connections/aws-problems.ts'
import type { AwsProblem } from './errors.ts'
import { partitions } from './regions.ts'

/**
 * The identity of a worker in AWS, and whether customers' trust policies must name it. Contains
 * only sentences and ARNs: no keys, tokens or other secrets of a session.
 */
export interface PrincipalFinding {
  /**
   * - `certain`: `arn` is the principal that trust policies must name
   * - `uncertain`: the credentials work, but `arn` cannot be determined from them
   * - `unusable`: AWS does not allow this kind of identity to assume roles
   * - `unknown`: AWS rejects Cairn's credentials, or did not respond
   */
  state: 'certain' | 'uncertain' | 'unusable' | 'unknown'
  /** `arn:aws:iam::123456789012:role/path/cairn`; set if and only if it is certain. */
  arn: string | null
  /** `aws` */
  partition: string | null
  accountId: string | null
  /** As GetCallerIdentity returns it: `arn:aws:sts::123456789012:assumed-role/cairn/SESSION`. */
  caller: string | null
  /** What AWS returned. */
  saw: string
  /** What it means. */
  means: string
  /** How to fix it; null if nothing has to be fixed. */
  remedy: string | null
  /** Where `arn` comes from; null without one. */
  source: 'configured' | 'iam:GetRole' | 'caller' | null
  /** Where the credentials come from, as a noun phrase; null without any. */
  credentials: string | null
  /** Why AWS returned no identity. Absent if it did. */
  problem?: AwsProblemKind
}

/** What can be determined from GetCallerIdentity's ARN alone. */
type Caller =
  | { kind: 'user'; partition: string; accountId: string; arn: string }
  /** The path is missing: only iam:GetRole returns it. */
  | { kind: 'role'; partition: string; accountId: string; roleName: string }
  | { kind: 'unusable'; partition: string | null; accountId: string | null; means: string }

/**
 * Parses the ARN that GetCallerIdentity returns. Forms, and which identities may call AssumeRole:
 * IAM User Guide, "IAM identifiers" and "Compare AWS STS credentials".
 */
export function readCallerArn(arn: string): Caller {
  const [, partition, service, accountId, resource] =
    /^arn:([\w-]+):(iam|sts)::(\d{12}):(.+)$/.exec(arn) ?? []
  if (!partition || !accountId || !resource) {
    const means = 'Cairn does not support this type of identity.'
    return { kind: 'unusable', partition: null, accountId: null, means }
  }
  const unusable = (means: string): Caller => ({ kind: 'unusable', partition, accountId, means })
  if (!partitions.some(({ id }) => id === partition))
    return unusable(
      `Cairn supports only the partitions ${partitions.map(({ id }) => id).join(', ')}.`,
    )
  const [kind, ...names] = resource.split('/')
  if (service === 'sts' && kind === 'assumed-role' && names.length === 2 && names[0])
    return { kind: 'role', partition, accountId, roleName: names[0] }
  if (service === 'iam' && kind === 'user' && names.length > 0)
    return { kind: 'user', partition, accountId, arn }
  if (service === 'iam' && resource === 'root')
    return unusable("This is the account's root user, which cannot assume roles.")
  if (service === 'sts' && kind === 'federated-user')
    return unusable('This is a federated user session, which cannot assume roles.')
  return unusable('Cairn does not support this type of identity.')
}

/** Shown if the fix is to run Cairn as a different identity. */
const GUIDE = 'docs/cairns-identity.md has the steps for a laptop, EC2, ECS and EKS.'

/** Credentials that AWS accepts, before the path of their role was requested. */
interface Known {
  callerArn: string
  caller: Caller
  credentials: string
}

/**
 * The finding, if it needs no request to IAM; undefined for a role, whose path has to be requested.
 */
export function findingWithoutIam({ callerArn, caller, credentials }: Known) {
  const common = { accountId: caller.accountId, partition: caller.partition, caller: callerArn }
  const saw = identifiedAs(callerArn)
  if (caller.kind === 'unusable') {
    return {
      ...common,
      credentials,
      saw,
      state: 'unusable',
      arn: null,
      source: null,
      means: `${caller.means} Cairn cannot read other accounts with it.`,
      remedy: `Run Cairn with a dedicated IAM role. ${GUIDE}`,
    } satisfies PrincipalFinding
  }
  if (caller.kind === 'user') {
    return {
      ...common,
      credentials,
      saw,
      state: 'certain',
      arn: caller.arn,
      source: 'caller',
      means:
        'Roles in connected accounts must trust this IAM user. Prefer a role: user keys do not expire, ' +
        'and every connected account must update its role when you replace the user.',
      remedy: null,
    } satisfies PrincipalFinding
  }
  return undefined
}

/**
 * The finding for a session of a role, from the response of IAM.
 *
 * @param answer the role's ARN, or why IAM did not return it
 */
export function findingForRole(
  { callerArn, caller, credentials }: Known & { caller: Caller & { kind: 'role' } },
  answer: string | AwsProblem,
): PrincipalFinding {
  const { partition, accountId, roleName } = caller
  const common = { partition, accountId, caller: callerArn, credentials }
  const stem = `arn:${partition}:iam::${accountId}:role/`
  if (typeof answer === 'string' && answer.startsWith(stem) && answer.endsWith(`/${roleName}`)) {
    return {
      ...common,
      state: 'certain',
      arn: answer,
      source: 'iam:GetRole',
      saw: `${identifiedAs(callerArn)} According to IAM, its role is ${answer}.`,
      means: 'Roles in connected accounts must trust this role.',
      remedy: null,
    }
  }
  const denied = typeof answer !== 'string' && answer.kind === 'denied'
  const gone = typeof answer !== 'string' && answer.code.startsWith('NoSuchEntity')
  const why = () => {
    if (typeof answer === 'string') return `IAM returned a different role, ${answer}.`
    if (denied) return 'It is not allowed to call iam:GetRole.'
    if (gone) return 'IAM has no role with this name: it was deleted or has just been created.'
    return `The request to IAM for its role failed (${inWords(answer)}).`
  }
  const sso = roleName.startsWith('AWSReservedSSO_')
  const ask = `aws iam get-role --role-name ${roleName} --query Role.Arn --output text`
  const remedy = () => {
    if (gone) {
      return `Create the role again, or run Cairn with a different role. Then save every trust policy that named the deleted role again, because IAM stores its unique ID and not its name. ${GUIDE}`
    }
    if (denied) {
      return `With sufficient permissions, run \`${ask}\`, set CAIRN_PRINCIPAL_ARN to the output, and restart Cairn. Or allow the role to call iam:GetRole on itself.`
    }
    return `Cairn retries automatically. If this persists, set CAIRN_PRINCIPAL_ARN to the output of \`${ask}\`, and restart Cairn.`
  }
  return {
    ...common,
    state: 'uncertain',
    arn: null,
    source: null,
    saw: `${identifiedAs(callerArn)} ${why()}`,
    means: sso
      ? 'This ARN does not contain the role path, and roles of IAM Identity Center always have ' +
        `one: ${stem}aws-reserved/sso.amazonaws.com/REGION/${roleName}, or without REGION/ where ` +
        'Identity Center is in us-east-1. A trust policy without the path would deny access to Cairn.'
      : 'This ARN does not contain the role path. The role can be ' +
        `${stem}${roleName}, or have a path in between; a trust policy with the wrong ARN ` +
        'would deny access to Cairn.',
    remedy: remedy(),
  }
}

/** The finding if GetCallerIdentity failed, or no credentials were found. */
export function findingForProblem(
  problem: AwsProblem,
  options: { region: string; credentials: string | null },
): PrincipalFinding {
  const { saw, remedy } = wordsFor(problem, options.region)
  return {
    state: 'unknown',
    arn: null,
    partition: null,
    accountId: null,
    caller: null,
    source: null,
    credentials: options.credentials,
    problem: problem.kind,
    saw,
    means: 'Cairn cannot assume roles until this is fixed. Everything else works.',
    remedy,
  }
}

function wordsFor(problem: AwsProblem, region: string): { saw: string; remedy: string } {
  const why = inWords(problem)
  switch (problem.kind) {
    case 'no_credentials':
      return {
        saw: `Cairn has no AWS credentials (${why}).`,
        remedy:
          'Set AWS_PROFILE and restart Cairn, and run `aws sso login` if the profile uses ' +
          `IAM Identity Center. On AWS: an instance profile, task role or service account. ${GUIDE}`,
      }
    case 'expired':
      return {
        saw: `Cairn's AWS credentials have expired (${why}).`,
        remedy:
          'Renew them: run `aws sso login` for a profile of IAM Identity Center. For keys in the ' +
          'environment, set new keys and restart Cairn.',
      }
    case 'not_enabled':
      return {
        saw: `AWS in ${region} rejected Cairn's access key (${why}).`,
        remedy:
          'The key was deleted or belongs to another partition. In that case, set AWS_REGION to a region ' +
          'of that partition, for example us-gov-west-1 or cn-north-1.',
      }
    case 'unreachable':
      return {
        saw: `STS in ${region} did not respond (${why}).`,
        remedy: 'Cairn retries automatically. Check the network and AWS_REGION.',
      }
    default:
      return {
        saw: `STS in ${region} did not return an identity for Cairn (${why}).`,
        remedy:
          problem.code === 'SignatureDoesNotMatch'
            ? 'The secret access key does not match the access key ID. Set both again.'
            : 'Cairn retries automatically.',
      }
  }
}

/**
 * The error on one line. Omits a message that may contain a secret: STS can quote the request that
 * it expected, with its session token.
 */
function inWords({ code, message }: AwsProblem): string {
  if (code === 'SignatureDoesNotMatch') return code
  const line = message.replaceAll(/\s+/g, ' ').trim().slice(0, 300).replace(/\.$/, '')
  return line === code || line === '' ? code : `${code}: ${line}`
}

function identifiedAs(callerArn: string): string {
  return `AWS identifies Cairn as ${callerArn}.`
}

/** The marks that the AWS SDK's providers leave on credentials (`AwsSdkCredentialsFeatures`). */
type Marks = Record<string, unknown>

/** The addresses of EKS Pod Identity's agent (EKS User Guide, "How EKS Pod Identity works"). */
const podIdentityAgents = ['169.254.170.23', '[fd00:ec2::23]']

/**
 * Where credentials come from and how long they last, as a noun phrase. Of the credentials
 * themselves, it shows only whether they expire.
 *
 * @param env its AWS_PROFILE and AWS_CONTAINER_CREDENTIALS_FULL_URI distinguish cases that have the
 *   same marks
 */
export function describeCredentials(
  credentials: AwsCredentialIdentity,
  env: Record<string, string | undefined>,
): string {
  const marks = (credentials as { $source?: Marks }).$source ?? {}
  const has = (...names: string[]) => names.some((name) => `CREDENTIALS_${name}` in marks)
  const profile = `the AWS profile ${env.AWS_PROFILE || 'default'}`
  const renew = env.AWS_PROFILE ? ` --profile ${env.AWS_PROFILE}` : ''
  const ends = credentials.sessionToken !== undefined

  if (has('PROFILE_SSO', 'PROFILE_SSO_LEGACY', 'SSO', 'SSO_LEGACY'))
    return `the IAM Identity Center session of ${profile}, which ends after some hours (renew it with \`aws sso login${renew}\`)`
  if (has('PROFILE_LOGIN', 'LOGIN'))
    return `the console session of ${profile}, which ends after some hours (renew it with \`aws login${renew}\`)`
  if (has('IMDS')) return "the EC2 instance's role (its instance profile)"
  if (has('HTTP')) {
    const uri = URL.parse(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '')
    if (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI) return "the ECS task's role"
    return podIdentityAgents.includes(uri?.hostname ?? '')
      ? "the pod's role (EKS Pod Identity)"
      : 'the container credentials endpoint'
  }
  if (has('ENV_VARS_STS_WEB_ID_TOKEN', 'PROFILE_STS_WEB_ID_TOKEN', 'STS_ASSUME_ROLE_WEB_ID'))
    return 'a web identity token (on EKS: the service account, IRSA)'
  if (has('PROFILE_PROCESS', 'PROCESS')) return `the credential process of ${profile}`
  if (has('STS_ASSUME_ROLE')) return `the role that ${profile} assumes`
  if (!has('ENV_VARS', 'PROFILE')) return 'the program that started Cairn'
  const place = has('ENV_VARS') ? 'environment variables' : profile
  return ends
    ? `temporary keys in ${place}, which expire and are not renewed automatically`
    : `long-lived access keys in ${place}`
}
