import { sql } from 'kysely'
import { combineAlerts } from '../incidents/combine.ts'
import { INCIDENT_STATES, type IncidentEvent } from '../incidents/incident.ts'
import { type AlertFields, compileMapping, mapAlert } from '../incidents/mapping.ts'
import {
  endsBefore,
  groupingKey,
  isRelated,
  isSameAlert,
  RELATED_MINUTES,
} from '../incidents/related.ts'
import type { Trx } from './database.ts'
import type { EditableField, IncidentAlertRow, IncidentRow } from './schema/incidents.ts'
import { listServiceMappings, toMapping } from './service-mappings.ts'
import { inSlices } from './slices.ts'

/** The result of one event. */
interface AppliedEvent {
  incidentId: string
  /** Whether the event created the incident. */
  created: boolean
}

/**
 * Stores what alert sources reported. Repeated events change nothing, and an older event never
 * replaces what a newer one reported. An alert that is new joins a related incident, see
 * {@link isRelated}, or becomes one. Only one transaction per organization does this at a time.
 *
 * @returns one result per event, in the same order
 */
export async function applyIncidentEvents(
  trx: Trx,
  organizationId: string,
  events: readonly IncidentEvent[],
): Promise<AppliedEvent[]> {
  if (events.length === 0) return []
  await lockIncidents(trx, organizationId)
  const mapToEnvironment = await loadMapping(trx)
  const results: AppliedEvent[] = []
  for (const event of events) {
    results.push(await applyEvent(trx, organizationId, event, mapToEnvironment))
  }
  return results
}

