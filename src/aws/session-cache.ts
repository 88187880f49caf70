import type { AwsCredentialIdentity } from '@smithy/types'
import type { VerifiedRole } from '../db/verifications.ts'
import { AwsProblem } from './errors.ts'

const MINUTE_MS = 60_000
/**
 * If AWS did not respond to the probe when the session was renewed, the probe is repeated after
 * this.
 */
const PROBE_AGAIN_MS = MINUTE_MS
/** A session with less time than this left is renewed, so that none expires during a scan. */
const RENEW_BEFORE_MS = 5 * MINUTE_MS

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

type AssumeRole = (grant: RoleGrant, signal?: AbortSignal) => Promise<RoleSession>

/** The sessions of roles, by connection. They are only in this object's memory. */
export class SessionCache {
  readonly #assumeRole: AssumeRole
  readonly #sessions = new Map<string, CachedSession>()

  constructor(assumeRole: AssumeRole) {
    this.#assumeRole = assumeRole
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
      session: this.#assumeRole(grant, signal).then(async (session) => {
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
      await this.#assumeRole({ ...grant, externalId: undefined }, signal)
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
}
