import type { IncidentAnswer } from '../incidents/answer.ts'
import type { RankedIncident } from '../incidents/incident.ts'
import type {
  Candidate,
  CandidateCode,
  FieldEdit,
  RankingContext,
} from '../incidents/ranking/candidate.ts'
import { isMerge } from '../incidents/ranking/deploys.ts'
import { rank } from '../incidents/ranking/rank.ts'
import {
  arrivedBefore,
  type CandidateRow,
  changesBetween,
  deferredChanges,
  type RankedColumns,
} from './candidate-rows.ts'
import type { Trx } from './database.ts'
import { deploysAndPushes } from './deploys-and-pushes.ts'
import { environmentsOf } from './environment-links.ts'
import { listEnvironments } from './environments.ts'
import { countHistory, countResourceHistory } from './incident-history.ts'
import { likelyChanges, MAX_CANDIDATES, SEARCH_MS } from './likely-changes.ts'

const HOUR_MS = 3_600_000
/** How long before the latest possible start changes are candidates. */
const BEFORE = 72 * HOUR_MS
/** How long after the notice changes are read as responses. */
const AFTER = 24 * HOUR_MS

/**
 * Ranks the changes that may have caused an incident, among all changes of the 72 hours before its
 * latest possible start, of all environments and noise included.
 *
 * @param options.now changes after this time are ignored
 * @param options.arrivedBy only changes that had arrived by this time, see {@link arrivedBefore}
 */
export async function answerIncident(
  trx: Trx,
  organizationId: string,
  incident: RankedIncident,
  options: { now: Date; arrivedBy?: Date },
): Promise<IncidentAnswer> {
  const { candidates, context, searched } = await loadCandidates(
    trx,
    organizationId,
    incident,
    options,
  )
  return { ...rank(incident, candidates, context), searched }
}

/**
 * What ranking reads: the candidates, and what is known around them.
 *
 * @param options.searchMs where there are too many changes, how long the incident's words are
 *   searched, in milliseconds
 */
export async function loadCandidates(
  trx: Trx,
  organizationId: string,
  incident: RankedIncident,
  options: { now: Date; arrivedBy?: Date; searchMs?: number },
): Promise<{
  candidates: Candidate[]
  context: RankingContext
  searched: IncidentAnswer['searched']
}> {
  const { now, arrivedBy, searchMs = SEARCH_MS } = options
  const start = incident.startedAt ?? incident.noticedAt
  const from = new Date(start.getTime() - BEFORE)
  const to = new Date(Math.min(now.getTime() + 1, incident.noticedAt.getTime() + AFTER))
  const arrived = arrivedBy && (await arrivedBefore(trx, arrivedBy))
  const wanted = { organizationId, from, to, arrived }
  const history = await countHistory(trx, wanted)
  // Where all changes of the window are candidates, so are its pushes and deploys.
  const isComplete = history.inWindow <= MAX_CANDIDATES
  const rows = isComplete
    ? await changesBetween(trx, wanted)
    : await likelyChanges(trx, history.kinds, incident, { ...wanted, searchMs })
  rows.push(...(await deferredChanges(trx, wanted)))
  const resources = await countResourceHistory(trx, rows, wanted)
  const others = isComplete
    ? []
    : await deploysAndPushes(trx, history.kinds, rows.filter(isMerge), {
        ...wanted,
        known: new Set(rows.map(({ id }) => id)),
      })
  const linked = await environmentsOf(
    trx,
    [...rows, ...others].map((row) => ({ connectionId: row.connection_id, changeId: row.id })),
  )
  const read = (row: CandidateRow): Candidate => {
    const { known, sameResource } = resources(row)
    return toCandidate(row, {
      environmentIds: linked({ connectionId: row.connection_id, changeId: row.id }),
      aliases: known,
      history: { ...history.of(row), sameResource },
    })
  }
  const candidates = rows.map(read)
  const environment = (await listEnvironments(trx)).find(({ id }) => id === incident.environmentId)
  const context = {
    historySize: history.size,
    environment: environment ?? null,
    now,
    code: others.map(read),
  }
  return { candidates, context, searched: { from, to, candidates: history.inWindow } }
}

export function toCandidate(
  row: RankedColumns,
  known: Pick<Candidate, 'environmentIds' | 'aliases' | 'history'>,
): Candidate {
  const { envelope } = row
  const detail = row.detail as KnownDetails
  return {
    changeId: row.id,
    changeSetId: row.change_set_id,
    source: row.source,
    sourceId: row.source_id,
    occurredAt: row.occurred_at,
    effectiveAt: envelope.effectiveAt === undefined ? null : new Date(envelope.effectiveAt),
    summary: row.summary,
    service: row.service,
    action: row.action,
    actorId: row.actor_id,
    actorName: row.actor,
    actorKind: envelope.actor.kind,
    tool: row.tool,
    outcome: row.outcome,
    readOnly: row.read_only,
    noise: row.noise,
    risks: envelope.risks,
    publicAccess: envelope.publicAccess ?? null,
    resources: envelope.resources,
    accountId: row.account_id,
    edits: Array.isArray(detail.edits) ? (detail.edits as FieldEdit[]) : [],
    commits: commitsOf(row),
    code: codeOf(row),
    ...known,
  }
}

/** What details of several sources contain. */
interface KnownDetails {
  edits?: unknown
  commits?: unknown
  sha?: unknown
  version?: unknown
  before?: unknown
  forced?: unknown
}

function codeOf({ detail, envelope }: RankedColumns): CandidateCode {
  const { before, forced } = detail as KnownDetails
  const { repository, branch, environments } = envelope.attributes ?? {}
  return {
    repository: repository ?? null,
    branch: branch ?? null,
    before: typeof before === 'string' ? before : null,
    isForced: forced === true,
    environments: environments ?? [],
  }
}

const MAX_COMMITS = 60
/** A commit in a text, also as in the output of `git describe`: `v1.4-12-g3f0c1d2`. */
const COMMIT = /(?<![0-9a-z])g?([0-9a-f]{7,40})(?![0-9a-z])/gi

function commitsIn(texts: readonly unknown[]): string[] {
  return texts.flatMap((text) =>
    typeof text === 'string'
      ? Array.from(text.matchAll(COMMIT), ([, commit]) => commit!.toLowerCase())
      : [],
  )
}

/** The commits that a change names; in AWS, hexadecimal parts of what it sets, such as image tags. */
function commitsOf({ detail, summary, source }: RankedColumns): string[] {
  const { commits, sha, version, edits } = detail as KnownDetails
  const listed = Array.isArray(commits)
    ? commits.map((each) => (each as { sha?: unknown })?.sha)
    : []
  const named = commitsIn([sha, version, ...listed])
  if (source === 'github') return named.slice(0, MAX_COMMITS)
  const fields = Array.isArray(edits) ? (edits as (FieldEdit | null)[]) : []
  const set = commitsIn(fields.map((edit) => edit?.to))
  // The version before the change is not deployed by it.
  const replaced = commitsIn(fields.map((edit) => edit?.from)).filter((each) => !set.includes(each))
  const texts = commitsIn([summary, ...fields.flatMap((edit) => [edit?.field, edit?.note])])
  return [...named, ...set, ...texts]
    .filter((each) => !replaced.includes(each))
    .slice(0, MAX_COMMITS)
}
