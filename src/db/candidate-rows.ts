/** Reads the changes that may have caused an incident. */

import { type RawBuilder, sql } from 'kysely'
import { MODELLED_DELAY_MINUTES } from '../incidents/backtest.ts'
import type { TimeRange } from './change-filters.ts'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'
import type { ChangeRow } from './schema/changes.ts'

const MAX_DEFERRED = 200
/** Where only those that had arrived by a time are wanted, so many are compared with it. */
const MAX_DEFERRED_COMPARED = 10_000

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
/** The columns by which its environments, history and service are found. */
const COLUMNS = [...OWN_COLUMNS, 'connection_id', 'resource_ids'] as const

export type RankedColumns = Pick<ChangeRow, (typeof OWN_COLUMNS)[number]>
export type CandidateRow = Pick<ChangeRow, (typeof COLUMNS)[number]> & {
  /** A number of 64 bits: as text, because JavaScript would round it. */
  facet_key: string
}

/** A query of the changes of an organization, with the columns of candidates. */
export function selectCandidates(trx: Trx, organizationId: string) {
  return trx
    .selectFrom('changes')
    .select(COLUMNS)
    .select(sql<string>`facet_key::text`.as('facet_key'))
    .where('organization_id', '=', organizationId)
}

/** The time is in the ID, and finds the row. */
export function withIds(query: ReturnType<typeof selectCandidates>, ids: readonly string[]) {
  const times = [...new Set(ids.map((id) => changeIdTime(id).getTime()))]
  return query.where(occurredAtOneOf(times)).where(sql<boolean>`id = ANY (${ids}::uuid[])`)
}

/** @param times in milliseconds */
export function occurredAtOneOf(times: readonly number[]): RawBuilder<boolean> {
  return sql`occurred_at = ANY (${times.map((time) => new Date(time))}::timestamptz[])`
}

export interface CandidateRange extends TimeRange {
  organizationId: string
}

export interface Wanted extends CandidateRange {
  /** A condition on `changes`. */
  arrived: RawBuilder<boolean> | undefined
}

/**
 * Whether a change had arrived by a time. Arrival is when it was stored, except for the history that
 * a connection has imported: what occurred before its first successful read arrived after it
 * occurred, by the average delay of its source.
 */
export async function arrivedBefore(trx: Trx, by: Date): Promise<RawBuilder<boolean>> {
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

export async function changesBetween(
  trx: Trx,
  { organizationId, from, to, arrived }: Wanted,
): Promise<CandidateRow[]> {
  let query = selectCandidates(trx, organizationId)
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<', to)
  if (arrived) query = query.where(arrived)
  return query.execute()
}

/** Earlier changes that take effect in the window. */
export async function deferredChanges(trx: Trx, wanted: Wanted): Promise<CandidateRow[]> {
  const { organizationId, from, to, arrived } = wanted
  const most = arrived ? MAX_DEFERRED_COMPARED : MAX_DEFERRED
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM deferred_changes(${from}::timestamptz, ${from.toISOString()}::text,
      ${to.toISOString()}::text, ${most}) AS id
  `.execute(trx)
  if (rows.length === 0) return []
  let query = withIds(
    selectCandidates(trx, organizationId),
    rows.map(({ id }) => id),
  ).limit(MAX_DEFERRED)
  if (arrived) query = query.where(arrived)
  return query.execute()
}
