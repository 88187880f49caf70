import { expect, test } from 'vitest'
import { splitIntoDays } from '../../src/db/days.ts'

const period = (text: string) => {
  const [from, to] = text.split(' to ').map((time) => new Date(`2026-03-${time}Z`))
  return { from: from!, to: to! }
}

test.each([
  [
    '01T12:00 to 04T06:00',
    ['02T00:00 to 04T00:00'],
    ['01T12:00 to 02T00:00', '04T00:00 to 04T06:00'],
  ],
  ['01T00:00 to 04T00:00', ['01T00:00 to 04T00:00'], []],
  ['01T00:00 to 04T06:00', ['01T00:00 to 04T00:00'], ['04T00:00 to 04T06:00']],
  ['01T12:00 to 02T12:00', [], ['01T12:00 to 02T12:00']],
  ['01T11:00 to 01T12:00', [], ['01T11:00 to 01T12:00']],
  ['01T12:00 to 01T12:00', [], []],
  ['04T12:00 to 01T12:00', [], []],
])('%s is split into whole days and the remaining time', (whole, days, rest) => {
  expect(splitIntoDays(period(whole))).toEqual({ days: days.map(period), rest: rest.map(period) })
})
