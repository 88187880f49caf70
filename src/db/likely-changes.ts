/** Chooses the changes that are ranked where there are too many to rank all. See `docs/decisions/044-candidates-among-many.md`. */

import { sql } from 'kysely'
import type { RankedIncident } from '../incidents/incident.ts'
import { priorFor } from '../incidents/ranking/prior.ts'
import { searchedWords } from '../incidents/ranking/words.ts'
import {
  type CandidateRow,
  occurredAtOneOf,
  selectCandidates,
  type Wanted,
  withIds,
} from './candidate-rows.ts'
import { within } from './count-newest-first.ts'
import type { Trx } from './database.ts'
import type { CountedKind } from './incident-history.ts'
import { containing } from './search.ts'

/** At most this many changes are ranked: those with the most evidence that the index shows. */
export const MAX_CANDIDATES = 1_000
/** Log-odds that each e-fold of the distance in time costs, as in the ranking. */
const PER_DISTANCE = 0.6
const UNIT_SECONDS = 900
/** The distance from the start within which all groups are read, in milliseconds. */
const NEAR = 6 * 3_600_000
/** Postgres and JavaScript may round the last digits of a logarithm differently. */
const ROUNDING = 1e-9

/** The likeliest changes, and those that match the incident's words. */
export async function likelyChanges(
  trx: Trx,
  kinds: readonly CountedKind[],
  incident: RankedIncident,
  wanted: Wanted & { searchMs: number },
): Promise<CandidateRow[]> {
  const likeliest = await likeliestChanges(trx, kinds, incident, wanted)
  const known = new Set(likeliest.map(({ id }) => id))
  const matching = (await matchingIds(trx, incident, wanted)).filter((id) => !known.has(id))
  if (matching.length === 0) return likeliest
  let query = withIds(selectCandidates(trx, wanted.organizationId), matching)
  if (wanted.arrived) query = query.where(wanted.arrived)
  return [...likeliest, ...(await query.execute())]
}

/** A word that more changes contain names no system in particular. */
const MAX_MATCHES = 300
const MAX_WORDS = 6
/** Time limit for searching all words, in milliseconds. */
export const SEARCH_MS = 200

/** The changes that contain a word of the incident, however old and usual they are. */
async function matchingIds(
  trx: Trx,
  incident: RankedIncident,
  { from, to, searchMs }: Wanted & { searchMs: number },
): Promise<string[]> {
  const ids = new Set<string>()
  const deadline = performance.now() + searchMs
  for (const word of searchedWords(incident.services, incident.title).slice(0, MAX_WORDS)) {
    const left = deadline - performance.now()
    if (left <= 0) break
    const query = sql<{ id: string }>`
      SELECT id FROM search_changes(${[containing(word)]}::text[], ${from}::timestamptz,
        ${to}::timestamptz, ${MAX_MATCHES + 1}) AS id`
    const found = await within(trx, left, () => query.execute(trx))
    const rows = found?.result.rows ?? []
    if (rows.length <= MAX_MATCHES) for (const { id } of rows) ids.add(id)
  }
  await sql`SET LOCAL statement_timeout TO DEFAULT`.execute(trx)
  return [...ids]
}

/** The changes with the most evidence that can be read from the index. */
async function likeliestChanges(
  trx: Trx,
  kinds: readonly CountedKind[],
  incident: RankedIncident,
  wanted: Wanted,
): Promise<CandidateRow[]> {
  const { organizationId, from, to } = wanted
  const rows = await likeliestTimes(trx, weightsOf(kinds, incident.title), incident, wanted)
  // The index has no IDs. Changes of the same second and group are equally likely.
  let query = selectCandidates(trx, organizationId)
    .where(occurredAtOneOf([...new Set(rows.map(({ occurred_at }) => occurred_at.getTime()))]))
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<', to)
    .where(
      sql<boolean>`(occurred_at, facet_key) IN (SELECT * FROM unnest(
        ${rows.map(({ occurred_at }) => occurred_at)}::timestamptz[],
        ${rows.map(({ key }) => key)}::bigint[]))`,
    )
    .limit(2 * MAX_CANDIDATES)
  if (wanted.arrived) query = query.where(wanted.arrived)
  return query.execute()
}

interface WeightedGroup {
  key: string
  weight: number
}

/** When the likeliest changes occurred, with their groups. */
interface LikelyTime {
  occurred_at: Date
  key: string
  odds: number
}

/**
 * Most of the likeliest changes are near the start. Farther away, only those groups are read whose
 * weight makes up for the distance.
 */
async function likeliestTimes(
  trx: Trx,
  groups: readonly WeightedGroup[],
  incident: RankedIncident,
  wanted: Wanted,
): Promise<LikelyTime[]> {
  const { from, to } = wanted
  const start = incident.startedAt ?? incident.noticedAt
  const nearFrom = new Date(Math.max(from.getTime(), start.getTime() - NEAR))
  const nearTo = new Date(Math.min(to.getTime(), start.getTime() + NEAR))
  const near = await likeliestBetween(trx, groups, { ...wanted, start, from: nearFrom, to: nearTo })
  const least = near.length < MAX_CANDIDATES ? Number.NEGATIVE_INFINITY : near.at(-1)!.odds
  const strong = groups.filter(({ weight }) => weight - costOf(NEAR) >= least - ROUNDING)
  const before = await likeliestBetween(trx, strong, { ...wanted, start, to: nearFrom })
  const after = await likeliestBetween(trx, strong, { ...wanted, start, from: nearTo })
  return [...near, ...before, ...after].sort((a, b) => b.odds - a.odds).slice(0, MAX_CANDIDATES)
}

/** Log-odds that a distance in time costs. @param distance in milliseconds */
const costOf = (distance: number) => PER_DISTANCE * Math.log(1 + distance / 1_000 / UNIT_SECONDS)

/**
 * In floating point, because logarithms of `numeric` take a hundred times as long. Keys are unique;
 * grouping them lets the planner know, which then hashes them.
 */
async function likeliestBetween(
  trx: Trx,
  groups: readonly WeightedGroup[],
  wanted: Wanted & { start: Date },
): Promise<LikelyTime[]> {
  const { organizationId, from, to, start } = wanted
  if (groups.length === 0 || from >= to) return []
  const { rows } = await sql<LikelyTime>`
    SELECT c.occurred_at, c.facet_key::text AS key,
      w.weight - ${PER_DISTANCE}::float8
        * ln(1 + abs(date_part('epoch', ${start}::timestamptz - c.occurred_at)) / ${UNIT_SECONDS})
        AS odds
    FROM changes c
    JOIN (
      SELECT key, max(weight) AS weight
      FROM unnest(string_to_array(${groups.map(({ key }) => key).join()}, ',')::bigint[],
        string_to_array(${groups.map(({ weight }) => weight).join()}, ',')::float8[]) AS w (key, weight)
      GROUP BY key
    ) AS w ON w.key = c.facet_key
    WHERE c.organization_id = ${organizationId} AND c.occurred_at >= ${from} AND c.occurred_at < ${to}
      AND ${wanted.arrived ?? sql`true`}
    ORDER BY odds DESC
    LIMIT ${MAX_CANDIDATES}
  `.execute(trx)
  return rows
}

function weightsOf(kinds: readonly CountedKind[], title: string): WeightedGroup[] {
  const prior = priorFor(title)
  return kinds.flatMap((kind) => {
    const weigh = prior(kind)
    return kind.groups
      .filter(({ inWindow }) => inWindow > 0)
      .map(({ key, total }) => ({ key, weight: weigh(total) }))
  })
}
