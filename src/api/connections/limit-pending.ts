import { Problem } from '../problems.ts'

/** More than a page or a script needs at the same time. */
const MAX_PENDING = 50

/**
 * Limits how many calls to workflows an organization waits for, in each process. Each can take a
 * minute in Temporal, which all organizations share.
 *
 * @param what the calls, for the error
 * @returns runs a call. It throws Problem 429 if the limit is reached.
 */
export function limitPending(
  what: string,
): <T>(organizationId: string, call: () => Promise<T>) => Promise<T> {
  const pending = new Map<string, number>()
  return async (organizationId, call) => {
    const before = pending.get(organizationId) ?? 0
    if (before >= MAX_PENDING) {
      const detail = `The organization waits for ${before} ${what}, which is the limit. Retry when one has finished.`
      throw new Problem(429, detail, { headers: { 'retry-after': '10' } })
    }
    pending.set(organizationId, before + 1)
    try {
      return await call()
    } finally {
      const left = pending.get(organizationId)! - 1
      if (left > 0) pending.set(organizationId, left)
      else pending.delete(organizationId)
    }
  }
}
