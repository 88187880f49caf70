import { SETTLING_SECONDS } from '../../../src/connections/status.ts'
import type { Connection } from '../client.ts'
import type { Region } from './status.ts'
import { duration, type When } from './time.ts'

const SETTLING_MS = SETTLING_SECONDS * 1000

/** A part of the lookback in the bar. `from` and `to` are positions from 0 to 1. */
export interface Segment {
  kind: 'settled' | 'gap' | 'lost' | 'set_aside' | 'settling'
  from: number
  to: number
}

/** The time range of a region's bar, in Unix milliseconds. */
export function lookback(connection: Connection, { now }: When): { from: number; to: number } {
  const from = Date.parse(connection.createdAt) - connection.lookbackDays * 24 * 3_600_000
  return { from: Math.min(from, now - 1), to: now }
}

/** The segments of a region's bar. Later kinds are drawn over earlier ones. */
export function segmentsOf(region: Region, connection: Connection, when: When): Segment[] {
  const { from, to } = lookback(connection, when)
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - from) / (to - from)))
  const draw = (kind: Segment['kind'], ranges: readonly string[][]) =>
    ranges
      .map(([start, end]) => ({
        kind,
        from: share(Date.parse(start!)),
        to: share(Date.parse(end!)),
      }))
      .filter((segment) => segment.to > segment.from)
  const settling = share(Math.max(to - SETTLING_MS, from))
  return [
    ...draw('settled', region.settled),
    ...draw('gap', region.gaps),
    ...(region.state === 'active' ? [{ kind: 'settling' as const, from: settling, to: 1 }] : []),
    ...draw('lost', region.lost),
    ...draw('set_aside', region.setAside),
  ]
}

/** A text alternative for the bar: `98% imported, 1 h 20 min missing, 2 d lost`. */
export function barLabel(region: Region): string {
  const length = (ranges: readonly string[][]) =>
    ranges.reduce((sum, [from, to]) => sum + Date.parse(to!) - Date.parse(from!), 0) / 1000
  const [settled, gaps, lost, setAside] = [
    length(region.settled),
    length(region.gaps),
    length(region.lost),
    length(region.setAside),
  ]
  const all = settled + gaps + lost
  return [
    all === 0 ? 'nothing to import yet' : `${Math.floor((100 * settled) / all)}% imported`,
    gaps > setAside && `${duration(gaps - setAside)} pending`,
    lost > 0 && `${duration(lost)} lost`,
    setAside > 0 && `${duration(setAside)} skipped`,
  ]
    .filter(Boolean)
    .join(', ')
}
