import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { permissionPolicy } from '../../src/aws/documents/permissions.ts'
import type { Check } from '../../src/connections/checks.ts'
import { reportConnection } from '../../src/db/connections.ts'
import { multirangeLiteral } from '../../src/db/multirange.ts'
import type { SecondsRange } from '../../src/db/schema/column-types.ts'
import { TemporalUnavailable, UpdateRefused, UpdateTimedOut } from '../../src/temporal/errors.ts'
import type { ImportSummary } from '../../src/workflows/state.ts'
import {
  type Client,
  createTestApi,
  type Person,
  type Tenant,
  type TestApi,
} from '../../testing/api.ts'

let api: TestApi
let tenant: Tenant
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
})
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
  // The workflow's tests cover Temporal.
  vi.spyOn(api.workflows, 'changed').mockReset().mockResolvedValue(true)
})
afterAll(() => api.close())

async function connect(fields: object = {}) {
  const { status, body } = await tenant.request('POST', '/api/v1/connections', {
    name: 'production',
    ...fields,
  })
  expect(status).toBe(201)
  return body
}

const patch = (id: string, body: object) =>
  tenant.request('PATCH', `/api/v1/connections/${id}`, body)

const versionOf = async (id: string) =>
  (
    await api.superuser
      .selectFrom('connections')
      .select('version')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).version

/** As the workflow's activities do it. */
const report = (id: string, state: Parameters<typeof reportConnection>[2]) =>
  api.superuser.transaction().execute((trx) => reportConnection(trx, id, state))

const roleArn = (account = '111122223333') => `arn:aws:iam::${account}:role/cairn`

/** A verdict on the role that the connection has now. */
async function judge(id: string, state: 'passed' | 'failed') {
  const connections = api.superuser.selectFrom('connections').where('id', '=', id)
  const { role_arn, role_revision } = await connections.selectAll().executeTakeFirstOrThrow()
  const proven = { verdict_generation: 1, proven_at: new Date(), role_id: 'AROAEXAMPLE' }
  const row = { role_arn: role_arn!, role_revision, state, checks: '[]', ...proven }
  await api.superuser
    .insertInto('verifications')
    .values({ connection_id: id, organization_id: tenant.id, ...row })
    .execute()
}

