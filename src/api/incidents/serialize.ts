import type { IncidentAlertRow, IncidentRow, VerdictRow } from '../../db/schema/incidents.ts'
import type { RankedIncident } from '../../incidents/incident.ts'

const iso = (date: Date | null) => date?.toISOString() ?? null

export function toIncident(row: IncidentRow) {
  return {
    id: row.id,
    title: row.title,
    source: row.source,
    state: row.state,
    noticedAt: row.noticed_at.toISOString(),
    startedAt: iso(row.started_at),
    startedAfter: iso(row.started_after),
    resolvedAt: iso(row.resolved_at),
    environmentId: row.environment_id,
    services: row.services,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    mergedInto: row.merged_into,
  }
}

export function toAlert(row: IncidentAlertRow) {
  return {
    id: row.id,
    source: row.source,
    sourceId: row.source_id,
    title: row.title,
    state: row.state,
    noticedAt: row.noticed_at.toISOString(),
    reportedAt: row.reported_at.toISOString(),
    resolvedAt: iso(row.resolved_at),
    services: row.services,
    labels: row.labels,
    url: row.url,
  }
}

export function toVerdict(row: VerdictRow) {
  return {
    changeId: row.change_id,
    verdict: row.verdict,
    by: row.decided_by,
    at: row.decided_at.toISOString(),
  }
}

export function toRanked(row: IncidentRow): RankedIncident {
  return {
    title: row.title,
    noticedAt: row.noticed_at,
    startedAt: row.started_at,
    startedAfter: row.started_after,
    environmentId: row.environment_id,
    services: row.services,
  }
}
