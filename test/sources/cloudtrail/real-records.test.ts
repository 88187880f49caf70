import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { changesOf, changesTable, noisePage } from '../../../scripts/changes-table.ts'

const REAL_RECORDS = fileURLToPath(
  new URL('../../../../shared/data/cloudtrail/invictus.jsonl.gz', import.meta.url),
)

const hasRecords = existsSync(REAL_RECORDS)
if (!hasRecords) console.log('Real records: skipped, ../shared/data/cloudtrail is not there.')

const page = (name: string) =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

describe.skipIf(!hasRecords)('the changing records of a real hour', () => {
  const changes = hasRecords ? changesOf(REAL_RECORDS) : []

  it('each become a change with a sentence, an actor and a tool', () => {
    expect(changes).toHaveLength(574)
    for (const { summary, actor, tool } of changes) {
      expect(summary.toLowerCase().startsWith(actor.name.toLowerCase())).toBe(true)
      expect(summary).not.toMatch(/undefined|\[object|\.$/)
      expect(actor.kind).not.toBe('unknown')
      expect(tool.name).not.toBe('unknown')
    }
  })

  it('are all summarized with verbs, not with the names of actions', () => {
    expect(changes.map(({ summary }) => summary).filter((text) => / called /.test(text))).toEqual(
      [],
    )
  })

  it('have resources, except where the record names none', () => {
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

  it('match docs/changes-from-real-records.md', () => {
    expect(page('changes-from-real-records.md')).toBe(changesTable(changes))
  })
})

describe('docs/noise.md', () => {
  it('matches the rules', () => {
    expect(page('noise.md')).toBe(noisePage())
  })
})
