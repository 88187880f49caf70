import type { ConnectionStatus } from '../db/schema.ts'
import { currentVerification } from './life.ts'
import type { ConnectionState } from './state.ts'

/** As people say it. */
const titles: Record<ConnectionStatus, string> = {
  awaiting_role: 'Waiting for a role',
  verifying: 'Verifying the role',
  waiting_for_aws: 'Waiting for AWS',
  importing: 'Importing',
  current: 'Current',
  behind: 'Behind',
  action_needed: 'Action needed',
  paused: 'Paused',
  deleting: 'Deleting',
}

/**
 * What Temporal's UI shows of a connection, in Markdown: enough for an operator to see what is
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
    ['Connection', settings && text(settings.name)],
    ['AWS account', settings?.accountId ?? null],
    ['Role', settings?.roleArn ? text(settings.roleArn) : null],
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
      state.statusReason ? `: ${text(state.statusReason)}` : ''
    }`,
    table(facts),
    // A list, for the UI would break a narrow column at the hyphens of its regions.
    failing.length > 0 &&
      [
        '**Failing regions**, and what AWS said:',
        '',
        ...failing.map(({ region, error }) => `- **${text(region)}**: ${text(error)}`),
      ].join('\n'),
    `**What to do:** ${remedy(state)}`,
    // Temporal's static details say so as well, but only those of the first run.
    `Connection \`${state.connectionId}\` of organization \`${state.organizationId}\`. Cancelling or terminating this workflow only restarts it: to stop it, pause or delete the connection in Cairn.`,
  ]
  return sections.filter((section) => section).join('\n\n')
}

function lastErrorOf(state: ConnectionState): string {
  const verification = currentVerification(state)
  const failing = state.lastCycle?.failing[0]
  if (state.lastError !== null) {
    const times = state.failures > 1 ? `, ${state.failures} times in a row` : ''
    return `${text(state.lastError)}${times}`
  }
  if (verification?.reason) return text(verification.reason)
  return failing ? `${text(failing.region)}: ${text(failing.error)}` : 'none'
}

/** How far behind it is by now: a cycle that did not happen makes the lag grow. */
function lagOf({ lastCycle }: ConnectionState, now: number): string | null {
  if (!lastCycle) return null
  const since = Math.max(0, Math.round((now - Date.parse(lastCycle.finishedAt)) / 1000))
  const parts = [
    lastCycle.lagSeconds === null
      ? 'some region has nothing yet'
      : duration(lastCycle.lagSeconds + since),
    lastCycle.completeThrough && `complete through ${time(lastCycle.completeThrough)}`,
    lastCycle.gapSeconds > 0 && `${duration(lastCycle.gapSeconds)} of gaps over all regions`,
  ]
  return parts.filter((part) => part).join('; ')
}

function nextPollOf(state: ConnectionState, now: number): string | null {
  const { settings, nextPollAt } = state
  const verification = currentVerification(state)
  if (!settings?.roleArn || settings.paused || settings.deleted) return null
  if (verification && verification.state !== 'passed')
    return `as soon as the role passes; verified again at ${time(verification.nextAttemptAt)}`
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
  const { state, verifiedAt, nextAttemptAt, failures } = verification
  const verdict = { passed: 'passed', failed: 'did not pass', waiting: 'unknown to AWS yet' }[state]
  const times = failures > 1 ? `, ${failures} times in a row` : ''
  return `${verdict} at ${time(verifiedAt)}${times}; again at ${time(nextAttemptAt)}`
}

function remedy(state: ConnectionState): string {
  switch (state.status) {
    case 'awaiting_role':
      return "nothing here. It goes on when somebody sets the role's ARN in Cairn."
    case 'paused':
      return 'nothing here. It goes on when somebody resumes the connection in Cairn.'
    case 'deleting':
      return 'nothing. It ends by itself when the deletion is complete.'
    case 'verifying':
      return 'nothing yet. If it stays so, look at the pending activity below.'
    case 'waiting_for_aws':
      return 'wait: AWS takes a moment to make a new role known everywhere. If it stays so, check that the role exists under this ARN.'
    case 'action_needed':
      return "mend the role in AWS; the connection's checklist in Cairn says how. Then send the update `verifyNow`, or wait for the next verification."
    case 'behind':
      return state.lastError === null
        ? 'see the failing regions and the lag above; each region is tried again by itself. The update `importNow` tries all at once.'
        : "look at the failed activity below and at the worker's log. It is tried again by itself; the update `importNow` does so at once."
    case 'importing':
    case 'current':
      return 'nothing. The updates `importNow` and `verifyNow` act at once.'
  }
}

function table(rows: [string, string | null][]): string {
  const lines = rows.map(([name, value]) => `| **${name}** | ${value ?? '–'} |`)
  return ['|  |  |', '| --- | --- |', ...lines].join('\n')
}

/** What others have written, so that it cannot break the table or look like ours. */
function text(value: string): string {
  const line = value.replace(/\s+/g, ' ').trim()
  const cut = line.length > 300 ? `${line.slice(0, 299)}…` : line
  return cut.replace(/[\\`*_{}[\]<>|~]/g, '\\$&')
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
