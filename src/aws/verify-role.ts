import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Check, checkIds, type VerificationVerdict } from '../connections/checks.ts'
import type { RegionFinding } from '../db/coverage-regions.ts'
import type { AwsAccess, RoleGrant, RoleSession } from './access.ts'
import { AwsProblem, isTransient } from './errors.ts'
import { partitionOf } from './regions.ts'
import { parseRoleArn, type RoleArn } from './role-arn.ts'
import { whyUnusable } from './unusable-role.ts'

/**
 * AWS needs up to about a minute to recognize a new role everywhere. Up to twice that is not an
 * error.
 */
const NEW_ROLE_MS = 2 * 60_000
/** The number of regions that are probed in parallel. */
const PROBES_AT_ONCE = 8
/** A region whose probe gets no response in this time is unknown. */
const PROBE_WITHIN_MS = 10_000
/** The number of attempts for a probe with a transient error. */
const PROBE_ATTEMPTS = 3
const PROBE_PAUSE_MS = 300

export interface VerificationRequest {
  connectionId: string
  roleArn: string
  externalId: string
  /** When this ARN was set, if AWS may not recognize the role yet; otherwise null. */
  newSince: Date | null
  /** Regions to import, or undefined for all that respond. The global region is always included. */
  regions: readonly string[] | undefined
  now: Date
  /** Called after each check with all checks; those that have not run yet are `waiting`. */
  onProgress?: (checks: Check[]) => Promise<void>
}

export interface Verification {
  state: VerificationVerdict
  /**
   * Whether the result is about the role. False if AWS did not respond to a check, or if Cairn's
   * own credentials are missing or rejected: this does not disprove an earlier verification.
   */
  isConclusive: boolean
  checks: Check[]
  /** AWS's unique ID of the role that was assumed; null if none was. */
  roleId: string | null
  /** The results of the probes; empty if the role was not accepted. */
  regions: RegionFinding[]
}

/**
 * Verifies what can be verified of a role from outside: that it can be assumed with the
 * connection's external ID and not without it, that the session belongs to this role, and that the
 * role may read events. The probes that AWS must deny run after the role was assumed, because a
 * denial proves nothing before that. Credentials from a probe that was not denied are discarded
 * immediately.
 *
 * AWS errors become failed or waiting checks. Rejects on an abort, and on errors that are not from
 * AWS.
 */
export async function verifyRole(
  aws: AwsAccess,
  request: VerificationRequest,
  signal?: AbortSignal,
): Promise<Verification> {
  const arn = parseRoleArn(request.roleArn)
  if ('problem' in arn) {
    return conclude([
      {
        id: 'arn_format',
        state: 'failed',
        saw: request.roleArn,
        means: arn.problem,
        remedy: 'Paste the ARN of the role that you created.',
      },
    ])
  }
  const own = await notForCairn(aws, arn, signal)
  if (own) return conclude([own])
  const checks: Check[] = [
    passed('arn_format', arn.arn, `A role in account ${arn.accountId}.`),
    // The database ensures this: it rejects a second connection to the account.
    passed(
      'account_unused',
      arn.accountId,
      'No other connection of this organization uses the account.',
    ),
  ]
  const grant: RoleGrant = {
    connectionId: request.connectionId,
    roleArn: arn.arn,
    partition: arn.partition,
    externalId: request.externalId,
  }

  const progress = async () => request.onProgress?.(withPending(checks))

  await progress()
  let session: RoleSession
  try {
    session = await aws.assumeRole(grant, signal)
    checks.push(
      passed('assume_with_id', `AWS returned a session for ${arn.arn}.`, 'The role trusts Cairn.'),
    )
  } catch (error) {
    const problem = awsProblem(error)
    const { newSince, now } = request
    const isNew = newSince !== null && now.getTime() - newSince.getTime() < NEW_ROLE_MS
    checks.push(cannotAssume(problem, grant, isNew))
    return { ...conclude(checks), isConclusive: problem.kind === 'denied' && !isNew }
  }

  await progress()
  checks.push(await refusedWithoutId(aws, grant, signal))
  await progress()
  checks.push(await refusedWrongId(aws, grant, signal))
  await progress()
  checks.push(await identity(aws, session, { ...arn }, signal))
  const { roleId } = session
  // A role that is not safe, or is a different one, is not checked further.
  if (checks.some(({ state }) => state !== 'passed')) return conclude(checks, { roleId })

  await progress()
  const { globalRegion, regions: all } = partitionOf(arn.partition)
  const trails = await readTrails(aws, session, globalRegion, signal)
  const wanted = new Set([globalRegion, ...(request.regions ?? [...all, ...trails.homeRegions])])
  const regions = await probeRegions(aws, session, [...wanted].sort(), request.now, signal)
  checks.push(lookupEvents(regions, globalRegion), trails.check)
  return conclude(checks, { roleId, regions })
}

