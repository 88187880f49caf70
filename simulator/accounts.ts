/** The simulated accounts: principals, their access keys, and their permissions. */

import { randomBytes } from 'node:crypto'
import { AwsError, ControlError, commonError, type Protocol } from './errors.ts'
import { type Caller, evaluate, evaluateTrust, type Policy, parsePolicy } from './policy.ts'
import { type Partition, partitionNamed } from './regions.ts'
import type {
  Credentials,
  IssuedCredentials,
  PolicyDocument,
  PrincipalSpec,
  RoleSpec,
  TrailSpec,
} from './types.ts'

interface Account {
  id: string
  regions: Set<string>
  serviceControlPolicies: Policy[]
  trails: Required<TrailSpec>[]
}

/** A user, or a role that can be assumed once it has a trust policy. */
export interface Principal {
  arn: string
  accountId: string
  /** Unique and never reused, so that a role that is created again under the same name is a different one. */
  id: string
  /** Inline policies, by name. */
  inline: Map<string, ReadPolicy>
  /** ARNs of managed policies. */
  attached: Set<string>
  /** ARN of the permissions boundary. */
  boundary?: string
  description?: string
  tags: Map<string, string>
  trust: Policy
  trustDocument: PolicyDocument
  maxSessionDuration: number
  /** Epoch milliseconds. */
  propagatingUntil: number
  createdAt: number
}

/** A policy as text, and parsed. */
interface ReadPolicy {
  document: PolicyDocument
  policy: Policy
}

/** A managed policy. */
interface ManagedPolicy extends ReadPolicy {
  arn: string
  id: string
  name: string
  path: string
  createdAt: number
}

/** The credentials of one access key. */
export interface Session extends Caller {
  credentials: Credentials
  principal: Principal
  /** `AIDA…`, or `AROA…:SESSION` */
  userId: string
  sessionName?: string
  /** Epoch milliseconds; absent for a user's long-term key. */
  expiresAt?: number
  issuedAt: number
  /** Limits the permissions of the role. */
  sessionPolicy?: Policy
}

interface AssumeRoleRequest {
  roleArn: string
  sessionName: string
  externalId?: string
  durationSeconds: number
  sessionPolicy?: Policy
  region: string
  /** `sts:AssumeRole`, and other actions that the request needs: `sts:TagSession` for tags. */
  actions: string[]
}

export class Accounts {
  readonly partition: Partition
  readonly #now: () => number
  readonly #accounts = new Map<string, Account>()
  readonly #principals = new Map<string, Principal>()
  readonly #sessions = new Map<string, Session>()
  /** Customers' by ARN, and those of AWS that are simulated. */
  readonly managedPolicies = new Map<string, ManagedPolicy>()

  /** @param now epoch milliseconds */
  constructor(partition: string, now: () => number) {
    this.partition = partitionNamed(partition)
    this.#now = now
    this.putManagedPolicy(
      `arn:${this.partition.name}:iam::aws:policy/AdministratorAccess`,
      allowEverything,
    )
  }

  /** @throws AwsError MalformedPolicyDocument */
  putManagedPolicy(arn: string, document: PolicyDocument): ManagedPolicy {
    const [, path, name] = /:policy(\/(?:.*\/)?)([^/]+)$/.exec(arn)!
    const policy: ManagedPolicy = {
      arn,
      path: path!,
      name: name!,
      id: keyId('ANPA'),
      createdAt: this.#now(),
      document,
      policy: parsePolicy(document, 'identity'),
    }
    this.managedPolicies.set(arn, policy)
    return policy
  }

  /** The account with this id; a new one is created with AWS's default regions. */
  account(id: string): Account {
    if (!/^\d{12}$/.test(id)) throw new ControlError(`An account ID has 12 digits, not "${id}"`)
    let account = this.#accounts.get(id)
    if (!account) {
      const trail = { name: 'management-events', homeRegion: this.partition.globalRegion }
      account = {
        id,
        regions: new Set(this.partition.enabled),
        serviceControlPolicies: [],
        trails: [{ ...trail, multiRegion: true, logging: true }],
      }
      this.#accounts.set(id, account)
    }
    return account
  }

  has(id: string): boolean {
    return this.#accounts.has(id)
  }

  principal(arn: string): Principal | undefined {
    return this.#principals.get(arn)
  }

