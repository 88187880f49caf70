import { MantineProvider } from '@mantine/core'
import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Change, ChangeSet, CloudTrailDetail, Connection } from '../../web/src/client.ts'
import { Words } from '../../web/src/components/breakable.tsx'
import { visible } from '../../web/src/components/json.ts'
import { dayHeadings, rowDays } from '../../web/src/days.ts'
import { nearest, relatedQueriesOf, safeLinks } from '../../web/src/pages/change/change.ts'
import { concerns, cut, news, split, toEntries } from '../../web/src/pages/feed/entries.ts'
import { commandOf, step } from '../../web/src/pages/feed/keys.ts'
import { askedFor, completeness, question } from '../../web/src/pages/feed/labels.ts'
import { snapshotTime } from '../../web/src/pages/feed/last-feed.ts'
import { newsSince } from '../../web/src/pages/feed/news-since.ts'
import { RowTime } from '../../web/src/pages/feed/row-parts.tsx'
import { type FeedSearch, listKey } from '../../web/src/pages/feed/search.ts'
import { createSavedRows } from '../../web/src/pages/feed/selection.ts'
import { fromWallClock, toWallClock } from '../../web/src/pages/feed/wall-clock.ts'
import { relatedQueries } from '../../web/src/sources/cloudtrail/related-queries.ts'
import { formatTime } from '../../web/src/time.tsx'

const detail = (fields: Partial<CloudTrailDetail>): CloudTrailDetail => ({
  source: 'aws.cloudtrail',
  eventId: 'e',
  edits: [],
  session: { startedAt: null, accessKeyId: null },
  ...fields,
})
const change = (id: string, fields: Partial<Change> = {}): Change => ({
  id,
  source: 'aws.cloudtrail',
  sourceId: id,
  occurredAt: '2026-03-02T12:00:00.000Z',
  importedAt: '2026-03-02T12:10:00.000Z',
  summary: 'ada launched an instance',
  actor: { kind: 'user', name: 'ada', id: 'ada' },
  tool: { name: 'console', title: 'the console', label: 'the console' },
  service: 'ec2',
  action: 'RunInstances',
  resources: [],
  outcome: 'succeeded',
  region: 'us-east-1',
  accountId: '111122223333',
  environments: [],
  changeSetId: null,
  noise: null,
  endedAt: null,
  readOnly: false,
  risks: [],
  links: [],
  connectionId: null,
  detail: detail({}),
  ...fields,
})
const set = (id: string, changes: number, only: Change | null = null): ChangeSet => ({
  id,
  headline: 'ada changed 3 things in ec2',
  subject: 'ada',
  from: '2026-03-02T12:00:00.000Z',
  to: '2026-03-02T12:01:00.000Z',
  changes,
  failures: 0,
  actors: ['ada'],
  tools: [],
  services: ['ec2'],
  accounts: [],
  regions: [],
  environments: [],
  publicAccess: [],
  only,
})