function withPending(checks: readonly Check[]): Check[] {
  const pending = checkIds.filter((id) => !checks.some((check) => check.id === id))
  return [
    ...checks,
    ...pending.map((id, index): Check => {
      const means = index === 0 ? 'Check in progress.' : 'Not checked yet.'
      return { id, state: 'waiting', saw: '', means, remedy: null }
    }),
  ]
}

/** The failed check for an ARN that Cairn can never assume; undefined for any other. */
async function notForCairn(
  aws: AwsAccess,
  arn: RoleArn,
  signal?: AbortSignal,
): Promise<Check | undefined> {
  let caller: string
  try {
    caller = (await aws.ownIdentity(signal)).arn
  } catch (error) {
    // Problems of Cairn's own credentials are reported by the check that assumes the role.
    awsProblem(error)
    return undefined
  }
  const [, partition = null] = caller.split(':')
  const why = whyUnusable(arn, { partition, arn: null, caller })
  const saw = `${arn.arn}; Cairn is ${caller}`
  return why && { id: 'arn_format', state: 'failed', saw, ...why }
}

function conclude(
  checks: Check[],
  found: { roleId?: string; regions?: RegionFinding[] } = {},
): Verification {
  const { roleId = null, regions = [] } = found
  const has = (state: Check['state']) => checks.some((check) => check.state === state)
  const state = has('failed') ? 'failed' : has('waiting') ? 'waiting' : 'passed'
  return {
    state,
    isConclusive: state !== 'waiting',
    checks,
    roleId,
    regions: state === 'passed' ? regions : [],
  }
}

function passed(id: Check['id'], saw: string, means: string): Check {
  return { id, state: 'passed', saw, means, remedy: null }
}

/** Returns an AWS error and throws any other. */
function awsProblem(error: unknown): AwsProblem {
  if (error instanceof AwsProblem) return error
  throw error
}

function isPassing(problem: AwsProblem): boolean {
  return isTransient(problem) || problem.kind === 'throttled'
}

const said = (problem: AwsProblem) => `${problem.code}: ${problem.message}`

function cannotAssume(problem: AwsProblem, grant: RoleGrant, isNew: boolean): Check {
  const check = { id: 'assume_with_id', saw: said(problem) } as const
  if (problem.kind === 'no_credentials') {
    return {
      ...check,
      state: 'failed',
      means: 'Cairn has no AWS credentials, so it cannot assume the role.',
      remedy:
        'Configure credentials for the Cairn worker: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, on a laptop; an instance profile, task role or service account on AWS.',
    }
  }
  if (problem.kind === 'expired' || problem.kind === 'not_enabled') {
    return {
      ...check,
      state: 'failed',
      means: "AWS rejected Cairn's own credentials.",
      remedy: 'Renew the credentials of the Cairn worker (for example `aws sso login`).',
    }
  }
  if (problem.message.includes('sts:TagSession')) {
    return {
      ...check,
      state: 'failed',
      means:
        "Cairn's own session has transitive tags, and the role does not allow sts:TagSession. EKS Pod Identity adds such tags.",
      remedy:
        'For Cairn: create its Pod Identity association with `--disable-session-tags`, and restart its pods. Your account needs no change.',
    }
  }
  if (/^(SignatureDoesNotMatch|InvalidSignatureException)$/.test(problem.code)) {
    return {
      ...check,
      state: 'failed',
      means:
        "AWS rejected the signature of Cairn's request. This does not indicate a problem with the role. Either the worker's clock is wrong by more than 5 minutes, or its secret access key is.",
      remedy: 'Synchronize the clock of the Cairn worker, and check its credentials.',
    }
  }
  if (isPassing(problem)) {
    return {
      ...check,
      state: 'waiting',
      means: 'The request to AWS failed. This does not indicate a problem with the role.',
      remedy: null,
    }
  }
  if (isNew) {
    return {
      ...check,
      state: 'waiting',
      means:
        'AWS does not recognize the role yet. A new role can take a minute to become available.',
      remedy: null,
    }
  }
  return {
    ...check,
    state: 'failed',
    means:
      "AWS denied sts:AssumeRole. Either the role does not exist, its trust policy does not allow Cairn, or Cairn's own policy does not allow the call. The AWS response does not say which.",
    remedy: `In your account: the role must exist under exactly this ARN, and its trust policy must allow sts:AssumeRole to Cairn's principal with "StringEquals": {"sts:ExternalId": "${grant.externalId}"}. For Cairn: its own policy must allow sts:AssumeRole on ${grant.roleArn}.`,
  }
}

