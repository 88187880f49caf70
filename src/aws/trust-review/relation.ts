import {
  assumeRole,
  type ConditionTest,
  federatedActions,
  type PolicyPrincipal,
  type Statement,
} from './parse.ts'
import { accountOf, hasWildcard } from './text.ts'
import type { ExpectedTrust } from './types.ts'

type Relation = 'itself' | 'session' | 'account' | 'other' | 'unknown'

/** How an `AWS` principal relates to the identity that Cairn runs as. */
export function relationOf(name: string, principalArn: string | null): Relation {
  if (principalArn === null) return 'unknown'
  if (name === principalArn) return 'itself'
  const [, partition, , , account, resource = ''] = principalArn.split(':')
  if (name === account || name === `arn:${partition}:iam::${account}:root`) return 'account'
  const session = `arn:${partition}:sts::${account}:assumed-role/${resource.split('/').at(-1)}/`
  return name.startsWith(session) ? 'session' : 'other'
}

/**
 * Whether a statement allows the principal to assume the role, by the action that applies to it.
 */
export function allowsAssumeRole(statement: Statement, { kind }: PolicyPrincipal): boolean {
  return actionsOf(kind).some((action) => statement.allows(action))
}

function actionsOf(kind: PolicyPrincipal['kind']): readonly string[] {
  if (kind === 'Federated') return federatedActions
  return kind === 'AWS' || kind === 'Service' ? [assumeRole] : [assumeRole, ...federatedActions]
}

export function isCairns(
  { kind, name }: PolicyPrincipal,
  { tests, allows }: Statement,
  { principalArn }: ExpectedTrust,
): boolean {
  if (!allows(assumeRole)) return false
  if (kind === 'AWS') return ['itself', 'account'].includes(relationOf(name, principalArn))
  if (kind !== 'everyone') return false
  const limits = limitsOf(tests)
  return !limits || limits.some((limit) => relationToLimit(limit, principalArn) !== 'other')
}

/**
 * What a condition limits `*` to: ARNs, accounts or organizations. Undefined if there is no limit:
 * a wildcard for the account, or a test that matches if the key is absent, does not limit anything.
 */
export function limitsOf(tests: readonly ConditionTest[]): string[] | undefined {
  // The narrowest first.
  const forms: Record<string, RegExp> = {
    'aws:principalarn': /^arn:aws[\w-]*:(iam|sts)::\d{12}:[^:]+$/,
    'aws:principalaccount': /^\d{12}$/,
    'aws:principalorgid': /^o-[a-z0-9]{10,32}$/,
    'aws:principalorgpaths': /^o-[a-z0-9]{10,32}\//,
  }
  const keys = Object.keys(forms)
  return tests
    .filter(
      ({ base, quantifier, ifExists, key, values }) =>
        ['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike'].includes(base) &&
        quantifier !== 'ForAllValues' &&
        !ifExists &&
        values.length > 0 &&
        Object.hasOwn(forms, key) &&
        values.every((value) => forms[key]!.test(value)),
    )
    .sort(
      (a, b) => keys.indexOf(a.key) - keys.indexOf(b.key) || (a.operator < b.operator ? -1 : 1),
    )[0]?.values
}

export function relationToLimit(limit: string, principalArn: string | null): 'account' | 'other' {
  if (principalArn === null) return 'other'
  const [partition, account] = [principalArn.split(':')[1], accountOf(principalArn)]
  const isOfAccount =
    accountOf(limit) === account && (limit === account || limit.split(':')[1] === partition)
  const isAnother = !hasWildcard(limit) && relationOf(limit, principalArn) === 'other'
  return isOfAccount && !isAnother ? 'account' : 'other'
}
