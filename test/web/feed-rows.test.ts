import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change, ChangeSet, Connection } from '../../web/src/client.ts'
import { visible } from '../../web/src/components/json.ts'
import { nearest, neighboursOf, partsOf, safeLinks } from '../../web/src/pages/change/change.ts'
import { cut, news, sentence, toEntries } from '../../web/src/pages/feed/entries.ts'
import { commandOf, step } from '../../web/src/pages/feed/keys.ts'
import { completeness, question } from '../../web/src/pages/feed/labels.ts'
import { fromWallClock, toWallClock } from '../../web/src/pages/feed/wall-clock.ts'

const change = (id: string, fields: Partial<Change> = {}): Change => ({
  id,
  source: 'aws.cloudtrail',
  sourceId: id,
  occurredAt: '2026-03-02T12:00:00.000Z',
  importedAt: '2026-03-02T12:10:00.000Z',
  summary: 'ada launched an instance',
  actor: { kind: 'user', name: 'ada', id: 'ada' },
  tool: { name: 'console', label: 'the console' },
  service: 'ec2',
  action: 'RunInstances',
  resources: [],
  outcome: 'succeeded',
  region: 'us-east-1',
  accountId: '111122223333',
  environments: [],
  changeSetId: null,
  noise: null,
  edits: [],
  aspects: [],
  links: [],
  connectionId: null,
  ...fields,
})
const set = (id: string, changes: number, only: Change | null = null): ChangeSet => ({
  id,
  headline: 'ada changed 3 things in ec2',
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
  opensToWorld: [],
  only,
})

