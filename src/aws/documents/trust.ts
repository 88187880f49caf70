import type { PolicyDocument } from './permissions.ts'

/** What AWS takes as an external ID (STS API reference, AssumeRole): 2 to 1,224 of these. */
export const externalIdPattern = /^[\w+=,.@:/-]{2,1224}$/

/**
 * The trust policy of the customer's role: one principal, one action, and the external ID to the
 * letter. No other operator will do: `StringLike` takes `*`, `StringEqualsIgnoreCase` takes the
 * other case, and each allows an ID that does not belong to this connection.
 */
export function trustPolicy(options: {
  /** The IAM role (or user) that Cairn runs as, path included. */
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
