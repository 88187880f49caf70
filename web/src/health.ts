import { isLagging, lagSeconds, SETTLING_SECONDS } from '../../src/connections/status.ts'
import type { Connection, Coverage, Verification } from './client.ts'
import { counted } from './format.ts'

// What is known of a connection, in words. Everything here is a plain function of the API's answers
// and the time, so that each sentence has a test.

export type Region = Coverage['regions'][number]
export type Status = Connection['status']
export type CheckId = Verification['checks'][number]['id']

/** How much of a person's attention it wants: the colour, beside an icon and a word. */
export type Tone = 'good' | 'busy' | 'late' | 'action' | 'off'

/** From when it is told, and for whom. */
export interface When {
  /** Unix milliseconds. */
  now: number
  /** The reader's own when left out. */
  timeZone?: string | undefined
}

const SETTLING_MS = SETTLING_SECONDS * 1000

const words: Record<Status, { word: string; tone: Tone }> = {
  action_needed: { word: 'Action needed', tone: 'action' },
  behind: { word: 'Behind', tone: 'late' },
  waiting_for_aws: { word: 'Waiting for AWS', tone: 'late' },
  awaiting_role: { word: 'Waiting for role', tone: 'late' },
  verifying: { word: 'Verifying', tone: 'busy' },
  importing: { word: 'Importing', tone: 'busy' },
  current: { word: 'Up to date', tone: 'good' },
  paused: { word: 'Paused', tone: 'off' },
  deleting: { word: 'Deleting', tone: 'off' },
}

const urgency = Object.keys(words)

export function statusLabel(status: Status): { word: string; tone: Tone } {
  return words[status]
}

// Made once: comparing a thousand names by `localeCompare` makes one for each pair.
const names = new Intl.Collator(undefined, { numeric: true })

/** Those that want somebody first; names decide among equals. */
export function byUrgency(
  a: Pick<Connection, 'status' | 'name'>,
  b: Pick<Connection, 'status' | 'name'>,
): number {
  return urgency.indexOf(a.status) - urgency.indexOf(b.status) || names.compare(a.name, b.name)
}

/**
 * Many connections in a few sentences: `12 accounts. 2 need action.`, and `Up to date as of 12:03.`
 * for the rest. The time changes every minute, so it is
 * separate; empty when no connection has imported anything.
 */
export function summaryOf(
  connections: readonly Connection[],
  when: When,
): { state: string; complete: string } {
  const living = connections.filter(({ status }) => status !== 'deleting')
  if (living.length === 0) return { state: 'No accounts connected.', complete: '' }
  const counts = { acting: 0, unfinished: 0, paused: 0, verifying: 0, waiting: 0, first: 0 }
  const edges: string[] = []
  for (const { status, completeThrough } of living) {
    if (status === 'action_needed') counts.acting++
    else if (status === 'awaiting_role') counts.unfinished++
    else if (status === 'paused') counts.paused++
    else if (completeThrough !== null) edges.push(completeThrough)
    else if (status === 'verifying') counts.verifying++
    else if (status === 'waiting_for_aws') counts.waiting++
    else counts.first++
  }
  const state = [
    counted(living.length, 'account'),
    counts.acting > 0 && (counts.acting === 1 ? '1 needs action' : `${counts.acting} need action`),
    counts.unfinished > 0 && `${counts.unfinished} waiting for a role`,
    counts.verifying > 0 && `${counts.verifying} verifying`,
    counts.waiting > 0 && `${counts.waiting} waiting for AWS`,
    counts.first > 0 && `${counts.first} in the first import`,
    counts.paused > 0 && `${counts.paused} paused`,
  ]
  return {
    state: state.flatMap((sentence) => (sentence ? `${sentence}.` : [])).join(' '),
    complete: edges.length > 0 ? `Up to date as of ${clock(edges.sort()[0]!, when)}.` : '',
  }
}

