import type { Connection } from '../../client.ts'
import { formatTime, type Zone } from '../../time.tsx'
import { defaultPreset, defaultSpan, type FeedSearch, type Field } from './search.ts'

export const fieldLabels: Record<Field, string> = {
  environment: 'Environment',
  service: 'Service',
  actor: 'Who',
  tool: 'Tool',
  account: 'Account',
  region: 'Region',
  action: 'Action',
  resource: 'Resource',
  outcome: 'Outcome',
  connection: 'Connection',
  source: 'Source',
  changeSet: 'Change set',
  request: 'Request',
}

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
export function question(search: FeedSearch, zone: Zone, now: Date): string {
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

export interface Completeness {
  tone: 'good' | 'waiting' | 'wrong' | 'none'
  /** When it is not the time alone that says it. */
  words: string
  /** Whose page tells more. */
  connection?: Pick<Connection, 'id' | 'name'>
}

const LATE = 30 * 60_000

/**
 * What may be missing from the window, in words, worst first. Null when there is nothing to say:
 * no connection, none of those that were chosen.
 *
 * @param to where the window ends: what is imported past there makes no difference to it
 */
export function completeness(
  completeThrough: string | null,
  connections: readonly Connection[],
  to: Date,
  now: Date,
): Completeness | null {
  if (connections.length === 0) return null
  const named = ({ id, name }: Connection) => ({ connection: { id, name } })
  const having = (...statuses: Connection['status'][]) =>
    connections.find(({ status }) => statuses.includes(status))
  const broken = having('action_needed')
  if (broken) return { tone: 'wrong', words: `${broken.name} needs action`, ...named(broken) }
  const isWhole = completeThrough !== null && Date.parse(completeThrough) >= to.getTime()
  if (isWhole) return { tone: 'good', words: 'This window is complete' }
  const behind = having('behind')
  if (behind) return { tone: 'waiting', words: `${behind.name} is behind`, ...named(behind) }
  const importing = having('importing')
  if (importing) {
    return { tone: 'waiting', words: `${importing.name} is being imported`, ...named(importing) }
  }
  const paused = having('paused')
  if (paused) return { tone: 'waiting', words: `${paused.name} is paused`, ...named(paused) }
  if (completeThrough === null) {
    const unready = having('awaiting_role', 'verifying', 'waiting_for_aws')
    return unready
      ? { tone: 'waiting', words: `${unready.name} is not connected yet`, ...named(unready) }
      : { tone: 'none', words: 'Nothing is complete yet' }
  }
  const isLate = now.getTime() - Date.parse(completeThrough) > LATE
  return { tone: isLate ? 'waiting' : 'good', words: isLate ? 'Imports are late' : '' }
}
