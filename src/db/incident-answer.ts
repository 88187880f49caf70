import { type RawBuilder, sql } from 'kysely'
import type { Outcome } from '../changes/change.ts'
import type { IncidentAnswer } from '../incidents/answer.ts'
import { MODELLED_DELAY_MINUTES } from '../incidents/backtest.ts'
import type { RankedIncident } from '../incidents/incident.ts'
import type {
  Candidate,
  CandidateHistory,
  FieldEdit,
  RankingContext,
} from '../incidents/ranking/candidate.ts'
import { priorFor } from '../incidents/ranking/prior.ts'
import { rank } from '../incidents/ranking/rank.ts'
import { searchedWords } from '../incidents/ranking/words.ts'
import { changeIdTime } from './change-id.ts'
import { within } from './count-newest-first.ts'
import type { Trx } from './database.ts'
import { environmentsOf } from './environment-links.ts'
import { listEnvironments } from './environments.ts'
import type { ChangeRow } from './schema.ts'
import { containing } from './search.ts'

const HOUR = 3_600_000
/** How long before the latest possible start changes are candidates. */
const BEFORE = 72 * HOUR
/** How long after the notice changes are read as responses. */
const AFTER = 24 * HOUR
/** How long before the window stored changes count as history. */
const HISTORY = 30 * 24 * HOUR
/** At most this many changes are ranked: those with the most evidence that the index shows. */
const MOST_CANDIDATES = 1_000
const MOST_DEFERRED = 200

/** What ranking reads of a change itself: of a thousand changes, the rest takes as long to read. */
const OWN_COLUMNS = [
  'id',
  'change_set_id',
  'source',
  'source_id',
  'occurred_at',
  'envelope',
  'detail',
  'summary',
  'service',
  'action',
  'actor_id',
  'actor',
  'tool',
  'outcome',
  'read_only',
  'noise',
  'account_id',
] as const
/** With the columns by which its environments, history and service are found. */
const COLUMNS = [...OWN_COLUMNS, 'connection_id', 'resource_ids', 'facet_key'] as const

export type RankedColumns = Pick<ChangeRow, (typeof OWN_COLUMNS)[number]>
type CandidateRow = Pick<ChangeRow, (typeof COLUMNS)[number]>

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
  const groups = await historyOf(trx, { organizationId, from, to, arrived })
  const inWindow = groups.reduce((sum, group) => sum + group.in_window, 0)
  const rows =
    inWindow <= MOST_CANDIDATES
      ? await changesBetween(trx, { organizationId, from, to, arrived })
      : await likelyChanges(trx, groups, incident, {
          ...{ organizationId, from, to, arrived, searchMs },
        })
  rows.push(...(await deferredChanges(trx, { organizationId, from, to, arrived })))
  const resources = await resourceHistory(trx, rows, { organizationId, from, to })
  const linked = await environmentsOf(
    trx,
    rows.map((row) => ({ connectionId: row.connection_id, changeId: row.id })),
  )
  const history = indexHistory(groups)
  const candidates = rows.map((row): Candidate => {
    const { known, sameResource } = resources(row)
    return toCandidate(row, {
      environmentIds: linked({ connectionId: row.connection_id, changeId: row.id }),
      aliases: known,
      history: { ...history(row), sameResource },
    })
  })
  const environment = (await listEnvironments(trx)).find(({ id }) => id === incident.environmentId)
  const context = {
    historySize: groups.reduce((sum, { total }) => sum + total, 0),
    environment: environment ?? null,
    now,
  }
  return { candidates, context, searched: { from, to, candidates: inWindow } }
}

interface HistoryGroup {
  key: string
  source: string
  service: string
  action: string
  account_id: string | null
  actor_id: string
  outcome: Outcome
  is_noise: boolean
  total: number
  in_window: number
}

/**
 * Whether a change had arrived by a time. Arrival is when it was stored, except for the history that
 * a connection has imported: what occurred before its first successful read arrived after it
 * occurred, by the average delay of its source.
 */
async function arrivedBefore(trx: Trx, by: Date): Promise<RawBuilder<boolean>> {
  const rows = await trx
    .selectFrom('connections as n')
    .leftJoin('coverage as v', 'v.connection_id', 'n.id')
    .select('n.id')
    .select((eb) => eb.fn.coalesce(eb.fn.min('v.answered_at'), 'n.created_at').as('since'))
    .groupBy(['n.id', 'n.created_at'])
    .execute()
  const since = Object.fromEntries(rows.map((row) => [row.id, row.since]))
  return sql<boolean>`CASE
    WHEN occurred_at < (${JSON.stringify(since)}::jsonb ->> connection_id::text)::timestamptz
    THEN occurred_at + make_interval(mins => ${MODELLED_DELAY_MINUTES}) ELSE imported_at
    END <= ${by}`
}

/**
 * How often each combination of facet values occurs in the history: from the index alone, unless
 * arrival counts.
 */