describe('the list', () => {
  test('shows a set of one as its change, and each set once', () => {
    const entries = toEntries([set('a', 3), set('b', 1, change('c')), set('a', 4)])
    expect(entries.map(({ id, kind, size }) => [id, kind, size])).toEqual([
      ['a', 'set', 4],
      ['b', 'change', 1],
    ])
  })

  test('counts new changes, including those of known sets', () => {
    const shown = toEntries([set('a', 3), set('b', 1, change('c'))])
    expect(news(shown, [set('new', 2), set('a', 5), set('b', 2)], true)).toEqual({
      count: 5,
      isMore: false,
    })
    expect(news(shown, [set('a', 3), set('b', 1, change('c'))], false)).toEqual({
      count: 0,
      isMore: false,
    })
    // The page has no known item: changes between the pages are not counted.
    expect(news(shown, [set('x', 1, change('x')), set('y', 7)], true)).toEqual({
      count: 8,
      isMore: true,
    })
    expect(news([], [change('x')], false)).toEqual({ count: 1, isMore: false })
  })

  describe('during a backfill', () => {
    const asOf = Date.parse('2026-03-02T11:00:00Z')
    const account = (accountId: string, fields: Partial<Connection>) =>
      ({ accountId, status: 'current', completeThrough: null, ...fields }) as Connection
    const at = (accountId: string | null, occurredAt: string) => ({
      ...change(occurredAt),
      accountId,
      occurredAt,
    })
    const shown = toEntries([at('first', '2026-03-02T09:00:00Z')])
    /** Of another region, whose import began with newer changes than those that are listed. */
    const imported = [
      at('first', '2026-03-02T10:59:00Z'),
      at('first', '2026-03-02T10:58:00Z'),
      at('first', '2026-03-02T03:00:00Z'),
    ]

    test.each<[string, Connection[]]>([
      ['imports for the first time', [account('first', { status: 'importing' })]],
      ['is said to be verified still', [account('first', { status: 'verifying' })]],
      ['is not in the list of connections yet', []],
    ])('its changes are not new where the account %s', (_, connections) => {
      const since = newsSince(connections, asOf)
      expect(news(shown, imported, true, since)).toEqual({ count: 0, isMore: false })
      const occurred = at('first', '2026-03-02T11:00:01Z')
      expect(news(shown, [occurred, ...imported], false, since).count).toBe(1)
    })

    test('late changes are not new until the list reloads', () => {
      const connections = [account('first', { status: 'importing' })]
      const complete = [account('first', { completeThrough: '2026-03-02T11:00:30Z' })]
      const since = newsSince(complete, asOf, newsSince(connections, asOf))
      expect(news(shown, imported, false, since).count).toBe(0)
      expect(news(shown, imported, false, newsSince(complete, asOf + 60_000)).count).toBe(3)
    })

    test('a longer lookback imports changes from before the account was complete', () => {
      const completeThrough = '2026-03-02T10:58:30Z'
      const connections = [account('first', { status: 'importing', completeThrough })]
      expect(news(shown, imported, false, newsSince(connections, asOf)).count).toBe(1)
    })

    test('changes in other accounts are new, even if they are delivered late', () => {
      const connections = [
        account('first', { status: 'importing' }),
        account('other', { completeThrough: '2026-03-02T10:50:00Z' }),
      ]
      const late = [at('other', '2026-03-02T10:40:00Z'), at(null, '2026-03-02T10:40:00Z')]
      expect(news(shown, [...imported, ...late], false, newsSince(connections, asOf)).count).toBe(2)
      const sets = [
        { ...set('a', 4), accounts: ['first'], to: '2026-03-02T10:59:00Z' },
        { ...set('b', 3), accounts: ['other'], to: '2026-03-02T10:59:00Z' },
      ]
      expect(news(shown, sets, false, newsSince(connections, asOf)).count).toBe(3)
    })
  })

  test.each<[object, object, boolean]>([
    [{}, {}, true],
    [{ noise: 'false' }, { count: 3, noise: 2 }, true],
    [{ noise: 'false' }, { count: 3, noise: 3 }, false],
    [{ noise: 'true' }, { count: 3, noise: 1 }, true],
    [{ noise: 'true' }, { count: 3, noise: 0 }, false],
    [{ connection: ['c', 'd'] }, {}, true],
    [{ connection: ['d'] }, {}, false],
    [{ 'connection!': ['c'] }, {}, false],
    [{ 'connection!': ['d'] }, {}, true],
  ])('filtered by %j may contain the new changes %j: %s', (query, arrived, expected) => {
    const all = { connectionId: 'c', count: 1, noise: 0, newest: '2026-03-02T12:00:00Z' }
    expect(concerns({ ...all, ...arrived }, query)).toBe(expected)
  })

  test('keeps its snapshot on return, unless that was long ago', () => {
    const minutes = (n: number) => n * 60_000
    const last = { asOf: minutes(100), leftAt: minutes(160) }
    // Back from a change that was opened a minute ago, although the list is an hour old.
    expect(snapshotTime(last, true, minutes(161))).toBe(last.asOf)
    expect(snapshotTime(last, true, minutes(171))).toBe(minutes(171))
    // Without the Back button, an old snapshot is replaced.
    expect(snapshotTime(last, false, minutes(161))).toBe(minutes(161))
    expect(snapshotTime(last, false, minutes(109))).toBe(last.asOf)
    expect(snapshotTime({ asOf: 0, leftAt: 0 }, true, minutes(1_000))).toBe(minutes(1_000))
  })

  test('truncates long text at a whole character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 20 }),
        (text, most) => {
          const shown = cut(text, most)
          fc.pre(visible(text) === text)
          expect(shown.isWellFormed()).toBe(true)
          expect(shown.length).toBeLessThanOrEqual(most + 1)
          if (text.length <= most) expect(shown).toBe(text)
        },
      ),
    )
  })

  test('escapes bidirectional control characters', () => {
    expect(cut('gpj\u202e.exe', 100)).toBe('gpj\\u202e.exe')
    expect(cut(`\u202e${'a'.repeat(100_000)}`, 3)).toBe('\\u202eaa…')
  })

  test('separates the subject of a summary', () => {
    expect(split('The root user did it', 'The root user')).toEqual({
      subject: 'The root user',
      rest: ' did it',
    })
    expect(split('something happened', '')).toEqual({ subject: '', rest: 'something happened' })
  })
})

