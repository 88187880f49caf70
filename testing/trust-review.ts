import { trustPolicy } from '../src/aws/documents/trust.ts'
import { reviewTrust } from '../src/aws/trust-review/index.ts'
import type { ExpectedTrust, TrustReview } from '../src/aws/trust-review/types.ts'
import { policy } from './roles.ts'

export const externalId = 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G'
export const principalArn = 'arn:aws:iam::999988887777:role/services/cairn'
export const cairnAccount = 'arn:aws:iam::999988887777:root'
export const roleArn = 'arn:aws:iam::111122223333:role/cairn-read-only'
export const expected: ExpectedTrust = { principalArn, externalId, roleArn }
export const right = trustPolicy({ principalArn, externalId })

/** @throws if Cairn cannot read the text at all */
export function reviewText(text: string, against: Partial<ExpectedTrust> = {}): TrustReview {
  const review = reviewTrust(text, { ...expected, ...against })
  if ('problem' in review) throw new Error(`${review.problem}\n${text}`)
  return review
}

/** The response of `aws iam get-role`. */
export const getRole = (document: unknown, Arn = roleArn) => ({
  Role: {
    Path: '/',
    RoleName: 'cairn-read-only',
    RoleId: 'AROAEXAMPLEEXAMPLE12',
    Arn,
    CreateDate: '2026-03-02T09:12:07+00:00',
    AssumeRolePolicyDocument: document,
    MaxSessionDuration: 3600,
    RoleLastUsed: {},
  },
})

export const review = (...statements: unknown[]) =>
  reviewText(JSON.stringify(getRole(policy(...statements))))

export interface StatementFields {
  Principal?: unknown
  Condition?: unknown
  [name: string]: unknown
}
export const withId = (operator: string, id: unknown = externalId) => ({
  [operator]: { 'sts:ExternalId': id },
})
/** Cairn's correct statement, with these changes. */
export const allow = (fields: StatementFields = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: principalArn },
  Action: 'sts:AssumeRole',
  Condition: withId('StringEquals'),
  ...fields,
})
