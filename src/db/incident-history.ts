/** How often changes such as the candidates of an incident occurred before. */

import { type RawBuilder, sql } from 'kysely'
import type { CandidateHistory } from '../incidents/ranking/candidate.ts'
import type { ChangeKind } from '../incidents/ranking/prior.ts'
import type { CandidateRange, CandidateRow, Wanted } from './candidate-rows.ts'
import type { TimeRange } from './change-filters.ts'
import type { Trx } from './database.ts'
import { splitIntoDays } from './days.ts'

/** How long before the window stored changes count as history, in milliseconds. */
const HISTORY = 30 * 24 * 3_600_000

/** The changes of an actor in an account, of one kind. */
interface GroupCount {
  /** A 64-bit number of `facet_groups`. */
  key: string
  accountId: string | null
  actorId: string
  total: number
  inWindow: number
}

/** What changes are known to do before they are read, with the groups of changes that do it. */
export interface CountedKind extends ChangeKind {
  groups: GroupCount[]
}

interface History {
  /** The number of stored changes. */
  size: number
  inWindow: number
  kinds: CountedKind[]
  of(row: CandidateRow): Omit<CandidateHistory, 'sameResource'>
}

/**
 * Counts each combination of facet values in the window and the history before it. There are tens
 * of thousands of combinations, so they arrive as one JSON value for each kind. An outer join, because
 * the planner expects 200 counts and would search the group of each.
 */
export async function countHistory(trx: Trx, window: Wanted): Promise<History> {
  const { rows } = await sql<ChangeKind & { groups: GroupColumns[] }>`
    SELECT g.source, g.service, g.action, g.outcome, g.is_noise AS "isNoise",
      json_agg(json_build_array(g.key::text, g.account_id, g.actor_id, counted.total, counted.in_window))
        AS groups
    FROM facet_groups g
    LEFT JOIN (
      SELECT facet_key, sum(total)::int AS total, sum(in_window)::int AS in_window
      FROM (${countsOf(window)}) AS parts
      GROUP BY facet_key
    ) AS counted ON counted.facet_key = g.key
    WHERE g.organization_id = ${window.organizationId} AND coalesce(counted.total, 0) > 0
    GROUP BY 1, 2, 3, 4, 5
  `.execute(trx)
  const kinds = rows.map((row): CountedKind => ({ ...row, groups: row.groups.map(toGroup) }))
  const groups = kinds.flatMap((kind) => kind.groups)
  return {
    size: groups.reduce((sum, { total }) => sum + total, 0),
    inWindow: groups.reduce((sum, group) => sum + group.inWindow, 0),
    kinds,
    of: indexHistory(kinds),
  }
}

/** The counts of parts of the history and the window: of whole days, those that triggers keep. */
function countsOf({ organizationId, from, to, arrived }: Wanted): RawBuilder<unknown> {
  const ofDays = ({ from, to }: TimeRange, inWindow: boolean) => sql`
    SELECT facet_key, count AS total, ${inWindow ? sql`count` : sql`0`} AS in_window
    FROM change_counts
    WHERE organization_id = ${organizationId}
      AND day >= change_day(${from}) AND day < change_day(${to})`
  const ofChanges = ({ from, to }: TimeRange, inWindow: RawBuilder<unknown>) => sql`
    SELECT facet_key, count(*)::int AS total, (count(*) FILTER (WHERE ${inWindow}))::int AS in_window
    FROM changes
    WHERE organization_id = ${organizationId} AND occurred_at >= ${from} AND occurred_at < ${to}
    GROUP BY facet_key`
  const end = new Date(Math.min(from.getTime(), to.getTime()))
  const before = splitIntoDays({ from: new Date(from.getTime() - HISTORY), to: end })
  // Which changes had arrived is not counted by day.
  const within = arrived ? { days: [], rest: [{ from, to }] } : splitIntoDays({ from, to })
  const parts = [
    ...before.days.map((days) => ofDays(days, false)),
    ...before.rest.map((part) => ofChanges(part, sql`false`)),
    ...within.days.map((days) => ofDays(days, true)),
    ...within.rest.map((part) => ofChanges(part, arrived ?? sql`true`)),
  ]
  return sql.join(parts, sql` UNION ALL `)
}

type GroupColumns = [string, string | null, string, number, number]

function toGroup([key, accountId, actorId, total, inWindow]: GroupColumns): GroupCount {
  return { key, accountId, actorId, total, inWindow }
}

/** Counts an action in all accounts when a change first needs it: few of all actions are needed. */
function indexHistory(kinds: readonly CountedKind[]): History['of'] {
  const nameOf = ({ service, action }: { service: string; action: string }) =>
    `${service} ${action}`
  const byAction = Map.groupBy(kinds, nameOf)
  const counted = new Map<string, Map<string, number>>()
  return (row) => {
    const name = nameOf(row)
    const counts = counted.get(name) ?? countAccounts(byAction.get(name) ?? [])
    counted.set(name, counts)
    const others = (key: string) => Math.max(0, (counts.get(key) ?? 1) - 1)
    const account = row.account_id ?? ''
    return { sameAction: others(account), sameActor: others(`${account} ${row.actor_id}`) }
  }
}

/** By account, and by account and actor. */
function countAccounts(kinds: readonly CountedKind[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { accountId, actorId, total } of kinds.flatMap(({ groups }) => groups)) {
    const account = accountId ?? ''
    for (const key of [account, `${account} ${actorId}`])
      counts.set(key, (counts.get(key) ?? 0) + total)
  }
  return counts
}

/** Per change: what earlier changes of its resource are, for aliases and routine. */
export async function countResourceHistory(
  trx: Trx,
  rows: readonly CandidateRow[],
  window: CandidateRange,
): Promise<(row: CandidateRow) => { sameResource: number; known: string[] }> {
  const ofResources = rows.filter(({ resource_ids }) => resource_ids.length > 0)
  if (ofResources.length === 0) return () => ({ sameResource: 0, known: [] })
  const ids = [...new Set(ofResources.map(({ resource_ids }) => resource_ids[0]!))]
  const historyFrom = new Date(window.from.getTime() - HISTORY)
  // Most changes are of other resources, and a number is looked up sooner than a pair.
  const { rows: found } = await sql<{ resource: number; key: string; count: number }>`
    SELECT first_resource_id AS resource, facet_key::text AS key, count(*)::int AS count
    FROM changes
    WHERE organization_id = ${window.organizationId}
      AND occurred_at >= ${historyFrom} AND occurred_at < ${window.to}
      AND first_resource_id = ANY (${ids}::int[])
      AND (first_resource_id, facet_key) IN (
        SELECT * FROM unnest(${ofResources.map(({ resource_ids }) => resource_ids[0]!)}::int[],
          ${ofResources.map(({ facet_key }) => facet_key)}::bigint[]))
    GROUP BY first_resource_id, facet_key
  `.execute(trx)
  const { rows: named } = await sql<{ id: number; name: string | null; arn: string | null }>`
    SELECT id, name, arn FROM resources
    WHERE organization_id = ${window.organizationId} AND id = ANY (${ids}::int[])
  `.execute(trx)
  const counts = new Map(found.map(({ resource, key, count }) => [`${resource} ${key}`, count]))
  const names = new Map(
    named.map(({ id, name, arn }) => [id, [name, arn].filter((text) => text !== null)]),
  )
  return (row) => {
    const [id] = row.resource_ids
    const count = counts.get(`${id} ${row.facet_key}`) ?? 1
    return { sameResource: id === undefined ? 0 : count - 1, known: names.get(id ?? 0) ?? [] }
  }
}