describe('a new connection', () => {
  test('has all its fields, and waits for its role', async () => {
    const response = await tenant.request('POST', '/api/v1/connections', { name: ' production ' })
    expect(response.status).toBe(201)
    expect(response.headers.location).toBe(`/api/v1/connections/${response.body.id}`)
    expect(response.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'production',
      externalId: expect.stringMatching(/^cairn-\w{24}$/),
      roleArn: null,
      accountId: null,
      partition: null,
      status: 'awaiting_role',
      statusReason: null,
      since: response.body.createdAt,
      environmentId: null,
      selection: 'changes',
      lookbackDays: 7,
      pollIntervalSeconds: 60,
      completeThrough: null,
      nextPollAt: null,
      workflowUrl: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
    expect(api.workflows.changed).toHaveBeenCalledExactlyOnceWith({
      organizationId: tenant.id,
      connectionId: response.body.id,
      // For the list of workflows.
      name: response.body.name,
      accountId: null,
    })
    const read = await tenant.request('GET', `/api/v1/connections/${response.body.id}`)
    expect(read.body).toEqual(response.body)
  })

  test('stores the requested values', async () => {
    const asked = {
      name: 'sandbox',
      lookbackDays: 90,
      pollIntervalSeconds: 30,
      selection: 'all',
      environmentId: null,
    }
    expect(await connect(asked)).toMatchObject(asked)
  })

  test('is listed, oldest first', async () => {
    const made = [await connect({ name: 'b' }), await connect({ name: 'a' })]
    const { body } = await tenant.request('GET', '/api/v1/connections')
    expect(body).toEqual({ items: made })
  })

  test.each<[object, string]>([
    [{}, '/name'],
    [{ name: '' }, '/name'],
    [{ name: '   ' }, '/name'],
    [{ name: 'x'.repeat(201) }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ name: 'a\0b' }, '/name'],
    [{ name: '\ud800' }, '/name'],
    [{ name: 7 }, '/name'],
    [{ name: 'x', lookbackDays: 0 }, '/lookbackDays'],
    [{ name: 'x', lookbackDays: 91 }, '/lookbackDays'],
    [{ name: 'x', lookbackDays: 1.5 }, '/lookbackDays'],
    [{ name: 'x', lookbackDays: '7' }, '/lookbackDays'],
    [{ name: 'x', pollIntervalSeconds: 29 }, '/pollIntervalSeconds'],
    [{ name: 'x', pollIntervalSeconds: 3601 }, '/pollIntervalSeconds'],
    [{ name: 'x', selection: 'none' }, '/selection'],
    [{ name: 'x', environmentId: '0198c5de-7f3a-4c6e-9d55-3f0c2a1b4e77' }, '/environmentId'],
    [{ name: 'x', roleArn: roleArn() }, '/roleArn'],
    [{ name: 'x', organizationId: '0198c5de-7f3a-4c6e-9d55-3f0c2a1b4e77' }, '/organizationId'],
  ])('is rejected when requested as %j', async (body, pointer) => {
    const answer = await tenant.request('POST', '/api/v1/connections', body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
    expect((await tenant.request('GET', '/api/v1/connections')).body.items).toEqual([])
  })
})

describe('updating a connection', () => {
  test("parses the role's ARN, which is verified next", async () => {
    const { id, createdAt } = await connect()
    const { status, body } = await patch(id, {
      roleArn: ' arn:aws:iam::123456789012:role/services/cairn \n',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      roleArn: 'arn:aws:iam::123456789012:role/services/cairn',
      accountId: '123456789012',
      partition: 'aws',
      status: 'verifying',
    })
    expect(Date.parse(body.since)).toBeGreaterThanOrEqual(Date.parse(createdAt))
    // No worker has read the first signal, so a second one would be redundant.
    expect(api.workflows.changed).toHaveBeenCalledTimes(1)

    expect((await patch(id, { roleArn: null })).body).toMatchObject({
      roleArn: null,
      accountId: null,
      partition: null,
      status: 'awaiting_role',
    })
  })

  test('rejects text that is not a role, with a helpful message', async () => {
    const { id } = await connect()
    const { status, body } = await patch(id, { roleArn: 'arn:aws:iam::123456789012:user/alice' })
    expect(status).toBe(422)
    expect(body.errors).toEqual([
      { pointer: '/roleArn', detail: expect.stringContaining('IAM user') },
    ])
  })

  test('rejects an account that is already connected, and names its connection', async () => {
    const first = await connect({ name: 'the first' })
    await patch(first.id, { roleArn: roleArn() })
    const second = await connect({ name: 'the second' })
    const refused = await patch(second.id, { roleArn: `${roleArn()}-2` })
    expect(refused).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('"the first"'), errors: [{ pointer: '/roleArn' }] },
    })
    expect(await versionOf(second.id)).toBe(1)

    // Another role of the same account is fine for the one that has it,
    expect((await patch(first.id, { roleArn: `${roleArn()}-3` })).status).toBe(200)
    // the account for another organization,
    const owner = tenant
    tenant = await api.tenant('somebody else')
    const third = await connect()
    expect((await patch(third.id, { roleArn: roleArn() })).status).toBe(200)
    // and for the second one as soon as the first is being deleted.
    tenant = owner
    await tenant.request('DELETE', `/api/v1/connections/${first.id}`)
    expect((await patch(second.id, { roleArn: roleArn() })).status).toBe(200)
  })

  test('accepts one of two concurrent requests for one account', async () => {
    const ids = [(await connect()).id, (await connect()).id, (await connect()).id]
    const answers = await Promise.all(ids.map((id) => patch(id, { roleArn: roleArn() })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  test('raises the version once for a change, and not without one', async () => {
    const { id } = await connect()
    const wanted = {
      name: 'other',
      roleArn: roleArn(),
      selection: 'all',
      lookbackDays: 30,
      pollIntervalSeconds: 120,
      paused: false,
      environmentId: null,
    }
    expect((await patch(id, wanted)).status).toBe(200)
    expect(await versionOf(id)).toBe(2)
    expect((await patch(id, wanted)).status).toBe(200)
    expect((await patch(id, { roleArn: ` ${roleArn()} ` })).status).toBe(200)
    expect((await patch(id, {})).status).toBe(200)
    expect(await versionOf(id)).toBe(2)
    // No worker has read the first signal, so a second one would be redundant.
    expect(api.workflows.changed).toHaveBeenCalledTimes(1)
  })

  test('rejects fields that are not settings', async () => {
    const { id } = await connect()
    for (const name of ['id', 'status', 'accountId', 'createdAt', 'deleted', '__proto__x']) {
      expect(await patch(id, { [name]: 'x' }), name).toMatchObject({ status: 422 })
    }
  })
})

describe('the status', () => {
  test('shows a requested deletion immediately, with its time', async () => {
    const { id } = await connect()
    await patch(id, { roleArn: roleArn() })
    await report(id, { status: 'current', seenVersion: 2 })
    const current = (await tenant.request('GET', `/api/v1/connections/${id}`)).body
    expect(current.status).toBe('current')

    const paused = (await patch(id, { paused: true })).body
    expect(paused.status).toBe('paused')
    expect(Date.parse(paused.since)).toBeGreaterThan(Date.parse(current.since))

    await report(id, { status: 'paused', seenVersion: 3 })
    await judge(id, 'passed')
    expect((await patch(id, { paused: false })).body.status).toBe('importing')

    await report(id, { status: 'action_needed', reason: 'The role is gone.', seenVersion: 4 })
    expect((await patch(id, { roleArn: `${roleArn()}-2` })).body).toMatchObject({
      status: 'verifying',
      statusReason: null,
    })

    const deleting = await tenant.request('DELETE', `/api/v1/connections/${id}`)
    expect(deleting).toMatchObject({ status: 202, body: { status: 'deleting' } })
  })

  test('is otherwise reported by the workflow, with its reason', async () => {
    const { id } = await connect()
    await patch(id, { roleArn: roleArn() })
    const nextPollAt = new Date('2026-03-01T12:00:00Z')
    const reported = { reason: 'eu-west-1 is behind.', seenVersion: 2, nextPollAt }
    await judge(id, 'failed')
    for (const status of ['waiting_for_aws', 'importing', 'behind', 'action_needed'] as const) {
      await report(id, { status, ...reported })
      expect((await tenant.request('GET', `/api/v1/connections/${id}`)).body).toMatchObject({
        status,
        statusReason: 'eu-west-1 is behind.',
        nextPollAt: '2026-03-01T12:00:00.000Z',
      })
    }
    // A change of something else does not hide it.
    expect((await patch(id, { name: 'other' })).body.status).toBe('action_needed')
  })
})

describe('deleting a connection', () => {
  test('is accepted, can be requested twice, and removes the connection', async () => {
    const { id } = await connect()
    const url = `/api/v1/connections/${id}`
    expect((await tenant.request('DELETE', url)).status).toBe(202)
    expect((await tenant.request('DELETE', `${url}?purge=true`)).status).toBe(202)
    const row = () =>
      api.superuser
        .selectFrom('connections')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    expect(await row()).toMatchObject({ purge: true, deleted_at: expect.any(Date), ended_at: null })
    // A requested purge is not withdrawn.
    await tenant.request('DELETE', url)
    expect((await row()).purge).toBe(true)

    expect((await patch(id, { name: 'kept' })).status).toBe(409)
    expect((await tenant.request('POST', `${url}/verify`)).status).toBe(409)
    expect((await tenant.request('POST', `${url}/import`)).status).toBe(409)
    expect((await tenant.request('GET', url)).body.status).toBe('deleting')

    await api.superuser
      .updateTable('connections')
      .set({ ended_at: new Date() })
      .where('id', '=', id)
      .execute()
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await tenant.request(method, url, method === 'PATCH' ? {} : undefined)
      expect(answer.status, method).toBe(404)
    }
    expect((await tenant.request('GET', '/api/v1/connections')).body.items).toEqual([])
  })

  test('can be followed by a purge of the remaining data', async () => {
    const { id } = await connect()
    const url = `/api/v1/connections/${id}`
    await tenant.request('DELETE', url)
    await api.superuser
      .updateTable('connections')
      .set({ ended_at: new Date(), seen_version: 1_000 })
      .where('id', '=', id)
      .execute()
    expect((await tenant.request('DELETE', url)).status).toBe(404)
    const answer = await tenant.request('DELETE', `${url}?purge=true`)
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'deleting' } })
    const row = await api.superuser
      .selectFrom('connections')
      .select(['purge', 'ended_at'])
      .where('id', '=', id)
      .executeTakeFirst()
    expect(row).toEqual({ purge: true, ended_at: null })
  })

  test('accepts only true and false for purge', async () => {
    const { id } = await connect()
    const answer = await tenant.request('DELETE', `/api/v1/connections/${id}?purge=yes`)
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '?purge' }] } })
  })
})

