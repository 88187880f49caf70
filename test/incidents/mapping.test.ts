import { describe, expect, test } from 'vitest'
import { mapAlert, type ServiceMapping } from '../../src/incidents/mapping.ts'

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
    expect(mapAlert(subject, [], environments).environmentId).toBe(expected)
  })

  test('services keep their names', () => {
    expect(mapAlert(alert({}, 'A', 'B', 'A'), [], []).services).toEqual(['A', 'B'])
  })
})

describe('a mapping', () => {
  test('for a service replaces its name and decides the environment', () => {
    const mappings = [
      mapping({ value: 'id-Checkout API', environmentId: 's', services: ['checkout', 'cart'] }),
      mapping({ environmentId: 'p' }),
    ]
    expect(
      mapAlert(alert({ env: 'production' }, 'Checkout API', 'Db'), mappings, environments),
    ).toEqual({ environmentId: 's', services: ['checkout', 'cart', 'Db'] })
  })

  test('for a label adds services', () => {
    const mappings = [mapping({ label: 'team', value: 'pay*', services: ['payments'] })]
    expect(mapAlert(alert({ team: 'Payments' }, 'A'), mappings, []).services).toEqual([
      'payments',
      'A',
    ])
  })

  test('for another source, or an absent label, does not match', () => {
    const mappings = [
      mapping({ source: 'alertmanager', environmentId: 'p' }),
      mapping({ label: 'constructor', environmentId: 'p' }),
    ]
    expect(mapAlert(alert({}, 'A'), mappings, environments).environmentId).toBeNull()
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
  expect(mapAlert(alert({}, text), mappings, []).environmentId).toBe(expected ? 'p' : null)
})
