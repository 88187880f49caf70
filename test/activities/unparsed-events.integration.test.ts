import type { Event } from '@aws-sdk/client-cloudtrail'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readPage } from '../../src/activities/read-page.ts'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import type { Owner } from '../../src/db/owner.ts'
import { JsonReader, scalar } from '../../src/sources/cloudtrail/json-reader.ts'
import { record } from '../../testing/cloudtrail/records.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const TIME = new Date('2026-03-02T12:00:00Z')
const RANGE = [TIME.getTime() / 1000 - 3_600, TIME.getTime() / 1000 + 3_600] as const
let database: TestDatabase
let db: Database
let superuser: Database
let organizations = 0

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  superuser = openDatabase({ url: database.superuserUrl })
  await db.transaction().execute((trx) => ensurePartitions(trx, new Date(RANGE[0] * 1000)))
})
afterAll(async () => {
  await Promise.all([db.destroy(), superuser.destroy()])
  await database.drop()
})

async function newOwner(): Promise<Owner> {
  const name = `organization ${++organizations}`
  const { id: organizationId } = await superuser
    .insertInto('organizations')
    .values({ name })
    .returning('id')
    .executeTakeFirstOrThrow()
  const { id: connectionId } = await superuser
    .insertInto('connections')
    .values({ organization_id: organizationId, name, external_id: name })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { organizationId, connectionId, sourceAccount: '111122223333' }
}

/** Stores one page of LookupEvents as the import does. */
function store(owner: Owner, events: Event[], region = 'us-east-1') {
  const page = readPage({ events }, RANGE, region)
  return asOrganization(db, owner.organizationId, (trx) => storeEvents(trx, owner, page))
}

const records = ({ organizationId }: Owner) =>
  superuser
    .selectFrom('unparsed_records')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('event_id')
    .execute()

const changes = ({ organizationId }: Owner) =>
  superuser
    .selectFrom('changes')
    .select('source_id')
    .where('organization_id', '=', organizationId)
    .orderBy('source_id')
    .execute()

/** As LookupEvents returns it. */
function event(id: string | undefined, fields: Partial<Event> = {}): Event {
  return {
    EventId: id,
    EventName: 'RunInstances',
    EventSource: 'ec2.amazonaws.com',
    EventTime: TIME,
    Username: 'ada',
    CloudTrailEvent: JSON.stringify(record({ eventID: id, eventName: 'RunInstances' })),
    ...fields,
  }
}

test('five events with the same unreadable content are five records', async () => {
  const owner = await newOwner()
  const page = [1, 2, 3, 4, 5].map((n) => event(`event-${n}`, { CloudTrailEvent: 'null' }))
  await store(owner, page)
  await store(owner, page.toReversed())
  const stored = await records(owner)
  expect(stored).toHaveLength(5)
  expect(stored[0]).toMatchObject({
    event_id: 'event-1',
    event_name: 'RunInstances',
    event_source: 'ec2.amazonaws.com',
    event_time: TIME,
    username: 'ada',
    region: 'us-east-1',
    reason: 'not_an_object',
    connection_id: owner.connectionId,
  })
  expect(JSON.parse(stored[0]!.raw.toString())).toMatchObject({
    EventId: 'event-1',
    CloudTrailEvent: 'null',
  })
})

test('entries without an event ID are stored as one record per content', async () => {
  const owner = await newOwner()
  const broken = (Username: string) => event(undefined, { Username, CloudTrailEvent: 'null' })
  const page = [broken('ada'), broken('grace'), event('  ', { CloudTrailEvent: '[]' })]
  await store(owner, page)
  await store(owner, [...page, broken('ada')])
  expect((await records(owner)).map(({ event_id }) => event_id)).toEqual([null, null, null])
})

test('the record is removed when the event can be parsed, and does not return', async () => {
  const owner = await newOwner()
  const unreadable = event('event-1', { CloudTrailEvent: '{"broken":' })
  await store(owner, [unreadable])
  const [before] = await records(owner)
  await store(owner, [unreadable])
  expect(await records(owner)).toEqual([before])
  await store(owner, [event('event-1')])
  expect(await records(owner)).toEqual([])
  expect(await changes(owner)).toHaveLength(1)
  // The change is in the feed, so a later invalid response hides nothing.
  await store(owner, [unreadable])
  expect(await records(owner)).toEqual([])
})

test('an error of the reader makes an unparsed record, until the event can be read', async () => {
  const owner = await newOwner()
  const page = [1, 2, 3].map((n) =>
    event(`event-${n}`, {
      CloudTrailEvent: JSON.stringify(
        record({ eventID: `event-${n}`, requestID: n === 2 ? 'defect of x-9' : 'x-1' }),
      ),
    }),
  )
  const text = vi.spyOn(JsonReader.prototype, 'text').mockImplementation(function (
    this: JsonReader,
    ...names
  ) {
    const found = names.map((name) => this.get(name)).find((value) => value !== undefined)
    if (found === 'defect of x-9') throw new TypeError(`Cannot read ${found}`)
    return scalar(found)
  })
  try {
    const { changes, unparsed, readerError } = readPage({ events: page }, RANGE, 'us-east-1')
    expect([changes.length, unparsed.length]).toEqual([2, 1])
    // The log shows where, and nothing of the record.
    expect(readerError).toMatch(/^TypeError\n\s+at .*\n[\s\S]*read-record\.ts/)
    expect(readerError).not.toContain('x-9')
    await store(owner, page)
  } finally {
    text.mockRestore()
  }
  expect(await changes(owner)).toEqual([{ source_id: 'event-1' }, { source_id: 'event-3' }])
  expect(await records(owner)).toMatchObject([{ event_id: 'event-2', reason: 'reader_error' }])
  await store(owner, page)
  expect(await changes(owner)).toHaveLength(3)
  expect(await records(owner)).toEqual([])
  expect(readPage({ events: page }, RANGE, 'us-east-1')).not.toHaveProperty('readerError')
})