/** What to know of a connection at a glance, the most pressing first; never empty. */
export function connectionSentences(
  connection: Connection,
  known: { coverage?: Coverage | undefined; verification?: Verification | undefined },
  when: When,
): string[] {
  const { coverage } = known
  const active = (coverage?.regions ?? []).filter(({ counts }) => counts)
  const sentences = [
    ...stateSentences(connection, known, when),
    ...(connection.status === 'behind' || connection.status === 'importing'
      ? active.flatMap((region) => lagSentence(region, connection, when) ?? [])
      : []),
    ...lostSentences(active, when),
    ...setAsideSentences(active, when),
    deniedSentence(coverage?.regions ?? []),
    ...excludedSentences(coverage?.regions ?? [], when),
  ]
  return sentences.filter((sentence) => sentence !== null)
}

function stateSentences(
  connection: Connection,
  known: { coverage?: Coverage | undefined; verification?: Verification | undefined },
  when: When,
): string[] {
  const { status, statusReason, since, completeThrough } = connection
  switch (status) {
    case 'awaiting_role':
      return ['No role yet. Create the role, then paste its ARN. Imports start after that.']
    case 'verifying':
      return ['Verifying the role. This takes a few seconds.']
    case 'waiting_for_aws':
      return [
        statusReason ??
          'AWS does not recognize the role yet. A new role can take a minute to become available.',
        'Cairn retries automatically.',
      ]
    case 'action_needed':
      return actionSentences(connection, known.verification)
    case 'paused':
      return [
        `Paused since ${clock(since, when)}. When you resume, Cairn imports the missed events, as far back as CloudTrail's 90-day retention allows.`,
        ...(completeThrough ? [`Up to date as of ${clock(completeThrough, when)}.`] : []),
      ]
    case 'deleting':
      return ['Deleting. The connection is removed when its running import ends.']
    case 'importing':
      return importingSentences(connection, known.coverage, when)
    case 'current':
    case 'behind':
      return [
        ...(status === 'behind' && statusReason && !known.coverage ? [`${statusReason}.`] : []),
        completeSentence(connection, when),
        ...stalled(connection, when),
      ]
  }
}

/** `Up to date as of 12:03. CloudTrail delivers events about 10 minutes late; next sync in 40 s.` */
function completeSentence({ completeThrough, nextPollAt }: Connection, when: When): string {
  const next = nextSync(nextPollAt, when)
  if (completeThrough === null) return `Import in progress; ${next}.`
  return `Up to date as of ${clock(completeThrough, when)}. CloudTrail delivers events about 10 minutes late; ${next}.`
}

function actionSentences(connection: Connection, verification?: Verification): string[] {
  const failed = verification?.checks.filter(({ state }) => state === 'failed') ?? []
  const imports =
    connection.completeThrough === null
      ? 'Nothing has been imported.'
      : 'Imports are stopped until this is fixed. Imported changes are kept.'
  const open = failed.find(({ id }) => id === 'refused_without_id' || id === 'refused_wrong_id')
  if (open?.id === 'refused_without_id')
    return [`Not safe: this role can be assumed without the external ID. ${imports}`]
  if (open) return [`Not safe: this role can be assumed with a different external ID. ${imports}`]
  const reason = failed[0]?.means ?? connection.statusReason ?? 'The role cannot be used.'
  return [`${withFullStop(reason)} ${imports}`]
}

function importingSentences(
  connection: Connection,
  coverage: Coverage | undefined,
  when: When,
): string[] {
  const { completeThrough, lookbackDays } = connection
  const progress = importProgress(coverage)
  if (!progress) return ['The first import is starting with the last hour.']
  const { percent, etaSeconds } = progress
  const left = etaSeconds === null || etaSeconds === 0 ? '' : `, about ${duration(etaSeconds)} left`
  return [
    `${percent}% of the last ${counted(lookbackDays, 'day')} imported${left}, newest first.`,
    ...(completeThrough
      ? [
          `New changes are up to date as of ${clock(completeThrough, when)}; ${nextSync(connection.nextPollAt, when)}.`,
        ]
      : []),
    ...stalled(connection, when),
  ]
}

/** A look that is long overdue means that nobody looks: imports end with the worker. */
function stalled({ nextPollAt, pollIntervalSeconds }: Connection, { now }: When): string[] {
  if (nextPollAt === null) return []
  const overdue = now - Date.parse(nextPollAt)
  if (overdue < Math.max(3 * 60_000, 3 * pollIntervalSeconds * 1000)) return []
  return [
    `The next sync was due ${duration(overdue / 1000)} ago. The Cairn worker may be down. Check its log.`,
  ]
}

