import type { SecondsRange } from './schema/column-types.ts'

/**
 * Parses `{["2026-01-01 00:00:00+00","2026-01-01 01:00:00+00"),…}`, the server's output with the
 * settings below. Bounds in the ledger are always finite and half-open.
 */
export function parseMultirange(text: string): SecondsRange[] {
  return [...text.matchAll(/\["([^"]+)","([^"]+)"\)/g)].map(([, from, to]) => [
    Date.parse(from!) / 1000,
    Date.parse(to!) / 1000,
  ])
}

/** Literal for a `::tstzmultirange` parameter. Ranges may overlap and come in any order. */
export function multirangeLiteral(ranges: Iterable<SecondsRange>): string {
  const parts = [...ranges]
    .filter(([from, to]) => from < to)
    .map(([from, to]) => `[${iso(from)},${iso(to)})`)
  return `{${parts.join(',')}}`
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
