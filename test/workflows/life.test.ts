import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  currentVerification,
  isRunFull,
  isRunLongEnough,
  nextStep,
  type RunLength,
  retryDelayMs,
  statusFromState,
  whyUpdateRefused,
  withCycle,
  withFailure,
  withSettings,
  withVerification,
} from '../../src/workflows/life.ts'
import {
  type ConnectionSettings,
  type ConnectionState,
  type ImportSummary,
  initialState,
  type VerificationSummary,
} from '../../src/workflows/state.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const nothing = { read: false, verify: [], import: [] }
const role = 'arn:aws:iam::123456789012:role/Cairn'

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function settings(changes: Partial<ConnectionSettings> = {}): ConnectionSettings {
  return {
    name: 'production',
    version: 1,
    roleArn: role,
    roleRevision: 1,
    accountId: '123456789012',
    paused: false,
    deleted: false,
    ...changes,
  }
}

function verification(changes: Partial<VerificationSummary> = {}): VerificationSummary {
  return {
    state: 'passed',
    reason: null,
    inconclusive: null,
    version: 1,
    roleArn: role,
    roleRevision: 1,
    verifiedAt: iso(now),
    failures: 0,
    nextAttemptAt: iso(now + 86_400_000),
    ...changes,
  }
}

function cycle(changes: Partial<ImportSummary> = {}): ImportSummary {
  return {
    startedAt: iso(now - 1000),
    finishedAt: iso(now),
    regions: 2,
    imported: 1,
    requests: 4,
    throttled: 0,
    completeThrough: iso(now),
    lagSeconds: 0,
    gapSeconds: 0,
    status: 'current',
    statusReason: null,
    failing: [],
    nextPollAt: iso(now + 60_000),
    ...changes,
  }
}

function state(changes: Partial<ConnectionState> = {}): ConnectionState {
  const ref = { organizationId: 'o', connectionId: 'c' }
  return {
    ...initialState(ref, { installationId: 'i', searchAttributes: false, now: new Date(now) }),
    ...changes,
  }
}

const importing = { settings: settings(), verification: verification() }

describe('the next step', () => {
  test.each<[string, ConnectionState, Partial<typeof nothing>, string]>([
    ['reads the row before all else', state(importing), { read: true }, 'read'],
    ['ends when the row is gone', state(), {}, 'end'],
    [
      'deletes',
      state({ settings: settings({ deleted: true, paused: true }) }),
      {},
      'finishDeletion',
    ],
    ['waits for a role', state({ settings: settings({ roleArn: null }) }), {}, 'wait'],
    [
      'waits when paused',
      state({ ...importing, settings: settings({ paused: true }) }),
      {},
      'wait',
    ],
    ['verifies a new role', state({ settings: settings() }), {}, 'verify'],
    [
      'verifies a role other than the verified one',
      state({ ...importing, verification: verification({ roleRevision: 0 }) }),
      {},
      'verify',
    ],
    [
      'verifies when that is due',
      state({ ...importing, verification: verification({ nextAttemptAt: iso(now) }) }),
      {},
      'verify',
    ],
    ['imports from a role that has passed', state(importing), {}, 'import'],
    ['imports when that is due', state({ ...importing, nextPollAt: iso(now) }), {}, 'import'],
    ['waits for that', state({ ...importing, nextPollAt: iso(now + 1) }), {}, 'wait'],
  ])('%s', (_, given, asked, expected) => {
    expect(nextStep(given, { ...nothing, ...asked }, now).do).toBe(expected)
  })

  test('waits for the earliest due time', () => {
    const soon = iso(now + 1000)
    const later = iso(now + 2000)
    expect(nextStep(state({ ...importing, nextPollAt: soon }), nothing, now)).toMatchObject({
      until: soon,
    })
    const daily = { ...importing, verification: verification({ nextAttemptAt: soon }) }
    expect(nextStep(state({ ...daily, nextPollAt: later }), nothing, now)).toMatchObject({
      until: soon,
    })
    const failed = verification({ state: 'failed', nextAttemptAt: later })
    expect(nextStep(state({ ...importing, verification: failed }), nothing, now)).toMatchObject({
      until: later,
    })
  })
})

