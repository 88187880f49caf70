import { setTimeout as sleep } from 'node:timers/promises'
import type { AwsAccess, LookupPage, RoleSession } from '../aws/access.ts'
import { AwsProblem, isTransient } from '../aws/errors.ts'
import type { Pacer } from '../aws/pacer.ts'
import { storableJson } from '../changes/storable-json.ts'
import { QUIETEST_SECONDS, SETTLING_SECONDS } from '../connections/status.ts'
import { refreshStatus } from '../db/connection-status.ts'
import {
  type CoverageKey,
  countEvents,
  type Ledger,
  type Progress,
  recordProgress,
  recordTurn,
  type Turn,
} from '../db/coverage.ts'
import { refusedRetrySeconds } from '../db/coverage-regions.ts'
import { asOrganization, type Database, type Trx } from '../db/database.ts'
import { storeEvents } from '../db/imports.ts'
import type { ImportedChange } from '../db/insert-changes.ts'
import { clip, seconds, subtract } from '../db/ranges.ts'
import type { ConnectionRow, CoverageRow, SecondsRange } from '../db/schema.ts'
import type { SourceEntry, UnparsedRecord } from '../db/unparsed-records.ts'
import type { VerifiedRole } from '../db/verifications.ts'
import { CONFIRM_AFTER_SECONDS, liveEdge, retentionEdge, wantedRange } from '../db/wanted-range.ts'
import { readRecord, storableEventId } from '../sources/cloudtrail/read-record.ts'
import { contextOf, READER_VERSION } from '../sources/cloudtrail/reader.ts'
import { sessionFailure } from './errors.ts'
import { requireVerified } from './gate.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

/** How far back the live scan reads. Older time is backfill. */
const LIVE_REACH_SECONDS = HOUR
/**
 * A gap is read in pieces. The first has this length; later ones are longer where events are few,
 * and shorter where they are many.
 */
const FIRST_PIECE_SECONDS = 6 * HOUR
/** With fewer unconfirmed seconds, a confirming scan is not worth a request. */
const CONFIRM_AT_LEAST_SECONDS = HOUR
/** A second that cannot be completed in this many attempts is set aside. */
const ATTEMPTS_WITHOUT_PROGRESS = 3
/** The same for a second with this many pages (20,000 events) and no end. */
const PAGES_WITHOUT_PROGRESS = 400
const QUIET_POLLS_BEFORE_SLOWING = 5
/** Delay before the first retry. It doubles up to the longest. */
const FIRST_RETRY_SECONDS = 5
const MAX_RETRY_SECONDS = 10 * MINUTE
/** Attempts for a request with a transient error before the region's turn fails. */
const REQUEST_ATTEMPTS = 5
const FIRST_PAUSE_MS = 250
/** A scan ends this long after the deadline, even if it has settled little. */
const MAX_OVERTIME_MS = 6 * MINUTE * 1000

export interface RegionRun {
  db: Database
  aws: AwsAccess
  pacer: Pacer
  connection: ConnectionRow
  /** The verdict under which pages are fetched and stored. */
  verified: VerifiedRole
  /** The session of that role. */
  session: () => Promise<RoleSession>
  /** The row as claimed, with this attempt's epoch. */
  row: CoverageRow
  /** The partition's global region is polled at the full interval even without events. */
  isGlobal: boolean
  /** The local clock, in Unix milliseconds. */
  clock: () => number
  /** No scan starts after this time, in `clock`'s time. */
  deadline: number
  /** Pause before a failed request is first repeated, in milliseconds; default 250. */
  requestPauseMs?: number
  /** Aborts everything immediately. */
  signal: AbortSignal
}

export interface RegionResult {
  region: string
  requests: number
  throttled: number
  imported: number
  turn: Turn
  ledger: Ledger
  /**
   * AWS's explicit response that the role may not read this region, or that the region is not
   * enabled.
   */
  refused: AwsProblem | null
}

type Purpose = 'live' | 'backfill' | 'confirm'
/** Work that fails and backs off together. Confirmation belongs to backfill. */
type Track = 'live' | 'backfill'

