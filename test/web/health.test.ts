import { describe, expect, test } from 'vitest'
import type { Connection, Coverage, Verification } from '../../web/src/client.ts'
import { barLabel, segmentsOf } from '../../web/src/health/bar.ts'
import { answerOf, questions } from '../../web/src/health/checks.ts'
import { connectionSentences, importProgress } from '../../web/src/health/connection.ts'
import { regionHealth } from '../../web/src/health/region.ts'
import { byUrgency, type Region, statusLabel } from '../../web/src/health/status.ts'
import { summaryOf } from '../../web/src/health/summary.ts'
import { duration } from '../../web/src/health/time.ts'

const now = Date.parse('2026-03-12T12:23:30.000Z')
const when = { now, timeZone: 'UTC' }

function connection(given: Partial<Connection> = {}): Connection {
  return {
    id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
    name: 'production',
    externalId: 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G',
    roleArn: 'arn:aws:iam::123456789012:role/cairn',
    accountId: '123456789012',
    partition: 'aws',
    status: 'current',
    statusReason: null,
    since: '2026-03-12T09:20:41.000Z',
    environmentId: null,
    selection: 'changes',
    lookbackDays: 7,
    pollIntervalSeconds: 60,
    completeThrough: '2026-03-12T12:03:00.000Z',
    nextPollAt: '2026-03-12T12:24:10.000Z',
    workflowUrl: null,
    createdAt: '2026-03-12T09:12:07.311Z',
    ...given,
  }
}

function region(given: Partial<Region> = {}): Region {
  return {
    region: 'eu-west-1',
    state: 'active',
    counts: true,
    excludedAt: null,
    excludedBy: null,
    completeThrough: '2026-03-12T12:03:00.000Z',
    settled: [['2026-03-05T09:12:07.000Z', '2026-03-12T12:03:00.000Z']],
    gaps: [],
    lost: [],
    setAside: [],
    backfill: { percent: 100, etaSeconds: 0 },
    events: 574,
    requests: 31,
    throttled: 0,
    lateEvents: 0,
    lastError: null,
    lastErrorKind: null,
    nextPollAt: '2026-03-12T12:24:10.000Z',
    ...given,
  }
}

type Check = Verification['checks'][number]

function check(id: Check['id'], state: Check['state'], means = ''): Check {
  return { id, state, saw: '', means, remedy: null, snippets: [] }
}

function verification(state: Verification['state'], checks: Check[]): Verification {
  return { state, verifiedAt: null, checks, notProvable: [] }
}

const said = (
  given: Partial<Connection>,
  regions: Region[] = [],
  checks?: Verification,
): string[] =>
  connectionSentences(connection(given), { coverage: { regions }, verification: checks }, when)

const statuses: Connection['status'][] = [
  'awaiting_role',
  'verifying',
  'waiting_for_aws',
  'importing',
  'current',
  'behind',
  'action_needed',
  'paused',
  'deleting',
]

