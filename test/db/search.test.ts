import { expect, test } from 'vitest'
import { searchLimit } from '../../src/db/search.ts'

const now = new Date('2026-03-10T12:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)

test.each([
  ['shop-prod', {}],
  ['übung', {}],
  ['日本語', {}],
  ['x'.repeat(200), {}],
  ['one two three four five six seven eight nine ten eleven twelve', {}],
  // What the index cannot help with reads a bounded time range.
  ['s3', { from: daysAgo(7) }],
  ['%_%', { from: daysAgo(40), to: daysAgo(33) }],
])('%j over %j is accepted', (text, window) => {
  expect(searchLimit(text, window, now)).toBeUndefined()
})

test.each([
  ['x'.repeat(201), {}, '200 characters'],
  ['a b c d e f g h i j k l m', { from: daysAgo(1) }, 'limit is 12'],
  ['s3', {}, '3 letters or digits in a row'],
  ['s3', { to: daysAgo(1) }, 'at most 8 days'],
  ['s3', { from: daysAgo(9) }, 'at most 8 days'],
  ['%%%%%%%%', {}, '3 letters or digits in a row'],
  ['a-a-a-a-a-a', {}, '3 letters or digits in a row'],
])('%j over %j is rejected with the limit: %s', (text, window, limit) => {
  expect(searchLimit(text, window, now)).toContain(limit)
})