describe('the list', () => {
  test('shows a set of one as the change that it is, and each set once', () => {
    const entries = toEntries([set('a', 3), set('b', 1, change('c')), set('a', 4)])
    expect(entries.map(({ id, kind, size }) => [id, kind, size])).toEqual([
      ['a', 'set', 4],
      ['b', 'change', 1],
    ])
  })

  test('counts as new what came, and what sets have grown by', () => {
    const shown = toEntries([set('a', 3), set('b', 1, change('c'))])
    expect(news(shown, [set('new', 2), set('a', 5), set('b', 2)], true)).toEqual({
      count: 5,
      isMore: false,
    })
    expect(news(shown, [set('a', 3), set('b', 1, change('c'))], false)).toEqual({
      count: 0,
      isMore: false,
    })
    // Not one known item on the page: whatever lies between is not counted.
    expect(news(shown, [set('x', 1, change('x')), set('y', 7)], true)).toEqual({
      count: 8,
      isMore: true,
    })
    expect(news([], [change('x')], false)).toEqual({ count: 1, isMore: false })
  })

  test('cuts long texts at a whole character', () => {
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

  test('writes out what would turn a text round', () => {
    expect(cut('gpj\u202e.exe', 100)).toBe('gpj\\u202e.exe')
    expect(cut(`\u202e${'a'.repeat(100_000)}`, 3)).toBe('\\u202eaa…')
  })

  test('sets the actor apart only where the sentence begins with it', () => {
    expect(sentence('ada did it', 'ada')).toEqual({ actor: 'ada', rest: ' did it' })
    expect(sentence('somebody did it', 'ada')).toEqual({ actor: '', rest: 'somebody did it' })
    expect(sentence('somebody did it', '')).toEqual({ actor: '', rest: 'somebody did it' })
  })
})

describe('keys', () => {
  const press = (key: string, how: Partial<Parameters<typeof commandOf>[0]> = {}) =>
    commandOf({
      ...{ key, ctrlKey: false, metaKey: false, altKey: false },
      ...{ isTyping: false, isElsewhere: false, ...how },
    })

  test('mean something on the page, and nothing while typing, in a dialog or with Control', () => {
    expect(
      ['j', 'k', '/', 'Escape', '?', 'n', 'o', 'x', 'toString'].map((key) => press(key)),
    ).toEqual([
      ...['next', 'previous', 'search', 'escape', 'help', 'new', 'fold'],
      ...[undefined, undefined],
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

  test('walk over the rows and stop at the ends', () => {
    expect(step(-1, 'next', 3)).toBe(0)
    expect(step(1, 'next', 3)).toBe(2)
    expect(step(2, 'next', 3)).toBe(2)
    expect(step(0, 'previous', 3)).toBe(0)
    expect(step(1, 'last', 3)).toBe(2)
    expect(step(1, 'first', 3)).toBe(0)
    expect(step(-1, 'next', 0)).toBe(-1)
  })
})

describe('the words', () => {
  const now = new Date('2026-03-02T12:00:00Z')
  const connection = (status: Connection['status'], name = 'Production') =>
    ({ id: name, name, status }) as Connection

  test('ask what is looked at', () => {
    expect(question({}, 'utc', now)).toBe('What changed in the last 24 hours?')
    expect(question({ before: '2026-03-02T11:30:00Z' }, 'utc', now)).toBe(
      'What changed in the 30 minutes before 11:30:00?',
    )
    expect(question({ from: '2026-03-01T11:30:00Z' }, 'utc', now)).toBe(
      'What changed since 1 Mar, 11:30:00?',
    )
  })

  test.each<[string, string | null, Connection[], string, string | undefined, string]>([
    ['all is well', '2026-03-02T11:45:00Z', [connection('current')], 'good', undefined, ''],
    [
      'imports are late',
      '2026-03-02T11:00:00Z',
      [connection('current')],
      'waiting',
      undefined,
      'Imports are late',
    ],
    [
      'one is behind',
      '2026-03-02T11:45:00Z',
      [connection('current'), connection('behind', 'Staging')],
      'waiting',
      'Staging',
      'Staging is behind',
    ],
    [
      'one is broken, another behind',
      null,
      [connection('behind'), connection('action_needed', 'Staging')],
      'wrong',
      'Staging',
      'Staging needs action',
    ],
    [
      'one was only begun',
      '2026-03-02T11:45:00Z',
      [connection('current'), connection('awaiting_role')],
      'good',
      undefined,
      '',
    ],
    [
      'none is connected',
      null,
      [connection('awaiting_role')],
      'waiting',
      'Production',
      'Production is not connected yet',
    ],
  ])('say how complete it is when %s', (_, through, connections, tone, name, words) => {
    const told = completeness(through, connections, now, now)
    expect([told?.tone, told?.connection?.name, told?.words]).toEqual([tone, name, words])
  })

  test('say that a window of the past is complete, whatever is late now', () => {
    const to = new Date('2026-03-02T09:00:00Z')
    expect(completeness('2026-03-02T09:00:00Z', [connection('behind')], to, now)?.tone).toBe('good')
    expect(completeness(null, [], to, now)).toBeNull()
  })

  test('of date pickers are the chosen zone’s', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2001-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.constantFrom('utc' as const, 'local' as const),
        (time, zone) => {
          const shown = toWallClock(time, zone)
          expect(toWallClock(fromWallClock(shown, zone)!, zone)).toBe(shown)
        },
      ),
    )
    expect(fromWallClock('2026-03-02 14:03:07', 'utc')).toEqual(new Date('2026-03-02T14:03:07Z'))
    expect(fromWallClock('yesterday', 'utc')).toBeNull()
    expect(fromWallClock('2026-13-02 14:03', 'utc')).toBeNull()
  })
})

describe('a change', () => {
  test('has only links to pages of the web', () => {
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

  test('has its request and response apart from the rest of the record', () => {
    const record = { requestParameters: { a: 1 }, responseElements: null, eventID: 'x' }
    expect(partsOf(record)).toEqual({
      request: { a: 1 },
      response: undefined,
      rest: { eventID: 'x' },
    })
    expect(partsOf('text')).toEqual({ request: undefined, response: undefined, rest: 'text' })
    expect(partsOf([1])).toEqual({ request: undefined, response: undefined, rest: [1] })
  })

  test('knows where its neighbours are', () => {
    const [ofSet, ofRequest, ofActor, ofResource] = neighboursOf(
      change('a', { changeSetId: 's', resources: [{ type: 't', id: 'i-1' }], noise: 'a-rule' }),
      { requestID: 'r-1' },
    )
    expect(ofRequest!.search).toMatchObject({ request: ['r-1'], noise: 'shown' })
    expect(ofSet!.search).toMatchObject({ changeSet: ['s'], noise: 'shown' })
    expect(ofActor!.search).toMatchObject({
      actor: ['ada'],
      from: '2026-03-02T11:00:00.000Z',
      to: '2026-03-02T13:00:00.000Z',
    })
    expect(ofResource!.search).toMatchObject({ resource: ['i-1'] })
    expect(neighboursOf(change('a'), {})).toHaveLength(1)
  })

  test('has the nearest in time beside it', () => {
    const all = [0, 10, 20, 30, 40].map((minute) =>
      change(String(minute), {
        occurredAt: `2026-03-02T12:${String(minute).padStart(2, '0')}:00Z`,
      }),
    )
    expect(nearest(all, all[3]!, 2).map(({ id }) => id)).toEqual(['40', '20'])
    expect(nearest([], all[0]!, 2)).toEqual([])
  })
})
