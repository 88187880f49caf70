import { expect, test } from 'vitest'
import { describeRound, type FaultKind, faultKinds, planRounds } from '../../chaos/plan.ts'

const kindsOf = (rounds: ReturnType<typeof planRounds>) =>
  rounds.flatMap(({ faults }) => faults.map(({ kind }) => kind))

test('a seed always has the same rounds, and another seed has different ones', () => {
  expect(planRounds(7, 10)).toEqual(planRounds(7, 10))
  expect(planRounds(7, 10)).not.toEqual(planRounds(8, 10))
})

test('a longer run begins with the rounds of a shorter one', () => {
  expect(planRounds(7, 30).slice(0, 4)).toEqual(planRounds(7, 4))
})

test('each round has faults, and no kind is repeated before all have occurred', () => {
  const count = Object.keys(faultKinds).length
  for (let seed = 0; seed < 50; seed++) {
    const rounds = planRounds(seed, count)
    expect(rounds.every(({ faults }) => faults.length > 0)).toBe(true)
    expect(new Set(kindsOf(rounds).slice(0, count)).size).toBe(count)
  }
})

test('a round is described with the time and extent of each fault', () => {
  const fault = (kind: FaultKind, afterMs: number) => ({ kind, afterMs, calls: 12, every: 2 })
  const faults = [fault('kill-worker', 1_234), fault('server-error', 400)]
  expect(describeRound({ events: 200, faults })).toBe(
    'SIGKILL of the worker after 1.2 s, then status 500 after 0.4 s (12 calls, 1 in 2)',
  )
})
