import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someResource } from '../../testing/changes.ts'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** An hour before the test runs, because incidents cannot be in the future. */
const noticedAt = new Date(Math.floor((Date.now() - 60 * MINUTE_MS) / 1000) * 1000)
const url = '/api/v1/incidents/backtest'
const past = (over: object = {}) => ({
  time: noticedAt.toISOString(),
  title: 'checkout: connection timeouts to the database',
  services: ['checkout'],
  cause: 'removed 5432',
  ...over,
})

/** Stores a culprit that arrived when it occurred, six minutes before the alert. @returns its ID */
const culprit = (owner: Tenant) =>
  asOrganization(api.db, owner.id, async (trx) => {
    const occurredAt = new Date(noticedAt.getTime() - 6 * MINUTE_MS)
    await ensurePartitions(trx, occurredAt)
    const id = await someChange(
      trx,
      { organizationId: owner.id, connectionId: null },
      {
        occurredAt,
        summary: 'ops-admin removed 5432/tcp from security group checkout-db',
        service: 'ec2',
        action: 'RevokeSecurityGroupIngress',
        risks: ['network'],
        resources: [someResource('AWS::EC2::SecurityGroup', 'checkout-db')],
      },
    )
    await trx.updateTable('changes').set({ imported_at: occurredAt }).where('id', '=', id).execute()
    return id
  })

test('past incidents are ranked in order, and nothing is stored', async () => {
  const owner = await api.tenant('backtest')
  const changeId = await culprit(owner)
  const incidents = [past(), past({ title: 'Another', cause: null, environment: 'nowhere' })]
  const { status, body } = await owner.request('POST', url, { incidents })
  expect(status).toBe(200)
  expect(body.items).toMatchObject([
    {
      time: noticedAt.toISOString(),
      environmentId: null,
      causeMatches: 1,
      completeness: { isComplete: false },
      atAlert: {
        at: noticedAt.toISOString(),
        answer: 'suspect',
        sentence:
          'Most likely: ops-admin removed 5432/tcp from security group checkout-db, 6 minutes before the alert',
        suspects: [{ changeId }],
        causeRank: 1,
        newestFirstRank: 1,
      },
      after15Minutes: { at: new Date(noticedAt.getTime() + 15 * MINUTE_MS).toISOString() },
    },
    { title: 'Another', environment: 'nowhere', cause: null, causeMatches: 0 },
  ])
  expect((await owner.request('GET', '/api/v1/incidents')).body.items).toEqual([])
})

test('changes and environments of another organization are not used', async () => {
  const [owner, other] = [await api.tenant('backtest alone'), await api.tenant('backtest other')]
  await culprit(other)
  await other.request('POST', '/api/v1/environments', { name: 'Production' })
  const incidents = [past({ environment: 'Production' })]
  const { body } = await owner.request('POST', url, { incidents })
  expect(body.items).toMatchObject([
    { environmentId: null, causeMatches: 0, atAlert: { answer: 'none', candidates: 0 } },
  ])
})

test.each<[string, string, (now: number) => unknown]>([
  ['no incidents', '/incidents', () => []],
  ['too many', '/incidents', () => Array.from({ length: 21 }, () => past())],
  ['not a list', '/incidents', () => past()],
  [
    'a time in the future',
    '/incidents/1/time',
    (now) => [past(), past({ time: iso(now + DAY_MS) })],
  ],
  ['a time too long ago', '/incidents/0/time', (now) => [past({ time: iso(now - 91 * DAY_MS) })]],
  ['no RFC 3339 time', '/incidents/0/time', () => [past({ time: 'NaN' })]],
  ['a number as time', '/incidents/0/time', () => [past({ time: 1772452800 })]],
  ['no title', '/incidents/0/title', () => [past({ title: ' ' })]],
  ['a title with a control character', '/incidents/0/title', () => [past({ title: 'a\u0000' })]],
  ['an empty cause', '/incidents/0/cause', () => [past({ cause: '' })]],
  ['an unknown field', '/incidents/0/answer', () => [past({ answer: 'x' })]],
  ['too many services', '/incidents/0/services', () => [past({ services: Array(21).fill('a') })]],
])('%s is rejected, with its location', async (_, pointer, incidents) => {
  const owner = await api.tenant('backtest refused')
  const { status, body } = await owner.request('POST', url, { incidents: incidents(Date.now()) })
  expect(status).toBe(422)
  expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
})

const iso = (ms: number) => new Date(ms).toISOString()

test('a body that is too large is rejected', async () => {
  const owner = await api.tenant('backtest large')
  const incidents = [past({ cause: 'x'.repeat(130 * 1024) })]
  expect((await owner.request('POST', url, { incidents })).status).toBe(413)
})

test('a request without a key is rejected', async () => {
  const refused = await api.app.inject({ method: 'POST', url, payload: { incidents: [past()] } })
  expect(refused.statusCode).toBe(401)
})
