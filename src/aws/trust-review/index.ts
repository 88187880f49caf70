import { trustPolicy } from '../documents/trust.ts'
import { reviewDenials } from './denials.ts'
import { readCondition } from './external-id.ts'
import { reviewStatement } from './judge.ts'
import { readStatement } from './parse.ts'
import { listOf, readRole } from './read-role.ts'
import { allowsAssumeRole, isCairns } from './relation.ts'
import { concludeStatement, remarks, summarizeReview } from './sentences.ts'
import { json, quote, quoteAll, shorten } from './text.ts'
import type { ExpectedTrust, TrustedParty, TrustReview } from './types.ts'

/**
 * Reviews a pasted trust policy without calling AWS, by the rules of IAM's policy evaluation (IAM
 * User Guide: policy evaluation logic, condition operators, AWS JSON policy elements: Principal).
 * If in doubt, the result is stricter: a part that Cairn cannot parse is never safe, and a Deny
 * counts as protection only in the form that AWS documents for this.
 *
 * Never throws.
 *
 * @returns the review, or a message for the user why the text cannot be read
 */
export function reviewTrust(
  pasted: string,
  expected: ExpectedTrust,
): TrustReview | { problem: string } {
  const role = readRole(pasted)
  if ('problem' in role) return role
  const { document } = role
  const notes: string[] = []
  const unknown = Object.keys(document).filter(
    (name) => !['Version', 'Id', 'Statement'].includes(name),
  )
  if (unknown.length > 0) {
    notes.push(
      `The policy has ${quoteAll(unknown)}, which is not a policy element. It was ignored.`,
    )
  }

  const statements = listOf(document.Statement).map(readStatement)
  const denials = statements.filter(({ effect }) => effect === 'Deny')
  const denied = reviewDenials(denials, expected)
  const trusted: TrustedParty[] = []
  let allowsCairn = false
  for (const statement of statements) {
    if (statement.effect === 'Deny') continue
    const condition = readCondition(statement.tests, expected.externalId)
    let counts = false
    for (const principal of statement.principals) {
      if (!allowsAssumeRole(statement, principal)) {
        notes.push(
          `A statement names ${quote(principal.name)} but allows only ${statement.actions}. This does not allow anyone to assume the role.`,
        )
        continue
      }
      counts = true
      const byDenial = !condition.exact && denied.protects(principal)
      const effective = byDenial ? { ...condition, exact: true, unknown: false } : condition
      const judged = reviewStatement(principal, statement, effective, expected, role.roleArn)
      const isCairn =
        isCairns(principal, statement, expected) && condition.admitsId && !denied.cairn
      if (isCairn) allowsCairn = true
      trusted.push(
        concludeStatement(principal, statement, condition, judged, { byDenial, expected }),
      )
    }
    if (counts) notes.push(...remarks(statement, condition))
  }

  notes.push(...denied.notes())

  const { externalId, principalArn, roleArn } = expected
  if (principalArn === null) {
    notes.push(
      'Cairn cannot determine the principal it runs as, so this review cannot identify the entry for Cairn.',
    )
  } else if (!allowsCairn) {
    notes.push(
      denied.cairn
        ? `A Deny statement blocks Cairn (${principalArn}), regardless of other statements.`
        : `No statement allows Cairn (${principalArn}) with the external ID of this connection.`,
    )
  }
  if (role.roleArn === null) {
    notes.push(
      `The input does not name its role. Make sure that it is ${roleArn ?? 'the role that you will connect'}.`,
    )
  } else if (roleArn === null) {
    notes.push(`The connection has no role yet. This is the policy of ${shorten(role.roleArn)}.`)
  }

  const isAnother = role.roleArn !== null && roleArn !== null && role.roleArn !== roleArn
  const isClear =
    unknown.length === 0 &&
    principalArn !== null &&
    allowsCairn &&
    trusted.every(({ judgment }) => judgment !== 'other')
  const isUnsafe = trusted.some(({ judgment }) => judgment === 'dangerous')
  const harmless = isClear ? 'safe' : 'unclear'
  const ofThisRole = isUnsafe ? 'unsafe' : harmless
  const verdict = isAnother ? 'another_role' : ofThisRole
  return {
    verdict,
    summary: summarizeReview(verdict, trusted, { role: role.roleArn, allowsCairn, expected }),
    trusted,
    notes: [...new Set(notes)],
    remedy:
      (verdict === 'unsafe' || (verdict === 'unclear' && !allowsCairn)) && principalArn !== null
        ? json(trustPolicy({ principalArn, externalId }))
        : null,
  }
}
