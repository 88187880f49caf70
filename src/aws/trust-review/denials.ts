import { readCondition } from './external-id.ts'
import {
  assumeRole,
  type ConditionTest,
  idKey,
  type PolicyPrincipal,
  type Statement,
} from './parse.ts'
import { relationOf } from './relation.ts'
import { quote, shorten } from './text.ts'
import type { ExpectedTrust } from './types.ts'

interface Denials {
  /** A Deny statement blocks Cairn even with the right external ID. */
  cairn: boolean
  /** Whether a Deny blocks the principal for every other external ID and for none. */
  protects(principal: PolicyPrincipal): boolean
  /** Read after the denials of all principals have been evaluated. */
  notes(): string[]
}

export function reviewDenials(
  denials: readonly Statement[],
  { externalId, principalArn }: ExpectedTrust,
): Denials {
  const reaching = denials.filter(
    (denial) => denial.unreadable.length === 0 && denial.allows(assumeRole),
  )
  const protectors = reaching.filter(
    ({ tests: [test, ...more] }) =>
      test?.operator === 'StringNotEquals' && onlyNames(test, externalId) && more.length === 0,
  )
  const used = new Set<Statement>()
  return {
    cairn: reaching.some(({ tests, principals }) => {
      const condition = readCondition(tests, externalId)
      const isCertain = tests.length === condition.tests.length && !condition.unknown
      const namesCairn = principals.some(
        ({ kind, name }) =>
          kind === 'everyone' ||
          (kind === 'AWS' && ['itself', 'account'].includes(relationOf(name, principalArn))),
      )
      return isCertain && condition.admitsId && namesCairn
    }),
    protects: (principal) => {
      const found = protectors.filter(({ principals }) =>
        principals.some(
          ({ kind, name }) =>
            kind === 'everyone' || (kind === principal.kind && name === principal.name),
        ),
      )
      for (const denial of found) used.add(denial)
      return found.length > 0
    },
    notes: () =>
      denials.map((denial) => {
        if (used.has(denial)) {
          return 'A Deny with "StringNotEquals" on sts:ExternalId blocks requests with another external ID or without one. This is safe, but a condition in the Allow statement is easier to see and harder to remove by accident.'
        }
        const names = denial.principals.map(({ kind, name }) =>
          kind === 'everyone but' ? `everyone but ${shorten(name)}` : quote(name),
        )
        return protectors.includes(denial)
          ? `A Deny blocks other external IDs for ${names.join(', ')}. It is not counted as protection, because no matching entry needs it.`
          : `A Deny for ${names.join(', ') || 'no principal'} is not counted as protection, because its conditions cannot be evaluated here. It may block Cairn.`
      }),
  }
}

function onlyNames({ key, values }: ConditionTest, id: string): boolean {
  return key === idKey && values.length > 0 && values.every((value) => value === id)
}
