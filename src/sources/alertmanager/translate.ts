import { createHash } from 'node:crypto'
import { counted, spoken } from '../../changes/text.ts'
import type { IncidentEvent, IncidentService } from '../../incidents/incident.ts'
import {
  asLabels,
  asObject,
  asText,
  asTime,
  asUrl,
  type JsonObject,
  MAX_SERVICES,
  UnreadableWebhook,
} from '../webhook-body.ts'

/** Labels that name a service, the most specific first. Each alert contributes its first. */
const SERVICE_LABELS = [
  'service',
  'service_name',
  'app',
  'app_kubernetes_io_name',
  'application',
  'component',
  'deployment',
  'job',
]
const MAX_KEY_LENGTH = 512

interface Alert {
  isFiring: boolean
  startsAt: Date | undefined
  endsAt: Date | undefined
  labels: Record<string, string>
  annotations: Record<string, string>
  url: string | null
}

/**
 * Translates the body of an Alertmanager webhook, version 4: one incident per alert group, because
 * the group is what Alertmanager notifies about. The body has no time of its own, so `reportedAt` is
 * the latest start or end of its alerts.
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 *
 * @param body parsed JSON
 * @returns one event; `sourceId` is the `groupKey`, which a later outage of the same group shares
 * @throws UnreadableWebhook
 */
export function translateAlertmanager(body: unknown): IncidentEvent[] {
  const group = asObject(body)
  if (!group || !Array.isArray(group.alerts)) {
    throw new UnreadableWebhook('`alerts` is missing: this is not an Alertmanager webhook.')
  }
  if (typeof group.groupKey !== 'string' || group.groupKey === '') {
    throw new UnreadableWebhook('`groupKey` is missing.')
  }
  const alerts = group.alerts.flatMap(readAlert)
  const starts = alerts.flatMap(({ startsAt }) => startsAt?.getTime() ?? [])
  if (starts.length === 0) throw new UnreadableWebhook('No alert has a `startsAt` that is a time.')
  const ends = alerts.flatMap(({ isFiring, endsAt }) => (isFiring ? [] : (endsAt?.getTime() ?? [])))
  const reportedAt = new Date(latestOf([...starts, ...ends]))
  // The group's status counts alerts that `max_alerts` has left out of the body.
  const isResolved =
    asText(group.status) === 'resolved' ||
    (group.status === undefined && !alerts.some(({ isFiring }) => isFiring))
  return [
    {
      source: 'alertmanager',
      sourceId: groupIdOf(group.groupKey),
      state: isResolved ? 'resolved' : 'open',
      title: titleOf(group, alerts),
      noticedAt: new Date(starts.reduce((a, b) => Math.min(a, b))),
      reportedAt,
      resolvedAt: isResolved ? reportedAt : null,
      services: servicesOf(alerts),
      labels: { ...asLabels(group.groupLabels), ...sharedLabels(group, alerts) },
      url: alerts.find(({ url }) => url !== null)?.url ?? asUrl(group.externalURL),
    },
  ]
}

/** Math.max() accepts about 100,000 arguments, and a group can have more alerts. */
function latestOf(times: readonly number[]): number {
  return times.reduce((a, b) => Math.max(a, b))
}

/**
 * A group key that is too long, or contains invisible characters, is shortened and followed by its
 * digest, so that no two groups share an ID.
 */
function groupIdOf(groupKey: string): string {
  if (spoken(groupKey, MAX_KEY_LENGTH) === groupKey) return groupKey
  const digest = createHash('sha256').update(groupKey).digest('hex')
  return `${spoken(groupKey, MAX_KEY_LENGTH - digest.length - 1)}#${digest}`
}

function readAlert(value: unknown): Alert[] {
  const alert = asObject(value)
  if (!alert) return []
  const endsAt = asTime(alert.endsAt)
  // Without a status, an end means that the alert is resolved.
  const status = alert.status ?? (endsAt ? 'resolved' : 'firing')
  return [
    {
      isFiring: status !== 'resolved',
      startsAt: asTime(alert.startsAt),
      endsAt,
      labels: asLabels(alert.labels),
      annotations: asLabels(alert.annotations),
      url: asUrl(alert.generatorURL),
    },
  ]
}

function sharedLabels(group: JsonObject, alerts: Alert[]): Record<string, string> {
  return alerts.length === 1 ? alerts[0]!.labels : asLabels(group.commonLabels)
}

function titleOf(group: JsonObject, alerts: Alert[]): string {
  const shared = alerts.length === 1 ? alerts[0]!.annotations : asLabels(group.commonAnnotations)
  const written = shared.summary ?? shared.title ?? shared.message
  if (written !== undefined) return written
  const labels = sharedLabels(group, alerts)
  const name = labels.alertname ?? asLabels(group.groupLabels).alertname ?? 'Alert'
  const services = servicesOf(alerts).map((service) => service.name)
  const where = services.length === 0 ? '' : `: ${services.slice(0, 3).join(', ')}`
  const size = alerts.length === 1 ? '' : ` (${counted(alerts.length, 'alert')})`
  return `${name}${where}${size}`
}

function servicesOf(alerts: Alert[]): IncidentService[] {
  const names = alerts.flatMap(({ labels }) => {
    const label = SERVICE_LABELS.find((each) => labels[each] !== undefined)
    return label === undefined ? [] : [labels[label]!]
  })
  return [...new Set(names)].slice(0, MAX_SERVICES).map((name) => ({ id: name, name }))
}
