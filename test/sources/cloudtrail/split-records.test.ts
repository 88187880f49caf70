import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { RecordSplitter } from '../../../src/sources/cloudtrail/split-records.ts'

/** @param size how many characters arrive at a time */
function split(text: string, size: number = text.length): string[] {
  const splitter = new RecordSplitter()
  const found: string[] = []
  for (let i = 0; i < text.length; i += size) {
    found.push(...splitter.push(text.slice(i, i + size)))
  }
  return [...found, ...splitter.end()]
}

const json = (value: unknown, space?: number) => JSON.stringify(value, null, space)
const lookupEvents = (records: unknown[]) => ({ Events: records, NextToken: 'a]}"\\', More: [{}] })

const FORMATS: [string, (records: unknown[]) => string][] = [
  ['JSON lines', (records) => records.map((one) => json(one)).join('\n')],
  ['JSON lines with empty lines', (records) => records.map((one) => `${json(one)}\r\n\n`).join('')],
  [
    'one pretty-printed record after the other',
    (records) => records.map((one) => json(one, 2)).join('\n'),
  ],
  ['an array', (records) => json(records)],
  [
    'an array, a record a line',
    (records) => `[\n${records.map((one) => json(one)).join(',\n')}\n]`,
  ],
  ['a pretty-printed array', (records) => json(records, 2)],
  ['a log file', (records) => json({ Records: records })],
  ['a pretty-printed log file', (records) => json({ Records: records }, 2)],
  ['LookupEvents output', (records) => json(lookupEvents(records), 4)],
  [
    'pages of LookupEvents, one a line',
    (records) => records.map((one) => json(lookupEvents([one]))).join('\n'),
  ],
  ['a token in front', (records) => json({ NextToken: '[{', Events: records })],
  ['a byte order mark', (records) => `\ufeff${json(records)}`],
]

const records = fc
  .array(
    fc.dictionary(
      fc.string({ maxLength: 5 }).filter((key) => key !== 'Records' && key !== 'Events'),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 4, noNullPrototype: true },
    ),
    { maxLength: 5 },
  )
  // JSON has no -0: it is written as 0.
  .map((list): typeof list => JSON.parse(JSON.stringify(list)))

describe('the records of a text', () => {
  it.each(FORMATS)('are found in %s, for any split of the text', (_, write) => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 60 }), (list, size) => {
        expect(split(write(list), size).map((text) => JSON.parse(text))).toEqual(list)
      }),
    )
  })

  it('are found after a truncated line, and after one that is not JSON', () => {
    const text = '{"a":{"b":1}}\n{"c":{"d":\n{"e":{"f":2}}\nnot, JSON\n{"g":"h\n{"i":3}'
    expect(split(text)).toEqual([
      ...['{"a":{"b":1}}', '{"c":{"d":', '{"e":{"f":2}}', 'not, JSON', '{"g":"h', '{"i":3}'],
    ])
  })

  it('are the complete ones, and the rest of a truncated file is unchanged', () => {
    const splitter = new RecordSplitter()
    expect(splitter.push('{"Records":[{"a":1},{"b"')).toEqual(['{"a":1}'])
    expect(splitter.end()).toEqual(['{"b"'])
    expect(splitter.isOpen).toBe(true)
  })

  it('are found in any text without an endless loop', () => {
    const text = fc.string({ unit: fc.constantFrom(...'{}[]",:\\\n a1') })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (any, size) => {
        expect(split(any, size)).toEqual(split(any))
      }),
      { numRuns: 500 },
    )
  })
})

test('at most one record is buffered', () => {
  const splitter = new RecordSplitter()
  splitter.push('{"Records":[')
  let count = 0
  for (let i = 0; i < 1_000; i++)
    count += splitter.push(`${json({ i, text: 'x'.repeat(1_000) })},`).length
  expect(count).toBe(1_000)
})