const trackOf = (purpose: Purpose): Track => (purpose === 'live' ? 'live' : 'backfill')

interface Work {
  purpose: Purpose
  /** In the order of reading: newest first. */
  ranges: SecondsRange[]
}

/**
 * Imports one region until nothing is due or the time is up: live time first, then gaps from the
 * newest to the oldest, then confirmation. Two scans run in parallel over disjoint ranges, because
 * one chain of tokens cannot use the quota while AWS takes half a second to respond.
 *
 * A region that AWS denies is part of the result and of the coverage row.
 *
 * @throws Fenced if another attempt has taken over; the signal's reason when aborted; Postgres'
 *   errors; the errors of `requireVerified`
 */
export async function importRegion(run: RegionRun): Promise<RegionResult> {
  return new RegionImport(run).run()
}

class RegionImport {
  readonly #run: RegionRun
  readonly #key: CoverageKey
  readonly #wantedFrom: number
  #ledger: Ledger
  /** The ranges that running scans are reading. */
  #taken: SecondsRange[] = []
  #pieceSeconds = FIRST_PIECE_SECONDS
  /**
   * How far AWS's clock is behind the local clock, in milliseconds; never negative. Only for
   * planning.
   */
  #behindMs = 0
  /**
   * The newest `Date` header of this turn, Unix milliseconds: AWS's clock is at least at this time.
   */
  #serverTime: number | null = null
  #liveAt: number | null
  #liveDueAt: number
  #quietPolls: number
  #requests = 0
  #throttled = 0
  #imported = 0
  #answered = false
  #liveRan = false
  /** The error that ended each track's work in this turn. */
  readonly #problems: Partial<Record<Track, AwsProblem>> = {}
  readonly #progressed = new Set<Track>()
  #refused: AwsProblem | null = null
  #over = false

