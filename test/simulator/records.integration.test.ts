import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oneSecondRecords, type Simulator, startSimulator } from '../../simulator/index.ts'
import { requireSharedData, sharedData } from '../../testing/shared-data.ts'
import { customer, lookUpAll, simulatedRecord } from '../../testing/simulator/support.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const REAL_RECORDS = 'cloudtrail/invictus.jsonl.gz'

let folder: string
let simulator: Simulator

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'records-'))
  simulator = await startSimulator({ latencyMs: 0, tps: null })
})

afterEach(async () => {
  await simulator.close()
  await rm(folder, { recursive: true, force: true })
})

async function play(content: string | Buffer) {
  const file = join(folder, 'records.jsonl')
  await writeFile(file, content)
  return simulator.playRecords(file)
}

const lines = (records: object[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('')
const at = (eventTime: string, overrides = {}) =>
  simulatedRecord(simulator, 0, { eventTime, ...overrides })
const played = async (region?: string) => {
  const { events } = await lookUpAll(await customer(simulator, region))
  return events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!) as Record<string, string>)
}
const age = (time: string) => simulator.now() - Date.parse(time)

describe('playing records', () => {
  test('shifts their times so that the newest is half an hour old, and keeps their intervals', async () => {
    const result = await play(
      lines([at('2023-07-10T12:00:00Z'), at('2023-07-10T14:00:01Z'), at('2023-07-06T12:00:00Z')]),
    )
    expect(result).toMatchObject({ added: 3, ignored: 0, regionMap: {} })
    const times = (await played()).map(({ eventTime }) => Date.parse(eventTime!))
    expect(Math.round((simulator.now() - times[0]!) / MINUTE_MS)).toBe(30)
    expect(times[0]! - times[1]!).toBe(7_201_000)
    expect(times[0]! - times[2]!).toBe(4 * DAY_MS + 7_201_000)
    expect(result.newest).toBe(new Date(times[0]!).toISOString().replace('.000', ''))
    expect(Date.parse(result.oldest!)).toBe(times[2])
  })

  test('compresses a range of more than five days proportionally', async () => {
    await play(
      lines([
        at('2023-01-01T00:00:00Z'),
        at('2023-01-11T00:00:00Z'),
        at('2023-01-21T00:00:00Z'),
        at('2023-01-21T00:00:00Z'),
      ]),
    )
    const ages = (await played()).map(({ eventTime }) => age(eventTime!))
    expect(ages.map((one) => Math.round((one - 30 * MINUTE_MS) / DAY_MS / 0.5) * 0.5)).toEqual([
      0, 0, 2.5, 5,
    ])
  })

  test('changes only the account and the time', async () => {
    const original = at('2023-07-10T12:00:00Z', {
      recipientAccountId: '123837392027',
      additionalEventData: { text: 'ü\u0000\ud800"\\', nothing: null, nested: [{ a: 1.5 }] },
    })
    await play(lines([original]))
    const [event] = await played()
    const { eventTime, recipientAccountId } = event!
    expect(recipientAccountId).toBe(simulator.accountId)
    expect(event).toEqual({ ...original, eventTime, recipientAccountId })
    expect(Object.keys(event!)).toEqual(Object.keys(original))
  })

  test('keeps numbers as they are written', async () => {
    const text = JSON.stringify(at('2023-07-10T12:00:00Z', { requestParameters: 'HERE' }))
    const numbers = '{"big":1e200000,"long":12345678901234567890,"precise":0.10,"plain":7}'
    await play(text.replace('"HERE"', numbers))
    const { events } = await lookUpAll(await customer(simulator))
    expect(events[0]!.CloudTrailEvent).toContain(`"requestParameters":${numbers}`)
  })

  test('moves records of regions outside the partition into regions of the partition', async () => {
    const region = (awsRegion?: string) => at('2023-07-10T12:00:00Z', { awsRegion })
    const { regionMap } = await play(
      lines([
        region('us-east-1'),
        region('ap-northeast-1'),
        region('mars-north-1'),
        region('me-south-1'),
        region('atlantis-1'),
        region(),
      ]),
    )
    expect(regionMap).toEqual({ 'atlantis-1': 'ap-northeast-2', 'mars-north-1': 'ap-northeast-3' })
    expect(simulator.ledger.regions()).toEqual([
      'ap-northeast-1',
      'ap-northeast-2',
      'ap-northeast-3',
      'me-south-1',
      'us-east-1',
    ])
    expect((await played('ap-northeast-3'))[0]!.awsRegion).toBe('ap-northeast-3')
    // An opt-in region that the records name is one that the account has enabled.
    expect(await played('me-south-1')).toHaveLength(1)
    const inGlobal = await played('us-east-1')
    expect(inGlobal.map(({ awsRegion }) => awsRegion)).toEqual([undefined, 'us-east-1'])
  })

  test('reads gzip and plain text, with empty lines and without a final newline', async () => {
    const two = lines([at('2023-07-10T12:00:00Z'), at('2023-07-10T12:00:00Z')])
    expect((await play(gzipSync(two))).added).toBe(2)
    expect((await play(two.replace('\n', '\r\n\r\n').trimEnd())).ignored).toBe(2)
  })

  test('stores a repeated record once', async () => {
    const one = at('2023-07-10T12:00:00Z')
    expect(await play(lines([one, one]))).toMatchObject({ added: 1, ignored: 1 })
    expect(simulator.ledger.count()).toBe(1)
  })

  test('accepts an empty file', async () => {
    expect(await play('')).toEqual({ added: 0, ignored: 0, regionMap: {} })
  })

  test('reports the invalid line, and adds nothing', async () => {
    const good = lines([at('2023-07-10T12:00:00Z')])
    await expect(play(`${good}[]\n`)).rejects.toThrow(/records\.jsonl: line 2 is not a JSON object/)
    await expect(play(`${good}\n{"a"\n`)).rejects.toThrow('line 3 is not a JSON object')
    await expect(play(`${good}{"eventID":"x"}\n`)).rejects.toThrow('line 2 has no eventTime')
    await expect(play(gzipSync(good).subarray(0, 40))).rejects.toThrow('unexpected end of file')
    await expect(simulator.playRecords(join(folder, 'absent'))).rejects.toThrow('ENOENT')
    expect(simulator.ledger.count()).toBe(0)
  })

  describe('of a real hour', () => {
    requireSharedData(REAL_RECORDS)

    test('are played', async () => {
      const invictus = sharedData(REAL_RECORDS)
      expect(await simulator.playRecords(invictus)).toMatchObject({ added: 2900, ignored: 0 })
      expect(simulator.ledger.count()).toBe(2900)
      expect(simulator.ledger.count({ selection: 'changes' })).toBe(574)
      const client = await customer(simulator)
      const everything = await lookUpAll(client)
      expect(new Set(everything.events.map(({ EventId }) => EventId)).size).toBe(2900)
      expect(everything.events).toHaveLength(2900)
      const LookupAttributes = [{ AttributeKey: 'ReadOnly' as const, AttributeValue: 'false' }]
      expect((await lookUpAll(client, { LookupAttributes })).events).toHaveLength(574)

      // All fields of a record except its time and account are unchanged.
      const originals = gunzipSync(await readFile(invictus))
        .toString()
        .trimEnd()
        .split('\n')
      const strip = (text: string) => {
        const { eventTime: _, recipientAccountId: __, ...rest } = JSON.parse(text)
        return JSON.stringify(rest)
      }
      const texts = everything.events.map(({ CloudTrailEvent }) => strip(CloudTrailEvent!))
      expect(new Set(texts)).toEqual(new Set(originals.map(strip)))
    })
  })
})

describe('records of one second', () => {
  test('can fill more pages than a chain of tokens allows', async () => {
    await play(lines(oneSecondRecords(5000)))
    simulator.configure({ tokenMaxPages: 3 })
    expect(simulator.ledger.count({ selection: 'changes' })).toBe(5000)
    const client = await customer(simulator)
    await expect(lookUpAll(client)).rejects.toThrow('Invalid token')
    simulator.configure({ tokenMaxPages: null })
    const { events, pages } = await lookUpAll(client)
    expect(pages).toHaveLength(100)
    expect(new Set(events.map(({ EventTime }) => EventTime!.getTime())).size).toBe(1)
    expect(new Set(events.map(({ EventId }) => EventId)).size).toBe(5000)
  })
})
