import { isObject } from '../../json.ts'
import { listOf } from './read-role.ts'
import { asJsonText, matches, quote, quoteAll } from './text.ts'

export interface Statement {
  effect: 'Allow' | 'Deny'
  principals: PolicyPrincipal[]
  allows(action: string): boolean
  /** The actions as written, for display. */
  actions: string
  tests: ConditionTest[]
  /** The parts that are not valid. A statement with any of them is never safe. */
  unreadable: string[]
}

export interface PolicyPrincipal {
  kind: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | 'everyone' | 'everyone but' | 'unknown'
  name: string
}

/** One key of one condition operator. All tests of a statement must match. */
export interface ConditionTest {
  /** As written. */
  operator: string
  base: string
  quantifier: string | undefined
  ifExists: boolean
  /** Lower case: condition keys are not case-sensitive. */
  key: string
  values: string[]
}

export const assumeRole = 'sts:AssumeRole'
export const federatedActions = ['sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity']
export const idKey = 'sts:externalid'

export function readStatement(raw: unknown): Statement {
  if (!isObject(raw)) {
    return {
      effect: 'Allow',
      principals: [{ kind: 'unknown', name: asJsonText(raw) }],
      allows: () => true,
      actions: '',
      tests: [],
      unreadable: ['it is not an object'],
    }
  }
  const unreadable: string[] = []
  const known = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition']
  for (const name of Object.keys(raw)) {
    if (!known.includes(name)) unreadable.push(`${quote(name)} is not a trust policy element`)
  }
  if (raw.Effect !== 'Allow' && raw.Effect !== 'Deny')
    unreadable.push('Effect must be Allow or Deny')

  const patterns = listOf(raw.Action ?? raw.NotAction)
  const actions = patterns.filter((pattern) => typeof pattern === 'string')
  const bothOrNone = (raw.Action === undefined) === (raw.NotAction === undefined)
  if (bothOrNone || actions.length < patterns.length || actions.length === 0) {
    unreadable.push('its actions are not valid')
  }
  const isReadable = unreadable.length === 0
  const negated = raw.Action === undefined
  return {
    effect: raw.Effect === 'Deny' ? 'Deny' : 'Allow',
    principals: readPrincipals(raw, unreadable),
    allows: (action) =>
      !isReadable ||
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) !== negated,
    actions: `${negated ? 'everything but ' : ''}${quoteAll(actions)}`,
    tests: readTests(raw.Condition, unreadable),
    unreadable,
  }
}

function readPrincipals(raw: Record<string, unknown>, unreadable: string[]): PolicyPrincipal[] {
  const { Principal: named, NotPrincipal: excepted } = raw
  if (excepted !== undefined) {
    if (named !== undefined) unreadable.push('it has both Principal and NotPrincipal')
    return [{ kind: 'everyone but', name: asJsonText(excepted) }]
  }
  if (named === '*') return [{ kind: 'everyone', name: '*' }]
  if (!isObject(named)) {
    unreadable.push('its Principal is not valid')
    return [{ kind: 'unknown', name: asJsonText(named) }]
  }
  const principals: PolicyPrincipal[] = []
  for (const [kind, names] of Object.entries(named)) {
    // Each name once: a duplicate has no further effect.
    for (const name of new Set(listOf(names))) {
      if (typeof name !== 'string' || !isPrincipalKind(kind)) {
        unreadable.push('its Principal is not valid')
        principals.push({ kind: 'unknown', name: asJsonText({ [kind]: name }) })
      } else {
        principals.push({ kind: kind === 'AWS' && name === '*' ? 'everyone' : kind, name })
      }
    }
  }
  return principals
}

function isPrincipalKind(kind: string): kind is 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' {
  return ['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(kind)
}

function readTests(raw: unknown, unreadable: string[]): ConditionTest[] {
  if (raw === undefined) return []
  if (!isObject(raw)) {
    unreadable.push('its Condition is not valid')
    return []
  }
  return Object.entries(raw).flatMap(([operator, keys]) => {
    if (!isObject(keys)) {
      unreadable.push(`its condition ${quote(operator)} is not valid`)
      return []
    }
    const parts = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operator)
    // The same key in two spellings is one key. All values count, regardless of how IAM treats
    // this.
    const tests = new Map<string, ConditionTest>()
    for (const [name, given] of Object.entries(keys)) {
      const values = listOf(given)
      const key = name.toLowerCase()
      const test = tests.get(key) ?? {
        operator,
        base: parts?.[2] ?? operator,
        quantifier: parts?.[1],
        ifExists: parts?.[3] !== undefined,
        key,
        values: [],
      }
      test.values.push(...values.filter((value) => typeof value === 'string'))
      if (values.some((value) => typeof value !== 'string')) {
        unreadable.push(`its condition on ${quote(name)} is not valid`)
      }
      tests.set(key, test)
    }
    return [...tests.values()]
  })
}