test('an event that can be parsed once on a page is not kept as an unparsed record', async () => {
  const owner = await newOwner()
  await store(owner, [event('event-1', { CloudTrailEvent: '' }), event('event-1')])
  expect(await records(owner)).toEqual([])
  expect(await changes(owner)).toHaveLength(1)
})

test('an entry without an ID is also removed when its record names the event', async () => {
  const owner = await newOwner()
  const late = event('event-1', { EventId: undefined, EventTime: new Date(RANGE[1] * 1000) })
  await store(owner, [late])
  expect(await records(owner)).toMatchObject([{ reason: 'outside_the_scan', event_id: null }])
  const page = readPage({ events: [late] }, [RANGE[0], RANGE[1] + 1], 'us-east-1')
  await asOrganization(db, owner.organizationId, (trx) => storeEvents(trx, owner, page))
  expect(await records(owner)).toEqual([])
  expect(await changes(owner)).toEqual([{ source_id: 'event-1' }])
})

test('IDs that Postgres or an index could treat as equal are different events', async () => {
  const owner = await newOwner()
  const ids = ['a\0', 'a\x1f', 'a\ud800', 'a\ud801', `${'x'.repeat(600)}1`, `${'x'.repeat(600)}2`]
  await store(
    owner,
    ids.map((id) => event(id)),
  )
  expect(await changes(owner)).toHaveLength(ids.length)
  const other = await newOwner()
  await store(
    other,
    ids.map((id) => event(id, { CloudTrailEvent: 'null' })),
  )
  expect(await records(other)).toHaveLength(ids.length)
})

/** What CloudTrail, or something between it and Cairn, might return as a record. */
const hostileRecord = fc.oneof(
  fc.constantFrom(
    undefined,
    '',
    'null',
    '[]',
    '[{}]',
    '"text"',
    '1e999',
    '{',
    'true',
    '\0',
    '\ud800',
  ),
  fc.constant('"'.concat('\\u0000'.repeat(3), '"')),
  fc.constant(`{"eventName":"A","requestParameters":{"a":"${'x'.repeat(300_000)}"}}`),
  fc.constant('{"eventName":"A\\u0000","requestParameters":{"\\ud800":1e400}}'),
  fc.constant('{"eventID":"of the record","eventName":"A","eventTime":"2026-03-02T12:00:00Z"}'),
  fc.constant('[').map((open) => open.repeat(5_000)),
  fc.json(),
  fc.string({ unit: 'binary' }),
)
const hostileText = fc.option(
  fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(5_000))),
  {
    nil: undefined,
  },
)
const hostileEvents = fc.array(
  fc.record({
    EventId: fc.oneof(
      fc.uuid(),
      fc.constantFrom(undefined, '', ' ', 'same', 'a\0b', 'x'.repeat(3_000)),
    ),
    EventName: hostileText,
    EventSource: hostileText,
    Username: hostileText,
    EventTime: fc.oneof(
      fc.constantFrom(undefined, TIME, new Date(Number.NaN), new Date(8.64e15), new Date(-1)),
      fc.date(),
    ),
    CloudTrailEvent: hostileRecord,
  }),
  { minLength: 1, maxLength: 12 },
)

test('for any response of LookupEvents, no event is dropped or stored twice', async () => {
  await fc.assert(
    fc.asyncProperty(hostileEvents, async (page) => {
      const owner = await newOwner()
      await store(owner, page)
      const [stored, kept] = [await changes(owner), await records(owner)]
      // Each event by its ID, or by the whole entry if it has none.
      const named = new Set(page.map((one) => one.EventId?.trim() || undefined))
      named.delete(undefined)
      const nameless = page.filter((one) => !one.EventId?.trim())
      const distinct = (entries: Event[]) => new Set(entries.map((one) => JSON.stringify(one))).size
      const ofNames = new Set([
        ...stored.map(({ source_id }) => source_id),
        ...kept.flatMap(({ event_id }) => event_id ?? []),
      ])
      const withoutId = kept.filter(({ event_id }) => event_id === null).length
      // Entries without an ID can become one change if their records have the same ID.
      const unnamed = nameless.filter((one) => !one.CloudTrailEvent?.includes('"eventID"'))
      const atLeast = distinct(unnamed) + (nameless.length > unnamed.length ? 1 : 0)
      expect(ofNames.size + withoutId).toBeGreaterThanOrEqual(named.size + atLeast)
      expect(ofNames.size + withoutId).toBeLessThanOrEqual(named.size + distinct(nameless))
      expect(new Set(stored.map(({ source_id }) => source_id)).size).toBe(stored.length)

      await store(owner, page.toReversed())
      expect(await changes(owner)).toEqual(stored)
      const keys = (rows: typeof kept) =>
        rows.map(({ event_key }) => event_key.toString('hex')).sort()
      expect(keys(await records(owner))).toEqual(keys(kept))
    }),
    { numRuns: 60 },
  )
})