/** Merging, splitting and applying events depend on all incidents of the organization. */
export async function lockIncidents(trx: Trx, organizationId: string): Promise<void> {
  const key = `incidents/${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx)
}

type MapAlert = (alert: AlertFields) => Pick<IncidentAlertRow, 'environment_id' | 'mapped_services'>

async function loadMapping(trx: Trx): Promise<MapAlert> {
  const mappings = (await listServiceMappings(trx)).map(toMapping)
  const environments = await trx.selectFrom('environments').select(['id', 'name']).execute()
  const compiled = compileMapping(mappings, environments)
  return (alert) => {
    const { environmentId, services } = mapAlert(alert, compiled)
    return { environment_id: environmentId, mapped_services: services }
  }
}

async function applyEvent(
  trx: Trx,
  organizationId: string,
  event: IncidentEvent,
  map: MapAlert,
): Promise<AppliedEvent> {
  const known = await trx
    .selectFrom('incident_alerts')
    .selectAll()
    .where('source', '=', event.source)
    .where('source_id', '=', event.sourceId)
    .orderBy('noticed_at', 'desc')
    .execute()
  const alert = known.find((each) => isSameAlert(event, periodOf(each)))
  if (!alert) return insertAlert(trx, organizationId, event, map)
  if (isOlder(event, alert)) await applyLateEvent(trx, organizationId, event, alert)
  else await updateAlert(trx, event, alert, map)
  await combine(trx, alert.incident_id)
  return { incidentId: alert.incident_id, created: false }
}

/** Events of the same moment apply in the order in which an incident proceeds. */
function isOlder(event: IncidentEvent, alert: IncidentAlertRow): boolean {
  const difference = event.reportedAt.getTime() - alert.reported_at.getTime()
  if (difference !== 0) return difference < 0
  return INCIDENT_STATES.indexOf(event.state) < INCIDENT_STATES.indexOf(alert.state)
}

function periodOf(alert: IncidentAlertRow) {
  return {
    noticedAt: alert.noticed_at,
    latestNoticedAt: alert.latest_noticed_at,
    resolvedAt: alert.resolved_at,
  }
}

async function updateAlert(
  trx: Trx,
  event: IncidentEvent,
  alert: IncidentAlertRow,
  map: MapAlert,
): Promise<void> {
  // A source repeats that an incident is resolved. The first report has the time.
  const remains = alert.resolved_at !== null && event.resolvedAt !== null
  const mapped = map(event)
  await trx
    .updateTable('incident_alerts')
    .set({
      title: event.title,
      state: event.state,
      noticed_at: new Date(Math.min(event.noticedAt.getTime(), alert.noticed_at.getTime())),
      latest_noticed_at: event.noticedAt,
      reported_at: event.reportedAt,
      resolved_at: remains ? alert.resolved_at : event.resolvedAt,
      services: JSON.stringify(event.services),
      labels: JSON.stringify(event.labels),
      url: event.url,
      environment_id: mapped.environment_id,
      mapped_services: mapped.mapped_services,
    })
    .where('id', '=', alert.id)
    .execute()
  if (event.state !== alert.state) await releaseState(trx, alert.incident_id)
}

/** What a person set as the state applies until an alert source reports a new one. */
async function releaseState(trx: Trx, incidentId: string): Promise<void> {
  await trx
    .updateTable('incidents')
    .set({ edited: sql<EditableField[]>`array_remove(edited, 'state')` })
    .where('id', '=', incidentId)
    .where(sql<boolean>`'state' = ANY (edited)`)
    .execute()
}

/**
 * An event that arrives after a newer one. It can show that the alert began earlier, or that the
 * newer events were about a later alert: that alert then becomes an incident of its own.
 */
async function applyLateEvent(
  trx: Trx,
  organizationId: string,
  event: IncidentEvent,
  alert: IncidentAlertRow,
): Promise<void> {
  const began = new Date(Math.min(event.noticedAt.getTime(), alert.noticed_at.getTime()))
  if (!endsBefore(event, periodOf(alert))) {
    await trx
      .updateTable('incident_alerts')
      .set({ noticed_at: began })
      .where('id', '=', alert.id)
      .execute()
    return
  }
  await trx
    .updateTable('incident_alerts')
    .set({
      title: event.title,
      state: 'resolved',
      noticed_at: began,
      latest_noticed_at: event.noticedAt,
      reported_at: event.reportedAt,
      resolved_at: event.resolvedAt,
    })
    .where('id', '=', alert.id)
    .execute()
  const { id: _, created_at: __, services, labels, ...rest } = alert
  const later = {
    ...rest,
    noticed_at: alert.latest_noticed_at,
    services: JSON.stringify(services),
    labels: JSON.stringify(labels),
  }
  await placeAlert(trx, organizationId, later)
}

type NewAlert = Omit<
  IncidentAlertRow,
  'id' | 'incident_id' | 'created_at' | 'services' | 'labels'
> & {
  services: string
  labels: string
}

async function insertAlert(
  trx: Trx,
  organizationId: string,
  event: IncidentEvent,
  map: MapAlert,
): Promise<AppliedEvent> {
  return placeAlert(trx, organizationId, {
    organization_id: organizationId,
    source: event.source,
    source_id: event.sourceId,
    title: event.title,
    state: event.state,
    noticed_at: event.noticedAt,
    latest_noticed_at: event.noticedAt,
    reported_at: event.reportedAt,
    resolved_at: event.resolvedAt,
    services: JSON.stringify(event.services),
    labels: JSON.stringify(event.labels),
    url: event.url,
    ...map(event),
  })
}

/** Adds an alert to a related incident, or creates one for it. */
async function placeAlert(
  trx: Trx,
  organizationId: string,
  alert: NewAlert,
): Promise<AppliedEvent> {
  const related = await findRelated(trx, alert)
  const incidentId = related?.id ?? (await createFor(trx, organizationId, alert))
  await trx
    .insertInto('incident_alerts')
    .values({ ...alert, incident_id: incidentId })
    .execute()
  if (related) await releaseState(trx, incidentId)
  await combine(trx, incidentId)
  return { incidentId, created: !related }
}

/** The related incident whose notice is closest in time. */
async function findRelated(trx: Trx, alert: NewAlert): Promise<IncidentRow | undefined> {
  const within = RELATED_MINUTES * 60_000
  const noticed = alert.noticed_at.getTime()
  // An incident grows with each alert, so its own notice is not enough.
  const rows = await trx
    .selectFrom('incidents as i')
    .selectAll('i')
    .select((eb) =>
      eb
        .selectFrom('incident_alerts as a')
        .select(sql<Date | null>`max(a.noticed_at)`.as('latest'))
        .whereRef('a.incident_id', '=', 'i.id')
        .as('latest'),
    )
    .where('i.merged_into', 'is', null)
    .where('i.noticed_at', '>', new Date(noticed - 24 * 3_600_000))
    .where('i.noticed_at', '<=', new Date(noticed + within))
    .where((eb) =>
      eb.or([eb('i.resolved_at', 'is', null), eb('i.resolved_at', '>=', alert.noticed_at)]),
    )
    .execute()
  const distance = (row: (typeof rows)[number]) => {
    const first = row.noticed_at.getTime()
    const last = Math.max(first, row.latest?.getTime() ?? first)
    return Math.max(first - noticed, noticed - last, 0)
  }
  const near = rows.filter((row) => distance(row) <= within)
  const keys = await keysOf(
    trx,
    near.map(({ id }) => id),
  )
  const own = groupingKey({ source: alert.source, labels: JSON.parse(alert.labels) })
  const facts = {
    environmentId: alert.environment_id,
    services: alert.mapped_services,
    keys: own === null ? [] : [own],
  }
  return near
    .filter((row) =>
      isRelated(facts, {
        environmentId: row.environment_id,
        services: row.services,
        keys: keys.get(row.id) ?? [],
      }),
    )
    .sort((a, b) => distance(a) - distance(b))[0]
}

/** The grouping keys of the alerts of incidents, by incident. */
async function keysOf(trx: Trx, incidentIds: string[]): Promise<Map<string, string[]>> {
  if (incidentIds.length === 0) return new Map()
  const alerts = await trx
    .selectFrom('incident_alerts')
    .select(['incident_id', 'source', 'labels'])
    .where('incident_id', 'in', incidentIds)
    .execute()
  const groups = Map.groupBy(alerts, ({ incident_id }) => incident_id)
  return new Map(
    [...groups].map(([id, members]) => [id, members.flatMap((each) => groupingKey(each) ?? [])]),
  )
}

async function createFor(trx: Trx, organizationId: string, alert: NewAlert): Promise<string> {
  const { id } = await trx
    .insertInto('incidents')
    .values({
      organization_id: organizationId,
      title: alert.title,
      source: alert.source,
      state: alert.state,
      noticed_at: alert.noticed_at,
      resolved_at: alert.resolved_at,
      environment_id: alert.environment_id,
      services: alert.mapped_services,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Updates an incident from its alerts, except the fields that a person has set. */
export async function combine(trx: Trx, incidentId: string): Promise<void> {
  const alerts = await trx
    .selectFrom('incident_alerts')
    .select(['title', 'state', 'noticed_at', 'resolved_at', 'environment_id', 'mapped_services'])
    .where('incident_id', '=', incidentId)
    .execute()
  if (alerts.length === 0) return
  const { edited } = await trx
    .selectFrom('incidents')
    .select('edited')
    .where('id', '=', incidentId)
    .executeTakeFirstOrThrow()
  const combined = combineAlerts(
    alerts.map((alert) => ({
      title: alert.title,
      state: alert.state,
      noticedAt: alert.noticed_at,
      resolvedAt: alert.resolved_at,
      environmentId: alert.environment_id,
      services: alert.mapped_services,
    })),
  )
  const values = {
    title: combined.title,
    noticed_at: combined.noticedAt,
    environment_id: combined.environmentId,
    services: combined.services,
    state: combined.state,
    resolved_at: combined.resolvedAt,
  }
  const isFree = (column: string) =>
    !edited.includes((column === 'resolved_at' ? 'state' : column) as EditableField)
  const free = Object.fromEntries(Object.entries(values).filter(([column]) => isFree(column)))
  if (Object.keys(free).length === 0) return
  await trx.updateTable('incidents').set(free).where('id', '=', incidentId).execute()
}

/** How many alerts a new mapping applies to, at most. */
const MAX_REMAPPED_ALERTS = 1_000

/**
 * Applies the mappings again to the alerts of the last 90 days, the newest 1,000.
 *
 * @param options.sliceMs how long mappings are compared before other requests have their turn
 */
export async function remapAlerts(
  trx: Trx,
  organizationId: string,
  options: { sliceMs?: number } = {},
): Promise<void> {
  await lockIncidents(trx, organizationId)
  const map = await loadMapping(trx)
  const alerts = await trx
    .selectFrom('incident_alerts')
    .selectAll()
    .where('noticed_at', '>', sql<Date>`now() - interval '90 days'`)
    .orderBy('noticed_at', 'desc')
    .limit(MAX_REMAPPED_ALERTS)
    .execute()
  const touched = new Set<string>()
  for await (const alert of inSlices(alerts, options.sliceMs)) {
    const mapped = map(alert)
    const isUnchanged =
      mapped.environment_id === alert.environment_id &&
      mapped.mapped_services.join('\n') === alert.mapped_services.join('\n')
    if (isUnchanged) continue
    await trx.updateTable('incident_alerts').set(mapped).where('id', '=', alert.id).execute()
    touched.add(alert.incident_id)
  }
  for (const incidentId of touched) await combine(trx, incidentId)
}
