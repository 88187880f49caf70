import { describe, expect, test } from 'vitest'
import type { Change, ChangeSet } from '../../web/src/client.ts'
import type { Entry } from '../../web/src/pages/feed/entries.ts'
import {
  exportPath,
  toMarkdown,
  toPlainText,
  withAbsoluteTimes,
} from '../../web/src/pages/feed/export.ts'
import { fullValue, searchLabel, searchValues } from '../../web/src/pages/feed/facet-search.ts'
import { toQuery, validateFeedSearch, windowOf } from '../../web/src/pages/feed/search.ts'

const asOf = Date.parse('2026-03-02T12:00:00Z')
const window = windowOf({ range: '1h' }, asOf)

const changeRow = (summary: string): Entry => ({
  kind: 'change',
  id: 'c',
  size: 1,
  change: { occurredAt: '2026-03-02T11:59:58.900Z', summary } as Change,
})
const setRow: Entry = {
  kind: 'set',
  id: 's',
  size: 3,
  set: {
    headline: 'ada changed 3 things in ec2',
    from: '2026-03-02T11:30:00.000Z',
    to: '2026-03-02T11:31:00.000Z',
  } as ChangeSet,
}

describe('downloads', () => {
  test('have the filters of the list and absolute times', () => {
    const search = validateFeedSearch({
      range: '1h',
      q: 'a&b',
      service: ['ec2', 'rds'],
      'actor!': ['ada'],
      failures: 'hidden',
    })
    const url = new URL(exportPath('csv', search, window), 'https://cairn.example')
    expect(url.pathname).toBe('/api/v1/changes/export')
    expect([...url.searchParams].sort()).toEqual(
      [
        ['format', 'csv'],
        ['from', '2026-03-02T11:00:00.000Z'],
        ['to', '2026-03-02T12:00:00.000Z'],
        ['q', 'a&b'],
        ['noise', 'false'],
        ['service', 'ec2'],
        ['service', 'rds'],
        ['actor!', 'ada'],
        ['outcome!', 'failed'],
        ['outcome!', 'denied'],
      ].sort(),
    )
  })
})

describe('a link with absolute times', () => {
  test.each([
    { range: '1h' },
    { before: '2026-03-02T10:00:00Z', span: '2h' },
    { from: '2026-03-01T00:00:00Z', out: '24h' },
    { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' },
    {},
  ] as const)('shows the same list later: %j', (range) => {
    const search = validateFeedSearch({ ...range, service: ['ec2'], view: 'changes' })
    const shown = windowOf(search, asOf)
    const link = validateFeedSearch(withAbsoluteTimes(search, shown))
    const later = windowOf(link, asOf + 86_400_000)
    expect(later).toEqual({ from: shown.from, to: shown.to, endsNow: false })
    expect(toQuery(link, later)).toEqual({
      ...toQuery(search, shown),
      to: shown.to.toISOString(),
    })
    expect(link.view).toBe('changes')
  })
})

describe('copied rows', () => {
  const entries = [changeRow('bob stopped instance i-1'), setRow]

  test('contain the time in UTC and the summary as text', () => {
    expect(toPlainText({ entries, hasMore: false, window })).toBe(
      [
        'Changes from 2026-03-02 11:00:00 UTC to 2026-03-02 12:00:00 UTC',
        '',
        '2026-03-02 11:59:58 UTC  bob stopped instance i-1',
        '2026-03-02 11:31:00 UTC  ada changed 3 things in ec2',
        '',
      ].join('\n'),
    )
  })

  test('are a list as Markdown', () => {
    expect(toMarkdown({ entries, hasMore: false, window })).toBe(
      [
        '**Changes from 2026-03-02 11:00:00 UTC to 2026-03-02 12:00:00 UTC**',
        '',
        '- `2026-03-02 11:59:58 UTC` bob stopped instance i-1',
        '- `2026-03-02 11:31:00 UTC` ada changed 3 things in ec2',
        '',
      ].join('\n'),
    )
  })

  test.each([toPlainText, toMarkdown])('contain a note when older rows are not loaded', (write) => {
    const text = write({ entries, hasMore: true, window })
    expect(text).toMatch(/\n\nOnly the newest 2 rows\. Older rows are not included\.\n$/)
    expect(write({ entries, hasMore: false, window })).not.toContain('Older rows')
  })

  test('stay on one line, and show invisible characters', () => {
    const text = toPlainText({ entries: [changeRow('a\r\nb\u202ec')], hasMore: false, window })
    expect(text).toContain('UTC  a b\\u202ec\n')
  })

  test('contain no markup, links or mentions of the source as Markdown', () => {
    const text = toMarkdown({
      entries: [changeRow('<b>*x*</b> [a](https://b.example) `c` @team #1 a_b &lt; www.c.example')],
      hasMore: false,
      window,
    })
    expect(text).toContain(
      '\\<b\\>\\*x\\*\\</b\\> \\[a\\]\\(https\\://b.example\\) \\`c\\` \\@team \\#1 a\\_b \\&lt; www\\.c.example\n',
    )
  })
})

describe('the search in a facet', () => {
  const values = [
    { value: '111122223333', label: 'Shop' },
    { value: '444455556666', label: 'Billing' },
  ]

  test('finds labels and values in any case', () => {
    expect(searchValues(values, ' sHO ')).toEqual([values[0]])
    expect(searchValues(values, '5566')).toEqual([values[1]])
    expect(searchValues(values, 'x')).toEqual([])
  })

  test('is labelled with the field', () => {
    expect(searchLabel('Source IP')).toBe('Filter source IP')
    expect(searchLabel('IAM role')).toBe('Filter IAM role')
  })

  test('does not truncate the value', () => {
    const long = 'x'.repeat(2000)
    expect(fullValue({ value: long, label: long })).toBe(long)
    expect(fullValue(values[0]!)).toBe('Shop (111122223333)')
  })
})
