import { LEFT_OUT, MAX_DEPTH } from '../changes/storable-json.ts'

/**
 * A copy of a parsed JSON value in which each text is replaced. What is nested deeper than 200
 * levels is omitted: recursive code, also that of `JSON.stringify`, would exhaust the stack.
 */
export function mapTexts(value: unknown, replace: (text: string) => string): unknown {
  const visit = (node: unknown, depth: number): unknown => {
    if (typeof node === 'string') return replace(node)
    if (typeof node !== 'object' || node === null) return node
    if (depth >= MAX_DEPTH) return LEFT_OUT
    if (Array.isArray(node)) return node.map((item) => visit(item, depth + 1))
    const entries = Object.entries(node)
    return Object.fromEntries(entries.map(([name, inner]) => [name, visit(inner, depth + 1)]))
  }
  return visit(value, 0)
}

/** The JSON text of a parsed JSON value of any depth. What is nested too deeply is omitted. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return JSON.stringify(mapTexts(value, (text) => text))
  }
}
