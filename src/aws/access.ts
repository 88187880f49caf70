import {
  CloudTrailClient,
  DescribeTrailsCommand,
  type Event,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types'
import type { Selection } from '../connections/selection.ts'
import type { SecondsRange } from '../db/schema.ts'
import type { VerifiedRole } from '../db/verifications.ts'
import { sessionPolicy } from './documents/permissions.ts'
import { AwsProblem, toAwsProblem } from './errors.ts'
import {
  describeCredentials,
  findingForProblem,
  findingForRole,
  findingWithoutIam,
  type PrincipalFinding,
  readCallerArn,
} from './principal-finding.ts'
import { type Partition, partitionOf, partitions } from './regions.ts'

/** The role to assume, and how. */
export interface RoleGrant {
  connectionId: string
  roleArn: string
  partition: string
  /** Omitted only by the probe that AWS must deny. */
  externalId?: string
}

export interface RoleSession {
  credentials: AwsCredentialIdentity
  expiresAt: Date
  /** AWS's unique ID of the role, `AROA…`. A role that is created again has a different one. */
  roleId: string
}

/**
 * Assuming the role for an import has disproved its verification. `open_without_id`: AWS returned a
 * session without the external ID. `another_role`: the role has a different unique ID than the
 * verified one.
 */
export class SessionDisproved extends Error {
  override readonly name = 'SessionDisproved'
  readonly kind: 'open_without_id' | 'another_role'

  constructor(kind: SessionDisproved['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** A session for imports, and the verdict that it belongs to. */
interface CachedSession {
  key: string
  session: Promise<RoleSession>
  /**
   * Unix milliseconds: when to repeat the probe without an external ID; null once AWS has denied
   * it.
   */
  probeAt: number | null
}

export interface LookupRequest {
  region: string
  /** The time range [from, to). */
  range: SecondsRange
  selection: Selection
  nextToken?: string
  /** Maximum number of events per page; AWS's default, which is also ours, is 50. */
  limit?: number
}

export interface LookupPage {
  events: Event[]
  nextToken: string | undefined
  /** AWS's clock, from the response's `Date` header, in Unix milliseconds. */
  serverTime: number | undefined
}

const MINUTE = 60_000
/** Role chaining, the usual case, allows at most one hour. */
const SESSION_SECONDS = 3600
/** Time limit for finding credentials and for requests to STS and IAM. */
const FIND_PRINCIPAL_WITHIN_MS = 20_000
/**
 * If AWS did not respond to the probe when the session was renewed, the probe is repeated after
 * this.
 */
const PROBE_AGAIN_MS = MINUTE
/** STS responds within a second. A verification makes several calls and must not take minutes. */
const STS_TIMEOUT_MS = 10_000
/** A session with less time than this left is renewed, so that none expires during a scan. */
const RENEW_BEFORE_MS = 5 * MINUTE

/**
 * Makes all of Cairn's calls to AWS. The SDK's retries are off: Temporal and the pacer decide when
 * to retry. Sessions are only in this object's memory. Failures are {@link AwsProblem}s; an aborted
 * call rejects with the SDK's `AbortError`.
 */
export class AwsAccess {
  readonly #base: AwsCredentialIdentityProvider
  readonly #ownRegion: string | undefined
  /** By connection. */
  readonly #sessions = new Map<string, CachedSession>()
  /** Clients by region, discarded with their session. */
  readonly #clients = new WeakMap<RoleSession, Map<string, CloudTrailClient>>()
  readonly #http = new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: 200, keepAlive: true },
    httpAgent: { maxSockets: 200, keepAlive: true },
  })

  readonly #stsHttp = new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: STS_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets: 50, keepAlive: true },
    httpAgent: { maxSockets: 50, keepAlive: true },
  })

  /** @param options.credentials Cairn's own identity; default: the SDK's provider chain */
  constructor(options: { credentials?: AwsCredentialIdentityProvider; region?: string } = {}) {
    this.#base = options.credentials ?? fromNodeProviderChain()
    this.#ownRegion = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION
  }

  /** The identity that Cairn runs as. */
  async ownIdentity(signal?: AbortSignal): Promise<{ account: string; arn: string }> {
    return this.#identity(this.#sts(this.#home().id, this.#base), signal)
  }

  /**
   * Determines the principal that customers' trust policies must name: the role or user that
   * assumes their roles. Calls STS, and IAM for the path of a role.
   *
   * @throws only the reason of `signal`, immediately; every other error is part of the finding
   */
  async findPrincipal(signal?: AbortSignal): Promise<PrincipalFinding> {
    const limit = AbortSignal.timeout(FIND_PRINCIPAL_WITHIN_MS)
    const either = signal ? AbortSignal.any([signal, limit]) : limit
    let credentials: string | null = null
    try {
      // A credential provider accepts no signal, and may wait for the network or for a command.
      const own = await abortable(this.#call(this.#base()), either)
      credentials = describeCredentials(own, process.env)
      const { arn: callerArn } = await abortable(this.ownIdentity(either), either)
      const caller = readCallerArn(callerArn)
      const known = { callerArn, caller, credentials }
      if (caller.kind !== 'role') return findingWithoutIam(known)!
      return findingForRole({ ...known, caller }, await this.#roleArn(caller, either))
    } catch (error) {
      signal?.throwIfAborted()
      const seconds = FIND_PRINCIPAL_WITHIN_MS / 1000
      const problem = limit.aborted
        ? new AwsProblem(
            credentials === null ? 'no_credentials' : 'unreachable',
            'TimeoutError',
            `nothing within ${seconds} seconds`,
          )
        : error
      if (!(problem instanceof AwsProblem)) throw error
      return findingForProblem(problem, { region: this.#stsRegion(this.#home().id), credentials })
    }
  }

  /**
   * Returns a session for imports, from memory until it expires. It belongs to one verdict and is
   * not used after another verification. Each renewal also tries to assume the role without the
   * external ID, which AWS must deny. If AWS does not respond, this probe is repeated a minute
   * later.
   *
   * @throws SessionDisproved
   * @throws AwsProblem
   */
  async session(
    grant: RoleGrant,
    verified: VerifiedRole,
    signal?: AbortSignal,
  ): Promise<RoleSession> {
    const { connectionId, roleArn, externalId } = grant
    const key = JSON.stringify([roleArn, externalId, verified])
    const cached = this.#sessions.get(connectionId)
    if (cached?.key === key) {
      const session = await cached.session.catch(() => undefined)
      if (session && session.expiresAt.getTime() - Date.now() > RENEW_BEFORE_MS) {
        if (cached.probeAt !== null && cached.probeAt <= Date.now())
          await this.#probeRefusal(cached, grant, signal)
        return session
      }
      // Several regions may have waited for the same session: the first one renews it for all.
      if (this.#sessions.get(connectionId) !== cached) return this.session(grant, verified, signal)
    }
    const renewed: CachedSession = {
      key,
      session: this.assumeRole(grant, signal).then(async (session) => {
        if (session.roleId !== verified.roleId)
          throw new SessionDisproved(
            'another_role',
            `The role's unique id is ${session.roleId}, and ${verified.roleId} was verified.`,
          )
        await this.#probeRefusal(renewed, grant, signal)
        return session
      }),
      probeAt: null,
    }
    this.#sessions.set(connectionId, renewed)
    renewed.session.catch(() => this.#drop(connectionId, renewed))
    return renewed.session
  }

  /** Discards a session that AWS no longer accepts, or whose verdict was withdrawn. */
  forget(connectionId: string): void {
    this.#sessions.delete(connectionId)
  }

  #drop(connectionId: string, cached: CachedSession): void {
    if (this.#sessions.get(connectionId) === cached) this.#sessions.delete(connectionId)
  }

  /** @throws SessionDisproved if AWS returns a session without the external ID */
  async #probeRefusal(cached: CachedSession, grant: RoleGrant, signal?: AbortSignal) {
    // Cached before the response arrives, so that the regions of a connection share one request.
    cached.probeAt = Date.now() + PROBE_AGAIN_MS
    try {
      await this.assumeRole({ ...grant, externalId: undefined }, signal)
    } catch (error) {
      if (!(error instanceof AwsProblem)) throw error
      if (error.kind === 'denied') cached.probeAt = null
      return
    }
    this.#drop(grant.connectionId, cached)
    throw new SessionDisproved(
      'open_without_id',
      'AWS returned a session for a call without an external ID.',
    )
  }

  /** Assumes the role now, without the cache, for the probes of a verification. */
  async assumeRole(grant: RoleGrant, signal?: AbortSignal): Promise<RoleSession> {
    const answer = await this.#call(
      this.#sts(grant.partition, this.#base).send(
        new AssumeRoleCommand({
          RoleArn: grant.roleArn,
          // Visible in the customer's CloudTrail. 2 to 64 characters.
          RoleSessionName: `cairn-${grant.connectionId}`,
          ExternalId: grant.externalId,
          DurationSeconds: SESSION_SECONDS,
          Policy: JSON.stringify(sessionPolicy),
        }),
        { abortSignal: signal },
      ),
    )
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {}
    // `AROA…:SESSIONNAME`
    const roleId = answer.AssumedRoleUser?.AssumedRoleId?.split(':')[0]
    if (!AccessKeyId || !SecretAccessKey || !Expiration || !roleId)
      throw incomplete('AssumeRole', 'a session')
    return {
      roleId,
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        expiration: Expiration,
      },
      expiresAt: Expiration,
    }
  }

  /**
   * The identity of a session: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, without the role's
   * path.
   */
  async identityOf(
    session: RoleSession,
    partition: string,
    signal?: AbortSignal,
  ): Promise<{ account: string; arn: string; userId: string }> {
    return this.#identity(this.#sts(partition, session.credentials), signal)
  }

  /** @throws AwsProblem `malformed` also for a response without a list of events */
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
    // If there are no events, AWS returns an empty list. A response without a list proves nothing.
    if (!Array.isArray(page.Events)) throw incomplete('LookupEvents', 'a list of events')
    // AWS would treat an empty token as a request for the first page. The SDK's paginators stop
    // here too.
    const nextToken = page.NextToken || undefined
    if (nextToken !== undefined && nextToken === request.nextToken) {
      throw new AwsProblem(
        'malformed',
        'RepeatedNextToken',
        'LookupEvents returned the NextToken of the request again, so there is no next page and no last one',
      )
    }
    return { events: page.Events.map(readEvent), nextToken, serverTime }
  }

  /** Returns the home regions of the account's trails, and the number of trails. */
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

  async #roleArn(
    role: { partition: string; roleName: string },
    signal?: AbortSignal,
  ): Promise<string | AwsProblem> {
    const client = new IAMClient({
      // IAM has one endpoint per partition.
      region: partitionOf(role.partition).globalRegion,
      credentials: this.#base,
      maxAttempts: 1,
      requestHandler: this.#http,
    })
    const command = new GetRoleCommand({ RoleName: role.roleName })
    return this.#call(client.send(command, { abortSignal: signal })).then(
      ({ Role }) => Role?.Arn ?? incomplete('GetRole', 'a role'),
      (error) => {
        if (error instanceof AwsProblem) return error
        throw error
      },
    )
  }

  /** The partition of Cairn's own region. */
  #home(): Partition {
    const own = partitions.find(({ regions }) => regions.includes(this.#ownRegion ?? ''))
    return own ?? partitionOf('aws')
  }

  /** A regional endpoint of that partition. */
  #stsRegion(partition: string): string {
    const { regions, globalRegion } = partitionOf(partition)
    return this.#ownRegion && regions.includes(this.#ownRegion) ? this.#ownRegion : globalRegion
  }

  #sts(partition: string, credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider) {
    return new STSClient({
      region: this.#stsRegion(partition),
      credentials,
      maxAttempts: 1,
      requestHandler: this.#stsHttp,
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
    const { Account: account, Arn: arn, UserId: userId } = answer
    if (!account || !arn || !userId) throw incomplete('GetCallerIdentity', 'an identity')
    return { account, arn, userId }
  }

  async #call<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw toAwsProblem(error)
    }
  }
}

/** The error for a response that is well-formed but lacks what AWS always sends. */
function incomplete(operation: string, what: string): AwsProblem {
  return new AwsProblem(
    'malformed',
    'IncompleteAnswer',
    `${operation} answered without ${what}. A proxy or firewall between Cairn and AWS may have sent the answer`,
  )
}

/** An event as the SDK declares it. The SDK does not check the types when it parses a response. */
function readEvent(event: unknown): Event {
  if (typeof event !== 'object' || event === null) return {}
  const { EventTime, Resources, ...fields } = event as Event
  return {
    ...readTexts(fields),
    ...(EventTime instanceof Date && { EventTime }),
    ...(Array.isArray(Resources) && {
      Resources: Resources.map((resource) => readTexts(resource ?? {})),
    }),
  }
}

/** The fields that have a value, as text. */
function readTexts(fields: object): Record<string, string> {
  const members = Object.entries(fields).filter(([, value]) => value != null)
  return Object.fromEntries(
    members.map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

/** Rejects with the signal's reason as soon as it is aborted, regardless of the response. */
async function abortable<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  answer.catch(() => {})
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([answer, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
