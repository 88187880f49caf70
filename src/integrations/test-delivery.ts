import type { IntegrationKind } from './integration.ts'

/**
 * A delivery that changes nothing, as the sender itself sends one to test a webhook.
 *
 * @param options.id makes it different from earlier ones
 */
export function testDelivery(
  kind: IntegrationKind,
  { id, now }: { id: string; now: Date },
): { headers: Record<string, string>; body: Buffer } {
  const json = { 'content-type': 'application/json', 'user-agent': 'Cairn test' }
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
  switch (kind) {
    case 'github':
      return {
        headers: { ...json, 'x-github-event': 'ping', 'x-github-delivery': id },
        body: bytes({ zen: 'Sent by Cairn to test this integration.', hook_id: 0 }),
      }
    case 'pagerduty':
      return {
        headers: json,
        body: bytes({
          event: {
            id,
            event_type: 'pagey.ping',
            resource_type: 'pagey',
            occurred_at: now.toISOString(),
            data: { message: 'Sent by Cairn to test this integration.', type: 'ping' },
          },
        }),
      }
    case 'launchdarkly':
      return {
        headers: json,
        body: bytes({ _id: id, date: now.getTime(), kind: 'test', name: 'Sent by Cairn' }),
      }
    case 'alertmanager':
      return {
        headers: json,
        body: bytes({
          version: '4',
          groupKey: id,
          status: 'resolved',
          receiver: 'cairn-test',
          groupLabels: {},
          commonLabels: {},
          commonAnnotations: {},
          externalURL: '',
          alerts: [],
        }),
      }
  }
}
