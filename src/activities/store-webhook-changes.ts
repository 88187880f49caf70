import { recurrenceId, recurrenceIds, sameEvent } from '../changes/recurrence.ts'
import { changeId } from '../db/change-id.ts'
import { lockKeys } from '../db/change-sets.ts'
import type { Trx } from '../db/database.ts'
import { ensurePartitions, storeEvents } from '../db/imports.ts'
import type { ImportedChange } from '../db/insert-changes.ts'
import { type ChangeUpdate, updateChanges } from '../db/update-changes.ts'

/** A change with the ID that it has if no other one has its `sourceId`. */
export interface NewChange {
  id: string
  imported: ImportedChange
}

/** A change that is stored, or is being stored in this transaction. */
interface KnownChange {
  id: string
  source: string
  sourceId: string
  occurredAt: Date
}

export function toNewChange(organizationId: string, imported: ImportedChange): NewChange {
  const { source, sourceId, occurredAt } = imported.change
  return {
    id: changeId({ organizationId, source, sourceAccount: null, sourceId, occurredAt }),
    imported,
  }
}

/**
 * Stores changes of webhooks. An event without a time has the time of its arrival, which differs
 * when a second webhook reports it: it is the change of the first. An event with the same content
 * much later is another change, whose source ID contains its hour.
 *
 * The oldest change is compared first, so that those of one batch are also compared with each other.
 *
 * @returns the IDs of the stored changes, by the IDs of the translated ones
 */
export async function storeWebhookChanges(
  trx: Trx,
  organizationId: string,
  changes: readonly NewChange[],
): Promise<Map<string, string>> {
  if (changes.length === 0) return new Map()
  const known = await findKnownChanges(trx, organizationId, changes)
  const existing = new Set(known.map(({ id }) => id))
  const fresh: NewChange[] = []
  const targets = new Map<string, string>()
  for (const each of changes.toSorted(byTime)) {
    const { source, sourceId, occurredAt } = each.imported.change
    const ofSource = known.filter((other) => other.source === source)
    const same = sameEvent(ofSource, { sourceId, occurredAt })
    const isTaken = ofSource.some((other) => other.sourceId === sourceId)
    const own = isTaken ? recurrenceId(sourceId, occurredAt) : sourceId
    const named = withSourceId(organizationId, each, same?.sourceId ?? own)
    targets.set(each.id, same?.id ?? named.id)
    if (!same) known.push({ id: named.id, source, sourceId: own, occurredAt })
    // With its time too, it is the same change: it may be newer.
    if (!same || same.id === named.id) fresh.push(named)
  }
  const inserted = await insertNewChanges(trx, organizationId, fresh)
  // The others are those that Postgres does not accept.
  return new Map([...targets].filter(([, id]) => existing.has(id) || inserted.has(id)))
}

/**
 * The stored changes that can be the same events. Locks the source IDs until the transaction ends,
 * because two workers may store the same event under different times.
 */
async function findKnownChanges(
  trx: Trx,
  organizationId: string,
  changes: readonly NewChange[],
): Promise<KnownChange[]> {
  const events = changes.map(({ imported }) => imported.change)
  await lockKeys(
    trx,
    events.map(({ source, sourceId }) => `webhook/${organizationId}/${source}/${sourceId}`),
  )
  const find = async (sourceIds: readonly string[]): Promise<KnownChange[]> => {
    if (sourceIds.length === 0) return []
    return await trx
      .selectFrom('changes')
      .select(['id', 'source', 'source_id as sourceId', 'occurred_at as occurredAt'])
      .where('organization_id', '=', organizationId)
      .where('source_id', 'in', [...new Set(sourceIds)])
      .where('source_account', 'is', null)
      .execute()
  }
  const originals = await find(events.map(({ sourceId }) => sourceId))
  const recurring = events.filter(({ source, sourceId, occurredAt }) =>
    originals.some(
      (other) =>
        other.source === source &&
        other.sourceId === sourceId &&
        other.occurredAt.getTime() !== occurredAt.getTime(),
    ),
  )
  const recurrences = await find(
    recurring.flatMap(({ sourceId, occurredAt }) => recurrenceIds(sourceId, occurredAt)),
  )
  return [...originals, ...recurrences]
}

function byTime(a: NewChange, b: NewChange): number {
  return a.imported.change.occurredAt.getTime() - b.imported.change.occurredAt.getTime()
}

function withSourceId(organizationId: string, change: NewChange, sourceId: string): NewChange {
  const { imported } = change
  if (imported.change.sourceId === sourceId) return change
  return toNewChange(organizationId, {
    ...imported,
    change: { ...imported.change, sourceId },
    entry: { ...imported.entry, eventId: sourceId },
  })
}

/** @returns the IDs of the changes that exist now with their time */
async function insertNewChanges(
  trx: Trx,
  organizationId: string,
  changes: readonly NewChange[],
): Promise<Set<string>> {
  if (changes.length === 0) return new Set()
  const times = changes.map(({ imported }) => imported.change.occurredAt.getTime())
  await ensurePartitions(trx, new Date(Math.min(...times)))
  const owner = { organizationId, connectionId: null, sourceAccount: null }
  await storeEvents(trx, owner, { changes: changes.map(({ imported }) => imported), unparsed: [] })
  const found = await trx
    .selectFrom('changes')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...new Set(changes.map(({ id }) => id))])
    .where(
      'occurred_at',
      'in',
      [...new Set(times)].map((time) => new Date(time)),
    )
    .execute()
  const stored = new Set(found.map(({ id }) => id))
  await updateChanges(
    trx,
    organizationId,
    newestUpdates(changes.filter(({ id }) => stored.has(id))),
  )
  return stored
}

/** As `updateChanges` compares them. */
function isNewer(one: ChangeUpdate, other: ChangeUpdate): boolean {
  const difference = one.updatedAt.getTime() - other.updatedAt.getTime()
  if (difference !== 0) return difference > 0
  const isEnd = one.change.endedAt !== undefined
  if (isEnd !== (other.change.endedAt !== undefined)) return isEnd
  return sequenceOf(one) > sequenceOf(other)
}

function sequenceOf({ change }: ChangeUpdate): number {
  return (change.detail as { sequence?: number }).sequence ?? 0
}

/** One update per change: of several events about it, the newest. */
function newestUpdates(changes: readonly NewChange[]): ChangeUpdate[] {
  const newest = new Map<string, ChangeUpdate>()
  for (const { id, imported } of changes) {
    const { updatedAt } = imported.change.detail as { updatedAt?: string }
    if (updatedAt === undefined) continue
    const update = { id, ...imported, updatedAt: new Date(updatedAt) }
    const other = newest.get(id)
    if (!other || isNewer(update, other)) newest.set(id, update)
  }
  return [...newest.values()]
}