describe('a connection', () => {
  test('that is current shows how far, why not further, and its next sync', () => {
    expect(said({}, [region()])).toEqual([
      'Up to date as of 12:03. CloudTrail delivers with a delay: the last 20 min may still change; next sync in 40 s.',
    ])
  })

  test('shows times in the selected zone, with the day unless it is today', () => {
    const sentences = connectionSentences(
      connection({ completeThrough: '2026-03-11T16:30:00.000Z' }),
      {},
      { now, timeZone: 'Asia/Kolkata' },
    )
    expect(sentences[0]).toMatch(/^Up to date as of 11 March, 22:00\./)
  })

  test('shows a due sync as running, and reports an overdue one', () => {
    expect(said({ nextPollAt: '2026-03-12T12:23:29.000Z' })[0]).toContain('syncing now')
    expect(said({ nextPollAt: '2026-03-12T12:03:30.000Z' })).toContain(
      'The next sync was due 20 min ago. The Cairn worker may be down, busy with other connections, or reading a second with thousands of events. Check its log.',
    )
    expect(said({ nextPollAt: null })[0]).toContain('next sync soon')
  })

  test('that is behind shows the region, the delay and the reason', () => {
    const late = region({
      completeThrough: '2026-03-12T11:49:30.000Z',
      lastError: 'Rate exceeded',
      lastErrorKind: 'throttled',
    })
    expect(said({ status: 'behind' }, [region({ region: 'us-east-1' }), late])).toContain(
      'eu-west-1 is 14 minutes behind: AWS is throttling (another tool shares the quota).',
    )
  })

  test('that is behind without a known region shows its reason', () => {
    expect(
      connectionSentences(
        connection({ status: 'behind', statusReason: 'The database did not answer' }),
        {},
        when,
      )[0],
    ).toBe('The database did not answer.')
  })

  test('is not behind if a region failed but is current', () => {
    const failed = region({ lastError: 'HTTP 502: …', lastErrorKind: 'unavailable' })
    expect(said({ status: 'behind' }, [failed])).toContain(
      'eu-west-1 could not be read: AWS returned a server error.',
    )
  })

  test('shows a region without data and with an error', () => {
    const none = region({
      completeThrough: null,
      settled: [],
      lastError: 'TimeoutError: 5000 ms',
      lastErrorKind: 'unreachable',
    })
    expect(said({ status: 'behind', completeThrough: null }, [none])).toEqual([
      'Import in progress; next sync in 40 s.',
      'eu-west-1 has not been read yet: AWS is not responding (TimeoutError: 5000 ms).',
    ])
  })

  test('shows lost events in days', () => {
    const lost = [['2026-03-02T07:00:00.000Z', '2026-03-10T00:00:00.000Z']]
    expect(said({}, [region({ lost })])).toContain(
      'eu-west-1: 2 to 9 March cannot be recovered: CloudTrail keeps events for 90 days.',
    )
    expect(said({}, [region({ lost }), region({ region: 'us-east-1', lost })])).toContain(
      '2 to 9 March cannot be recovered: CloudTrail keeps events for 90 days.',
    )
  })

  test.each([
    [[['2026-02-27T07:00:00Z', '2026-03-03T10:00:00Z']], '27 February to 3 March'],
    [[['2026-03-03T07:00:00Z', '2026-03-03T07:00:01Z']], '3 March'],
    [[['2025-12-30T07:00:00Z', '2026-01-02T10:00:00Z']], '30 December 2025 to 2 January 2026'],
    [
      [
        ['2026-03-02T07:00:00Z', '2026-03-03T10:00:00Z'],
        ['2026-03-04T01:00:00Z', '2026-03-05T10:00:00Z'],
      ],
      '2 to 5 March',
    ],
  ])('shows the lost days %j as %s', (lost, days) => {
    expect(said({}, [region({ lost })])).toContain(
      `eu-west-1: ${days} cannot be recovered: CloudTrail keeps events for 90 days.`,
    )
  })

  test('lists separate lost days separately', () => {
    const lost = [
      ['2026-03-02T07:00:00Z', '2026-03-03T10:00:00Z'],
      ['2026-03-08T01:00:00Z', '2026-03-08T10:00:00Z'],
    ]
    expect(said({}, [region({ lost })]).slice(1)).toEqual([
      'eu-west-1: 2 to 3 March cannot be recovered: CloudTrail keeps events for 90 days.',
      'eu-west-1: 8 March cannot be recovered: CloudTrail keeps events for 90 days.',
    ])
  })

  test('shows skipped ranges to the second', () => {
    const setAside = [['2026-03-12T11:00:01.000Z', '2026-03-12T11:00:02.000Z']]
    expect(said({}, [region({ setAside })])[1]).toMatch(
      /^eu-west-1: 1 second from 11:00:01 skipped: could not be read/,
    )
  })

  test('names denied regions, but not those that are not enabled', () => {
    const off = [
      region({ region: 'eu-north-1', state: 'denied', counts: false, completeThrough: null }),
      region({ region: 'me-south-1', state: 'not_enabled', counts: false, completeThrough: null }),
    ]
    expect(said({}, [region(), ...off])[1]).toBe(
      'AWS denies the role access to eu-north-1. Not imported. Checked daily.',
    )
  })

  test('ignores gaps of disabled regions', () => {
    const off = region({
      state: 'not_enabled',
      counts: false,
      completeThrough: null,
      lastError: 'UnrecognizedClientException: no',
      lost: [['2026-03-02T07:00:00.000Z', '2026-03-10T00:00:00.000Z']],
    })
    expect(said({ status: 'behind' }, [region(), off])).toHaveLength(1)
  })

  test('that is unsafe shows the failed check, and that nothing was imported', () => {
    const open = verification('failed', [check('refused_without_id', 'failed', 'Not safe: …')])
    expect(said({ status: 'action_needed', completeThrough: null }, [], open)).toEqual([
      'Not safe: this role can be assumed without the external ID. Nothing has been imported.',
    ])
    const wide = verification('failed', [check('refused_wrong_id', 'failed')])
    expect(said({ status: 'action_needed', completeThrough: null }, [], wide)[0]).toMatch(
      /^Not safe: this role can be assumed with a different external ID/,
    )
  })

  test('that became unsafe keeps its imported changes', () => {
    const open = verification('failed', [check('refused_without_id', 'failed')])
    expect(said({ status: 'action_needed' }, [], open)[0]).toContain(
      'Imports are stopped until this is fixed. Imported changes are kept.',
    )
  })

  test('that needs another action shows the check, or the reason', () => {
    const refused = verification('failed', [check('assume_with_id', 'failed', 'AWS refuses.')])
    expect(said({ status: 'action_needed', completeThrough: null }, [], refused)).toEqual([
      'AWS refuses. Nothing has been imported.',
    ])
    expect(
      said({ status: 'action_needed', statusReason: 'It is gone', completeThrough: null }),
    ).toEqual(['It is gone. Nothing has been imported.'])
  })

  test('that imports shows its progress, the remaining time, and that the newest changes are available', () => {
    const half = region({ backfill: { percent: 43, etaSeconds: 190 } })
    expect(said({ status: 'importing' }, [half])).toEqual([
      '43% of the last 7 days imported, about 3 min left, newest first.',
      'New changes are up to date as of 12:03; next sync in 40 s.',
    ])
  })

  test('that imports shows no region before any is known', () => {
    expect(said({ status: 'importing', completeThrough: null, nextPollAt: null })).toEqual([
      'The first import is starting with the last hour.',
    ])
  })

  test('that is paused shows since when, and whether the paused time will be imported', () => {
    expect(said({ status: 'paused', nextPollAt: null }, [region()])).toEqual([
      "Paused since 09:20. When you resume, Cairn imports the missed events, as far back as CloudTrail's 90-day retention allows.",
      'Up to date as of 12:03.',
    ])
  })

  test('that is paused is never behind', () => {
    const old = region({ completeThrough: '2026-03-11T12:03:00.000Z' })
    expect(regionHealth(old, connection({ status: 'paused' }), when).tone).toBe('good')
  })

  test('that waits for AWS shows the reason', () => {
    const waiting = { status: 'waiting_for_aws', statusReason: 'AWS does not know it.' } as const
    const nextPollAt = new Date(when.now + 8_000).toISOString()
    expect(said({ ...waiting, nextPollAt })).toEqual(['AWS does not know it.', 'Retrying in 8 s.'])
    expect(said({ ...waiting, nextPollAt: new Date(when.now).toISOString() })[1]).toBe(
      'Retrying now.',
    )
    expect(said({ ...waiting, nextPollAt: null })[1]).toBe('Cairn retries automatically.')
  })

  test.each(statuses)(
    'that is %s has a label and a sentence, with or without coverage',
    (status) => {
      expect(statusLabel(status).word).not.toBe('')
      for (const known of [
        {},
        { coverage: { regions: [] } },
        { coverage: { regions: [region()] } },
      ]) {
        const bare = { status, completeThrough: null, nextPollAt: null }
        const sentences = connectionSentences(connection(bare), known, when)
        expect(sentences.length).toBeGreaterThan(0)
        for (const sentence of sentences) {
          expect(sentence).toMatch(/^[A-Z0-9].*\.$/)
          expect(sentence).not.toMatch(/null|undefined|NaN|Invalid/)
        }
      }
    },
  )
})