describe('the next run takes over', () => {
  const limits = { signals: 1_000, cycles: 100 }
  const wait = { do: 'wait', until: null, for: 'A change' } as const
  const run = (changes: Partial<RunLength>): RunLength => ({
    signals: 0,
    cycles: 0,
    isSuggested: false,
    ...changes,
  })

  test('before any step when Temporal suggests it or after 1,000 signals', () => {
    for (const step of [wait, { do: 'read' }, { do: 'verify' }, { do: 'import' }] as const) {
      expect(isRunLongEnough(step, run({ isSuggested: true }), limits)).toBe(true)
      expect(isRunLongEnough(step, run({ signals: 1_000 }), limits)).toBe(true)
      expect(isRunLongEnough(step, run({ signals: 999, cycles: 99 }), limits)).toBe(false)
    }
  })

  test('before the cycle beyond the limit, after the wait for it', () => {
    expect(isRunLongEnough(wait, run({ cycles: 100 }), limits)).toBe(false)
    expect(isRunLongEnough({ do: 'import' }, run({ cycles: 100 }), limits)).toBe(true)
  })

  test('unless the workflow is finished', () => {
    expect(isRunLongEnough({ do: 'end' }, run({ signals: 9_999 }), limits)).toBe(false)
  })

  test('and cancels a running step only when signals continue', () => {
    expect(isRunFull(run({ signals: 1_999, isSuggested: true, cycles: 100 }), limits)).toBe(false)
    expect(isRunFull(run({ signals: 2_000 }), limits)).toBe(true)
  })
})

describe('in any state', () => {
  const time = fc.integer({ min: -7200, max: 7200 }).map((seconds) => iso(now + seconds * 1000))
  const anySettings = fc.record({
    name: fc.constant('production'),
    version: fc.integer({ min: 1, max: 3 }),
    roleArn: fc.constantFrom(null, role, 'arn:aws:iam::123456789012:role/other'),
    roleRevision: fc.integer({ min: 1, max: 2 }),
    accountId: fc.constant('123456789012'),
    paused: fc.boolean(),
    deleted: fc.boolean(),
  })
  const anyVerification = fc.record({
    state: fc.constantFrom('passed' as const, 'failed' as const, 'waiting' as const),
    roleRevision: fc.integer({ min: 1, max: 2 }),
    nextAttemptAt: time,
    failures: fc.nat(5),
  })
  type Happening = (s: ConnectionState) => void
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    anySettings.map(
      (row): Happening =>
        (s) =>
          withSettings(s, row),
    ),
    anyVerification.map(
      (found): Happening =>
        (s) =>
          withVerification(s, verification(found), now),
    ),
    time.map(
      (nextPollAt): Happening =>
        (s) =>
          withCycle(s, cycle({ nextPollAt }), now),
    ),
    fc
      .constantFrom(
        'role refused' as const,
        'verification required' as const,
        'row changed' as const,
        'other' as const,
      )
      .map(
        (kind): Happening =>
          (s) =>
            withFailure(s, { kind, message: 'm' }, now),
      ),
  )
  const life = fc.tuple(anySettings, fc.array(happening, { maxLength: 12 })).map(([row, rest]) => {
    const s = state()
    withSettings(s, row)
    for (const happen of rest) happen(s)
    return s
  })

  test('no caller waits for a step that does not run', () => {
    fc.assert(
      fc.property(life, fc.constantFrom('verify' as const, 'import' as const), (s, update) => {
        fc.pre(whyUpdateRefused(s, update) === null)
        const step = nextStep(s, { ...nothing, [update]: [1] }, now).do
        // An import may have to wait for its verification, which then decides on it.
        expect(update === 'verify' ? ['verify'] : ['import', 'verify']).toContain(step)
      }),
    )
  })

  test('nothing is imported from a role that has not passed, nor when paused or deleted', () => {
    let imports = 0
    fc.assert(
      fc.property(life, fc.nat(1), fc.integer({ min: 0, max: 7200 }), (s, callers, seconds) => {
        const asked = { ...nothing, import: Array(callers).fill(1) }
        if (nextStep(s, asked, now + seconds * 1000).do !== 'import') return
        imports += 1
        expect(s.settings).toMatchObject({ paused: false, deleted: false })
        expect(s.verification).toMatchObject({
          state: 'passed',
          roleRevision: s.settings!.roleRevision,
        })
      }),
      { numRuns: 5000 },
    )
    expect(imports).toBeGreaterThan(5)
  })

  test('every wait has an end, or ends with a change of the row', () => {
    fc.assert(
      fc.property(life, (s) => {
        const step = nextStep(s, nothing, now)
        if (step.do !== 'wait') return
        if (step.until === null) {
          expect(s.settings!.paused || s.settings!.roleArn === null).toBe(true)
        } else expect(Date.parse(step.until)).toBeGreaterThan(now)
      }),
      { numRuns: 500 },
    )
  })

  test('a failed role shows who has to act', () => {
    fc.assert(
      fc.property(life, (s) => {
        const { status } = statusFromState(s)
        const found = currentVerification(s)?.state
        if (s.settings!.deleted) expect(status).toBe('deleting')
        else if (s.settings!.roleArn === null) expect(status).toBe('awaiting_role')
        else if (s.settings!.paused) expect(status).toBe('paused')
        else if (found === 'failed') expect(status).toBe('action_needed')
        else if (found === 'waiting') expect(status).toBe('waiting_for_aws')
        else expect(['verifying', 'importing', 'current', 'behind']).toContain(status)
      }),
    )
  })
})

