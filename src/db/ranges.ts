import type { SecondsRange } from './schema/column-types.ts'

/*
 * Arithmetic on half-open ranges of whole seconds, for planning what to read next. Only Postgres'
 * own multiranges change the ledger; a property test compares the two.
 */

/** Sorted, disjoint and not adjacent: the form that all functions here return. */
export function normalize(ranges: Iterable<SecondsRange>): SecondsRange[] {
  const sorted = [...ranges].filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])
  const result: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = result.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

/** The part of `a` that is not in `b`. */
export function subtract(a: Iterable<SecondsRange>, b: Iterable<SecondsRange>): SecondsRange[] {
  const holes = normalize(b)
  const result: SecondsRange[] = []
  for (const [from, to] of normalize(a)) {
    let start = from
    for (const [holeFrom, holeTo] of holes) {
      if (holeTo <= start) continue
      if (holeFrom >= to) break
      if (holeFrom > start) result.push([start, holeFrom])
      start = Math.max(start, holeTo)
    }
    if (start < to) result.push([start, to])
  }
  return result
}

/** The part of `ranges` within `[from, to)`. */
export function clip(ranges: Iterable<SecondsRange>, from: number, to: number): SecondsRange[] {
  return normalize([...ranges].map(([a, b]) => [Math.max(a, from), Math.min(b, to)] as const))
}

/** The number of seconds in the ranges. They must be disjoint. */
export function seconds(ranges: Iterable<SecondsRange>): number {
  let sum = 0
  for (const [from, to] of ranges) sum += Math.max(0, to - from)
  return sum
}
