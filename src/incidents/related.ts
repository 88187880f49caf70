/** Which alerts are about one incident, see docs/decisions/039-related-alerts.md. */

/** Alerts that were noticed further apart are separate incidents. Minutes. */
export const RELATED_MINUTES = 10

export interface AlertFacts {
  environmentId: string | null
  services: readonly string[]
}

/**
 * Whether an alert belongs to an incident that was noticed within {@link RELATED_MINUTES}: the same
 * environment, or a common service while one of the environments is unknown. The same service in
 * another environment is another incident.
 */
export function isRelated(alert: AlertFacts, incident: AlertFacts): boolean {
  if (alert.environmentId !== null && incident.environmentId !== null) {
    return alert.environmentId === incident.environmentId
  }
  const services = new Set(incident.services.map((name) => name.toLowerCase()))
  return alert.services.some((name) => services.has(name.toLowerCase()))
}

interface AlertPeriod {
  noticedAt: Date
  latestNoticedAt: Date
  resolvedAt: Date | null
}

interface EventPeriod {
  noticedAt: Date
  reportedAt: Date
  resolvedAt: Date | null
}

/**
 * Whether an event of the same ID is about this alert, and not about an earlier or later one:
 * Alertmanager uses one ID for each outage of a group. Their periods overlap.
 */
export function isSameAlert(event: EventPeriod, alert: AlertPeriod): boolean {
  const isBefore = (event.resolvedAt ?? event.reportedAt) < alert.noticedAt
  const isAfter = alert.resolvedAt !== null && event.noticedAt > alert.resolvedAt
  return !isBefore && !isAfter
}

/**
 * Whether a late event shows that an alert is two: the first was resolved before the newest event's
 * alert began.
 */
export function endsBefore(event: EventPeriod, alert: AlertPeriod): boolean {
  return event.resolvedAt !== null && event.resolvedAt < alert.latestNoticedAt
}
