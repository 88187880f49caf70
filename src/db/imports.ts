import { sql } from 'kysely'
import type { Attributes, Change } from '../changes/change.ts'
import { type NoiseRule, noiseOf } from '../changes/noise-rules.ts'
import { changeId } from './change-id.ts'
import { type ChangeRules, lockRulesForImport } from './change-rules.ts'
import { lockKeys, sessionLock, storeChangeSets } from './change-sets.ts'
import type { Trx } from './database.ts'
import {
  type ChangeKey,
  linkChanges,
  linkChangesOfResources,
  rememberTags,
  setsTags,
} from './link-changes.ts'
import type { Owner } from './owner.ts'
import { resourceIdsOf, storeResources } from './resources.ts'
import { noiseSubjectOf } from './rule-subjects.ts'
import type { ChangeEnvelope } from './schema.ts'
import {
  deleteParsed,
  entryKey,
  eventKey,
  insertUnparsed,
  type SourceEntry,
  type UnparsedRecord,
} from './unparsed-records.ts'

/** A change with its original record. */
export interface ImportedChange {
  change: Change
  /** The version of the reader that read it, see `Source.reader`. */
  readerVersion: number
  /** JSON text that Postgres accepts, see `storableJson`. */
  record: string
  /** JSON text of what the source returned beside the record, if the reader needs it. */
  context: string | null
  /** The source's entry, in case Postgres does not accept the change. */
  entry: SourceEntry
}

/** The result of storing a page. */
export interface StoredEvents {
  /** The number of changes that were new in the organization. */
  inserted: number
  /** The number of changes that another connection to the same account had imported. */
  takenOver: number
}

/** Creates the partitions for this time and the next three weeks. Cheap if they exist. */
export async function ensurePartitions(trx: Trx, from: Date): Promise<void> {
  await sql`CALL ensure_partitions(${from}, now() + interval '21 days')`.execute(trx)
}

/** A change that is about to be stored. */
interface Arrival extends ImportedChange {
  id: string
  /** Identifies its event, see `eventKey`. */
  key: string
  time: number
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
  const isDone = ({ key, time }: Arrival) =>
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
  const fresh: Arrival[] = []
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
    inserted: readonly Arrival[]
    takenOver: readonly ChangeKey[]
    resourceIds: ReadonlyMap<string, number>
    rules: ChangeRules | undefined
  },
): Promise<void> {
  const { inserted, takenOver, resourceIds, rules } = options
  const tagged = await rememberTags(trx, organizationId, {
    changes: inserted.map(({ change }) => change),
    resourceIds,
  })
  if (!rules?.canLink) return
  const fresh = inserted.map(({ id, change }) => ({ id, occurredAt: change.occurredAt }))
  await linkChanges(trx, organizationId, { keys: [...fresh, ...takenOver], rules })
  await linkChangesOfResources(trx, organizationId, { resourceIds: tagged, rules })
}

