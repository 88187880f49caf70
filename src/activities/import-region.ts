import type { AwsAccess, LookupPage, RoleSession } from '../aws/access.ts'
import { AwsProblem } from '../aws/errors.ts'
import type { Pacer } from '../aws/pacer.ts'
import { storableJson } from '../changes/storable-json.ts'
import {
  CONFIRM_AFTER_SECONDS,
  type CoverageKey,
  countEvents,
  type Ledger,
  liveEdge,
  type Progress,
  recordProgress,
  recordTurn,
  retentionEdge,
  SETTLING_SECONDS,
  type Turn,
  wantedRange,
} from '../db/coverage.ts'
import { asOrganization, type Database, type Trx } from '../db/database.ts'
import { type ImportedChange, storeEvents } from '../db/imports.ts'
import { clip, seconds, subtract } from '../db/ranges.ts'
import type { ConnectionRow, CoverageRow, SecondsRange } from '../db/schema.ts'
import type { SourceEntry, UnparsedRecord } from '../db/unparsed-records.ts'
import type { VerifiedRole } from '../db/verifications.ts'
import { readRecord, storableEventId } from '../sources/cloudtrail/read-record.ts'
import { requireVerified } from './gate.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The live scan reaches no further back than this; what is older is backfill. */
const LIVE_REACH_SECONDS = HOUR
/** A gap is read in pieces: the first of this length, then longer or shorter as events are few or many. */
const FIRST_PIECE_SECONDS = 6 * HOUR
/** Below this many unconfirmed seconds a confirming scan is not worth its request. */
const CONFIRM_AT_LEAST_SECONDS = HOUR
/** A second that could not be left behind in so many tries is set aside. */
const TRIES_WITHOUT_PROGRESS = 3
/** The same for a second that fills so many pages (20,000 events) without an end. */
const PAGES_WITHOUT_PROGRESS = 400
/** A region without news is asked less and less often, down to this. */
export const QUIETEST_SECONDS = 10 * MINUTE
const QUIET_POLLS_BEFORE_SLOWING = 5
/** A region that fails is tried again after 30 s, then ever later, at most this much. */
const LONGEST_RETRY_SECONDS = 10 * MINUTE
const DENIED_RETRY_SECONDS = DAY
/** However little was settled, a scan ends this long after the deadline. */
const LONGEST_OVERTIME_MS = 6 * MINUTE * 1000

export interface RegionRun {
  db: Database
  aws: AwsAccess
  pacer: Pacer
  connection: ConnectionRow
  /** The verdict that the pages are fetched and stored under. */
  verified: VerifiedRole
  /** The session of that role. */
  session: () => Promise<RoleSession>
  /** The row as claimed: its epoch is ours. */
  row: CoverageRow
  /** The partition's global region is asked at the full rhythm even when it is quiet. */
  isGlobal: boolean
  /** Our clock, in Unix milliseconds. */
  clock: () => number
  /** No new scan is begun after this; in `clock`'s time. */
  deadline: number
  /** Ends everything at once. */
  signal: AbortSignal
}

export interface RegionResult {
  region: string
  requests: number
  throttled: number
  imported: number
  turn: Turn
  ledger: Ledger
  /** Set when the region could not be worked on to its turn's end. */
  problem: AwsProblem | null
}

type Purpose = 'live' | 'backfill' | 'confirm'

interface Work {
  purpose: Purpose
  /** In the order to be read: newest first. */
  ranges: SecondsRange[]
}

/**
 * Imports one region until nothing is due or the time is up: what is newest first, then the
 * gaps, newest first, then confirmation. Two scans run side by side over disjoint ranges, since
 * one chain of tokens cannot fill the quota while AWS takes half a second to answer.
 *
 * What AWS says no to is data: it is in the result and in the coverage row.
 *
 * @throws Fenced when another attempt has taken over; the signal's reason when aborted; Postgres'
 *   errors; what the gate throws, see `requireVerified`
 */
export async function importRegion(run: RegionRun): Promise<RegionResult> {
  return new RegionImport(run).run()
}

