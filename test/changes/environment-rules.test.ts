import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applicableRules,
  compileRules,
  type EnvironmentRule,
  MATCH_KEYS,
  matchPattern,
  ownEnvironments,
  type RuleSubject,
} from '../../src/changes/environment-rules.ts'

const subject = (fields: Partial<RuleSubject>): RuleSubject =>
  ({
    ...Object.fromEntries(MATCH_KEYS.map((key) => [key, []])),
    ...fields,
  }) as RuleSubject

describe('a pattern', () => {
  test.each([
    ['prod', 'prod', true],
    ['PROD', 'prod', true],
    ['production', 'prod', false],
    ['production', 'prod*', true],
    ['my-prod-db', '*prod*', true],
    ['arn:aws:rds:eu-west-1:1:db:prod-1', 'arn:aws:rds:*:*:db:prod-*', true],
    ['arn:aws:rds:eu-west-1:1:db:staging-1', 'arn:aws:rds:*:*:db:prod-*', false],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['aba', 'ab*ba', false],
    ['abba', 'ab*ba', true],
    ['a.b', 'a?b', false],
    ['a', 'a**', true],
    ['x*y', 'x*y', true],
    ['CAFÉ', 'cafe\u0301', true],
  ])('%s, %s: %s', (text, pattern, matches) => {
    expect(matchPattern(text, pattern)).toBe(matches)
  })

  test('has the same meaning as the corresponding regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 12 })
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }),
        letters,
        (text, pattern) => {
          const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's').test(text)
          expect(matchPattern(text, pattern)).toBe(expected)
        },
      ),
    )
  })

  test('takes few steps where regular expressions backtrack', () => {
    // With backtracking, this would never end.
    const text = 'a'.repeat(512)
    expect(matchPattern(text, `${'*a'.repeat(200)}*b`)).toBe(false)
    expect(matchPattern(text, `${'*a'.repeat(200)}*`)).toBe(true)
  })
})

const rule = (match: EnvironmentRule['match'], ...environments: string[]) => ({
  match,
  environments,
})

describe('rules', () => {
  const rules = [
    rule({ service: ['rds', 'ec2'], region: ['eu-*'] }, 'one'),
    rule({ tag: ['env=prod*'] }, 'two', 'one'),
    rule({ source: ['*'] }, 'three'),
    rule({}, 'four'),
  ]
  const change = subject({
    source: ['aws.cloudtrail'],
    service: ['ec2'],
    region: ['eu-west-1'],
    tag: ['team=shop', 'Env=Production'],
  })

  test('require each key to match one of its patterns', () => {
    const all = compileRules({ mode: 'all', rules })
    expect(applicableRules(change, all)).toEqual([0, 1, 2])
    expect(applicableRules({ ...change, region: ['us-east-1'] }, all)).toEqual([1, 2])
    expect(applicableRules({ ...change, region: [] }, all)).toEqual([1, 2])
    expect(applicableRules(subject({}), all)).toEqual([])
  })

  test('apply in order: only the first one, or all', () => {
    const first = compileRules({ mode: 'first', rules })
    const all = compileRules({ mode: 'all', rules })
    expect(ownEnvironments(change, first, new Map())).toEqual({ environments: ['one'], rules: [0] })
    expect(ownEnvironments(change, all, new Map())).toEqual({
      environments: ['one', 'two', 'three'],
      rules: [0, 1, 2],
    })
  })

  test('can assign no environment, which is different from no match', () => {
    const none = compileRules({ mode: 'first', rules: [rule({ actor: ['bot'] })] })
    expect(ownEnvironments(subject({ actor: ['Bot'] }), none, new Map())).toEqual({
      environments: [],
      rules: [0],
    })
    expect(ownEnvironments(subject({ actor: ['alice'] }), none, new Map())).toBeUndefined()
  })

  test('yield to environments that the change names, and can match other names', () => {
    const byName = new Map([['production', 'p']])
    const compiled = compileRules({
      mode: 'first',
      rules: [rule({ environment: ['prod-*'] }, 'p'), rule({ source: ['*'] }, 'other')],
    })
    const named = (...environment: string[]) =>
      ownEnvironments(subject({ source: ['deploy'], environment }), compiled, byName)
    expect(named(' PRODUCTION ', 'unknown')).toEqual({ environments: ['p'], rules: [] })
    expect(named('prod-eu')).toEqual({ environments: ['p'], rules: [0] })
    expect(named('unknown')).toEqual({ environments: ['other'], rules: [1] })
  })
})
