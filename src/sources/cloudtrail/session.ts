/**
 * Which session a change was made in, and how long its work may be silent: what change sets are
 * computed from. docs/decisions/004-change-sets.md has the reasons.
 */

import type { Actor, ChangeSetKey, Tool } from '../../changes/change.ts'
import { digest } from '../../changes/digest.ts'
import { RUN_STREAM, runSessionKey } from '../../changes/run-key.ts'
import { credentialStream } from '../../changes/streams.ts'
import { assumedRole, STACK_SESSION } from './actor.ts'
import type { AssumedRole, Facts } from './facts.ts'
import { appendedRun, isUniqueRun } from './run.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A console session: people read and think between two clicks. */
const CONSOLE_IDLE_TIMEOUT = 60 * MINUTE_MS
/** Credentials created for one piece of work, which ends when they expire. */
const FRESH_IDLE_TIMEOUT = 60 * MINUTE_MS
/** Credentials that a person reuses for one task after another. */
const SHARED_IDLE_TIMEOUT = 20 * MINUTE_MS
/** Long-lived keys: which program uses them is unknown. */
const KEY_IDLE_TIMEOUT = 15 * MINUTE_MS
/** AWS's own activity comes in bursts. */
const SERVICE_IDLE_TIMEOUT = 5 * MINUTE_MS
/** After starting something slow, people wait for it: a database, a cluster, a distribution. */
const SLOW_IDLE_TIMEOUT = 45 * MINUTE_MS

const SLOW =
  /^(Create|Modify|Update|Delete|Restore|Upgrade|Reboot)(DB(Instance|Cluster)|Cluster|Nodegroup|Distribution|ReplicationGroup|CacheCluster|ServerlessCache|Domain|ElasticsearchDomain|FileSystem|Broker|Directory|MicrosoftAD|Stack|VpnConnection|TransitGateway|Environment|Addon|FargateProfile|GlobalCluster|Service|Table)|^(RequestCertificate|ExecuteChangeSet|CreateDBInstanceReadReplica|StartInstanceRefresh)/

/** Programs that run continuously: their work is cut by the hour, or one set would grow forever. */
const CONTROLLERS = new Set([
  'ack',
  'aws-load-balancer-controller',
  'cluster-autoscaler',
  'crossplane',
  'ebs-csi-driver',
  'ecs-agent',
  'external-dns',
  'karpenter',
  'kops',
  'ssm-agent',
  'vpc-cni',
])

/** Tools that assume a role for each run, under any session name. */
const RUNNERS = new Set(['opentofu', 'pulumi', 'terraform'])

/** Compute whose work has an end that silence shows; a function or a pod may run for ever. */
const FINITE_COMPUTE = new Set<string | undefined>(['instance', 'task'])

/** AWS creates the credentials for a call on someone's behalf just before it. Milliseconds. */
const MINTED_WITHIN = 5_000

/** When the session began, where the record shows it. */
export function sessionStart({ identity }: Facts): Date | null {
  return dateOf(identity.object('sessionContext').object('attributes').text('creationDate'))
}

