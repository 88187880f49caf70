import { expect, test } from 'vitest'
import { compareIds, readExport } from '../../chaos/compare.ts'

const held = ['a', 'b', 'c', 'd']

test('a complete import is right, with or without more events of the account', () => {
  const right = { missing: [], duplicate: [], unknown: [] }
  expect(compareIds({ held, wanted: ['a', 'b'], imported: ['b', 'a'] })).toEqual({
    imported: 2,
    ...right,
  })
  expect(compareIds({ held, wanted: ['a', 'b'], imported: ['b', 'c', 'a'] })).toEqual({
    imported: 3,
    ...right,
  })
})

test.each([
  ['a missing id', ['a'], { missing: ['b'], duplicate: [], unknown: [] }],
  [
    'an id imported three times',
    ['a', 'b', 'a', 'a'],
    { missing: [], duplicate: ['a'], unknown: [] },
  ],
  ['an unknown id', ['a', 'b', 'x'], { missing: [], duplicate: [], unknown: ['x'] }],
  ['all of them', ['a', 'x', 'a'], { missing: ['b'], duplicate: ['a'], unknown: ['x'] }],
])('%s is detected', (_name, imported, expected) => {
  expect(compareIds({ held, wanted: ['a', 'b'], imported })).toMatchObject(expected)
})

const lines = (...values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

test('an export contains the event IDs of its changes', () => {
  const text = lines({ export: {} }, { sourceId: 'a' }, { sourceId: 'b' }, { end: { changes: 2 } })
  expect(readExport(text)).toEqual(['a', 'b'])
  expect(readExport(lines({ export: {} }, { end: { changes: 0 } }))).toEqual([])
})

test('an interrupted export is an error, not a loss', () => {
  expect(() => readExport(lines({ export: {} }, { sourceId: 'a' }))).toThrow('interrupted')
})
