/** Which alerts are about one incident, see docs/decisions/039-related-alerts.md. */

/** Alerts that were noticed further apart are separate incidents. Minutes. */
export const RELATED_MINUTES = 10

interface AlertFacts {
  environmentId: string | null
  services: readonly string[]
  /** What the sources group by, see {@link groupingKey}. */
  keys: readonly string[]
}

/**
 * What an alert source groups alerts by, besides services: the name of the rule in Alertmanager.
 * Null: nothing. PagerDuty's incidents are groups already.
 */
export function groupingKey(alert: {
  source: string
  labels: Readonly<Record<string, string>>
}): string | null {
  if (alert.source !== 'alertmanager' || !Object.hasOwn(alert.labels, 'alertname')) return null
  return `alertmanager ${alert.labels.alertname!.toLowerCase()}`
}

/**
 * Whether an alert belongs to an incident that was noticed within {@link RELATED_MINUTES}: they
 * share a service, or, if one of them names no service, the alert's grouping key. The environment
 * alone is not enough, and another environment is another incident.
 */
export function isRelated(alert: AlertFacts, incident: AlertFacts): boolean {
  const isElsewhere =
    alert.environmentId !== null &&
    incident.environmentId !== null &&
    alert.environmentId !== incident.environmentId
  if (isElsewhere) return false
  const services = new Set(incident.services.map((name) => name.toLowerCase()))
  if (alert.services.some((name) => services.has(name.toLowerCase()))) return true
  if (alert.services.length > 0 && incident.services.length > 0) return false
  return alert.keys.some((key) => incident.keys.includes(key))
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
