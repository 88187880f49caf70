/** Converts a CloudTrail record to the event that LookupEvents returns. */

import { ControlError } from './errors.ts'
import type { CloudTrailRecord, LookupEvent } from './types.ts'

/** An event in the ledger: the attributes for lookups, and its serialized text. */
export interface StoredEvent {
  /** Position in the order of arrival. */
  sequence: number
  /** Epoch seconds: the time of the event. */
  second: number
  /** Epoch milliseconds of the simulator's clock from which LookupEvents shows it; 0 is always. */
  visibleFrom: number
  id: string | undefined
  isInsight: boolean
  /** What lookup attributes are compared with. */
  fields: Omit<LookupEvent, 'CloudTrailEvent'>
  /** The element of `Events`, serialized. */
  json: string
}

export const lookupAttributeKeys = [
  'EventId',
  'EventName',
  'ReadOnly',
  'Username',
  'ResourceType',
  'ResourceName',
  'EventSource',
  'AccessKeyId',
] as const

export type LookupAttributeKey = (typeof lookupAttributeKeys)[number]

/**
 * The fields of `Events` besides the record. Fields that the record lacks are absent, as in AWS's responses for
 * service events.
 */
export function lookupEvent(record: CloudTrailRecord): LookupEvent {
  const identity = asObject(record.userIdentity)
  const event: LookupEvent = {}
  const set = <K extends keyof LookupEvent>(key: K, value: LookupEvent[K] | undefined) => {
    if (value !== undefined) event[key] = value
  }
  set('EventId', asText(record.eventID))
  set('EventName', asText(record.eventName))
  // A boolean in the record, text in the response; records before eventVersion 1.05 may lack it.
  if (record.readOnly !== undefined && record.readOnly !== null) {
    set('ReadOnly', String(record.readOnly))
  }
  set('AccessKeyId', asText(identity.accessKeyId))
  set('EventTime', recordSecond(record))
  set('EventSource', asText(record.eventSource))
  set('Username', username(identity))
  set('Resources', resources(record))
  set('CloudTrailEvent', JSON.stringify(record))
  return event
}

/**
 * @param visibleFrom epoch milliseconds
 * @throws ControlError when neither the record nor the answer around it has a time
 */
export function storeEvent(
  event: LookupEvent,
  record: CloudTrailRecord,
  sequence: number,
  visibleFrom: number,
): StoredEvent {
  const { CloudTrailEvent: _, ...fields } = event
  const second = recordSecond(record) ?? event.EventTime
  if (second === undefined) {
    throw new ControlError(`A record has no eventTime that can be read: ${event.EventId ?? '?'}`)
  }
  return {
    sequence,
    second,
    visibleFrom,
    id: event.EventId,
    isInsight: record.eventCategory === 'Insight',
    fields,
    json: JSON.stringify(event),
  }
}

export function hasAttribute(event: StoredEvent, key: LookupAttributeKey, value: string): boolean {
  if (key === 'ResourceType' || key === 'ResourceName') {
    return (event.fields.Resources ?? []).some((resource) => resource[key] === value)
  }
  return event.fields[key] === value
}

/** Epoch seconds; undefined when the record has no eventTime that can be read. */
export function recordSecond(record: CloudTrailRecord): number | undefined {
  const time = typeof record.eventTime === 'string' ? Date.parse(record.eventTime) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

/** The name of a user, of an assumed role's session; nothing for a service. */
function username(identity: Record<string, unknown>): string | undefined {
  switch (identity.type) {
    case 'Root':
      return asText(identity.userName) ?? 'root'
    case 'AssumedRole':
    case 'FederatedUser':
      return asText(identity.arn)?.split('/').at(-1)
    case 'AWSService':
    case 'AWSAccount':
      return undefined
    default:
      return asText(identity.userName)
  }
}

/**
 * Parameters and answers whose value names a resource, by service. AWS's own table is not public: this contains the
 * kinds that its examples show.
 */
const resourceFields: Record<string, Record<string, string>> = {
  'cloudformation.amazonaws.com': { stackName: 'AWS::CloudFormation::Stack' },
  'dynamodb.amazonaws.com': { tableName: 'AWS::DynamoDB::Table' },
  'ec2.amazonaws.com': {
    groupId: 'AWS::EC2::SecurityGroup',
    imageId: 'AWS::EC2::Ami',
    instanceId: 'AWS::EC2::Instance',
    keyName: 'AWS::EC2::KeyPair',
    networkInterfaceId: 'AWS::EC2::NetworkInterface',
    routeTableId: 'AWS::EC2::RouteTable',
    snapshotId: 'AWS::EC2::Snapshot',
    subnetId: 'AWS::EC2::Subnet',
    volumeId: 'AWS::EC2::Volume',
    vpcId: 'AWS::EC2::VPC',
  },
  'iam.amazonaws.com': {
    accessKeyId: 'AWS::IAM::AccessKey',
    groupName: 'AWS::IAM::Group',
    instanceProfileName: 'AWS::IAM::InstanceProfile',
    policyArn: 'AWS::IAM::Policy',
    roleName: 'AWS::IAM::Role',
    userName: 'AWS::IAM::User',
  },
  'lambda.amazonaws.com': { functionName: 'AWS::Lambda::Function' },
  'rds.amazonaws.com': {
    dBInstanceIdentifier: 'AWS::RDS::DBInstance',
    dBSnapshotIdentifier: 'AWS::RDS::DBSnapshot',
  },
  's3.amazonaws.com': { bucketName: 'AWS::S3::Bucket' },
  'sts.amazonaws.com': { accessKeyId: 'AWS::STS::AccessKey', roleArn: 'AWS::IAM::Role' },
}

function resources(record: CloudTrailRecord): NonNullable<LookupEvent['Resources']> {
  const found = new Map<string, { ResourceType?: string; ResourceName?: string }>()
  const add = (type: string | undefined, name: string | undefined) => {
    if (name === undefined) return
    found.set(`${type} ${name}`, { ...(type && { ResourceType: type }), ResourceName: name })
  }
  for (const resource of Array.isArray(record.resources) ? record.resources : []) {
    const { type, ARN } = asObject(resource)
    add(asText(type), asText(ARN))
  }
  const fields = resourceFields[String(record.eventSource)] ?? {}
  const visit = (value: unknown, depth: number) => {
    if (typeof value !== 'object' || value === null || depth > 5) return
    for (const [key, inner] of Object.entries(value)) {
      const type = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (type) add(type, asText(inner))
      visit(inner, depth + 1)
    }
  }
  visit(record.requestParameters, 0)
  visit(record.responseElements, 0)
  return [...found.values()]
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