async function historyOf(trx: Trx, window: Wanted): Promise<HistoryGroup[]> {
  const historyFrom = new Date(window.from.getTime() - HISTORY)
  const inWindow = sql`occurred_at >= ${window.from} AND ${window.arrived ?? sql`true`}`
  const { rows } = await sql<HistoryGroup>`
    SELECT g.key::text AS key, g.source, g.service, g.action, g.account_id, g.actor_id, g.outcome, g.is_noise,
      counted.total, counted.in_window
    FROM (
      SELECT facet_key, count(*)::int AS total,
        (count(*) FILTER (WHERE ${inWindow}))::int AS in_window
      FROM changes
      WHERE organization_id = ${window.organizationId}
        AND occurred_at >= ${historyFrom} AND occurred_at < ${window.to}
      GROUP BY facet_key
    ) AS counted
    JOIN facet_groups g
      ON g.organization_id = ${window.organizationId} AND g.key = counted.facet_key
  `.execute(trx)
  return rows
}

function indexHistory(groups: readonly HistoryGroup[]) {
  const actions = new Map<string, number>()
  const actors = new Map<string, number>()
  const add = (map: Map<string, number>, key: string, count: number) =>
    map.set(key, (map.get(key) ?? 0) + count)
  for (const group of groups) {
    const action = [group.account_id, group.service, group.action].join(' ')
    add(actions, action, group.total)
    add(actors, `${action} ${group.actor_id}`, group.total)
  }
  return (row: CandidateRow): Omit<CandidateHistory, 'sameResource'> => {
    const action = [row.account_id, row.service, row.action].join(' ')
    return {
      sameAction: Math.max(0, (actions.get(action) ?? 1) - 1),
      sameActor: Math.max(0, (actors.get(`${action} ${row.actor_id}`) ?? 1) - 1),
    }
  }
}

/** Inclusive `from`, exclusive `to`. */
interface Window {
  organizationId: string
  from: Date
  to: Date
}

interface Wanted extends Window {
  /** A condition on `changes`. */
  arrived: RawBuilder<boolean> | undefined
}

async function changesBetween(
  trx: Trx,
  { organizationId, from, to, arrived }: Wanted,
): Promise<CandidateRow[]> {
  let query = trx
    .selectFrom('changes')
    .select(COLUMNS)
    .where('organization_id', '=', organizationId)
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<', to)
  if (arrived) query = query.where(arrived)
  return query.execute()
}

/** Earlier changes that take effect in the window. */
async function deferredChanges(trx: Trx, wanted: Wanted): Promise<CandidateRow[]> {
  const { organizationId, from, to, arrived } = wanted
  let query = trx
    .selectFrom('changes')
    .select(COLUMNS)
    .where('organization_id', '=', organizationId)
    .where('occurred_at', '<', from)
    .where(
      sql<boolean>`envelope ->> 'effectiveAt' >= ${from.toISOString()}
        AND envelope ->> 'effectiveAt' < ${to.toISOString()}`,
    )
    .limit(MOST_DEFERRED)
  if (arrived) query = query.where(arrived)
  return query.execute()
}

/** Where there are too many changes: the likeliest ones, and those that match the incident's words. */
async function likelyChanges(
  trx: Trx,
  groups: readonly HistoryGroup[],
  incident: RankedIncident,
  wanted: Wanted & { searchMs: number },
): Promise<CandidateRow[]> {
  const likeliest = await likeliestChanges(trx, groups, incident, wanted)
  const known = new Set(likeliest.map(({ id }) => id))
  const matching = (await matchingIds(trx, incident, wanted)).filter((id) => !known.has(id))
  if (matching.length === 0) return likeliest
  let query = trx
    .selectFrom('changes')
    .select(COLUMNS)
    .where('organization_id', '=', wanted.organizationId)
    .where(
      sql<boolean>`occurred_at = ANY (${[...new Set(matching.map((id) => changeIdTime(id).getTime()))].map((time) => new Date(time))}::timestamptz[])`,
    )
    .where(sql<boolean>`id = ANY (${matching}::uuid[])`)
  if (wanted.arrived) query = query.where(wanted.arrived)
  return [...likeliest, ...(await query.execute())]
}

/** A word that more changes contain names no system in particular. */
const MOST_MATCHES = 300
const MOST_WORDS = 6
/** Time limit for searching all words, in milliseconds. */
const SEARCH_MS = 200

/** The changes that contain a word of the incident, however old and usual they are. */
async function matchingIds(
  trx: Trx,
  incident: RankedIncident,
  { from, to, searchMs }: Wanted & { searchMs: number },
): Promise<string[]> {
  const ids = new Set<string>()
  const deadline = performance.now() + searchMs
  for (const word of searchedWords(incident.services, incident.title).slice(0, MOST_WORDS)) {
    const left = deadline - performance.now()
    if (left <= 0) break
    const query = sql<{ id: string }>`
      SELECT id FROM search_changes(${[containing(word)]}::text[], ${from}::timestamptz,
        ${to}::timestamptz, ${MOST_MATCHES + 1}) AS id`
    const found = await within(trx, left, () => query.execute(trx))
    const rows = found?.result.rows ?? []
    if (rows.length <= MOST_MATCHES) for (const { id } of rows) ids.add(id)
  }
  await sql`SET LOCAL statement_timeout TO DEFAULT`.execute(trx)
  return [...ids]
}

