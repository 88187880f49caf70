import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does work in rounds until stopped. A round that fails does not end it, and one that `stop` aborts
 * reports nothing.
 *
 * @param options.round one round; its signal aborts when `stop` is called
 * @param options.onFailure called with the reason once per outage, not once per round
 * @param options.onRecovery called when a round succeeds after a failed one
 * @param options.pauseMs the pause after a round, in milliseconds
 * @returns `stop` waits for the current round to end
 */
export function repeat(options: {
  round(signal: AbortSignal): Promise<unknown>
  onFailure(reason: string): void
  onRecovery?(): void
  pauseMs(failed: boolean): number
}): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    let problem: string | null = null
    while (!signal.aborted) {
      const found = await options.round(signal).then(
        () => null,
        (error) => (error instanceof Error ? error.message : String(error)),
      )
      if (signal.aborted) return
      if (found !== null && found !== problem) options.onFailure(found)
      if (found === null && problem !== null) options.onRecovery?.()
      problem = found
      await sleep(options.pauseMs(found !== null), undefined, { signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