describe('keyboard shortcuts', () => {
  const press = (key: string, how: Partial<Parameters<typeof commandOf>[0]> = {}) =>
    commandOf({
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      isTyping: false,
      isElsewhere: false,
      areLettersOff: false,
      ...how,
    })

  test('work on the page, but not while typing, in a dialog or with Control', () => {
    expect(
      ['j', 'k', '/', 'Escape', 'n', 'o', '?', 'x', 'toString'].map((key) => press(key)),
    ).toEqual([
      ...['next', 'previous', 'search', 'escape', 'new', 'fold'],
      ...[undefined, undefined, undefined],
    ])
    for (const how of [
      { isTyping: true },
      { isElsewhere: true },
      { ctrlKey: true },
      { metaKey: true },
    ]) {
      expect(press('j', how)).toBeUndefined()
    }
  })

  test('of one character can be turned off', () => {
    for (const key of ['j', '/']) expect(press(key, { areLettersOff: true })).toBeUndefined()
    expect(press('Escape', { areLettersOff: true })).toBe('escape')
  })

  test('move through the rows and stop at the ends', () => {
    expect(step(-1, 'next', 3)).toBe(0)
    expect(step(1, 'next', 3)).toBe(2)
    expect(step(2, 'next', 3)).toBe(2)
    expect(step(0, 'previous', 3)).toBe(0)
    expect(step(1, 'last', 3)).toBe(2)
    expect(step(1, 'first', 3)).toBe(0)
    expect(step(-1, 'next', 0)).toBe(-1)
  })
})

