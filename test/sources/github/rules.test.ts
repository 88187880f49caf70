import { expect, test } from 'vitest'
import { isDeployByRules } from '../../../src/sources/github/rules.ts'

const rule = (environment: string) => [{ environment, isDeploy: false }]

test.each([
  ['prod*', 'Production', false],
  ['prod', 'production', true],
  ['*-eu-*', 'shop-eu-1', false],
  ['a.c', 'abc', true],
])('the rule %s is applied to the environment %s', (pattern, environment, expected) => {
  expect(isDeployByRules(rule(pattern), { workflow: undefined, environment })).toBe(expected)
})

test('a pattern with many wildcards is matched in linear time', () => {
  // With a backtracking expression, this does not end.
  const pattern = `${'*a'.repeat(90)}*b`
  const environment = 'a'.repeat(5_000)
  expect(isDeployByRules(rule(pattern), { workflow: undefined, environment })).toBe(true)
})
