/** Whether Cairn has all changes of a time range. Pure. */

import { type ConnectionStatus, SETTLING_SECONDS } from '../connections/status.ts'

/** Half-open range in Unix seconds. */
type SecondsRange = readonly [from: number, to: number]

export interface ConnectionFacts {
  id: string
  name: string
  status: ConnectionStatus
  statusReason: string | null
  /** The start of the look-back: older events are not imported. */
  wantedFrom: Date
  /** The live edge: null while a region has settled nothing. */
  through: Date | null
  /** What all regions have settled. */
  settled: readonly SecondsRange[]
}

/** Why a delivery was refused. */
export const REFUSALS = ['signature', 'too_large', 'throttled', 'invalid'] as const
export type Refusal = (typeof REFUSALS)[number]

/** As a part of a sentence. */
export const REFUSAL_TEXTS: Record<Refusal, string> = {
  signature: 'its signature or token is missing or wrong',
  too_large: 'it was too large',
  throttled: 'too many deliveries arrived at the same time',
  invalid: 'it could not be read',
}

export interface PushFacts {
  id: string
  kind: string
  name: string
  createdAt: Date
  lastDeliveryAt: Date | null
  /** Deliveries of the time range that could not be translated. */
  failures: number
  /** Deliveries that have arrived and are not translated yet. */
  waiting: number
  /** When a delivery or a report of the time range was refused. */
  refusedAt?: Date | null
  /** Why a delivery was refused. Null for reports. */
  refusal?: Refusal | null
}

/**
 * - `complete`: the range is imported to its end
 * - `arriving`: events of the end may still arrive, within the source's usual delay
 * - `silent`: a push source: it delivers or nothing happened, which Cairn cannot distinguish
 * - `incomplete`: something is missing, and `sentence` has the reason
 */
export const SOURCE_STATES = ['complete', 'arriving', 'silent', 'incomplete'] as const
type SourceState = (typeof SOURCE_STATES)[number]

interface SourceCompleteness {
  id: string
  kind: string
  name: string
  state: SourceState
  sentence: string
}

export interface WindowCompleteness {
  /** Whether every connection has imported the range to its end. Push sources cannot prove it. */
  isComplete: boolean
  sentence: string
  sources: SourceCompleteness[]
}

const MINUTE_MS = 60_000
/** How far past the settling time the live edge may be before it is an exception. */
const TOLERANCE_MS = 15 * MINUTE_MS

/**
 * Assesses a time range over all sources of an organization.
 *
 * @param window inclusive `from`, exclusive `to`; a `to` in the future counts as now
 */
export function assessWindow(
  window: { from: Date; to: Date },
  facts: { connections: readonly ConnectionFacts[]; pushSources: readonly PushFacts[] },
  now: Date,
): WindowCompleteness {
  const to = new Date(Math.min(window.to.getTime(), now.getTime()))
  const range = { from: window.from, to }
  const pulled = facts.connections.map((each) => assessConnection(range, each, now))
  const pushed = facts.pushSources.map((each) => assessPush(range, each, now))
  const sources = [...pulled, ...pushed]
  return {
    isComplete: pulled.length > 0 && sources.every(({ state }) => isCertain(state)),
    sentence: summarizeSources(range, pulled, pushed, now),
    sources,
  }
}

const isCertain = (state: SourceState) => state === 'complete' || state === 'silent'

function assessConnection(
  { from, to }: { from: Date; to: Date },
  facts: ConnectionFacts,
  now: Date,
): SourceCompleteness {
  const { id, name, through } = facts
  const is = (state: SourceState, sentence: string) => ({
    id,
    kind: 'aws.cloudtrail',
    name,
    state,
    sentence,
  })
  if (through === null) return is('incomplete', notReadYet(facts))
  const edge = Math.min(through.getTime(), to.getTime())
  const wanted = Math.max(from.getTime(), facts.wantedFrom.getTime())
  const missing = missingMs(facts.settled, wanted, edge)
  if (missing > 0) {
    const { status } = facts
    const cause =
      status === 'importing'
        ? 'The import of older events is in progress'
        : 'Events could not be read'
    return is(
      'incomplete',
      `Not imported: ${coarseDuration(missing)} of this time range. ${cause}.`,
    )
  }
  // The import starts at a whole second.
  const older = wanted - from.getTime()
  if (older > 1000) {
    return is('incomplete', `The lookback is too short by ${coarseDuration(older)}.`)
  }
  if (through >= to) return is('complete', 'Up to date for this time range.')
  const late = now.getTime() - through.getTime()
  const open = to.getTime() - through.getTime()
  if (late <= SETTLING_SECONDS * 1000 + TOLERANCE_MS && !isStopped(facts)) {
    return is('arriving', `Events of the last ${coarseDuration(open)} may still arrive.`)
  }
  const reason = facts.statusReason ? ` ${sentence(facts.statusReason)}` : ''
  const state = isStopped(facts) ? ` The connection is ${words(facts.status)}.` : ''
  return is(
    'incomplete',
    `Nothing is imported from the last ${coarseDuration(open)}.${state}${reason}`,
  )
}