describe('a region', () => {
  const of = (given: Partial<Region>) => regionHealth(region(given), connection(), when)

  test('is complete', () => {
    expect(of({})).toEqual({ tone: 'good', sentence: 'Up to date as of 12:03.' })
  })

  test('is being imported', () => {
    expect(of({ backfill: { percent: 12, etaSeconds: 3000 } })).toEqual({
      tone: 'busy',
      sentence: '12% imported, about 50 min left; up to date as of 12:03.',
    })
  })

  test('has no data yet', () => {
    expect(of({ completeThrough: null, settled: [] })).toEqual({
      tone: 'busy',
      sentence: 'No data yet; next sync in 40 s.',
    })
  })

  test('is late without an error', () => {
    expect(of({ completeThrough: '2026-03-12T08:03:30.000Z' })).toEqual({
      tone: 'late',
      sentence: 'eu-west-1 is 4 hours behind.',
    })
  })

  test('is not late if it is quiet', () => {
    expect(of({ completeThrough: '2026-03-12T11:50:00.000Z' }).tone).toBe('good')
  })

  test('is off, not failed, if it is denied or not enabled', () => {
    expect(of({ state: 'denied', counts: false }).tone).toBe('off')
    expect(of({ state: 'not_enabled', counts: false }).sentence).toContain(
      'Not enabled in this account',
    )
  })

  test('is late if it was imported and is denied now, with the fix', () => {
    const lost = { state: 'denied', lastError: 'AccessDeniedException: no' } as const
    expect(of({ ...lost, completeThrough: '2026-03-12T11:53:30.000Z' })).toEqual({
      tone: 'late',
      sentence:
        'eu-west-1 is 10 minutes behind: AWS denies the role access to the region. Allow it, or exclude the region.',
    })
    const disabled = of({ state: 'not_enabled', lastError: 'UnrecognizedClientException: no' })
    expect(disabled).toMatchObject({ tone: 'late', sentence: expect.stringContaining('exclude') })
  })

  test('shows the reason if it does not respond', () => {
    const unknown = {
      state: 'unknown',
      completeThrough: null,
      lastError: 'TimeoutError: x',
      lastErrorKind: 'unreachable',
    } as const
    expect(of(unknown)).toEqual({
      tone: 'late',
      sentence: 'eu-west-1 has not been read yet: AWS is not responding (TimeoutError: x).',
    })
  })

  test('is off, with the date, if it is excluded', () => {
    const excluded = { state: 'excluded', counts: false } as const
    const owner = { excludedAt: '2026-03-11T09:00:00.000Z', excludedBy: 'owner' } as const
    const sentence = 'Excluded since 11 March, 09:00. Not imported.'
    expect(of({ ...excluded, ...owner })).toEqual({ tone: 'off', sentence })
    expect(said({}, [region({ ...excluded, ...owner })])).toContain(`eu-west-1: ${sentence}`)
    expect(
      of({ ...excluded, excludedAt: '2026-03-11T09:00:00.000Z', excludedBy: 'configuration' })
        .sentence,
    ).toBe('Not listed in CAIRN_REGIONS. Not imported.')
  })

  test('shows its gaps and losses', () => {
    const range = [['2026-03-12T11:00:00.000Z', '2026-03-12T11:00:01.000Z']]
    expect(of({ lost: range, setAside: range }).sentence).toBe(
      'Up to date as of 12:03; some data is lost; some data was skipped.',
    )
  })
})

