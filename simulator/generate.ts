/** The CloudTrail records of a realistic account: a history, and live events that continue it. */

import { type Account, createAccount } from './generate/account.ts'
import {
  deployContainer,
  deployFunctions,
  deployStack,
  deployWebsite,
  deployWithCdk,
} from './generate/deploys.ts'
import { failToSignIn, useCli, useConsole } from './generate/people.ts'
import { Random } from './generate/random.ts'
import { Script, type Work } from './generate/script.ts'
import { backUp, followLoad, hum, rotateSecret, scaleService } from './generate/services.ts'
import { type Release, releaseThenTidyUp, stories } from './generate/stories.ts'
import { applyTerraform, applyTerraformTwice, planTerraform, tryOut } from './generate/terraform.ts'
import type { CloudTrailRecord, Simulator } from './types.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const DEFAULT_REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2']

/** The activity of people in each hour of the day, UTC: most of them work in Europe, one in New York. */
const OFFICE_HOURS = [
  0.02, 0.01, 0.01, 0.01, 0.02, 0.05, 0.2, 0.8, 1.4, 1.7, 1.7, 1.6, 1.4, 1.6, 1.7, 1.5, 1.1, 0.6,
  0.4, 0.3, 0.2, 0.15, 0.08, 0.04,
]
const MORNING = OFFICE_HOURS.map((weight, hour) => (hour < 13 ? weight : 0))

/** An activity of a day: how often on average, and at which hours. */
interface Habit {
  work: Work
  weekday: number
  /** Saturdays and Sundays. */
  weekend: number
  /** A weight for each hour; or once in each hour named. */
  hours: readonly number[] | { each: readonly number[] }
}

const everyHour = Array.from({ length: 24 }, (_, hour) => hour)

const habits: Habit[] = [
  { work: deployContainer, weekday: 4, weekend: 0.2, hours: OFFICE_HOURS },
  { work: deployFunctions, weekday: 4, weekend: 0.3, hours: OFFICE_HOURS },
  { work: deployWebsite, weekday: 2.5, weekend: 0.2, hours: OFFICE_HOURS },
  { work: deployStack, weekday: 1, weekend: 0, hours: OFFICE_HOURS },
  { work: deployWithCdk, weekday: 1, weekend: 0, hours: OFFICE_HOURS },
  { work: planTerraform, weekday: 3, weekend: 0.2, hours: OFFICE_HOURS },
  { work: applyTerraform, weekday: 2.5, weekend: 0.1, hours: OFFICE_HOURS },
  { work: applyTerraformTwice, weekday: 0.5, weekend: 0, hours: OFFICE_HOURS },
  { work: tryOut, weekday: 0.8, weekend: 0, hours: MORNING },
  { work: useConsole, weekday: 5, weekend: 0.7, hours: OFFICE_HOURS },
  { work: useCli, weekday: 3, weekend: 0.4, hours: OFFICE_HOURS },
  { work: failToSignIn, weekday: 0.4, weekend: 0.1, hours: OFFICE_HOURS },
  { work: followLoad, weekday: 2, weekend: 1, hours: MORNING },
  { work: scaleService, weekday: 3, weekend: 1.5, hours: OFFICE_HOURS },
  { work: hum, weekday: 1, weekend: 1, hours: { each: everyHour } },
  { work: backUp, weekday: 1, weekend: 1, hours: { each: [2] } },
  { work: rotateSecret, weekday: 0.2, weekend: 0, hours: { each: [4] } },
]

/**
 * A realistic account's CloudTrail records in [from, to), oldest first; the same for the same seed and arguments.
 *
 * Each day is generated independently, from the seed and its date: overlapping time ranges contain the same events,
 * and the future can be generated like the past. Events of global services are in us-east-1 for any list of regions.
 *
 * @param options.regions where the account has environments; default us-east-1, eu-west-1, ap-southeast-2
 */
export function generateHistory(options: {
  seed: number
  accountId: string
  from: Date
  to: Date
  regions?: string[]
}): CloudTrailRecord[] {
  const { seed, accountId, from, to, regions = DEFAULT_REGIONS } = options
  if (regions.length === 0) throw new RangeError('An account has at least one region')
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) {
    throw new RangeError('from and to must be times')
  }
  return between(createAccount(seed, accountId, regions), from.getTime(), to.getTime())
}

/**
 * The records of a deploy and of an unrelated change in the console that breaks something, from
 * `startsAt` on.
 *
 * @param options.pauseSeconds from the end of the deploy to the change in the console
 */
export function generateRelease(options: {
  seed: number
  accountId: string
  startsAt: Date
  pauseSeconds: number
}): { records: CloudTrailRecord[]; release: Release } {
  const { seed, accountId, startsAt, pauseSeconds } = options
  const at = startsAt.getTime()
  const account = createAccount(seed, accountId, DEFAULT_REGIONS)
  const random = new Random(seed, at, 'release')
  const script = new Script(account, random, at, ordinalOf(Math.floor(at / DAY_MS) + 1) - 2)
  const release = releaseThenTidyUp(script, pauseSeconds)
  return { records: script.records, release }
}

export type { Release } from './generate/stories.ts'

