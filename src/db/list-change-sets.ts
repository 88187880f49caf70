import { type SqlBool, sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import type { ChangeFilters } from './change-filters.ts'
import { changeIdTime } from './change-id.ts'
import { presentSetIds } from './change-sets.ts'
import { matching, type PageRequest, readCursor, writeCursor } from './changes.ts'
import type { Trx } from './database.ts'
import { hasOwnEnvironments, setIdOfChange } from './environment-links.ts'
import type { ChangeRow } from './schema/changes.ts'

/** A set as the feed shows it, with only the changes that match the filters. */
export interface ListedSet {
  id: string
  openedAt: Date
  /** Of the first and the last change. */
  from: Date
  to: Date
  /** The number of its changes with this value. */
  parts: {
    actor: Change['actor']
    tool: Change['tool']
    source: string
    service: string
    outcome: Change['outcome']
    region: string | null
    accountId: string | null
    connectionId: string | null
    /** Of its changes, see `EnvironmentSubject`. */
    setIds: number[]
    publicAccess: string | null
    readOnly: boolean
    /** Of the first of them. */
    verb?: string
    resources: Change['resources']
    /** What they acted on. */
    things?: { type: string; names: string[]; count: number }
    risks: Change['risks']
    count: number
  }[]
  /** The change, if it is the only one. */
  only?: ChangeRow
}

/**
 * Returns one page of change sets, newest first by when they were opened, which never changes: a
 * set that existed when the first page was read appears on exactly one page, unless it was merged
 * into a set on an earlier page.
 *
 * @throws InvalidCursor
 */
export async function listChangeSets(
  trx: Trx,
  filters: ChangeFilters,
  page: PageRequest,
): Promise<{ items: ListedSet[]; nextCursor: string | null }> {
  const after = page.cursor === undefined ? undefined : readCursor(page.cursor, filters)
  const { found, ...others } = filters
  // Step by step: Postgres' own choice depends on statistics, and what it chose with those of an
  // empty table compared every set with every change.
  const among = found && (await changeSetIdsOf(trx, filters))
  await preferIndexes(trx, 'off')
  const listed = await trx
    .selectFrom('change_sets as s')
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('changes')
          .select('changes.id as match')
          .where(
            sql<SqlBool>`changes.change_set_id = ANY (ARRAY(
              SELECT s.id UNION ALL
              SELECT part.id FROM change_sets part
              WHERE part.organization_id = s.organization_id AND part.absorbed_into = s.id))`,
          )
          .where(sql<SqlBool>`changes.organization_id = s.organization_id`)
          .where(sql<SqlBool>`changes.occurred_at BETWEEN s.from_time AND s.until_time`)
          .where(matching(others))
          // Also keeps the planner from joining all sets with all changes.
          .limit(1)
          .as('m'),
      (join) => join.onTrue(),
    )
    .select(['s.id', 's.opened_at', 's.from_time', 's.until_time'])
    .where('s.absorbed_into', 'is', null)
    .$if(among !== undefined, (query) => query.where(sql<SqlBool>`s.id = ANY (${among}::uuid[])`))
    .$if(filters.from !== undefined, (query) => query.where('s.until_time', '>=', filters.from!))
    .$if(filters.to !== undefined, (query) => query.where('s.from_time', '<', filters.to!))
    .$if(after !== undefined, (query) =>
      query.where(
        sql<SqlBool>`(s.opened_at, s.id) < (${after!.occurredAt}::timestamptz, ${after!.id}::uuid)`,
      ),
    )
    .orderBy('s.opened_at', 'desc')
    .orderBy('s.id', 'desc')
    .limit(page.limit + 1)
    .execute()
  await preferIndexes(trx, 'on')
  const rows = listed.slice(0, page.limit)
  const last = listed.length > page.limit ? rows.at(-1) : undefined
  const kinds = await changeKindsOf(trx, filters, rows)
  const firsts = await changesById(
    trx,
    [...kinds.values()].flat().map(({ firstId }) => firstId),
  )
  return {
    items: rows.map((row) => {
      const own = kinds.get(row.id) ?? []
      const parts = own.map(({ firstId, thingType, thingNames, thingCount, ...kind }) => {
        const { actor, tool, verb, resources } = firsts.get(firstId)!.envelope
        const part: ListedSet['parts'][number] = { ...kind, actor, tool, resources }
        if (verb !== undefined) part.verb = verb
        if (thingType !== null) {
          part.things = { type: thingType, names: thingNames ?? [], count: thingCount }
        }
        return part
      })
      return {
        id: row.id,
        openedAt: row.opened_at,
        from: new Date(Math.min(...own.map(({ first }) => first.getTime()))),
        to: new Date(Math.max(...own.map(({ last }) => last.getTime()))),
        parts,
        only: own.length === 1 && own[0]!.count === 1 ? firsts.get(own[0]!.firstId) : undefined,
      }
    }),
    nextCursor: last ? writeCursor({ occurred_at: last.opened_at, id: last.id }, filters) : null,
  }
}

