import { asOrganization, type Database } from '../../db/database.ts'
import {
  EndsBeforeStart,
  MAX_CLOCK_SKEW_MS,
  MAX_REPORT_AGE_MS,
  noteReport,
  type StoredReport,
  storeReport,
  unknownEnvironments,
} from '../../db/reports.ts'
import { readReport } from '../../sources/deploy/change.ts'
import type { Report } from '../../sources/deploy/detail.ts'
import { presentChange } from '../changes/serialize.ts'
import { Problem, type ProblemError } from '../problems.ts'

interface AcceptedReport {
  change: Awaited<ReturnType<typeof presentChange>>
  created: boolean
  /** What was stored differently from the report. */
  warnings: string[]
}

/**
 * Stores a report, or updates the change that was stored for the same key.
 *
 * @param options.record what is stored as the original report, without credentials
 * @throws Problem 422 if its times cannot be stored
 */
export async function acceptReport(
  database: Database,
  organizationId: string,
  report: Report,
  { now, record }: { now: Date; record: unknown },
): Promise<AcceptedReport> {
  refuseReportTimes(report, now)
  return asOrganization(database, organizationId, async (trx) => {
    const change = readReport(report, now)
    const { endsAt, outcome, description, links } = report
    const environments = report.environments && change.detail.environments
    const update = { endsAt, outcome, description, links, environments }
    const stored = await storeReport(trx, organizationId, { change, update, record }).catch(
      refuseEnd,
    )
    await noteReport(trx, organizationId)
    const unknown = await unknownEnvironments(trx, change.detail.environments)
    return {
      change: await presentChange(trx, stored.row),
      created: stored.created,
      warnings: [
        ...unknown.map(
          (name) => `No environment is named "${name}". The change is stored without it.`,
        ),
        ...keptFields(report, change, stored),
      ],
    }
  })
}

/** What an update reports differently from the stored change, and does not change. */
function keptFields(
  report: Report,
  change: ReturnType<typeof readReport>,
  { row, created }: StoredReport,
): string[] {
  if (created) return []
  const hasMoved =
    report.startsAt !== undefined && report.startsAt.getTime() !== row.occurred_at.getTime()
  const kept = [
    ...(change.summary === row.summary ? [] : ['summary']),
    ...(hasMoved ? ['startsAt'] : []),
  ]
  if (kept.length === 0) return []
  const started = row.occurred_at.toISOString()
  return [
    `A change with this idempotencyKey started at ${started}. Not updated: ${kept.join(', ')}.`,
  ]
}

/** @throws Problem 422 for times that are in the future or too long ago */
export function refuseReportTimes({ startsAt, endsAt }: Report, now: Date): void {
  const errors: ProblemError[] = []
  const latest = now.getTime() + MAX_CLOCK_SKEW_MS
  const oldest = now.getTime() - MAX_REPORT_AGE_MS
  for (const [name, time] of Object.entries({ startsAt, endsAt })) {
    if (time === undefined) continue
    const pointer = `/${name}`
    if (Number.isNaN(time.getTime())) errors.push({ pointer, detail: 'Not a time.' })
    if (time.getTime() > latest) errors.push({ pointer, detail: 'Must not be in the future.' })
    if (time.getTime() < oldest)
      errors.push({ pointer, detail: 'Must be within the last 90 days.' })
  }
  if (errors.length > 0) throw invalid(errors)
}

/** @throws Problem 422 in place of `EndsBeforeStart` */
function refuseEnd(error: unknown): never {
  if (!(error instanceof EndsBeforeStart)) throw error
  throw invalid([{ pointer: '/endsAt', detail: `${error.message}. endsAt must not be before.` }])
}

function invalid(errors: ProblemError[]): Problem {
  const summary = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join(' ')
  return new Problem(422, `The request is not valid. ${summary}`, { errors })
}
