/** What a change does to its resource: takes something away, replaces it, adds to it, or labels it. */

import type { Candidate, Evidence, FieldEdit } from './candidate.ts'

export type Effect =
  | 'removes'
  | 'restricts'
  | 'restarts'
  | 'changes'
  | 'releases'
  | 'adds'
  | 'labels'
  | 'reads'

const WEIGHTS: Record<Effect, number> = {
  removes: 1.0,
  restricts: 1.1,
  restarts: 0.6,
  releases: 0.5,
  changes: 0.5,
  adds: -0.7,
  labels: -2.2,
  reads: -3.5,
}
const SENTENCES: Record<Effect, string | null> = {
  removes: 'It removes or disables something that was in use',
  restricts: 'It lowers a limit or blocks something',
  restarts: 'It restarts or replaces what runs',
  releases: 'It releases new code',
  changes: 'It changes what already exists',
  adds: null,
  labels: null,
  reads: null,
}

const LABELS =
  /^(Tag|Untag|AddTags|RemoveTags|CreateTags|DeleteTags|Label|Describe|Put\w*Tagging|Rename|ListTags)|Tags(ToResource|FromResource|ForResource)?\d*$|Tagging$|Description$|^(Put|Delete)(Dashboard|MetricAlarm|InsightRule|QueryDefinition|SubscriptionFilter|RetentionPolicy)|Dashboards$|Alarms?$|Snapshot$|^Create(DB)?(Cluster)?Snapshot|^Copy|^(Start|Stop)Query|^CreateExportTask|Backup(Job|Plan)|^(Accept|Acknowledge)|^Create(Log(Group|Stream)|Key ?Pair|Report)|^StartBuild$/i
const READS =
  /^(Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|View|Simulate|Validate|Check|BatchGet|Assume|Decrypt|GenerateDataKey|ConsoleLogin|GetSessionToken|Preview|Detect|Estimate)/
const REMOVES =
  /^(Delete|Remove|Revoke|Detach|Disable|Disassociate|Deregister|Terminate|Stop|Release|Suspend|Cancel|Reject|Deactivate|Purge|Unsubscribe|Archive|Withdraw|Expire|Unassign|Drop|Empty|Destroy|Schedule\w*Deletion|Deny|Block|Retire|Evict|Uninstall|Close|Leave|Pause|Abort|BatchDelete)/i
const RESTARTS =
  /^(Reboot|Failover|Restart|Reset|Rotate|Switchover|Promote|Replace|Recycle|Restore|Swap|Rebuild|Refresh|StartInstanceRefresh|Rollback|Move|Migrate|Transfer)/i
const RELEASES =
  /^(UpdateFunctionCode|UpdateService$|CreateDeployment|ExecuteChangeSet|UpdateStack|PublishVersion|UpdateAlias|StartDeployment|UpdateEnvironment|StartPipelineExecution)|deploy|merged|release|rollout|^push$/i
const ADDS =
  /^(Create|Add|Authorize|Attach|Enable|Allocate|Associate|Register|Run|Start|Launch|Grant|Subscribe|Request|Upload|Import|Invite|Share|Assign|Provision|Purchase|Activate)/i

const BLOCKS =
  /\b(den(y|ies|ied)|block(s|ed|ing)?|forbid|limit(s|ed)?|throttl|disabl(e|es|ed)|turned? off|off\b|remov(e|es|ed)|scal(e|ed) (down|in|to 0)|expire|zero|rejects?)\b/i

export function effectKind(candidate: Candidate): Effect {
  const { action, summary, readOnly, edits } = candidate
  const verb = action.replace(/^.*:/, '')
  if (readOnly || READS.test(verb)) return 'reads'
  if (LABELS.test(verb)) return 'labels'
  if (REMOVES.test(verb)) return 'removes'
  if (edits.some(isReduction) || BLOCKS.test(withoutActor(candidate))) return 'restricts'
  if (RESTARTS.test(verb)) return 'restarts'
  if (RELEASES.test(verb) || (verb === '' && RELEASES.test(summary))) return 'releases'
  if (ADDS.test(verb)) return 'adds'
  return 'changes'
}

/** The summary without the actor's name, which may contain any word. */
export function withoutActor({
  summary,
  actorName,
}: Pick<Candidate, 'summary' | 'actorName'>): string {
  return summary.startsWith(actorName) ? summary.slice(actorName.length) : summary
}

/** A number that becomes smaller, or something that becomes zero, empty, off, or is removed. */
export function isReduction({ from, to, note }: FieldEdit): boolean {
  if (note === 'removed') return true
  if (to === undefined) return from !== undefined
  if (/^(0|false|none|off|disabled|\(empty\)|inactive|suspended)$/i.test(to.trim())) return true
  const [before, after] = [Number(from), Number(to)]
  return from !== undefined && Number.isFinite(before) && Number.isFinite(after) && after < before
}

export function effectEvidence(candidate: Candidate): Evidence {
  const effect = effectKind(candidate)
  return { kind: 'effect', weight: WEIGHTS[effect], reason: SENTENCES[effect] }
}
