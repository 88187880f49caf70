import { type SqlBool, sql } from 'kysely'
import { type IncidentState, MAX_LISTED_ALERTS } from '../incidents/incident.ts'
import type { Trx } from './database.ts'
import type { IncidentAlertRow, IncidentRow } from './schema/incidents.ts'

interface IncidentList {
  items: IncidentRow[]
  /** The position after the last item; null on the last page. */
  next: IncidentPosition | null
}

export interface IncidentPosition {
  noticedAt: Date
  id: string
}

/** Newest notice first, without those that were merged into others. */
export async function listIncidents(
  trx: Trx,
  filters: { states?: IncidentState[] | undefined; environmentIds?: string[] | undefined },
  page: { limit: number; after?: IncidentPosition | undefined },
): Promise<IncidentList> {
  let query = trx.selectFrom('incidents').selectAll().where('merged_into', 'is', null)
  if (filters.states) query = query.where('state', 'in', filters.states)
  if (filters.environmentIds) {
    query = query.where(
      sql<SqlBool>`environment_id::text = ANY (${filters.environmentIds}::text[])`,
    )
  }
  if (page.after) {
    const { noticedAt, id } = page.after
    query = query.where(sql<SqlBool>`(noticed_at, id) < (${noticedAt}::timestamptz, ${id}::uuid)`)
  }
  const rows = await query
    .orderBy('noticed_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, next: last ? { noticedAt: last.noticed_at, id: last.id } : null }
}

export function findIncident(trx: Trx, id: string): Promise<IncidentRow | undefined> {
  return trx.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The newest {@link MAX_LISTED_ALERTS} alerts of an incident, the first notice first. */
export async function listAlerts(trx: Trx, incidentId: string): Promise<IncidentAlertRow[]> {
  const newestFirst = await trx
    .selectFrom('incident_alerts')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('noticed_at', 'desc')
    .orderBy('id', 'desc')
    .limit(MAX_LISTED_ALERTS)
    .execute()
  return newestFirst.reverse()
}