/** The ids of the sets that the found changes belong to now. */
async function changeSetIdsOf(trx: Trx, filters: ChangeFilters): Promise<string[]> {
  const rows = await trx
    .selectFrom('changes')
    .select('change_set_id')
    .distinct()
    .where(matching(filters))
    .execute()
  const ids = rows.flatMap(({ change_set_id }) => change_set_id ?? [])
  const present = await presentSetIds(trx, ids)
  return [...new Set(ids.map((id) => present.get(id) ?? id))]
}

/** Whether Postgres may choose joins and scans that are fast for a few rows only. */
async function preferIndexes(trx: Trx, others: 'on' | 'off'): Promise<void> {
  await sql`
    SELECT set_config('enable_hashjoin', ${others}, true),
      set_config('enable_mergejoin', ${others}, true),
      set_config('enable_seqscan', ${others}, true), set_config('enable_sort', ${others}, true)
  `.execute(trx)
}

/** The name of what a change acted on first. */
const MAIN_THING = sql`coalesce(envelope #>> '{resources,0,name}', envelope #>> '{resources,0,id}')`

/**
 * The kinds of changes in each set, the earliest first, with the ID of the first change of each
 * kind.
 */
async function changeKindsOf(
  trx: Trx,
  filters: ChangeFilters,
  sets: readonly { id: string; from_time: Date; until_time: Date }[],
) {
  if (sets.length === 0) return new Map<string, never>()
  const ids = sets.map(({ id }) => id)
  const setIds = (await hasOwnEnvironments(trx))
    ? sql<number[]>`array_agg(DISTINCT ${setIdOfChange})`
    : sql<number[]>`'{0}'::int[]`
  const times = sets.flatMap(({ from_time, until_time }) => [from_time, until_time].map(Number))
  const rows = await trx
    .selectFrom('changes')
    .innerJoin('change_sets as s', (join) =>
      join
        .onRef('s.organization_id', '=', 'changes.organization_id')
        .onRef('s.id', '=', 'changes.change_set_id'),
    )
    .select((eb) => [
      sql<string>`coalesce(s.absorbed_into, s.id)`.as('set'),
      'source',
      'service',
      'outcome',
      'region',
      'account_id as accountId',
      'connection_id as connectionId',
      setIds.as('setIds'),
      sql<string | null>`envelope ->> 'publicAccess'`.as('publicAccess'),
      'read_only as readOnly',
      sql<string | null>`envelope #>> '{resources,0,type}'`.as('thingType'),
      sql<
        string[] | null
      >`(array_agg(DISTINCT ${MAIN_THING}) FILTER (WHERE ${MAIN_THING} IS NOT NULL))[1:3]`.as(
        'thingNames',
      ),
      sql<number>`count(DISTINCT ${MAIN_THING})::int`.as('thingCount'),
      sql<Change['risks']>`coalesce(envelope -> 'risks', '[]')`.as('risks'),
      // An ID starts with its change's time, so the lowest one is the earliest.
      sql<string>`min(changes.id::text COLLATE "C")`.as('firstId'),
      eb.fn.min('occurred_at').as('first'),
      eb.fn.max('occurred_at').as('last'),
      sql<number>`count(*)::int`.as('count'),
    ])
    .where(sql<SqlBool>`coalesce(s.absorbed_into, s.id) = ANY (${ids}::uuid[])`)
    .where((eb) => eb.or([eb('s.id', 'in', ids), eb('s.absorbed_into', 'in', ids)]))
    // Redundant, but it excludes partitions from the plan.
    .where('occurred_at', '>=', new Date(Math.min(...times)))
    .where('occurred_at', '<=', new Date(Math.max(...times)))
    .where(matching(filters))
    .groupBy([
      sql`coalesce(s.absorbed_into, s.id)`,
      'changes.actor_id',
      'changes.tool',
      'source',
      'service',
      'outcome',
      'region',
      'account_id',
      'connection_id',
      sql`envelope ->> 'publicAccess'`,
      'read_only',
      // What was done, and to what kind of thing.
      'action',
      sql`envelope #>> '{resources,0,type}'`,
      sql`coalesce(envelope -> 'risks', '[]')`,
    ])
    .orderBy('first')
    .execute()
  return Map.groupBy(rows, ({ set }) => set)
}

/** By ID. The IDs contain the times, so only those partitions are read. */
async function changesById(trx: Trx, ids: readonly string[]): Promise<Map<string, ChangeRow>> {
  if (ids.length === 0) return new Map()
  const rows = await trx
    .selectFrom('changes')
    .selectAll()
    .where('id', 'in', ids)
    .where(
      'occurred_at',
      'in',
      [...new Set(ids.map((id) => changeIdTime(id).getTime()))].map((time) => new Date(time)),
    )
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}
