import { CloudTrailClient, type Event, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts'
import type { CloudTrailRecord, Credentials, Simulator } from '../../simulator/index.ts'
import { record as cloudTrailRecord, cloudTrailTime, userIdentity } from '../cloudtrail/records.ts'
import { policy, trust } from '../roles.ts'

export const ROLE = 'arn:aws:iam::111122223333:role/services/cairn-read-only'
export const EXTERNAL_ID = 'cairn-4f6b1d'

export const readOnly = policy({
  Effect: 'Allow',
  Action: [
    'cloudtrail:LookupEvents',
    'cloudtrail:Describe*',
    'cloudtrail:Get*',
    'cloudtrail:List*',
  ],
  Resource: '*',
})

/** The role that a customer would create: it trusts the vendor with the external ID, and may read CloudTrail. */
export function putCustomerRole(simulator: Simulator, arn = ROLE): void {
  simulator.putRole({
    arn,
    trustPolicy: trust(simulator.vendor.principalArn, {
      StringEquals: { 'sts:ExternalId': EXTERNAL_ID },
    }),
    policies: [readOnly],
  })
}

export function stsClient(
  simulator: Simulator,
  { region = 'us-east-1', credentials = simulator.vendor.credentials as Credentials } = {},
): STSClient {
  return new STSClient({ endpoint: simulator.url, region, credentials, maxAttempts: 1 })
}

export function cloudTrailClient(
  simulator: Simulator,
  credentials: Credentials,
  region = 'us-east-1',
): CloudTrailClient {
  return new CloudTrailClient({ endpoint: simulator.url, region, credentials, maxAttempts: 1 })
}

/** Assumes the customer's role as the vendor does. */
export async function assume(
  simulator: Simulator,
  input: Partial<AssumeRoleCommandInput> = {},
  credentials: Credentials = simulator.vendor.credentials,
): Promise<Credentials> {
  const { Credentials: issued } = await stsClient(simulator, { credentials }).send(
    new AssumeRoleCommand({
      RoleArn: ROLE,
      RoleSessionName: 'cairn',
      ExternalId: EXTERNAL_ID,
      ...input,
    }),
  )
  return {
    accessKeyId: issued!.AccessKeyId!,
    secretAccessKey: issued!.SecretAccessKey!,
    sessionToken: issued!.SessionToken!,
  }
}

/** A client of the customer's account, as the vendor gets one. */
export async function customer(simulator: Simulator, region?: string): Promise<CloudTrailClient> {
  putCustomerRole(simulator)
  return cloudTrailClient(simulator, await assume(simulator), region)
}

/** The error that a call was rejected with. */
export async function awsErrorOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: Error & { $metadata?: { httpStatusCode?: number } }) => thrown,
  )
  return { name: error?.name, message: error?.message, status: error?.$metadata?.httpStatusCode }
}

/** The whole of a lookup, and how large each page was. */
export async function lookUpAll(
  client: CloudTrailClient,
  input: ConstructorParameters<typeof LookupEventsCommand>[0] = {},
): Promise<{ events: Event[]; pages: number[] }> {
  const events: Event[] = []
  const pages: number[] = []
  let NextToken: string | undefined
  do {
    const page = await client.send(new LookupEventsCommand({ ...input, NextToken }))
    events.push(...(page.Events ?? []))
    pages.push(page.Events?.length ?? 0)
    NextToken = page.NextToken
  } while (NextToken)
  return { events, pages }
}

let made = 0

/** A record of a change, `ago` seconds before the simulator's now unless it says otherwise. */
export function simulatedRecord(
  simulator: Simulator,
  ago: number,
  overrides: CloudTrailRecord = {},
): CloudTrailRecord {
  return cloudTrailRecord({
    eventTime: cloudTrailTime(simulator.now() - ago * 1000),
    eventName: 'StopInstances',
    awsRegion: 'us-east-1',
    userIdentity: userIdentity('alice', '111122223333'),
    recipientAccountId: '111122223333',
    requestParameters: { instancesSet: { items: [{ instanceId: 'i-0abc' }] } },
    eventID: `event-${++made}`,
    ...overrides,
  })
}
