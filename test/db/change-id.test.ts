import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeId, changeIdTime } from '../../src/db/change-id.ts'

const identity = fc.record({
  organizationId: fc.uuid(),
  source: fc.string(),
  sourceAccount: fc.option(fc.string()),
  sourceId: fc.string({ unit: 'binary' }),
  occurredAt: fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true }),
})

test('the ID is a UUID of version 8 that contains its time', () => {
  fc.assert(
    fc.property(identity, (given) => {
      const id = changeId(given)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(changeIdTime(id)).toEqual(given.occurredAt)
    }),
  )
})

test('the ID is the same for the same change, and different for any other', () => {
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      expect(changeId({ ...one })).toBe(changeId(one))
      const same = JSON.stringify(one) === JSON.stringify(other)
      expect(changeId(one) === changeId(other)).toBe(same)
    }),
  )
})

const rest = { organizationId: 'o', sourceAccount: null }

test('the ID separates the source from the source ID', () => {
  const occurredAt = new Date('2026-03-01T00:00:00Z')
  const id = (source: string, sourceId: string) =>
    changeId({ ...rest, source, sourceId, occurredAt })
  expect(id('a', 'bc')).not.toBe(id('ab', 'c'))
})

test('IDs are sorted by time', () => {
  const at = (occurredAt: string) =>
    changeId({ ...rest, source: 's', sourceId: 'x', occurredAt: new Date(occurredAt) })
  expect(at('2026-03-01T00:00:00.001Z') > at('2026-03-01T00:00:00.000Z')).toBe(true)
})

test.each(['1969-12-31T23:59:59.999Z', '+010889-08-02T05:31:50.656Z', 'never'])(
  'a time out of range is rejected: %s',
  (time) => {
    const identity = { ...rest, source: 's', sourceId: 'x', occurredAt: new Date(time) }
    expect(() => changeId(identity)).toThrow(RangeError)
  },
)