  constructor(run: RegionRun) {
    const { connection, row } = run
    this.#run = run
    this.#key = {
      connectionId: connection.id,
      accountId: row.account_id,
      region: row.region,
      selection: row.selection,
    }
    this.#wantedFrom = wantedRange(connection, new Date(run.clock()))[0]
    this.#ledger = row
    this.#quietPolls = row.quiet_polls
    this.#liveAt = row.live_at?.getTime() ?? null
    this.#liveDueAt = row.live_due_at.getTime()
  }

  async run(): Promise<RegionResult> {
    // allSettled, not all: when this attempt ends, both loops must have stopped.
    const loops = await Promise.allSettled([
      this.#runScans(['live', 'backfill', 'confirm']),
      this.#runScans(['backfill']),
    ])
    for (const loop of loops) if (loop.status === 'rejected') throw loop.reason
    const turn = this.#turn()
    await this.#recordTurn(turn)
    return {
      region: this.#key.region,
      requests: this.#requests,
      throttled: this.#throttled,
      imported: this.#imported,
      turn,
      ledger: this.#ledger,
      refused: this.#refused,
    }
  }

  /** Runs a transaction of this region. It is rolled back unless the role is still verified. */
  #store<T>(
    work: (trx: Trx, connection: ConnectionRow) => Promise<T>,
    lock: 'share' | 'update' = 'share',
  ): Promise<T> {
    const { db, connection, verified } = this.#run
    const ref = { organizationId: connection.organization_id, connectionId: connection.id }
    return asOrganization(db, ref.organizationId, async (trx) => {
      const { connection: current } = await requireVerified(trx, ref, { lock, verified })
      return work(trx, current)
    })
  }

  /** A failed turn is shown in the connection's status immediately, not only after the cycle. */
  async #recordTurn(turn: Turn): Promise<void> {
    const { row, clock } = this.#run
    const wentWrong = turn.lastError !== null || turn.state !== 'active'
    await this.#store(
      async (trx, connection) => {
        await recordTurn(trx, this.#key, row.epoch, turn)
        if (wentWrong) await refreshStatus(trx, connection, new Date(clock()))
      },
      wentWrong ? 'update' : 'share',
    )
  }

  /**
   * Reads one piece of work after the other. An error ends the work of its track in this turn, in
   * both loops; if AWS denies the region, all work ends.
   */
  async #runScans(purposes: Purpose[]): Promise<void> {
    while (!this.#over && this.#run.clock() < this.#run.deadline) {
      const work = this.#nextWork(purposes.filter((purpose) => this.#mayTry(trackOf(purpose))))
      if (!work) return
      this.#taken.push(...work.ranges)
      try {
        await this.#do(work)
      } catch (error) {
        if (!(error instanceof AwsProblem)) {
          this.#over = true
          throw error
        }
        this.#problems[trackOf(work.purpose)] ??= error
        if (error.kind === 'denied' || error.kind === 'not_enabled') {
          this.#over = true
          this.#refused = error
        }
      } finally {
        this.#taken = this.#taken.filter((range) => !work.ranges.includes(range))
      }
    }
  }

  /**
   * Whether a track may run: after a failure, not again in this turn, and then not before it is
   * due.
   */
  #mayTry(track: Track): boolean {
    if (this.#problems[track]) return false
    if (track === 'live') return true
    const { backfill_failures, backfill_due_at } = this.#run.row
    if (backfill_failures === 0 || this.#progressed.has('backfill')) return true
    return (backfill_due_at?.getTime() ?? 0) <= this.#run.clock()
  }

  async #do({ purpose, ranges }: Work): Promise<void> {
    const startedAt = this.#run.clock()
    let imported = 0
    for (const range of ranges) imported += await this.#scan(purpose, range)
    if (purpose === 'live') this.#liveDone(startedAt, imported)
  }

  /** The most important work that no scan is reading. */
  #nextWork(purposes: Purpose[]): Work | undefined {
    const now = this.#nowSeconds()
    const { settled, confirmed, set_aside } = this.#ledger
    const liveFrom = this.#liveFrom(now)

    if (purposes.includes('live') && this.#run.clock() >= this.#liveDueAt) {
      const ranges = subtract([[liveFrom, now]], [...set_aside, ...this.#taken]).reverse()
      if (ranges.length > 0) return { purpose: 'live', ranges }
    }
    const busy = [...settled, ...set_aside, ...this.#taken]
    const oldest = Math.max(this.#wantedFrom, retentionEdge(new Date(now * 1000)))
    if (purposes.includes('backfill')) {
      const gap = subtract([[oldest, liveFrom]], busy).at(-1)
      if (gap) return { purpose: 'backfill', ranges: [this.#piece(gap)] }
    }
    if (purposes.includes('confirm')) {
      const old = clip(settled, oldest, now - CONFIRM_AFTER_SECONDS)
      const unconfirmed = subtract(old, [...confirmed, ...this.#taken])
      const range = unconfirmed.at(-1)
      if (range && seconds(unconfirmed) >= CONFIRM_AT_LEAST_SECONDS) {
        return { purpose: 'confirm', ranges: [this.#piece(range)] }
      }
    }
    return undefined
  }

  #piece([from, to]: SecondsRange): SecondsRange {
    return [Math.max(from, to - this.#pieceSeconds), to]
  }

  /** The start of the live scan: the live edge, unless that is too far back. */
  #liveFrom(now: number): number {
    const edge = liveEdge(this.#ledger.settled) ?? this.#wantedFrom
    return Math.min(now, Math.max(edge, now - LIVE_REACH_SECONDS, this.#wantedFrom))
  }

  /**
   * Reads a range from its newest second to its oldest and returns the number of new changes. Pages
   * arrive newest first, so everything strictly newer than a page's oldest event has been read
   * completely. A page that is out of order proves nothing and reverts what its chain has settled;
   * the scan then has to reach the end of the chain.
   */
  async #scan(purpose: Purpose, [from, end]: SecondsRange): Promise<number> {
    // The remaining range is [from, to).
    let to = end
    let imported = 0
    let pages = 0
    let tries = 0
    let settledOne = false
    let undated = false

    for (let chain = newChain(from, to); from < to; ) {
      let page: DatedPage
      try {
        page = await this.#lookup(chain.asked, chain.nextToken)
      } catch (error) {
        const expired = error instanceof AwsProblem && error.kind === 'invalid_token'
        if (!expired || !chain.nextToken) throw error
        tries += 1
        if (tries >= ATTEMPTS_WITHOUT_PROGRESS) {
          to = await this.#setAside(to)
          tries = 0
        }
        chain = newChain(from, to)
        continue
      }
      pages += 1
      undated ||= page.readAt === null
      chain.pagesWithoutProgress += 1
      const wasOrdered = chain.ordered
      follow(chain, page)
      let takenBack: Progress['takenBack']
      if (wasOrdered && !chain.ordered) {
        takenBack = chain.claimed
        chain.claimed = { settled: [], confirmed: [] }
        to = chain.asked[1]
        settledOne = false
        this.#progressed.delete(trackOf(purpose))
      }
      const isLast = page.nextToken === undefined
      const readTo = isLast ? from : chain.ordered ? Math.min(to, chain.oldest + 1) : to
      const readAt = chain.ordered ? chain.readAtSinceProgress : chain.readAt
      const claim = {
        settled: purpose === 'confirm' ? [] : clip([[readTo, to]], 0, readAt - SETTLING_SECONDS),
        confirmed: clip([[readTo, to]], 0, readAt - CONFIRM_AFTER_SECONDS),
      }
      imported += await this.#keep(purpose, page, chain.asked, { ...claim, takenBack })
      chain.claimed.settled.push(...claim.settled)
      chain.claimed.confirmed.push(...claim.confirmed)
      if (claim.settled.length + claim.confirmed.length > 0) this.#progressed.add(trackOf(purpose))
      settledOne ||= readTo < Math.min(to, readAt - SETTLING_SECONDS)
      if (readTo < to) {
        to = readTo
        tries = 0
        chain.pagesWithoutProgress = 0
        // The next page continues with the second in which this page ends.
        chain.readAtSinceProgress = secondsOf(page.readAt)
      }
      if (chain.pagesWithoutProgress >= PAGES_WITHOUT_PROGRESS) {
        if (!chain.ordered) throw outOfOrder(this.#key.region)
        to = await this.#setAside(to)
        chain = newChain(from, to)
      }
      // A scan that ends before it has settled anything would start at the same place again.
      const late = this.#run.clock() - this.#run.deadline
      if ((late >= 0 && settledOne) || late >= MAX_OVERTIME_MS) return imported
    }
    // Its events are stored. Fails with a back-off, because the same range would be read next.
    if (undated) throw withoutDate(this.#key.region)
    if (purpose !== 'live') this.#adjustPiece(end - from, pages)
    return imported
  }

  /** Few pages: larger pieces. Many pages: smaller ones, so that the newest gaps stay first. */
  #adjustPiece(length: number, pages: number): void {
    if (pages <= 2) this.#pieceSeconds = Math.max(this.#pieceSeconds, length * 4)
    else if (pages > 40) this.#pieceSeconds = Math.max(10 * MINUTE, Math.ceil(length / 2))
  }

  /** Live scans read recent seconds repeatedly, so they may use at most half of the quota. */
  #liveDone(startedAt: number, imported: number): void {
    const finishedAt = this.#run.clock()
    this.#quietPolls = imported === 0 ? this.#quietPolls + 1 : 0
    this.#liveAt = startedAt
    this.#liveRan = true
    this.#liveDueAt = alignToInterval(
      this.#run.connection,
      startedAt + this.#intervalMs(),
      startedAt + 2 * (finishedAt - startedAt),
    )
  }

  #intervalMs(): number {
    const interval = this.#run.connection.poll_interval_seconds
    const slower = this.#quietPolls - QUIET_POLLS_BEFORE_SLOWING
    if (this.#run.isGlobal || slower <= 0) return interval * 1000
    return (
      Math.max(interval, Math.min(QUIETEST_SECONDS, interval * 2 ** Math.min(slower, 10))) * 1000
    )
  }

  /**
   * Sets aside the second before `to`, which could not be completed. Returns the new end of the
   * remaining range.
   */
  async #setAside(to: number): Promise<number> {
    const { row, clock } = this.#run
    const setAside: SecondsRange[] = [[to - 1, to]]
    await this.#store(async (trx, connection) => {
      this.#ledger = await recordProgress(trx, this.#key, row.epoch, { setAside })
      await refreshStatus(trx, connection, new Date(clock()))
    }, 'update')
    return to - 1
  }

  /**
   * Fetches one page. Throttled requests are repeated when the quota allows it; transient errors a
   * few times after a short pause.
   */
  async #lookup(range: SecondsRange, nextToken: string | undefined): Promise<DatedPage> {
    const { aws, pacer, connection, signal, clock } = this.#run
    let renewed = false
    for (let tries = 1; ; ) {
      await pacer.acquire(signal)
      const sentAt = clock()
      let isSent = false
      try {
        const session = await this.#session()
        isSent = true
        this.#requests += 1
        const page = await aws.lookupEvents(
          session,
          { region: this.#key.region, range, selection: this.#key.selection, nextToken },
          signal,
        )
        pacer.succeeded()
        this.#answered = true
        return { ...page, readAt: this.#readAt(sentAt, page.serverTime) }
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof AwsProblem)) throw error
        if (error.kind === 'throttled') {
          this.#throttled += 1
          pacer.throttled()
          await this.#record({ requests: 1, throttled: 1 })
          if (clock() >= this.#run.deadline) throw error
        } else if (error.kind === 'expired' && !renewed) {
          renewed = true
          aws.forget(connection.id)
        } else if (isTransient(error)) {
          if (isSent) await this.#record({ requests: 1 })
          if (tries >= REQUEST_ATTEMPTS || clock() >= this.#run.deadline) throw error
          const first = this.#run.requestPauseMs ?? FIRST_PAUSE_MS
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
      this.#behindMs = Math.max(0, this.#run.clock() - serverTime - 1000)
    }
    const there = serverTime ?? this.#serverTime
    return there === null ? null : Math.min(sentAt, there)
  }

  /** Stores one page in one transaction: its coverage, its changes, and its unparsed records. */
  async #keep(
    purpose: Purpose,
    page: LookupPage,
    asked: SecondsRange,
    claim: Pick<Progress, 'settled' | 'confirmed' | 'takenBack'>,
  ): Promise<number> {
    const { connection, row } = this.#run
    const owner = {
      organizationId: connection.organization_id,
      connectionId: connection.id,
      sourceAccount: row.account_id,
    }
    const events = readPage(page, asked, this.#key.region)
    const imported = await this.#store(async (trx) => {
      this.#ledger = await recordProgress(trx, this.#key, row.epoch, { requests: 1, ...claim })
      const { inserted, takenOver } = await storeEvents(trx, owner, events)
      await countEvents(trx, this.#key, row.epoch, {
        events: inserted + takenOver,
        lateEvents: purpose === 'confirm' ? inserted : 0,
      })
      return inserted + takenOver
    })
    this.#imported += imported
    return imported
  }

  async #record(progress: Progress): Promise<void> {
    this.#ledger = await this.#store((trx) =>
      recordProgress(trx, this.#key, this.#run.row.epoch, progress),
    )
  }

  /** The result of this turn, and when the next one is due. */
  #turn(): Turn {
    const now = this.#run.clock()
    const { row } = this.#run
    const turn = {
      state: this.#answered ? ('active' as const) : row.state,
      answered: this.#answered,
      liveAt: this.#liveAt === null ? null : new Date(this.#liveAt),
      quietPolls: this.#quietPolls,
    }
    const refused = this.#refused
    if (refused) {
      const failures = row.live_failures + 1
      const known = row.answered_at !== null || row.settled.length > 0 || this.#answered
      const seconds = refusedRetrySeconds(known, failures)
      return {
        ...turn,
        state: refused.kind === 'denied' ? 'denied' : 'not_enabled',
        lastError: `${refused.code}: ${refused.message}`,
        liveDueAt: new Date(this.#retryAt(now, seconds)),
        liveFailures: failures,
        backfillDueAt: null,
        backfillFailures: 0,
      }
    }
    const live = this.#afterLive(now)
    const backfill = this.#afterBackfill(now)
    return {
      ...turn,
      lastError: live.error ?? backfill.error,
      liveDueAt: new Date(live.dueAt),
      liveFailures: live.failures,
      backfillDueAt: backfill.dueAt === null ? null : new Date(backfill.dueAt),
      backfillFailures: backfill.failures,
    }
  }

  #afterLive(now: number): { error: string | null; failures: number; dueAt: number } {
    const { row } = this.#run
    const problem = this.#problems.live
    if (problem) {
      const { failures, retryAt } = this.#backOff('live', row.live_failures, now)
      return { error: describeProblem(problem), failures, dueAt: retryAt }
    }
    // Not due in this turn: it still waits for its next attempt.
    if (row.live_failures > 0 && !this.#liveRan) {
      return { error: row.last_error, failures: row.live_failures, dueAt: this.#liveDueAt }
    }
    return { error: null, failures: 0, dueAt: this.#liveDueAt }
  }

  #afterBackfill(now: number): { error: string | null; failures: number; dueAt: number | null } {
    const { row } = this.#run
    const problem = this.#problems.backfill
    if (problem) {
      const { failures, retryAt } = this.#backOff('backfill', row.backfill_failures, now)
      return { error: describeProblem(problem), failures, dueAt: retryAt }
    }
    if (!this.#mayTry('backfill')) {
      const dueAt = row.backfill_due_at!.getTime()
      return { error: row.last_error, failures: row.backfill_failures, dueAt }
    }
    const more = this.#nextWork(['backfill', 'confirm']) !== undefined
    return { error: null, failures: 0, dueAt: more ? now : null }
  }

  /** Progress resets the back-off. The pacer handles throttling. */
  #backOff(track: Track, before: number, now: number): { failures: number; retryAt: number } {
    const failures = this.#progressed.has(track) ? 1 : before + 1
    if (this.#problems[track]?.kind === 'throttled') return { failures, retryAt: now }
    const seconds = FIRST_RETRY_SECONDS * 2 ** Math.min(failures - 1, 10)
    return { failures, retryAt: this.#retryAt(now, Math.min(MAX_RETRY_SECONDS, seconds)) }
  }

  /** Long waits end together with those of other regions. */
  #retryAt(now: number, seconds: number): number {
    const at = now + seconds * 1000
    const { connection } = this.#run
    return seconds < connection.poll_interval_seconds ? at : alignToInterval(connection, at, at)
  }

  /** The earlier of the local clock and AWS's. */
  #nowSeconds(): number {
    return Math.floor((this.#run.clock() - this.#behindMs) / 1000)
  }
}

/**
 * Aligns a due time to the connection's grid of poll intervals: all its regions are then due
 * together, and without events one cycle per interval is sufficient.
 *
 * @param dueAt the desired due time; moved to the grid point before it. Unix milliseconds
 * @param notBefore moved to the grid point after it
 */
export function alignToInterval(
  connection: Pick<ConnectionRow, 'id' | 'poll_interval_seconds'>,
  dueAt: number,
  notBefore: number,
): number {
  const interval = connection.poll_interval_seconds * 1000
  // The last digits of a UUID are random, which spreads connections over the interval.
  const phase = Number.parseInt(connection.id.slice(-8), 16) % interval
  const before = phase + Math.floor((dueAt - phase) / interval) * interval
  const after = phase + Math.ceil((notBefore - phase) / interval) * interval
  return Math.max(before, after)
}

function describeProblem(problem: AwsProblem): string {
  if (problem.kind === 'throttled') return `AWS is throttling: ${problem.message}`
  return `${problem.code}: ${problem.message}`
}

interface DatedPage extends LookupPage {
  /** Until when the page can contain events, Unix milliseconds; null if unknown. */
  readAt: number | null
}

/** One chain of tokens: requests with the same frozen range. */
interface Chain {
  asked: SecondsRange
  nextToken: string | undefined
  /** The second of the oldest event so far. */
  oldest: number
  /** Whether all events so far came newest first. */
  ordered: boolean
  pagesWithoutProgress: number
  /** Unix seconds: when the earliest of its pages was read, of all and since the last progress. */
  readAt: number
  readAtSinceProgress: number
  /** The progress that its pages have added to the ledger. */
  claimed: { settled: SecondsRange[]; confirmed: SecondsRange[] }
}

function newChain(from: number, to: number): Chain {
  return {
    asked: [from, to],
    nextToken: undefined,
    oldest: Number.POSITIVE_INFINITY,
    ordered: true,
    pagesWithoutProgress: 0,
    readAt: Number.POSITIVE_INFINITY,
    readAtSinceProgress: Number.POSITIVE_INFINITY,
    claimed: { settled: [], confirmed: [] },
  }
}

/** A page that proves nothing counts as read before everything. */
function secondsOf(readAt: number | null): number {
  return readAt === null ? 0 : Math.floor(readAt / 1000)
}

/** Records when a page was read, whether it is in order, and the next token. */
function follow(chain: Chain, page: DatedPage): void {
  const readAt = secondsOf(page.readAt)
  chain.readAt = Math.min(chain.readAt, readAt)
  chain.readAtSinceProgress = Math.min(chain.readAtSinceProgress, readAt)
  const [from, to] = chain.asked
  for (const event of page.events) {
    const time = toSeconds(event.EventTime)
    // An event outside the requested range proves nothing about what has been read.
    if (!(time >= from && time < to)) continue
    if (time > chain.oldest) chain.ordered = false
    chain.oldest = Math.min(chain.oldest, time)
  }
  chain.nextToken = page.nextToken
}

function toSeconds(time: Date | undefined): number {
  return time ? Math.floor(time.getTime() / 1000) : Number.NaN
}

function outOfOrder(region: string): AwsProblem {
  return new AwsProblem(
    'rejected',
    'PagesOutOfOrder',
    `CloudTrail's pages for ${region} are out of order, and the scan did not reach the last page`,
  )
}

function withoutDate(region: string): AwsProblem {
  return new AwsProblem(
    'malformed',
    'NoDate',
    `CloudTrail's responses for ${region} have no Date header, so no data can be marked as complete. A proxy or firewall between Cairn and AWS may remove the header`,
  )
}

/** Reads a page's events. One that cannot become a change is an unparsed record; none is dropped. */
export function readPage(
  page: Pick<LookupPage, 'events'>,
  [from, to]: SecondsRange,
  region: string,
): { changes: ImportedChange[]; unparsed: UnparsedRecord[] } {
  const changes: ImportedChange[] = []
  const unparsed: UnparsedRecord[] = []
  for (const event of page.events) {
    const entry = toEntry(event, region)
    const lookup = {
      eventId: event.EventId,
      eventTime: event.EventTime,
      eventName: event.EventName,
      eventSource: event.EventSource,
      username: event.Username,
      readOnly: event.ReadOnly,
      accessKeyId: event.AccessKeyId,
      resources: event.Resources?.map((resource) => ({
        resourceType: resource.ResourceType,
        resourceName: resource.ResourceName,
      })),
      region,
    }
    const reading = readRecord(event.CloudTrailEvent ?? JSON.stringify(event), lookup)
    if (reading.unparsed) {
      unparsed.push({ ...entry, reason: reading.unparsed.reason })
      continue
    }
    const { change } = reading
    const time = toSeconds(change.occurredAt)
    if (time >= from && time < to) {
      changes.push({
        change,
        readerVersion: READER_VERSION,
        record: storableJson(event.CloudTrailEvent ?? entry.raw),
        context: storableJson(contextOf(lookup)),
        entry,
      })
    } else {
      unparsed.push({ ...entry, reason: 'outside_the_scan' })
    }
  }
  return { changes, unparsed }
}

/** The entry that LookupEvents returned for an event. */
function toEntry(event: LookupPage['events'][number], region: string): SourceEntry {
  const { EventTime: time } = event
  const isStorable = time !== undefined && time.getTime() >= 0 && time.getTime() < 2 ** 48
  return {
    source: 'aws.cloudtrail',
    eventId: storableEventId(event.EventId),
    eventName: event.EventName ?? null,
    eventSource: event.EventSource ?? null,
    eventTime: isStorable ? time : null,
    username: event.Username ?? null,
    region,
    raw: JSON.stringify(event),
  }
}
