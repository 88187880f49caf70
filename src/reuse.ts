/** Longer than any check takes. A result that is pending for longer is not waited for again. */
const PENDING_MS = 60_000

/**
 * Shares a pending result with concurrent calls, and reuses it for `ms` after it has settled.
 *
 * @param ms 0 shares only pending results
 */
export function reuse<T>(ms: number, find: () => Promise<T>): () => Promise<T> {
  let last: { result: Promise<T>; from: number; until: number } | undefined
  return () => {
    const now = Date.now()
    // A clock that was set back also expires the result.
    if (!last || now < last.from || now >= last.until) {
      const current = { result: find(), from: now, until: now + PENDING_MS }
      const settle = () => {
        current.from = Date.now()
        current.until = current.from + ms
      }
      current.result.then(settle, settle)
      last = current
    }
    return last.result
  }
}