function nextSync(nextPollAt: string | null, { now }: When): string {
  if (nextPollAt === null) return 'next sync soon'
  const seconds = Math.round((Date.parse(nextPollAt) - now) / 1000)
  return seconds <= 0 ? 'syncing now' : `next sync in ${duration(seconds)}`
}

/**
 * How far the look-back is imported, over all active regions; the estimate is the slowest region's.
 * Null while no region counts.
 */
export function importProgress(
  coverage: Coverage | undefined,
): { percent: number; etaSeconds: number | null } | null {
  const active = (coverage?.regions ?? []).filter(({ counts }) => counts)
  if (active.length === 0) return null
  const percent = active.reduce((sum, { backfill }) => sum + backfill.percent, 0) / active.length
  const known = active.map(({ backfill }) => backfill.etaSeconds)
  return {
    percent: Math.floor(percent),
    etaSeconds: known.includes(null) ? null : Math.max(...(known as number[])),
  }
}

/** How a region fares, in a sentence and the tone of it. */
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
function lagSentence(
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
function obstacleOf({ state, lastError }: Region): string | null {
  if (state === 'denied')
    return 'AWS denies the role access to the region. Allow it, or exclude the region'
  if (state === 'not_enabled')
    return 'the region is no longer enabled in this account. Enable it, or exclude the region'
  return lastError === null ? null : reasonOf(lastError)
}

/** AWS's error for people: what it means where that is known, and what AWS said where not. */
export function reasonOf(lastError: string): string {
  if (/throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i.test(lastError))
    return 'AWS is throttling (another tool shares the quota)'
  if (/^(TimeoutError|NetworkingError|ECONN|ENOTFOUND|EAI_AGAIN|UND_ERR)/.test(lastError))
    return 'AWS is not responding'
  if (/^(InternalFailure|InternalError|ServiceUnavailable|ServiceException)/.test(lastError))
    return 'AWS returned a server error'
  if (/^(ExpiredToken|RequestExpired)/.test(lastError)) return "Cairn's AWS session expired"
  return lastError
}

/** `2 to 9 March cannot be recovered: CloudTrail keeps events for 90 days.` One for each stretch of days. */
function lostSentences(active: readonly Region[], when: When): string[] {
  return perRange(active, ({ lost }) => daySpans(lost, when)).map(
    ([days, where]) => `${where}${days} cannot be recovered: CloudTrail keeps events for 90 days.`,
  )
}

function setAsideSentences(active: readonly Region[], when: When): string[] {
  return perRange(active, ({ setAside }) =>
    setAside.map(([from, to]) => {
      const seconds = (Date.parse(to!) - Date.parse(from!)) / 1000
      return `${counted(seconds, 'second')} from ${clock(from!, when, { seconds: true })}`
    }),
  ).map(([what, where]) => `${where}${what} skipped: could not be read after several attempts.`)
}

/** What several regions have in common is said once; which they are, unless all of them. */
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

function deniedSentence(regions: readonly Region[]): string | null {
  const names = regions
    .filter(({ state, counts }) => state === 'denied' && !counts)
    .map(({ region }) => region)
  if (names.length === 0) return null
  return `AWS denies the role access to ${listed(names)}. Not imported. Checked daily.`
}

function excludedSentences(regions: readonly Region[], when: When): string[] {
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

/** Half-open ranges as whole days that they touch, neighbours joined: `2 to 9 March`. */
function daySpans(ranges: readonly string[][], when: When): string[] {
  const spans: { from: Date; to: Date }[] = []
  for (const [from, to] of ranges) {
    const span = { from: new Date(from!), to: new Date(Date.parse(to!) - 1) }
    const last = spans.at(-1)
    if (last && dayKey(span.from, when) <= nextDayKey(last.to, when)) last.to = span.to
    else spans.push(span)
  }
  return spans.map(({ from, to }) => daySpan(from, to, when))
}

/** `2 March`, `2 to 9 March`, `27 February to 3 March`, with years where one is not this one. */
function daySpan(from: Date, to: Date, when: When): string {
  const part = (date: Date, options: Intl.DateTimeFormatOptions) =>
    formatter('en-GB', { timeZone: when.timeZone, ...options }).format(date)
  const year = (date: Date) => part(date, { year: 'numeric' })
  const thisYear = year(new Date(when.now))
  const withYear = year(from) !== thisYear || year(to) !== thisYear
  const full: Intl.DateTimeFormatOptions = {
    day: 'numeric',
    month: 'long',
    ...(withYear && { year: 'numeric' }),
  }
  if (dayKey(from, when) === dayKey(to, when)) return part(to, full)
  const sameMonth = dayKey(from, when).slice(0, 7) === dayKey(to, when).slice(0, 7)
  return `${part(from, sameMonth ? { day: 'numeric' } : full)} to ${part(to, full)}`
}

/** `2026-03-02` */
function dayKey(date: Date, { timeZone }: When): string {
  return formatter('en-CA', { timeZone }).format(date)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making one takes far longer than using it, and the sentences are made anew each second. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options])
  const made = formatters.get(key) ?? new Intl.DateTimeFormat(locale, options)
  formatters.set(key, made)
  return made
}

