import { parseArn, partitionOf } from './arn.ts'
import type { Bag } from './bag.ts'
import type { Resource, SeenEvent } from './change.ts'
import { shortService } from './services.ts'
import { indexable } from './text.ts'

/** What one CloudTrail record says, opened once and read by everything that tells of it. */
export interface Facts {
  record: Bag
  identity: Bag
  service: string
  /** `UpdateFunctionCode20150331v2`, as CloudTrail writes it. */
  action: string
  /** `UpdateFunctionCode`. */
  plainAction: string
  /** requestParameters, out of the envelope that some services put around them. */
  params: Bag
  /** responseElements, likewise. */
  answer: Bag
  /** additionalEventData and serviceEventDetails. */
  extra: Bag
  serviceDetails: Bag
  region: string | null
  accountId: string | null
  partition: string
  userAgent: string
  invokedBy: string | undefined
  /** What it acted on, the most telling first; empty until resources.ts has looked. */
  resources: Resource[]
}

/** @param record a parsed record, of any shape */
export function factsOf(record: Bag, seen: SeenEvent): Facts | undefined {
  const insight = record.bag('insightDetails')
  const action = record.text('eventName') ?? insight.text('eventName') ?? seen.eventName
  if (action === undefined || action.trim() === '') return undefined
  const source = record.text('eventSource') ?? insight.text('eventSource') ?? seen.eventSource ?? ''
  const identity = record.bag('userIdentity')
  const region = record.text('awsRegion') ?? seen.region
  const accountId =
    record.text('recipientAccountId') ?? identity.text('accountId') ?? record.text('accountId')
  const ofRegion = partitionOf(region)
  const ofIdentity = parseArn(identity.text('arn') ?? '')?.partition
  const partition = ofRegion === 'aws' ? (ofIdentity ?? ofRegion) : ofRegion
  return {
    record,
    identity,
    service: indexable(shortService(source).trim()) || 'unknown',
    action: indexable(action),
    plainAction: indexable(action).replace(/20\d\d_?\d\d_?\d\d(v\d)?$/, ''),
    params: opened(record.bag('requestParameters'), 'Request'),
    answer: opened(record.bag('responseElements'), 'Response'),
    extra: record.bag('additionalEventData'),
    serviceDetails: record.bag('serviceEventDetails'),
    region: region === '' ? null : indexable(region),
    accountId: accountId === undefined ? null : indexable(accountId),
    partition: /^[a-z-]{3,20}$/.test(partition) ? partition : 'aws',
    userAgent: (record.text('userAgent') ?? '').slice(0, 1_000),
    invokedBy: identity.text('invokedBy')?.slice(0, 200),
    resources: [],
  }
}

/** EC2's newer actions come as `{CreateNatGatewayRequest: {…}}`. */
function opened(bag: Bag, suffix: 'Request' | 'Response'): Bag {
  if (bag.raw === undefined) return bag
  for (const name of Object.keys(bag.raw).slice(0, 3)) {
    if (name.endsWith(suffix) && !bag.bag(name).isEmpty) return bag.bag(name)
  }
  return bag
}
