import { defaultParseSearch, defaultStringifySearch } from '@tanstack/react-router'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Exclusion, exclusion, filterFields, filterOf } from '../../src/changes/filters.ts'
import {
  chosen,
  type FeedSearch,
  presets,
  searchOfSet,
  spans,
  toggle,
  toQuery,
  validateFeedSearch,
  windowOf,
  withoutFilters,
  zoomInto,
  zoomOut,
} from '../../web/src/pages/feed/search.ts'

const asOf = Date.parse('2026-03-02T12:00:00Z')

/** The address as the router writes and reads it. */
const throughAddress = (search: FeedSearch) =>
  validateFeedSearch(defaultParseSearch(defaultStringifySearch(search)))

const time = fc
  .date({ min: new Date('2000-01-02'), max: new Date('2199-12-30'), noInvalidDate: true })
  .map((date) => date.toISOString())
const texts = fc.uniqueArray(
  fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    // What reads like another type in an address.
    fc.constantFrom('111122223333', 'true', 'null', '[1]', '"', '0x1', '1e5', '-0', '{}', 'a,b&c'),
  ),
  { minLength: 1, maxLength: 5 },
)
const anySearch = fc
  .record(
    {
      range: fc.constantFrom(...Object.keys(presets)),
      from: time,
      to: time,
      before: time,
      span: fc.constantFrom(...Object.keys(spans)),
      out: fc.oneof(
        time.map((from) => `${from}/`),
        fc.constantFrom(...Object.keys(presets)),
        fc.tuple(time, time).map((pair) => pair.join('/')),
      ),
      q: fc.string({ unit: 'binary', maxLength: 600 }),
      noise: fc.constantFrom('shown', 'only'),
      failures: fc.constant('hidden'),
      view: fc.constant('changes'),
      at: fc.uuid(),
      open: fc.array(fc.uuid(), { minLength: 1, maxLength: 25 }),
      ...Object.fromEntries(
        filterFields.flatMap((field) => [
          [field, texts],
          [`${field}!`, texts],
        ]),
      ),
    },
    { requiredKeys: [] },
  )
  .map((search) => validateFeedSearch(search))

describe('the search in the URL', () => {
  test('survives a round trip', () => {
    fc.assert(
      fc.property(anySearch, (search) => {
        expect(throughAddress(search)).toEqual(search)
      }),
    )
  })

  test('is parsed without an error, and means what it shows', () => {
    const anything = fc.dictionary(
      fc.oneof(
        fc.constantFrom('from', 'to', 'q', 'open', 'out', 'before', ...filterFields),
        fc.string(),
      ),
      fc.anything(),
    )
    fc.assert(
      fc.property(anything, (given) => {
        const read = validateFeedSearch(given)
        expect(validateFeedSearch(read)).toEqual(read)
        const { from, to } = windowOf(read, asOf)
        expect(from.getTime()).toBeLessThan(to.getTime())
      }),
    )
  })

  test.each<[string, Record<string, unknown>, FeedSearch]>([
    ['a preset that there is not', { range: '3 weeks' }, {}],
    ['a name of every object', { range: 'constructor', span: 'toString' }, {}],
    ['a time that is none', { from: 'yesterday', before: '2026-13-01T00:00:00Z' }, {}],
    [
      'an end before the beginning',
      { from: '2026-03-02T12:00:00Z', to: '2026-03-01T12:00:00Z' },
      {},
    ],
    ['an outcome that there is not', { outcome: ['denied', 'maybe'] }, { outcome: ['denied'] }],
    ['a number for an account', { account: 111122223333 }, { account: ['111122223333'] }],
    [
      'one value for a list',
      { service: 'ec2', 'region!': 'us-east-1' },
      { service: ['ec2'], 'region!': ['us-east-1'] },
    ],
    ['the same twice', { service: ['ec2', 'ec2', ''] }, { service: ['ec2'] }],
    ['control characters', { q: 'a\u0000b\n' }, { q: 'ab' }],
    ['an end alone', { to: '2026-03-02T12:00:00Z' }, { before: '2026-03-02T12:00:00Z' }],
    ['another zone', { before: '2026-03-02T13:00:00+01:00' }, { before: '2026-03-02T12:00:00Z' }],
    [
      'two windows',
      { range: '1h', from: '2026-03-02T12:00:00Z' },
      { from: '2026-03-02T12:00:00Z' },
    ],
    ['what is not of the feed', { utm_source: 'x', __proto__: 'y' }, {}],
  ])('%s', (_, given, expected) => {
    expect(validateFeedSearch(given)).toEqual(expected)
  })
})

