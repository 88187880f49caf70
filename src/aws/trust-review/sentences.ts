import { trustPolicy } from '../documents/trust.ts'
import type { IdCondition } from './external-id.ts'
import {
  assumeRole,
  federatedActions,
  idKey,
  type PolicyPrincipal,
  type Statement,
} from './parse.ts'
import { relationOf } from './relation.ts'
import { json, quoteAll, shorten } from './text.ts'
import type { ExpectedTrust, Judged, TrustedParty, TrustReview } from './types.ts'

/** The review in one sentence. */
export function summarizeReview(
  verdict: TrustReview['verdict'],
  trusted: readonly TrustedParty[],
  about: { role: string | null; allowsCairn: boolean; expected: ExpectedTrust },
): string {
  const count = (judgment: TrustedParty['judgment']) =>
    trusted.filter((party) => party.judgment === judgment).length
  const others = count('other')
  const entries = (number: number) => (number === 1 ? 'one entry' : `${number} entries`)
  switch (verdict) {
    case 'another_role':
      return `This is the trust policy of a different role, ${shorten(about.role ?? '')}, not of ${about.expected.roleArn}.`
    case 'unsafe':
      return `Not safe: ${entries(count('dangerous'))} of the trust policy ${count('dangerous') === 1 ? 'allows' : 'allow'} access beyond Cairn with the external ID of this connection.`
    case 'safe':
      return count('wider') > 0
        ? "Only Cairn's AWS account can assume this role, and only with the external ID of this connection."
        : 'Only Cairn can assume this role, and only with the external ID of this connection.'
    default: {
      const rest = `${entries(others)} ${others === 1 ? 'allows' : 'allow'} another principal. Check whether this is intended`
      if (about.expected.principalArn === null) {
        return 'No dangerous entry was found. Cairn cannot determine the principal it runs as, so it cannot identify its own entry.'
      }
      if (!about.allowsCairn) {
        return others === 0
          ? 'No dangerous entry was found, but Cairn has no access.'
          : `Cairn has no access, and ${rest}.`
      }
      return others === 0
        ? 'The entry for Cairn is correct, but part of the policy could not be read.'
        : `Cairn has access only with the external ID of this connection, but ${rest}.`
    }
  }
}

/** The sentence about one principal of one statement. */
export function concludeStatement(
  { kind, name }: PolicyPrincipal,
  { tests }: Statement,
  condition: IdCondition,
  { judgment, means, who = name }: Judged,
  { byDenial, expected }: { byDenial: boolean; expected: ExpectedTrust },
): TrustedParty {
  const others = tests.filter(({ key }) => key !== idKey)
  const inWords = [...condition.tests, ...others].map(
    ({ operator, key, values }) =>
      `${key === idKey ? 'sts:ExternalId' : shorten(key)} ${shorten(operator)} ${quoteAll(values, ' or ')}`,
  )
  if (byDenial) inWords.push(`a Deny for every external ID except "${expected.externalId}"`)
  const hasRemedy =
    judgment === 'wider' ||
    judgment === 'dangerous' ||
    (kind === 'AWS' && relationOf(name, expected.principalArn) === 'session') ||
    (judgment === 'expected' && (condition.remarks.length > 0 || byDenial))
  return {
    who,
    principal: shorten(name),
    how: inWords.length === 0 ? 'without any condition' : inWords.join(', and '),
    judgment,
    means,
    remedy: hasRemedy ? remedyFor(kind, expected) : null,
  }
}

function remedyFor(
  kind: PolicyPrincipal['kind'],
  { principalArn, externalId }: ExpectedTrust,
): string | null {
  // Not for Cairn to correct.
  if (kind === 'Service' || kind === 'Federated') return null
  const [statement] = trustPolicy({ principalArn: principalArn ?? '', externalId }).Statement
  return json(principalArn === null ? { Condition: statement!.Condition } : statement)
}

/** What else to report about a statement that allows access. */
export function remarks({ tests, allows }: Statement, condition: IdCondition): string[] {
  const found = [...condition.remarks]
  const keys = new Set(tests.filter(({ key }) => key !== idKey).map(({ key }) => key))
  for (const key of keys) {
    found.push(`A condition on ${shorten(key)} may block Cairn${lockOuts[key] ?? '.'}`)
  }
  const more = ['sts:TagSession', 'sts:SetSourceIdentity', ...federatedActions].filter(allows)
  if (more.length > 0 && allows(assumeRole)) {
    found.push(`A statement allows ${more.join(', ')} as well. Cairn needs only sts:AssumeRole.`)
  }
  return found
}

/** Why a condition that is common for other roles does not work for Cairn. */
const lockOuts: Record<string, string> = {
  'aws:sourceip': ': it must match the address that Cairn calls AWS from.',
  'aws:sourcevpc': ': it matches only calls through an endpoint in that VPC.',
  'aws:sourcevpce': ': it matches only calls through that endpoint.',
  'aws:multifactorauthpresent': ': Cairn is a machine and has no MFA.',
  'aws:multifactorauthage': ': Cairn is a machine and has no MFA.',
  'aws:principalorgid': ": Cairn's account is rarely in the customer's organization.",
  'aws:principalorgpaths': ": Cairn's account is rarely in the customer's organization.",
  'sts:rolesessionname': ': its session names contain the connection ID.',
  'sts:sourceidentity': ': it sends no source identity.',
  'sts:transitivetagkeys': ': it sends no session tags.',
}
