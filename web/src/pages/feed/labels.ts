import { isLagging, lagSeconds } from '../../../../src/connections/status.ts'
import type { Connection } from '../../client.ts'
import { counted } from '../../format.ts'
import { withFullStop } from '../../health/text.ts'
import { duration, longDuration } from '../../health/time.ts'
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
export interface CompleteRange {
  completeFrom: string | null
  completeThrough: string | null
}

/**
 * - `good`: the time range is complete to its end
 * - `settling`: only the normal delay of CloudTrail or a running import, so nothing is wrong
 * - `late`: later than that
 * - `wrong`: a connection needs action
 */
export type CompletenessTone = 'good' | 'settling' | 'late' | 'wrong'

interface FeedCompleteness {
  tone: CompletenessTone
  /** Up to when the feed is complete, and from when if the time range starts earlier. */
  times: { from: string | null; through: string } | null
  /** What is missing outside these times. */
  missing: string
  /** The reason, or what to do. */
  words: string
  /** The page with details: a connection, or the list of connections. */
  more: Pick<Connection, 'id' | 'name'> | 'list' | null
}

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

/**
 * What may be missing in the time range, the worst first. Null without matching connections.
 *
 * @param imported the current state, which can be newer than the listed changes
 * @param connections the matching connections in their current state
 */
export function completeness(
  imported: CompleteRange,
  connections: readonly Connection[],
  window: { from: Date; to: Date },
  now: number,
): FeedCompleteness | null {
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
  const behind = having('is behind', 'are behind', 'behind')
  if (behind) return { tone: 'late', ...span, ...behind, words: withReason(behind, connections) }
  if (importing) return { tone: 'settling', ...span, ...importing }
  const paused = having('is paused', 'are paused', 'paused')
  if (paused) return { tone: 'late', ...span, ...paused }
  if (span.times === null) {
    const unready = having(
      ...(['is not connected yet', 'are not connected yet'] as const),
      ...(['awaiting_role', 'verifying', 'waiting_for_aws'] as const),
    )
    return unready
      ? { tone: 'late', ...span, ...unready }
      : { tone: 'settling', ...span, words: 'Import in progress', more: null }
  }
  return { ...span, ...delayOf(span.times.through, span.missing, connections, window, now) }
}

/** Adds the reason why the only connection that is behind is behind. */
function withReason(
  behind: { words: string; more: FeedCompleteness['more'] },
  connections: readonly Connection[],
): string {
  const { more } = behind
  if (more === null || more === 'list') return behind.words
  const reason = connections.find(({ id }) => id === more.id)?.statusReason
  return reason ? `${behind.words}: ${withFullStop(reason)}` : behind.words
}

/** Whether the end of the time range is missing because of the normal delay, or for longer. */
function delayOf(
  through: string,
  missing: string,
  connections: readonly Connection[],
  window: { to: Date },
  now: number,
): Pick<FeedCompleteness, 'tone' | 'words' | 'more'> {
  const edge = Date.parse(through)
  const lag = lagSeconds(edge / 1000, now / 1000) ?? 0
  const slowest = Math.max(...connections.map(({ pollIntervalSeconds }) => pollIntervalSeconds))
  if (isLagging(lag, slowest)) {
    return { tone: 'late', words: `Imports are ${longDuration(lag)} behind`, more: null }
  }
  const open = (window.to.getTime() - edge) / 1000
  const words =
    open > 0 ? `CloudTrail delivers with a delay: the last ${duration(open)} may still change` : ''
  return { tone: missing === '' ? 'settling' : 'late', words, more: null }
}

function spanOf(
  { completeFrom, completeThrough }: CompleteRange,
  window: { from: Date; to: Date },
  isImporting: boolean,
): Pick<FeedCompleteness, 'times' | 'missing'> & { isWhole: boolean } {
  if (completeThrough === null) return { isWhole: false, times: null, missing: '' }
  const isAhead = Date.parse(completeThrough) >= window.to.getTime()
  if (completeFrom !== null && Date.parse(completeFrom) <= window.from.getTime()) {
    const times = isAhead ? null : { from: null, through: completeThrough }
    return { isWhole: isAhead, times, missing: '' }
  }
  const earlier = isImporting
    ? 'earlier changes are still importing'
    : 'earlier changes were not imported'
  return {
    isWhole: false,
    times: { from: completeFrom, through: completeThrough },
    missing: completeFrom === null ? 'earlier data has gaps' : earlier,
  }
}
