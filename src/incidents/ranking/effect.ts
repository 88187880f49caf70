/** What a change does to its resource: takes something away, replaces it, adds to it, or labels it. */

import type { Candidate, Evidence, FieldEdit } from './candidate.ts'

export type Effect =
  | 'removes'
  | 'restricts'
  | 'restarts'
  | 'redirects'
  | 'drains'
  | 'reconfigures'
  | 'changes'
  | 'releases'
  | 'adds'
  | 'resizes'
  | 'tunes'
  | 'labels'
  | 'reads'

const WEIGHTS: Record<Effect, number> = {
  removes: 1.8,
  restricts: 2.2,
  restarts: 1.3,
  redirects: 0.9,
  drains: 0.7,
  reconfigures: 0.9,
  releases: 0.6,
  changes: 0.1,
  adds: -1.4,
  resizes: -1,
  tunes: -1.8,
  labels: -2.6,
  reads: -3.5,
}
const SENTENCES: Record<Effect, string | null> = {
  removes: 'It removes or disables something that was in use',
  restricts: 'It lowers a limit or blocks something',
  restarts: 'It restarts or replaces what runs',
  redirects: 'It changes where traffic or requests go',
  drains: 'It takes away capacity',
  reconfigures: 'It changes how a system is configured',
  releases: 'It releases new code',
  changes: 'It changes what already exists',
  adds: null,
  resizes: null,
  tunes: null,
  labels: null,
  reads: null,
}

/** Fields that do not affect what runs. */
const HARMLESS_FIELD =
  /backup|snapshot|retention|log|monitoring|insight|tag|description|maintenance window|minor version|deletion protection|termination protection|notification|alarm|statistics|metric/i
/** Fields of which a small number is little. */
const AMOUNT =
  /count|size|capacity|visibility|burst|ttl|concurren|memory|limit|max|min|desired|replica|shard|timeout|period|nodes?|units|connections|threads|weight|throughput|iops|quota|rate/i
/** What is little depends on the unit: seconds, megabytes, requests per second, instances. */
const LITTLE: readonly [RegExp, number][] = [
  [/visibility|retention|delay/i, 5],
  [/timeout|ttl/i, 10],
  [/memory/i, 256],
  [/connections/i, 100],
  [/rate|throughput|units|iops|(read|write) ?capacity|burst/i, 10],
]
const LITTLE_COUNT = 2

function isLittle(field: string, amount: number): boolean {
  const most = LITTLE.find(([unit]) => unit.test(field))?.[1] ?? LITTLE_COUNT
  return AMOUNT.test(field) && amount <= most
}

const LABELS =
  /^(Tag|Untag|AddTags|RemoveTags|CreateTags|DeleteTags|Label|Describe|Put\w*Tagging|Rename|ListTags)|Tags(ToResource|FromResource|ForResource)?\d*$|Tagging$|Description$|^(Put|Delete)(Dashboard|MetricAlarm|InsightRule|QueryDefinition|SubscriptionFilter|RetentionPolicy)|Dashboards$|Alarms?$|Snapshot$|^Create(DB)?(Cluster)?Snapshot|^Copy|^(Start|Stop)Query|^CreateExportTask|Backup(Job|Plan)|^(Accept|Acknowledge)|^Create(Log(Group|Stream)|Key ?Pair|Report)|^StartBuild$/i
const READS =
  /^(Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|View|Simulate|Validate|Check|BatchGet|Assume|Decrypt|GenerateDataKey|ConsoleLogin|GetSessionToken|Preview|Detect|Estimate)/
const REMOVES =
  /^(Delete|Remove|Revoke|Detach|Disable|Disassociate|Deregister|Terminate|Stop|Release|Suspend|Cancel|Reject|Deactivate|Purge|Unsubscribe|Archive|Withdraw|Expire|Unassign|Drop|Empty|Destroy|Schedule\w*Deletion|Deny|Block|Retire|Evict|Uninstall|Close|Leave|Pause|Abort|BatchDelete)/i
const RESTARTS =
  /^(Reboot|Failover|Restart|Reset|Rotate|Switchover|Promote|Recycle|Restore|Swap|Rebuild|Refresh|StartInstanceRefresh|Rollback|Move|Migrate|Transfer)/i
