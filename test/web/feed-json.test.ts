import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatJson, isSmall, size, toNode, visible } from '../../web/src/components/json.ts'

const deep = (levels: number) => {
  let value: unknown = 'end'
  for (let level = 0; level < levels; level++) value = { in: value }
  return value
}

test('printed JSON is equivalent, and contains no invisible characters', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = formatJson(value)!
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(text).not.toMatch(/(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('bidirectional control characters are escaped', () => {
  expect(visible('gpj\u202e.exe')).toBe('gpj\\u202e.exe')
  expect(visible('a\u200bb\ufeff')).toBe('a\\u200bb\\ufeff')
  expect(visible('tag \u{e0041}')).toBe('tag \\udb40\\udc41')
  expect(visible('line\nline\ttab')).toBe('line\nline\ttab')
  expect(visible('שלום, 你好, é, 🙂')).toBe('שלום, 你好, é, 🙂')
})

test('blank letters and characters that no font shows are escaped', () => {
  expect(visible('a\u3164b\u115f\u1160\uffa0')).toBe('a\\u3164b\\u115f\\u1160\\uffa0')
  expect(visible('prod\u2800')).toBe('prod\\u2800')
  expect(visible('prod\u034f\u{e0100}')).toBe('prod\\u034f\\udb40\\udd00')
})

test('stacked combining marks are escaped, those that scripts need are kept', () => {
  const heap = visible(`z${'\u0301'.repeat(50)}o`)
  expect(heap).toBe(`z${'\u0301'.repeat(4)}${'\\u0301'.repeat(46)}o`)
  for (const word of ['Tiê\u0323\u0301ng Viê\u0323t', 'हिन्दी', 'ที่นี่', 'בְּרֵאשִׁ֖ית', 'བསྒྲུབས', '한국어'])
    expect(visible(word)).toBe(word)
})

describe('a tree', () => {
  test('expands text that is JSON, such as policies', () => {
    const policy = { Version: '2012-10-17', Statement: [] }
    for (const text of [JSON.stringify(policy), encodeURIComponent(JSON.stringify(policy))]) {
      expect(toNode(text)).toMatchObject({ kind: 'branch', entries: Object.entries(policy) })
    }
    for (const text of ['{no json}', '"text"', '12', '%7Bno', '%', '']) {
      expect(toNode(text)).toEqual({ kind: 'leaf', type: 'string', text })
    }
  })

  test('handles unusual keys', () => {
    const hostile = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "": 3}')
    expect(toNode(hostile)).toMatchObject({
      entries: [
        ['__proto__', { a: 1 }],
        ['constructor', 2],
        ['', 3],
      ],
    })
  })

  test('shows its size', () => {
    const sizes = [[], [1], [1, 2], {}, { a: 1 }, { a: 1, b: 2 }].map((value) =>
      size(toNode(value) as never),
    )
    expect(sizes).toEqual(['empty', '1 entry', '2 entries', 'empty', '1 field', '2 fields'])
  })

  test('is expanded initially only if it is small, at any depth and width', () => {
    expect(isSmall({ a: [1, 2] }, 10)).toBe(true)
    expect(isSmall({ a: [1, 2] }, 3)).toBe(false)
    expect(isSmall(deep(100_000), 50)).toBe(false)
    expect(isSmall(Array.from({ length: 100_000 }), 50)).toBe(false)
  })

  test('is shown even if JSON cannot be printed', () => {
    const value = deep(200_000)
    expect(formatJson(value)).toBeUndefined()
    expect(toNode(value)).toMatchObject({ kind: 'branch', type: 'object' })
  })
})
