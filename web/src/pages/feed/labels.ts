import type { Connection } from '../../client.ts'
import { counted } from '../../format.ts'
import { formatTime, type Zone } from '../../time.tsx'
import { defaultPreset, defaultSpan, type FeedSearch } from './search.ts'

export const rangeLabels = {
  '15m': '15 min',
  '30m': '30 min',
  '1h': '1 h',
  '2h': '2 h',
  '4h': '4 h',
  '6h': '6 h',
  '24h': '24 h',
  '7d': '7 d',
} as const

const lengths = {
  '15m': '15 minutes',
  '30m': '30 minutes',
  '1h': 'hour',
  '2h': '2 hours',
  '4h': '4 hours',
  '6h': '6 hours',
  '24h': '24 hours',
  '7d': '7 days',
} as const

/** The question that the page answers. */
export function question(search: FeedSearch, zone: Zone, now: Date | number): string {
  const at = (time: string) => formatTime(time, zone, now)
  if (search.from !== undefined) {
    return search.to === undefined
      ? `What changed since ${at(search.from)}?`
      : `What changed from ${at(search.from)} to ${at(search.to)}?`
  }
  if (search.before !== undefined) {
    return `What changed in the ${lengths[search.span ?? defaultSpan]} before ${at(search.before)}?`
  }
  return `What changed in the last ${lengths[search.range ?? defaultPreset]}?`
}

/** The time range without gaps, as in API responses. */
export interface Imported {
  completeFrom: string | null
  completeThrough: string | null
}

export interface Completeness {
  tone: 'good' | 'waiting' | 'wrong' | 'none'
  /** Up to when the feed is complete, and from when if the time range starts earlier. */
  times: { from: string | null; through: string } | null
  /** What is missing outside these times. */
  missing: string
  /** The reason, or what to do. */
  words: string
  /** The page with details: a connection, or the list of connections. */
  more: Pick<Connection, 'id' | 'name'> | 'list' | null
}

const LATE = 30 * 60_000

/** The connections that match the filters. */
export function askedFor(connections: readonly Connection[], search: FeedSearch): Connection[] {
  const isIn = (values: string[] | undefined, value: string | null) =>
    value !== null && values?.includes(value) === true
  return connections
    .filter(({ id }) => !search.connection || isIn(search.connection, id))
    .filter(({ id }) => !isIn(search['connection!'], id))
    .filter(({ environmentId: id }) => !search.environment || isIn(search.environment, id))
    .filter(({ environmentId: id }) => !isIn(search['environment!'], id))
}

/** The earliest live edge, which can be newer than the loaded feed. */
function liveEdge(connections: readonly Connection[]): number | null {
  const edges = connections.flatMap(({ completeThrough }) => completeThrough ?? [])
  return edges.length === 0 ? null : Math.min(...edges.map((edge) => Date.parse(edge)))
}

/**
 * What may be missing in the time range, the worst first. Null without matching connections.
 *
 * @param imported as of the loaded feed
 * @param connections the matching connections in their current state
 */
export function completeness(
  imported: Imported,
  connections: readonly Connection[],
  window: { from: Date; to: Date },
  now: number,
): Completeness | null {
  if (connections.length === 0) return null
  const having = (one: string, many: string, ...statuses: Connection['status'][]) => {
    const found = connections.filter(({ status }) => statuses.includes(status))
    const [first] = found
    if (!first) return undefined
    return found.length === 1
      ? { words: `${first.name} ${one}`, more: { id: first.id, name: first.name } }
      : { words: `${counted(found.length, 'connection')} ${many}`, more: 'list' as const }
  }
  const importing = having('is importing', 'are importing', 'importing')
  const span = spanOf(imported, window, importing !== undefined)
  const broken = having('needs action', 'need action', 'action_needed')
  if (broken) return { tone: 'wrong', ...span, ...broken }
  if (span.isWhole) {
    return { tone: 'good', ...span, words: 'This time range is complete', more: null }
  }
  const waiting =
    having('is behind', 'are behind', 'behind') ??
    importing ??
    having('is paused', 'are paused', 'paused')
  if (waiting) return { tone: 'waiting', ...span, ...waiting }
  if (span.times === null) {
    const unready = having(
      ...(['is not connected yet', 'are not connected yet'] as const),
      ...(['awaiting_role', 'verifying', 'waiting_for_aws'] as const),
    )
    return unready
      ? { tone: 'waiting', ...span, ...unready }
      : { tone: 'none', ...span, words: 'Import in progress', more: null }
  }
  const edge = liveEdge(connections) ?? Date.parse(span.times.through)
  const isLate = now - edge > LATE
  return {
    tone: isLate || span.missing !== '' ? 'waiting' : 'good',
    ...span,
    words: isLate ? 'Imports are behind' : '',
    more: null,
  }
}

function spanOf(
  { completeFrom, completeThrough }: Imported,
  window: { from: Date; to: Date },
  isImporting: boolean,
): Pick<Completeness, 'times' | 'missing'> & { isWhole: boolean } {
  if (completeThrough === null) return { isWhole: false, times: null, missing: '' }
  const isAhead = Date.parse(completeThrough) >= window.to.getTime()
  if (completeFrom !== null && Date.parse(completeFrom) <= window.from.getTime()) {
    const times = isAhead ? null : { from: null, through: completeThrough }
    return { isWhole: isAhead, times, missing: '' }
  }
  return {
    isWhole: false,
    times: { from: completeFrom, through: completeThrough },
    missing:
      completeFrom === null
        ? 'earlier data has gaps'
        : isImporting
          ? 'earlier changes are still importing'
          : 'earlier changes were not imported',
  }
}
