import { Text, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { serverNow, useNow } from './server-time.ts'

export type Zone = 'local' | 'utc'

/** The time zone for displayed times, stored in this browser. */
export function useZone(): [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: 'cairn-time-zone',
    defaultValue: 'local',
    getInitialValueInEffect: false,
  })
  return [zone, setZone]
}

const DAY_MS = 86_400_000

/** A date whose UTC fields are those of the zone. Faster than `Intl`: lists format each row. */
function inZone(time: string | Date | number, zone: Zone): Date {
  const date = new Date(time)
  return zone === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
}

/** The number of the day, for comparison with other days. */
export function dayNumber(time: string | Date | number, zone: Zone): number {
  return Math.floor(inZone(time, zone).getTime() / DAY_MS)
}

/** `26 Nov`, with the year where it is not this year. */
export function formatDate(time: string | Date, zone: Zone, now: Date | number): string {
  const isThisYear = inZone(time, zone).getUTCFullYear() === inZone(now, zone).getUTCFullYear()
  return new Date(time).toLocaleDateString('en-GB', {
    timeZone: zone === 'utc' ? 'UTC' : undefined,
    day: 'numeric',
    month: 'short',
    year: isThisYear ? undefined : 'numeric',
  })
}

/** `14:03:07`, with the date where it is not today's. */
export function formatTime(
  time: string | Date,
  zone: Zone,
  now: Date | number = serverNow(),
): string {
  const date = inZone(time, zone)
  if (Number.isNaN(date.getTime())) return 'Invalid date'
  const clock = date.toISOString().slice(-13, -5)
  if (dayNumber(time, zone) === dayNumber(now, zone)) return clock
  return `${formatDate(time, zone, now)}, ${clock}`
}

/** `in 40 s`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function formatAgo(time: string | Date, now: number): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000)
  if (Math.abs(seconds) < 2) return 'now'
  const text = formatSpan(Math.abs(seconds))
  return seconds < 0 ? `in ${text}` : `${text} ago`
}

/** `40 s`, `12 min`, `3 h`, `2 d`. */
export function formatSpan(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** A time in the reader's zone; the other zone and the exact time on hover. */
export function Time({ at, ago = false }: { at: string; ago?: boolean }) {
  const [zone] = useZone()
  const exact = `${new Date(at).toISOString()} · ${new Date(at).toLocaleString()} local time`
  return (
    <Tooltip label={exact} withArrow>
      <Text component="time" inherit span dateTime={at}>
        {ago ? <Ago at={at} /> : formatTime(at, zone)}
      </Text>
    </Tooltip>
  )
}

function Ago({ at }: { at: string }) {
  return formatAgo(at, useNow())
}
