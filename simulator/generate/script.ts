/** Writes down, call by call, what CloudTrail would record of a piece of work. */

import type { CloudTrailRecord } from '../types.ts'
import type { Account, Place } from './account.ts'
import type { Random } from './random.ts'

/** Who calls, and with what. */
export interface Caller {
  userIdentity: CloudTrailRecord
  sourceIPAddress: string
  userAgent(call: Call): string
  /** A person in the console: its credentials are marked, and each of its services has its own. */
  isConsole?: boolean
}

/** One call to an AWS API. */
export interface Call {
  /** As its endpoint names it: `ec2`, `monitoring`. */
  service: string
  /** As CloudTrail names it: with the API's version for Lambda and CloudFront. */
  action: string
  request?: CloudTrailRecord | null
  response?: CloudTrailRecord | null
  error?: { code: string; message?: string }
  resources?: { type?: string; ARN: string }[]
  /** Default: by the action's name. */
  readOnly?: boolean
  /** Fields that only this event has, or has otherwise. */
  fields?: CloudTrailRecord
}

const readingActions =
  /^(Describe|Get|List|Lookup|Head|Search|BatchGet|BatchCheck|AssumeRole|Decrypt$|GenerateDataKey|FilterLog|Validate|Detect)/

/** Global services, whose events are in us-east-1 regardless of the caller's region. */
const globalServices = new Set([
  'iam',
  'route53',
  'cloudfront',
  'signin',
  'support',
  'ce',
  'health',
])

/** Services keep their own version of the record's format. */
const eventVersions: Record<string, string> = {
  signin: '1.08',
  sts: '1.08',
  cloudformation: '1.09',
  iam: '1.10',
  lambda: '1.10',
  ecs: '1.09',
  rds: '1.09',
  ec2: '1.10',
  kms: '1.11',
  s3: '1.11',
}

const hosts: Record<string, string> = { ecr: 'api.ecr' }

/** A piece of work, written into a script. */
export type Work = (script: Script) => void

export class Script {
  readonly account: Account
  readonly random: Random
  readonly records: CloudTrailRecord[] = []
  /** Unix milliseconds of the next call. */
  at: number
  /** Rises from one script of a kind to the next: what versions and revisions are numbered with. */
  readonly ordinal: number

  constructor(account: Account, random: Random, at: number, ordinal: number) {
    this.account = account
    this.random = random
    this.at = at
    this.ordinal = ordinal
  }

  /** Lets seconds pass, as many as lie between the two. */
  wait(from: number, to = from): void {
    this.at += (from + (to - from) * this.random.fraction()) * 1000
  }

  /** Records one call, and lets the moment pass that a program needs before its next. */
  call(caller: Caller, region: string, call: Call): CloudTrailRecord {
    const record = this.#record(caller, region, call)
    this.records.push(record)
    this.wait(0.15, 1.2)
    return record
  }

  #record(caller: Caller, callRegion: string, call: Call): CloudTrailRecord {
    const { random, account } = this
    const { service, action, request = null, response = null, error } = call
    const region = globalServices.has(service) ? 'us-east-1' : callRegion
    const requestID =
      service === 's3' ? random.text('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 16) : random.uuid()
    const elements = service === 'ec2' ? { requestId: requestID, ...response } : response
    const isByService = 'invokedBy' in caller.userIdentity
    const userAgent = caller.userAgent(call)
    const bucket = service === 's3' && typeof request?.bucketName === 'string' && request.bucketName
    const host = bucket && typeof request.Host === 'string' ? request.Host : hostOf(service, region)
    const resources = bucket
      ? [{ type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` }]
      : call.resources
    return {
      eventVersion: eventVersions[service] ?? '1.11',
      userIdentity: caller.userIdentity,
      eventTime: formatTime(this.at),
      eventSource: `${service}.amazonaws.com`,
      eventName: action,
      awsRegion: region,
      sourceIPAddress: caller.sourceIPAddress,
      userAgent: service === 's3' && !isByService ? `[${userAgent}]` : userAgent,
      ...(error && {
        errorCode: error.code,
        ...(error.message !== undefined && { errorMessage: error.message }),
      }),
      requestParameters: request,
      responseElements: error || response === null ? null : elements,
      ...(service === 's3' && {
        additionalEventData: {
          SignatureVersion: 'SigV4',
          CipherSuite: 'TLS_AES_128_GCM_SHA256',
          bytesTransferredIn: 0,
          AuthenticationMethod: 'AuthHeader',
          'x-amz-id-2': `${random.hex(64)}=`,
          bytesTransferredOut: error ? 0 : random.integer(0, 900),
        },
      }),
      // Signing in is no API call, and has no id as one.
      ...(service !== 'signin' && { requestID }),
      eventID: random.uuid(),
      readOnly: call.readOnly ?? readingActions.test(action),
      ...(resources && {
        resources: resources.map((resource) => ({ accountId: account.id, ...resource })),
      }),
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account.id,
      ...(caller.userIdentity.type === 'AWSService' && { sharedEventID: random.uuid() }),
      eventCategory: 'Management',
      ...(!isByService && {
        tlsDetails: {
          tlsVersion: 'TLSv1.3',
          cipherSuite: 'TLS_AES_128_GCM_SHA256',
          clientProvidedHostHeader: host,
        },
      }),
      ...(caller.isConsole && { sessionCredentialFromConsole: 'true' }),
      ...call.fields,
    }
  }
}

/** A place of the environment, in any of its regions. */
export function anywhereIn({ account, random }: Script, environment: Place['environment']): Place {
  return random.pick(account.places.filter((place) => place.environment === environment))
}

export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** As STS and others write times in their answers: `Jul 10, 2023, 6:30:22 PM`. */
export function formatLongTime(at: number): string {
  return longTime.format(at).replaceAll('\u202f', ' ')
}

const longTime = new Intl.DateTimeFormat('en-US', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
})

function hostOf(service: string, region: string): string {
  if (service === 'signin') return `${region}.signin.aws.amazon.com`
  if (globalServices.has(service)) return `${service}.amazonaws.com`
  return `${hosts[service] ?? service}.${region}.amazonaws.com`
}
