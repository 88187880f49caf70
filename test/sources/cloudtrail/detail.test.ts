import { expect, test } from 'vitest'
import { eventParts } from '../../../src/sources/cloudtrail/detail.ts'

test('a stored record has its request and response separate from the other fields', () => {
  const record = { requestParameters: { a: 1 }, responseElements: null, eventID: 'x' }
  expect(eventParts(record)).toEqual({ request: { a: 1 }, other: { eventID: 'x' } })
  expect(eventParts('text')).toEqual({ other: 'text' })
  expect(eventParts([1])).toEqual({ other: [1] })
})
