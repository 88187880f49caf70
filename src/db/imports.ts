import { sql } from 'kysely'
import { changeId } from './change-id.ts'
import { type ChangeRules, lockRulesForImport } from './change-rules.ts'
import { lockKeys, sessionLock } from './change-sets.ts'
import type { Trx } from './database.ts'
import { type ArrivedChange, type ImportedChange, insertChanges } from './insert-changes.ts'
import { type ChangeKey, linkChanges, linkChangesOfResources } from './link-changes.ts'
import type { Owner } from './owner.ts'
import { rememberTags, setsTags } from './resource-tags.ts'
import { storeResources } from './resources.ts'
import {
  deleteParsed,
  entryKey,
  eventKey,
  insertUnparsed,
  type UnparsedRecord,
} from './unparsed-records.ts'

/** The result of storing a page. */
interface StoredEvents {
  /** The number of changes that were new in the organization. */
  inserted: number
  /** The number of changes that another connection to the same account had imported. */
  takenOver: number
}

/** Creates the partitions for this time and the next three weeks. Cheap if they exist. */
export async function ensurePartitions(trx: Trx, from: Date): Promise<void> {
  await sql`CALL ensure_partitions(${from}, now() + interval '21 days')`.execute(trx)
}

/** A stored change of the same event. */
interface StoredChange {
  id: string
  time: number
  connectionId: string | null
}

/**
 * Stores a page of events. New events become changes with their records and change sets. Changes
 * that another connection to the same account imported become this connection's. Events that cannot
 * become changes are kept as unparsed records. Reading a page again changes nothing.
 *
 * The transaction holds a lock on each event that it stores for the first time or takes over, so an
 * event that two regions or connections return at the same time is stored once. See
 * docs/decisions/017-one-change-per-event.md.
 */
export async function storeEvents(
  trx: Trx,
  owner: Owner,
  page: { changes: readonly ImportedChange[]; unparsed: readonly UnparsedRecord[] },
): Promise<StoredEvents> {
  const arrivals = page.changes.map((imported) => toArrival(imported, owner)).sort(byTime)
  const unparsed = page.unparsed.map((record) => ({ record, key: entryKey(record) }))
  const events = new Map(arrivals.map(({ key, change }) => [key, change.sourceId]))
  for (const { key, record } of unparsed) if (record.eventId) events.set(key, record.eventId)

  let stored = await storedChanges(trx, owner, events)
  let rules: ChangeRules | undefined
  const isDone = ({ key, time }: ArrivedChange) =>
    stored.get(key)?.time === time && stored.get(key)?.connectionId === owner.connectionId
  const undone = arrivals.filter((arrival) => !isDone(arrival))
  if (undone.length > 0 || unparsed.length > 0) {
    const { organizationId } = owner
    rules = await lockRulesForImport(trx, organizationId, {
      setsTags: undone.some(({ change }) => setsTags(change)),
      namesEnvironments: undone.some(({ change }) => change.attributes?.environments?.length),
    })
    await lockKeys(trx, [
      ...[...undone, ...unparsed].map(
        ({ key }) => `${organizationId}/${owner.sourceAccount}/${key}`,
      ),
      ...undone.map(({ change }) => sessionLock(organizationId, change.changeSet.sessionKey)),
    ])
    stored = await storedChanges(trx, owner, events)
  }
  const takenOver = await takeOver(trx, owner, stored)

  const times = new Map([...stored].map(([key, { time }]) => [key, time]))
  const fresh: ArrivedChange[] = []
  const unacceptable: UnparsedRecord[] = []
  for (const arrival of arrivals) {
    const { key, time, entry } = arrival
    const known = times.get(key)
    // Event IDs are unique: the same ID with another time must not become a second change.
    if (known !== undefined && known !== time) {
      unacceptable.push({ ...entry, reason: 'known_under_another_time' })
    } else if (known === undefined) {
      times.set(key, time)
      fresh.push(arrival)
    }
  }
  const resourceIds = await storeResources(
    trx,
    owner.organizationId,
    fresh.map(({ change }) => change),
  )
  const { inserted, refused } = await insertChanges(trx, owner, fresh, {
    resourceIds,
    noiseRules: rules?.noise ?? [],
  })
  await applyRules(trx, owner, { inserted, takenOver, resourceIds, rules })
  for (const { key, entry } of refused) {
    times.delete(key)
    unacceptable.push({ ...entry, reason: 'refused_by_postgres' })
  }
  const parsed = arrivals.filter(({ key, time }) => times.get(key) === time)
  if (parsed.length > 0) {
    await deleteParsed(
      trx,
      owner,
      new Set(parsed.flatMap(({ key, entry }) => [key, entryKey(entry)])),
      inserted.map(({ key }) => key),
    )
  }
  await insertUnparsed(trx, owner, [
    ...unacceptable,
    ...unparsed.filter(({ key }) => !times.has(key)).map(({ record }) => record),
  ])
  return { inserted: inserted.length, takenOver: takenOver.length }
}

