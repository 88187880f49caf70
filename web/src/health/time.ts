import { counted } from '../format.ts'

/** The current time and the reader's time zone. */
export interface When {
  /** Unix milliseconds. */
  now: number
  /** Default: the time zone of the browser. */
  timeZone?: string | undefined
}

/** The days that half-open ranges touch, with adjacent days joined: `2 to 9 March`. */
export function daySpans(ranges: readonly string[][], when: When): string[] {
  const spans: { from: Date; to: Date }[] = []
  for (const [from, to] of ranges) {
    const span = { from: new Date(from!), to: new Date(Date.parse(to!) - 1) }
    const last = spans.at(-1)
    if (last && dayKey(span.from, when) <= nextDayKey(last.to, when)) last.to = span.to
    else spans.push(span)
  }
  return spans.map(({ from, to }) => daySpan(from, to, when))
}

/** `2 March`, `2 to 9 March`, `27 February to 3 March`, with years if one is not the current year. */
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

/** Cached: creating a formatter is slow, and sentences are rendered every second. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, options])
  const created = formatters.get(key) ?? new Intl.DateTimeFormat(locale, options)
  formatters.set(key, created)
  return created
}

function nextDayKey(date: Date, when: When): string {
  return dayKey(new Date(date.getTime() + 24 * 3_600_000), when)
}

/** `12:03`, with the date if it is not today. */
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
export function longDuration(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return counted(Math.max(1, minutes), 'minute')
  const hours = Math.round(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.round(hours / 24), 'day')
}
