/** What the service and action of a change show before the change is read. */

import type { Candidate } from './candidate.ts'
import { effectEvidence } from './effect.ts'
import { symptomEvidence } from './evidence.ts'
import { type Domain, domainsOfAlert } from './symptoms.ts'

export interface ChangeGroup {
  source: string
  service: string
  action: string
  outcome: Candidate['outcome']
  isNoise: boolean
  /** How many changes of the group are stored. */
  total: number
}

const FAILED = -3
const NOISE = -2
const PER_DOUBLING = -0.2

/** The log-odds of the changes of a group for an incident with this title, except for their time. */
export function priorFor(title: string): (group: ChangeGroup) => number {
  const domains = domainsOfAlert(title)
  return (group) => priorOf(group, domains)
}

function priorOf(group: ChangeGroup, domains: readonly Domain[]): number {
  const candidate = unread(group)
  return (
    effectEvidence(candidate).weight +
    symptomEvidence(candidate, domains).weight +
    (group.outcome === 'succeeded' ? 0 : FAILED) +
    (group.isNoise ? NOISE : 0) +
    PER_DOUBLING * Math.log2(1 + group.total)
  )
}

function unread({ source, service, action, outcome }: ChangeGroup): Candidate {
  return {
    changeId: '',
    changeSetId: null,
    source,
    sourceId: '',
    occurredAt: new Date(0),
    effectiveAt: null,
    summary: '',
    service,
    action,
    actorId: '',
    actorName: '',
    actorKind: 'unknown',
    tool: '',
    outcome,
    readOnly: false,
    noise: null,
    risks: [],
    publicAccess: null,
    resources: [],
    accountId: null,
    edits: [],
    environmentIds: [],
    aliases: [],
    commits: [],
    history: { sameAction: 0, sameActor: 0, sameResource: 0 },
  }
}
