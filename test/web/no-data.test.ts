import { describe, expect, test } from 'vitest'
import type { Connection } from '../../web/src/client.ts'
import { dataState } from '../../web/src/pages/feed/no-data.ts'

const connection = (fields: Partial<Connection>): Connection => ({
  id: 'c1',
  name: 'Shop',
  externalId: 'x',
  roleArn: null,
  accountId: '111122223333',
  partition: 'aws',
  status: 'current',
  statusReason: null,
  since: '2026-03-02T12:00:00Z',
  environmentId: null,
  selection: 'changes',
  lookbackDays: 7,
  pollIntervalSeconds: 60,
  completeThrough: null,
  nextPollAt: null,
  workflowUrl: null,
  createdAt: '2026-03-02T12:00:00Z',
  ...fields,
})
const complete = { completeThrough: '2026-03-02T12:00:00Z' }

describe('an empty list', () => {
  test.each([
    ['awaiting_role', /no IAM role yet/, { kind: 'connection', label: 'Continue setup' }],
    ['verifying', /verifying the role of Shop/, { kind: 'connection' }],
    ['waiting_for_aws', /retries automatically/, { kind: 'connection' }],
    ['action_needed', /needs action/, { kind: 'connection', label: 'View how to fix' }],
    ['paused', /paused before its first import/, { kind: 'resume' }],
    ['importing', /first import of Shop is in progress/, { kind: 'connection' }],
  ] as const)(
    'shows the reason if the account is %s and was never imported',
    (status, reason, fix) => {
      const { isWithoutData, missing } = dataState([connection({ status })], {})
      expect(isWithoutData).toBe(true)
      expect(missing?.reason).toMatch(reason)
      expect(missing?.fix).toMatchObject({ ...fix, id: 'c1' })
    },
  )

  test('shows no reason for imported accounts', () => {
    const paused = connection({ ...complete, status: 'paused' })
    expect(dataState([paused], {})).toEqual({ isWithoutData: false, missing: null })
  })

  test('considers only the filtered accounts', () => {
    const all = [
      connection({ ...complete }),
      connection({ id: 'c2', name: 'New', accountId: null, status: 'awaiting_role' }),
    ]
    expect(dataState(all, {})).toMatchObject({
      isWithoutData: false,
      missing: { reason: expect.stringContaining('New') },
    })
    expect(dataState(all, { connection: ['c1'] }).missing).toBeNull()
    expect(dataState(all, { account: ['111122223333'] }).missing).toBeNull()
    expect(dataState(all, { connection: ['c2'] }).isWithoutData).toBe(true)
    expect(dataState(all, { account: ['555566667777'] })).toMatchObject({
      isWithoutData: true,
      missing: { reason: 'Account 555566667777 is not connected to Cairn.' },
    })
  })

  test('counts several accounts by status', () => {
    const all = [
      connection({ id: 'a', status: 'action_needed' }),
      connection({ id: 'b', status: 'awaiting_role' }),
    ]
    expect(dataState(all, {}).missing).toEqual({
      reason: '2 accounts have no data yet. Action needed: 1, Waiting for role: 1.',
      fix: { kind: 'list', label: 'View accounts' },
    })
  })
})
