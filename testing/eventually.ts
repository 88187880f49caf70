import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats a request until its answer is the expected one.
 *
 * @param limitMs how long; default 4 minutes
 * @throws with the last answer, after that time
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  will: (answer: T) => boolean,
  limitMs = 240_000,
): Promise<T> {
  for (const began = Date.now(); ; await sleep(250)) {
    const answer = await ask()
    if (will(answer)) return answer
    if (Date.now() - began > limitMs) {
      throw new Error(`Not within ${limitMs / 1000} s; last: ${JSON.stringify(answer)}`)
    }
  }
}