describe('the text', () => {
  const now = new Date('2026-03-02T12:00:00Z')
  const connection = (status: Connection['status'], name = 'Production') =>
    ({ id: name, name, status, pollIntervalSeconds: 60 }) as Connection

  test('states the selected time range', () => {
    expect(question({}, 'utc', now)).toBe('What changed in the last 24 hours?')
    expect(question({ before: '2026-03-02T11:30:00Z' }, 'utc', now)).toBe(
      'What changed in the 30 minutes before 11:30:00?',
    )
    expect(question({ from: '2026-03-01T11:30:00Z' }, 'utc', now)).toBe(
      'What changed since 1 Mar, 11:30:00?',
    )
  })

  const day = { from: new Date('2026-03-01T12:00:00Z'), to: now }
  const through = (
    completeThrough: string,
    completeFrom: string | null = '2026-02-23T00:00:00Z',
  ) => ({
    completeThrough,
    completeFrom,
  })
  const nothing = { completeThrough: null, completeFrom: null }
  const completenessOf = (
    imported: Parameters<typeof completeness>[0],
    connections: Connection[],
    window = day,
  ) => {
    const { tone, words, more, missing } =
      completeness(imported, connections, window, now.getTime()) ?? {}
    return [tone, more && (more === 'list' ? more : more.name), words, missing]
  }

  test.each<[string, ReturnType<typeof through> | typeof nothing, Connection[], unknown[]]>([
    [
      'all is well',
      through('2026-03-02T11:45:00Z'),
      [connection('current')],
      ['settling', null, 'CloudTrail delivers with a delay: the last 15 min may still change', ''],
    ],
    [
      'imports are late',
      through('2026-03-02T11:00:00Z'),
      [connection('current')],
      ['late', null, 'Imports are 40 minutes behind', ''],
    ],
    [
      'the lag is explained by the poll interval',
      through('2026-03-02T11:00:00Z'),
      [{ ...connection('current'), pollIntervalSeconds: 3600 }],
      ['settling', null, 'CloudTrail delivers with a delay: the last 1 h may still change', ''],
    ],
    [
      'one is behind for a known reason',
      through('2026-03-02T11:45:00Z'),
      [{ ...connection('behind'), statusReason: 'eu-west-1 is 40 minutes behind' }],
      ['late', 'Production', 'Production is behind: eu-west-1 is 40 minutes behind.', ''],
    ],
    [
      'one is behind',
      through('2026-03-02T11:45:00Z'),
      [connection('current'), connection('behind', 'Staging')],
      ['late', 'Staging', 'Staging is behind', ''],
    ],
    [
      'one is broken, another behind',
      nothing,
      [connection('behind'), connection('action_needed', 'Staging')],
      ['wrong', 'Staging', 'Staging needs action', ''],
    ],
    [
      'several are broken',
      through('2026-03-02T11:45:00Z'),
      [connection('action_needed', 'a'), connection('action_needed', 'b'), connection('current')],
      ['wrong', 'list', '2 connections need action', ''],
    ],
    [
      'one was only begun',
      through('2026-03-02T11:45:00Z'),
      [connection('current'), connection('awaiting_role')],
      ['settling', null, 'CloudTrail delivers with a delay: the last 15 min may still change', ''],
    ],
    [
      'none is connected',
      nothing,
      [connection('awaiting_role')],
      ['late', 'Production', 'Production is not connected yet', ''],
    ],
    [
      'the older part is still to come',
      through('2026-03-02T11:45:00Z', '2026-03-02T03:00:00Z'),
      [connection('importing')],
      ['settling', 'Production', 'Production is importing', 'earlier changes are still importing'],
    ],
    [
      'the older part will never come',
      through('2026-03-02T11:45:00Z', '2026-03-02T03:00:00Z'),
      [connection('current')],
      [
        'late',
        null,
        'CloudTrail delivers with a delay: the last 15 min may still change',
        'earlier changes were not imported',
      ],
    ],
    [
      'there are gaps up to the edge',
      through('2026-03-02T11:45:00Z', null),
      [connection('current')],
      [
        'late',
        null,
        'CloudTrail delivers with a delay: the last 15 min may still change',
        'earlier data has gaps',
      ],
    ],
  ])('shows completeness when %s', (_, imported, connections, expected) => {
    expect(completenessOf(imported, connections)).toEqual(expected)
  })

  test('reports a past window as complete only if it has no gap', () => {
    const window = { from: new Date('2026-03-02T06:00:00Z'), to: new Date('2026-03-02T09:00:00Z') }
    const behind = [connection('behind')]
    const whole = 'This time range is complete'
    expect(completenessOf(through('2026-03-02T09:00:00Z'), behind, window)).toEqual([
      'good',
      null,
      whole,
      '',
    ])
    expect(
      completenessOf(through('2026-03-02T09:00:00Z', '2026-03-02T06:00:00Z'), behind, window)[2],
    ).toBe(whole)
    for (const from of ['2026-03-02T06:00:01Z', '2026-03-02T09:30:00Z', null]) {
      expect(
        completenessOf(through('2026-03-02T11:45:00Z', from), [connection('current')], window),
      ).toEqual([
        ...['late', null, ''],
        from ? 'earlier changes were not imported' : 'earlier data has gaps',
      ])
    }
    expect(completeness(nothing, [], window, now.getTime())).toBeNull()
  })

  test('covers the selected connections', () => {
    const all = [
      { ...connection('current', 'a'), environmentId: 'production' },
      { ...connection('current', 'b'), environmentId: 'staging' },
      { ...connection('current', 'c'), environmentId: null },
    ]
    const names = (search: Parameters<typeof askedFor>[1]) =>
      askedFor(all, search).map(({ name }) => name)
    expect(names({})).toEqual(['a', 'b', 'c'])
    expect(names({ service: ['ec2'] })).toEqual(['a', 'b', 'c'])
    expect(names({ connection: ['a', 'c'] })).toEqual(['a', 'c'])
    expect(names({ 'connection!': ['a'] })).toEqual(['b', 'c'])
    expect(names({ environment: ['production'] })).toEqual(['a'])
    expect(names({ 'environment!': ['production'] })).toEqual(['b', 'c'])
    expect(names({ environment: ['staging'], connection: ['a'] })).toEqual([])
  })

  describe('of a time zone', () => {
    afterEach(() => {
      vi.unstubAllEnvs()
    })

    test('rejects a time that does not exist', () => {
      vi.stubEnv('TZ', 'Europe/Berlin')
      expect(fromWallClock('2026-03-29 02:30:00', 'local')).toBeNull()
      expect(fromWallClock('2026-03-29 03:30', 'local')).toEqual(new Date('2026-03-29T01:30:00Z'))
      // The second of two half past two.
      const second = new Date('2026-10-25T01:30:00Z')
      expect(toWallClock(second, 'local')).toBe('2026-10-25 02:30:00')
    })

    test.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'])(
      'shows in date pickers what they return: %s',
      (timeZone) => {
        vi.stubEnv('TZ', timeZone)
        fc.assert(
          fc.property(
            fc.date({
              min: new Date('2001-01-01'),
              max: new Date('2100-01-01'),
              noInvalidDate: true,
            }),
            fc.constantFrom('utc' as const, 'local' as const),
            (time, zone) => {
              const shown = toWallClock(time, zone)
              expect(toWallClock(fromWallClock(shown, zone)!, zone)).toBe(shown)
            },
          ),
        )
      },
    )
  })

  test('of date pickers can be in UTC', () => {
    expect(fromWallClock('2026-03-02 14:03:07', 'utc')).toEqual(new Date('2026-03-02T14:03:07Z'))
    expect(fromWallClock('yesterday', 'utc')).toBeNull()
    expect(fromWallClock('2026-13-02 14:03', 'utc')).toBeNull()
  })
})

