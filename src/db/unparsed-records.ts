import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { indexable } from '../changes/text.ts'
import type { UnparsedReason } from '../changes/unparsed-reasons.ts'
import type { Trx } from './database.ts'
import type { Owner } from './owner.ts'
import type { UnparsedRecordRow } from './schema/changes.ts'

/** The entry that a source returned for one event, whether or not it can become a change. */
export interface SourceEntry {
  source: string
  /** The source's ID of the event, as in `changes.source_id`; null if the entry has none. */
  eventId: string | null
  eventName: string | null
  eventSource: string | null
  eventTime: Date | null
  username: string | null
  region: string | null
  /** The whole entry as text. */
  raw: string
}

/** An entry that cannot become a change. */
export interface UnparsedRecord extends SourceEntry {
  reason: UnparsedReason
}

/** Identifies an event in 32 bytes, regardless of the length of its ID. Hexadecimal. */
export function eventKey(source: string, eventId: string): string {
  return digest(['event', source, eventId])
}

/** Identifies the entry's event, or the entry itself if the source gave no ID. */
export function entryKey({ source, eventId, raw }: SourceEntry): string {
  return eventId === null ? digest(['entry', source, raw]) : eventKey(source, eventId)
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/**
 * Stores one row per event. An event that is already stored keeps its row and `seen_at`, and moves
 * to the connection that returned it last.
 */
export async function insertUnparsed(
  trx: Trx,
  owner: Owner,
  records: readonly UnparsedRecord[],
): Promise<void> {
  const byKey = new Map<string, UnparsedRecord>()
  for (const record of records) {
    const key = entryKey(record)
    if (!byKey.has(key)) byKey.set(key, record)
  }
  if (byKey.size === 0) return
  const text = (value: string | null) => (value === null ? null : indexable(value))
  // In the order of the keys, so that two imports never deadlock.
  const sorted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))
  await trx
    .insertInto('unparsed_records')
    .values(
      sorted.map(([key, record]) => ({
        organization_id: owner.organizationId,
        connection_id: owner.connectionId,
        source: record.source,
        source_account: owner.sourceAccount,
        event_key: Buffer.from(key, 'hex'),
        region: text(record.region),
        event_id: text(record.eventId),
        event_name: text(record.eventName),
        event_source: text(record.eventSource),
        event_time: record.eventTime,
        username: text(record.username),
        reason: record.reason,
        raw: Buffer.from(record.raw),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .constraint('unparsed_records_event')
        .doUpdateSet((eb) => ({
          connection_id: eb.ref('excluded.connection_id'),
          region: eb.ref('excluded.region'),
          event_name: eb.ref('excluded.event_name'),
          event_source: eb.ref('excluded.event_source'),
          event_time: eb.ref('excluded.event_time'),
          username: eb.ref('excluded.username'),
          reason: eb.ref('excluded.reason'),
          raw: eb.ref('excluded.raw'),
        }))
        // Recent time is read every minute, so unchanged entries are not written again.
        .where(({ eb, or }) =>
          or([
            eb(
              'unparsed_records.connection_id',
              'is distinct from',
              eb.ref('excluded.connection_id'),
            ),
            eb('unparsed_records.reason', '<>', eb.ref('excluded.reason')),
            eb('unparsed_records.raw', '<>', eb.ref('excluded.raw')),
          ]),
        ),
    )
    .execute()
}

/**
 * Removes the rows of events that have become changes.
 *
 * @param keys of `entryKey` or `eventKey`: these events are stored as changes
 * @param inserted the ones among them that were stored just now, which leaves no reason to keep
 *   them. An event that was stored before may still have been returned with another time.
 */
export async function deleteParsed(
  trx: Trx,
  owner: Owner,
  keys: Iterable<string>,
  inserted: Iterable<string>,
): Promise<void> {
  const toBytes = (each: Iterable<string>) =>
    sql`ARRAY(SELECT decode(key, 'hex') FROM unnest(${[...each]}::text[]) AS key)`
  await sql`
    DELETE FROM unparsed_records
    WHERE organization_id = ${owner.organizationId}
      AND source_account IS NOT DISTINCT FROM ${owner.sourceAccount}
      AND event_key = ANY (${toBytes(keys)})
      AND (reason <> 'known_under_another_time'
        OR event_key = ANY (${toBytes(inserted)}))
  `.execute(trx)
}

/** A row without its raw text, which may be large. */
export type ListedUnparsedRecord = Omit<UnparsedRecordRow, 'raw'>

/**
 * One page of a connection's unparsed records, by when they were first read, newest first.
 *
 * @param page.before the ID of the previous page's last row
 */
export async function listUnparsed(
  trx: Trx,
  connectionId: string,
  page: { limit: number; before?: string },
): Promise<{ items: ListedUnparsedRecord[]; hasMore: boolean; total: number }> {
  const ofConnection = trx.selectFrom('unparsed_records').where('connection_id', '=', connectionId)
  const { total } = await ofConnection
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await ofConnection
    .select([
      'id',
      'organization_id',
      'connection_id',
      'source',
      'source_account',
      'event_key',
      'region',
      'event_id',
      'event_name',
      'event_source',
      'event_time',
      'username',
      'reason',
      'seen_at',
    ])
    .$if(page.before !== undefined, (query) => query.where('id', '<', page.before!))
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return { items: rows.slice(0, page.limit), hasMore: rows.length > page.limit, total }
}

/** One unparsed record of a connection with its raw text; undefined if it does not exist. */
export function findUnparsed(
  trx: Trx,
  connectionId: string,
  id: string,
): Promise<UnparsedRecordRow | undefined> {
  return trx
    .selectFrom('unparsed_records')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The number of unparsed records of a connection's current account, by region. */
export async function countUnparsed(
  trx: Trx,
  connection: { id: string; account_id: string | null },
): Promise<Map<string, number>> {
  if (connection.account_id === null) return new Map()
  const rows = await trx
    .selectFrom('unparsed_records')
    .select((eb) => ['region', eb.fn.countAll<number>().as('count')])
    .where('connection_id', '=', connection.id)
    .where('source_account', '=', connection.account_id)
    .groupBy('region')
    .execute()
  return new Map(rows.map(({ region, count }) => [region ?? '', count]))
}
