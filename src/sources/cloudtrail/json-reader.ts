import { isObject } from '../../json.ts'

/**
 * Reading JSON that may be anything.
 *
 * AWS's services write their parameters in every case (`vpcId`, `VpcId`, `dBInstanceClass`) and
 * wrap lists in their own ways (`[…]`, `{items: […]}`, `{item: […]}`, `{Tag: {…}}`), so names are
 * looked up case-insensitively, and a value of an unexpected type counts as absent. Only own
 * properties are read, so `__proto__` in a record is a key like any other.
 */

import { memo } from './memo.ts'

/** Longer lists are cut: a record of 256 KB could have 100,000 items. */
const MAX_LIST_LENGTH = 1_000

export class JsonReader {
  static readonly empty: JsonReader = new JsonReader(undefined)

  readonly #raw: Record<string, unknown> | undefined
  readonly #isExact: boolean
  #byLowerName: Map<string, unknown> | undefined

  private constructor(raw: Record<string, unknown> | undefined, isExact: boolean = false) {
    this.#raw = raw
    this.#isExact = isExact
  }

  static of(value: unknown): JsonReader {
    return isObject(value) ? new JsonReader(value) : JsonReader.empty
  }

  /**
   * Looks names up in their exact case, in this object and those inside: for what CloudTrail itself
   * writes, which saves an index for each record.
   */
  static exact(value: unknown): JsonReader {
    return isObject(value) ? new JsonReader(value, true) : JsonReader.empty
  }

  get isEmpty(): boolean {
    if (this.#raw === undefined) return true
    for (const name in this.#raw) if (Object.hasOwn(this.#raw, name)) return false
    return true
  }

  /** The object itself, unchanged. */
  get raw(): Record<string, unknown> | undefined {
    return this.#raw
  }

  /** [name as it is written, value] in the record's order. */
  entries(): [string, unknown][] {
    return this.#raw === undefined ? [] : Object.entries(this.#raw).slice(0, MAX_LIST_LENGTH)
  }

  /** The first of these names that has a value. */
  get(...names: string[]): unknown {
    for (const name of names) {
      const value = this.#value(name)
      if (value !== undefined && value !== null) return value
    }
    return undefined
  }

  has(...names: string[]): boolean {
    return this.get(...names) !== undefined
  }

  /** The first of these names that holds a string, number or boolean that is not empty. */
  text(...names: string[]): string | undefined {
    for (const name of names) {
      const text = scalar(this.#value(name))
      if (text !== undefined) return text
    }
    return undefined
  }

  number(...names: string[]): number | undefined {
    const text = this.text(...names)
    if (text === undefined || text.length > 30) return undefined
    const number = Number(text)
    return Number.isFinite(number) ? number : undefined
  }

  /** `true` and `"true"`; undefined when it is neither true nor false. */
  flag(...names: string[]): boolean | undefined {
    const text = this.text(...names)?.toLowerCase()
    if (text === 'true') return true
    return text === 'false' ? false : undefined
  }

  object(...names: string[]): JsonReader {
    const value = this.get(...names)
    return isObject(value) ? new JsonReader(value, this.#isExact) : JsonReader.empty
  }

  /** The items of the list under the first of these names that has any, unchanged. */
  items(...names: string[]): unknown[] {
    for (const name of names) {
      const items = unwrapped(this.get(name))
      if (items.length > 0) return items
    }
    return []
  }

  objects(...names: string[]): JsonReader[] {
    return this.items(...names)
      .filter(isObject)
      .map((item) => new JsonReader(item, this.#isExact))
  }

  texts(...names: string[]): string[] {
    return this.items(...names)
      .map(scalar)
      .filter((text) => text !== undefined)
  }

  #value(name: string): unknown {
    if (this.#raw === undefined) return undefined
    // Nearly always the case is right: no index is needed.
    if (Object.hasOwn(this.#raw, name)) return this.#raw[name]
    return this.#isExact ? undefined : this.#names().get(lowerCase(name))
  }

  #names(): Map<string, unknown> {
    if (this.#byLowerName === undefined) {
      this.#byLowerName = new Map()
      if (this.#raw !== undefined) {
        for (const name of Object.keys(this.#raw)) {
          const lower = lowerCase(name)
          if (!this.#byLowerName.has(lower)) this.#byLowerName.set(lower, this.#raw[name])
        }
      }
    }
    return this.#byLowerName
  }
}

export const lowerCase = memo((name) => name.toLowerCase())

/** The text of a scalar, or of AWS's ways to wrap one: `{value: false}`, `{tag: 1, content: "x"}`. */
export function scalar(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value
    case 'number':
    case 'boolean':
      return String(value)
    case 'object': {
      if (value === null || Array.isArray(value)) return undefined
      for (const name of ['value', 'content', 'Value']) {
        const inner = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null
        if (inner !== null && inner !== '' && typeof inner !== 'object') return String(inner)
      }
      return undefined
    }
    default:
      return undefined
  }
}

const WRAPPERS = ['items', 'item', 'member', 'Item', 'Items', 'Tag', 'Rule', 'Grant']

function unwrapped(value: unknown): unknown[] {
  if (value === undefined || value === null || value === '') return []
  if (Array.isArray(value)) return value.slice(0, MAX_LIST_LENGTH)
  if (!isObject(value)) return [value]
  for (const name of WRAPPERS) {
    if (!Object.hasOwn(value, name)) continue
    const inner = value[name]
    return Array.isArray(inner) ? inner.slice(0, MAX_LIST_LENGTH) : [inner]
  }
  return Object.keys(value).length === 0 ? [] : [value]
}
