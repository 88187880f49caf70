import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { imported } from '../../testing/changes.ts'
import { read } from '../../testing/cloudtrail/read.ts'
import { call, type Fields } from '../../testing/cloudtrail/records.ts'

let api: TestApi
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db
    .transaction()
    .execute((trx) => ensurePartitions(trx, new Date('2025-12-01T00:00:00Z')))
})
afterAll(() => api.close())

/** Stores records, in this order, and returns what the API shows as edits of the last one. */
async function editsOfLast(records: Fields[], tenant?: Tenant): Promise<Fields[]> {
  const { id, request } = tenant ?? (await api.tenant(`history ${++tenants}`))
  await asOrganization(api.db, id, (trx) =>
    storeEvents(
      trx,
      { organizationId: id, connectionId: null, sourceAccount: null },
      { changes: records.map((one) => imported(read(one), one)), unparsed: [] },
    ),
  )
  const sourceId = records.at(-1)!.eventID
  const { body } = await request('GET', '/api/v1/changes?limit=500')
  const listed = body.items.find((item: Fields) => item.sourceId === sourceId)
  const { body: change } = await request('GET', `/api/v1/changes/${listed.id}`)
  // Only one change is compared with history, and nothing is stored.
  expect(JSON.stringify(listed)).not.toContain('fromHistory')
  return change.detail.edits
}

const modify = (day: string, fields: Fields, more: Fields = {}) =>
  call('rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', ...fields }, null, {
    eventTime: `2026-${day}T12:00:00Z`,
    ...more,
  })
const retention = (days: number) => ({ backupRetentionPeriod: days })
const off = modify('03-20', retention(0))
const field = 'backup retention period'
const unknown = [{ field, to: '0' }]
const fromHistory = (from: string) => [{ field, from, fromHistory: true, to: '0' }]

test.each<[string, Fields[]]>([
  ['the newest earlier change', [modify('02-01', retention(7)), modify('03-01', retention(14))]],
  ['weeks earlier', [modify('01-04', retention(14))]],
  ['not a failed one', [modify('03-01', retention(14)), modify('03-02', retention(1), denied())]],
  ['not a later one', [modify('03-01', retention(14)), modify('03-21', retention(2))]],
  [
    'past changes of other fields',
    [modify('03-01', retention(14)), modify('03-02', { multiAZ: true })],
  ],
])('the value before an edit is from %s', async (_, earlier) => {
  expect(await editsOfLast([...earlier, off])).toEqual(fromHistory('14'))
})

function denied(): Fields {
  return { errorCode: 'AccessDenied', errorMessage: 'not authorized' }
}
function create(day: string, fields: Fields): Fields {
  return call('rds', 'CreateDBInstance', { dBInstanceIdentifier: 'orders', ...fields }, null, {
    eventTime: `2026-${day}T12:00:00Z`,
  })
}
const remove = (day: string) =>
  call('rds', 'DeleteDBInstance', { dBInstanceIdentifier: 'orders' }, null, {
    eventTime: `2026-${day}T12:00:00Z`,
  })

test.each<[string, Fields[]]>([
  ['no earlier change', []],
  ['an earlier change that failed', [modify('03-01', retention(14), denied())]],
  [
    'a change of another resource',
    [modify('03-01', { ...retention(14), dBInstanceIdentifier: 'o' })],
  ],
  ['the same name in another region', [modify('03-01', retention(14), { awsRegion: 'us-east-1' })]],
  [
    'the same name in another account',
    [modify('03-01', retention(14), { recipientAccountId: '444455556666' })],
  ],
  ['another field', [modify('03-01', { multiAZ: true })]],
  [
    'a resource deleted since',
    [modify('02-01', retention(14)), remove('02-02'), create('03-01', {})],
  ],
  ['one created again since', [modify('02-01', retention(14)), create('03-01', {})]],
  ['the same second', [modify('03-01', retention(14)), modify('03-20', retention(3))]],
])('the value before an edit is unknown after %s', async (_, earlier) => {
  expect(await editsOfLast([...earlier, off])).toEqual(unknown)
})

test('the value before an edit never comes from another organization', async () => {
  const other = await api.tenant('history of others')
  await editsOfLast([modify('03-01', retention(14))], other)
  expect(await editsOfLast([off])).toEqual(unknown)
})

test('history includes noise, and finds a value behind many other changes', async () => {
  const sync = Array.from({ length: 150 }, (_, i) =>
    modify('03-19', { multiAZ: i % 2 === 0 }, { eventTime: `2026-03-19T10:${pad(i % 60)}:00Z` }),
  )
  expect(await editsOfLast([modify('03-01', retention(14)), ...sync, off])).toEqual(
    fromHistory('14'),
  )
})

const pad = (n: number) => String(n).padStart(2, '0')

test('a new rule beside others replaces none of them', async () => {
  const open = (day: string, port: number) =>
    call(
      'ec2',
      'AuthorizeSecurityGroupIngress',
      {
        groupId: 'sg-1',
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: port,
              toPort: port,
              ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] },
            },
          ],
        },
      },
      null,
      { eventTime: `2026-${day}T12:00:00Z` },
    )
  const edits = await editsOfLast([open('03-01', 443), open('03-20', 5432)])
  expect(edits.length).toBeGreaterThan(0)
  for (const edit of edits) expect(edit).not.toHaveProperty('from')
})

test('secrets are hidden in old and new values', async () => {
  const stage = (day: string, value: string) =>
    call(
      'apigateway',
      'UpdateStage',
      {
        restApiId: 'api1',
        stageName: 'prod',
        patchOperations: [
          { op: 'replace', path: '/variables/DB_PASSWORD', value },
          { op: 'replace', path: '/description', value: `release of ${day}` },
        ],
      },
      null,
      { eventTime: `2026-${day}T12:00:00Z` },
    )
  const edits = await editsOfLast([stage('03-01', 'hunter2-old'), stage('03-20', 'hunter2-new')])
  expect(JSON.stringify(edits)).not.toContain('hunter2')
  expect(edits).toContainEqual({
    field: 'description',
    from: 'release of 03-01',
    fromHistory: true,
    to: 'release of 03-20',
  })
  expect(edits).toContainEqual({ field: '/variables/DB_PASSWORD', to: '(hidden)' })
})