const isStopped = ({ status }: ConnectionFacts) =>
  ['awaiting_role', 'action_needed', 'paused', 'deleting', 'behind'].includes(status)

function notReadYet({ status, statusReason }: ConnectionFacts): string {
  if (status === 'awaiting_role') return 'Not imported: no role is set.'
  if (statusReason) return `Not imported yet. ${sentence(statusReason)}`
  return 'Not imported yet.'
}

function assessPush(
  { from, to }: { from: Date; to: Date },
  facts: PushFacts,
  now: Date,
): SourceCompleteness {
  const { id, kind, name, lastDeliveryAt, createdAt, failures, waiting } = facts
  const is = (state: SourceState, sentence: string) => ({ id, kind, name, state, sentence })
  if (failures > 0) {
    const what = failures === 1 ? '1 delivery' : `${failures} deliveries`
    return is('incomplete', `${what} of this time range could not be translated.`)
  }
  if (waiting > 0) {
    const what = waiting === 1 ? '1 delivery is' : `${waiting} deliveries are`
    return is('incomplete', `${what} not translated yet.`)
  }
  if (facts.refusedAt) {
    const ago = coarseDuration(now.getTime() - facts.refusedAt.getTime())
    return is(
      'incomplete',
      facts.refusal
        ? `A delivery was refused ${ago} ago: ${REFUSAL_TEXTS[facts.refusal]}.`
        : `A report was refused ${ago} ago. The log of the pipeline has the reason.`,
    )
  }
  if (createdAt > to)
    return is('incomplete', 'Set up after this time range. It has no events from it.')
  if (lastDeliveryAt === null) {
    return is('incomplete', `No events from ${name} since it was set up. Check the webhook.`)
  }
  const ago = coarseDuration(now.getTime() - lastDeliveryAt.getTime())
  if (createdAt > from) {
    return is(
      'incomplete',
      `Set up within this time range: earlier events are missing. Last event ${ago} ago.`,
    )
  }
  if (lastDeliveryAt >= to)
    return is('complete', `Events arrived after this time range, last ${ago} ago.`)
  return is('silent', `No events from ${name} for ${ago}. No events does not mean no changes.`)
}

function summarizeSources(
  { to }: { from: Date; to: Date },
  pulled: readonly SourceCompleteness[],
  pushed: readonly SourceCompleteness[],
  now: Date,
): string {
  if (pulled.length + pushed.length === 0)
    return 'No source of changes is connected: changes may be missing.'
  const missing = [...pulled, ...pushed].filter(({ state }) => state === 'incomplete')
  if (missing.length > 0) {
    const names = missing.slice(0, 3).map(({ name }) => name)
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : ''
    return `Changes may be missing: ${names.join(', ')}${more}.`
  }
  const silent = pushed.filter(({ state }) => state === 'silent')
  const arriving = pulled.find(({ state }) => state === 'arriving')
  if (arriving) {
    const from = silent.length > 0 ? ' from AWS' : ''
    return `${arriving.sentence} Everything before is imported${from}.${silenceOf(silent)}`
  }
  if (pulled.length === 0)
    return `No AWS account is connected: Cairn has only what was sent to it.${silenceOf(silent)}`
  const what = silent.length > 0 ? 'All AWS changes' : 'All changes'
  const until = to < now ? 'before the alert' : 'up to now'
  return `${what} ${until} are imported.${silenceOf(silent)}`
}

/** What silent push sources mean for the whole, as a sentence after another one. */
function silenceOf(silent: readonly SourceCompleteness[]): string {
  if (silent.length === 0) return ''
  const [first, ...others] = silent
  const sources = others.length === 0 ? first!.name : `${silent.length} other sources`
  return ` No events from ${sources} does not mean no changes.`
}

/** The part of a range that is not settled, in milliseconds. Whole seconds count. */
function missingMs(settled: readonly SecondsRange[], from: number, to: number): number {
  const start = Math.ceil(from / 1000)
  const end = Math.floor(to / 1000)
  if (end <= start) return 0
  const read = settled.reduce(
    (sum, [first, last]) => sum + Math.max(0, Math.min(last, end) - Math.max(first, start)),
    0,
  )
  return (end - start - read) * 1000
}

/** `9 minutes`, `1 hour`, `3 days`, rounded up, so that it is never zero. */
export function coarseDuration(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS))
  if (minutes < 60) return plural(minutes, 'minute')
  if (minutes < 48 * 60) return plural(Math.round(minutes / 60), 'hour')
  return plural(Math.round(minutes / (24 * 60)), 'day')
}

const plural = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`

const words = (status: ConnectionStatus) => status.replaceAll('_', ' ')

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
