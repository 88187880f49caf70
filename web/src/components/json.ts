import { counted } from '../format.ts'

/**
 * Characters that change the text direction, are hidden, join, or are blank (Hangul fillers, the
 * empty Braille cell), and combining marks beyond the four that a script may need.
 */
const invisible =
  /(?![\n\t])[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?<=\p{M}{4})\p{M}/gu

/** As JSON escapes it: `\u202e`. */
const escaped = (mark: string) =>
  mark
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** Escapes invisible characters, so that a text cannot imitate another one. */
export function visible(text: string): string {
  return text.replace(invisible, escaped)
}

/** Equivalent JSON without invisible characters. Undefined when it cannot be serialized. */
export function formatJson(value: unknown): string | undefined {
  try {
    // JSON has these characters only in strings, where they can be escaped.
    return JSON.stringify(value, null, 2)?.replace(invisible, escaped)
  } catch {
    // Nested too deeply for the stack. The tree can still show it.
    return undefined
  }
}

/** The type of a value in the tree. */
type Node =
  | { kind: 'leaf'; text: string; type: 'string' | 'number' | 'boolean' | 'null' }
  | { kind: 'branch'; type: 'object' | 'array'; entries: [key: string, value: unknown][] }

/**
 * Converts a value for the tree. A string that contains a JSON object or array, such as a policy in
 * a CloudTrail record, becomes a branch.
 */
export function toNode(value: unknown): Node {
  if (Array.isArray(value)) {
    return branch(
      'array',
      value.map((each, index) => [String(index), each]),
    )
  }
  if (typeof value === 'object' && value !== null) return branch('object', Object.entries(value))
  if (typeof value === 'string') {
    const held = heldIn(value)
    return held === undefined ? { kind: 'leaf', text: value, type: 'string' } : toNode(held)
  }
  const type = value === null || value === undefined ? 'null' : typeof value
  return { kind: 'leaf', text: String(value ?? null), type: type as 'number' }
}

function branch(type: 'object' | 'array', entries: [string, unknown][]): Node {
  return { kind: 'branch', type, entries }
}

function heldIn(text: string): object | undefined {
  const trimmed = text.trim()
  const isLikely = /^(\{[\s\S]*\}|\[[\s\S]*\])$/.test(trimmed)
  const isEncoded = /^(%7B|%5B)/i.test(trimmed)
  if (!isLikely && !isEncoded) return undefined
  try {
    const read = JSON.parse(isEncoded ? decodeURIComponent(trimmed) : trimmed)
    return typeof read === 'object' && read !== null ? read : undefined
  } catch {
    return undefined
  }
}

/** `3 fields`, `1 entry`, `empty`. */
export function size(node: Extract<Node, { kind: 'branch' }>): string {
  const { length } = node.entries
  if (length === 0) return 'empty'
  if (node.type === 'array') return counted(length, 'entry')
  return counted(length, 'field')
}

/** Whether the value has at most `most` entries, so that it can be shown expanded. */
export function isSmall(value: unknown, most: number): boolean {
  let left = most
  // No recursion: untrusted content can be nested too deeply for the stack.
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (--left < 0) return false
    if (typeof next === 'object' && next !== null) {
      const inside = Object.values(next)
      if (inside.length > left) return false
      waiting.push(...inside)
    }
  }
  return true
}
