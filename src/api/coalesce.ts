import { setTimeout as sleep } from 'node:timers/promises'

/** The pause between two signals about one key. */
const SIGNAL_PAUSE_MS = 500

/**
 * Limits work to one run per key at a time. Calls while it runs lead to one more run after it, so
 * the last run always begins after the last call.
 *
 * @param work must not reject
 */
export function coalesce(work: (key: string) => Promise<void>): (key: string) => void {
  /** By the key of a run: whether another one was requested since it began. */
  const running = new Map<string, boolean>()
  const runAll = async (key: string) => {
    for (let again = true; again; again = running.get(key)!) {
      running.set(key, false)
      await work(key)
    }
    running.delete(key)
  }
  return (key) => {
    if (running.has(key)) running.set(key, true)
    else void runAll(key)
  }
}

/**
 * Limits signals to one per key every 500 ms. The first is sent immediately, and the last one always
 * after the last call.
 *
 * @param send must not reject
 */
export function coalesceSignals(send: (key: string) => Promise<unknown>): (key: string) => void {
  return coalesce(async (key) => {
    await send(key)
    await sleep(SIGNAL_PAUSE_MS, undefined, { ref: false })
  })
}