describe('a change', () => {
  test('has only links to web pages', () => {
    const links = [
      'https://a.example/',
      'javascript:alert(1)',
      'data:text/html,x',
      '//a',
      'http://a/',
    ]
    expect(safeLinks(links.map((url) => ({ label: 'x', url }))).map(({ url }) => url)).toEqual([
      'https://a.example/',
    ])
  })

  const listed = (one: Change) => relatedQueriesOf(one, relatedQueries(one))

  test('has links to related changes', () => {
    const resources = [{ type: 't', id: 'i-1', accountId: null, region: null, key: 'k' }]
    const [ofSet, ofRequest, ofActor, ofResource] = listed(
      change('a', {
        changeSetId: 's',
        resources,
        noise: 'a-rule',
        detail: detail({ requestId: 'r-1' }),
      }),
    )
    expect(ofRequest!.search).toMatchObject({ request: ['r-1'], noise: 'shown' })
    expect(ofSet!.search).toMatchObject({ changeSet: ['s'], noise: 'shown' })
    expect(ofActor!.search).toMatchObject({
      actor: ['ada'],
      from: '2026-03-02T11:00:00.000Z',
      to: '2026-03-02T13:00:00.000Z',
    })
    expect(ofResource!.search).toMatchObject({ resource: ['k'] })
    expect(listed(change('a'))).toHaveLength(1)
  })

  test('adds no filter that is too long for a URL', () => {
    const titles = (text: string) =>
      listed(
        change('a', {
          actor: { kind: 'user', name: text, id: text },
          resources: [{ type: 't', id: text, accountId: null, region: null, key: text }],
          detail: detail({ requestId: text }),
        }),
      ).length
    expect(titles('x'.repeat(1_000))).toBe(3)
    expect(titles('x'.repeat(2_001))).toBe(0)
    // Nine letters each in an address.
    expect(titles('語'.repeat(223))).toBe(0)
    expect(titles('\ud800')).toBe(0)
  })

  test('shows the nearest changes in time', () => {
    const all = [0, 10, 20, 30, 40].map((minute) =>
      change(String(minute), {
        occurredAt: `2026-03-02T12:${String(minute).padStart(2, '0')}:00Z`,
      }),
    )
    expect(nearest(all, all[3]!, 2).map(({ id }) => id)).toEqual(['40', '20'])
    expect(nearest([], all[0]!, 2)).toEqual([])
  })
})

