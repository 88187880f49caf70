import { useSyncExternalStore } from 'react'

/** A smaller difference is within the response time and does not matter. */
const SKEW_MS = 30_000
let skew = 0

/**
 * By how much the server's clock is ahead of this computer's, in milliseconds.
 *
 * @param date the `Date` header of a response, in whole seconds
 * @param sent when the request was sent, and `received` when the response arrived, by this
 * computer's clock
 */
export function skewOf(date: string | null, sent: number, received: number): number | undefined {
  const reported = Date.parse(date ?? '')
  if (Number.isNaN(reported)) return undefined
  const ahead = reported + 500 - (sent + received) / 2
  return Math.abs(ahead) > SKEW_MS + (received - sent) / 2 ? Math.round(ahead) : 0
}

/** Learns the server's time from a response. */
export function updateServerTime(...answer: Parameters<typeof skewOf>): void {
  skew = skewOf(...answer) ?? skew
}

/** The server's time in milliseconds. This computer's clock can be wrong. */
export function serverNow(): number {
  return Date.now() + skew
}

const tick = (listener: () => void) => {
  const timer = setInterval(listener, 1000)
  return () => clearInterval(timer)
}

/** The current time, in steps of `step` milliseconds. */
export function useNow(step = 1000): number {
  return useSyncExternalStore(tick, () => Math.floor(serverNow() / step) * step)
}
