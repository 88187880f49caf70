import type { z } from 'zod'
import type { Change } from '../../changes/change.ts'
import { spoken } from '../../changes/text.ts'
import type { DeployRule } from '../../integrations/integration.ts'
import { UnreadableWebhook } from '../webhook-body.ts'
import { NoChange } from './build.ts'
import { readPullRequest, readPush, readRelease } from './code.ts'
import { readDeployment, readWorkflowRun } from './deployments.ts'
import * as payload from './payload.ts'
import {
  readBranchProtectionConfiguration,
  readBranchProtectionRule,
  readDeployKey,
  readMember,
  readRepository,
  readRuleset,
  readSecretAlert,
} from './settings.ts'

interface TranslateOptions {
  /** Which deployments are deploys. Default: all. */
  deployRules?: readonly DeployRule[] | undefined
}

type Read = (body: unknown, receivedAt: Date, options: TranslateOptions) => Change

function reader<Schema extends z.ZodType>(
  schema: Schema,
  read: (body: z.output<Schema>, receivedAt: Date, options: TranslateOptions) => Change,
): Read {
  return (body, receivedAt, options) => {
    const result = schema.safeParse(body)
    if (result.success) return read(result.data, receivedAt, options)
    const [issue] = result.error.issues
    throw new UnreadableWebhook(
      `The payload cannot be read: ${spoken(issue?.path.join('.') || 'the body', 200)} is missing or has another type.`,
    )
  }
}

/** The events that become changes. docs/github.md lists them, with the ID of each change. */
const READERS: Record<string, Read> = {
  pull_request: reader(payload.pullRequest, readPullRequest),
  push: reader(payload.push, readPush),
  release: reader(payload.release, readRelease),
  deployment: reader(payload.deployment, (body, _receivedAt, { deployRules = [] }) =>
    readDeployment('deployment', body, deployRules),
  ),
  deployment_status: reader(payload.deployment, (body, _receivedAt, { deployRules = [] }) =>
    readDeployment('deployment_status', body, deployRules),
  ),
  workflow_run: reader(payload.workflowRun, readWorkflowRun),
  branch_protection_rule: reader(payload.branchProtectionRule, readBranchProtectionRule),
  branch_protection_configuration: reader(
    payload.repositoryEvent,
    readBranchProtectionConfiguration,
  ),
  repository_ruleset: reader(payload.ruleset, readRuleset),
  member: reader(payload.member, readMember),
  deploy_key: reader(payload.deployKey, readDeployKey),
  secret_scanning_alert: reader(payload.secretAlert, readSecretAlert),
  repository: reader(payload.repositoryEvent, (body, receivedAt) =>
    readRepository('repository', body, receivedAt),
  ),
  public: reader(payload.repositoryEvent, (body, receivedAt) =>
    readRepository('public', body, receivedAt),
  ),
}

export const TRANSLATED_EVENTS = Object.keys(READERS)

/** The changes of a webhook, and if there are none, why. */
interface Translation {
  changes: Change[]
  /** A sentence; null if there are changes. */
  reason: string | null
}

/**
 * Reads a webhook of GitHub.
 *
 * @param event the header `X-GitHub-Event`
 * @param receivedAt the time of events that report none
 * @throws UnreadableWebhook
 */
export function readGitHub(
  event: string | null,
  body: unknown,
  receivedAt: Date,
  options: TranslateOptions = {},
): Translation {
  if (event === null) throw new UnreadableWebhook('The header X-GitHub-Event is missing.')
  const read = Object.hasOwn(READERS, event) ? READERS[event]! : undefined
  if (read === undefined) {
    return { changes: [], reason: `The event ${spoken(event, 100)} is not a change.` }
  }
  try {
    return { changes: [read(body, receivedAt, options)], reason: null }
  } catch (error) {
    if (!(error instanceof NoChange)) throw error
    return { changes: [], reason: error.message }
  }
}

/** The changes of a webhook of GitHub: one or none. @throws UnreadableWebhook */
export function translateGitHub(
  event: string,
  body: unknown,
  receivedAt: Date,
  options: TranslateOptions = {},
): Change[] {
  return readGitHub(event, body, receivedAt, options).changes
}
