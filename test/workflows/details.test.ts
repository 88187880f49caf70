import { describe, expect, test } from 'vitest'
import { currentDetails } from '../../src/workflows/details.ts'
import { type ConnectionState, initialState } from '../../src/workflows/state.ts'

const now = Date.parse('2026-03-01T12:00:00Z')

const healthy: ConnectionState = {
  ...initialState(
    { organizationId: 'o', connectionId: 'c' },
    { installationId: 'i', searchAttributes: false, now: new Date(now - 3_600_000) },
  ),
  settings: {
    name: 'production',
    version: 1,
    roleArn: 'arn:aws:iam::123456789012:role/cairn/Import_Role',
    roleRevision: 1,
    accountId: '123456789012',
    paused: false,
    deleted: false,
  },
  status: 'current',
  verification: {
    state: 'passed',
    reason: null,
    inconclusive: null,
    version: 1,
    roleArn: 'arn:aws:iam::123456789012:role/cairn/Import_Role',
    roleRevision: 1,
    verifiedAt: '2026-03-01T06:00:00.000Z',
    failures: 0,
    nextAttemptAt: '2026-03-02T06:00:00.000Z',
  },
  lastCycle: {
    startedAt: '2026-03-01T11:59:47.500Z',
    finishedAt: '2026-03-01T12:00:00.000Z',
    regions: 17,
    imported: 1,
    requests: 34,
    throttled: 2,
    completeThrough: '2026-03-01T11:38:20.000Z',
    lagSeconds: 100,
    gapSeconds: 0,
    status: 'current',
    statusReason: null,
    failing: [],
    nextPollAt: '2026-03-01T12:01:00.000Z',
  },
  nextPollAt: '2026-03-01T12:01:00.000Z',
}

test('an operator sees status, last error, lag and next poll', () => {
  expect(currentDetails(healthy, { now })).toBe(`**Up to date** since 2026-03-01 11:00:00 UTC

|  |  |
| --- | --- |
| **Connection** | production |
| **AWS account** | 123456789012 |
| **Role** | arn:aws:iam::123456789012:role/cairn/Import\\_Role |
| **Last error** | none |
| **Lag** | 1 min; up to date as of 2026-03-01 11:38:20 UTC |
| **Next poll** | 2026-03-01 12:01:00 UTC |
| **Last cycle** | 17 regions, 1 new change, 34 requests, 2 throttled in 12.5 s, until 2026-03-01 12:00:00 UTC |
| **Verified** | passed at 2026-03-01 06:00:00 UTC; next attempt at 2026-03-02 06:00:00 UTC |

**What to do:** nothing. Send the update \`importNow\` or \`verifyNow\` to run one now.

Connection \`c\` of organization \`o\`. Cancelling or terminating this workflow only restarts it. To stop imports, pause or delete the connection in Cairn.`)
})

test('a failed role is shown with the reason, the time, the fix and the next attempt', () => {
  const reason = 'AWS lets Cairn in without the external ID (refused_without_id)'
  const details = currentDetails(
    {
      ...healthy,
      status: 'action_needed',
      statusReason: reason,
      verification: {
        ...healthy.verification!,
        state: 'failed',
        reason,
        failures: 3,
        nextAttemptAt: '2026-03-01T15:04:00.000Z',
      },
      nextPollAt: null,
    },
    // Three hours later: a cycle that did not happen makes the lag grow.
    { now: now + 3 * 3_600_000 },
  )
  expect(details).toContain('**Action needed** since 2026-03-01 11:00:00 UTC: AWS lets Cairn in')
  expect(details).toContain('| **Last error** | AWS lets Cairn in without the external ID (refused')
  expect(details).toContain('| **Lag** | 3 h 1 min;')
  expect(details).toContain('next verification at 2026-03-01 15:04:00 UTC')
  expect(details).toContain('failed at 2026-03-01 06:00:00 UTC, 3 times in a row')
  expect(details).toContain('**What to do:** fix the role in AWS')
})

describe('a failing region', () => {
  const details = currentDetails(
    {
      ...healthy,
      status: 'behind',
      lastCycle: {
        ...healthy.lastCycle!,
        gapSeconds: 200_000,
        failing: [
          { region: 'eu-west-3', error: 'AccessDenied:\nno | way <img src=x> `x`' },
          { region: 'sa-east-1', error: 'x'.repeat(2000) },
        ],
      },
    },
    { now },
  )

  test('is listed', () => {
    expect(details).toContain('**Failing regions** and AWS errors:\n\n- **eu-west-3**: Access')
    expect(details).toContain('2 d 7 h of gaps across all regions')
  })

  test("cannot break the list with the text of AWS's messages", () => {
    expect(details).toContain('- **eu-west-3**: AccessDenied: no \\| way \\<img src=x\\> \\`x\\`\n')
    expect(details.length).toBeLessThan(3000)
  })
})

test("the details stay far below Temporal's limit in any state", () => {
  const error = '\\'.repeat(5000)
  const failing = Array.from({ length: 10 }, (_, n) => ({ region: `region-${n}`, error }))
  const details = currentDetails(
    {
      ...healthy,
      settings: { ...healthy.settings!, name: 'n'.repeat(200) },
      statusReason: error,
      lastError: error,
      lastCycle: { ...healthy.lastCycle!, failing },
    },
    { now, preface: 'p' },
  )
  expect(Buffer.byteLength(details)).toBeLessThan(20_000)
})

test.each([
  'awaiting_role',
  'verifying',
  'waiting_for_aws',
  'importing',
  'current',
  'behind',
  'action_needed',
  'paused',
  'deleting',
] as const)('the fix is shown when a connection is %s', (status) => {
  const fresh = initialState(
    { organizationId: 'o', connectionId: 'c' },
    { installationId: 'i', searchAttributes: false, now: new Date(now) },
  )
  expect(currentDetails({ ...fresh, status }, { now })).toMatch(/\*\*What to do:\*\* [a-z].{20,}\n/)
})
