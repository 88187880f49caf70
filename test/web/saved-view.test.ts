import { expect, test } from 'vitest'
import { BUILT_IN_VIEWS } from '../../src/changes/saved-views.ts'
import { applyView, queryOfView } from '../../web/src/pages/feed/saved-view.ts'
import { type FeedSearch, validateFeedSearch } from '../../web/src/pages/feed/search.ts'

test.each<FeedSearch>([
  { range: '1h', service: ['iam'], 'actor!': ['deploy'], q: 'admin', noise: 'shown' },
  { from: '2026-03-02T11:00:00Z', to: '2026-03-02T12:00:00Z', failures: 'hidden' },
  { before: '2026-03-02T12:00:00Z', span: '2h', view: 'changes' },
])('applying a saved view restores its filters and its time range: %j', (search) => {
  const saved = queryOfView({ ...search, at: 'row', open: ['set'] })
  expect(applyView({ range: '7d', service: ['ec2'], q: 'other' }, saved)).toEqual(search)
})

test('saving without a time range stores the default one', () => {
  expect(queryOfView({ service: ['iam'] })).toEqual({ service: ['iam'], range: '24h' })
})

test('a view without a time range keeps the current one and replaces the filters', () => {
  const during: FeedSearch = { before: '2026-03-02T12:00:00Z', span: '2h' }
  const search: FeedSearch = { ...during, service: ['ec2'], q: 'other' }
  expect(applyView(search, { service: ['iam'] })).toEqual({ ...during, service: ['iam'] })
})

test('the built-in views contain only what the feed reads', () => {
  for (const { name, query } of BUILT_IN_VIEWS)
    expect(validateFeedSearch(query), name).toEqual(query)
})