function toArrival(imported: ImportedChange, owner: Owner): Arrival {
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
function byTime(a: Arrival, b: Arrival): number {
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

/** What the rows of changes need. */
interface Prepared {
  /** By key. */
  resourceIds: ReadonlyMap<string, number>
  noiseRules: readonly NoiseRule[]
}

/**
 * Inserts changes, their records and their change sets. Returns those that Postgres does not
 * accept: the batch is halved until each of them is alone.
 *
 * @param arrivals in the order of `byTime`; the transaction holds the locks of `storeEvents`
 */
async function insertChanges(
  trx: Trx,
  owner: Owner,
  arrivals: readonly Arrival[],
  prepared: Prepared,
): Promise<{ inserted: Arrival[]; refused: Arrival[] }> {
  if (arrivals.length === 0) return { inserted: [], refused: [] }
  await sql`SAVEPOINT batch`.execute(trx)
  try {
    const inserted = await insertBatch(trx, owner, arrivals, prepared)
    await sql`RELEASE SAVEPOINT batch`.execute(trx)
    return { inserted, refused: [] }
  } catch (error) {
    if (!isAboutData(error)) throw error
    await sql`ROLLBACK TO SAVEPOINT batch`.execute(trx)
  }
  if (arrivals.length === 1) return { inserted: [], refused: [...arrivals] }
  const middle = Math.ceil(arrivals.length / 2)
  const older = await insertChanges(trx, owner, arrivals.slice(0, middle), prepared)
  const newer = await insertChanges(trx, owner, arrivals.slice(middle), prepared)
  return {
    inserted: [...older.inserted, ...newer.inserted],
    refused: [...older.refused, ...newer.refused],
  }
}

/** Data exceptions (22…) and program limits (54…): the values are invalid, the server works. */
export function isAboutData(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(22|54)/.test(code)
}

async function insertBatch(
  trx: Trx,
  owner: Owner,
  arrivals: readonly Arrival[],
  { resourceIds, noiseRules }: Prepared,
): Promise<Arrival[]> {
  const sets = await storeChangeSets(trx, owner.organizationId, arrivals)
  const rows = arrivals.map((arrival) => ({
    ...toRow(arrival, owner, noiseRules),
    change_set_id: sets.get(arrival.id),
    resource_ids: resourceIdsOf(arrival.change, resourceIds),
  }))
  const { rows: inserted } = await sql<{ id: string }>`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(
        organization_id uuid, occurred_at timestamptz, ended_at timestamptz, id uuid,
        connection_id uuid, source text, source_account text, source_id text, summary text,
        service text, action text, actor text, actor_id text, tool text, outcome text, region text,
        account_id text, resources text[], resource_ids int[], read_only boolean, noise text, source_noise text,
        change_set_id uuid, envelope jsonb, detail jsonb, reader_version int, record text, context text)
    ), inserted AS (
      INSERT INTO changes (organization_id, occurred_at, ended_at, id, connection_id, source,
        source_account, source_id, summary, service, action, actor, actor_id, tool, outcome, region,
        account_id, resources, resource_ids, read_only, noise, source_noise, change_set_id, envelope, detail,
        reader_version)
      SELECT organization_id, occurred_at, ended_at, id, connection_id, source,
        source_account, source_id, summary, service, action, actor, actor_id, tool, outcome, region,
        account_id, resources, resource_ids, read_only, noise, source_noise, change_set_id, envelope, detail,
        reader_version
      FROM input
      ORDER BY occurred_at, id
      ON CONFLICT DO NOTHING
      RETURNING organization_id, occurred_at, id
    ), records AS (
      INSERT INTO change_records (organization_id, occurred_at, id, record, context)
      SELECT organization_id, occurred_at, id, record::json, context::json
      FROM inserted JOIN input USING (organization_id, occurred_at, id)
      ON CONFLICT DO NOTHING
    )
    SELECT id FROM inserted
  `.execute(trx)
  const ids = new Set(inserted.map(({ id }) => id))
  return arrivals.filter(({ id }) => ids.has(id))
}

/** A change as a row, except for its change set. */
function toRow(arrival: Arrival, owner: Owner, noiseRules: readonly NoiseRule[]) {
  const { id, change, readerVersion, record, context } = arrival
  return {
    ...columnsRead(change, noiseRules),
    organization_id: owner.organizationId,
    occurred_at: change.occurredAt,
    id,
    connection_id: owner.connectionId,
    source: change.source,
    source_account: owner.sourceAccount,
    source_id: change.sourceId,
    reader_version: readerVersion,
    record,
    context,
  }
}

/** With the tags of its resources. If resources get different values, the first one counts. */
function attributesOf({ attributes, resources }: Change): Attributes | undefined {
  const tags = Object.assign({}, ...resources.map((each) => each.tags ?? {}).reverse())
  if (Object.keys(tags).length === 0) return attributes
  return { ...attributes, tags: { ...tags, ...attributes?.tags } }
}

/** What search finds beside the summary, the actor and the action. */
function searchedTerms({ resources, tool }: Change): string[] {
  const terms = new Set(resources.flatMap(({ id, arn }) => (arn ? [id, arn] : [id])))
  if (tool.run !== undefined) terms.add(tool.run)
  return [...terms]
}

/**
 * The columns that the reader determines, except for those that identify the change.
 *
 * @param noiseRules the organization's own
 */
export function columnsRead(change: Change, noiseRules: readonly NoiseRule[]) {
  const envelope: ChangeEnvelope = {
    actor: change.actor,
    tool: change.tool,
    resources: change.resources,
    risks: change.risks,
    publicAccess: change.publicAccess,
    subject: change.subject,
    links: change.links,
    effectiveAt: change.effectiveAt?.toISOString(),
    attributes: attributesOf(change),
  }
  return {
    ended_at: change.endedAt,
    summary: change.summary,
    service: change.service,
    action: change.action,
    actor: change.actor.name,
    actor_id: change.actor.id,
    tool: change.tool.name,
    outcome: change.outcome,
    region: change.region,
    account_id: change.accountId,
    resources: searchedTerms(change),
    read_only: change.readOnly,
    noise: noiseOf(noiseSubjectOf(change), change.noise, noiseRules),
    source_noise: change.noise,
    envelope,
    detail: change.detail,
  }
}