describe('times of rows', () => {
  const now = Date.parse('2026-03-02T12:00:00Z')

  test("have a date if it differs from the heading's", () => {
    expect(formatTime('2026-03-02T00:00:00Z', 'utc', now)).toBe('00:00:00')
    expect(formatTime('2026-03-01T23:59:59.999Z', 'utc', now)).toBe('1 Mar, 23:59:59')
    expect(formatTime('2025-12-31T23:59:59Z', 'utc', now)).toBe('31 Dec 2025, 23:59:59')
    expect(formatTime('not a time', 'utc', now)).toBe('Invalid date')
  })

  test('have a heading for each day that has none yet', () => {
    const times = [
      ...['2026-03-02T11:00:00Z', '2026-03-01T23:00:00Z', '2026-03-01T01:00:00Z'],
      ...['2026-02-27T10:00:00Z', '2025-12-31T10:00:00Z'],
    ]
    expect(dayHeadings(times, 'utc', now, now)).toEqual([
      ...[undefined, 'Yesterday, 1 Mar', undefined, 'Fri, 27 Feb', 'Wed, 31 Dec 2025'],
    ])
  })

  test('return to today in an ascending list', () => {
    const times = ['2026-03-01T23:00:00Z', '2026-03-02T11:00:00Z']
    const yesterday = Date.parse('2026-03-01T12:00:00Z')
    expect(dayHeadings(times, 'utc', yesterday, now)).toEqual([undefined, 'Today'])
  })

  describe('in the feed', () => {
    const shown = (...rows: (string | [at: string, until: string])[]) =>
      rowDays(
        rows.map((row) => {
          const [at, until] = typeof row === 'string' ? [row] : row
          return { at: `2026-03-0${at}:00Z`, until: until && `2026-03-0${until}:00Z` }
        }),
        'utc',
        now,
      ).map(({ heading, isDated }) => (isDated ? 'dated' : heading))

    test("a set that ended after midnight shows its date under the previous day's heading", () => {
      expect(shown('2T11:00', '1T23:55', '2T00:10', '1T23:40', '1T01:00')).toEqual([
        ...[undefined, 'Yesterday, 1 Mar', 'dated', undefined, undefined],
      ])
    })

    test('the heading is repeated under an expanded set that crosses midnight', () => {
      const expanded: [string, string] = ['2T00:10', '1T23:50']
      expect(shown(expanded, '2T00:05', '2T00:01', '1T23:00')).toEqual([
        ...[undefined, 'Today', undefined, 'Yesterday, 1 Mar'],
      ])
      expect(shown(expanded, '1T23:00', '1T22:00')).toEqual([
        ...[undefined, 'Yesterday, 1 Mar', undefined],
      ])
      expect(shown('1T23:55', expanded, '1T23:00')).toEqual([
        ...['Yesterday, 1 Mar', 'dated', 'Yesterday, 1 Mar'],
      ])
      expect(shown(['2T11:00', '2T10:00'], '2T09:00')).toEqual([undefined, undefined])
    })

    const time = (at: string, isDated?: boolean) =>
      renderToStaticMarkup(
        createElement(
          MantineProvider,
          { withCssVariables: false, withGlobalClasses: false },
          createElement(RowTime, { at, zone: 'utc', now, isDated }),
        ),
      )
    const text = (html: string) => html.replace(/<[^>]+>/g, '')

    test("the date is read with the time, and shown if the heading is another day's", () => {
      expect(time('2026-03-01T23:55:00Z')).toMatch(/<span[^>]*>1 Mar, <\/span>23:55:00<\/time>$/)
      expect(text(time('2026-03-02T11:00:00Z'))).toBe('11:00:00')
      expect(time('2026-03-01T23:55:00Z', true)).toMatch(/>1 Mar, 23:55:00<\/time>$/)
      expect(time('2026-03-02T00:10:00Z', true)).toMatch(/>Today, 00:10:00<\/time>$/)
    })
  })
})