describe('the window', () => {
  const hours = (search: FeedSearch) => {
    const { from, to, endsNow } = windowOf(search, asOf)
    return [(from.getTime() - asOf) / 3_600_000, (to.getTime() - asOf) / 3_600_000, endsNow]
  }
  test.each<[FeedSearch, [number, number, boolean]]>([
    [{}, [-24, 0, true]],
    [{ range: '4h' }, [-4, 0, true]],
    [{ before: '2026-03-02T06:00:00Z' }, [-6.5, -6, false]],
    [{ before: '2026-03-02T06:00:00Z', span: '2h' }, [-8, -6, false]],
    [{ from: '2026-03-02T02:00:00Z' }, [-10, 0, true]],
    [{ from: '2026-03-02T02:00:00Z', to: '2026-03-02T04:00:00Z' }, [-10, -8, false]],
  ])('is determined by %j', (search, expected) => {
    expect(hours(search)).toEqual(expected)
  })

  test('can be zoomed in, and out to the original window', () => {
    const start: FeedSearch = { range: '4h', service: ['ec2'] }
    const closer = zoomInto(
      start,
      new Date('2026-03-02T10:00:00Z'),
      new Date('2026-03-02T11:00:00Z'),
      asOf,
    )
    expect(closer).toEqual({
      from: '2026-03-02T10:00:00Z',
      to: '2026-03-02T11:00:00Z',
      out: '4h',
      service: ['ec2'],
    })
    const closest = zoomInto(
      closer,
      new Date('2026-03-02T10:10:00Z'),
      new Date('2026-03-02T10:20:00Z'),
      asOf,
    )
    expect(zoomOut(closest)).toEqual(start)
    const since: FeedSearch = { from: '2026-03-01T02:00:00Z' }
    const partOf = (search: FeedSearch) =>
      zoomInto(search, new Date('2026-03-02T05:40:00Z'), new Date('2026-03-02T05:50:00Z'), asOf)
    expect(zoomOut(throughAddress(partOf(since)))).toEqual(since)
    const before: FeedSearch = { before: '2026-03-02T06:00:00Z' }
    const zoomed = zoomInto(
      before,
      new Date('2026-03-02T05:40:00Z'),
      new Date('2026-03-02T05:50:00Z'),
      asOf,
    )
    expect(windowOf(zoomOut(throughAddress(zoomed)), asOf)).toEqual(windowOf(before, asOf))
  })
})

describe('the changes of a set', () => {
  const set = { id: 's', from: '2026-03-02T09:00:00.000Z', to: '2026-03-02T09:40:00.000Z' }

  test('are filtered like the list, in the same window', () => {
    const search: FeedSearch = { actor: ['ada'], q: 'x', failures: 'hidden', at: 's', open: ['s'] }
    expect(searchOfSet(search, windowOf(search, asOf), set)).toEqual({
      actor: ['ada'],
      q: 'x',
      failures: 'hidden',
      view: 'changes',
      changeSet: ['s'],
      from: '2026-03-02T09:00:00Z',
      to: '2026-03-02T09:40:01Z',
    })
    const narrow: FeedSearch = { from: '2026-03-02T09:10:00Z', to: '2026-03-02T09:20:00Z' }
    expect(searchOfSet(narrow, windowOf(narrow, asOf), set)).toMatchObject(narrow)
  })
})

describe('filters', () => {
  const query = (search: FeedSearch) => toQuery(search, windowOf(search, asOf))

  test('exclude routine changes unless requested', () => {
    expect(query({}).noise).toBe('false')
    expect(query({ noise: 'only' }).noise).toBe('true')
    expect(query({ noise: 'shown' })).not.toHaveProperty('noise')
  })

  test('have no end if the window ends now', () => {
    expect(query({ range: '1h' })).toEqual({ from: '2026-03-02T11:00:00.000Z', noise: 'false' })
    expect(query({ before: '2026-03-02T06:00:00Z' }).to).toBe('2026-03-02T06:00:00.000Z')
  })

  test('keep exclusions when failures are hidden', () => {
    expect(query({ service: ['ec2'], 'region!': ['us-east-1'] })).toMatchObject({
      service: ['ec2'],
      'region!': ['us-east-1'],
    })
    expect(query({ failures: 'hidden', 'outcome!': ['denied'] })['outcome!']).toEqual([
      'denied',
      'failed',
    ])
  })

  test('include a value, exclude it, or do neither', () => {
    const values = fc.constantFrom('a', 'b', 'c')
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom(...filterFields.filter((field) => filterOf(field).negatable)),
        values,
        fc.constantFrom('include' as const, 'exclude' as const),
      ),
    )
    fc.assert(
      fc.property(steps, (all) => {
        let search: FeedSearch = { range: '1h' }
        for (const [field, value, how] of all) {
          const key = how === 'include' ? field : (exclusion(field) as Exclusion)
          const was = search[key]?.includes(value) ?? false
          search = toggle(search, field, value, how)
          expect(search[key]?.includes(value) ?? false).toBe(!was)
          const names = chosen(search).map((one) => `${one.field} ${one.value}`)
          expect(new Set(names).size).toBe(names.length)
        }
        expect(withoutFilters(search)).toEqual({ range: '1h' })
      }),
    )
  })
})
