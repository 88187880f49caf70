const MAX_FAILURES = 3

/**
 * Starts or signals workflows, one after another. One that fails does not delay the others, but if
 * Temporal is unavailable, each call would wait for its timeout: after three failures in a row, the
 * rest is left to the next round.
 *
 * @param start returns whether it succeeded
 */
export async function startEach<T>(
  items: Iterable<T>,
  start: (item: T) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0
  for (const item of items) {
    if (signal.aborted) return
    failures = (await start(item)) ? 0 : failures + 1
    if (failures === MAX_FAILURES) return
  }
}
