import {
  CloudTrailClient,
  DescribeTrailsCommand,
  type Event,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types'
import type { SecondsRange, Selection } from '../db/schema.ts'
import { sessionPolicy } from './documents/permissions.ts'
import { toAwsProblem } from './errors.ts'
import { partitionOf, partitions } from './regions.ts'

/** Which role to assume, and how. */
export interface RoleGrant {
  connectionId: string
  roleArn: string
  partition: string
  /** Left out only by the probe that has to be refused. */
  externalId?: string
}

export interface RoleSession {
  credentials: AwsCredentialIdentity
  expiresAt: Date
}

export interface LookupRequest {
  region: string
  /** Read `[from, to)`. */
  range: SecondsRange
  selection: Selection
  nextToken?: string
  /** Most events a page; AWS's and our default is 50. */
  limit?: number
}

export interface LookupPage {
  events: Event[]
  nextToken: string | undefined
  /** AWS's clock, from the answer's `Date` header, in Unix milliseconds. */
  serverTime: number | undefined
}

const MINUTE = 60_000
/** Role chaining, the usual case, allows no more than an hour. */
const SESSION_SECONDS = 3600
/** A session is renewed when it has less than this left, so that none ends within a scan. */
const RENEW_BEFORE_MS = 5 * MINUTE

/**
 * All of Cairn's calls to AWS. Retries of the SDK are off: Temporal and the pacer decide when to
 * try again. Sessions live in this object's memory and nowhere else. Failures are
 * {@link AwsProblem}s; an aborted call rejects with the SDK's `AbortError`.
 */
export class AwsAccess {
  readonly #base: AwsCredentialIdentityProvider
  readonly #ownRegion: string | undefined
  readonly #sessions = new Map<string, Promise<RoleSession>>()
  /** Clients by region; they go when their session goes. */
  readonly #clients = new WeakMap<RoleSession, Map<string, CloudTrailClient>>()
  readonly #http = new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: 200, keepAlive: true },
    httpAgent: { maxSockets: 200, keepAlive: true },
  })

  /** @param options.credentials Cairn's own identity; default: the SDK's provider chain */
  constructor(options: { credentials?: AwsCredentialIdentityProvider; region?: string } = {}) {
    this.#base = options.credentials ?? fromNodeProviderChain()
    this.#ownRegion = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION
  }

  /** Who Cairn itself is. */
  async ownIdentity(signal?: AbortSignal): Promise<{ account: string; arn: string }> {
    const home = partitions.find(({ regions }) => regions.includes(this.#ownRegion ?? ''))
    return this.#identity(this.#sts(home?.id ?? 'aws', this.#base), signal)
  }

  /** A session for the role, from memory while it lasts. */
  async session(grant: RoleGrant, signal?: AbortSignal): Promise<RoleSession> {
    const key = JSON.stringify([grant.connectionId, grant.roleArn, grant.externalId])
    const known = await this.#sessions.get(key)?.catch(() => undefined)
    if (known && known.expiresAt.getTime() - Date.now() > RENEW_BEFORE_MS) return known
    const pending = this.assumeRole(grant, signal)
    this.#sessions.set(key, pending)
    pending.catch(() => this.#sessions.delete(key))
    return pending
  }

  /** Forgets a session that AWS no longer takes. */
  forget(grant: RoleGrant): void {
    this.#sessions.delete(JSON.stringify([grant.connectionId, grant.roleArn, grant.externalId]))
  }

  /** Assumes the role now, without the memory: what the verification's probes need. */
  async assumeRole(grant: RoleGrant, signal?: AbortSignal): Promise<RoleSession> {
    const answer = await this.#call(
      this.#sts(grant.partition, this.#base).send(
        new AssumeRoleCommand({
          RoleArn: grant.roleArn,
          // The customer sees it in their own CloudTrail: 2 to 64 characters.
          RoleSessionName: `cairn-${grant.connectionId}`,
          ExternalId: grant.externalId,
          DurationSeconds: SESSION_SECONDS,
          Policy: JSON.stringify(sessionPolicy),
        }),
        { abortSignal: signal },
      ),
    )
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials!
    return {
      credentials: {
        accessKeyId: AccessKeyId!,
        secretAccessKey: SecretAccessKey!,
        sessionToken: SessionToken,
        expiration: Expiration,
      },
      expiresAt: Expiration!,
    }
  }

  /** Who a session is: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, without the role's path. */
  async identityOf(
    session: RoleSession,
    partition: string,
    signal?: AbortSignal,
  ): Promise<{ account: string; arn: string }> {
    return this.#identity(this.#sts(partition, session.credentials), signal)
  }

  async lookupEvents(
    session: RoleSession,
    request: LookupRequest,
    signal?: AbortSignal,
  ): Promise<LookupPage> {
    const [from, to] = request.range
    const command = new LookupEventsCommand({
      StartTime: new Date(from * 1000),
      // Inclusive, and event times have whole seconds.
      EndTime: new Date((to - 1) * 1000),
      MaxResults: request.limit ?? 50,
      NextToken: request.nextToken,
      ...(request.selection === 'changes' && {
        LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }],
      }),
    })
    let serverTime: number | undefined
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        const { headers } = result.response as { headers?: Record<string, string> }
        const date = Date.parse(headers?.date ?? '')
        if (!Number.isNaN(date)) serverTime = date
        return result
      },
      { step: 'deserialize', priority: 'low' },
    )
    const client = this.#cloudTrail(request.region, session)
    const page = await this.#call(client.send(command, { abortSignal: signal }))
    return { events: page.Events ?? [], nextToken: page.NextToken, serverTime }
  }

  /** The regions that the account's trails are at home in, and how many trails there are. */
  async trails(
    session: RoleSession,
    region: string,
    signal?: AbortSignal,
  ): Promise<{ count: number; homeRegions: string[] }> {
    const answer = await this.#call(
      this.#cloudTrail(region, session).send(
        new DescribeTrailsCommand({ includeShadowTrails: true }),
        { abortSignal: signal },
      ),
    )
    const trails = answer.trailList ?? []
    const homes = new Set(trails.flatMap((trail) => trail.HomeRegion ?? []))
    return { count: trails.length, homeRegions: [...homes].sort() }
  }

  #sts(partition: string, credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider) {
    const { regions, globalRegion } = partitionOf(partition)
    const own = this.#ownRegion
    return new STSClient({
      // A regional endpoint of the role's own partition.
      region: own && regions.includes(own) ? own : globalRegion,
      credentials,
      maxAttempts: 1,
      requestHandler: this.#http,
    })
  }

  #cloudTrail(region: string, session: RoleSession): CloudTrailClient {
    const clients = this.#clients.get(session) ?? new Map<string, CloudTrailClient>()
    this.#clients.set(session, clients)
    let client = clients.get(region)
    if (!client) {
      client = new CloudTrailClient({
        region,
        credentials: session.credentials,
        maxAttempts: 1,
        requestHandler: this.#http,
      })
      clients.set(region, client)
    }
    return client
  }

  async #identity(client: STSClient, signal?: AbortSignal) {
    const answer = await this.#call(
      client.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
    )
    return { account: answer.Account!, arn: answer.Arn! }
  }

  async #call<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw toAwsProblem(error)
    }
  }
}