/** Epoch milliseconds; `to` is not included. */
function between(account: Account, from: number, to: number): CloudTrailRecord[] {
  const found: { record: CloudTrailRecord; time: number }[] = []
  // Work that began on the day before may last into this one.
  for (let day = Math.floor(from / DAY_MS) - 1; day * DAY_MS < to; day++) {
    for (const record of recordsOfDay(account, day)) {
      const time = timeOf(record)
      if (time >= from && time < to) found.push({ record, time })
    }
  }
  return found.sort((a, b) => a.time - b.time).map(({ record }) => record)
}

/** Everything that starts on a day, unordered. */
function recordsOfDay(account: Account, day: number): CloudTrailRecord[] {
  const weekday = new Date(day * DAY_MS).getUTCDay()
  const isWeekend = weekday === 0 || weekday === 6
  return habits.flatMap(({ work, hours, ...means }) => {
    const key = [account.seed, account.id, day, work.name]
    const random = new Random(...key)
    const starts = startsOf(random, hours, isWeekend ? means.weekend : means.weekday)
    return starts
      .sort((a, b) => a - b)
      .flatMap((start, index) => {
        const at = day * DAY_MS + start
        const script = new Script(account, new Random(...key, index), at, ordinalOf(day) + index)
        work(script)
        return script.records
      })
  })
}

/** More than the number of scripts of one kind on a day. */
const MAX_PER_DAY = 24

/** The number of the first script of its kind on a day; deploys began with the year 2026. */
function ordinalOf(day: number): number {
  return Math.max(0, day - Date.UTC(2026, 0) / DAY_MS) * MAX_PER_DAY + 1
}

/** Milliseconds since midnight. */
function startsOf(random: Random, hours: Habit['hours'], mean: number): number[] {
  if ('each' in hours) {
    return hours.each
      .filter(() => mean >= 1 || random.chance(mean))
      .map((hour) => hour * HOUR_MS + random.integer(0, 90) * SECOND_MS)
  }
  const total = hours.reduce((sum, weight) => sum + weight, 0)
  return Array.from({ length: random.count(mean) }, () => {
    let left = random.fraction() * total
    const hour = hours.findIndex((weight) => {
      left -= weight
      return left < 0
    })
    return hour * HOUR_MS + random.fraction() * HOUR_MS
  })
}

function timeOf({ eventTime }: CloudTrailRecord): number {
  return Date.parse(String(eventTime))
}

/** How far ahead live events are generated, in milliseconds. */
const AHEAD = HOUR_MS
/** Median of the delivery, in seconds, and how far it varies: CloudTrail's is some minutes, up to 15. */
const DELIVERY = { median: 200, sigma: 0.6, least: 40, most: 900 }
/** The time between two stories, and from the failure to its fix. */
const STORY_EVERY = 50 * MINUTE_MS

/**
 * Continues from now at the rate of the history with the same seed, in the simulator's first account or another: events
 * happen as its clock passes them, and LookupEvents shows them after 40 seconds to 15 minutes, out of order.
 *
 * With `story`, some seconds after the start, or after `storyAfterMs`, a change breaks something, among routine work:
 * its events are shown within seconds and in order. The failure is fixed later, and another story follows after 50
 * minutes.
 */
export function startLiveActivity(
  simulator: Simulator,
  options: { seed: number; story?: boolean; storyAfterMs?: number; accountId?: string },
): { stop(): void } {
  const { seed, story = false, storyAfterMs = 0, accountId = simulator.accountId } = options
  const account = createAccount(seed, accountId, DEFAULT_REGIONS)
  const began = simulator.now()
  let reached = began
  let writtenUntil = began
  const pending: { record: CloudTrailRecord; delay: number }[] = []
  let played = 0

  const write = (until: number) => {
    const random = new Random(seed, writtenUntil, 'delivery')
    for (const record of between(account, writtenUntil, until)) {
      const delay = random.around(DELIVERY.median, DELIVERY.sigma)
      pending.push({
        record,
        delay: Math.min(DELIVERY.most, Math.max(DELIVERY.least, Math.round(delay))),
      })
    }
    for (; story && began + storyAfterMs + played * STORY_EVERY < until; played++) {
      const at = began + storyAfterMs + played * STORY_EVERY
      const ordinal = ordinalOf(Math.floor(at / DAY_MS) + 1) - 1
      const script = new Script(account, new Random(seed, began, 'story', played), at, ordinal)
      stories[played % stories.length]!(script)
      for (const record of script.records) pending.push({ record, delay: 2 })
    }
    pending.sort((a, b) => timeOf(a.record) - timeOf(b.record))
    writtenUntil = until
  }

  const timer = setInterval(() => {
    const now = simulator.now()
    // If the clock was set back, wait until it has caught up.
    if (now <= reached) return
    reached = now
    if (now >= writtenUntil) write(now + AHEAD)
    const due = pending.findIndex(({ record }) => timeOf(record) > now)
    const happened = due < 0 ? pending.splice(0) : pending.splice(0, due)
    for (const { record, delay } of happened) {
      simulator.addEvents([record], { deliveryDelaySeconds: delay, accountId })
    }
  }, SECOND_MS)
  // The timer alone does not keep the process running.
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
