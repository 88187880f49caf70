import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../scripts/api.ts'
import type { Simulator } from '../simulator/index.ts'
import { addChanges, LATEST_MS } from './account.ts'
import { type Comparison, compareIds, readExport } from './compare.ts'
import { cause, clearAwsFaults } from './faults.ts'
import type { Installation } from './installation.ts'
import type { Round } from './plan.ts'

const DAY_MS = 24 * 3_600_000
const POLL_MS = 1_000
/** From the last fault to the end of the faults of the simulated AWS, at least. */
const LINGER_MS = 5_000
/** A connection that is not right after this time stays wrong: pauses between attempts grow to 10 minutes. */
const HANG_LIMIT_MS = 20 * 60_000
const MAX_LOOKBACK_DAYS = 90

export interface Stage {
  installation: Installation
  simulator: Simulator
  api: Api
  connectionId: string
  signal: AbortSignal
}

export interface RoundResult extends Comparison {
  held: number
  wanted: number
  status: string
  isRight: boolean
  seconds: number
}

interface Connection {
  status: string
  statusReason: string | null
  lookbackDays: number
  createdAt: string
}

/** Adds events, causes the faults, and compares when Cairn has recovered. */
export async function runRound(stage: Stage, round: Round, seed: number): Promise<RoundResult> {
  const { installation, simulator, signal, api, connectionId } = stage
  const began = performance.now()
  addChanges(simulator, seed, round.events)
  const route = `/connections/${connectionId}`
  const { lookbackDays } = await api.request<Connection>('GET', route)
  // One more day of history, so that there is a backfill as well.
  if (lookbackDays < MAX_LOOKBACK_DAYS)
    await api.request('PATCH', route, { lookbackDays: lookbackDays + 1 })
  // A person who clicks "Import now". The faults of this round may lose the answer.
  api.request('POST', `${route}/import`).catch(() => {})
  for (const fault of round.faults) {
    await sleep(fault.afterMs, undefined, { signal })
    await cause({ installation, simulator }, fault)
  }
  // Until all new events are delivered: later ones would be compared only in the next round.
  const untilDelivered = LATEST_MS + 1_000 - (performance.now() - began)
  await sleep(Math.max(LINGER_MS, untilDelivered), undefined, { signal })
  clearAwsFaults(simulator)
  const result = await awaitRecovery(stage)
  return { ...result, seconds: Math.round((performance.now() - began) / 100) / 10 }
}

/**
 * Waits until the connection is current and everything that LookupEvents shows now is imported.
 *
 * @returns the last comparison: of that moment, or when time is up
 */
async function awaitRecovery(stage: Stage): Promise<Omit<RoundResult, 'seconds'>> {
  const { api, signal, connectionId } = stage
  let wanted: string[] | undefined
  let lastError: unknown
  for (const deadline = Date.now() + HANG_LIMIT_MS; ; await sleep(POLL_MS, undefined, { signal })) {
    const isTooLate = Date.now() > deadline
    try {
      const connection = await api.request<Connection>('GET', `/connections/${connectionId}`)
      const { status, statusReason } = connection
      wanted ??= wantedIds(stage, connection)
      if (status !== 'current' && !isTooLate) continue
      const found = await compare(stage, wanted)
      const isWrong = found.duplicate.length > 0 || found.unknown.length > 0
      const isRight = status === 'current' && found.missing.length === 0 && !isWrong
      if (!isRight && !isWrong && !isTooLate) continue
      const held = stage.simulator.ledger.count()
      const shown = statusReason === null ? status : `${status}: ${statusReason}`
      return { ...found, held, wanted: wanted.length, status: shown, isRight }
    } catch (error) {
      signal.throwIfAborted()
      // A part may still be starting.
      lastError = error
      if (isTooLate) throw lastError
    }
  }
}

function wantedIds({ simulator }: Stage, { createdAt, lookbackDays }: Connection): string[] {
  const from = new Date(Date.parse(createdAt) - lookbackDays * DAY_MS)
  return simulator.ledger.eventIds({ selection: 'changes', deliveredOnly: true, from })
}

async function compare({ api, installation, simulator, connectionId }: Stage, wanted: string[]) {
  const route = `/api/v1/changes/export?format=ndjson&connection=${connectionId}`
  const imported = readExport(await api.text(`${installation.url}${route}`))
  return compareIds({ wanted, held: simulator.ledger.eventIds(), imported })
}
