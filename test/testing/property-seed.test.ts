import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_SEED, propertySeed, seedOf } from '../../testing/property-seed.ts'

test.each([
  [undefined, DEFAULT_SEED],
  ['', DEFAULT_SEED],
  ['0', 0],
  ['-2147483648', -2_147_483_648],
  ['2147483647', 2_147_483_647],
])('PROPERTY_SEED=%s results in the seed %i', (given, seed) => {
  expect(seedOf(given)).toBe(seed)
})

test.each(['2147483648', '1.5', 'random', 'NaN'])('PROPERTY_SEED=%s is rejected', (given) => {
  expect(() => seedOf(given)).toThrow(`not "${given}"`)
})

test('property tests without a seed of their own use it', () => {
  const { seed } = fc.check(fc.property(fc.integer(), () => true))
  expect(seed).toBe(propertySeed)
})