export function changeSetKey(facts: Facts, actor: Actor, tool: Tool, at: Date): ChangeSetKey {
  const { identity, accountId, region } = facts
  const startedAt = sessionStart(facts)
  const accessKeyId = identity.text('accessKeyId') ?? null
  const principal = identity.text('principalId') ?? identity.text('arn') ?? actor.id
  const key = (session: unknown[], stream: unknown[] | null, timeoutMs: number): ChangeSetKey => ({
    sessionKey: digest(session),
    stream: stream === null ? null : digest(stream),
    idleTimeoutMs: SLOW.test(facts.plainAction)
      ? Math.max(timeoutMs, SLOW_IDLE_TIMEOUT)
      : timeoutMs,
  })

  const runKey = (run: string): ChangeSetKey => ({
    ...key([], null, FRESH_IDLE_TIMEOUT),
    sessionKey: runSessionKey(run),
    stream: RUN_STREAM,
  })

  const type = identity.text('type')
  const isRole = type === 'AssumedRole' || type === 'Role'
  const role = isRole ? assumedRole(facts) : undefined
  // With a service role, CloudFormation creates one session for each stack operation.
  const isStackWork = role?.session === STACK_SESSION
  if (actor.kind === 'service' && !isStackWork) {
    const hour = Math.floor(at.getTime() / HOUR_MS)
    // What one service does in another is one thing: instances are another than the keys' grants.
    return key(
      ['service', actor.id, accountId, region, facts.service, hour],
      null,
      SERVICE_IDLE_TIMEOUT,
    )
  }

  if (role?.run !== undefined) {
    // Each job of a run has its own credentials, perhaps its own role; the run is what they share.
    return runKey(role.run)
  }

  const run = appendedRun(facts.userAgent)
  if (run !== undefined && isUniqueRun(run)) {
    // One run may work in several accounts, and its credentials may be renewed.
    return runKey(run)
  }

  const stack = stackKey(facts, at, startedAt, isStackWork)
  if (stack !== undefined) return key(stack, ['stack'], FRESH_IDLE_TIMEOUT)

  const isController = CONTROLLERS.has(tool.name)
  if (actor.kind === 'workload') {
    // The credentials of compute are renewed while its work goes on.
    const isEndless = isController || !FINITE_COMPUTE.has(actor.compute)
    const hour = isEndless ? [Math.floor(at.getTime() / HOUR_MS)] : []
    return key(['workload', principal, ...hour], [toolRunId(facts, tool)], KEY_IDLE_TIMEOUT)
  }

  const isOnBehalf = facts.invokedBy !== undefined
  const isConsole = tool.name === 'console' || tool.name === 'cloudshell'
  const isSignIn = facts.service === 'signin' && facts.action === 'ConsoleLogin'
  // Signing in creates the session, at the event's own time, to the second.
  const began = startedAt ?? (isSignIn ? at : undefined)
  if (began !== undefined) {
    const isMinted =
      isOnBehalf && !isRole && Math.abs(at.getTime() - began.getTime()) <= MINTED_WITHIN
    if (isMinted) {
      return key(['key', principal], ['on behalf', facts.invokedBy], KEY_IDLE_TIMEOUT)
    }
    const session = ['session', principal, role?.sourceIdentity, began.getTime()]
    // The console uses a separate key for each of its services: only the session is shared.
    // A person who signs in again goes on with the same work.
    const isPerson = role?.isIdentityCenter === true
    const inConsole = isPerson ? ['console', accountId, principal] : session
    if (isConsole || isSignIn) return key(inConsole, ['console'], CONSOLE_IDLE_TIMEOUT)
    if (isOnBehalf && isPerson && isFromConsole(facts)) {
      return key(inConsole, null, SHARED_IDLE_TIMEOUT)
    }
    if (isOnBehalf && !isStackWork) return key(session, null, SHARED_IDLE_TIMEOUT)
    const isFresh = role !== undefined && (role.isGenerated || role.provider?.kind === 'ci')
    const isRunner = role !== undefined && RUNNERS.has(tool.name) && actor.kind !== 'person'
    if (isFresh || isRunner) {
      const idleTimeoutMs = isFresh ? FRESH_IDLE_TIMEOUT : SHARED_IDLE_TIMEOUT
      const stream = credentialStream({
        place: digest(['account', accountId]).slice(0, 10),
        credential: digest([accessKeyId, appendedRun(facts.userAgent)]).slice(0, 11),
        issuedAt: began.getTime(),
        renewedAfter: /^boto/.test(role.session ?? '') ? BOTO_RENEWAL : SDK_RENEWAL,
        idleTimeoutMs,
      })
      return { ...key(freshSession(facts, role), null, idleTimeoutMs), stream }
    }
    return key(session, [accessKeyId, toolRunId(facts, tool)], SHARED_IDLE_TIMEOUT)
  }
  const hour = isController ? [Math.floor(at.getTime() / HOUR_MS)] : []
  return key(['key', principal, ...hour], [accessKeyId, toolRunId(facts, tool)], KEY_IDLE_TIMEOUT)
}

/** The AWS SDKs renew credentials five minutes before they expire, botocore 15 minutes before. */
const SDK_RENEWAL = 55 * MINUTE_MS
const BOTO_RENEWAL = 45 * MINUTE_MS

/**
 * What the sessions share that one run opens in several accounts, or after its credentials were
 * renewed: the role's and the session's name, and the address. The stream separates runs.
 */
function freshSession({ record }: Facts, { role, session, isGenerated }: AssumedRole): unknown[] {
  const name = isGenerated ? session?.replace(/\d{4,}|[0-9a-f]{8,}/gi, '') : session
  return ['fresh', role, name, record.text('sourceIPAddress')]
}

function isFromConsole({ record }: Facts): boolean {
  return record.text('sessionCredentialFromConsole') === 'true'
}

/** The time in which CloudFormation opens its session after the call that it is for. Milliseconds. */
const STACK_BUCKET = 2 * MINUTE_MS
const STACK_DELAY = 3_000

/**
 * With a service role, CloudFormation works in a session of its own. The call names the role, and the
 * session begins seconds after it: what they share is the role and the time.
 */
function stackKey(
  { service, plainAction, params, identity, accountId }: Facts,
  at: Date,
  startedAt: Date | null,
  isStackWork: boolean,
): unknown[] | undefined {
  if (isStackWork) {
    const role = identity.object('sessionContext').object('sessionIssuer').text('arn')
    if (role === undefined || startedAt === null) return undefined
    return ['stack', accountId, role, Math.floor(startedAt.getTime() / STACK_BUCKET)]
  }
  if (
    service !== 'cloudformation' ||
    !/^(Create|Update|Delete|Rollback)Stack$|^ContinueUpdateRollback$/.test(plainAction)
  ) {
    return undefined
  }
  const role = params.text('roleARN')
  if (role === undefined) return undefined
  return ['stack', accountId, role, Math.floor((at.getTime() + STACK_DELAY) / STACK_BUCKET)]
}

/**
 * Which run of which tool uses the credentials: the run's id where the user agent has one (as with
 * TF_APPEND_USER_AGENT), otherwise the tool.
 */
function toolRunId({ userAgent }: Facts, { name }: Tool): string {
  const run = appendedRun(userAgent)
  if (run !== undefined) return run
  // One program may use both.
  return name === 'botocore' ? 'boto3' : name
}

function dateOf(text: string | undefined): Date | null {
  if (text === undefined || text.length > 40) return null
  const milliseconds = Date.parse(text)
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds)
}
