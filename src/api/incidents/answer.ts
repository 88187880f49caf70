import type { z } from 'zod'
import type { ChangeFilters } from '../../db/change-filters.ts'
import { presentSetIds } from '../../db/change-sets.ts'
import { listChanges } from '../../db/changes.ts'
import type { Trx } from '../../db/database.ts'
import { environmentsOf } from '../../db/environment-links.ts'
import { answerIncident } from '../../db/incident-answer.ts'
import { loadCompleteness } from '../../db/incident-completeness.ts'
import type { ChangeRow } from '../../db/schema/changes.ts'
import type { IncidentResponse, Suspect } from '../../incidents/answer.ts'
import type { RankedIncident } from '../../incidents/incident.ts'
import { refuseCursor } from '../changes/filters.ts'
import { subjectOf, toChange } from '../changes/serialize.ts'
import { Problem } from '../problems.ts'
import type { timelineQuerySchema } from './schema.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const TIMELINE_BEFORE = 2 * HOUR_MS
const TIMELINE_AFTER = HOUR_MS
const MAX_TIMELINE = 14 * 24 * HOUR_MS

interface Shown {
  organizationId: string
  incident: RankedIncident
  query: z.output<typeof timelineQuerySchema>
  now: Date
}

/**
 * The answer to an incident, with its completeness and a page of the timeline.
 *
 * @throws Problem 422 for a window that is empty or too long, or for a cursor of another window
 */
export async function readAnswer(trx: Trx, shown: Shown) {
  const { organizationId, incident, query, now } = shown
  const window = timelineOf(incident, query, now)
  const answer = await answerIncident(trx, organizationId, incident, { now })
  const filters: ChangeFilters = { ...window, include: {}, exclude: {} }
  if (query.noise) filters.noise = query.noise === 'true'
  const { limit, cursor } = query
  const page = await listChanges(trx, filters, {
    limit,
    ...(cursor !== undefined && { cursor }),
  }).catch(refuseCursor)
  const named = [...answer.suspects, ...answer.responses].map(({ changeId }) => changeId)
  const namedRows = await changesByIds(trx, named)
  const toShown = await changeSerializer(trx, [...page.items, ...namedRows])
  const changes = new Map(namedRows.map((row) => [row.id, toShown(row)]))
  const toNamed = ({ changeId, occurredAt, summary }: Suspect | IncidentResponse) => ({
    change: changes.get(changeId) ?? null,
    changeId,
    occurredAt: occurredAt.toISOString(),
    summary,
  })
  return {
    completeness: await loadCompleteness(
      trx,
      { from: answer.searched.from, noticedAt: incident.noticedAt },
      now,
    ),
    answer: answer.answer,
    sentence: answer.sentence,
    suspects: answer.suspects.map((suspect) => ({
      ...toNamed(suspect),
      changeSetId: suspect.changeSetId,
      changesInSet: suspect.changesInSet,
      score: suspect.score,
      reasons: suspect.reasons,
    })),
    responses: answer.responses.map((response) => ({
      ...toNamed(response),
      reverses: response.reverses,
      reason: response.reason,
    })),
    searched: {
      from: answer.searched.from.toISOString(),
      to: answer.searched.to.toISOString(),
      candidates: answer.searched.candidates,
    },
    timeline: {
      from: window.from.toISOString(),
      to: window.to.toISOString(),
      items: page.items.map(toShown),
      nextCursor: page.nextCursor,
    },
  }
}

/** The earliest time at which the incident may have started, as far as it is known. */
const earliestStart = ({ startedAfter, startedAt, noticedAt }: RankedIncident) =>
  startedAfter ?? startedAt ?? noticedAt

function timelineOf(incident: RankedIncident, query: Shown['query'], now: Date) {
  const latest = Math.min(incident.noticedAt.getTime() + TIMELINE_AFTER, now.getTime())
  const to = query.to
    ? new Date(query.to)
    : new Date(Math.max(latest, incident.noticedAt.getTime() + MINUTE_MS))
  const from = query.from
    ? new Date(query.from)
    : new Date(
        Math.max(earliestStart(incident).getTime() - TIMELINE_BEFORE, to.getTime() - MAX_TIMELINE),
      )
  const refuse = (pointer: string, detail: string) => {
    throw new Problem(422, `${pointer}: ${detail}`, { errors: [{ pointer, detail }] })
  }
  if (from >= to) refuse('?from', 'Must be before `to`.')
  if (to.getTime() - from.getTime() > MAX_TIMELINE) refuse('?from', 'At most 14 days before `to`.')
  return { from, to }
}

async function changesByIds(trx: Trx, ids: string[]): Promise<ChangeRow[]> {
  if (ids.length === 0) return []
  const found = [...new Set(ids)]
  const page = await listChanges(trx, { found, include: {}, exclude: {} }, { limit: found.length })
  return page.items
}

async function changeSerializer(trx: Trx, rows: ChangeRow[]) {
  const sets = await presentSetIds(
    trx,
    rows.map((row) => row.change_set_id),
  )
  const environments = await environmentsOf(trx, rows.map(subjectOf))
  return (row: ChangeRow) => toChange(row, sets, environments)
}