const RELEASES =
  /^(UpdateFunctionCode|UpdateService$|RegisterTaskDefinition|CreateLaunchTemplateVersion|CreateDeployment|ExecuteChangeSet|UpdateStack|PublishVersion|UpdateAlias|StartDeployment|UpdateEnvironment|StartPipelineExecution)|deploy|merged|release|rollout|flag|^push$/i
const ADDS =
  /^(Create|Add|Authorize|Attach|Enable|Allocate|Associate|Register|Run|Start|Launch|Grant|Subscribe|Request|Upload|Import|Invite|Share|Assign|Provision|Purchase|Activate)/i

const BLOCKS =
  /\b(den(ied|ying|ies)|block(s|ed|ing)?|throttled|disabled|turned off|scaled (down|in)|expired|permissions boundary)\b/i
/** Service control policies and permissions boundaries can only take permissions away. */
const ONLY_RESTRICTS =
  /^organizations:(Create|Update|Attach)Policy$|PermissionsBoundary$|PublicAccessBlock$/
/** One of several that do the same. */
const DRAINS =
  /^(TerminateInstances|StopInstances|DeregisterTargets|DeregisterInstances\w*|StopTask|DetachInstances)$/
/** Settings that running systems read. */
const RECONFIGURES =
  /ParameterGroup$|^(UpdateClusterConfiguration|UpdateConfiguration|StartDeployment|UpdateIPSet|UpdateStateMachine|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy)$/
const REDIRECTS =
  /^(ReplaceRoute|ReplaceRouteTableAssociation|ModifyListener|ModifyRule|SetRulePriorities|UpdateDistribution|UpdateHostedZone\w*|AssociateDhcpOptions|SetSubscriptionAttributes|SetSecurityGroups|ModifyMountTargetSecurityGroups|ModifyDBProxy\w*)$/
/** Fields that decide what is healthy, and where requests go. */
const TARGET_FIELD =
  /health check (path|port|protocol|matcher)|matcher|endpoint|origin|url|target|domain ?name|default action|callback|identity providers?/i
/** Records that prove something or configure mail: no traffic follows them. */
const PROOF_RECORD = /_acme|_dmarc|_domainkey|\((TXT|CAA|NS|SOA)\)|\b(TXT|CAA) record/i
const ALLOWS = /\ballow(ed|ing|s)\b/i

/** Several pieces of evidence need it, and it is costly for thousands of candidates. */
const known = new WeakMap<Candidate, Effect>()

export function effectKind(candidate: Candidate): Effect {
  const effect = known.get(candidate) ?? findEffect(candidate)
  known.set(candidate, effect)
  return effect
}

function findEffect(candidate: Candidate): Effect {
  const { action, summary, readOnly, edits, service } = candidate
  const verb = action.replace(/^.*:/, '').replace(/\d{8}(v\d)?$/, '')
  const text = withoutActor(candidate)
  if (readOnly || READS.test(verb)) return 'reads'
  if (LABELS.test(verb)) return 'labels'
  if (/^ChangeResourceRecordSets/.test(verb)) return recordEffect(text)
  if (DRAINS.test(verb)) return 'drains'
  if (REMOVES.test(verb)) return 'removes'
  if (ONLY_RESTRICTS.test(`${service}:${verb}`) || BLOCKS.test(text)) return 'restricts'
  if (edits.length > 0 && edits.every(isHarmless)) return 'tunes'
  if (isLateExpiry(text)) return 'resizes'
  if (edits.some(isReduction)) return 'restricts'
  if (RESTARTS.test(verb)) return 'restarts'
  if (REDIRECTS.test(verb) || edits.some(({ field }) => TARGET_FIELD.test(field)))
    return 'redirects'
  if (RECONFIGURES.test(verb)) return 'reconfigures'
  if (edits.length > 0 && edits.every(isAmount)) return 'resizes'
  if (RELEASES.test(verb) || (verb === '' && RELEASES.test(summary))) return 'releases'
  if (ADDS.test(verb) || (/^Put\w*Policy$/.test(verb) && ALLOWS.test(text))) return 'adds'
  return 'changes'
}

/** Objects that expire after weeks: an outage does not follow at once. */
function isLateExpiry(text: string): boolean {
  const [, days] = /deleting objects after (\d+) days/.exec(text) ?? []
  return days !== undefined && Number(days) > 7
}

