import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { changesOf, changesTable, noisePage } from '../../../scripts/changes-table.ts'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { requireSharedData, sharedData } from '../../../testing/shared-data.ts'

const REAL_RECORDS = sharedData('cloudtrail/invictus.jsonl.gz')
const hasRecords = existsSync(REAL_RECORDS)

const page = (name: string) =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

const hasOnlyRanges = (params: object) => 'cidrBlock' in params && !('vpcId' in params)

describe('the write events of a real hour', () => {
  requireSharedData('cloudtrail/invictus.jsonl.gz')
  const changes = hasRecords ? changesOf(REAL_RECORDS) : []

  it('all become changes with a summary, an actor and a tool', () => {
    expect(changes).toHaveLength(574)
    for (const { summary, actor, tool } of changes) {
      expect(summary.toLowerCase().startsWith(actor.name.toLowerCase())).toBe(true)
      expect(summary).not.toMatch(/undefined|\[object|\.$/)
      expect(actor.kind).not.toBe('unknown')
      expect(tool.name).not.toBe('unknown')
    }
  })

  it('all have a verb in the summary, not the name of the action', () => {
    expect(changes.map(({ summary }) => summary).filter((text) => / called /.test(text))).toEqual(
      [],
    )
  })

  it('have resources, unless the record names none', () => {
    const nameless = changes.filter(({ resources }) => resources.length === 0)
    expect(
      new Set(nameless.map(({ action, detail }) => `${action} ${detail.error?.code ?? ''}`.trim())),
    ).toEqual(
      new Set([
        'CheckMfa',
        'ConsoleLogin',
        'CreateVpc Client.VpcLimitExceeded',
        'DeleteParameter ThrottlingException',
        'LeaveOrganization AccessDenied',
        'PutParameter ThrottlingException',
      ]),
    )
  })

  it('have a resource in at least 99 of 100 calls that name one, and no read is a change', () => {
    const lines = gunzipSync(readFileSync(REAL_RECORDS)).toString().split('\n').filter(Boolean)
    let reads = 0
    let named = 0
    let withResource = 0
    for (const line of lines) {
      const record = JSON.parse(line)
      const { change } = readRecord(line, { region: record.awsRegion })
      if (String(record.readOnly) === 'true') {
        expect(change!.readOnly).toBe(true)
        reads++
        continue
      }
      // Without parameters, a call names nothing; nor does one that only asks for an address range.
      const params = record.requestParameters ?? record.serviceEventDetails
      if (params === null || params === undefined || hasOnlyRanges(params)) continue
      named++
      if (change!.resources.length > 0) withResource++
    }
    const began = process.cpuUsage()
    for (const line of lines) readRecord(line, { region: 'us-east-1' })
    const { user, system } = process.cpuUsage(began)
    console.log(
      [
        `changing calls with a resource: ${withResource} of ${named} that name one`,
        `reads: ${reads}, counted as changes: 0`,
        `${Math.round(lines.length / ((user + system) / 1e6))} records a second of processor time`,
      ].join('\n'),
    )
    expect(withResource / named).toBeGreaterThanOrEqual(0.99)
  })

  it('match docs/changes-from-real-records.md', () => {
    expect(page('changes-from-real-records.md')).toBe(changesTable(changes))
  })
})

describe('docs/noise.md', () => {
  it('matches the rules', () => {
    expect(page('noise.md')).toBe(noisePage())
  })
})
