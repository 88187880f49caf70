import { describe, expect, test } from 'vitest'
import { translatePagerDuty } from '../../../src/sources/pagerduty/translate.ts'
import { UnreadableWebhook } from '../../../src/sources/webhook-body.ts'
import { pagerDutyBody } from '../../../testing/incidents.ts'

test('a triggered incident becomes an open one, noticed when PagerDuty created it', () => {
  expect(translatePagerDuty(pagerDutyBody())).toEqual([
    {
      source: 'pagerduty',
      sourceId: 'PGR0VU2',
      state: 'open',
      title: 'checkout: 5xx above 5 %',
      noticedAt: new Date('2026-03-02T20:45:10Z'),
      reportedAt: new Date('2026-03-02T20:45:11.169Z'),
      resolvedAt: null,
      services: [{ id: 'PF9KMXH', name: 'Checkout API' }],
      labels: { urgency: 'high', priority: 'P1', team: 'Payments' },
      url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
    },
  ])
})

test.each([
  ['incident.acknowledged', 'acknowledged', 'acknowledged'],
  ['incident.unacknowledged', 'triggered', 'open'],
  ['incident.reopened', 'triggered', 'open'],
  ['incident.escalated', 'acknowledged', 'acknowledged'],
  ['incident.priority_updated', 'triggered', 'open'],
  ['incident.resolved', 'resolved', 'resolved'],
])('%s with the status %s is %s', (type, status, state) => {
  const [event] = translatePagerDuty(pagerDutyBody({ type, status }))
  expect(event?.state).toBe(state)
  expect(event?.resolvedAt).toEqual(
    state === 'resolved' ? new Date('2026-03-02T20:45:11.169Z') : null,
  )
})

test('the event type is used if the incident has no status', () => {
  const body = pagerDutyBody({ type: 'incident.resolved', data: { status: undefined } })
  expect(translatePagerDuty(body)[0]?.state).toBe('resolved')
})

test('custom fields become labels, and impacted services are services', () => {
  const [event] = translatePagerDuty(
    pagerDutyBody({
      data: {
        custom_fields: [{ id: 'PT4KHEE', name: 'environment', value: 'production' }, { name: 'x' }],
        impacted_services: [
          { id: 'PF9KMXH', summary: 'Checkout API' },
          { id: 'P2', summary: 'Db' },
        ],
      },
    }),
  )
  expect(event?.labels).toMatchObject({ environment: 'production' })
  expect(event?.services.map(({ name }) => name)).toEqual(['Checkout API', 'Db'])
})

test('at most 20 services and 64 labels are read', () => {
  const names = Array.from({ length: 100 }, (_, index) => `name ${index}`)
  const [event] = translatePagerDuty(
    pagerDutyBody({
      data: {
        custom_fields: names.map((name) => ({ name, value: 'x' })),
        impacted_services: names.map((name) => ({ id: name })),
      },
    }),
  )
  expect(event?.services.map(({ name }) => name)).toEqual(['Checkout API', ...names.slice(0, 19)])
  expect(Object.keys(event?.labels ?? {})).toHaveLength(64)
  expect(event?.labels).toMatchObject({ urgency: 'high', priority: 'P1', team: 'Payments' })
})

test.each([
  ['a ping', { event: { event_type: 'pagey.ping', data: { type: 'ping', message: 'Hello' } } }],
  ['a note', pagerDutyBody({ type: 'incident.annotated', data: { type: 'incident_note' } })],
  ['a service', { event: { event_type: 'service.updated', data: { id: 'P1', type: 'service' } } }],
])('%s contains no incident', (_what, body) => {
  expect(translatePagerDuty(body)).toEqual([])
})

describe('a malformed body is rejected with the reason', () => {
  test.each([
    ['null', null, 'event'],
    ['a V2 webhook', { messages: [] }, 'event'],
    ['no type', { event: { data: {} } }, 'event_type'],
    ['no ID', pagerDutyBody({ data: { id: undefined } }), 'data.id'],
    ['an unknown status', pagerDutyBody({ type: 'incident.new', status: 'odd' }), 'status'],
    ['no time', pagerDutyBody({ createdAt: 'yesterday', occurredAt: '' }), 'created_at'],
  ])('%s', (_what, body, reason) => {
    expect(() => translatePagerDuty(body)).toThrow(UnreadableWebhook)
    expect(() => translatePagerDuty(body)).toThrow(reason)
  })
})

test('an incident without a title, service and address can be stored', () => {
  const body = pagerDutyBody({
    service: null,
    data: { title: '\u0000 ', html_url: 'javascript:alert(1)', teams: 'none', priority: null },
  })
  expect(translatePagerDuty(body)).toMatchObject([
    { title: 'PagerDuty incident 2', services: [], url: null, labels: { urgency: 'high' } },
  ])
})