describe('the bar over the lookback', () => {
  test('draws what is settled, and what cannot be settled yet', () => {
    const drawn = segmentsOf(region(), connection(), when)
    expect(drawn.map(({ kind }) => kind)).toEqual(['settled', 'settling'])
    expect(drawn[0]!.from).toBeCloseTo(0, 5)
    expect(drawn.at(-1)!.to).toBe(1)
  })

  test('stays within the lookback', () => {
    const early = region({ settled: [['2020-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z']] })
    expect(segmentsOf(early, connection(), when)[0]).toEqual({ kind: 'settled', from: 0, to: 1 })
  })

  test('draws lost and skipped ranges last, over the gaps', () => {
    const range = [['2026-03-08T11:00:00.000Z', '2026-03-09T11:00:01.000Z']]
    const drawn = segmentsOf(
      region({ gaps: range, lost: range, setAside: range }),
      connection(),
      when,
    )
    expect(drawn.map(({ kind }) => kind).slice(-2)).toEqual(['lost', 'set_aside'])
  })

  test('has a text alternative', () => {
    expect(barLabel(region())).toBe('100% imported')
    expect(
      barLabel(
        region({
          settled: [['2026-03-10T00:00:00Z', '2026-03-12T00:00:00Z']],
          gaps: [['2026-03-08T12:00:00Z', '2026-03-10T00:00:00Z']],
          setAside: [['2026-03-09T00:00:00Z', '2026-03-09T00:00:01Z']],
          lost: [['2026-03-08T00:00:00Z', '2026-03-08T12:00:00Z']],
        }),
      ),
    ).toBe('50% imported, 35 h 59 min pending, 12 h lost, 1 s skipped')
    expect(barLabel(region({ settled: [] }))).toBe('nothing to import yet')
  })

  test('progress covers the active regions, and the estimate is that of the slowest one', () => {
    const coverage: Coverage = {
      regions: [
        region({ backfill: { percent: 50, etaSeconds: 60 } }),
        region({ backfill: { percent: 25, etaSeconds: 600 } }),
        region({ state: 'denied', counts: false, backfill: { percent: 0, etaSeconds: null } }),
      ],
    }
    expect(importProgress(coverage)).toEqual({ percent: 37, etaSeconds: 600 })
    coverage.regions[0]!.backfill.etaSeconds = null
    expect(importProgress(coverage)?.etaSeconds).toBeNull()
    expect(importProgress({ regions: [] })).toBeNull()
    expect(importProgress(undefined)).toBeNull()
  })
})

