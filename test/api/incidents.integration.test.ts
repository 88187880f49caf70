import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { applyIncidentEvents, lockIncidents } from '../../src/db/incidents.ts'
import { translatePagerDuty } from '../../src/sources/pagerduty/translate.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange } from '../../testing/changes.ts'
import { pagerDutyBody } from '../../testing/incidents.ts'

let api: TestApi
let made = 0

beforeAll(async () => {
  // Nothing here times out on a slow machine.
  api = await createTestApi({ timeoutsMs: { statement: 600_000, wait: 300_000 } })
})
afterAll(() => api.close())

const MINUTE_MS = 60_000
/** Noticed an hour before the test runs, because incidents cannot be in the future. */
const noticedAt = new Date(Math.floor((Date.now() - 60 * MINUTE_MS) / 1000) * 1000)
const earlier = (minutes: number) => new Date(noticedAt.getTime() - minutes * MINUTE_MS)

const tenant = () => api.tenant(`incidents ${++made}`)

async function page(owner: Tenant, id: string, service = 'Checkout API', minutes = 0) {
  const at = earlier(-minutes).toISOString()
  const body = pagerDutyBody({
    id,
    createdAt: at,
    occurredAt: at,
    service: { id: service, summary: service },
  })
  const events = translatePagerDuty(body)
  return asOrganization(api.db, owner.id, async (trx) => {
    const [applied] = await applyIncidentEvents(trx, owner.id, events)
    return applied!.incidentId
  })
}

/** Stores a change. @returns its ID */
const change = (owner: Tenant, occurredAt: Date, over: object = {}) =>
  asOrganization(api.db, owner.id, async (trx) => {
    await ensurePartitions(trx, occurredAt)
    return someChange(
      trx,
      { organizationId: owner.id, connectionId: null },
      { occurredAt, ...over },
    )
  })

const create = async (owner: Tenant, body: object = {}) => {
  const fields = { title: 'Checkout is slow', noticedAt: noticedAt.toISOString(), ...body }
  const { status, body: created } = await owner.request('POST', '/api/v1/incidents', fields)
  expect(status).toBe(201)
  return created
}

