import { type Check, checkIds, type VerificationVerdict } from '../connections/checks.ts'
import type { RegionFinding } from '../db/coverage-regions.ts'
import type { AwsAccess } from './access.ts'
import { cannotAssume } from './assume-role-check.ts'
import { codeAndMessage, passed, requireAwsProblem } from './check-results.ts'
import { checkRefusedWithoutId, checkRefusedWrongId } from './external-id-checks.ts'
import { checkLookupEvents, probeRegions } from './probe-regions.ts'
import { partitionOf } from './regions.ts'
import { parseRoleArn, type RoleArn } from './role-arn.ts'
import type { RoleGrant, RoleSession } from './session-cache.ts'
import { whyUnusable } from './unusable-role.ts'

/**
 * AWS needs up to about a minute to recognize a new role everywhere. Up to twice that is not an
 * error.
 */
const NEW_ROLE_MS = 2 * 60_000

/**
 * Whether AWS may not recognize a role, or its permissions, in every region yet.
 *
 * @param setAt when the role's ARN was set
 */
export function isNewRole(setAt: Date, now: Date): boolean {
  return now.getTime() - setAt.getTime() < NEW_ROLE_MS
}

interface VerificationRequest {
  connectionId: string
  roleArn: string
  externalId: string
  /** When this ARN was set. */
  roleSetAt: Date
  /** Whether AWS has recognized this role before. Then it is denied, not new. */
  isRecognized: boolean
  /** Regions to import, or undefined for all that respond. The global region is always included. */
  regions: readonly string[] | undefined
  now: Date
  /** Called after each check with all checks; those that have not run yet are `waiting`. */
  onProgress?: (checks: Check[]) => Promise<void>
}

interface Verification {
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
  const { roleSetAt, isRecognized, now } = request
  // Its permissions take effect later, region by region.
  const isNew = isNewRole(roleSetAt, now)
  let session: RoleSession
  try {
    session = await aws.assumeRole(grant, signal)
    checks.push(
      passed('assume_with_id', `AWS returned a session for ${arn.arn}.`, 'The role trusts Cairn.'),
    )
  } catch (error) {
    const problem = requireAwsProblem(error)
    const isUnknownYet = isNew && !isRecognized
    checks.push(cannotAssume(problem, grant, isUnknownYet))
    return { ...conclude(checks), isConclusive: problem.kind === 'denied' && !isUnknownYet }
  }

  await progress()
  checks.push(await checkRefusedWithoutId(aws, grant, signal))
  await progress()
  checks.push(await checkRefusedWrongId(aws, grant, signal))
  await progress()
  checks.push(await checkIdentity(aws, session, { ...arn }, signal))
  const { roleId } = session
  // A role that is not safe, or is a different one, is not checked further.
  if (checks.some(({ state }) => state !== 'passed')) return conclude(checks, { roleId })

  await progress()
  const { globalRegion, regions: all } = partitionOf(arn.partition)
  const trails = await checkTrails(aws, session, globalRegion, signal)
  const wanted = new Set([globalRegion, ...(request.regions ?? [...all, ...trails.homeRegions])])
  const found = await probeRegions(aws, session, [...wanted].sort(), now, signal)
  checks.push(checkLookupEvents(found, globalRegion), trails.check)
  return conclude(checks, { roleId, regions: isNew ? found.map(withoutDenial) : found })
}

/** The denial of a new role proves nothing about the region, which the import reads soon. */
function withoutDenial(finding: RegionFinding): RegionFinding {
  return finding.state === 'denied' ? { ...finding, state: 'unknown' } : finding
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
    requireAwsProblem(error)
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
  const open = has('waiting') ? 'waiting' : 'passed'
  const state = has('failed') ? 'failed' : open
  return {
    state,
    isConclusive: state !== 'waiting',
    checks,
    roleId,
    regions: state === 'passed' ? regions : [],
  }
}

async function checkIdentity(
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
    const problem = requireAwsProblem(error)
    return {
      id: 'identity',
      state: problem.kind === 'denied' ? 'failed' : 'waiting',
      saw: codeAndMessage(problem),
      means: 'AWS did not return the identity of the session.',
      remedy:
        problem.kind !== 'denied'
          ? null
          : 'Check for a service control policy or permissions boundary that denies sts:GetCallerIdentity.',
    }
  }
}

async function checkTrails(
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
        saw: codeAndMessage(requireAwsProblem(error)),
        means: 'The trails could not be read. Imports do not need them.',
        remedy: 'Allow cloudtrail:DescribeTrails in the permissions policy of the role.',
      },
      homeRegions: [],
    }
  }
}