describe('the three checks', () => {
  const answers = (of: Verification | undefined) =>
    questions.map((question) => answerOf(question, of))
  const all = questions.flatMap(({ checks }) => checks.map((id) => check(id, 'passed')))

  test('together contain every check once', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(8)
    expect(all).toHaveLength(8)
  })

  test('are unknown before the first verification', () => {
    expect(answers(undefined)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(answers(verification(null, []))).toEqual(['unknown', 'unknown', 'unknown'])
  })

  test('pass even if trails were skipped', () => {
    const checks = all.map((one) => (one.id === 'trails' ? check('trails', 'skipped') : one))
    expect(answers(verification('passed', checks))).toEqual(['passed', 'passed', 'passed'])
  })

  test('are unknown if a verification did not reach them', () => {
    const checks = [check('arn_format', 'passed'), check('assume_with_id', 'failed')]
    expect(answers(verification('failed', checks))).toEqual(['failed', 'unknown', 'unknown'])
  })

  test('of a running verification show the first pending one as in progress', () => {
    const checks = [
      check('arn_format', 'passed'),
      check('account_unused', 'passed'),
      check('assume_with_id', 'passed'),
      check('refused_without_id', 'waiting'),
      check('refused_wrong_id', 'waiting'),
      check('identity', 'waiting'),
      check('lookup_events', 'waiting'),
      check('trails', 'waiting'),
    ]
    expect(answers(verification('running', checks))).toEqual(['unknown', 'running', 'unknown'])
  })

  test('show that AWS is being waited for', () => {
    const checks = [check('arn_format', 'passed'), check('assume_with_id', 'waiting')]
    expect(answers(verification('waiting', checks))).toEqual(['waiting', 'unknown', 'unknown'])
  })
})

describe('many connections', () => {
  test('are sorted by whether they need action, then by name', () => {
    const named = (name: string, status: Connection['status']) => ({ name, status })
    const sorted = [
      named('b', 'current'),
      named('a 10', 'current'),
      named('a 9', 'current'),
      named('z', 'action_needed'),
      named('p', 'paused'),
    ].sort(byUrgency)
    expect(sorted.map(({ name }) => name)).toEqual(['z', 'a 9', 'a 10', 'b', 'p'])
  })

  test('are summarized in a sentence', () => {
    expect(summaryOf([], when)).toEqual({ state: 'No accounts connected.', complete: '' })
    expect(summaryOf([connection(), connection({ status: 'deleting' })], when)).toEqual({
      state: '1 account.',
      complete: 'Up to date as of 12:03.',
    })
    expect(
      summaryOf(
        [
          connection(),
          connection({ completeThrough: '2026-03-12T11:59:00.000Z' }),
          connection({ status: 'action_needed', completeThrough: null }),
          connection({ status: 'paused', completeThrough: null }),
          connection({ status: 'awaiting_role', completeThrough: null }),
        ],
        when,
      ),
    ).toEqual({
      state: '5 accounts. 1 needs action. 1 waiting for a role. 1 paused.',
      complete: 'Up to date as of 11:59.',
    })
  })

  test('show the state of the others while one has just started', () => {
    const begun = (status: Connection['status']) => connection({ status, completeThrough: null })
    expect(summaryOf([begun('importing')], when)).toEqual({
      state: '1 account. 1 in the first import.',
      complete: '',
    })
    expect(
      summaryOf(
        [
          ...Array.from({ length: 997 }, () => connection()),
          begun('waiting_for_aws'),
          begun('verifying'),
          begun('importing'),
        ],
        when,
      ),
    ).toEqual({
      state: '1,000 accounts. 1 verifying. 1 waiting for AWS. 1 in the first import.',
      complete: 'Up to date as of 12:03.',
    })
    // During the daily verification, imported time remains complete.
    expect(summaryOf([connection({ status: 'verifying' })], when).complete).toBe(
      'Up to date as of 12:03.',
    )
  })
})

test('durations are formatted', () => {
  expect([0, 59, 60, 3600, 12_000, 86_400 * 3 + 3600 * 4].map(duration)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 h',
    '3 h 20 min',
    '3 d 4 h',
  ])
})

test.each([
  ['rejected' as const, 'ThrottledValue: no such thing'],
  // An earlier version stored it.
  [null, 'ServiceUnavailable: try again'],
])('an error of kind %s is shown unchanged', (lastErrorKind, lastError) => {
  const failed = region({ completeThrough: null, settled: [], lastError, lastErrorKind })
  expect(regionHealth(failed, connection(), when).sentence).toBe(
    `eu-west-1 has not been read yet: ${lastError}.`,
  )
})
