import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { compileMapping, mapAlert, type ServiceMapping } from '../../src/incidents/mapping.ts'

const environments = [
  { id: 'p', name: 'Production' },
  { id: 'eu', name: 'Production EU' },
  { id: 's', name: 'staging' },
]
const alert = (labels: Record<string, string>, ...names: string[]) => ({
  source: 'pagerduty' as const,
  services: names.map((name) => ({ id: `id-${name}`, name })),
  labels,
})
const mapping = (over: Partial<ServiceMapping>): ServiceMapping => ({
  source: null,
  label: null,
  value: '*',
  environmentId: null,
  services: [],
  ...over,
})

describe('without a mapping', () => {
  test.each([
    ['the label env', alert({ env: 'PRODUCTION' }), 'p'],
    ['an abbreviation', alert({ environment: 'prod-eu' }), 'eu'],
    ['the service name', alert({}, 'Checkout (staging)'), 's'],
    ['the longest name in it', alert({}, 'Checkout production-eu API'), 'eu'],
    ['the label before the service name', alert({ env: 'staging' }, 'Checkout production'), 's'],
    ['only whole words', alert({}, 'Reproduction checkout'), null],
    ['nothing', alert({ env: 'qa' }, 'Checkout'), null],
  ])('%s decides the environment', (_what, subject, expected) => {
    expect(mapAlert(subject, compileMapping([], environments)).environmentId).toBe(expected)
  })

  test('services keep their names', () => {
    expect(mapAlert(alert({}, 'A', 'B', 'A'), compileMapping([], [])).services).toEqual(['A', 'B'])
  })
})

describe('a mapping', () => {
  test('for a service replaces its name and decides the environment', () => {
    const mappings = [
      mapping({ value: 'id-Checkout API', environmentId: 's', services: ['checkout', 'cart'] }),
      mapping({ environmentId: 'p' }),
    ]
    expect(
      mapAlert(
        alert({ env: 'production' }, 'Checkout API', 'Db'),
        compileMapping(mappings, environments),
      ),
    ).toEqual({ environmentId: 's', services: ['checkout', 'cart', 'Db'] })
  })

  test('for a label adds services', () => {
    const mappings = [mapping({ label: 'team', value: 'pay*', services: ['payments'] })]
    expect(
      mapAlert(alert({ team: 'Payments' }, 'A'), compileMapping(mappings, [])).services,
    ).toEqual(['payments', 'A'])
  })

  test('for another source, or an absent label, does not match', () => {
    const mappings = [
      mapping({ source: 'alertmanager', environmentId: 'p' }),
      mapping({ label: 'constructor', environmentId: 'p' }),
    ]
    expect(
      mapAlert(alert({}, 'A'), compileMapping(mappings, environments)).environmentId,
    ).toBeNull()
  })
})

test.each([
  ['checkout', 'Checkout', true],
  ['check*', 'checkout', true],
  ['*out', 'checkout', true],
  ['c*k*t', 'checkout', true],
  ['*', '', true],
  ['ab*ba', 'aba', false],
  ['c*x*t', 'checkout', false],
  ['check', 'checkout', false],
  ['a*b', 'ab', true],
  ['café*', 'Cafe\u0301 orders', true],
])('the pattern %s matches the service %s: %s', (pattern, text, expected) => {
  const mappings = [mapping({ value: pattern, environmentId: 'p' })]
  expect(mapAlert(alert({}, text), compileMapping(mappings, [])).environmentId).toBe(
    expected ? 'p' : null,
  )
})

test('many mappings and environments do not fold texts more often', () => {
  const compiled = compileMapping(
    Array.from({ length: 500 }, (_, n) => mapping({ value: `*shop*${n}`, services: ['shop'] })),
    Array.from({ length: 50 }, (_, n) => ({ id: `${n}`, name: `Environment ${n}` })),
  )
  const subject = alert({ env: 'qa' }, ...Array.from({ length: 20 }, (_, n) => `Service ${n}`))
  const folded = vi.spyOn(String.prototype, 'toLowerCase')
  onTestFinished(() => folded.mockRestore())
  mapAlert(subject, compiled)
  // The ID of each service, its name and its name without punctuation, and the label.
  expect(folded.mock.calls.length).toBeLessThanOrEqual(20 * 3 + 1)
})
