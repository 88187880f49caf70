import { describe, expect, test } from 'vitest'
import {
  assessWindow,
  type ConnectionFacts,
  coarseDuration,
  type PushFacts,
} from '../../src/incidents/completeness.ts'

const MINUTE_MS = 60_000
const now = new Date('2026-03-02T21:00:00Z')
const ago = (minutes: number) => new Date(now.getTime() - minutes * MINUTE_MS)
const seconds = (date: Date) => date.getTime() / 1000
const window = { from: ago(72 * 60), to: ago(0) }

const connection = (throughAgo: number | null, over: Partial<ConnectionFacts> = {}) => ({
  id: 'c',
  name: 'Production',
  status: 'current' as const,
  statusReason: null,
  wantedFrom: ago(90 * 24 * 60),
  through: throughAgo === null ? null : ago(throughAgo),
  settled:
    throughAgo === null ? [] : [[seconds(ago(90 * 24 * 60)), seconds(ago(throughAgo))] as const],
  ...over,
})
const push = (over: Partial<PushFacts> = {}): PushFacts => ({
  id: 'g',
  kind: 'github',
  name: 'acme',
  createdAt: ago(30 * 24 * 60),
  lastDeliveryAt: ago(5),
  failures: 0,
  waiting: 0,
  ...over,
})
const assess = (
  connections: ConnectionFacts[],
  pushSources: PushFacts[] = [],
  range: { from: Date; to: Date } = window,
) => assessWindow(range, { connections, pushSources }, now)

describe('an AWS account', () => {
  test('is complete if it is imported to the end', () => {
    const range = { from: ago(300), to: ago(30) }
    expect(assess([connection(21)], [], range)).toMatchObject({
      isComplete: true,
      sentence: 'All changes before the alert are imported.',
      sources: [{ state: 'complete' }],
    })
  })

  test('may still receive events within the usual delay, which is not an error', () => {
    expect(assess([connection(22)])).toMatchObject({
      isComplete: false,
      sentence: 'Events of the last 22 minutes may still arrive. Everything before is imported.',
      sources: [{ state: 'arriving' }],
    })
    const range = { from: window.from, to: ago(13) }
    expect(assess([connection(22)], [], range).sentence).toContain('of the last 9 minutes')
  })

  test.each([
    ['beyond the usual delay', connection(50), 'Nothing is imported from the last 50 minutes.'],
    [
      'paused',
      connection(22, { status: 'paused' }),
      'Nothing is imported from the last 22 minutes. The connection is paused.',
    ],
    [
      'with a failing region',
      connection(22, { status: 'behind', statusReason: 'eu-west-1: denied' }),
      'Nothing is imported from the last 22 minutes. The connection is behind. Eu-west-1: denied.',
    ],
    ['never read', connection(null, { status: 'awaiting_role' }), 'Not imported: no role is set.'],
    [
      'during the first import',
      connection(21, {
        status: 'importing',
        settled: [[seconds(ago(60)), seconds(ago(21))]],
      }),
      'Not imported: 3 days of this time range. The import of older events is in progress.',
    ],
    [
      'whose lookback is too short',
      connection(21, {
        wantedFrom: ago(24 * 60),
        settled: [[seconds(ago(24 * 60)), seconds(ago(21))]],
      }),
      'The lookback is too short by 2 days.',
    ],
    [
      'with a gap',
      connection(0, {
        settled: [
          [seconds(ago(73 * 60)), seconds(ago(40))],
          [seconds(ago(30)), seconds(ago(0))],
        ],
      }),
      'Not imported: 10 minutes of this time range. Events could not be read.',
    ],
  ])('%s is incomplete', (_what, facts, sentence) => {
    const result = assess([facts])
    expect(result.sources).toMatchObject([{ state: 'incomplete', sentence }])
    expect(result).toMatchObject({
      isComplete: false,
      sentence: 'Changes may be missing: Production.',
    })
  })
})

describe('a push source', () => {
  test.each([
    [push({ lastDeliveryAt: ago(-1) }), 'complete', 'Events arrived after this time range'],
    [push(), 'silent', 'No events from acme for 5 minutes. No events does not mean no changes.'],
    [push({ lastDeliveryAt: null }), 'incomplete', 'No events from acme since it was set up.'],
    [
      push({ failures: 2 }),
      'incomplete',
      '2 deliveries of this time range could not be translated.',
    ],
    [push({ waiting: 3 }), 'incomplete', '3 deliveries are not translated yet.'],
    [push({ refusedAt: ago(9) }), 'incomplete', 'A report was refused 9 minutes ago.'],
    [
      push({ refusedAt: ago(9), refusal: 'too_large' }),
      'incomplete',
      'A delivery was refused 9 minutes ago: it was too large.',
    ],
    [push({ createdAt: ago(60) }), 'incomplete', 'Set up within this time range'],
    [push({ createdAt: ago(-1) }), 'incomplete', 'Set up after this time'],
  ])('%#', (facts, state, sentence) => {
    expect(assess([connection(0)], [facts]).sources[1]).toMatchObject({
      state,
      sentence: expect.stringContaining(sentence),
    })
  })
})

test('nothing is complete without a source', () => {
  expect(assess([])).toMatchObject({
    isComplete: false,
    sentence: 'No source of changes is connected: changes may be missing.',
  })
  expect(assess([], [push()])).toMatchObject({
    isComplete: false,
    sentence:
      'No AWS account is connected: Cairn has only what was sent to it. No events from acme does not mean no changes.',
  })
})

test('a summary does not claim changes of push sources that are silent', () => {
  const silent = push()
  expect(assess([connection(0)], [silent])).toMatchObject({
    isComplete: true,
    sentence:
      'All AWS changes up to now are imported. No events from acme does not mean no changes.',
  })
  expect(assess([connection(22)], [silent, push({ id: 'h', name: 'flags' })]).sentence).toBe(
    'Events of the last 22 minutes may still arrive. Everything before is imported from AWS. No events from 2 other sources does not mean no changes.',
  )
  const heard = push({ lastDeliveryAt: ago(-1) })
  expect(assess([connection(0)], [heard]).sentence).toBe('All changes up to now are imported.')
})

test('a summary names three sources at most', () => {
  const sources = ['a', 'b', 'c', 'd', 'e'].map((name) => connection(null, { id: name, name }))
  expect(assess(sources).sentence).toBe('Changes may be missing: a, b, c and 2 more.')
})

test.each([
  [0, '1 minute'],
  [61_000, '2 minutes'],
  [59 * MINUTE_MS, '59 minutes'],
  [60 * MINUTE_MS, '1 hour'],
  [47 * 60 * MINUTE_MS, '47 hours'],
  [72 * 60 * MINUTE_MS, '3 days'],
])('%i ms is %s', (ms, text) => {
  expect(coarseDuration(ms)).toBe(text)
})
