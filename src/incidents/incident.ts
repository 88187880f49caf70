/** What an incident is: something broke. Vocabularies and types. */

/** The kinds of integrations whose webhooks report alerts. */
export const ALERT_SOURCES = ['pagerduty', 'alertmanager'] as const
export type AlertSource = (typeof ALERT_SOURCES)[number]

export const INCIDENT_SOURCES = [...ALERT_SOURCES, 'person'] as const
export type IncidentSource = (typeof INCIDENT_SOURCES)[number]

export const INCIDENT_STATES = ['open', 'acknowledged', 'resolved'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** Alerts that the API returns with an incident. Each can have tens of kilobytes of labels. */
export const MAX_LISTED_ALERTS = 200

/** What a person decided about a change of an incident. */
export const CHANGE_VERDICTS = ['suspect', 'caused', 'fixed', 'dismissed'] as const
export type ChangeVerdict = (typeof CHANGE_VERDICTS)[number]

/** A service that an alert names, in the alert source's own terms. */
export interface IncidentService {
  /** The source's ID of the service; the name if it has none. */
  id: string
  name: string
}

/**
 * What one webhook of an alert source reports about one incident. Webhooks arrive repeatedly and out
 * of order: an event with an older `reportedAt` never replaces what a newer one reported.
 */
export interface IncidentEvent {
  source: AlertSource
  /** The source's ID, the same in all events about one incident. */
  sourceId: string
  state: IncidentState
  title: string
  /** When the source noticed it: PagerDuty's `created_at`, Alertmanager's `startsAt`. */
  noticedAt: Date
  /** When the source reported this state. */
  reportedAt: Date
  /** Null while it is not resolved. */
  resolvedAt: Date | null
  services: IncidentService[]
  /** For environment mapping: Alertmanager's labels, PagerDuty's custom fields. */
  labels: Record<string, string>
  /** The incident's page at the source. */
  url: string | null
}

/** What ranking reads of an incident. */
export interface RankedIncident {
  title: string
  noticedAt: Date
  /** Null: unknown. */
  startedAt: Date | null
  /** The incident started after this time. Null: unknown. */
  startedAfter: Date | null
  environmentId: string | null
  /** Names of services, as the alert source or a person wrote them. */
  services: string[]
}
