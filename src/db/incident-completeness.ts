import { assessWindow, type WindowCompleteness } from '../incidents/completeness.ts'
import { importedRanges } from './complete-range.ts'
import { shownStatus } from './connection-status.ts'
import { listConnections } from './connections.ts'
import type { Trx } from './database.ts'
import { findReportSource, listPushSources } from './push-sources.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Clocks differ: a change this soon after the notice can be its cause. */
const GRACE = 2 * MINUTE_MS
/** Deliveries after this time are about later changes. */
const DELIVERED_WITHIN = DAY_MS

/** Whether Cairn has all changes from the start of the search to the notice, as of now. */
export async function loadCompleteness(
  trx: Trx,
  { from, noticedAt }: { from: Date; noticedAt: Date },
  now: Date,
): Promise<WindowCompleteness> {
  const ranges = await importedRanges(trx)
  const connections = (await listConnections(trx))
    .filter((row) => row.deleted_at === null)
    .map((row) => {
      const { status, statusReason } = shownStatus(row, now)
      const { through = null, settled = [] } = ranges.get(row.id) ?? {}
      const wantedFrom = new Date(row.created_at.getTime() - row.lookback_days * DAY_MS)
      return { id: row.id, name: row.name, status, statusReason, wantedFrom, through, settled }
    })
  const to = new Date(noticedAt.getTime() + GRACE)
  const delivered = new Date(Math.min(now.getTime(), noticedAt.getTime() + DELIVERED_WITHIN))
  const pushSources = await listPushSources(trx, { from, to: delivered })
  const reports = await findReportSource(trx, { from, to: delivered })
  if (reports) pushSources.push(reports)
  return assessWindow({ from, to }, { connections, pushSources }, now)
}
