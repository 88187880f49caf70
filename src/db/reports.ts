import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { fold } from '../changes/environment-rules.ts'
import { addLinks } from '../changes/links.ts'
import { storableJson } from '../changes/storable-json.ts'
import { changeId } from './change-id.ts'
import { lockRulesForImport } from './change-rules.ts'
import { lockKeys } from './change-sets.ts'
import { findChange } from './changes.ts'
import type { Trx } from './database.ts'
import { storeEvents } from './imports.ts'
import type { ImportedChange } from './insert-changes.ts'
import { linkChanges } from './link-changes.ts'
import type { Owner } from './owner.ts'
import type { ChangeRow } from './schema/changes.ts'

/** How long before now a reported change can start. Milliseconds. */
export const MAX_REPORT_AGE_MS = 90 * 24 * 60 * 60_000
/** How far the clock of a pipeline may be ahead. Milliseconds. */
export const MAX_CLOCK_SKEW_MS = 60_000

export const REPORT_READER_VERSION = 1

/** What a later report about the same change can set. Omitted fields keep their values. */
interface ReportUpdate {
  endsAt?: Date | undefined
  outcome?: Change['outcome'] | undefined
  description?: string | undefined
  /** Replace those that the change has. */
  environments?: readonly string[] | undefined
  /** Added to those that the change has, see {@link addLinks}. */
  links?: Change['links'] | undefined
}

export interface StoredReport {
  row: ChangeRow
  created: boolean
}

/** A later report ends before the change started. */
export class EndsBeforeStart extends Error {
  override readonly name = 'EndsBeforeStart'
}

/**
 * Stores a change that was reported, or updates the change that was stored for the same
 * `sourceId`: see docs/decisions/038-reported-changes.md. Runs in the transaction of the caller,
 * which acts for the organization.
 *
 * @param report.record the report as it is stored, without credentials
 * @throws EndsBeforeStart if an update ends before the start of the stored change
 */
export async function storeReport(
  trx: Trx,
  organizationId: string,
  report: { change: Change; update: ReportUpdate; record: unknown },
): Promise<StoredReport> {
  const { change, update, record } = report
  const owner: Owner = { organizationId, connectionId: null, sourceAccount: null }
  await lockReport(trx, organizationId, change)
  const stored = await findReported(trx, organizationId, change)
  if (stored) return { row: await updateReported(trx, stored, update), created: false }
  await sql`SELECT ensure_report_partitions(${change.occurredAt})`.execute(trx)
  await storeEvents(trx, owner, { changes: [toReportedChange(change, record)], unparsed: [] })
  const { source, sourceId, occurredAt } = change
  const id = changeId({ organizationId, source, sourceAccount: null, sourceId, occurredAt })
  return { row: (await findChange(trx, id))!, created: true }
}

/**
 * Updates the change that was stored for a key; undefined if there is none.
 *
 * @throws EndsBeforeStart
 */
export async function updateReport(
  trx: Trx,
  organizationId: string,
  identity: Pick<Change, 'source' | 'sourceId'>,
  update: ReportUpdate,
): Promise<ChangeRow | undefined> {
  await lockReport(trx, organizationId, identity)
  const stored = await findReported(trx, organizationId, identity)
  return stored && updateReported(trx, stored, update)
}

/** Two reports with one key at the same time: the second one finds the first one's change. */
async function lockReport(
  trx: Trx,
  organizationId: string,
  { source, sourceId }: Pick<Change, 'source' | 'sourceId'>,
): Promise<void> {
  await lockKeys(trx, [`report/${organizationId}/${source}/${sourceId}`])
}

async function findReported(
  trx: Trx,
  organizationId: string,
  { source, sourceId }: Pick<Change, 'source' | 'sourceId'>,
): Promise<ChangeRow | undefined> {
  return trx
    .selectFrom('changes')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('source', '=', source)
    .where('source_id', '=', sourceId)
    .where('source_account', 'is', null)
    .executeTakeFirst()
}

async function updateReported(trx: Trx, row: ChangeRow, update: ReportUpdate): Promise<ChangeRow> {
  const endedAt = update.endsAt ?? row.ended_at
  if (endedAt !== null && endedAt < row.occurred_at) {
    throw new EndsBeforeStart(`The change started at ${row.occurred_at.toISOString()}`)
  }
  const { envelope } = row
  const links = addLinks(envelope.links, update.links ?? [])
  const { description, environments } = update
  // Before the row is locked: `relink` and reads of stored records lock rows in the other order.
  const page = { setsTags: false, namesEnvironments: true }
  const rules = environments && (await lockRulesForImport(trx, row.organization_id, page))
  const attributes = { ...envelope.attributes, ...(environments && { environments }) }
  await trx
    .updateTable('changes')
    .set({
      ended_at: endedAt,
      outcome: update.outcome ?? row.outcome,
      envelope: JSON.stringify({ ...envelope, links, attributes }),
      detail: JSON.stringify({
        ...row.detail,
        ...(description !== undefined && { description }),
        ...(environments && { environments }),
      }),
    })
    .where('occurred_at', '=', row.occurred_at)
    .where('id', '=', row.id)
    .execute()
  const keys = [{ id: row.id, occurredAt: row.occurred_at }]
  if (rules?.canLink) await linkChanges(trx, row.organization_id, { keys, rules })
  return (await findChange(trx, row.id))!
}

function toReportedChange(change: Change, report: unknown): ImportedChange {
  const record = storableJson(JSON.stringify(report))
  return {
    change,
    readerVersion: REPORT_READER_VERSION,
    record,
    context: null,
    entry: {
      source: change.source,
      eventId: change.sourceId,
      eventName: change.action,
      eventSource: change.service,
      eventTime: change.occurredAt,
      username: change.actor.name,
      region: null,
      raw: record,
    },
  }
}

/** The names that no environment has, ignoring case. */
export async function unknownEnvironments(trx: Trx, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  const rows = await trx.selectFrom('environments').select('name').execute()
  const known = new Set(rows.map(({ name }) => fold(name)))
  return names.filter((name) => !known.has(fold(name)))
}

/** Notes that a report was stored. */
export async function noteReport(trx: Trx, organizationId: string): Promise<void> {
  await trx
    .insertInto('report_receipts')
    .values({ organization_id: organizationId })
    .onConflict((conflict) =>
      conflict.column('organization_id').doUpdateSet({ last_at: sql<Date>`now()` }),
    )
    .execute()
}