/** Applies the organization's rules to new changes, and to those that new tags concern. */
async function applyRules(
  trx: Trx,
  { organizationId }: Owner,
  options: {
    inserted: readonly ArrivedChange[]
    takenOver: readonly ChangeKey[]
    resourceIds: ReadonlyMap<string, number>
    rules: ChangeRules | undefined
  },
): Promise<void> {
  const { inserted, takenOver, resourceIds, rules } = options
  const tagged = await rememberTags(trx, organizationId, {
    changes: inserted.map(({ change }) => change),
    resourceIds,
    rules,
  })
  if (!rules?.canLink) return
  const fresh = inserted.map(({ id, change }) => ({ id, occurredAt: change.occurredAt }))
  await linkChanges(trx, organizationId, { keys: [...fresh, ...takenOver], rules })
  await linkChangesOfResources(trx, organizationId, { resourceIds: tagged, rules })
}

function toArrival(imported: ImportedChange, owner: Owner): ArrivedChange {
  const { change } = imported
  return {
    ...imported,
    id: changeId({
      organizationId: owner.organizationId,
      source: change.source,
      sourceAccount: owner.sourceAccount,
      sourceId: change.sourceId,
      occurredAt: change.occurredAt,
    }),
    key: eventKey(change.source, change.sourceId),
    time: change.occurredAt.getTime(),
  }
}

/** The order in which rows are written and locked, the same in every transaction. */
function byTime(a: ArrivedChange, b: ArrivedChange): number {
  return a.time - b.time || (a.id < b.id ? -1 : 1)
}

/** The stored changes of these events. @param events source IDs by event key */
async function storedChanges(
  trx: Trx,
  owner: Owner,
  events: ReadonlyMap<string, string>,
): Promise<Map<string, StoredChange>> {
  if (events.size === 0) return new Map()
  const rows = await trx
    .selectFrom('changes')
    .select(['source', 'source_id', 'id', 'occurred_at', 'connection_id'])
    .where('organization_id', '=', owner.organizationId)
    .where('source_id', 'in', [...new Set(events.values())])
    .where('source_account', 'is not distinct from', owner.sourceAccount)
    .execute()
  return new Map(
    rows
      .map((row) => ({ ...row, key: eventKey(row.source, row.source_id) }))
      .filter(({ key }) => events.has(key))
      .map(({ key, id, occurred_at, connection_id }) => [
        key,
        { id, time: occurred_at.getTime(), connectionId: connection_id },
      ]),
  )
}

/**
 * Assigns the changes of other connections to this connection. Removes those from `stored` that a
 * purge has deleted in the meantime. A change keeps its ID, its change set and its record.
 *
 * @returns those that were taken over
 */
async function takeOver(
  trx: Trx,
  owner: Owner,
  stored: Map<string, StoredChange>,
): Promise<ChangeKey[]> {
  const { organizationId, connectionId } = owner
  if (connectionId === null) return []
  const foreign = [...stored].filter(([, change]) => change.connectionId !== connectionId)
  if (foreign.length === 0) return []
  const times = foreign.map(([, { time }]) => time)
  const { rows } = await sql<ChangeKey>`
    WITH foreign_changes AS (
      SELECT occurred_at, id FROM changes
      WHERE organization_id = ${organizationId}
        AND occurred_at BETWEEN ${new Date(Math.min(...times))} AND ${new Date(Math.max(...times))}
        AND (occurred_at, id) IN (SELECT * FROM unnest(
          ${times.map((time) => new Date(time))}::timestamptz[],
          ${foreign.map(([, { id }]) => id)}::uuid[]))
      ORDER BY occurred_at, id
      FOR UPDATE
    )
    UPDATE changes c SET connection_id = ${connectionId}
    FROM foreign_changes f
    WHERE c.organization_id = ${organizationId}
      AND c.occurred_at = f.occurred_at AND c.id = f.id
    RETURNING c.id, c.occurred_at AS "occurredAt"
  `.execute(trx)
  const taken = new Set(rows.map(({ id }) => id))
  for (const [key, { id }] of foreign) if (!taken.has(id)) stored.delete(key)
  return rows
}