describe('a due time from a clock that is hours ahead', () => {
  const ahead = iso(now + 30 * 3_600_000)

  test('delays a poll by ten minutes at most', () => {
    const s = state(importing)
    withCycle(s, cycle({ nextPollAt: ahead }), now)
    expect(s.nextPollAt).toBe(iso(now + 600_000))
    // A small difference between the clocks.
    withCycle(s, cycle({ nextPollAt: iso(now + 605_000) }), now)
    expect(s.nextPollAt).toBe(iso(now + 605_000))
  })

  test.each([
    ['a passed verification by a day', verification(), 86_400_000],
    ['a failed one by ten minutes', verification({ state: 'failed' }), 600_000],
    ['an inconclusive one by ten minutes', verification({ inconclusive: 'Throttling' }), 600_000],
  ])('delays the one after %s', (_, found, wait) => {
    const s = state({ settings: settings() })
    withVerification(s, { ...found, nextAttemptAt: ahead }, now)
    expect(s.verification!.nextAttemptAt).toBe(iso(now + wait))
  })

  test('is kept in runs of version 0.1.0', () => {
    const s = state(importing)
    withCycle(s, cycle({ nextPollAt: ahead }), now, () => false)
    withVerification(s, verification({ nextAttemptAt: ahead }), now, () => false)
    expect([s.nextPollAt, s.verification!.nextAttemptAt]).toEqual([ahead, ahead])
  })
})

test('delays grow to ten minutes at most', () => {
  expect([1, 2, 3, 6, 7, 8, 1000].map(retryDelayMs)).toEqual([
    10_000, 20_000, 40_000, 320_000, 600_000, 600_000, 600_000,
  ])
})

test('a changed row is acted on immediately, and an unchanged one is not', () => {
  const s = state({ ...importing, nextPollAt: iso(now + 5000) })
  withSettings(s, settings())
  expect(s.nextPollAt).toBe(iso(now + 5000))
  withSettings(s, settings({ version: 2 }))
  expect(s.nextPollAt).toBeNull()
})
