/** What a change does to its resource: takes something away, replaces it, adds to it, or labels it. */

import type { Candidate, Evidence, FieldEdit } from './candidate.ts'

export type Effect =
  | 'removes'
  | 'restricts'
  | 'restarts'
  | 'changes'
  | 'releases'
  | 'adds'
  | 'tunes'
  | 'labels'
  | 'reads'

const WEIGHTS: Record<Effect, number> = {
  removes: 1.2,
  restricts: 1.4,
  restarts: 0.7,
  releases: 0.5,
  changes: 0.2,
  adds: -0.9,
  tunes: -1.3,
  labels: -2.4,
  reads: -3.5,
}
const SENTENCES: Record<Effect, string | null> = {
  removes: 'It removes or disables something that was in use',
  restricts: 'It lowers a limit or blocks something',
  restarts: 'It restarts or replaces what runs',
  releases: 'It releases new code',
  changes: 'It changes what already exists',
  adds: null,
  tunes: null,
  labels: null,
  reads: null,
}

/** Fields that do not affect what runs. */
const HARMLESS_FIELD =
  /backup|snapshot|retention|log|monitoring|insight|tag|description|maintenance window|minor version|deletion protection|termination protection|notification|alarm|statistics|metric/i
/** Fields of which a small number is little. */
const AMOUNT =
  /count|size|capacity|concurren|memory|limit|max|min|desired|replica|shard|timeout|period|nodes?|units|connections|threads|weight|throughput|iops|quota|rate/i
const LITTLE = 2

const LABELS =
  /^(Tag|Untag|AddTags|RemoveTags|CreateTags|DeleteTags|Label|Describe|Put\w*Tagging|Rename|ListTags)|Tags(ToResource|FromResource|ForResource)?\d*$|Tagging$|Description$|^(Put|Delete)(Dashboard|MetricAlarm|InsightRule|QueryDefinition|SubscriptionFilter|RetentionPolicy)|Dashboards$|Alarms?$|Snapshot$|^Create(DB)?(Cluster)?Snapshot|^Copy|^(Start|Stop)Query|^CreateExportTask|Backup(Job|Plan)|^(Accept|Acknowledge)|^Create(Log(Group|Stream)|Key ?Pair|Report)|^StartBuild$/i
const READS =
  /^(Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|View|Simulate|Validate|Check|BatchGet|Assume|Decrypt|GenerateDataKey|ConsoleLogin|GetSessionToken|Preview|Detect|Estimate)/
const REMOVES =
  /^(Delete|Remove|Revoke|Detach|Disable|Disassociate|Deregister|Terminate|Stop|Release|Suspend|Cancel|Reject|Deactivate|Purge|Unsubscribe|Archive|Withdraw|Expire|Unassign|Drop|Empty|Destroy|Schedule\w*Deletion|Deny|Block|Retire|Evict|Uninstall|Close|Leave|Pause|Abort|BatchDelete)/i
const RESTARTS =
  /^(Reboot|Failover|Restart|Reset|Rotate|Switchover|Promote|Recycle|Restore|Swap|Rebuild|Refresh|StartInstanceRefresh|Rollback|Move|Migrate|Transfer)/i
const RELEASES =
  /^(UpdateFunctionCode|UpdateService$|CreateDeployment|ExecuteChangeSet|UpdateStack|PublishVersion|UpdateAlias|StartDeployment|UpdateEnvironment|StartPipelineExecution)|deploy|merged|release|rollout|^push$/i
const ADDS =
  /^(Create|Add|Authorize|Attach|Enable|Allocate|Associate|Register|Run|Start|Launch|Grant|Subscribe|Request|Upload|Import|Invite|Share|Assign|Provision|Purchase|Activate)/i

const BLOCKS =
  /\b(den(ied|ying|ies)|block(s|ed|ing)?|limited|throttled|disabled|turned off|scaled (down|in)|expired)\b/i

export function effectKind(candidate: Candidate): Effect {
  const { action, summary, readOnly, edits } = candidate
  const verb = action.replace(/^.*:/, '')
  if (readOnly || READS.test(verb)) return 'reads'
  if (LABELS.test(verb)) return 'labels'
  if (REMOVES.test(verb)) return 'removes'
  if (edits.length > 0 && edits.every(isHarmless)) return 'tunes'
  if (edits.some(isReduction) || BLOCKS.test(withoutActor(candidate))) return 'restricts'
  if (RESTARTS.test(verb)) return 'restarts'
  if (RELEASES.test(verb) || (verb === '' && RELEASES.test(summary))) return 'releases'
  if (ADDS.test(verb)) return 'adds'
  return 'changes'
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
export function isReduction({ field, from, to, note }: FieldEdit): boolean {
  if (HARMLESS_FIELD.test(field)) return false
  if (note === 'removed') return true
  if (to === undefined) return from !== undefined
  if (/^(0|false|none|off|disabled|\(empty\)|inactive|suspended|deny)$/i.test(to.trim()))
    return true
  const size = sizeOf(to)
  if (size !== undefined) return size < (sizeOf(from ?? '') ?? SMALL + 1)
  const after = Number(to)
  if (to.trim() === '' || !Number.isFinite(after)) return false
  if (from === undefined) return AMOUNT.test(field) && after <= LITTLE
  return Number.isFinite(Number(from)) && after < Number(from)
}

export function effectEvidence(candidate: Candidate): Evidence {
  const effect = effectKind(candidate)
  return { kind: 'effect', weight: WEIGHTS[effect], reason: SENTENCES[effect] }
}
