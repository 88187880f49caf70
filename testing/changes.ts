import { randomUUID } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Change, Resource, Tool } from '../src/changes/change.ts'
import { resourceKey } from '../src/changes/resource-key.ts'
import { changeId } from '../src/db/change-id.ts'
import type { Trx } from '../src/db/database.ts'
import { storeEvents } from '../src/db/imports.ts'
import type { ImportedChange } from '../src/db/insert-changes.ts'
import type { Owner } from '../src/db/owner.ts'
import type { UnparsedRecord } from '../src/db/unparsed-records.ts'
import { CLOUDTRAIL, type CloudTrailDetail } from '../src/sources/cloudtrail/detail.ts'
import { readerVersions } from '../src/sources/readers.ts'

/** When a change occurred for which the test names no time. A Monday at noon: not near the edge of a partition. */
export const someTime = new Date('2026-03-02T12:00:00Z')

/** A typical change with these fields. */
export function aChange(fields: Partial<Change> = {}): Change {
  return {
    source: 'aws.cloudtrail',
    sourceId: randomUUID(),
    occurredAt: someTime,
    summary: 'ada launched an instance',
    service: 'ec2',
    action: 'RunInstances',
    actor: { kind: 'user', name: 'ada', id: 'ada', chain: [] },
    tool: someTool('console', 'the console'),
    resources: [someResource('AWS::EC2::Instance', 'i-0123456789abcdef0')],
    outcome: 'succeeded',
    region: 'us-east-1',
    accountId: '111122223333',
    risks: [],
    noise: null,
    readOnly: false,
    changeSet: { sessionKey: 'a', stream: null, idleTimeoutMs: 0 },
    links: [],
    detail: someDetail(),
    ...fields,
  }
}

/** Stores such a change. Returns its id. */
export async function someChange(
  trx: Trx,
  someOwner: Omit<Owner, 'sourceAccount'> & Partial<Owner>,
  fields: Partial<Change> = {},
  record: object = { eventName: 'RunInstances' },
): Promise<string> {
  const change = aChange(fields)
  const owner: Owner = { sourceAccount: '111122223333', ...someOwner }
  await storeEvents(trx, owner, { changes: [imported(change, record)], unparsed: [] })
  const { organizationId, sourceAccount } = owner
  const { source, sourceId, occurredAt } = change
  return changeId({ organizationId, source, sourceAccount, sourceId, occurredAt })
}

/** A change as the import hands it to the database. */
export function imported(change: Change, record: object = {}): ImportedChange {
  const text = JSON.stringify(record)
  return {
    change,
    readerVersion: readerVersions()[change.source] ?? 1,
    record: text,
    context: null,
    entry: {
      source: change.source,
      eventId: change.sourceId,
      eventName: change.action,
      eventSource: change.service,
      eventTime: change.occurredAt,
      username: null,
      region: change.region,
      raw: text,
    },
  }
}

/** A typical record that cannot become a change, with these fields. */
export function unparsed(fields: Partial<UnparsedRecord> = {}): UnparsedRecord {
  return {
    source: 'aws.cloudtrail',
    eventId: randomUUID(),
    eventName: 'RunInstances',
    eventSource: 'ec2.amazonaws.com',
    eventTime: new Date('2026-03-01T12:00:00Z'),
    username: 'ada',
    region: 'us-east-1',
    raw: '{"CloudTrailEvent":"null"}',
    reason: 'not_an_object',
    ...fields,
  }
}

export function someTool(name: string, title: string, version?: string): Tool {
  if (version === undefined) return { name, title, label: title }
  return { name, title, version, label: `${title} ${version}` }
}

export function someResource(type: string, id: string, arn?: string): Resource {
  const accountId = '111122223333'
  const region = 'us-east-1'
  const key = resourceKey({ source: CLOUDTRAIL, accountId, region, type, id })
  return { type, id, ...(arn !== undefined && { arn }), accountId, region, key }
}

export function someDetail(fields: Partial<CloudTrailDetail> = {}): CloudTrailDetail {
  return {
    source: CLOUDTRAIL,
    eventId: 'an-event-id',
    edits: [],
    session: { startedAt: null, accessKeyId: null },
    ...fields,
  }
}

/** The columns of `changes` that a copy of a row keeps, quoted and separated by commas. */
export async function copiedColumns(trx: Trx): Promise<RawBuilder<unknown>> {
  const { rows } = await sql<{ column: string }>`
    SELECT quote_ident(attname) AS column FROM pg_attribute
    WHERE attrelid = 'changes'::regclass AND attnum > 0 AND attgenerated = ''
      AND attname NOT IN ('id', 'source_id')
  `.execute(trx)
  return sql.raw(rows.map(({ column }) => column).join(', '))
}
