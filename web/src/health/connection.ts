import type { Connection, Coverage, Verification } from '../client.ts'
import { counted } from '../format.ts'
import {
  deniedSentence,
  excludedSentences,
  lagSentence,
  lostSentences,
  nextSync,
  setAsideSentences,
} from './region.ts'
import { withFullStop } from './text.ts'
import { clock, duration, type When } from './time.ts'

/** The state of a connection in sentences, the most urgent first. Never empty. */
export function connectionSentences(
  connection: Connection,
  known: { coverage?: Coverage | undefined; verification?: Verification | undefined },
  when: When,
): string[] {
  const { coverage } = known
  const active = (coverage?.regions ?? []).filter(({ counts }) => counts)
  const sentences = [
    ...stateSentences(connection, known, when),
    ...(connection.status === 'behind' || connection.status === 'importing'
      ? active.flatMap((region) => lagSentence(region, connection, when) ?? [])
      : []),
    ...lostSentences(active, when),
    ...setAsideSentences(active, when),
    deniedSentence(coverage?.regions ?? []),
    ...excludedSentences(coverage?.regions ?? [], when),
  ]
  return sentences.filter((sentence) => sentence !== null)
}

function stateSentences(
  connection: Connection,
  known: { coverage?: Coverage | undefined; verification?: Verification | undefined },
  when: When,
): string[] {
  const { status, statusReason, since, completeThrough } = connection
  switch (status) {
    case 'awaiting_role':
      return ['No role yet. Create the role, then paste its ARN. Imports start after that.']
    case 'verifying':
      return ['Verifying the role. This takes a few seconds.']
    case 'waiting_for_aws':
      return [
        statusReason ??
          'AWS does not recognize the role yet. A new role can take a minute to become available.',
        retrySentence(connection, when),
      ]
    case 'action_needed':
      return actionSentences(connection, known.verification)
    case 'paused':
      return [
        `Paused since ${clock(since, when)}. When you resume, Cairn imports the missed events, as far back as CloudTrail's 90-day retention allows.`,
        ...(completeThrough ? [`Up to date as of ${clock(completeThrough, when)}.`] : []),
      ]
    case 'deleting':
      return ['Deleting. The connection is removed when its running import ends.']
    case 'importing':
      return importingSentences(connection, known.coverage, when)
    case 'current':
    case 'behind':
      return [
        ...(status === 'behind' && statusReason && !known.coverage ? [`${statusReason}.`] : []),
        completeSentence(connection, when),
        ...stalled(connection, when),
      ]
  }
}

/** `Retrying in 8 s.` */
function retrySentence({ nextPollAt }: Connection, { now }: When): string {
  if (nextPollAt === null) return 'Cairn retries automatically.'
  const seconds = (Date.parse(nextPollAt) - now) / 1000
  return seconds < 1 ? 'Retrying now.' : `Retrying in ${duration(seconds)}.`
}

/** `Up to date as of 12:03. The last 22 min may still change; next sync in 40 s.` */
function completeSentence({ completeThrough, nextPollAt }: Connection, when: When): string {
  const next = nextSync(nextPollAt, when)
  if (completeThrough === null) return `Import in progress; ${next}.`
  const open = duration((when.now - Date.parse(completeThrough)) / 1000)
  return `Up to date as of ${clock(completeThrough, when)}. CloudTrail delivers with a delay: the last ${open} may still change; ${next}.`
}

function actionSentences(connection: Connection, verification?: Verification): string[] {
  const failed = verification?.checks.filter(({ state }) => state === 'failed') ?? []
  const imports =
    connection.completeThrough === null
      ? 'Nothing has been imported.'
      : 'Imports are stopped until this is fixed. Imported changes are kept.'
  const open = failed.find(({ id }) => id === 'refused_without_id' || id === 'refused_wrong_id')
  if (open?.id === 'refused_without_id')
    return [`Not safe: this role can be assumed without the external ID. ${imports}`]
  if (open) return [`Not safe: this role can be assumed with a different external ID. ${imports}`]
  const reason = failed[0]?.means ?? connection.statusReason ?? 'The role cannot be used.'
  return [`${withFullStop(reason)} ${imports}`]
}

function importingSentences(
  connection: Connection,
  coverage: Coverage | undefined,
  when: When,
): string[] {
  const { completeThrough, lookbackDays } = connection
  const progress = importProgress(coverage)
  if (!progress) return ['The first import is starting with the last hour.']
  const { percent, etaSeconds } = progress
  const left = etaSeconds === null || etaSeconds === 0 ? '' : `, about ${duration(etaSeconds)} left`
  return [
    `${percent}% of the last ${counted(lookbackDays, 'day')} imported${left}, newest first.`,
    ...(completeThrough
      ? [
          `New changes are up to date as of ${clock(completeThrough, when)}; ${nextSync(connection.nextPollAt, when)}.`,
        ]
      : []),
    ...stalled(connection, when),
  ]
}

/** A sync that is long overdue has several possible causes, which the worker's log shows. */
function stalled({ nextPollAt, pollIntervalSeconds }: Connection, { now }: When): string[] {
  if (nextPollAt === null) return []
  const overdue = now - Date.parse(nextPollAt)
  if (overdue < Math.max(3 * 60_000, 3 * pollIntervalSeconds * 1000)) return []
  return [
    `The next sync was due ${duration(overdue / 1000)} ago. The Cairn worker may be down, busy with other connections, or reading a second with thousands of events. Check its log.`,
  ]
}

/**
 * How far the lookback is imported, over all active regions; the estimate is the slowest region's.
 * Null while no region counts.
 */
export function importProgress(
  coverage: Coverage | undefined,
): { percent: number; etaSeconds: number | null } | null {
  const active = (coverage?.regions ?? []).filter(({ counts }) => counts)
  if (active.length === 0) return null
  const percent = active.reduce((sum, { backfill }) => sum + backfill.percent, 0) / active.length
  const known = active.map(({ backfill }) => backfill.etaSeconds)
  return {
    percent: Math.floor(percent),
    etaSeconds: known.includes(null) ? null : Math.max(...(known as number[])),
  }
}
