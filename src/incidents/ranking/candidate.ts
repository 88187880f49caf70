/** What ranking reads of a change and of the history around it. Types only. */

import type { ActorKind, Outcome, Resource, Risk } from '../../changes/change.ts'

/** One field of a change, in words. Sources that report fields store them as `edits`. */
export interface FieldEdit {
  field: string
  from?: string
  to?: string
  note?: string
}

export interface Candidate {
  changeId: string
  changeSetId: string | null
  source: string
  sourceId: string
  occurredAt: Date
  /** When it takes effect, if later than it occurred. */
  effectiveAt: Date | null
  summary: string
  service: string
  action: string
  actorId: string
  actorName: string
  actorKind: ActorKind
  tool: string
  outcome: Outcome
  readOnly: boolean
  noise: string | null
  risks: Risk[]
  publicAccess: string | null
  resources: Resource[]
  accountId: string | null
  edits: FieldEdit[]
  environmentIds: string[]
  /** Texts that earlier changes used for its resources, such as the name it was created with. */
  aliases: string[]
  /** Commits that it contains or deploys. Of a push: the commit after it, then the pushed ones, oldest first. */
  commits: string[]
  code: CandidateCode
  /** Of a merged pull request: evidence from its deploy. `withDeploys` sets it. */
  deploy?: Evidence
  history: CandidateHistory
}

/** Where the code of a change is, as its source reports it. */
export interface CandidateCode {
  /** `acme/shop`; some sources omit the owner. */
  repository: string | null
  branch: string | null
  /** Of a push: the commit before it. */
  before: string | null
  /** Whether a push replaced commits. */
  isForced: boolean
  /** Names of environments that are deployed to, whether or not Cairn's have them. */
  environments: string[]
}

/** Counts of other stored changes, before or after the change. */
export interface CandidateHistory {
  /** Of the same action in the same account. */
  sameAction: number
  /** Of the same action by the same actor in the same account. */
  sameActor: number
  /** Of the same action on the same resource. */
  sameResource: number
}

/** What ranking knows besides the incident and the candidates. */
export interface RankingContext {
  /** The number of stored changes that the history counts are taken from. */
  historySize: number
  /** The environment of the incident, and those that it depends on. */
  environment: { id: string; name: string; dependsOn: string[] } | null
  now: Date
  /** Pushes and deploys that are not ranked, where there are too many changes to rank all. */
  code: readonly Candidate[]
}

/**
 * A piece of evidence for or against one change.
 */
export interface Evidence {
  kind: EvidenceKind
  /** In natural log-odds: positive for the change, negative against it. */
  weight: number
  /** One sentence without a final period. Null: too weak to show. */
  reason: string | null
}

const EVIDENCE_KINDS = [
  'time',
  'match',
  'symptom',
  'scope',
  'effect',
  'exposure',
  'risk',
  'environment',
  'rarity',
  'actor',
  'routine',
  'outcome',
  'reversal',
  'deploy',
] as const
type EvidenceKind = (typeof EVIDENCE_KINDS)[number]
