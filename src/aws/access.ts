import { CloudTrailClient, DescribeTrailsCommand } from '@aws-sdk/client-cloudtrail'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types'
import type { VerifiedRole } from '../db/verifications.ts'
import { sessionPolicy } from './documents/permissions.ts'
import { AwsProblem, callAws, incompleteResponse } from './errors.ts'
import { type LookupPage, type LookupRequest, lookupEvents } from './lookup-events.ts'
import {
  describeCredentials,
  findingForProblem,
  findingForRole,
  findingWithoutIam,
  type PrincipalFinding,
  readCallerArn,
} from './principal-finding.ts'
import { type Partition, partitionOf, partitions } from './regions.ts'
import { type RoleGrant, type RoleSession, SessionCache } from './session-cache.ts'

/** Role chaining, the usual case, allows at most one hour. */
const SESSION_SECONDS = 3600
/** Time limit for finding credentials and for requests to STS and IAM. */
const FIND_PRINCIPAL_WITHIN_MS = 20_000
/** STS responds within a second. A verification makes several calls and must not take minutes. */
const STS_TIMEOUT_MS = 10_000
/**
 * Makes all of Cairn's calls to AWS. The SDK's retries are off: Temporal and the pacer decide when
 * to retry. Sessions are only in this object's memory. Failures are {@link AwsProblem}s; an aborted
 * call rejects with the SDK's `AbortError`.
 */
export class AwsAccess {
  readonly #base: AwsCredentialIdentityProvider
  readonly #ownRegion: string | undefined
  readonly #sessions = new SessionCache((grant, signal) => this.assumeRole(grant, signal))
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
      const own = await abortable(callAws(this.#base()), either)
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
   * Returns a session for imports, see `SessionCache.session`.
   *
   * @throws SessionDisproved
   * @throws AwsProblem
   */
  session(grant: RoleGrant, verified: VerifiedRole, signal?: AbortSignal): Promise<RoleSession> {
    return this.#sessions.session(grant, verified, signal)
  }

  /** Discards a session that AWS no longer accepts, or whose verdict was withdrawn. */
  forget(connectionId: string): void {
    this.#sessions.forget(connectionId)
  }

  /** Assumes the role now, without the cache, for the probes of a verification. */
  async assumeRole(grant: RoleGrant, signal?: AbortSignal): Promise<RoleSession> {
    const answer = await callAws(
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
      throw incompleteResponse('AssumeRole', 'a session')
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

  /** @throws AwsProblem see `lookupEvents` */
  async lookupEvents(
    session: RoleSession,
    request: LookupRequest,
    signal?: AbortSignal,
  ): Promise<LookupPage> {
    return lookupEvents(this.#cloudTrail(request.region, session), request, signal)
  }

  /** Returns the home regions of the account's trails, and the number of trails. */
  async trails(
    session: RoleSession,
    region: string,
    signal?: AbortSignal,
  ): Promise<{ count: number; homeRegions: string[] }> {
    const answer = await callAws(
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
    return callAws(client.send(command, { abortSignal: signal })).then(
      ({ Role }) => Role?.Arn ?? incompleteResponse('GetRole', 'a role'),
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
    const answer = await callAws(
      client.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
    )
    const { Account: account, Arn: arn, UserId: userId } = answer
    if (!account || !arn || !userId) throw incompleteResponse('GetCallerIdentity', 'an identity')
    return { account, arn, userId }
  }
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
