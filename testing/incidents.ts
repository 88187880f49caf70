import type { Trx } from '../src/db/database.ts'
import { applyIncidentEvents } from '../src/db/incidents.ts'
import { insertServiceMapping } from '../src/db/service-mappings.ts'
import { translatePagerDuty } from '../src/sources/pagerduty/translate.ts'

// Webhook bodies of alert sources, in the shapes that their documentation shows.

/** https://developer.pagerduty.com/docs/webhooks-overview#webhook-payload */
export function pagerDutyBody(
  options: {
    type?: string
    id?: string
    status?: string
    title?: string
    createdAt?: string
    occurredAt?: string
    service?: { id: string; summary: string } | null
    data?: Record<string, unknown>
  } = {},
) {
  const { id = 'PGR0VU2', createdAt = '2026-03-02T20:45:10Z' } = options
  const { service = { id: 'PF9KMXH', summary: 'Checkout API' } } = options
  return {
    event: {
      // Each event has its own: receivers deduplicate by it.
      id: `${id}-${options.type ?? 'incident.triggered'}-${options.occurredAt ?? createdAt}`,
      event_type: options.type ?? 'incident.triggered',
      resource_type: 'incident',
      occurred_at: options.occurredAt ?? '2026-03-02T20:45:11.169Z',
      agent: null,
      client: { name: 'Monitoring Service', url: 'https://monitoring.example.com' },
      data: {
        id,
        type: 'incident',
        self: `https://api.pagerduty.com/incidents/${id}`,
        html_url: `https://acme.pagerduty.com/incidents/${id}`,
        number: 2,
        status: options.status ?? 'triggered',
        incident_key: 'd3640fbd41094207a1c11e58e46b1662',
        created_at: createdAt,
        title: options.title ?? 'checkout: 5xx above 5 %',
        service: service && {
          html_url: `https://acme.pagerduty.com/services/${service.id}`,
          id: service.id,
          self: `https://api.pagerduty.com/services/${service.id}`,
          summary: service.summary,
          type: 'service_reference',
        },
        assignees: [],
        escalation_policy: {
          id: 'PUS0KTE',
          summary: 'Default',
          type: 'escalation_policy_reference',
        },
        teams: [{ id: 'PFCVPS0', summary: 'Payments', type: 'team_reference' }],
        priority: { id: 'PSO75BM', summary: 'P1', type: 'priority_reference' },
        urgency: 'high',
        conference_bridge: null,
        resolve_reason: null,
        ...options.data,
      },
    },
  }
}

interface AlertOptions {
  status?: string
  startsAt?: string
  endsAt?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function alertmanagerBody(
  options: { groupKey?: string; status?: string; alerts?: AlertOptions[] } = {},
) {
  const alerts = (options.alerts ?? [{}]).map((alert, index) => ({
    status: alert.status ?? options.status ?? 'firing',
    labels: alert.labels ?? { alertname: 'HighErrorRate', service: 'checkout', env: 'production' },
    annotations: alert.annotations ?? { summary: 'checkout returns errors' },
    startsAt: alert.startsAt ?? '2026-03-02T20:44:26.739266876Z',
    endsAt: alert.endsAt ?? '0001-01-01T00:00:00Z',
    generatorURL: `https://prometheus.example.com/graph?g0.expr=${index}`,
    fingerprint: `c8bda6b3e2a5${index}`,
  }))
  return {
    version: '4',
    groupKey: options.groupKey ?? '{}/{severity="page"}:{alertname="HighErrorRate"}',
    truncatedAlerts: 0,
    status: options.status ?? 'firing',
    receiver: 'cairn',
    groupLabels: { alertname: 'HighErrorRate' },
    commonLabels: sharedEntries(alerts.map(({ labels }) => labels)),
    commonAnnotations: sharedEntries(alerts.map(({ annotations }) => annotations)),
    externalURL: 'https://alertmanager.example.com',
    alerts,
  }
}

function sharedEntries(objects: Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objects[0] ?? {}).filter(([name, value]) =>
      objects.every((each) => each[name] === value),
    ),
  )
}

/** An incident with an alert, a verdict and a service mapping. @returns the incident's ID */
export async function someIncident(
  trx: Trx,
  owner: { organizationId: string; environmentId: string | null; changeId: string },
): Promise<string> {
  const { organizationId, environmentId, changeId } = owner
  await insertServiceMapping(trx, organizationId, {
    source: null,
    label: null,
    value: 'Checkout*',
    environmentId,
    services: ['checkout'],
  })
  const events = translatePagerDuty(pagerDutyBody())
  const [applied] = await applyIncidentEvents(trx, organizationId, events)
  await trx
    .insertInto('verdicts')
    .values({
      organization_id: organizationId,
      incident_id: applied!.incidentId,
      change_id: changeId,
      verdict: 'suspect',
      decided_by: null,
    })
    .execute()
  return applied!.incidentId
}
