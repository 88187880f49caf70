/** How much of a pool one organization may use in this process. */
export interface OrganizationLimits {
  /** The number of transactions that run at the same time. */
  running: number
  /** The number of transactions that may wait. */
  waiting: number
  /** How long a transaction waits, in milliseconds. */
  waitMs: number
}

/** The organization runs its maximum number of transactions, and the queue is full. */
export class OrganizationBusy extends Error {
  override readonly name = 'OrganizationBusy'
  /** When a retry may succeed. */
  readonly retryAfterSeconds: number

  constructor(limits: OrganizationLimits) {
    super(
      `The organization has ${limits.running} database transactions running and others waiting for them`,
    )
    this.retryAfterSeconds = Math.max(1, Math.ceil(limits.waitMs / 1000))
  }
}

interface Waiter {
  start: () => void
}

interface Line {
  running: number
  waiting: Waiter[]
}

/**
 * Prevents one organization from occupying a whole pool: each runs a few transactions at a time, a
 * few more wait in order of arrival, and the rest fail immediately. Organizations do not wait for
 * each other.
 *
 * p-limit and p-queue limit neither the length of the queue nor the waiting time, which is most of
 * what this class does.
 */
export class OrganizationQueue {
  readonly #limits: OrganizationLimits
  readonly #lines = new Map<string, Line>()

  constructor(limits: OrganizationLimits) {
    this.#limits = limits
  }

  /**
   * Runs `work` when it is this organization's turn.
   *
   * @param signal ends the wait, not `work`
   * @throws OrganizationBusy; the signal's reason
   */
  async run<T>(
    organizationId: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const line = this.#lines.get(organizationId) ?? { running: 0, waiting: [] }
    this.#lines.set(organizationId, line)
    if (line.running < this.#limits.running) line.running++
    else await this.#wait(line, signal)
    try {
      return await work()
    } finally {
      const next = line.waiting.shift()
      // The next one takes this place over, so the number of running transactions stays the same.
      if (next) next.start()
      else if (--line.running === 0) this.#lines.delete(organizationId)
    }
  }

  #wait(line: Line, signal: AbortSignal | undefined): Promise<void> {
    if (line.waiting.length >= this.#limits.waiting) throw new OrganizationBusy(this.#limits)
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const leave = (reason: unknown) => {
        stop()
        line.waiting.splice(line.waiting.indexOf(waiter), 1)
        reject(reason)
      }
      const waiter: Waiter = {
        start() {
          stop()
          resolve()
        },
      }
      const onAbort = () => leave(signal!.reason)
      const timer = setTimeout(() => leave(new OrganizationBusy(this.#limits)), this.#limits.waitMs)
      signal?.addEventListener('abort', onAbort)
      line.waiting.push(waiter)
    })
  }
}
