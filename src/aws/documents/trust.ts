import type { PolicyDocument } from './permissions.ts'

/**
 * The characters that AWS accepts in an external ID (STS API reference, AssumeRole): 2 to 1,224 of
 * these.
 */
export const externalIdPattern = /^[\w+=,.@:/-]{2,1224}$/

/**
 * The trust policy of the customer's role: one principal, one action, and the exact external ID. No
 * other operator is safe: `StringLike` accepts `*`, and `StringEqualsIgnoreCase` ignores case, so
 * each of them accepts IDs that do not belong to this connection.
 */
export function trustPolicy(options: {
  /** The IAM role (or user) that Cairn runs as, including the path. */
  principalArn: string
  externalId: string
}): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'CairnWithItsExternalId',
        Effect: 'Allow',
        Principal: { AWS: options.principalArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': options.externalId } },
      },
    ],
  }
}