class RegionImport {
  readonly #run: RegionRun
  readonly #key: CoverageKey
  readonly #wantedFrom: number
  #ledger: Ledger
  /** What the scans that run now have taken for themselves. */
  #taken: SecondsRange[] = []
  #pieceSeconds = FIRST_PIECE_SECONDS
  /** How far AWS's clock is behind ours, in milliseconds; never ahead. */
  #behindMs = 0
  #liveAt: number | null
  #liveDueAt: number
  #quietPolls: number
  #requests = 0
  #throttled = 0
  #imported = 0
  #problem: AwsProblem | null = null
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
    this.#liveDueAt = this.#liveAt === null ? 0 : this.#liveAt + this.#intervalMs()
  }

  async run(): Promise<RegionResult> {
    // Settled, not all: neither lane may go on when this attempt has ended.
    const lanes = await Promise.allSettled([
      this.#lane(['live', 'backfill', 'confirm']),
      this.#lane(['backfill']),
    ])
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
    const turn = this.#turn()
    await this.#store((trx) => recordTurn(trx, this.#key, this.#run.row.epoch, turn))
    return {
      region: this.#key.region,
      requests: this.#requests,
      throttled: this.#throttled,
      imported: this.#imported,
      turn,
      ledger: this.#ledger,
      problem: this.#problem,
    }
  }

  /** A transaction of this region, which is rolled back unless the role is still verified. */
  #store<T>(work: (trx: Trx) => Promise<T>): Promise<T> {
    const { db, connection, verified } = this.#run
    const ref = { organizationId: connection.organization_id, connectionId: connection.id }
    return asOrganization(db, ref.organizationId, async (trx) => {
      await requireVerified(trx, ref, { lock: 'share', verified })
      return work(trx)
    })
  }

  /** Does one piece of work after the other. A problem in either lane ends both. */
  async #lane(purposes: Purpose[]): Promise<void> {
    while (!this.#over && this.#run.clock() < this.#run.deadline) {
      const work = this.#nextWork(purposes)
      if (!work) return
      this.#taken.push(...work.ranges)
      try {
        await this.#do(work)
      } catch (error) {
        this.#over = true
        if (!(error instanceof AwsProblem)) throw error
        this.#problem ??= error
      } finally {
        this.#taken = this.#taken.filter((range) => !work.ranges.includes(range))
      }
    }
  }

  async #do({ purpose, ranges }: Work): Promise<void> {
    const startedAt = this.#run.clock()
    let imported = 0
    for (const range of ranges) imported += await this.#scan(purpose, range)
    if (purpose === 'live') this.#liveDone(startedAt, imported)
  }

  /** What is most worth reading now, and not being read already. */
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

  /** Where the live scan begins: the live edge, unless that is too far back. */
  #liveFrom(now: number): number {
    const edge = liveEdge(this.#ledger.settled) ?? this.#wantedFrom
    return Math.min(now, Math.max(edge, now - LIVE_REACH_SECONDS, this.#wantedFrom))
  }

  /**
   * Reads a range from its newest second to its oldest and returns how many changes were new.
   * Pages come newest first: whatever is strictly newer than a page's oldest event has been read
   * whole. A page that is not in order proves nothing, and the scan has to reach its end.
   */
  async #scan(purpose: Purpose, [from, end]: SecondsRange): Promise<number> {
    const scanNow = this.#nowSeconds()
    // What is left to be read is [from, to).
    let to = end
    let imported = 0
    let pages = 0
    let tries = 0
    let settledOne = false

    for (let chain = newChain(from, to); from < to; ) {
      let page: LookupPage
      try {
        page = await this.#lookup(chain.asked, chain.nextToken)
      } catch (error) {
        const expired = error instanceof AwsProblem && error.kind === 'invalid_token'
        if (!expired || !chain.nextToken) throw error
        tries += 1
        if (tries >= TRIES_WITHOUT_PROGRESS) {
          to = await this.#setAside(to)
          tries = 0
        }
        chain = newChain(from, to)
        continue
      }
      pages += 1
      chain.pagesWithoutProgress += 1
      follow(chain, page)
      const isLast = page.nextToken === undefined
      const readTo = isLast ? from : chain.ordered ? Math.min(to, chain.oldest + 1) : to
      imported += await this.#keep(purpose, page, chain.asked, [readTo, to], scanNow)
      settledOne ||= readTo < Math.min(to, scanNow - SETTLING_SECONDS)
      if (readTo < to) {
        to = readTo
        tries = 0
        chain.pagesWithoutProgress = 0
      }
      if (chain.pagesWithoutProgress >= PAGES_WITHOUT_PROGRESS) {
        if (!chain.ordered) throw outOfOrder(this.#key.region)
        to = await this.#setAside(to)
        chain = newChain(from, to)
      }
      // A scan that ends before it has settled anything would begin at the same place again.
      const late = this.#run.clock() - this.#run.deadline
      if ((late >= 0 && settledOne) || late >= LONGEST_OVERTIME_MS) return imported
    }
    if (purpose !== 'live') this.#adjustPiece(end - from, pages)
    return imported
  }

  /** Few pages: take more at once. Many: less, so that what is newest stays first. */
  #adjustPiece(length: number, pages: number): void {
    if (pages <= 2) this.#pieceSeconds = Math.max(this.#pieceSeconds, length * 4)
    else if (pages > 40) this.#pieceSeconds = Math.max(10 * MINUTE, Math.ceil(length / 2))
  }

  /** Live scans read the settling time again and again: they get half of the quota at most. */
  #liveDone(startedAt: number, imported: number): void {
    const finishedAt = this.#run.clock()
    this.#quietPolls = imported === 0 ? this.#quietPolls + 1 : 0
    this.#liveAt = startedAt
    this.#liveDueAt = Math.max(
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

  /** Passes over the second that `to` cannot get below. Returns the new end of what is left. */
  async #setAside(to: number): Promise<number> {
    await this.#record({ setAside: [[to - 1, to]] })
    return to - 1
  }

  /** One request, sent when the quota allows it. Throttled ones are sent again. */
  async #lookup(range: SecondsRange, nextToken: string | undefined): Promise<LookupPage> {
    const { aws, pacer, connection, signal, clock } = this.#run
    let renewed = false
    for (;;) {
      await pacer.acquire(signal)
      const session = await this.#run.session()
      try {
        this.#requests += 1
        const page = await aws.lookupEvents(
          session,
          { region: this.#key.region, range, selection: this.#key.selection, nextToken },
          signal,
        )
        pacer.succeeded()
        if (page.serverTime !== undefined) {
          // The header has whole seconds, so it may lag by one without meaning anything.
          this.#behindMs = Math.max(0, clock() - page.serverTime - 1000)
        }
        return page
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
        } else {
          throw error
        }
      }
    }
  }

  /** Stores one page: its coverage, its changes and what could not be read, in one transaction. */
  async #keep(
    purpose: Purpose,
    page: LookupPage,
    asked: SecondsRange,
    done: SecondsRange,
    scanNow: number,
  ): Promise<number> {
    const { connection, row } = this.#run
    const owner = {
      organizationId: connection.organization_id,
      connectionId: connection.id,
      sourceAccount: row.account_id,
    }
    const events = readPage(page, asked, this.#key.region)
    const progress: Progress = {
      requests: 1,
      settled: clip([done], 0, scanNow - SETTLING_SECONDS),
      confirmed: clip([done], 0, scanNow - CONFIRM_AFTER_SECONDS),
    }
    const imported = await this.#store(async (trx) => {
      this.#ledger = await recordProgress(trx, this.#key, row.epoch, progress)
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

  /** How this turn ended, and when the next one is due. */
  #turn(): Turn {
    const nowMs = this.#run.clock()
    const { row } = this.#run
    const liveAt = this.#liveAt === null ? null : new Date(this.#liveAt)
    const problem = this.#problem
    if (!problem || problem.kind === 'throttled') {
      const more = this.#nextWork(['backfill', 'confirm']) !== undefined
      const throttledNow = problem ? `AWS is throttling: ${problem.message}` : null
      return {
        state: 'active',
        lastError: throttledNow,
        failures: problem ? row.failures + 1 : 0,
        nextPollAt: new Date(more || problem ? nowMs : this.#liveDueAt),
        liveAt,
        quietPolls: this.#quietPolls,
      }
    }
    const failures = row.failures + 1
    const gone = problem.kind === 'denied' || problem.kind === 'not_enabled'
    const seconds = gone
      ? DENIED_RETRY_SECONDS
      : Math.min(LONGEST_RETRY_SECONDS, 30 * 2 ** Math.min(failures - 1, 10))
    return {
      state:
        problem.kind === 'denied'
          ? 'denied'
          : problem.kind === 'not_enabled'
            ? 'not_enabled'
            : 'active',
      lastError: `${problem.code}: ${problem.message}`,
      failures,
      nextPollAt: new Date(nowMs + seconds * 1000),
      liveAt,
      quietPolls: this.#quietPolls,
    }
  }

  /** The earlier of our clock and AWS's. */
  #nowSeconds(): number {
    return Math.floor((this.#run.clock() - this.#behindMs) / 1000)
  }
}

/** One chain of tokens: requests with the same frozen range. */
interface Chain {
  asked: SecondsRange
  nextToken: string | undefined
  /** Second of the oldest event so far. */
  oldest: number
  /** Whether all events so far came newest first. */
  ordered: boolean
  pagesWithoutProgress: number
}

function newChain(from: number, to: number): Chain {
  return {
    asked: [from, to],
    nextToken: undefined,
    oldest: Number.POSITIVE_INFINITY,
    ordered: true,
    pagesWithoutProgress: 0,
  }
}

/** Takes note of a page's order and of the token to go on with. */
function follow(chain: Chain, page: LookupPage): void {
  const [from, to] = chain.asked
  for (const event of page.events) {
    const time = toSeconds(event.EventTime)
    // Outside of what was asked it says nothing about what has been read.
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
    `CloudTrail's pages of ${region} are not newest first, and the scan has no end in sight`,
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
    const reading = readRecord(event.CloudTrailEvent ?? JSON.stringify(event), {
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
    })
    if (reading.unparsed) {
      unparsed.push({ ...entry, reason: reading.unparsed.reason })
      continue
    }
    const { change } = reading
    const time = toSeconds(change.occurredAt)
    if (time >= from && time < to) {
      changes.push({ change, record: storableJson(event.CloudTrailEvent ?? entry.raw), entry })
    } else {
      unparsed.push({ ...entry, reason: 'outside_the_scan' })
    }
  }
  return { changes, unparsed }
}

/** What LookupEvents returned for an event. */
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
