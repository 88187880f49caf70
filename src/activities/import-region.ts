import { Context } from '@temporalio/activity'
import type { AwsAccess } from '../aws/access.ts'
import { AwsProblem } from '../aws/errors.ts'
import type { Pacer } from '../aws/pacer.ts'
import type { RoleSession } from '../aws/session-cache.ts'
import { SETTLING_SECONDS } from '../connections/status.ts'
import type { Ledger, Progress, Turn } from '../db/coverage.ts'
import type { Database } from '../db/database.ts'
import { clip } from '../db/ranges.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import type { ConnectionRow, CoverageRow } from '../db/schema/connections.ts'
import type { VerifiedRole } from '../db/verifications.ts'
import { CONFIRM_AFTER_SECONDS, wantedRange } from '../db/wanted-range.ts'
import { PageRequests } from './page-requests.ts'
import { type PageEvents, readPage } from './read-page.ts'
import { RegionLedger } from './region-ledger.ts'
import { nextWork, type Purpose, type RegionWork, type Track, trackOf } from './region-plan.ts'
import { afterLiveScan, type LiveScans, mayTry, type TurnProgress, turnOf } from './region-turn.ts'
import { type DatedPage, follow, newChain, secondsOf } from './token-chain.ts'

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS

/**
 * A gap is read in pieces. The first has this length; later ones are longer where events are few,
 * and shorter where they are many.
 */
const FIRST_PIECE_SECONDS = 6 * HOUR_SECONDS
/** A second that cannot be completed in this many attempts is set aside. */
const ATTEMPTS_WITHOUT_PROGRESS = 3
/** The same for a second with this many pages (20,000 events) and no end. */
const PAGES_WITHOUT_PROGRESS = 400
/** A scan ends this long after the deadline, even if it has settled little. */
const MAX_OVERTIME_MS = 6 * MINUTE_SECONDS * 1000

interface RegionRun {
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
  readonly #wantedFrom: number
  readonly #ledger: RegionLedger
  readonly #pages: PageRequests
  /** The ranges that running scans are reading. */
  #taken: SecondsRange[] = []
  #pieceSeconds = FIRST_PIECE_SECONDS
  #live: LiveScans
  /** The error that ended each track's work in this turn. */
  readonly #problems: Partial<Record<Track, AwsProblem>> = {}
  readonly #progressed = new Set<Track>()
  #refused: AwsProblem | null = null
  #over = false

