import { expect, test } from 'vitest'
import { refusedRetrySeconds } from '../../src/db/coverage-regions.ts'

const HOUR = 3600
const DAY = 24 * HOUR

test.each([
  ['denied from the start', 'denied', false, DAY],
  ['denied after it was imported', 'denied', true, HOUR],
  ['disabled after it was imported', 'not_enabled', true, HOUR],
] as const)(
  'a region %s is retried after a minute, then less often',
  (_, state, before, longest) => {
    const after = (failures: number) =>
      refusedRetrySeconds({ state, answeredBefore: before, failures })
    expect([1, 2, 3].map(after)).toEqual([60, 120, 240])
    expect([20, 2_000].map(after)).toEqual([longest, longest])
  },
)

test('a region that was never enabled is retried daily', () => {
  const refused = { state: 'not_enabled', answeredBefore: false, failures: 1 } as const
  expect(refusedRetrySeconds(refused)).toBe(DAY)
})
