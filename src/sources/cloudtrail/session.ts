/**
 * Which session a change was made in, and how long its work may be silent: what change sets are
 * computed from. docs/decisions/004-change-sets.md says why it is done this way.
 */

import { hash } from 'node:crypto'
import type { Actor, ChangeSetKey, Tool } from '../../changes/change.ts'
import { roleSession, STACK_SESSION } from './actor.ts'
import type { Facts } from './facts.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A console session: people read and think between two clicks. */
const CONSOLE_IDLE_TIMEOUT = 60 * MINUTE
/** Credentials made for one piece of work: it is over when they are. */
const FRESH_IDLE_TIMEOUT = 60 * MINUTE
/** Credentials that a person uses for one thing after the other. */
const SHARED_IDLE_TIMEOUT = 20 * MINUTE
/** Keys that live for years, in whose hands nobody knows. */
const KEY_IDLE_TIMEOUT = 15 * MINUTE
/** What AWS does by itself comes in bursts. */
const SERVICE_IDLE_TIMEOUT = 5 * MINUTE
/** Whoever started something slow waits for it: a database, a cluster, a distribution. */
const SLOW_IDLE_TIMEOUT = 45 * MINUTE

const SLOW =
  /^(Create|Modify|Update|Delete|Restore|Upgrade|Reboot)(DB(Instance|Cluster)|Cluster|Nodegroup|Distribution|ReplicationGroup|CacheCluster|ServerlessCache|Domain|ElasticsearchDomain|FileSystem|Broker|Directory|MicrosoftAD|Stack|VpnConnection|TransitGateway|Environment|Addon|FargateProfile|GlobalCluster|Service|Table)|^(RequestCertificate|ExecuteChangeSet|CreateDBInstanceReadReplica|StartInstanceRefresh)/

/** Programs that never end: their work is cut by the clock, or it would be one set for ever. */
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

/** Compute whose work has an end that silence shows; a function or a pod may run for ever. */
const FINITE_COMPUTE = new Set<string | undefined>(['instance', 'task'])

/** When AWS mints credentials to act for someone, it does so for the one call. */
const MINTED_WITHIN = 5_000

/** When the session began, where the record says so. */
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

  const type = identity.text('type')
  const isRole = type === 'AssumedRole' || type === 'Role'
  const role = isRole ? roleSession(facts) : undefined
  // With a role of its own, CloudFormation makes one session for one operation on a stack.
  const isStackWork = role?.session === STACK_SESSION
  if (actor.kind === 'service' && !isStackWork) {
    const hour = Math.floor(at.getTime() / HOUR)
    return key(['service', actor.id, accountId, region, hour], null, SERVICE_IDLE_TIMEOUT)
  }

  if (role?.provider?.kind === 'ci' && role.run !== undefined) {
    // A run's jobs have credentials each, and perhaps roles; the run is what they have in common.
    return key(['run', role.provider.name, role.run], ['run'], FRESH_IDLE_TIMEOUT)
  }

  const isController = CONTROLLERS.has(tool.name)
  if (actor.kind === 'workload') {
    // Compute's credentials are renewed in the middle of whatever it does.
    const isEndless = isController || !FINITE_COMPUTE.has(actor.compute)
    const hour = isEndless ? [Math.floor(at.getTime() / HOUR)] : []
    return key(['workload', principal, ...hour], [toolRunId(facts, tool)], KEY_IDLE_TIMEOUT)
  }

  const isOnBehalf = facts.invokedBy !== undefined
  const isConsole = tool.name === 'console' || tool.name === 'cloudshell'
  const isSignIn = facts.service === 'signin' && facts.action === 'ConsoleLogin'
  // Signing in makes the session: its creation is the event's own time, to the second.
  const began = startedAt ?? (isSignIn ? at : undefined)
  if (began !== undefined) {
    const isMinted =
      isOnBehalf && !isRole && Math.abs(at.getTime() - began.getTime()) <= MINTED_WITHIN
    if (isMinted) {
      return key(['key', principal], ['on behalf', facts.invokedBy], KEY_IDLE_TIMEOUT)
    }
    const session = ['session', principal, role?.sourceIdentity, began.getTime()]
    // The console gives each of its services a key of its own: the session is what they share.
    if (isConsole || isSignIn) return key(session, ['console'], CONSOLE_IDLE_TIMEOUT)
    if (isOnBehalf && !isStackWork) return key(session, null, SHARED_IDLE_TIMEOUT)
    const isFresh = role !== undefined && (role.isGenerated || role.provider?.kind === 'ci')
    if (isFresh) return key(session, [accessKeyId], FRESH_IDLE_TIMEOUT)
    return key(session, [accessKeyId, toolRunId(facts, tool)], SHARED_IDLE_TIMEOUT)
  }
  const hour = isController ? [Math.floor(at.getTime() / HOUR)] : []
  return key(['key', principal, ...hour], [accessKeyId, toolRunId(facts, tool)], KEY_IDLE_TIMEOUT)
}

const RUN_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i

/**
 * Whose hands the credentials are in: the run's own id, where the user agent carries one (as with
 * TF_APPEND_USER_AGENT), else the tool.
 */
function toolRunId({ userAgent }: Facts, { name }: Tool): string {
  const run = RUN_ID.exec(userAgent)?.[0]
  if (run !== undefined) return run
  // One program calls now the one, now the other.
  return name === 'botocore' ? 'boto3' : name
}

function dateOf(text: string | undefined): Date | null {
  if (text === undefined || text.length > 40) return null
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? null : date
}

/** 22 characters for any parts: records may hold texts of any length. */
function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)
}