test.each([
  ['the one that Cairn runs as', 'arn:aws:iam::999988887777:role/cairn', 'that Cairn runs as'],
  ['one of another partition', 'arn:aws-cn:iam::123456789012:role/cairn', 'Run Cairn in aws-cn'],
])('a role is rejected if it is %s', async (_what, roleArn, detail) => {
  const { id } = await connect()
  const { status, body } = await patch(id, { roleArn })
  expect(status).toBe(422)
  expect(body.errors).toMatchObject([
    { pointer: '/roleArn', detail: expect.stringContaining(detail) },
  ])
  expect(await versionOf(id)).toBe(1)
})

test('a deletion reports what to remove in AWS', async () => {
  const { id } = await connect()
  await patch(id, { roleArn: 'arn:aws:iam::123456789012:role/services/audit-reader' })
  const { status, body } = await tenant.request('DELETE', `/api/v1/connections/${id}`)
  expect(status).toBe(202)
  expect(body.cleanUp.means).toContain('arn:aws:iam::123456789012:role/services/audit-reader')
  const commands = body.cleanUp.ways.map(({ command }: { command: string }) => command)
  expect(commands[1]).toContain('--stack-name audit-reader')
  expect(commands[2]).toMatch(/delete-role-policy .*--role-name audit-reader.*delete-role /s)

  const unused = await connect({ name: 'never had a role' })
  const answer = await tenant.request('DELETE', `/api/v1/connections/${unused.id}`)
  expect(answer.body.cleanUp).toBeNull()
})

