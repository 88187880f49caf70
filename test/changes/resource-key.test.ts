import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resourceKey } from '../../src/changes/resource-key.ts'

const part = fc.string({ unit: fc.constantFrom('a', '/', '%', ':', '2', 'F'), maxLength: 6 })
const identity = fc.record({
  source: part,
  accountId: fc.option(part.filter((text) => text !== '')),
  region: fc.option(part.filter((text) => text !== '')),
  type: part,
  id: part,
})

test('two resources have the same key only if they are equal', () => {
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b)
      expect(resourceKey(a) === resourceKey(b)).toBe(isSame)
    }),
  )
})
