import type { Resource } from '../../changes/change.ts'
import { indexable } from '../../changes/text.ts'
import { parseArn, partitionOfRegion } from './arn.ts'
import type { LookupEvent } from './detail.ts'
import { JsonReader } from './json-reader.ts'
import { shortService } from './services.ts'

/** The parts of one CloudTrail record, read once and used by the whole reader. */
export interface Facts {
  record: JsonReader
  identity: JsonReader
  service: string
  /** `UpdateFunctionCode20150331v2`, as CloudTrail writes it. */
  action: string
  /** `UpdateFunctionCode`. */
  plainAction: string
  /** requestParameters, without the wrapper that some services put around them. */
  params: JsonReader
  /** responseElements, without the wrapper. */
  response: JsonReader
  /** additionalEventData and serviceEventDetails. */
  extra: JsonReader
  serviceDetails: JsonReader
  region: string | null
  accountId: string | null
  partition: string
  userAgent: string
  invokedBy: string | undefined
  /** What it acted on, the most significant first; empty until resources.ts has found them. */
  resources: Resource[]
}

/** @param record a parsed record, of any shape */
export function factsOf(record: JsonReader, event: LookupEvent): Facts | undefined {
  const insight = record.object('insightDetails')
  const action = record.text('eventName') ?? insight.text('eventName') ?? event.eventName
  if (action === undefined || action.trim() === '') return undefined
  const source =
    record.text('eventSource') ?? insight.text('eventSource') ?? event.eventSource ?? ''
  const identity = record.object('userIdentity')
  const region = record.text('awsRegion') ?? event.region
  const accountId =
    record.text('recipientAccountId') ?? identity.text('accountId') ?? record.text('accountId')
  const ofRegion = partitionOfRegion(region)
  const ofIdentity = parseArn(identity.text('arn') ?? '')?.partition
  const partition = ofRegion === 'aws' ? (ofIdentity ?? ofRegion) : ofRegion
  const params = opened(JsonReader.of(record.get('requestParameters')), 'Request')
  const serviceDetails = JsonReader.of(record.get('serviceEventDetails'))
  return {
    record,
    identity,
    service: indexable(shortService(source).trim()) || 'unknown',
    action: indexable(action),
    plainAction: plainName(indexable(action), record.text('eventType') === 'AwsServiceEvent'),
    // What a service did on its own has details in place of parameters.
    params: params.isEmpty && !serviceDetails.isEmpty ? innerStatus(serviceDetails) : params,
    response: opened(JsonReader.of(record.get('responseElements')), 'Response'),
    extra: JsonReader.of(record.get('additionalEventData')),
    serviceDetails,
    region: region === '' ? null : indexable(region),
    accountId: accountId === undefined ? null : indexable(accountId),
    partition: /^[a-z-]{3,20}$/.test(partition) ? partition : 'aws',
    userAgent: (record.text('userAgent') ?? '').slice(0, 1_000),
    invokedBy: invoker(identity),
    resources: [],
  }
}

/** EC2's newer actions are wrapped: `{CreateNatGatewayRequest: {…}}`. */
function opened(json: JsonReader, suffix: 'Request' | 'Response'): JsonReader {
  if (json.raw === undefined) return json
  for (const name of Object.keys(json.raw).slice(0, 3)) {
    if (name.endsWith(suffix) && !json.object(name).isEmpty) return json.object(name)
  }
  return json
}

/**
 * The service that acted on the caller's behalf. The console's own sign-in is none: what it calls, a
 * person clicked.
 */
function invoker(identity: JsonReader): string | undefined {
  const invokedBy = identity.text('invokedBy')?.slice(0, 200)
  return invokedBy !== undefined && /^(signin|console)\./.test(invokedBy) ? undefined : invokedBy
}

/** Without the API version, and without the `Result` and `Event` of services' own events. */
function plainName(action: string, isServiceEvent: boolean): string {
  const plain = action.replace(/20\d\d_?\d\d_?\d\d(v\d)?$/, '')
  if (!isServiceEvent) return plain
  return plain.replace(/(?<=^[A-Z][a-z]+[A-Z][A-Za-z]*)(Result|Event)$/, '')
}

/** `{closeAccountStatus: {accountId, state}}`: the status inside, where there is only one. */
function innerStatus(details: JsonReader): JsonReader {
  const entries = details.entries()
  const inner = entries.length === 1 ? details.object(entries[0]![0]) : details
  return inner.isEmpty ? details : inner
}
