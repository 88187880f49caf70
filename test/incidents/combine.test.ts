import { describe, expect, test } from 'vitest'
import { combineAlerts } from '../../src/incidents/combine.ts'

const alert = (minute: number, over: Partial<Parameters<typeof combineAlerts>[0][number]> = {}) => {
  const noticedAt = new Date(Date.UTC(2026, 2, 2, 20, minute))
  return {
    title: `alert ${minute}`,
    state: 'open' as const,
    noticedAt,
    resolvedAt: null,
    environmentId: null,
    services: [],
    ...over,
  }
}

describe('combineAlerts', () => {
  test('an incident has at most 50 services, those of its first alerts', () => {
    const names = (prefix: string) => Array.from({ length: 40 }, (_, index) => `${prefix}${index}`)
    const { services } = combineAlerts([
      alert(1, { services: names('later') }),
      alert(0, { services: names('first') }),
    ])
    expect(services).toEqual([...names('first'), ...names('later').slice(0, 10)])
  })

  test('an incident of a million resolved alerts ends with the last one', () => {
    const last = new Date('2026-03-02T21:00:00Z')
    const early = alert(0, { state: 'resolved', resolvedAt: new Date('2026-03-02T20:30:00Z') })
    const alerts = Array.from({ length: 1_000_000 }, () => early)
    alerts.push(alert(1, { state: 'resolved', resolvedAt: last }))
    expect(combineAlerts(alerts).resolvedAt).toEqual(last)
  })
})
