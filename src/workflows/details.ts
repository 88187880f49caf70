import type { ConnectionStatus } from '../connections/status.ts'
import { currentVerification } from './life.ts'
import { markdownText } from './markdown.ts'
import type { ConnectionState } from './state.ts'

/** The title of each status. */
const titles: Record<ConnectionStatus, string> = {
  awaiting_role: 'Waiting for role',
  verifying: 'Verifying the role',
  waiting_for_aws: 'Waiting for AWS',
  importing: 'Importing',
  current: 'Up to date',
  behind: 'Behind',
  action_needed: 'Action needed',
  paused: 'Paused',
  deleting: 'Deleting',
}

/**
 * What Temporal's UI shows about a connection, in Markdown: enough for an operator to see what is
 * wrong and what to do, without opening a payload.
 *
 * @param options.now Unix milliseconds
 * @param options.preface a line above all others
 */
export function currentDetails(
  state: ConnectionState,
  options: { now: number; preface?: string },
): string {
  const { settings, lastCycle } = state
  const verification = currentVerification(state)
  const facts: [string, string | null][] = [
    ['Connection', settings && markdownText(settings.name)],
    ['AWS account', settings?.accountId ?? null],
    ['Role', settings?.roleArn ? markdownText(settings.roleArn) : null],
    ['Last error', lastErrorOf(state)],
    ['Lag', lagOf(state, options.now)],
    ['Next poll', nextPollOf(state, options.now)],
    ['Last cycle', lastCycle && cycleOf(lastCycle)],
    ['Verified', verification && verificationOf(verification)],
  ]
  const failing = lastCycle?.failing ?? []
  const sections = [
    options.preface,
    `**${titles[state.status]}** since ${time(state.since)}${
      state.statusReason ? `: ${markdownText(state.statusReason)}` : ''
    }`,
    table(facts),
    // A list, because the UI would break region names at their hyphens in a narrow column.
    failing.length > 0 &&
      [
        '**Failing regions** and AWS errors:',
        '',
        ...failing.map(
          ({ region, error }) => `- **${markdownText(region)}**: ${markdownText(error)}`,
        ),
      ].join('\n'),
    `**What to do:** ${remedy(state)}`,
    // Temporal's static details contain this too, but only those of the first run.
    `Connection \`${state.connectionId}\` of organization \`${state.organizationId}\`. Cancelling or terminating this workflow only restarts it. To stop imports, pause or delete the connection in Cairn.`,
  ]
  return sections.filter((section) => section).join('\n\n')
}

function lastErrorOf(state: ConnectionState): string {
  const verification = currentVerification(state)
  const failing = state.lastCycle?.failing[0]
  if (state.lastError !== null) {
    const times = state.failures > 1 ? `, ${state.failures} times in a row` : ''
    return `${markdownText(state.lastError)}${times}`
  }
  if (verification?.reason) return markdownText(verification.reason)
  return failing ? `${markdownText(failing.region)}: ${markdownText(failing.error)}` : 'none'
}

/** The current lag: it grows while no cycle runs. */
function lagOf({ lastCycle }: ConnectionState, now: number): string | null {
  if (!lastCycle) return null
  const since = Math.max(0, Math.round((now - Date.parse(lastCycle.finishedAt)) / 1000))
  const parts = [
    lastCycle.lagSeconds === null
      ? 'a region has no data yet'
      : duration(lastCycle.lagSeconds + since),
    lastCycle.completeThrough && `up to date as of ${time(lastCycle.completeThrough)}`,
    lastCycle.gapSeconds > 0 && `${duration(lastCycle.gapSeconds)} of gaps across all regions`,
  ]
  return parts.filter((part) => part).join('; ')
}

function nextPollOf(state: ConnectionState, now: number): string | null {
  const { settings, nextPollAt } = state
  const verification = currentVerification(state)
  if (!settings?.roleArn || settings.paused || settings.deleted) return null
  if (verification && verification.state !== 'passed')
    return `after the role passes verification; next verification at ${time(verification.nextAttemptAt)}`
  if (nextPollAt === null || Date.parse(nextPollAt) <= now) return 'now'
  return time(nextPollAt)
}

function cycleOf(cycle: NonNullable<ConnectionState['lastCycle']>): string {
  const seconds = (Date.parse(cycle.finishedAt) - Date.parse(cycle.startedAt)) / 1000
  const numbers = [
    count(cycle.regions, 'region'),
    count(cycle.imported, 'new change'),
    count(cycle.requests, 'request'),
    `${cycle.throttled} throttled`,
  ]
  return `${numbers.join(', ')} in ${seconds.toFixed(1)} s, until ${time(cycle.finishedAt)}`
}

function verificationOf(verification: NonNullable<ConnectionState['verification']>): string {
  const { state, verifiedAt, nextAttemptAt, failures, inconclusive } = verification
  if (inconclusive !== null)
    return `passed; the last attempt at ${time(verifiedAt)} was inconclusive: ${markdownText(inconclusive)}; next attempt at ${time(nextAttemptAt)}`
  const verdict = { passed: 'passed', failed: 'failed', waiting: 'waiting for AWS' }[state]
  const times = failures > 1 ? `, ${failures} times in a row` : ''
  return `${verdict} at ${time(verifiedAt)}${times}; next attempt at ${time(nextAttemptAt)}`
}

function remedy(state: ConnectionState): string {
  switch (state.status) {
    case 'awaiting_role':
      return 'nothing in Temporal. Set the role ARN in Cairn to continue.'
    case 'paused':
      return 'nothing in Temporal. Resume the connection in Cairn to continue.'
    case 'deleting':
      return 'nothing. The workflow ends when the deletion is complete.'
    case 'verifying':
      return 'nothing yet. If this status persists, check the pending activity below.'
    case 'waiting_for_aws':
      return 'wait. A new role takes up to a minute to become available. If this status persists, check that a role with this ARN exists.'
    case 'action_needed':
      return 'fix the role in AWS, as the failed check in Cairn describes. Then send the update `verifyNow`, or wait for the next verification.'
    case 'behind':
      return state.lastError === null
        ? 'check the failing regions and the lag above. Cairn retries each region automatically; the update `importNow` retries all regions now.'
        : "check the failed activity below and the worker's log. Cairn retries automatically; the update `importNow` retries now."
    case 'importing':
    case 'current':
      return 'nothing. Send the update `importNow` or `verifyNow` to run one now.'
  }
}

function table(rows: [string, string | null][]): string {
  const lines = rows.map(([name, value]) => `| **${name}** | ${value ?? '–'} |`)
  return ['|  |  |', '| --- | --- |', ...lines].join('\n')
}

function time(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (minutes < 1) return `${seconds} s`
  if (hours < 1) return `${minutes} min`
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
