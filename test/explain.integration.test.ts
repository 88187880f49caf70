import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explain as explainRecord } from '../src/sources/cloudtrail/explain.ts'
import { RecordSplitter } from '../src/sources/cloudtrail/split-records.ts'
import { call, record } from '../testing/cloudtrail/records.ts'
import { sharedData } from '../testing/shared-data.ts'

const script = fileURLToPath(new URL('../scripts/explain.ts', import.meta.url))
const shared = sharedData('records/')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cairn-explain-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function explain(args: string[], input?: string | Buffer) {
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder,
    env: { PATH, HOME },
    input,
    encoding: 'utf8',
  })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { status, out: stdout, lines, err: stderr }
}

function file(name: string, content: string | Buffer): string {
  writeFileSync(path.join(folder, name), content)
  return name
}

const opened = call(
  'rds',
  'ModifyDBInstance',
  { dBInstanceIdentifier: 'orders', backupRetentionPeriod: 7 },
  null,
  { eventID: 'aaaaaaaa-0000-4000-8000-000000000001' },
)

describe('npm run explain', () => {
  test("prints the contract's fields of a record", () => {
    const { status, lines, err } = explain([file('one.json', JSON.stringify(opened, null, 2))])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        eventId: 'aaaaaaaa-0000-4000-8000-000000000001',
        occurredAt: '2026-03-02T12:01:00.000Z',
        summary: expect.stringMatching(/^alice .* orders/),
        actor: 'alice',
        actorId: 'arn:aws:iam::123456789012:user/alice',
        tool: 'aws-cli',
        service: 'rds',
        action: 'ModifyDBInstance',
        resources: [
          {
            type: 'AWS::RDS::DBInstance',
            id: 'orders',
            arn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
            accountId: '123456789012',
            region: 'eu-west-1',
            key: 'aws.cloudtrail/123456789012/eu-west-1/AWS::RDS::DBInstance/orders',
          },
        ],
        outcome: 'succeeded',
        error: null,
        edits: [{ field: 'backup retention period', to: '7' }],
        risks: expect.arrayContaining(['data']),
        publicAccess: null,
        readOnly: false,
        noise: null,
        changeSet: { sessionKey: expect.stringMatching(/^.{22}$/), stream: expect.any(String) },
      },
    ])
  })

  test.each([
    ['JSON lines', (all: object[]) => all.map((one) => JSON.stringify(one)).join('\n')],
    ['an array', (all: object[]) => JSON.stringify(all)],
    ['a log file', (all: object[]) => JSON.stringify({ Records: all }, null, 2)],
    [
      'LookupEvents output',
      (all: object[]) =>
        JSON.stringify({
          Events: all.map((one) => ({
            EventId: (one as { eventID: string }).eventID,
            EventTime: 1_772_452_860,
            CloudTrailEvent: JSON.stringify(one),
          })),
          NextToken: 't',
        }),
    ],
    [
      'lines with the record inside',
      (all: object[]) => all.map((one) => JSON.stringify({ label: 'a', record: one })).join('\n'),
    ],
  ])('reads %s, plain or gzip, from a file or standard input', (name, content) => {
    const all = [opened, record({ eventName: 'DeleteVpc' })]
    const text = content(all)
    const plain = explain([file('plain', text)])
    expect(plain).toMatchObject({ status: 0, err: '' })
    expect(
      plain.lines.map((line) => JSON.parse(line).eventId),
      name,
    ).toEqual(all.map(({ eventID }) => eventID))
    for (const same of [
      explain([file('zipped', gzipSync(text))]),
      explain(['-'], text),
      explain(['-'], gzipSync(text)),
    ]) {
      expect(same).toEqual(plain)
    }
  })

  test('reports invalid records, and continues', () => {
    const lines = ['{"eventID":"x"}', '[1]', 'null', '{"broken":', JSON.stringify(opened)]
    const { status, lines: out } = explain(['-'], lines.join('\n'))
    expect(status).toBe(0)
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      { eventId: 'x', unparsed: 'no_event_time' },
      { unparsed: 'not_an_object' },
      { unparsed: 'not_an_object' },
      { unparsed: 'not_json' },
      { summary: expect.any(String) },
    ])
  })

  test('prints text for people with --text', () => {
    const { status, out } = explain(['--text', '-'], JSON.stringify(opened))
    expect(status).toBe(0)
    expect(out).toMatch(/^2026-03-02 12:01:00Z {2}succeeded {2}rds:ModifyDBInstance\n/)
    expect(out).toContain('backup retention period: ? → 7')
  })

  test.each<[string, () => ReturnType<typeof explain>, number, RegExp]>([
    ['no file', () => explain([]), 2, /^Usage: /],
    ['an unknown option', () => explain(['-', '--nope']), 2, /--nope/],
    [
      'a file that is not there',
      () => explain(['nope.json']),
      1,
      /^Cannot read nope.json: no such file\.\n$/,
    ],
    ['a directory', () => explain(['.']), 1, /^Cannot read \.: it is a directory\.\n$/],
    ['an empty file', () => explain(['-'], ''), 1, /^Cannot read standard input: it is empty\.\n$/],
    [
      'a gzip file that ends too early',
      () => explain([file('cut.gz', gzipSync(JSON.stringify(opened)).subarray(0, 60))]),
      1,
      /^Cannot read cut\.gz: the gzip data is incomplete\.\n$/,
    ],
    [
      'a log file that ends too early',
      () => explain(['-'], `{"Records":[${JSON.stringify(opened)},`),
      1,
      /^Cannot read standard input: it is incomplete: it ends after 1 records\.\n$/,
    ],
  ])('ends with one line about %s', (_, run, status, err) => {
    const ended = run()
    expect(ended.status).toBe(status)
    expect(ended.err).toMatch(err)
  })

  test('reads every shared record', ({ skip }) => {
    skip(!existsSync(shared), 'shared/data/records/ is not on this machine')
    const files = readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.jsonl?$/.test(name),
    )
    expect(files.length).toBeGreaterThan(40)
    for (const name of files) {
      const splitter = new RecordSplitter()
      const text = readFileSync(path.join(shared, name), 'utf8')
      const texts = [...splitter.push(text), ...splitter.end()]
      expect(texts.length, name).toBeGreaterThan(0)
      for (const one of texts) expect(explainRecord(one), name).not.toHaveProperty('unparsed')
    }
  })
})

test('a record under `record` can be nested deeply', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const own = JSON.stringify(call('ec2', 'RunInstances', { x: 'DEEP' })).replace('"DEEP"', deep)
  expect(explainRecord(`{"record":${own}}`)).toMatchObject({ action: 'RunInstances' })
})