/** Route 53 has one action for adding, changing and deleting records. */
function recordEffect(text: string): Effect {
  if (/\bdeleted\b/i.test(text)) return 'removes'
  if (PROOF_RECORD.test(text)) return 'tunes'
  return /\b(created|added)\b/i.test(text) ? 'adds' : 'redirects'
}

/** A number whose earlier value is unknown, and which is not little. */
function isAmount({ field, from, to }: FieldEdit): boolean {
  return from === undefined && to !== undefined && AMOUNT.test(field) && Number.isFinite(Number(to))
}

function isHarmless(edit: FieldEdit): boolean {
  return HARMLESS_FIELD.test(edit.field) || isIncrease(edit)
}

function isIncrease({ field, from, to }: FieldEdit): boolean {
  const [small, large] = [sizeOf(from ?? ''), sizeOf(to ?? '')]
  if (small !== undefined && large !== undefined) return large > small
  if (to === undefined || !AMOUNT.test(field)) return false
  const [before, after] = [Number(from), Number(to)]
  return from !== undefined && Number.isFinite(before) && Number.isFinite(after) && after > before
}

/** The summary without the actor's name, which may contain any word. */
export function withoutActor({
  summary,
  actorName,
}: Pick<Candidate, 'summary' | 'actorName'>): string {
  return summary.startsWith(actorName) ? summary.slice(actorName.length) : summary
}

/** Sizes of instances, the smallest first: `db.r6g.2xlarge`. */
const SIZES = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge']
/** Up to this one, a size is small for what serves users. */
const SMALL = SIZES.indexOf('small')

function sizeOf(text: string): number | undefined {
  const [, times = '1', size] =
    /^[a-z]+\.?[\w-]+\.(\d*)(nano|micro|small|medium|large|xlarge)$/.exec(text.trim()) ?? []
  if (size === undefined) return undefined
  return SIZES.indexOf(size) + Math.log2(Number(times || '1'))
}

/**
 * A number that becomes smaller, or something that becomes little, zero, empty, off, or is removed.
 */
function isReduction({ field, from, to, note }: FieldEdit): boolean {
  if (HARMLESS_FIELD.test(field)) return false
  if (note === 'removed') return true
  if (to === undefined) return from !== undefined
  if (/^(0|false|disabled|\(empty\)|inactive|suspended|deny|block)$/i.test(to.trim())) return true
  const size = sizeOf(to)
  if (size !== undefined) return size < (sizeOf(from ?? '') ?? SMALL + 1)
  const after = Number(to)
  if (to.trim() === '' || !Number.isFinite(after)) return false
  if (from === undefined) return isLittle(field, after)
  return Number.isFinite(Number(from)) && after < Number(from)
}

export function effectEvidence(candidate: Candidate): Evidence {
  const effect = effectKind(candidate)
  const breadth = HARMS.has(effect) ? breadthOf(candidate) : 0
  return { kind: 'effect', weight: WEIGHTS[effect] + breadth, reason: SENTENCES[effect] }
}

const HARMS: ReadonlySet<Effect> = new Set(['removes', 'restricts', 'redirects', 'restarts'])
const EVERYTHING =
  /\b(everything|all (traffic|tcp|udp|actions|ports)|the (world|internet))\b|0\.0\.0\.0\/0|::\/0/i
/** Whole paths between networks. */
const PATHS =
  /^(Delete|Disable|Detach|Disassociate)\w*(NatGateway|InternetGateway|VpcPeeringConnection|TransitGateway\w*|VpnConnection|VpcEndpoints|HostedZone|ResolverRule)$/
/** Ports of databases, caches, brokers, name servers, directories and HTTPS. */
const SERVICE_PORTS =
  /\b(53|389|443|636|1433|1521|2049|3306|5432|5439|5671|5672|6379|9092|9094|9098|11211|27017)\/(tcp|udp)/
const ADMIN_PORTS = /\b(22|3389)\/tcp/
const PORTS = /\b\d{1,5}\/(tcp|udp)/

/** How much depends on what a harmful change touches: a default route is more than one port. */
function breadthOf(candidate: Candidate): number {
  const text = withoutActor(candidate)
  if (EVERYTHING.test(text) || PATHS.test(candidate.action)) return 0.7
  if (SERVICE_PORTS.test(text)) return 0.5
  if (ADMIN_PORTS.test(text)) return -1.6
  return PORTS.test(text) ? -0.5 : 0
}
