import type { IncidentEvent, IncidentService, IncidentState } from '../../incidents/incident.ts'
import {
  asObject,
  asText,
  asTime,
  asUrl,
  type JsonObject,
  MAX_LABELS,
  MAX_SERVICES,
  UnreadableWebhook,
} from '../webhook-body.ts'

/** `status` of an incident, https://developer.pagerduty.com/docs/webhooks-overview. */
const STATES: ReadonlyMap<string, IncidentState> = new Map([
  ['triggered', 'open'],
  ['acknowledged', 'acknowledged'],
  ['resolved', 'resolved'],
])

/** For a body without a status. */
const STATE_OF_EVENT: ReadonlyMap<string, IncidentState> = new Map([
  ['incident.triggered', 'open'],
  ['incident.unacknowledged', 'open'],
  ['incident.reopened', 'open'],
  ['incident.acknowledged', 'acknowledged'],
  ['incident.resolved', 'resolved'],
])

/**
 * Translates the body of a PagerDuty V3 webhook. Events about other objects (pings, services, notes,
 * status updates, responders) contain no incident and return nothing.
 *
 * @param body parsed JSON
 * @returns at most one event; `sourceId` is the incident's ID
 * @throws UnreadableWebhook
 */
export function translatePagerDuty(body: unknown): IncidentEvent[] {
  const event = asObject(asObject(body)?.event)
  if (!event) throw new UnreadableWebhook('`event` is missing: this is not a PagerDuty V3 webhook.')
  const type = asText(event.event_type)
  if (type === undefined) throw new UnreadableWebhook('`event.event_type` is missing.')
  const incident = asObject(event.data)
  if (!type.startsWith('incident.') || !incident) return []
  if ((asText(incident.type) ?? 'incident') !== 'incident') return []
  return [translateIncident(type, event, incident)]
}

function translateIncident(type: string, event: JsonObject, incident: JsonObject): IncidentEvent {
  const sourceId = asText(incident.id)
  if (sourceId === undefined) throw new UnreadableWebhook('`event.data.id` is missing.')
  const state = STATES.get(asText(incident.status) ?? '') ?? STATE_OF_EVENT.get(type)
  if (!state) throw new UnreadableWebhook('`event.data.status` is not a known status.')
  const occurredAt = asTime(event.occurred_at)
  const noticedAt = asTime(incident.created_at) ?? occurredAt
  if (!noticedAt) {
    throw new UnreadableWebhook('`event.data.created_at` and `event.occurred_at` are not times.')
  }
  const reportedAt = occurredAt ?? noticedAt
  const number = asText(incident.number)
  return {
    source: 'pagerduty',
    sourceId,
    state,
    title: asText(incident.title) ?? `PagerDuty incident ${number ?? sourceId}`,
    noticedAt,
    reportedAt,
    resolvedAt: state === 'resolved' ? (asTime(incident.resolved_at) ?? reportedAt) : null,
    services: servicesOf(incident),
    labels: labelsOf(incident),
    url: asUrl(incident.html_url),
  }
}

/**
 * An incident has one service; `impacted_services` are in some bodies. References have a `summary`.
 * At most {@link MAX_SERVICES}.
 */
function servicesOf(incident: JsonObject): IncidentService[] {
  const impacted = Array.isArray(incident.impacted_services) ? incident.impacted_services : []
  const named = [incident.service, ...impacted.slice(0, MAX_SERVICES)]
  const services = named.flatMap((each) => {
    const service = asObject(each)
    const name = asText(service?.summary) ?? asText(service?.name)
    const id = asText(service?.id) ?? name
    return id === undefined ? [] : [{ id, name: name ?? id }]
  })
  const unique = new Map(services.map((service) => [service.id, service]))
  return [...unique.values()].slice(0, MAX_SERVICES)
}

type Label = [name: string | undefined, value: string | undefined]

/**
 * What mappings may match besides the service: urgency, priority, teams and custom fields. At most
 * {@link MAX_LABELS}.
 */
function labelsOf(incident: JsonObject): Record<string, string> {
  const fields = Array.isArray(incident.custom_fields) ? incident.custom_fields : []
  const teams = Array.isArray(incident.teams) ? incident.teams : []
  const own: Label[] = [
    ['urgency', asText(incident.urgency)],
    ['priority', asText(asObject(incident.priority)?.summary)],
    ['team', asText(asObject(teams[0])?.summary)],
  ]
  const custom = fields.slice(0, MAX_LABELS - own.length).map((field): Label => {
    const object = asObject(field)
    return [asText(object?.name), asText(object?.value)]
  })
  return Object.fromEntries(
    [...custom, ...own].filter(([name, value]) => name !== undefined && value !== undefined),
  ) as Record<string, string>
}