/** The right ID with the case of its letters swapped; null if it has no letters. */
function swapCase(id: string): string | null {
  const swapped = id.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
  return swapped === id ? null : swapped
}

async function refusedWithoutId(
  aws: AwsAccess,
  grant: RoleGrant,
  signal?: AbortSignal,
): Promise<Check> {
  const call = 'a call without an external ID'
  const answer = await probeRefusal(aws, { ...grant, externalId: undefined }, call, signal)
  const failed = answer.state === 'failed'
  return {
    id: 'refused_without_id',
    ...answer,
    means: failed
      ? 'Not safe: anyone who can make Cairn assume this role gets access without the external ID. Nothing is imported.'
      : answer.means,
    remedy: failed ? conditionRemedy(grant.externalId!) : null,
  }
}

async function refusedWrongId(
  aws: AwsAccess,
  grant: RoleGrant,
  signal?: AbortSignal,
): Promise<Check> {
  const id = grant.externalId!
  const swapped = swapCase(id)
  const wrong: [id: string, what: string, operator: string][] = [
    [randomBytes(16).toString('hex'), 'a random external ID', 'no condition, or "StringLike": "*"'],
    // With more than AWS's limit of 1,224 characters, the probe would be denied because of its
    // length.
    [`${id}x`, 'the external ID with one character more', '"StringLike" with "*" at the end'],
  ]
  if (swapped) {
    wrong.push([swapped, 'the external ID in the other case', '"StringEqualsIgnoreCase"'])
  }
  for (const [externalId, what, operator] of wrong) {
    const answer = await probeRefusal(aws, { ...grant, externalId }, what, signal)
    if (answer.state === 'passed') continue
    const failed = answer.state === 'failed'
    return {
      id: 'refused_wrong_id',
      ...answer,
      means: failed
        ? `Not safe: the trust policy's condition is too broad (likely ${operator}). Nothing is imported.`
        : answer.means,
      remedy: failed ? conditionRemedy(id) : null,
    }
  }
  return passed(
    'refused_wrong_id',
    `AWS denied ${wrong.map(([, what]) => what).join(', ')}.`,
    'The role can be assumed only with the exact external ID.',
  )
}

function conditionRemedy(id: string): string {
  return `Set the condition of the role's trust policy to exactly: "Condition": {"StringEquals": {"sts:ExternalId": "${id}"}}`
}

/** Assumes the role in a way that AWS must deny. Discards credentials that AWS returns. */
async function probeRefusal(
  aws: AwsAccess,
  grant: RoleGrant,
  what: string,
  signal?: AbortSignal,
): Promise<Pick<Check, 'state' | 'saw' | 'means'>> {
  try {
    await aws.assumeRole(grant, signal)
    return { state: 'failed', saw: `AWS returned a session for ${what}.`, means: '' }
  } catch (error) {
    const problem = awsProblem(error)
    if (problem.kind === 'denied') {
      return {
        state: 'passed',
        saw: `AWS denied ${what}.`,
        means: 'The role cannot be assumed without the external ID.',
      }
    }
    return {
      state: 'waiting',
      saw: said(problem),
      means: 'The request to AWS failed, so this check has no result yet.',
    }
  }
}

async function identity(
  aws: AwsAccess,
  session: RoleSession,
  role: { partition: string; accountId: string; name: string },
  signal?: AbortSignal,
): Promise<Check> {
  try {
    const { account, arn, userId } = await aws.identityOf(session, role.partition, signal)
    const expected = `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name}/`
    const isRole = userId.startsWith(`${session.roleId}:`)
    if (account === role.accountId && arn.startsWith(expected) && isRole) {
      return passed(
        'identity',
        arn,
        'The session belongs to the account and the role of the connection.',
      )
    }
    return {
      id: 'identity',
      state: 'failed',
      saw: `${arn} in account ${account}`,
      means: `The session belongs to a different role. Expected: ${expected}…`,
      remedy:
        "Paste the role's ARN again as the IAM console shows it, upper and lower case included.",
    }
  } catch (error) {
    const problem = awsProblem(error)
    return {
      id: 'identity',
      state: problem.kind === 'denied' ? 'failed' : 'waiting',
      saw: said(problem),
      means: 'AWS did not return the identity of the session.',
      remedy:
        problem.kind !== 'denied'
          ? null
          : 'Check for a service control policy or permissions boundary that denies sts:GetCallerIdentity.',
    }
  }
}