/** The changes with the most evidence that can be read from the index. */
async function likeliestChanges(
  trx: Trx,
  groups: readonly HistoryGroup[],
  incident: RankedIncident,
  wanted: Wanted,
): Promise<CandidateRow[]> {
  const start = incident.startedAt ?? incident.noticedAt
  const prior = priorFor(incident.title)
  const weights = groups
    .filter(({ in_window }) => in_window > 0)
    .map(({ is_noise, key, ...group }) => {
      return { key, weight: prior({ ...group, isNoise: is_noise }) }
    })
  const { rows } = await sql<{ occurred_at: Date }>`
    SELECT c.occurred_at
    FROM changes c
    JOIN jsonb_to_recordset(${JSON.stringify(weights)}::jsonb) AS w(key bigint, weight float8)
      ON w.key = c.facet_key
    WHERE c.organization_id = ${wanted.organizationId} AND c.occurred_at >= ${wanted.from} AND c.occurred_at < ${wanted.to}
      AND ${wanted.arrived ?? sql`true`}
    ORDER BY w.weight
      - 0.6 * ln(1 + abs(extract(epoch FROM ${start}::timestamptz - c.occurred_at)) / 900) DESC
    LIMIT ${MOST_CANDIDATES}
  `.execute(trx)
  const times = [...new Set(rows.map(({ occurred_at }) => occurred_at.getTime()))]
  let query = trx
    .selectFrom('changes')
    .select(COLUMNS)
    .where('organization_id', '=', wanted.organizationId)
    .where(sql<boolean>`occurred_at = ANY (${times.map((time) => new Date(time))}::timestamptz[])`)
    .where('occurred_at', '>=', wanted.from)
    .where('occurred_at', '<', wanted.to)
    .limit(2 * MOST_CANDIDATES)
  if (wanted.arrived) query = query.where(wanted.arrived)
  return query.execute()
}

/** Per change: what earlier changes of its resource are, for aliases and routine. */
async function resourceHistory(trx: Trx, rows: readonly CandidateRow[], window: Window) {
  const ids = [...new Set(rows.flatMap(({ resource_ids }) => resource_ids.slice(0, 1)))]
  const historyFrom = new Date(window.from.getTime() - HISTORY)
  const { rows: found } =
    ids.length === 0
      ? { rows: [] }
      : await sql<{ resource: number; key: string; count: number }>`
          SELECT first_resource_id AS resource, facet_key::text AS key, count(*)::int AS count
          FROM changes
          WHERE organization_id = ${window.organizationId}
        AND occurred_at >= ${historyFrom} AND occurred_at < ${window.to}
            AND first_resource_id = ANY (${ids}::int[])
          GROUP BY first_resource_id, facet_key
        `.execute(trx)
  const { rows: named } =
    ids.length === 0
      ? { rows: [] }
      : await sql<{ id: number; name: string | null; arn: string | null }>`
          SELECT id, name, arn FROM resources
          WHERE organization_id = ${window.organizationId} AND id = ANY (${ids}::int[])
        `.execute(trx)
  const counts = new Map(found.map(({ resource, key, count }) => [`${resource} ${key}`, count]))
  const names = new Map(
    named.map(({ id, name, arn }) => [id, [name, arn].filter((text) => text !== null)]),
  )
  return (row: CandidateRow) => {
    const [id] = row.resource_ids
    const count = counts.get(`${id} ${row.facet_key}`) ?? 1
    return { sameResource: id === undefined ? 0 : count - 1, known: names.get(id ?? 0) ?? [] }
  }
}

export function toCandidate(
  row: RankedColumns,
  known: Pick<Candidate, 'environmentIds' | 'aliases' | 'history'>,
): Candidate {
  const { envelope } = row
  const detail = row.detail as Details
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
    ...known,
  }
}

/** What details of several sources contain. */
interface Details {
  edits?: unknown
  commits?: unknown
  sha?: unknown
  version?: unknown
}

const MOST_COMMITS = 60

/** The commits that a change names; in AWS, hexadecimal parts of what it sets, such as image tags. */
function commitsOf({ detail, summary, source }: RankedColumns): string[] {
  const { commits, sha, version, edits } = detail as Details
  const listed = Array.isArray(commits)
    ? commits.map((each) => (each as { sha?: unknown })?.sha)
    : []
  const texts = [sha, version, ...listed].filter((text) => typeof text === 'string')
  if (source !== 'github') texts.push(summary, JSON.stringify(edits ?? ''))
  return texts.flatMap((text) => text.match(/\b[0-9a-f]{7,40}\b/g) ?? []).slice(0, MOST_COMMITS)
}
