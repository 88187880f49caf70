import { afterEach, expect, test, vi } from 'vitest'
import { JsonReader } from '../../../src/sources/cloudtrail/json-reader.ts'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { type Fields, record } from '../../../testing/cloudtrail/records.ts'

// A worker reads records on its only thread, so a text whose reading takes the square of its length
// stops everything. Each case reads in milliseconds; with such a defect, it takes minutes, and the
// time limit of the test ends it.

afterEach(() => vi.restoreAllMocks())

const SEEN = { eventId: 'e-1', eventTime: new Date('2026-03-02T12:00:00Z'), region: 'eu-west-1' }

const FILLERS = [
  ...['\\', '"', ' ', '7', 'a', 'A', '-', '.', '/', ':', '{', '[', '(', '=', '@', '%', '\n'],
  ...['\\"', '"\\', '7a', 'a7', '-7', '-a', '. ', ':/', '/-', ' -', '{"', '"token', '-token', ' a'],
  ...['://a:', 'arn:', 'run-', 'job ', 'build-1', 'eyJaaaaaaaaaa-', 'secret\\', '-12345678-'],
]
/** The longest text that is read as JSON, and one that nearly fills a record. */
const LENGTHS = [131_000, 200_000]

/** A record with a text in one kind of its fields. */
const PLACES: Record<string, (text: string) => Fields> = {
  parameters: (text) => ({
    eventSource: 'lambda.amazonaws.com',
    eventName: 'UpdateFunctionConfiguration',
    requestParameters: { functionName: 'web', description: text },
  }),
  'nested parameters': (text) => ({
    eventName: 'UpdateThing',
    requestParameters: { a: { b: [{ op: 'replace', path: '/url', value: text }] } },
  }),
  'names of parameters': (text) => ({
    eventName: 'UpdateThing',
    requestParameters: { [text]: 'x', inner: { name: 'y' } },
  }),
  policies: (text) => ({
    eventSource: 's3.amazonaws.com',
    eventName: 'PutBucketPolicy',
    requestParameters: { bucketName: 'b', bucketPolicy: text },
  }),
  secrets: (text) => ({
    eventName: 'UpdateThing',
    requestParameters: { password: 'hunter22', description: text },
  }),
  responses: (text) => ({
    eventName: 'CreateThing',
    responseElements: { thing: { arn: text }, failedEntries: [{ errorMessage: text }] },
  }),
  ARNs: (text) => ({ resources: [{ type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${text}` }] }),
  'user names': (text) => ({ userIdentity: { type: 'IAMUser', userName: text } }),
  subjects: (text) => ({ userIdentity: { type: 'WebIdentityUser', userName: text } }),
  'session names': (text) => ({
    userIdentity: { type: 'AssumedRole', principalId: `AROAEXAMPLE:${text}` },
  }),
  'names of roles': (text) => ({
    userIdentity: {
      type: 'AssumedRole',
      sessionContext: { sessionIssuer: { userName: `AWSReservedSSO_${text}` } },
    },
  }),
  'user agents': (text) => ({ userAgent: text }),
  'error messages': (text) => ({ errorCode: 'AccessDenied', errorMessage: text }),
  'error codes': (text) => ({ errorCode: text }),
  'source IPs': (text) => ({ sourceIPAddress: text }),
  'names of events': (text) => ({ eventName: `Update${text}`, eventSource: text }),
}

test.each(Object.keys(PLACES))(
  'reads long texts in %s',
  (place) => {
    for (const filler of FILLERS) {
      for (const length of LENGTHS) {
        for (const start of ['', '{']) {
          const text = `${start}${filler.repeat(length / filler.length)}!`
          const { unparsed } = readRecord(JSON.stringify(record(PLACES[place]!(text))), SEEN)
          expect(unparsed).toBeUndefined()
        }
      }
    }
  },
  60_000,
)

test('masks long secrets that nearly are in a text', () => {
  const passwords = Array.from({ length: 20 }, (_, i) => [
    `password${i}`,
    `${'a'.repeat(i)}b${'a'.repeat(6_000 - i)}`,
  ])
  const raw = record({
    eventName: 'UpdateThing',
    requestParameters: Object.fromEntries(passwords),
    errorMessage: 'a'.repeat(2_000_000),
  })
  expect(readRecord(JSON.stringify(raw), SEEN).unparsed).toBeUndefined()
}, 60_000)

test('reads the fields of a response once, however many resources the request names', () => {
  const entries = vi.spyOn(JsonReader.prototype, 'entries')
  const callsFor = (count: number): number => {
    entries.mockClear()
    const names = Array.from({ length: count }, (_, i) => `db-${i}`)
    const raw = record({
      eventSource: 'rds.amazonaws.com',
      eventName: 'ModifyDBInstance',
      requestParameters: { dBInstanceIdentifier: names },
      responseElements: { first: { a: 1 }, second: { b: 2 } },
    })
    const { change } = readRecord(JSON.stringify(raw), SEEN)
    expect(change?.resources.length).toBe(Math.min(count, 100))
    return entries.mock.calls.length
  }
  const calls = callsFor(2)
  expect(callsFor(1_000)).toBe(calls)
})