describe('the verification', () => {
  const checks: Check[] = [
    { id: 'arn_format', state: 'passed', saw: 'a role', means: 'fine', remedy: null },
    {
      id: 'lookup_events',
      region: 'eu-west-1',
      state: 'failed',
      saw: 'a',
      means: 'b',
      remedy: 'c',
    },
  ]
  const keep = (id: string, arn: string) =>
    api.superuser
      .insertInto('verifications')
      .values({
        connection_id: id,
        organization_id: tenant.id,
        role_arn: arn,
        role_revision: 1,
        state: 'failed',
        verified_at: new Date('2026-03-01T12:00:00Z'),
        checks: JSON.stringify(checks),
      })
      .execute()

  test('is empty before the first one and after a change of the role', async () => {
    const { id } = await connect()
    const url = `/api/v1/connections/${id}/verification`
    const none = {
      state: null,
      verifiedAt: null,
      validUntil: null,
      checks: [],
      lastAttempt: null,
      notProvable: [],
    }
    expect(await tenant.request('GET', url)).toMatchObject({ status: 200, body: none })
    await patch(id, { roleArn: roleArn() })
    await keep(id, roleArn())
    const { body } = await tenant.request('GET', url)
    expect(body).toMatchObject({
      state: 'failed',
      verifiedAt: '2026-03-01T12:00:00.000Z',
      checks,
      notProvable: [{ id: 'who_else', command: 'aws iam get-role --role-name cairn' }],
    })
    const [fine, broken] = body.checks
    expect(fine.snippets).toEqual([])
    expect(JSON.parse(broken.snippets[0].text)).toEqual(permissionPolicy)
    await patch(id, { roleArn: `${roleArn()}-2` })
    expect((await tenant.request('GET', url)).body).toEqual(none)
  })

  test('that could not be completed is shown beside the verdict before it', async () => {
    const { id } = await connect()
    await patch(id, { roleArn: roleArn() })
    await judge(id, 'passed')
    await api.superuser
      .updateTable('verifications')
      .set({
        proven_at: new Date('2026-03-01T12:00:00Z'),
        inconclusive_at: new Date('2026-03-02T12:00:00Z'),
        inconclusive_reason: 'AWS did not respond',
        inconclusive_checks: JSON.stringify(checks),
      })
      .where('connection_id', '=', id)
      .execute()
    const { body } = await tenant.request('GET', `/api/v1/connections/${id}/verification`)
    expect(body).toMatchObject({
      state: 'passed',
      checks: [],
      validUntil: '2026-03-04T12:00:00.000Z',
      lastAttempt: { at: '2026-03-02T12:00:00.000Z', reason: 'AWS did not respond', checks },
    })
  })

  test('shows the running one, unless it was interrupted', async () => {
    const { id } = await connect()
    const url = `/api/v1/connections/${id}/verification`
    await patch(id, { roleArn: roleArn() })
    await keep(id, roleArn())
    const run = (progress_at: Date) =>
      api.superuser
        .updateTable('verifications')
        .set({ progress: JSON.stringify([checks[0]]), progress_at })
        .where('connection_id', '=', id)
        .execute()
    await run(new Date())
    expect((await tenant.request('GET', url)).body).toMatchObject({
      state: 'running',
      checks: [{ id: 'arn_format' }],
      verifiedAt: '2026-03-01T12:00:00.000Z',
    })
    await run(new Date(Date.now() - 10 * 60_000))
    expect((await tenant.request('GET', url)).body).toMatchObject({ state: 'failed', checks })
  })

  test('can be requested, and returns the result', async () => {
    const { id } = await connect()
    await patch(id, { roleArn: roleArn() })
    const verifyNow = vi.spyOn(api.workflows, 'verifyNow').mockImplementationOnce(async () => {
      await keep(id, roleArn())
      return {} as never
    })
    const { status, body } = await tenant.request('POST', `/api/v1/connections/${id}/verify`)
    expect(verifyNow).toHaveBeenCalledWith(
      expect.objectContaining({ organizationId: tenant.id, connectionId: id }),
    )
    expect({ status, body }).toMatchObject({ status: 200, body: { state: 'failed', checks } })
  })

  test.each([
    [
      new UpdateRefused('This connection has no role yet.'),
      409,
      'This connection has no role yet.',
    ],
    [new UpdateTimedOut('No answer within 60 s'), 504, 'No answer within 60 s'],
    [new TemporalUnavailable('connect ECONNREFUSED'), 503, 'Temporal is unavailable'],
  ])('is rejected with the reason when it is not possible: %s', async (error, status, detail) => {
    const { id } = await connect()
    for (const action of ['verify', 'import'] as const) {
      vi.spyOn(api.workflows, `${action}Now`).mockRejectedValueOnce(error)
      const answer = await tenant.request('POST', `/api/v1/connections/${id}/${action}`)
      expect(answer.status).toBe(status)
      expect(answer.body.detail).toContain(detail)
      if (status === 503) expect(answer.headers['retry-after']).toBe('5')
    }
  })
})

