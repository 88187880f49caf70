import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  deriveStatus,
  lagSeconds,
  overdueSince,
  type RegionStanding,
  SETTLING_SECONDS,
  type Standing,
} from '../../src/connections/status.ts'

const now = new Date('2026-03-12T12:00:00.000Z')
const newest = now.getTime() - SETTLING_SECONDS * 1000

function region(given: Partial<RegionStanding> = {}): RegionStanding {
  return {
    region: 'eu-west-1',
    state: 'active',
    counts: true,
    completeThrough: new Date(newest),
    gapSeconds: 0,
    setAsideSeconds: 0,
    backfill: { percent: 100 },
    lastError: null,
    ...given,
  }
}

function standing(given: Partial<Standing> = {}): Standing {
  return {
    deleted: false,
    hasRole: true,
    paused: false,
    pollIntervalSeconds: 60,
    verdict: { state: 'passed', reason: null },
    sessionError: null,
    regions: [region()],
    now,
    ...given,
  }
}

const cases: [what: string, given: Partial<Standing>, status: string, reason: RegExp | null][] = [
  ['everything imported', {}, 'current', null],
  ['no role', { hasRole: false, verdict: null }, 'awaiting_role', null],
  ['no verdict', { verdict: null }, 'verifying', null],
  ['a failed verdict', { verdict: { state: 'failed', reason: 'no' } }, 'action_needed', /^no$/],
  ['a waiting verdict', { verdict: { state: 'waiting', reason: 'w' } }, 'waiting_for_aws', /^w$/],
  ['a role that cannot be assumed now', { sessionError: 'no' }, 'behind', /^no$/],
  ['paused', { paused: true, sessionError: 'no' }, 'paused', null],
  ['deleted', { deleted: true, paused: true }, 'deleting', null],
  ['no region yet', { regions: [] }, 'importing', null],
  ['nothing settled', { regions: [region({ completeThrough: null })] }, 'importing', null],
  ['a gap', { regions: [region({ gapSeconds: 1 })] }, 'importing', null],
  ['a second set aside', { regions: [region({ setAsideSeconds: 1 })] }, 'behind', /1 second could/],
  [
    'an error',
    { regions: [region(), region({ lastError: 'X: y' })] },
    'behind',
    /^eu-west-1: X: y/,
  ],
  [
    'a lag past the tolerance',
    { regions: [region({ completeThrough: new Date(newest - 16 * 60_000) })] },
    'behind',
    /^eu-west-1 is 16 minutes behind/,
  ],
  [
    'a quiet region',
    { regions: [region({ completeThrough: new Date(newest - 600_000) })] },
    'current',
    null,
  ],
  [
    'a denied region',
    { regions: [region({ state: 'denied', lastError: 'A' })] },
    'behind',
    /Exclude/,
  ],
  [
    'a region that does not count',
    { regions: [region(), region({ state: 'denied', counts: false, completeThrough: null })] },
    'current',
    null,
  ],
]

test.each(cases)('%s', (_, given, status, reason) => {
  const derived = deriveStatus(standing(given))
  expect(derived.status).toBe(status)
  if (reason === null) expect(derived.reason).toBeNull()
  else expect(derived.reason).toMatch(reason)
})

test('current means that every counted region responds and has no gap', () => {
  const anyRegion = fc.record({
    region: fc.constantFrom('eu-west-1', 'us-east-1'),
    state: fc.constantFrom('active', 'unknown', 'denied', 'not_enabled', 'excluded'),
    counts: fc.boolean(),
    completeThrough: fc.option(
      fc.integer({ min: 0, max: 3_000 }).map((lag) => new Date(newest - lag * 1000)),
    ),
    gapSeconds: fc.nat(2),
    setAsideSeconds: fc.nat(2),
    backfill: fc.record({ percent: fc.nat(100) }),
    lastError: fc.option(fc.constant('Error: x')),
  })
  fc.assert(
    fc.property(fc.array(anyRegion, { maxLength: 4 }), (regions) => {
      const { status } = deriveStatus(standing({ regions }))
      if (status !== 'current') return
      const counted = regions.filter(({ counts }) => counts)
      expect(counted.length).toBeGreaterThan(0)
      for (const { completeThrough, gapSeconds, setAsideSeconds, lastError, state } of counted) {
        expect(completeThrough).not.toBeNull()
        expect([gapSeconds, setAsideSeconds, lastError]).toEqual([0, 0, null])
        expect(['denied', 'not_enabled']).not.toContain(state)
      }
    }),
  )
})

test('lag is counted from the newest second that can be settled', () => {
  const seconds = now.getTime() / 1000
  expect(lagSeconds(seconds - SETTLING_SECONDS - 90, seconds)).toBe(90)
  expect(lagSeconds(seconds, seconds)).toBe(0)
  expect(lagSeconds(null, seconds)).toBeNull()
})

describe('a connection without a cycle', () => {
  const overdue = (given: Partial<Parameters<typeof overdueSince>[0]>) =>
    overdueSince({
      status: 'current',
      cycleAt: new Date(now.getTime() - 181_000),
      changedAt: new Date(0),
      pollIntervalSeconds: 60,
      now,
      ...given,
    })

  test('is overdue after three intervals', () => {
    expect(overdue({})).toEqual(new Date(now.getTime() - 1_000))
    expect(overdue({ cycleAt: new Date(now.getTime() - 180_000) })).toBeNull()
  })

  test('is not protected by a cycle that a wrong clock has dated hours ahead', () => {
    expect(overdue({ cycleAt: new Date(now.getTime() + 6 * 3_600_000) })).not.toBeNull()
    expect(overdue({ cycleAt: new Date(now.getTime() + 5_000) })).toBeNull()
  })

  test('has three intervals after a change, and no deadline while it is idle', () => {
    expect(overdue({ changedAt: new Date(now.getTime() - 10_000) })).toBeNull()
    expect(overdue({ status: 'paused' })).toBeNull()
    expect(overdue({ status: 'action_needed' })).toBeNull()
  })
})
