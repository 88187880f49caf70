import { isLagging, lagSeconds } from '../../../src/connections/status.ts'
import type { Connection } from '../client.ts'
import { counted } from '../format.ts'
import type { Region, Tone } from './status.ts'
import { capitalized, withFullStop } from './text.ts'
import { clock, daySpans, duration, longDuration, type When } from './time.ts'

export function nextSync(nextPollAt: string | null, { now }: When): string {
  if (nextPollAt === null) return 'next sync soon'
  const seconds = Math.round((Date.parse(nextPollAt) - now) / 1000)
  return seconds <= 0 ? 'syncing now' : `next sync in ${duration(seconds)}`
}

/** The state of a region: a sentence and its urgency. */
export function regionHealth(
  region: Region,
  connection: Connection,
  when: When,
): { tone: Tone; sentence: string } {
  if (region.state === 'excluded') return { tone: 'off', sentence: exclusionOf(region, when) }
  if (!region.counts) {
    const what =
      region.state === 'denied'
        ? 'AWS denies the role access to this region. Not imported.'
        : 'Not enabled in this account.'
    return { tone: 'off', sentence: `${what} Checked daily.` }
  }
  const late = lagSentence(region, connection, when)
  if (late) return { tone: 'late', sentence: late }
  if (region.completeThrough === null)
    return { tone: 'busy', sentence: `No data yet; ${nextSync(region.nextPollAt, when)}.` }
  const through = `up to date as of ${clock(region.completeThrough, when)}`
  if (region.backfill.percent < 100) {
    const eta = region.backfill.etaSeconds
    const left = eta === null || eta === 0 ? '' : `, about ${duration(eta)} left`
    return { tone: 'busy', sentence: `${region.backfill.percent}% imported${left}; ${through}.` }
  }
  const flaws = [
    region.lost.length > 0 && 'some data is lost',
    region.setAside.length > 0 && 'some data was skipped',
  ].filter(Boolean)
  return { tone: 'good', sentence: `${[capitalized(through), ...flaws].join('; ')}.` }
}

/** `eu-west-1 is 14 minutes behind: AWS is throttling (another tool shares the quota).` */
export function lagSentence(
  region: Region,
  { pollIntervalSeconds, status }: Connection,
  { now }: When,
): string | null {
  if (status === 'paused') return null
  const why = obstacleOf(region)
  const edge = region.completeThrough
  if (edge === null)
    return why === null ? null : withFullStop(`${region.region} has not been read yet: ${why}`)
  const behind = lagSeconds(Date.parse(edge) / 1000, now / 1000)!
  const isLate = isLagging(behind, pollIntervalSeconds) || (why !== null && behind >= 60)
  if (isLate)
    return withFullStop(
      `${region.region} is ${longDuration(behind)} behind${why === null ? '' : `: ${why}`}`,
    )
  return why === null ? null : withFullStop(`${region.region} could not be read: ${why}`)
}

/** What keeps a region that counts from being read; null when nothing does. */
function obstacleOf({ state, lastError, lastErrorKind }: Region): string | null {
  if (state === 'denied')
    return 'AWS denies the role access to the region. Allow it, or exclude the region'
  if (state === 'not_enabled')
    return 'the region is no longer enabled in this account. Enable it, or exclude the region'
  if (lastError === null || lastErrorKind === null) return lastError
  return reasons[lastErrorKind](lastError)
}

/** The reasons by kind of error. Where the kind does not show the cause, the error does. */
const reasons: Record<NonNullable<Region['lastErrorKind']>, (error: string) => string> = {
  throttled: () => 'AWS is throttling (another tool shares the quota)',
  unreachable: (error) => `AWS is not responding (${error})`,
  unavailable: () => 'AWS returned a server error',
  expired: () => "Cairn's AWS session expired",
  denied: (error) => error,
  not_enabled: (error) => error,
  invalid_token: (error) => error,
  no_credentials: (error) => `Cairn has no AWS credentials (${error})`,
  malformed: (error) => error,
  rejected: (error) => error,
}

/** `2 to 9 March cannot be recovered: CloudTrail keeps events for 90 days.` One for each stretch of days. */
export function lostSentences(active: readonly Region[], when: When): string[] {
  return perRange(active, ({ lost }) => daySpans(lost, when)).map(
    ([days, where]) => `${where}${days} cannot be recovered: CloudTrail keeps events for 90 days.`,
  )
}

export function setAsideSentences(active: readonly Region[], when: When): string[] {
  return perRange(active, ({ setAside }) =>
    setAside.map(([from, to]) => {
      const seconds = (Date.parse(to!) - Date.parse(from!)) / 1000
      return `${counted(seconds, 'second')} from ${clock(from!, when, { seconds: true })}`
    }),
  ).map(([what, where]) => `${where}${what} skipped: could not be read after several attempts.`)
}

/** Merges equal texts of several regions, with the region names unless it is all regions. */
function perRange(
  active: readonly Region[],
  rangesOf: (region: Region) => string[],
): [text: string, where: string][] {
  const regions = new Map<string, string[]>()
  for (const region of active) {
    for (const text of rangesOf(region))
      regions.set(text, [...(regions.get(text) ?? []), region.region])
  }
  return [...regions].map(([text, names]) => [
    text,
    names.length === active.length && active.length > 1 ? '' : `${listed(names)}: `,
  ])
}

export function deniedSentence(regions: readonly Region[]): string | null {
  const names = regions
    .filter(({ state, counts }) => state === 'denied' && !counts)
    .map(({ region }) => region)
  if (names.length === 0) return null
  return `AWS denies the role access to ${listed(names)}. Not imported. Checked daily.`
}

export function excludedSentences(regions: readonly Region[], when: When): string[] {
  return regions
    .filter(({ excludedBy }) => excludedBy === 'owner')
    .map((region) => `${region.region}: ${exclusionOf(region, when)}`)
}

/** `Excluded since 12:03. Not imported.` */
function exclusionOf({ excludedAt, excludedBy }: Region, when: When): string {
  if (excludedBy === 'configuration') return 'Not listed in CAIRN_REGIONS. Not imported.'
  return `Excluded since ${clock(excludedAt!, when)}. Not imported.`
}

function listed(names: string[]): string {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0]!
}
