import { Text, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useSyncExternalStore } from 'react'

export type Zone = 'local' | 'utc'

/** Which time zone times are shown in; kept in this browser. */
export function useZone(): [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: 'cairn-time-zone',
    defaultValue: 'local',
    getInitialValueInEffect: false,
  })
  return [zone, setZone]
}

/** `14:03:07`, with the date where it is not today's. */
export function formatTime(time: string | Date, zone: Zone, now = new Date()): string {
  const date = new Date(time)
  const timeZone = zone === 'utc' ? 'UTC' : undefined
  const day = (of: Date) => of.toLocaleDateString('en-CA', { timeZone })
  const clock = date.toLocaleTimeString('en-GB', { timeZone })
  if (day(date) === day(now)) return clock
  const sameYear = day(date).slice(0, 4) === day(now).slice(0, 4)
  const options = { timeZone, day: 'numeric', month: 'short' } as const
  const shown = date.toLocaleDateString('en-GB', {
    ...options,
    ...(!sameYear && { year: 'numeric' }),
  })
  return `${shown}, ${clock}`
}

/** `in 40 s`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function formatAgo(time: string | Date, now: number): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000)
  const size = Math.abs(seconds)
  const text =
    size < 90
      ? `${size} s`
      : size < 90 * 60
        ? `${Math.round(size / 60)} min`
        : size < 36 * 3600
          ? `${Math.round(size / 3600)} h`
          : `${Math.round(size / 86_400)} d`
  if (size < 2) return 'now'
  return seconds < 0 ? `in ${text}` : `${text} ago`
}

let second = Date.now()
const tick = (listener: () => void) => {
  const timer = setInterval(() => {
    second = Date.now()
    listener()
  }, 1000)
  return () => clearInterval(timer)
}

/** The time, to the second, for what counts down. */
export function useNow(): number {
  return useSyncExternalStore(tick, () => second)
}

/** A time in the reader's zone; the other zone and the exact time on hover. */
export function Time({ at, ago = false }: { at: string; ago?: boolean }) {
  const [zone] = useZone()
  const exact = `${new Date(at).toISOString()} · ${new Date(at).toLocaleString()} here`
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
