/** The CloudTrail event of a write call. */

import { randomUUID } from 'node:crypto'
import type { Trace } from './query.ts'
import type { CloudTrailRecord } from './types.ts'

/** How long until LookupEvents shows it, in seconds: CloudTrail's usual few minutes. */
export const DELIVERY_SECONDS = 200

/** @param now epoch milliseconds */
export function recordOf(trace: Trace, now: number): CloudTrailRecord {
  const { service, action, region, session, invokedBy, request, response } = trace
  const name = session.principalArn.slice(session.principalArn.lastIndexOf('/') + 1)
  const isRole = session.sessionName !== undefined
  const eventSource = `${service}.amazonaws.com`
  return {
    eventVersion: service === 'iam' ? '1.10' : '1.09',
    userIdentity: {
      type: isRole ? 'AssumedRole' : 'IAMUser',
      principalId: session.userId,
      arn: session.arn,
      accountId: session.accountId,
      accessKeyId: session.credentials.accessKeyId,
      ...(isRole
        ? {
            sessionContext: {
              sessionIssuer: {
                type: 'Role',
                principalId: session.principal.id,
                arn: session.principalArn,
                accountId: session.accountId,
                userName: name,
              },
              attributes: {
                creationDate: second(session.issuedAt),
                mfaAuthenticated: 'false',
              },
            },
          }
        : { userName: name }),
      ...(invokedBy && { invokedBy }),
    },
    eventTime: second(now),
    eventSource,
    eventName: action,
    awsRegion: region,
    sourceIPAddress: invokedBy ?? '127.0.0.1',
    userAgent: invokedBy ?? 'aws-cli/2',
    requestParameters: request,
    responseElements: response,
    requestID: randomUUID(),
    eventID: randomUUID(),
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: session.accountId,
    eventCategory: 'Management',
  }
}

function second(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
