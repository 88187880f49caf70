/** AWS STS: the query protocol's parameters in, XML out. */

import { AwsError } from './errors.ts'
import { parsePolicy } from './policy.ts'
import { type QueryRequest, text, validate, whole } from './query.ts'
import { xml } from './xml.ts'

const HOUR_SECONDS = 3600

/** The operations by name; each returns the content of its `…Result` element. */
export const stsOperations: Record<string, (request: QueryRequest) => string> = {
  AssumeRole: assumeRole,
  GetCallerIdentity: getCallerIdentity,
}

/** Requires no permission: even a policy that denies everything does not deny it. */
function getCallerIdentity({ session }: QueryRequest): string {
  return xml({ Arn: session.arn, UserId: session.userId, Account: session.accountId })
}

function assumeRole({ parameters, session, region, accounts }: QueryRequest): string {
  const roleArn = parameters.get('RoleArn')
  const sessionName = parameters.get('RoleSessionName')
  const externalId = parameters.get('ExternalId')
  const policyText = parameters.get('Policy')
  const duration = parameters.get('DurationSeconds')
  validate(
    text('roleArn', roleArn, { required: true, min: 20, max: 2048 }),
    text('roleSessionName', sessionName, {
      required: true,
      min: 2,
      max: 64,
      pattern: '[\\w+=,.@-]*',
    }),
    text('externalId', externalId, { min: 2, max: 1224, pattern: '[\\w+=,.@:\\/-]*' }),
    text('policy', policyText, { min: 1, max: 2048 }),
    whole('durationSeconds', duration, { min: 900, max: 12 * HOUR_SECONDS }),
  )
  if (!/^arn:[\w-]+:iam::\d{12}:\S+$/.test(roleArn!)) {
    throw new AwsError('ValidationError', `${roleArn} is invalid`)
  }
  if ([...parameters.keys()].some((name) => name.startsWith('PolicyArns.'))) {
    throw new AwsError('ValidationError', 'PolicyArns are not simulated: use Policy')
  }
  const sessionPolicy = policyText === null ? undefined : parsePolicy(policyText, 'identity')

  const has = (prefix: string) => [...parameters.keys()].some((name) => name.startsWith(prefix))
  const assumed = accounts.assumeRole(session, {
    roleArn: roleArn!,
    sessionName: sessionName!,
    ...(externalId !== null && { externalId }),
    durationSeconds: duration === null ? HOUR_SECONDS : Number(duration),
    region,
    actions: [
      'sts:AssumeRole',
      ...(has('Tags.member.') ? ['sts:TagSession'] : []),
      ...(has('SourceIdentity') ? ['sts:SetSourceIdentity'] : []),
    ],
    ...(sessionPolicy && { sessionPolicy }),
  })
  return xml({
    AssumedRoleUser: { AssumedRoleId: assumed.userId, Arn: assumed.arn },
    Credentials: {
      AccessKeyId: assumed.credentials.accessKeyId,
      SecretAccessKey: assumed.credentials.secretAccessKey,
      SessionToken: assumed.credentials.sessionToken!,
      Expiration: `${new Date(assumed.expiresAt!).toISOString().slice(0, 19)}Z`,
    },
    // AWS packs the policy into the token and returns how much of the space it takes, in percent.
    ...(policyText !== null && { PackedPolicySize: String(Math.ceil(policyText.length / 21)) }),
  })
}
