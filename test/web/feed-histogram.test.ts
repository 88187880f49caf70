import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  bucketAt,
  moveCursor,
  place,
  span,
  sum,
  tickLabel,
  ticks,
  top,
  unsettled,
} from '../../web/src/pages/feed/buckets.ts'

const at = (time: string) => Date.parse(`2026-03-02T${time}Z`)
const histogram = {
  // The first bucket begins before the window, the last ends after it.
  from: '2026-03-02T12:05:00.000Z',
  to: '2026-03-02T12:35:00.000Z',
  bucketSeconds: 600,
  buckets: [0, 10, 20, 30].map((minute, index) => ({
    from: new Date(at(`12:${String(minute).padStart(2, '0')}:00`)).toISOString(),
    total: index * 10,
    failed: index,
  })),
}

describe('a selected range', () => {
  test('consists of whole buckets inside the window, in both directions', () => {
    for (const [one, other] of [
      [1, 2],
      [2, 1],
    ] as const) {
      expect(span(histogram, one, other)).toEqual({
        from: new Date(at('12:10:00')),
        to: new Date(at('12:30:00')),
      })
      expect(sum(histogram.buckets, one, other)).toEqual({ total: 30, failed: 3 })
    }
    expect(span(histogram, 0, 3)).toEqual({
      from: new Date(histogram.from),
      to: new Date(histogram.to),
    })
  })

  test('follows the pointer', () => {
    expect([-1, 0, 0.24, 0.25, 0.99, 1, 7].map((x) => bucketAt(x, 4))).toEqual([
      0, 0, 0, 1, 3, 3, 3,
    ])
    expect(
      [at('11:00:00'), at('12:30:00'), at('14:00:00')].map((time) =>
        place(time, at('12:00:00'), at('13:00:00')),
      ),
    ).toEqual([0, 0.5, 1])
  })

  test('is moved with the keyboard, and extended with Shift', () => {
    let state: { cursor: number | null; anchor: number | null } = { cursor: null, anchor: null }
    const press = (key: string, isShift = false) => {
      state = moveCursor(state, key, isShift, 60) ?? state
      return [state.anchor, state.cursor]
    }
    expect(press('ArrowLeft')).toEqual([null, 59])
    expect(press('ArrowLeft')).toEqual([null, 58])
    expect(press('ArrowLeft', true)).toEqual([58, 57])
    expect(press('PageUp', true)).toEqual([58, 47])
    expect(press('Home')).toEqual([null, 0])
    expect(press('ArrowLeft')).toEqual([null, 0])
    expect(press('End', true)).toEqual([0, 59])
    expect(moveCursor(state, 'x', false, 60)).toBeUndefined()
    expect(moveCursor(state, 'toString', false, 60)).toBeUndefined()
    expect(moveCursor(state, 'ArrowLeft', false, 0)).toBeUndefined()
  })
})

describe('incomplete ranges', () => {
  const window = { from: '2026-03-02T12:00:00Z', to: '2026-03-02T13:00:00Z' }
  const shaded = (from: string | null, through: string | null) =>
    unsettled({
      ...window,
      completeFrom: from && `2026-03-02T${from}Z`,
      completeThrough: through && `2026-03-02T${through}Z`,
    }).map((part) => part.map((time) => new Date(time).toISOString().slice(11, 16)))

  test.each<[string | null, string | null, string[][]]>([
    [null, null, [['12:00', '13:00']]],
    [null, '12:50:00', [['12:00', '13:00']]],
    ['11:00:00', '12:50:00', [['12:50', '13:00']]],
    ['12:10:00', '13:30:00', [['12:00', '12:10']]],
    [
      '12:10:00',
      '12:50:00',
      [
        ['12:00', '12:10'],
        ['12:50', '13:00'],
      ],
    ],
    ['12:00:00', '13:00:00', []],
    ['13:30:00', '13:50:00', [['12:00', '13:00']]],
    ['10:00:00', '11:00:00', [['12:00', '13:00']]],
  ])('are the rest of the window if %s to %s is imported', (from, through, expected) => {
    expect(shaded(from, through)).toEqual(expected)
  })
})

describe('the axis', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('has full hours of UTC', () => {
    const shown = ticks(at('11:40:00'), at('15:10:00'), 'utc', 5)
    expect(shown.map((tick) => tickLabel(tick, 'utc'))).toEqual([
      '12:00',
      '13:00',
      '14:00',
      '15:00',
    ])
  })

  test('shows the day at midnight', () => {
    const from = Date.parse('2026-03-01T18:00:00Z')
    const shown = ticks(from, from + 12 * 3_600_000, 'utc', 3)
    expect(shown.map((tick) => tickLabel(tick, 'utc'))).toEqual(['18:00', '2 Mar', '06:00'])
  })

  test('has no local times that do not exist, in order', () => {
    vi.stubEnv('TZ', 'Europe/Berlin')
    const [from, to] = [Date.parse('2026-03-29T00:30:00Z'), Date.parse('2026-03-29T01:30:00Z')]
    expect(ticks(from, to, 'local', 4).map((tick) => tickLabel(tick, 'local'))).toEqual([
      '01:30',
      '01:45',
      '03:00',
      '03:15',
      '03:30',
    ])
  })

  test.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'])(
    'is sorted and inside the window, without crowded labels: %s',
    (timeZone) => {
      vi.stubEnv('TZ', timeZone)
      const windows = fc.tuple(
        fc.date({ min: new Date('2001-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.integer({ min: 1_000, max: 3 * 365 * 24 * 3_600_000 }),
        fc.integer({ min: 1, max: 30 }),
      )
      fc.assert(
        fc.property(windows, ([start, length, most]) => {
          const from = start.getTime()
          const shown = ticks(from, from + length, 'local', most)
          expect(shown.length).toBeLessThanOrEqual(most + 1)
          expect(shown).toEqual(shown.toSorted((a, b) => a - b))
          for (const tick of shown) {
            expect(tick).toBeGreaterThanOrEqual(from)
            expect(tick).toBeLessThanOrEqual(from + length)
          }
        }),
      )
    },
  )

  test('has a round maximum above the highest bar', () => {
    expect([0, 1, 4, 5, 9, 11, 41, 99, 100, 250_000].map(top)).toEqual([
      4, 4, 4, 5, 10, 20, 50, 100, 100, 400_000,
    ])
  })
})
