/** When a change takes effect, if that is later than the call. */

import { isStorableTime } from '../../changes/time.ts'
import type { Facts } from './facts.ts'

const DAY_MS = 24 * 3_600_000
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** KMS's default for `pendingWindowInDays`. */
const KEY_DELETION_DAYS = 30
/** `sun:03:00-sun:04:00`, in UTC. */
const WINDOW = /^(sun|mon|tue|wed|thu|fri|sat):(\d\d):(\d\d)-/i
/** A one-time schedule of Application Auto Scaling and EventBridge Scheduler. */
const AT = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)$/

/** Undefined if it takes effect at once, or the record does not show when. */
export function effectiveAtOf(facts: Facts, occurredAt: Date): Date | undefined {
  const found = scheduledTime(facts, occurredAt)
  return found !== undefined && found > occurredAt ? found : undefined
}

function scheduledTime(facts: Facts, occurredAt: Date): Date | undefined {
  const { service, plainAction, params, response } = facts
  if (service === 'kms' && plainAction === 'ScheduleKeyDeletion') {
    const days = Number(params.text('pendingWindowInDays') ?? KEY_DELETION_DAYS)
    const fallback = new Date(occurredAt.getTime() + days * DAY_MS)
    return timeOf(response.text('deletionDate')) ?? timeOf(fallback.toISOString())
  }
  if (/^(Put|BatchPut)Scheduled|^(Create|Update)Schedule$/.test(plainAction)) {
    const schedule = params.text('schedule', 'scheduleExpression')
    return timeOf(params.text('startTime')) ?? timeOf(AT.exec(schedule ?? '')?.[1])
  }
  if (/^(Upload|Import|Request)(Server)?Certificate$/.test(plainAction)) {
    return timeOf(response.object('serverCertificateMetadata').text('expiration'))
  }
  const isPending = !response.object('pendingModifiedValues').isEmpty
  const apply = params.text('applyImmediately')
  if (apply === 'true' || (apply === undefined && !isPending)) return undefined
  return nextWindow(
    response.text('preferredMaintenanceWindow') ?? params.text('preferredMaintenanceWindow'),
    occurredAt,
  )
}

/** The next start of a weekly maintenance window. */
function nextWindow(window: string | undefined, after: Date): Date | undefined {
  const [, day, hour, minute] = WINDOW.exec(window ?? '') ?? []
  if (day === undefined) return undefined
  const days = (WEEKDAYS.indexOf(day.toLowerCase()) - after.getUTCDay() + 7) % 7
  const start = new Date(after)
  start.setUTCDate(start.getUTCDate() + days)
  start.setUTCHours(Number(hour), Number(minute), 0, 0)
  if (start <= after) start.setUTCDate(start.getUTCDate() + 7)
  return start
}

/** Records write times in UTC, as RFC 3339 or as `Mar 9, 2026, 12:00:00 AM`, often without a zone. */
function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined || text.length > 40) return undefined
  const plain = text.replaceAll('\u202f', ' ')
  const zoned = /(Z|UTC|GMT|[+-]\d\d:?\d\d)$/.test(plain) ? plain : undefined
  const time = new Date(zoned ?? (/T\d\d:/.test(plain) ? `${plain}Z` : `${plain} UTC`))
  return isStorableTime(time) ? time : undefined
}
