import { setTimeout as sleep } from 'node:timers/promises'
import type { AwsAccess } from '../aws/access.ts'
import { AwsProblem, isTransient } from '../aws/errors.ts'
import type { Pacer } from '../aws/pacer.ts'
import type { RoleSession } from '../aws/session-cache.ts'
import type { Selection } from '../connections/selection.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import { sessionFailure } from './errors.ts'
import type { DatedPage } from './token-chain.ts'

/** Attempts for a request with a transient error before the region's turn fails. */
const REQUEST_ATTEMPTS = 5
const FIRST_PAUSE_MS = 250

interface RequestOptions {
  aws: AwsAccess
  pacer: Pacer
  connectionId: string
  region: string
  selection: Selection
  /** The session of the verified role. */
  session: () => Promise<RoleSession>
  /** The local clock, in Unix milliseconds. */
  clock: () => number
  /** No request is repeated after this time, in `clock`'s time. */
  deadline: number
  /** Pause before a failed request is first repeated, in milliseconds; default 250. */
  pauseMs?: number
  /** Aborts everything immediately. */
  signal: AbortSignal
  /** Stores the number of requests that have failed. */
  record: (failed: { requests: number; throttled?: number }) => Promise<void>
}

/** Requests pages of events in one region, in one turn, and dates each of them by AWS's clock. */
export class PageRequests {
  readonly #run: RequestOptions
  requests = 0
  throttled = 0
  /** Whether AWS has responded. */
  hasAnswer = false
  /**
   * How far AWS's clock is behind the local clock, in milliseconds; never negative. Only for
   * planning.
   */
  behindMs = 0
  /**
   * The newest `Date` header of this turn, Unix milliseconds: AWS's clock is at least at this time.
   */
  #serverTime: number | null = null

  constructor(options: RequestOptions) {
    this.#run = options
  }

  /**
   * Fetches one page. Throttled requests are repeated when the quota allows it; transient errors a
   * few times after a short pause.
   */
  async lookup(range: SecondsRange, nextToken: string | undefined): Promise<DatedPage> {
    const { aws, pacer, region, selection, signal, clock, record } = this.#run
    let renewed = false
    for (let tries = 1; ; ) {
      await pacer.acquire(signal)
      const sentAt = clock()
      let isSent = false
      try {
        const session = await this.#session()
        isSent = true
        this.requests += 1
        const page = await aws.lookupEvents(
          session,
          { region, range, selection, nextToken },
          signal,
        )
        pacer.succeeded()
        this.hasAnswer = true
        return { ...page, readAt: this.#readAt(sentAt, page.serverTime) }
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof AwsProblem)) throw error
        if (error.kind === 'throttled') {
          this.throttled += 1
          pacer.throttled()
          await record({ requests: 1, throttled: 1 })
          if (clock() >= this.#run.deadline) throw error
        } else if (error.kind === 'expired' && !renewed) {
          renewed = true
          aws.forget(this.#run.connectionId)
        } else if (isTransient(error)) {
          if (isSent) await record({ requests: 1 })
          if (tries >= REQUEST_ATTEMPTS || clock() >= this.#run.deadline) throw error
          const first = this.#run.pauseMs ?? FIRST_PAUSE_MS
          const pause = first * 2 ** (tries - 1) * (0.5 + Math.random() / 2)
          await sleep(pause, undefined, { signal })
          tries += 1
        } else {
          throw error
        }
      }
    }
  }

  /**
   * The role's session. An error of STS is about the role and ends the whole cycle; it does not
   * change the region's state.
   */
  async #session(): Promise<RoleSession> {
    try {
      return await this.#run.session()
    } catch (error) {
      if (!(error instanceof AwsProblem) || isTransient(error) || error.kind === 'throttled')
        throw error
      throw sessionFailure(error)
    }
  }

  /**
   * Until when a page can contain events: the earlier of the local time of the request and the
   * page's own `Date`. A page without `Date` counts as read at the newest `Date` of this turn,
   * because AWS's clock does not go back. If there is none, the page proves nothing.
   *
   * @returns Unix milliseconds, or null if the page proves nothing
   */
  #readAt(sentAt: number, serverTime: number | undefined): number | null {
    if (serverTime !== undefined) {
      this.#serverTime = Math.max(this.#serverTime ?? 0, serverTime)
      // The header has whole seconds, so a lag of up to one second is normal.
      this.behindMs = Math.max(0, this.#run.clock() - serverTime - 1000)
    }
    const there = serverTime ?? this.#serverTime
    return there === null ? null : Math.min(sentAt, there)
  }
}
