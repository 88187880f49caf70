/** What the service and action of a change show before the change is read. */

import type { Candidate } from './candidate.ts'
import { effectEvidence } from './effect.ts'
import { symptomEvidence } from './evidence.ts'
import { domainsOfAlert } from './symptoms.ts'

export interface ChangeKind {
  source: string
  service: string
  action: string
  outcome: Candidate['outcome']
  isNoise: boolean
}

const FAILED = -3
const NOISE = -2
const PER_DOUBLING = -0.2

/**
 * The log-odds of changes for an incident with this title, except for their time: first by what they
 * do, then by how many such changes are stored.
 */
export function priorFor(title: string) {
  const domains = domainsOfAlert(title)
  return (kind: ChangeKind): ((total: number) => number) => {
    const candidate = unread(kind)
    const ofKind =
      effectEvidence(candidate).weight +
      symptomEvidence(candidate, domains).weight +
      (kind.outcome === 'succeeded' ? 0 : FAILED) +
      (kind.isNoise ? NOISE : 0)
    return (total) => ofKind + PER_DOUBLING * Math.log2(1 + total)
  }
}

function unread({ source, service, action, outcome }: ChangeKind): Candidate {
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
    code: { repository: null, branch: null, before: null, isForced: false, environments: [] },
    history: { sameAction: 0, sameActor: 0, sameResource: 0 },
  }
}
