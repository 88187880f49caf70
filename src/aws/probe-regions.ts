import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from '../connections/checks.ts'
import type { RegionFinding } from '../db/coverage-regions.ts'
import type { AwsAccess } from './access.ts'
import { codeAndMessage, isTemporary, passed, requireAwsProblem } from './check-results.ts'
import { AwsProblem } from './errors.ts'
import type { RoleSession } from './session-cache.ts'

/** The number of regions that are probed in parallel. */
const PROBES_AT_ONCE = 8
/** A region whose probe gets no response in this time is unknown. */
const PROBE_WITHIN_MS = 10_000
/** The number of attempts for a probe with a transient error. */
const PROBE_ATTEMPTS = 3
const PROBE_PAUSE_MS = 300

/** Requests one event from every region, because the policy has no action that lists regions. */
export async function probeRegions(
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
      return { region, state: 'active', error: null, errorKind: null }
    } catch (error) {
      signal?.throwIfAborted()
      const problem = limit.aborted
        ? new AwsProblem(
            'unreachable',
            'TimeoutError',
            `no response within ${PROBE_WITHIN_MS / 1000} s`,
          )
        : requireAwsProblem(error)
      if (problem.kind === 'denied' || problem.kind === 'not_enabled') {
        return { region, state: problem.kind, ...errorOf(problem) }
      }
      // Throttling is not a response either: AWS may check the quota before the policy.
      if (tries === PROBE_ATTEMPTS || !isTemporary(problem) || limit.aborted) {
        return { region, state: 'unknown', ...errorOf(problem) }
      }
      await sleep(PROBE_PAUSE_MS * (0.5 + Math.random()), undefined, { signal })
    }
  }
}

function errorOf(problem: AwsProblem): Pick<RegionFinding, 'error' | 'errorKind'> {
  return { error: codeAndMessage(problem), errorKind: problem.kind }
}

export function checkLookupEvents(findings: readonly RegionFinding[], globalRegion: string): Check {
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