  putRole(spec: RoleSpec): void {
    if (!spec.arn.includes(':role/')) throw new ControlError(`${spec.arn} is not the ARN of a role`)
    const { maxSessionDuration = 3600, propagatingUntil } = spec
    if (!(maxSessionDuration >= 3600 && maxSessionDuration <= 43_200)) {
      throw new ControlError('maxSessionDuration is from 3600 to 43200 seconds')
    }
    const until = propagatingUntil === undefined ? 0 : new Date(propagatingUntil).getTime()
    if (Number.isNaN(until)) throw new ControlError('propagatingUntil is not a time')
    const trust = parsePolicy(spec.trustPolicy, 'trust')
    const inline = readPolicies(spec.policies ?? [])
    Object.assign(this.#putPrincipal(spec.arn), {
      trust,
      trustDocument: spec.trustPolicy,
      inline,
      maxSessionDuration,
      propagatingUntil: until,
    })
  }

  deleteRole(arn: string): boolean {
    return arn.includes(':role/') && this.#principals.delete(arn)
  }

  roles(): Principal[] {
    return [...this.#principals.values()].filter(({ arn }) => arn.includes(':role/'))
  }

  createPrincipal(spec: PrincipalSpec): Credentials {
    const inline = spec.policies && readPolicies(spec.policies)
    const principal = this.#putPrincipal(spec.arn)
    if (inline) principal.inline = inline
    const session = principal.arn.includes(':role/')
      ? this.#openSession(principal, spec.sessionName ?? 'session', spec.durationSeconds ?? 43_200)
      : this.#remember({
          credentials: { accessKeyId: keyId('AKIA'), secretAccessKey: secret() },
          principal,
          accountId: principal.accountId,
          arn: principal.arn,
          principalArn: principal.arn,
          userId: principal.id,
          issuedAt: this.#now(),
        })
    return session.credentials
  }

  setPolicies(arn: string, policies: PolicyDocument[]): void {
    const principal = this.#principals.get(arn)
    if (!principal) throw new ControlError(`There is no principal ${arn}`)
    principal.inline = readPolicies(policies)
  }

  /** The session of a key, including sessions whose role was deleted. */
  session(accessKeyId: string): Session | undefined {
    return this.#sessions.get(accessKeyId)
  }

  isAlive(session: Session): boolean {
    return this.#principals.get(session.principal.arn) === session.principal
  }

  /** Every issued key, in the order of issue. */
  issued(): IssuedCredentials[] {
    return [...this.#sessions.values()].map(({ credentials, arn, issuedAt, expiresAt }) => ({
      ...credentials,
      arn,
      issuedAt: new Date(issuedAt).toISOString(),
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    }))
  }

  /**
   * Decides one request by service control, identity and session policies, in this order.
   *
   * @throws AwsError AccessDenied, worded as AWS words it, with the kind of policy that decided
   */
  authorize(
    session: Session,
    action: string,
    { protocol, region, resource = '*' }: { protocol: Protocol; region: string; resource?: string },
  ): void {
    const request = { action, resource, caller: session, keys: this.#keys(session, region) }
    const layers: [string, readonly Policy[]][] = [
      ['a service control', this.account(session.accountId).serviceControlPolicies],
      ['an identity-based', this.#policiesOf(session.principal)],
      ...this.#boundaryOf(session.principal).map(
        (policy) => ['a permissions boundary', [policy]] as [string, Policy[]],
      ),
      ...(session.sessionPolicy
        ? [['a session', [session.sessionPolicy]] as [string, Policy[]]]
        : []),
    ]
    for (const [kind, policies] of layers) {
      const verdict = evaluate(policies, request)
      if (verdict === 'deny') {
        throw denied(
          protocol,
          session,
          action,
          resource,
          ` with an explicit deny in ${named(kind)}`,
        )
      }
      // Every account has the service control policy that allows everything; only denials are set here.
      if (verdict === 'none' && kind !== 'a service control') {
        const which = named(kind).replace(/^an? /, '')
        const reason = ` because no ${which} allows the ${action} action`
        throw denied(protocol, session, action, resource, reason)
      }
    }
  }

  /**
   * Opens a session of the role when its trust policy lets the caller in and the caller's own policies let it go
   * there. A role that does not exist, or not yet, is refused in the same words as one that does not trust.
   *
   * @throws AwsError AccessDenied, RegionDisabledException, ValidationError (a session longer than the role allows)
   */
  assumeRole(caller: Session, request: AssumeRoleRequest): Session {
    const role = this.#principals.get(request.roleArn)
    const keys = {
      ...this.#keys(caller, request.region),
      'sts:externalid': request.externalId,
      'sts:rolesessionname': request.sessionName,
    }
    for (const action of request.actions) {
      const denial = denied('query', caller, action, request.roleArn, '')
      if (!role || role.propagatingUntil > this.#now()) throw denial
      const asked = { action, resource: role.arn, caller, keys }
      const trusted = evaluateTrust(role.trust, asked)
      const layers = [
        this.#policiesOf(caller.principal),
        ...this.#boundaryOf(caller.principal).map((policy) => [policy]),
        ...(caller.sessionPolicy ? [[caller.sessionPolicy]] : []),
      ]
      const own = layers.map((policies) => evaluate(policies, asked))
      const accountSays = evaluate(this.account(caller.accountId).serviceControlPolicies, asked)
      // Inside one account, a trust policy that names the caller itself is enough.
      const needsOwn = trusted === 'allow-account' || caller.accountId !== role.accountId
      if (
        (trusted !== 'allow' && trusted !== 'allow-account') ||
        accountSays === 'deny' ||
        own.includes('deny') ||
        (needsOwn && own.includes('none'))
      ) {
        throw denial
      }
    }
    if (!this.account(role!.accountId).regions.has(request.region)) {
      throw new AwsError(
        'RegionDisabledException',
        `STS is not activated in this region for account:${role!.accountId}. Your account administrator can activate STS in this region using the IAM Console.`,
        403,
      )
    }
    // Role chaining: a caller that already has a session gets at most one hour.
    if (caller.sessionName !== undefined && request.durationSeconds > 3600) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      )
    }
    if (request.durationSeconds > role!.maxSessionDuration) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      )
    }
    return this.#openSession(
      role!,
      request.sessionName,
      request.durationSeconds,
      request.sessionPolicy,
    )
  }

  #policiesOf({ inline, attached }: Principal): Policy[] {
    const managed = [...attached].flatMap((arn) => this.managedPolicies.get(arn) ?? [])
    return [...inline.values(), ...managed].map(({ policy }) => policy)
  }

  /** None without a boundary; one that allows nothing if its policy was deleted. */
  #boundaryOf({ boundary }: Principal): Policy[] {
    if (boundary === undefined) return []
    return [this.managedPolicies.get(boundary)?.policy ?? []]
  }

  #putPrincipal(arn: string): Principal {
    const form = /^arn:([\w-]+):iam::(\d{12}):(user|role)\/(?:[\w+=,.@/-]*\/)?[\w+=,.@-]{1,64}$/
    const match = form.exec(arn)
    if (!match) throw new ControlError(`${arn} is not the ARN of a user or role`)
    if (match[1] !== this.partition.name) {
      throw new ControlError(`${arn} is not in the simulated partition, ${this.partition.name}`)
    }
    const known = this.#principals.get(arn)
    if (known) return known
    const principal: Principal = {
      arn,
      accountId: this.account(match[2]!).id,
      id: keyId(match[3] === 'role' ? 'AROA' : 'AIDA'),
      inline: new Map(),
      attached: new Set(),
      tags: new Map(),
      trust: [],
      trustDocument: { Version: '2012-10-17', Statement: [] },
      maxSessionDuration: 3600,
      propagatingUntil: 0,
      createdAt: this.#now(),
    }
    this.#principals.set(arn, principal)
    return principal
  }

  #openSession(role: Principal, name: string, seconds: number, sessionPolicy?: Policy): Session {
    const roleName = role.arn.slice(role.arn.lastIndexOf('/') + 1)
    const stem = `arn:${this.partition.name}:sts::${role.accountId}:assumed-role`
    return this.#remember({
      credentials: {
        accessKeyId: keyId('ASIA'),
        secretAccessKey: secret(),
        sessionToken: randomBytes(360).toString('base64'),
      },
      principal: role,
      accountId: role.accountId,
      arn: `${stem}/${roleName}/${name}`,
      principalArn: role.arn,
      userId: `${role.id}:${name}`,
      sessionName: name,
      issuedAt: this.#now(),
      expiresAt: this.#now() + seconds * 1000,
      ...(sessionPolicy && { sessionPolicy }),
    })
  }

  #remember(session: Session): Session {
    this.#sessions.set(session.credentials.accessKeyId, session)
    return session
  }

  /** The condition keys that every request has. Others (`aws:SourceIp`, `aws:PrincipalOrgID`, …) count as absent. */
  #keys(session: Session, region: string): Record<string, string | undefined> {
    const isRole = session.sessionName !== undefined
    return {
      'aws:principalarn': session.principalArn,
      'aws:principalaccount': session.accountId,
      'aws:principaltype': isRole ? 'AssumedRole' : 'User',
      'aws:userid': session.userId,
      'aws:username': isRole ? undefined : session.arn.slice(session.arn.lastIndexOf('/') + 1),
      'aws:requestedregion': region,
      'aws:securetransport': 'true',
      'aws:principalisawsservice': 'false',
      'aws:viaawsservice': 'false',
    }
  }
}

/** What an administrator may do. */
export const allowEverything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

function readPolicies(documents: PolicyDocument[]): Map<string, ReadPolicy> {
  return new Map(
    documents.map((document, index) => [
      `policy-${index + 1}`,
      { document, policy: parsePolicy(document, 'identity') },
    ]),
  )
}

/** The kind of policy, as AWS names it when it denies a call. */
function named(kind: string): string {
  return kind === 'a permissions boundary' ? kind : `${kind} policy`
}

function denied(
  protocol: Protocol,
  session: Session,
  action: string,
  resource: string,
  reason: string,
) {
  const where = resource === '*' ? '' : ` on resource: ${resource}`
  const message = `User: ${session.arn} is not authorized to perform: ${action}${where}${reason}`
  return commonError(protocol, 'denied', message)
}

/** An IAM identifier: its kind, then 16 of the 32 characters AWS uses. */
function keyId(kind: 'AKIA' | 'ASIA' | 'AROA' | 'AIDA' | 'ANPA'): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return kind + Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('')
}

function secret(): string {
  return randomBytes(30).toString('base64')
}