test('a requested import returns a summary', async () => {
  const { id } = await connect()
  const summary: ImportSummary = {
    startedAt: '2026-03-01T12:00:00.000Z',
    finishedAt: '2026-03-01T12:00:05.000Z',
    regions: 2,
    imported: 3,
    requests: 4,
    throttled: 0,
    completeThrough: null,
    lagSeconds: null,
    gapSeconds: 60,
    status: 'importing',
    statusReason: null,
    failing: [{ region: 'eu-west-1', error: 'AccessDenied' }],
    nextPollAt: '2026-03-01T12:01:00.000Z',
  }
  vi.spyOn(api.workflows, 'importNow').mockResolvedValueOnce(summary)
  const answer = await tenant.request('POST', `/api/v1/connections/${id}/import`)
  expect(answer).toMatchObject({ status: 200, body: summary })
})

describe('coverage', () => {
  const HOUR_SECONDS = 3600

  async function cover(id: string, region: string, settled: SecondsRange[], state = 'active') {
    await api.superuser
      .insertInto('coverage')
      .values({
        connection_id: id,
        organization_id: tenant.id,
        account_id: '111122223333',
        region,
        selection: 'changes',
        settled: multirangeLiteral(settled) as never,
        state: state as 'active',
        events: 7,
      } as never)
      .execute()
  }

  const now = () => Math.floor(Date.now() / 1000)

  async function connectCurrent() {
    const { id } = await connect({ lookbackDays: 1 })
    await patch(id, { roleArn: roleArn() })
    await judge(id, 'passed')
    for (const region of ['us-east-1', 'eu-west-1'])
      await cover(id, region, [[now() - 25 * HOUR_SECONDS, now() - 1200]])
    expect((await patch(id, { name: 'current' })).body.status).toBe('current')
    return id as string
  }

  let owner: Person
  beforeEach(async () => {
    owner = await tenant.signedIn()
  })

  const region = (id: string, name: string, excluded: boolean, who: Client = owner) =>
    who.request('PATCH', `/api/v1/connections/${id}/coverage/${name}`, { excluded })

  test('cannot be excluded or included by a member or an API key', async () => {
    const id = await connectCurrent()
    const state = async () => {
      const { body } = await tenant.request('GET', `/api/v1/connections/${id}/coverage`)
      return body.regions.find((each: { region: string }) => each.region === 'eu-west-1').state
    }
    const others = [tenant, await tenant.signedIn('member')]
    for (const who of others)
      expect(await region(id, 'eu-west-1', true, who)).toMatchObject({ status: 403 })
    expect(await state()).toBe('active')
    expect(await region(id, 'eu-west-1', true)).toMatchObject({ status: 200 })
    for (const who of others)
      expect(await region(id, 'eu-west-1', false, who)).toMatchObject({ status: 403 })
    expect(await state()).toBe('excluded')
  })

  test.each([
    ['a longer lookback', { lookbackDays: 30 }, 'importing'],
    ['another selection', { selection: 'all' }, 'importing'],
    ['another role', { roleArn: `${roleArn()}-2` }, 'verifying'],
  ])('is stale after its own deadline if a connection is %s', async (_, wanted, status) => {
    const id = await connectCurrent()
    expect((await patch(id, wanted)).body.status).toBe(status)
    expect((await tenant.request('GET', `/api/v1/connections/${id}`)).body.status).toBe(status)
  })

  test('sets a connection to behind after three intervals without a cycle, also in lists', async () => {
    const id = await connectCurrent()
    const longAgo = new Date(Date.now() - HOUR_SECONDS * 1000)
    await api.superuser
      .updateTable('connections')
      .set({ cycle_at: longAgo, version_at: longAgo, status_since: longAgo })
      .where('id', '=', id)
      .execute()
    const { body } = await tenant.request('GET', '/api/v1/connections')
    expect(body.items).toMatchObject([
      {
        id,
        status: 'behind',
        statusReason: expect.stringMatching(
          /^No import cycle has ended for three poll intervals .* The worker may be down, busy with other connections, or reading /,
        ),
        since: new Date(longAgo.getTime() + 180_000).toISOString(),
      },
    ])
  })

  test('of a denied region limits completeThrough until the region is excluded', async () => {
    const id = await connectCurrent()
    await api.superuser
      .updateTable('coverage')
      .set({
        state: 'denied',
        last_error: 'AccessDeniedException: explicit deny',
        last_error_kind: 'denied',
        settled: multirangeLiteral([
          [now() - 25 * HOUR_SECONDS, now() - 3 * HOUR_SECONDS],
        ]) as never,
      })
      .where('connection_id', '=', id)
      .where('region', '=', 'eu-west-1')
      .execute()
    const edge = async () => {
      const { body } = await tenant.request('GET', `/api/v1/connections/${id}`)
      const feed = await tenant.request('GET', '/api/v1/changes')
      expect(feed.body.completeThrough).toBe(body.completeThrough)
      return { ...body, age: now() - Date.parse(body.completeThrough) / 1000 }
    }
    await patch(id, { name: 'denied' })
    const held = await edge()
    expect(held).toMatchObject({
      status: 'behind',
      statusReason: expect.stringContaining('eu-west-1: AWS denies'),
    })
    expect(held.age).toBeGreaterThan(2 * HOUR_SECONDS)

    const excluded = await region(id, 'eu-west-1', true)
    expect(excluded).toMatchObject({
      status: 200,
      body: { state: 'excluded', counts: false, excludedBy: 'owner', lastErrorKind: 'denied' },
    })
    expect(Date.parse(excluded.body.excludedAt)).toBeGreaterThan(Date.now() - 60_000)
    expect(api.workflows.changed).toHaveBeenCalled()
    const freed = await edge()
    expect(freed).toMatchObject({ status: 'current', statusReason: null })
    expect(freed.age).toBeLessThan(HOUR_SECONDS)
    const again = await region(id, 'eu-west-1', true)
    expect(again.body.excludedAt).toBe(excluded.body.excludedAt)

    expect(await region(id, 'eu-west-1', false)).toMatchObject({
      status: 200,
      body: { state: 'denied', counts: true, excludedAt: null, excludedBy: null },
    })
    expect((await edge()).status).toBe('behind')
  })

  test('rejects exclusions and inclusions that are not possible, with the reason', async () => {
    const id = await connectCurrent()
    expect(await region(id, 'us-east-1', true)).toMatchObject({ status: 422 })
    expect(await region(id, 'mars-north-1', true)).toMatchObject({ status: 404 })
    await api.superuser
      .updateTable('coverage')
      .set({ excluded_at: new Date(), excluded_by: 'configuration' })
      .where('connection_id', '=', id)
      .where('region', '=', 'eu-west-1')
      .execute()
    expect(await region(id, 'eu-west-1', false)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('CAIRN_REGIONS') },
    })
  })

  test('is empty before the role is known', async () => {
    const { id } = await connect()
    const { body } = await tenant.request('GET', `/api/v1/connections/${id}/coverage`)
    expect(body).toEqual({ regions: [] })
  })

  test('shows the settled and the missing ranges of each region', async () => {
    const { id, createdAt } = await connect({ lookbackDays: 1 })
    await patch(id, { roleArn: roleArn() })
    const start = Math.floor(Date.parse(createdAt) / 1000) - 24 * HOUR_SECONDS
    const settled: SecondsRange[] = [
      [start, start + HOUR_SECONDS],
      [start + 3 * HOUR_SECONDS, start + 4 * HOUR_SECONDS],
    ]
    await cover(id, 'us-east-1', settled)
    await cover(id, 'eu-west-1', [[start, start + 2 * HOUR_SECONDS]])
    await cover(id, 'af-south-1', [], 'not_enabled')

    const time = (seconds: number) => new Date(seconds * 1000).toISOString()
    const { body } = await tenant.request('GET', `/api/v1/connections/${id}/coverage`)
    expect(body.regions.map(({ region }: { region: string }) => region)).toEqual([
      'af-south-1',
      'eu-west-1',
      'us-east-1',
    ])
    expect(body.regions[2]).toMatchObject({
      region: 'us-east-1',
      state: 'active',
      completeThrough: time(start + 4 * HOUR_SECONDS),
      settled: settled.map((range) => range.map(time)),
      gaps: [
        [time(start + HOUR_SECONDS), time(start + 3 * HOUR_SECONDS)],
        [time(start + 4 * HOUR_SECONDS), expect.any(String)],
      ],
      lost: [],
      setAside: [],
      events: 7,
    })

    // The slowest active region decides completeThrough of the connection.
    const { body: shown } = await tenant.request('GET', `/api/v1/connections/${id}`)
    expect(shown.completeThrough).toBe(time(start + 2 * HOUR_SECONDS))
    const feed = await tenant.request('GET', '/api/v1/changes')
    expect(feed.body.completeThrough).toBe(time(start + 2 * HOUR_SECONDS))

    // A region without anything says that nothing is complete.
    await cover(id, 'eu-west-2', [])
    const after = await tenant.request('GET', `/api/v1/connections/${id}`)
    expect(after.body.completeThrough).toBeNull()
    expect((await tenant.request('GET', '/api/v1/changes')).body.completeThrough).toBeNull()
    const others = await tenant.request('GET', `/api/v1/changes?connection!=${id}`)
    expect(others.body.completeThrough).toBeNull()
  })
})
