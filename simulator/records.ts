/** Recorded CloudTrail records, moved to the current time; and records that are difficult to read. */

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { ControlError } from './errors.ts'
import { recordSecond } from './events.ts'
import { type Partition, standIns } from './regions.ts'
import type { CloudTrailRecord } from './types.ts'

// Node 24 has "JSON.parse source text access"; TypeScript's library does not name it yet.
const { parse: parseWithSource, rawJSON } = JSON as unknown as {
  parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
  rawJSON: (text: string) => unknown
}

const MINUTE_SECONDS = 60
const DAY_SECONDS = 86_400
/** How old the newest record becomes, in seconds: older than any settling time. */
const NEWEST_AGE = 30 * MINUTE_SECONDS
/** The longest span that is kept as it is, in seconds: within a default lookback of a week. */
const MAX_SPAN_MS = 5 * DAY_SECONDS

/**
 * Reads a file of records, one JSON object a line, plain or gzip. Numbers that JavaScript cannot represent
 * (`1e200000`, more digits than a double has) stay as they are written.
 *
 * @throws ControlError when the file cannot be read, or naming the line that is not a record or has no eventTime
 */
export async function readRecords(file: string): Promise<CloudTrailRecord[]> {
  const records: CloudTrailRecord[] = []
  let number = 0
  try {
    for await (const line of readLines(file)) {
      number++
      if (line.trim() === '') continue
      const record = parseRecord(line)
      if (!record) throw new ControlError(`line ${number} is not a JSON object`)
      if (recordSecond(record) === undefined) {
        throw new ControlError(`line ${number} has no eventTime that can be read`)
      }
      records.push(record)
    }
  } catch (error) {
    throw new ControlError(`${file}: ${(error as Error).message}`, { cause: error })
  }
  return records
}

/**
 * Makes the records one account's recent past: `recipientAccountId` becomes that account's, region names that the
 * partition does not have become ones that it has (see `standIns` in regions.ts), and times are moved so
 * that the newest is 30 minutes old, its distance to the others shrunk in proportion when they span more than
 * 5 days. Nothing else changes.
 *
 * @param records changed in place: there may be a million of them
 * @param now epoch milliseconds
 */
export function bringUpToDate(
  records: CloudTrailRecord[],
  { accountId, partition, now }: { accountId: string; partition: Partition; now: number },
): { regionMap: Record<string, string>; oldest?: string; newest?: string } {
  const regionMap = standIns(
    records.map(({ awsRegion }) => awsRegion).filter((region) => typeof region === 'string'),
    partition,
  )
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const record of records) {
    const second = recordSecond(record)!
    first = Math.min(first, second)
    last = Math.max(last, second)
  }
  const newest = Math.floor(now / 1000) - NEWEST_AGE
  const scale = Math.min(1, MAX_SPAN_MS / (last - first))
  const moved = (second: number) => newest - Math.round((last - second) * scale)
  for (const record of records) {
    record.eventTime = formatSecond(moved(recordSecond(record)!))
    record.recipientAccountId = accountId
    const region = record.awsRegion
    if (typeof region === 'string' && Object.hasOwn(regionMap, region)) {
      record.awsRegion = regionMap[region]
    }
  }
  if (records.length === 0) return { regionMap }
  return { regionMap, oldest: formatSecond(moved(first)), newest: formatSecond(newest) }
}

/**
 * Records that all fall into one second, each changing something: more of them than pages that a chain of tokens
 * may have is what a reader cannot get past.
 *
 * @param at the second that they share; default 2026-01-01T00:00:00Z (playing a file moves it anyway)
 */
export function oneSecondRecords(
  count: number,
  { at = '2026-01-01T00:00:00Z', region = 'us-east-1', accountId = '111122223333' } = {},
): CloudTrailRecord[] {
  const role = `arn:aws:iam::${accountId}:role/batch-importer`
  return Array.from({ length: count }, (_, index) => ({
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLEBATCHROLE1:batch',
      arn: `arn:aws:sts::${accountId}:assumed-role/batch-importer/batch`,
      accountId,
      accessKeyId: 'ASIAEXAMPLEBATCHKEY1',
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: role, accountId, userName: 'batch-importer' },
      },
    },
    eventTime: at,
    eventSource: 'dynamodb.amazonaws.com',
    eventName: 'TagResource',
    awsRegion: region,
    sourceIPAddress: '192.0.2.10',
    userAgent: 'Boto3/1.40.0',
    requestParameters: {
      resourceArn: `arn:aws:dynamodb:${region}:${accountId}:table/orders-${index}`,
      tags: [{ key: 'batch', value: String(index) }],
    },
    responseElements: null,
    requestID: randomUUID(),
    eventID: randomUUID(),
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  }))
}

async function* readLines(file: string): AsyncGenerator<string> {
  const gunzip = (await isGzip(file)) ? createGunzip() : undefined
  const source = createReadStream(file)
  // `pipe` does not forward errors of its source.
  if (gunzip) source.on('error', (error) => gunzip.destroy(error))
  const input = gunzip ? source.pipe(gunzip) : source
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } finally {
    source.destroy()
  }
}

async function isGzip(file: string): Promise<boolean> {
  // Opening a named pipe waits for its writer, forever if there is none.
  if (!(await stat(file)).isFile()) throw new ControlError('not a regular file')
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

/** A number in the text that may lose something as a double: with a fraction, an exponent or many digits. */
const delicateNumber = /[:,[]\s*-?(\d{16}|\d+[.eE])/

function parseRecord(line: string): CloudTrailRecord | undefined {
  let value: unknown
  try {
    value = delicateNumber.test(line) ? parseWithSource(line, keepNumber) : JSON.parse(line)
  } catch {
    return undefined
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as CloudTrailRecord) : undefined
}

function keepNumber(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? rawJSON(source)
    : value
}

function formatSecond(second: number): string {
  return `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
}
