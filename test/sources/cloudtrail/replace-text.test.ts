import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { textReplacer } from '../../../src/sources/cloudtrail/replace-text.ts'

test('replaces what `split` and `join` replace', () => {
  const text = (limits: { minLength?: number; maxLength: number }) =>
    fc.string({ unit: fc.constantFrom('a', 'b', '😀'), ...limits })
  fc.assert(
    fc.property(text({ maxLength: 40 }), text({ minLength: 1, maxLength: 6 }), (whole, wanted) => {
      expect(textReplacer(wanted, '(hidden)')(whole)).toBe(whole.split(wanted).join('(hidden)'))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['aabaa', 'aabaabaa', '-baa'],
  ['aaaab', 'aaaaaaaab!', 'aaaa-!'],
  ['abcabd', 'abcabcabd', 'abc-'],
])('finds %s in %s', (wanted, whole, replaced) => {
  expect(textReplacer(wanted, '-')(whole)).toBe(replaced)
})