async function readTrails(
  aws: AwsAccess,
  session: RoleSession,
  region: string,
  signal?: AbortSignal,
): Promise<{ check: Check; homeRegions: string[] }> {
  try {
    const { count, homeRegions } = await aws.trails(session, region, signal)
    const saw =
      count === 0
        ? 'No trail.'
        : `${count} trail${count > 1 ? 's' : ''} in ${homeRegions.join(', ')}.`
    return {
      check: passed(
        'trails',
        saw,
        'Imports do not need a trail: CloudTrail event history keeps events for 90 days.',
      ),
      homeRegions,
    }
  } catch (error) {
    return {
      check: {
        id: 'trails',
        state: 'skipped',
        saw: said(awsProblem(error)),
        means: 'The trails could not be read. Imports do not need them.',
        remedy: 'Allow cloudtrail:DescribeTrails in the permissions policy of the role.',
      },
      homeRegions: [],
    }
  }
}

/** Requests one event from every region, because the policy has no action that lists regions. */
async function probeRegions(
  aws: AwsAccess,
  session: RoleSession,
  regions: readonly string[],
  now: Date,
  signal?: AbortSignal,
): Promise<RegionFinding[]> {
  const end = Math.floor(now.getTime() / 1000)
  const findings: RegionFinding[] = []
  const queue = [...regions]
  const probe = async () => {
    for (let region = queue.shift(); region; region = queue.shift()) {
      findings.push(await probeRegion(aws, session, region, end, signal))
    }
  }
  await Promise.all(Array.from({ length: PROBES_AT_ONCE }, probe))
  return findings.sort((a, b) => a.region.localeCompare(b.region))
}

/** Only an explicit response from AWS makes a region denied or not enabled. */
async function probeRegion(
  aws: AwsAccess,
  session: RoleSession,
  region: string,
  end: number,
  signal?: AbortSignal,
): Promise<RegionFinding> {
  const range = [end - 60, end] as const
  for (let tries = 1; ; tries++) {
    const limit = AbortSignal.timeout(PROBE_WITHIN_MS)
    try {
      await aws.lookupEvents(
        session,
        { region, range, selection: 'changes', limit: 1 },
        signal ? AbortSignal.any([signal, limit]) : limit,
      )
      return { region, state: 'active', error: null }
    } catch (error) {
      signal?.throwIfAborted()
      const problem = limit.aborted
        ? new AwsProblem(
            'unreachable',
            'TimeoutError',
            `no response within ${PROBE_WITHIN_MS / 1000} s`,
          )
        : awsProblem(error)
      if (problem.kind === 'denied' || problem.kind === 'not_enabled') {
        return { region, state: problem.kind, error: said(problem) }
      }
      // Throttling is not a response either: AWS may check the quota before the policy.
      if (tries === PROBE_ATTEMPTS || !isPassing(problem) || limit.aborted) {
        return { region, state: 'unknown', error: said(problem) }
      }
      await sleep(PROBE_PAUSE_MS * (0.5 + Math.random()), undefined, { signal })
    }
  }
}

function lookupEvents(findings: readonly RegionFinding[], globalRegion: string): Check {
  const withState = (state: RegionFinding['state']) => findings.filter((f) => f.state === state)
  const [active, denied, unknown] = [withState('active'), withState('denied'), withState('unknown')]
  const global = findings.find(({ region }) => region === globalRegion)
  if (global?.state === 'unknown') {
    return {
      id: 'lookup_events',
      region: globalRegion,
      state: 'waiting',
      saw: global.error ?? '',
      means: `CloudTrail in ${globalRegion} did not respond. This does not indicate a problem with the role.`,
      remedy: null,
    }
  }
  if (global?.state !== 'active') {
    return {
      id: 'lookup_events',
      region: globalRegion,
      state: 'failed',
      saw: global?.error ?? `${globalRegion} was not checked.`,
      means: `The role has no permission to read events in ${globalRegion}, which contains changes to IAM and other global services.`,
      remedy:
        'Allow cloudtrail:LookupEvents on "*" in the permissions policy of the role, and check for a service control policy or permissions boundary that denies it.',
    }
  }
  const exceptions = [
    denied.length > 0 && ` Denied in ${names(denied)}.`,
    unknown.length > 0 && ` No answer yet from ${names(unknown)}.`,
  ].filter((sentence) => sentence !== false)
  const means = [
    denied.length > 0
      ? 'Denied regions are not imported. Cairn checks them again.'
      : 'All enabled regions are imported.',
    unknown.length > 0 && 'Regions without a response count as incomplete until they respond.',
  ].filter((sentence) => sentence !== false)
  return passed(
    'lookup_events',
    `Events can be read in ${active.length} region${active.length > 1 ? 's' : ''}.${exceptions.join('')}`,
    means.join(' '),
  )
}

function names(findings: readonly RegionFinding[]): string {
  return findings.map(({ region }) => region).join(', ')
}
