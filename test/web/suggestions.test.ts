import { describe, expect, test } from 'vitest'
import { type FeedSearch, windowOf } from '../../web/src/pages/feed/search.ts'
import { suggestionsFor } from '../../web/src/pages/feed/suggestions.ts'

const now = Date.parse('2026-03-02T12:00:00Z')
const of = (search: FeedSearch) => suggestionsFor(search, windowOf(search, now))
const labels = (search: FeedSearch) => of(search).map(({ label }) => label)
const searchOf = (search: FeedSearch, label: string) =>
  of(search).find((one) => one.label === label)?.search

describe('an empty list suggests', () => {
  test('routine changes, and the longest time range', () => {
    expect(labels({})).toEqual(['Show routine changes', 'Show last 7 days'])
    expect(labels({ noise: 'shown', range: '7d' })).toEqual([])
    expect(searchOf({ range: '1h', at: 'x', change: 'y' }, 'Show last 7 days')).toEqual({
      range: '7d',
    })
  })

  test('the list without filters, and without the text', () => {
    const search: FeedSearch = { q: 'orders', service: ['rds'], noise: 'shown', range: '4h' }
    expect(labels(search)).toEqual(['Clear search', 'Clear filters', 'Show last 7 days'])
    expect(searchOf(search, 'Clear search')).toMatchObject({ service: ['rds'], q: undefined })
    const cleared = searchOf(search, 'Clear filters')
    expect(cleared).toEqual({ range: '4h', noise: 'shown' })
    expect(labels({ q: 'orders', noise: 'shown' })).toContain('Clear filters')
  })

  test('more time before the same moment', () => {
    const before = '2026-03-02T10:00:00Z'
    expect(searchOf({ before, noise: 'shown' }, 'Show 24 h before')).toEqual({
      before,
      noise: 'shown',
      span: '24h',
    })
    const day: FeedSearch = { before, span: '24h' }
    expect(searchOf(day, 'Show 7 days before')).toEqual({
      from: '2026-02-23T10:00:00Z',
      to: before,
    })
    const range: FeedSearch = { from: '2026-03-02T09:00:00Z', to: before }
    expect(searchOf(range, 'Show 24 h')).toEqual({ from: '2026-03-01T10:00:00Z', to: before })
    expect(labels({ from: '2026-01-01T00:00:00Z', to: before })).toEqual(['Show routine changes'])
  })
})
