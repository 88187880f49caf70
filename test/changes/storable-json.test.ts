import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, storableJson } from '../../src/changes/storable-json.ts'

/** How deep arrays and objects are nested, without recursion. */
function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '\\') i++
    else if (json[i] === '"') isInString = !isInString
    else if (!isInString && '{['.includes(json[i]!)) deepest = Math.max(deepest, ++depth)
    else if (!isInString && '}]'.includes(json[i]!)) depth--
  }
  return deepest
}

/** Postgres's rules for jsonb, from its documentation and from trying. */
function expectAccepted(stored: string): void {
  expect(stored.isWellFormed()).toBe(true)
  expect(stored).not.toContain('\0')
  // Each escape that is left: no NUL.
  for (const [, before, first] of stored.matchAll(/(\\*)\\u([0-9a-f]{4})/gi)) {
    if (before!.length % 2 === 1) continue
    expect(first).not.toBe('0000')
  }
  const texts: string[] = []
  const parsed = JSON.parse(stored)
  const stack = [parsed]
  while (stack.length > 0) {
    const value = stack.pop()
    if (typeof value === 'string') texts.push(value)
    else if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
    else if (typeof value === 'object' && value !== null) {
      texts.push(...Object.keys(value))
      stack.push(...Object.values(value))
    }
  }
  for (const text of texts) {
    expect(text).not.toContain('\0')
    expect(text.isWellFormed()).toBe(true)
  }
  expect(depthOf(stored)).toBeLessThanOrEqual(MAX_DEPTH)
}

describe('a stored record', () => {
  it.each([
    '{"eventVersion":"1.11", "userIdentity" : {"type":"Root"},"list":[1,2.5,-3e7,true,null]}',
    '{"pair":"\\ud83d\\ude00","quote":"\\"","backslash":"\\\\u0000"}',
    '{"number":123456789012345678901234567890}',
    '{"a":1,"a":2}',
    '{"text":"1e999 [[{{ \\\\u0000 \\"-1E-400","e":[true,false,1e12,-2.5E-7]}',
    `{"text":"${'1'.repeat(500)}"}`,
    `[${'[1],'.repeat(500)}{}]`,
  ])('is byte for byte what AWS sent if that is safe: %s', (raw) => {
    expect(storableJson(raw)).toBe(raw)
  })

  it.each([
    ['{"a":"x\\u0000y"}', '{"a":"x\\ufffdy"}'],
    ['{"a\\u0000":1}', '{"a\\ufffd":1}'],
    ['{"a":"\\ud800"}', '{"a":"\\ufffd"}'],
    ['{"a":"\\udc00\\ud800"}', '{"a":"\\ufffd\\ufffd"}'],
    ['{"a":"\\ud800\\u0041"}', '{"a":"\\ufffd\\u0041"}'],
    ['{"a":"\\u0041\\udc00"}', '{"a":"\\u0041\\ufffd"}'],
    ['{"a":"\\\\\\ud800"}', '{"a":"\\\\\\ufffd"}'],
    ['{"a":"\ud800"}', '{"a":"\ufffd"}'],
    ['{"a":1e200000,"b":-1E+500,"c":1e-20000}', '{"a":"1e200000","b":"-1E+500","c":"1e-20000"}'],
    ['1e999999', '"1e999999"'],
  ])('is sanitized where Postgres would reject it: %s', (raw, stored) => {
    expect(storableJson(raw)).toBe(stored)
    expectAccepted(stored)
  })

  it('is one JSON string if the text is not JSON', () => {
    expect(storableJson('not "JSON"')).toBe('"not \\"JSON\\""')
    expect(storableJson('{"a":\0\ud800')).toBe('"{\\"a\\":\ufffd\ufffd"')
    expect(storableJson('')).toBe('""')
  })

  it('has no numbers of a million digits and no nesting of 100,000', () => {
    expectAccepted(storableJson(`{"n":${'9'.repeat(1_000_000)}}`))
    const stored = storableJson(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"b":2}`)
    expectAccepted(stored)
    expect(JSON.parse(stored).b).toBe(2)
  })

  it('can be any text', () => {
    const piece = fc.constantFrom(
      '\\u0000',
      '\\ud800',
      '\\udfff',
      '\\ud83d\\ude00',
      '\\\\',
      '\\"',
      '\0',
      '\ud800',
      '\udc00',
      'x',
      '{',
      '1e9999',
    )
    const string = fc.array(piece).map((parts) => `"${parts.join('')}"`)
    const number = fc.oneof(
      fc.constantFrom('1e200000', '-0', '1E-400000', '12.50e+3', '9'.repeat(500)),
      fc.integer().map(String),
    )
    const json = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        string,
        number,
        fc.array(tie('value')).map((items) => `[${items.join(', ')}]`),
        fc
          .array(fc.tuple(string, tie('value')))
          .map((pairs) => `{${pairs.map(([k, v]) => `${k} : ${v}`).join(',')}}`),
      ),
    })).value
    fc.assert(
      fc.property(
        fc.oneof(json, fc.json(), fc.string({ unit: 'binary' })),
        fc.nat(400),
        (text, nesting) =>
          expectAccepted(storableJson('['.repeat(nesting) + text + ']'.repeat(nesting))),
      ),
      { numRuns: 500 },
    )
  })

  it('differs only where it must', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: 'grapheme' }), (raw) => {
        const stored = storableJson(raw)
        const isAbsurd = /e[+-]?\d{3}/i.test(raw) || raw.includes('\\u0000')
        if (!isAbsurd) expect(stored).toBe(raw)
      }),
    )
  })
})