describe('the selected row', () => {
  test('is the saved one, even if it is rendered later', () => {
    const saved = createSavedRows(undefined)
    saved.save('a')
    saved.save('b')
    expect(['a', 'b', 'b'].map((at) => saved.isForeign(at))).toEqual([false, false, false])
    // Only the last of two is rendered.
    saved.save('c')
    saved.save('d')
    expect(saved.isForeign('d')).toBe(false)
  })

  test('is foreign if Back or a link selects it', () => {
    const saved = createSavedRows('a')
    expect(saved.isForeign('a')).toBe(false)
    saved.save('b')
    expect(saved.isForeign('b')).toBe(false)
    expect(saved.isForeign('a')).toBe(true)
    expect(saved.isForeign('a')).toBe(false)
    expect(saved.isForeign(undefined)).toBe(true)
  })

  test('is kept per list, which is identified by its filters only', () => {
    const list = listKey({ q: 'x', actor: ['ada'] })
    const same = { utm: '1', actor: ['ada'], q: 'x', at: 'a', open: ['s'], change: 'c' }
    expect(listKey(same as FeedSearch)).toBe(list)
    expect(listKey({ q: 'x', actor: ['bob'] })).not.toBe(list)
    expect(listKey({ q: 'x', actor: ['ada'], view: 'changes' })).not.toBe(list)
  })
})

describe('words', () => {
  const html = (word: string) => renderToStaticMarkup(createElement(Words, { text: word }))

  test('keep a domain together, and wrap a long one between its labels', () => {
    expect(html('at db.example.com.')).toMatch(/^at <span[^>]*>db\.example\.com\.<\/span>$/)
    expect(html('a-very-long-name.of-a-service.example.com')).toContain(
      'name.</span><wbr aria-hidden="true"/>',
    )
    expect(html('verylongname.ofaservice.in.a.region.example.com')).toContain('.<')
    expect(html('Done. Next')).toBe('Done. Next')
  })

  test('with several parts keep their order beside text of the other direction', () => {
    const arn = 'arn:aws:iam::111122223333:role/deploy-production'
    expect(html(arn)).toMatch(/^<bdi dir="ltr">.*<wbr aria-hidden="true"\/>.*<\/bdi>$/)
  })
})