function nextDayKey(date: Date, when: When): string {
  return dayKey(new Date(date.getTime() + 24 * 3_600_000), when)
}

/** A stretch of the look-back, for the bar; `from` and `to` are shares of it, 0 to 1. */
export interface Segment {
  kind: 'settled' | 'gap' | 'lost' | 'set_aside' | 'settling'
  from: number
  to: number
}

/** The look-back in which a region's bar is drawn: Unix milliseconds. */
export function lookback(connection: Connection, { now }: When): { from: number; to: number } {
  const from = Date.parse(connection.createdAt) - connection.lookbackDays * 24 * 3_600_000
  return { from: Math.min(from, now - 1), to: now }
}

/** What is where in the look-back. Later kinds are drawn over earlier ones. */
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

/** The bar in words: `98% imported, 1 h 20 min missing, 2 d lost`. */
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

/** The three questions that the checks answer. */
export const questions = [
  {
    id: 'in',
    title: 'Role access',
    checks: ['arn_format', 'account_unused', 'assume_with_id', 'identity'],
  },
  {
    id: 'others',
    title: 'External ID enforced',
    checks: ['refused_without_id', 'refused_wrong_id'],
  },
  { id: 'events', title: 'CloudTrail access', checks: ['lookup_events', 'trails'] },
] as const satisfies { id: string; title: string; checks: CheckId[] }[]

export type Answer = 'passed' | 'failed' | 'running' | 'waiting' | 'unknown'

/** What the checks say to one of the questions so far. */
export function answerOf(
  question: { readonly checks: readonly CheckId[] },
  verification: Pick<Verification, 'state' | 'checks'> | undefined,
): Answer {
  const checks = (verification?.checks ?? []).filter(({ id }) => question.checks.includes(id))
  const has = (state: string) => checks.some((check) => check.state === state)
  if (has('failed')) return 'failed'
  if (verification?.state === 'running') {
    const current = verification.checks.find(({ state }) => state === 'waiting')
    if (current && question.checks.includes(current.id)) return 'running'
    return has('waiting') || checks.length < question.checks.length ? 'unknown' : 'passed'
  }
  if (has('waiting')) return 'waiting'
  // A verification that withFullStop early says nothing of the checks it did not come to.
  if (checks.length < question.checks.length) return 'unknown'
  return 'passed'
}

/** `12:03`, with the day where it is not today's. */
export function clock(at: string | Date, when: When, options: { seconds?: boolean } = {}): string {
  const date = new Date(at)
  const time = formatter('en-GB', {
    timeZone: when.timeZone,
    hour: '2-digit',
    minute: '2-digit',
    ...(options.seconds && { second: '2-digit' }),
  }).format(date)
  if (dayKey(date, when) === dayKey(new Date(when.now), when)) return time
  return `${daySpan(date, date, when)}, ${time}`
}

/** `40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const minutes = Math.floor(whole / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes < 1) return `${whole} s`
  if (hours < 1) return `${minutes} min`
  if (hours < 48) return `${hours} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`
  return `${Math.floor(hours / 24)} d${hours % 24 ? ` ${hours % 24} h` : ''}`
}

/** `14 minutes`, `3 hours`, `2 days`. */
function longDuration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return counted(Math.max(1, minutes), 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day')
}

/** As a sentence: AWS's own errors come with a full stop or without one. */
function withFullStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
