import { describe, expect, test } from 'vitest'
import { translateAlertmanager } from '../../../src/sources/alertmanager/translate.ts'
import { UnreadableWebhook } from '../../../src/sources/webhook-body.ts'
import { alertmanagerBody } from '../../../testing/incidents.ts'

test('a firing group becomes an open incident, noticed when its first alert started', () => {
  expect(translateAlertmanager(alertmanagerBody())).toEqual([
    {
      source: 'alertmanager',
      sourceId: '{}/{severity="page"}:{alertname="HighErrorRate"}',
      state: 'open',
      title: 'checkout returns errors',
      noticedAt: new Date('2026-03-02T20:44:26.739Z'),
      reportedAt: new Date('2026-03-02T20:44:26.739Z'),
      resolvedAt: null,
      services: [{ id: 'checkout', name: 'checkout' }],
      labels: { alertname: 'HighErrorRate', service: 'checkout', env: 'production' },
      url: 'https://prometheus.example.com/graph?g0.expr=0',
    },
  ])
})

test('a group is open while one of its alerts fires, and resolved at the last end', () => {
  const alerts = [
    { status: 'resolved', startsAt: '2026-03-02T20:44:00Z', endsAt: '2026-03-02T20:50:00Z' },
    { status: 'firing', startsAt: '2026-03-02T20:46:00Z' },
  ]
  const [firing] = translateAlertmanager(alertmanagerBody({ status: 'firing', alerts }))
  expect(firing).toMatchObject({
    state: 'open',
    noticedAt: new Date('2026-03-02T20:44:00Z'),
    reportedAt: new Date('2026-03-02T20:50:00Z'),
    resolvedAt: null,
  })
  alerts[1] = { ...alerts[0]!, endsAt: '2026-03-02T20:58:00Z' }
  const [resolved] = translateAlertmanager(alertmanagerBody({ status: 'resolved', alerts }))
  expect(resolved).toMatchObject({
    state: 'resolved',
    resolvedAt: new Date('2026-03-02T20:58:00Z'),
  })
  expect(resolved!.reportedAt > firing!.reportedAt).toBe(true)
})

test('the group is firing while alerts that the body omits are firing', () => {
  const alerts = [{ status: 'resolved', endsAt: '2026-03-02T20:50:00Z' }]
  expect(translateAlertmanager(alertmanagerBody({ status: 'firing', alerts }))[0]?.state).toBe(
    'open',
  )
})

test('the title contains the alert, its services and their number if there is no shared summary', () => {
  const alerts = ['checkout', 'payments'].map((app) => ({
    labels: { alertname: 'Latency', app },
    annotations: { summary: `${app} is slow` },
  }))
  const [event] = translateAlertmanager(alertmanagerBody({ alerts }))
  expect(event?.title).toBe('Latency: checkout, payments (2 alerts)')
  expect(event?.services.map(({ name }) => name)).toEqual(['checkout', 'payments'])
  expect(event?.labels).toEqual({ alertname: 'Latency' })
})

test('a name that is also a property of objects is text', () => {
  const labels = JSON.parse('{"__proto__":"x","alertname":"A","constructor":"y"}')
  const [event] = translateAlertmanager(alertmanagerBody({ alerts: [{ labels }] }))
  expect(Object.keys(event!.labels)).toEqual(expect.arrayContaining(['alertname', 'constructor']))
  expect(event!.services).toEqual([])
})

test('two long group keys have different IDs', () => {
  const idOf = (groupKey: string) =>
    translateAlertmanager(alertmanagerBody({ groupKey }))[0]!.sourceId
  const one = idOf(`${'x'.repeat(2000)}1`)
  expect(one.length).toBeLessThanOrEqual(512)
  expect(one).not.toBe(idOf(`${'x'.repeat(2000)}2`))
})

describe('a malformed body is rejected with the reason', () => {
  test.each([
    ['an array', [], 'alerts'],
    ['no group key', { alerts: [] }, 'groupKey'],
    ['no alert', alertmanagerBody({ alerts: [] }), 'startsAt'],
    ['no time', alertmanagerBody({ alerts: [{ startsAt: '0001-01-01T00:00:00Z' }] }), 'startsAt'],
  ])('%s', (_what, body, reason) => {
    expect(() => translateAlertmanager(body)).toThrow(UnreadableWebhook)
    expect(() => translateAlertmanager(body)).toThrow(reason)
  })
})

test('a group with more alerts than a function accepts arguments is read', () => {
  const body = alertmanagerBody()
  const [alert] = body.alerts
  const early = { ...alert!, startsAt: '2026-03-02T20:40:00Z' }
  const alerts = [...Array.from({ length: 200_000 }, () => alert!), early]
  expect(translateAlertmanager({ ...body, alerts })).toMatchObject([
    {
      noticedAt: new Date('2026-03-02T20:40:00Z'),
      reportedAt: new Date('2026-03-02T20:44:26.739Z'),
    },
  ])
})