describe('a manual incident', () => {
  test('uses the current time by default, and keeps the submitted fields', async () => {
    const owner = await tenant()
    const from = Date.now()
    const { body } = await owner.request('POST', '/api/v1/incidents', { title: 'Slow' })
    expect(body).toMatchObject({ source: 'person', state: 'open', startedAt: null, services: [] })
    expect(Date.parse(body.noticedAt)).toBeGreaterThanOrEqual(from)
    expect(Date.parse(body.noticedAt)).toBeLessThanOrEqual(Date.now())
    const read = await owner.request('GET', `/api/v1/incidents/${body.id}`)
    expect(read.body).toEqual({ ...body, alerts: [], verdicts: [] })
  })

  test('can be moved, resolved and reopened', async () => {
    const owner = await tenant()
    const { id } = await create(owner)
    const url = `/api/v1/incidents/${id}`
    const startedAfter = earlier(30).toISOString()
    const moved = await owner.request('PATCH', url, {
      startedAfter,
      startedAt: earlier(5).toISOString(),
    })
    expect(moved.body).toMatchObject({ startedAfter, startedAt: earlier(5).toISOString() })
    const resolved = await owner.request('PATCH', url, { state: 'resolved' })
    expect(resolved.body).toMatchObject({ state: 'resolved', startedAfter })
    expect(resolved.body.resolvedAt).not.toBeNull()
    const opened = await owner.request('PATCH', url, { state: 'open' })
    expect(opened.body).toMatchObject({ state: 'open', resolvedAt: null })
  })

  test.each([
    ['/title', { title: ' ' }],
    ['/noticedAt', { noticedAt: new Date(Date.now() + 3_600_000).toISOString() }],
    ['/noticedAt', { noticedAt: '20:45' }],
    ['/noticedAt', { noticedAt: 'NaN' }],
    ['/noticedAt', { noticedAt: '2026-02-30T12:00:00Z' }],
    ['/noticedAt', { noticedAt: '1969-12-31T23:59:59Z' }],
    ['/noticedAt', { noticedAt: '9999-12-31T23:59:59-12:00' }],
    ['/noticedAt', { noticedAt: 1772452800 }],
    ['/startedAt', { startedAt: '' }],
    ['/startedAt', { startedAt: earlier(-1).toISOString() }],
    [
      '/startedAfter',
      { startedAfter: earlier(1).toISOString(), startedAt: earlier(2).toISOString() },
    ],
    ['/environmentId', { environmentId: '01980000-0000-7000-8000-000000000000' }],
    ['/services/0', { services: [''] }],
    ['/state', { state: 'closed' }],
  ])('is rejected for %s, also as an update, and nothing changes', async (pointer, wrong) => {
    const owner = await tenant()
    const { id } = await create(owner)
    const url = `/api/v1/incidents/${id}`
    const stored = (await owner.request('GET', url)).body
    const body = { title: 'Slow', noticedAt: noticedAt.toISOString(), ...wrong }
    for (const [method, to] of [
      ['POST', '/api/v1/incidents'],
      ['PATCH', url],
    ] as const) {
      const refused = await owner.request(method, to, body)
      expect(refused.status).toBe(422)
      expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(
        pointer,
      )
    }
    expect((await owner.request('GET', url)).body).toEqual(stored)
    expect((await owner.request('GET', '/api/v1/incidents')).body.items).toHaveLength(1)
  })

  test('is created once per idempotency key, also by concurrent requests', async () => {
    const [owner, other] = [await tenant(), await tenant()]
    const body = { title: 'Slow', noticedAt: noticedAt.toISOString(), idempotencyKey: 'a click' }
    const sent = await Promise.all(
      [1, 2, 3].map(() => owner.request('POST', '/api/v1/incidents', body)),
    )
    expect(sent.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    expect(new Set(sent.map((each) => each.body.id)).size).toBe(1)
    const again = await owner.request('POST', '/api/v1/incidents', { ...body, title: 'Other' })
    expect(again).toMatchObject({ status: 200, body: sent[0]!.body })
    expect((await owner.request('GET', '/api/v1/incidents')).body.items).toHaveLength(1)
    const theirs = await other.request('POST', '/api/v1/incidents', body)
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(sent[0]!.body.id)
    const wrong = await owner.request('POST', '/api/v1/incidents', { ...body, idempotencyKey: '' })
    expect(wrong.status).toBe(422)
  })

  test('starts one import at a time, however many are created meanwhile', async () => {
    const owner = await tenant()
    const { body: connection } = await owner.request('POST', '/api/v1/connections', {
      name: 'production',
    })
    await api.superuser
      .updateTable('connections')
      .set({ status: 'current' })
      .where('id', '=', connection.id)
      .execute()
    const first = Promise.withResolvers<never>()
    const importNow = vi
      .spyOn(api.workflows, 'importNow')
      .mockReturnValueOnce(first.promise)
      .mockResolvedValue({} as never)
    await create(owner)
    await vi.waitFor(() => expect(importNow).toHaveBeenCalledTimes(1), 240_000)
    for (let n = 0; n < 10; n++) await create(owner)
    expect(importNow).toHaveBeenCalledTimes(1)
    // The newest incident may be newer than the import that is running.
    first.resolve({} as never)
    await vi.waitFor(() => expect(importNow).toHaveBeenCalledTimes(2), 240_000)
    for (let n = 0; n < 3; n++) await owner.request('GET', '/api/v1/incidents')
    expect(importNow).toHaveBeenCalledTimes(2)
    importNow.mockRestore()
  })

  test('cannot use an environment of another organization', async () => {
    const [owner, other] = [await tenant(), await tenant()]
    const theirs = await other.request('POST', '/api/v1/environments', { name: 'Production' })
    const body = { title: 'Slow', environmentId: theirs.body.id }
    expect((await owner.request('POST', '/api/v1/incidents', body)).status).toBe(422)
    const url = `/api/v1/incidents/preview?at=${noticedAt.toISOString()}&environment=${theirs.body.id}`
    expect((await owner.request('GET', url)).status).toBe(422)
  })
})

test('the list is sorted by notice time, in pages, filtered by state and environment', async () => {
  const owner = await tenant()
  const production = await owner.request('POST', '/api/v1/environments', { name: 'Production' })
  for (const minutes of [3, 1, 2]) {
    await create(owner, {
      title: `${minutes}`,
      noticedAt: earlier(minutes).toISOString(),
      ...(minutes === 1 && { environmentId: production.body.id }),
      ...(minutes === 2 && { state: 'resolved' }),
    })
  }
  const titles = async (query: string) => {
    const { body } = await owner.request('GET', `/api/v1/incidents?${query}`)
    return [body.items.map((item: { title: string }) => item.title), body.nextCursor]
  }
  const [first, cursor] = await titles('limit=2')
  expect(first).toEqual(['1', '2'])
  expect(await titles(`limit=2&cursor=${cursor}`)).toEqual([['3'], null])
  expect(await titles('state=resolved')).toEqual([['2'], null])
  expect(await titles('state=open&state=resolved')).toEqual([['1', '2', '3'], null])
  expect(await titles(`environment=${production.body.id}`)).toEqual([['1'], null])
  const cursors = [
    'null',
    '[]',
    '[1]',
    '[-1,"a"]',
    `[1e999,"01980000-0000-7000-8000-000000000000"]`,
    `[8640000000000001,"01980000-0000-7000-8000-000000000000"]`,
    `["1","01980000-0000-7000-8000-000000000000"]`,
    '[1,"x"]',
  ]
  for (const text of cursors) {
    const wrong = await owner.request(
      'GET',
      `/api/v1/incidents?cursor=${Buffer.from(text).toString('base64url')}`,
    )
    expect(wrong.status, text).toBe(422)
  }
  for (const wrong of ['cursor=nonsense', 'cursor=WzFlOTk5LCIiXQ', 'state=closed']) {
    expect((await owner.request('GET', `/api/v1/incidents?${wrong}`)).status).toBe(422)
  }
})

describe('the changes of an incident', () => {
  test('are ranked, and the timeline has pages in a window that can be moved', async () => {
    const owner = await tenant()
    const ids = [
      await change(owner, earlier(50)),
      await change(owner, earlier(6), { risks: ['network'] }),
      await change(owner, earlier(-10)),
    ]
    const incident = await create(owner)
    const url = `/api/v1/incidents/${incident.id}/changes`
    const { status, body } = await owner.request('GET', url)
    expect(status).toBe(200)
    expect(body.searched.candidates).toBeGreaterThanOrEqual(2)
    const suspects = body.suspects.map(({ changeId }: { changeId: string }) => changeId)
    expect(suspects).toEqual(expect.arrayContaining(ids.slice(0, 2)))
    expect(suspects).not.toContain(ids[2])
    expect(body.suspects[0].change.id).toBe(suspects[0])
    expect(body.timeline.items.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed())
    const window = `from=${earlier(60).toISOString()}&to=${earlier(0).toISOString()}`
    const moved = await owner.request('GET', `${url}?${window}&limit=1`)
    expect(moved.body.timeline.items).toMatchObject([{ id: ids[1] }])
    const next = await owner.request(
      'GET',
      `${url}?${window}&limit=1&cursor=${moved.body.timeline.nextCursor}`,
    )
    expect(next.body.timeline).toMatchObject({ items: [{ id: ids[0] }], nextCursor: null })
    for (const wrong of [
      `from=${earlier(0).toISOString()}&to=${earlier(1).toISOString()}`,
      `from=${earlier(60 * 24 * 15).toISOString()}`,
      'from=yesterday',
      'limit=501',
      `limit=1&cursor=${moved.body.timeline.nextCursor}`,
    ]) {
      expect((await owner.request('GET', `${url}?${wrong}`)).status, wrong).toBe(422)
    }
  })

  test('have a timeline of 14 days if the start may be much earlier', async () => {
    const owner = await tenant()
    const day = 24 * 60
    const { id } = await create(owner, { startedAfter: earlier(40 * day).toISOString() })
    const { status, body } = await owner.request('GET', `/api/v1/incidents/${id}/changes`)
    expect(status).toBe(200)
    const { from, to } = body.timeline
    expect(Date.parse(to) - Date.parse(from)).toBe(14 * day * MINUTE_MS)
    expect(Date.parse(to)).toBeGreaterThan(noticedAt.getTime())
  })

  test('are the same in the preview, which stores nothing', async () => {
    const owner = await tenant()
    await change(owner, earlier(6))
    const { id } = await create(owner, { title: 'x' })
    const saved = await owner.request('GET', `/api/v1/incidents/${id}/changes`)
    const at = noticedAt.toISOString()
    const preview = await owner.request('GET', `/api/v1/incidents/preview?at=${at}&title=x`)
    expect(preview.body.suspects).toEqual(saved.body.suspects)
    expect(preview.body.suspects).toHaveLength(1)
    expect((await owner.request('GET', '/api/v1/incidents')).body.items).toHaveLength(1)
    expect((await owner.request('GET', '/api/v1/incidents/preview')).status).toBe(422)
    expect((await owner.request('GET', '/api/v1/incidents/preview?at=20:45')).status).toBe(422)
  })

  test('exclude other organizations', async () => {
    const [owner, other] = [await tenant(), await tenant()]
    await change(other, earlier(6))
    const { id } = await create(owner)
    const { body } = await owner.request('GET', `/api/v1/incidents/${id}/changes`)
    expect(body).toMatchObject({ answer: 'none', suspects: [], timeline: { items: [] } })
    expect(body.completeness).toMatchObject({ isComplete: false, sources: [] })
  })
})

test('a verdict can be replaced and removed, and shows its author', async () => {
  const owner = await tenant()
  const person = await owner.signedIn('member')
  const changeId = await change(owner, earlier(6))
  const { id } = await create(owner)
  const url = `/api/v1/incidents/${id}/verdicts/${changeId}`
  const decide = (verdict: unknown) => person.request('PUT', url, { verdict })
  expect((await decide('suspect')).body.verdicts).toMatchObject([{ verdict: 'suspect' }])
  expect((await decide('caused')).body.verdicts).toMatchObject([
    { changeId, verdict: 'caused', by: person.user.email },
  ])
  expect((await decide('guilty')).status).toBe(422)
  expect((await owner.request('GET', `/api/v1/incidents/${id}`)).body.verdicts).toHaveLength(1)
  expect((await decide(null)).body.verdicts).toEqual([])
  const theirs = await change(await tenant(), earlier(6))
  const foreign = await person.request('PUT', url.replace(changeId, theirs), { verdict: 'caused' })
  expect([foreign.status, foreign.body.detail]).toEqual([404, 'No such change.'])
})

describe('incidents of alerts', () => {
  test('can be merged, keep their URLs, and can be split again', async () => {
    const owner = await tenant()
    const [one, two] = [await page(owner, 'P1', 'Checkout'), await page(owner, 'P2', 'Search', 5)]
    expect(one).not.toBe(two)
    const changeId = await change(owner, earlier(6))
    await owner.request('PUT', `/api/v1/incidents/${two}/verdicts/${changeId}`, {
      verdict: 'caused',
    })
    const merged = await owner.request('POST', `/api/v1/incidents/${one}/merge`, {
      incidents: [two],
    })
    expect(merged.body).toMatchObject({ id: one, services: ['Checkout', 'Search'] })
    const kept = await owner.request('GET', `/api/v1/incidents/${two}`)
    expect(kept.body).toMatchObject({ mergedInto: one, alerts: [] })
    expect((await owner.request('GET', '/api/v1/incidents')).body.items).toMatchObject([
      { id: one },
    ])
    const { alerts, verdicts } = (await owner.request('GET', `/api/v1/incidents/${one}`)).body
    expect(verdicts).toMatchObject([{ changeId, verdict: 'caused' }])
    expect(alerts.map((alert: { sourceId: string }) => alert.sourceId)).toEqual(['P1', 'P2'])
    const mergedUrl = `/api/v1/incidents/${two}`
    const late = [
      await owner.request('PUT', `${mergedUrl}/verdicts/${changeId}`, { verdict: 'dismissed' }),
      await owner.request('PATCH', mergedUrl, { title: 'Search fails' }),
    ]
    for (const { status, body } of late) {
      expect([status, body.detail]).toEqual([
        422,
        `This incident was merged into ${one}. Use that one.`,
      ])
    }
    expect((await owner.request('GET', mergedUrl)).body).toEqual(kept.body)
    const split = await owner.request('POST', `/api/v1/incidents/${one}/split`, {
      alerts: [alerts[1].id.toUpperCase()],
    })
    expect(split.status).toBe(201)
    expect(split.body).toMatchObject({ services: ['Search'], noticedAt: earlier(-5).toISOString() })
    expect((await owner.request('GET', `/api/v1/incidents/${one}`)).body).toMatchObject({
      services: ['Checkout'],
      alerts: [{ sourceId: 'P1' }],
    })
    // Later events follow the alert.
    const resolved = pagerDutyBody({
      id: 'P2',
      type: 'incident.resolved',
      status: 'resolved',
      createdAt: earlier(-5).toISOString(),
      occurredAt: earlier(-20).toISOString(),
    })
    await asOrganization(api.db, owner.id, (trx) =>
      applyIncidentEvents(trx, owner.id, translatePagerDuty(resolved)),
    )
    const after = await owner.request('GET', `/api/v1/incidents/${split.body.id}`)
    expect(after.body).toMatchObject({ state: 'resolved', resolvedAt: earlier(-20).toISOString() })
  })

  test('cannot be merged or split in invalid ways, and nothing changes', async () => {
    const owner = await tenant()
    const other = await tenant()
    const one = await page(owner, 'P1', 'Checkout')
    const foreign = await page(other, 'P1', 'Checkout')
    const url = `/api/v1/incidents/${one}`
    const stored = (await owner.request('GET', url)).body
    const { alerts } = stored
    for (const [action, body] of [
      ['merge', { incidents: [one] }],
      ['merge', { incidents: [one.toUpperCase()] }],
      ['merge', { incidents: [foreign] }],
      ['merge', { incidents: [] }],
      ['split', { alerts: [alerts[0].id] }],
      ['split', { alerts: [foreign] }],
    ] as const) {
      expect((await owner.request('POST', `${url}/${action}`, body)).status, action).toBe(422)
    }
    expect((await owner.request('GET', url)).body).toEqual(stored)
    expect((await other.request('GET', `/api/v1/incidents/${foreign}`)).body.mergedInto).toBeNull()
  })

  test('keep manual edits until an alert reports a new state', async () => {
    const owner = await tenant()
    const id = await page(owner, 'P1')
    const url = `/api/v1/incidents/${id}`
    await owner.request('PATCH', url, { title: 'Payments fail', state: 'resolved' })
    await page(owner, 'P1')
    expect((await owner.request('GET', url)).body).toMatchObject({
      title: 'Payments fail',
      state: 'resolved',
    })
    const acknowledged = pagerDutyBody({
      id: 'P1',
      status: 'acknowledged',
      createdAt: noticedAt.toISOString(),
      occurredAt: earlier(-1).toISOString(),
    })
    await asOrganization(api.db, owner.id, (trx) =>
      applyIncidentEvents(trx, owner.id, translatePagerDuty(acknowledged)),
    )
    expect((await owner.request('GET', url)).body).toMatchObject({
      title: 'Payments fail',
      state: 'acknowledged',
      resolvedAt: null,
    })
  })
})

test('a service mapping applies to existing and new alerts until it is removed', async () => {
  const owner = await tenant()
  const production = await owner.request('POST', '/api/v1/environments', { name: 'Live' })
  const id = await page(owner, 'P1')
  const mapping = {
    source: 'pagerduty',
    value: 'checkout *',
    environmentId: production.body.id,
    services: ['checkout'],
  }
  const created = await owner.request('POST', '/api/v1/service-mappings', mapping)
  expect(created.status).toBe(201)
  const read = () => owner.request('GET', `/api/v1/incidents/${id}`)
  expect((await read()).body).toMatchObject({
    environmentId: production.body.id,
    services: ['checkout'],
  })
  expect(
    (await owner.request('POST', '/api/v1/service-mappings', { ...mapping, value: 'CHECKOUT *' }))
      .status,
  ).toBe(409)
  for (const wrong of [
    { value: 'x' },
    { value: '', services: ['x'] },
    { ...mapping, source: 'person' },
  ]) {
    expect((await owner.request('POST', '/api/v1/service-mappings', wrong)).status).toBe(422)
  }
  expect((await owner.request('GET', '/api/v1/service-mappings')).body.items).toEqual([
    created.body,
  ])
  await owner.request('DELETE', `/api/v1/service-mappings/${created.body.id}`)
  expect((await read()).body).toMatchObject({ environmentId: null, services: ['Checkout API'] })
})

test('concurrent requests do not exceed the limit of service mappings', async () => {
  const owner = await tenant()
  const mapping = (n: number) => ({
    organization_id: owner.id,
    source: null,
    label: null,
    value: `service ${n}`,
    environment_id: null,
    services: ['checkout'],
  })
  await api.superuser
    .insertInto('service_mappings')
    .values(Array.from({ length: 499 }, (_, n) => mapping(n)))
    .execute()
  const send = (value: string) =>
    owner.request('POST', '/api/v1/service-mappings', { value, services: ['checkout'] })
  const sent = await asOrganization(api.db, owner.id, async (trx) => {
    await lockIncidents(trx, owner.id)
    const answers = ['a', 'b', 'c', 'd'].map(send)
    // Two at a time, the limit of an organization.
    await vi.waitFor(async () => {
      const { rows } = await sql<{ count: number }>`
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'advisory'
      `.execute(api.superuser)
      expect(rows[0]!.count).toBe(2)
    }, 240_000)
    return { answers }
  })
  const answers = await Promise.all(sent.answers)
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
})