  constructor(run: RegionRun) {
    const { connection, row } = run
    this.#run = run
    this.#wantedFrom = wantedRange(connection, new Date(run.clock()))[0]
    this.#ledger = new RegionLedger(run)
    this.#pages = new PageRequests({
      aws: run.aws,
      pacer: run.pacer,
      connectionId: connection.id,
      region: row.region,
      selection: row.selection,
      session: run.session,
      clock: run.clock,
      deadline: run.deadline,
      pauseMs: run.requestPauseMs,
      signal: run.signal,
      record: (failed) => this.#ledger.record(failed),
    })
    this.#live = {
      startedAt: row.live_at?.getTime() ?? null,
      dueAt: row.live_due_at.getTime(),
      quietPolls: row.quiet_polls,
      ranThisTurn: false,
    }
  }

  async run(): Promise<RegionResult> {
    // allSettled, not all: when this attempt ends, both loops must have stopped.
    const loops = await Promise.allSettled([
      this.#runScans(['live', 'backfill', 'confirm']),
      this.#runScans(['backfill']),
    ])
    for (const loop of loops) if (loop.status === 'rejected') throw loop.reason
    const turn = this.#turn()
    await this.#ledger.recordTurn(turn)
    return {
      region: this.#run.row.region,
      requests: this.#pages.requests,
      throttled: this.#pages.throttled,
      imported: this.#ledger.imported,
      turn,
      ledger: this.#ledger.current,
      refused: this.#refused,
    }
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

  #mayTry(track: Track): boolean {
    return mayTry(track, this.#progress(), this.#run.clock())
  }

  #progress(): TurnProgress {
    return {
      row: this.#run.row,
      live: this.#live,
      problems: this.#problems,
      progressed: this.#progressed,
    }
  }

  async #do({ purpose, ranges }: RegionWork): Promise<void> {
    const startedAt = this.#run.clock()
    let imported = 0
    for (const range of ranges) imported += await this.#scan(purpose, range)
    if (purpose === 'live') {
      const scan = { startedAt, finishedAt: this.#run.clock(), imported }
      this.#live = afterLiveScan(this.#live, scan, this.#run)
    }
  }

  #nextWork(purposes: Purpose[]): RegionWork | undefined {
    return nextWork(purposes, {
      ledger: this.#ledger.current,
      wantedFrom: this.#wantedFrom,
      now: this.#nowSeconds(),
      isLiveDue: this.#run.clock() >= this.#live.dueAt,
      taken: this.#taken,
      pieceSeconds: this.#pieceSeconds,
    })
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
        page = await this.#pages.lookup(chain.asked, chain.nextToken)
      } catch (error) {
        const expired = error instanceof AwsProblem && error.kind === 'invalid_token'
        if (!expired || !chain.nextToken) throw error
        tries += 1
        if (tries >= ATTEMPTS_WITHOUT_PROGRESS) {
          to = await this.#ledger.setAside(to)
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
      const reached = chain.ordered ? Math.min(to, chain.oldest + 1) : to
      const readTo = isLast ? from : reached
      const readAt = chain.ordered ? chain.readAtSinceProgress : chain.readAt
      const claim = {
        settled: purpose === 'confirm' ? [] : clip([[readTo, to]], 0, readAt - SETTLING_SECONDS),
        confirmed: clip([[readTo, to]], 0, readAt - CONFIRM_AFTER_SECONDS),
      }
      const events = readPage(page, chain.asked, this.#run.row.region)
      this.#logReaderError(events)
      imported += await this.#ledger.storePage(purpose, events, { ...claim, takenBack })
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
        if (!chain.ordered) throw outOfOrder(this.#run.row.region)
        to = await this.#ledger.setAside(to)
        chain = newChain(from, to)
      }
      // A scan that ends before it has settled anything would start at the same place again.
      const late = this.#run.clock() - this.#run.deadline
      if ((late >= 0 && settledOne) || late >= MAX_OVERTIME_MS) return imported
    }
    // Its events are stored. Fails with a back-off, because the same range would be read next.
    if (undated) throw withoutDate(this.#run.row.region)
    if (purpose !== 'live') this.#adjustPiece(end - from, pages)
    return imported
  }

  /** A defect of the reader does not stop the import, so only the log shows where it is. */
  #logReaderError({ unparsed, readerError }: PageEvents): void {
    if (readerError === undefined) return
    const records = unparsed.filter(({ reason }) => reason === 'reader_error').length
    const { connection, row } = this.#run
    Context.current().log.error('The reader failed. The records are stored as unparsed records', {
      connectionId: connection.id,
      region: row.region,
      records,
      error: readerError,
    })
  }

  /** Few pages: larger pieces. Many pages: smaller ones, so that the newest gaps stay first. */
  #adjustPiece(length: number, pages: number): void {
    if (pages <= 2) this.#pieceSeconds = Math.max(this.#pieceSeconds, length * 4)
    else if (pages > 40) this.#pieceSeconds = Math.max(10 * MINUTE_SECONDS, Math.ceil(length / 2))
  }

  /** The result of this turn, and when the next one is due. */
  #turn(): Turn {
    return turnOf(this.#progress(), this.#run.connection, {
      now: this.#run.clock(),
      isAnswered: this.#pages.hasAnswer,
      refused: this.#refused,
      hasWork: this.#nextWork(['backfill', 'confirm']) !== undefined,
    })
  }

  /** The earlier of the local clock and AWS's. */
  #nowSeconds(): number {
    return Math.floor((this.#run.clock() - this.#pages.behindMs) / 1000)
  }
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
