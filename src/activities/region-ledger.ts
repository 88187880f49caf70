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
import { asOrganization, type Database, type Trx } from '../db/database.ts'
import { storeEvents } from '../db/imports.ts'
import { normalize, subtract } from '../db/ranges.ts'
import { countGapSeconds } from '../db/region-coverage.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import type { ConnectionRow, CoverageRow } from '../db/schema/connections.ts'
import type { VerifiedRole } from '../db/verifications.ts'
import { requireVerified } from './gate.ts'
import type { PageEvents } from './read-page.ts'
import type { Purpose } from './region-plan.ts'

interface LedgerOptions {
  db: Database
  connection: ConnectionRow
  /** The verdict under which pages are stored. */
  verified: VerifiedRole
  /** The row as claimed, with this attempt's epoch. */
  row: CoverageRow
  /** The local clock, in Unix milliseconds. */
  clock: () => number
}

/**
 * What one attempt writes about a region. Each method is one transaction, which is rolled back
 * unless the role is still verified and the attempt still has the row.
 */
export class RegionLedger {
  readonly #run: LedgerOptions
  readonly #key: CoverageKey
  #current: Ledger
  #imported = 0

  constructor(options: LedgerOptions) {
    const { connection, row } = options
    this.#run = options
    this.#key = {
      connectionId: connection.id,
      accountId: row.account_id,
      region: row.region,
      selection: row.selection,
    }
    this.#current = row
  }

  get current(): Ledger {
    return this.#current
  }

  /** The number of new changes so far. */
  get imported(): number {
    return this.#imported
  }

  /**
   * A failed turn is shown in the connection's status immediately, not only after the cycle. So are
   * the gaps of a region that counts from this turn on.
   */
  async recordTurn(turn: Turn): Promise<void> {
    const { row, clock } = this.#run
    const wentWrong = turn.lastError !== null || turn.state !== 'active'
    if (wentWrong) {
      await this.#store(async (trx, connection) => {
        await recordTurn(trx, this.#key, row.epoch, turn)
        await refreshStatus(trx, connection, new Date(clock()))
      }, 'update')
      return
    }
    await this.#storeCoverage(this.#hasGaps(this.#current), (trx) =>
      recordTurn(trx, this.#key, row.epoch, turn),
    )
  }

  /**
   * Sets aside the second before `to`, which could not be completed.
   *
   * @returns the new end of the remaining range
   */
  async setAside(to: number): Promise<number> {
    const { row, clock } = this.#run
    const setAside: SecondsRange[] = [[to - 1, to]]
    await this.#store(async (trx, connection) => {
      this.#current = await recordProgress(trx, this.#key, row.epoch, { setAside })
      await refreshStatus(trx, connection, new Date(clock()))
    }, 'update')
    return to - 1
  }

  /**
   * Stores one page in one transaction: its coverage, its changes, its unparsed records, and the
   * connection's status if the page leaves a gap.
   */
  async storePage(
    purpose: Purpose,
    events: PageEvents,
    claim: Pick<Progress, 'settled' | 'confirmed' | 'takenBack'>,
  ): Promise<number> {
    const { connection, row } = this.#run
    const owner = {
      organizationId: connection.organization_id,
      connectionId: connection.id,
      sourceAccount: row.account_id,
    }
    const after = withClaim(this.#current, claim)
    const counts = row.counts || after.settled.length > 0
    const imported = await this.#storeCoverage(counts && this.#hasGaps(after), async (trx) => {
      this.#current = await recordProgress(trx, this.#key, row.epoch, { requests: 1, ...claim })
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

  async record(progress: Progress): Promise<void> {
    this.#current = await this.#store((trx) =>
      recordProgress(trx, this.#key, this.#run.row.epoch, progress),
    )
  }

  #hasGaps(ledger: Pick<Ledger, 'settled' | 'set_aside'>): boolean {
    const { connection, clock } = this.#run
    return countGapSeconds(ledger, connection, new Date(clock())) > 0
  }

  /**
   * Does work that changes the region's coverage. If the connection is shown as `current` although
   * the region has gaps afterwards, the same transaction derives the status again. Otherwise a
   * shared lock is sufficient, so that the pages of several regions can be stored in parallel.
   */
  async #storeCoverage<T>(hasGaps: boolean, work: (trx: Trx) => Promise<T>): Promise<T> {
    const stored = await this.#store(async (trx, connection) => {
      // Not in this transaction: two that share the lock would wait for each other to release it.
      if (hasGaps && connection.status === 'current') return null
      return { result: await work(trx) }
    })
    if (stored) return stored.result
    return this.#store(async (trx, connection) => {
      const result = await work(trx)
      await refreshStatus(trx, connection, new Date(this.#run.clock()))
      return result
    }, 'update')
  }

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
}

/** The ledger after a page, for deciding which lock to take. Only Postgres changes the ledger. */
function withClaim(
  ledger: Ledger,
  { settled = [], takenBack }: Pick<Progress, 'settled' | 'takenBack'>,
): Pick<Ledger, 'settled' | 'set_aside'> {
  const kept = subtract(ledger.settled, takenBack?.settled ?? [])
  return {
    settled: normalize([...kept, ...settled]),
    set_aside: subtract(ledger.set_aside, settled),
  }
}
