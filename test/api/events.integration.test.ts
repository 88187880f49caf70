import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { reportConnection } from '../../src/db/connections.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someTime } from '../../testing/changes.ts'

interface Heard {
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of it
  data: any
}

interface Connected extends Tenant {
  connectionId: string
  /** Another connection, whose event shows that all earlier ones have been sent. */
  markerId: string
}

let api: TestApi
let url: string
let one: Connected
let other: Connected
const open: AbortController[] = []

beforeAll(async () => {
  api = await createTestApi()
  url = await api.app.listen({ port: 0, host: '127.0.0.1' })
  await api.db.transaction().execute((trx) => ensurePartitions(trx, someTime))
  const connect = async (name: string) => {
    const tenant = await api.tenant(name)
    const create = async (title: string): Promise<string> =>
      (await tenant.request('POST', '/api/v1/connections', { name: title })).body.id
    return { ...tenant, connectionId: await create(name), markerId: await create('marker') }
  }
  one = await connect('one')
  other = await connect('other')
})
afterEach(() => {
  for (const each of open.splice(0)) each.abort()
})
afterAll(async () => {
  // Closing would wait more than a minute for open streams.
  api.app.server.closeAllConnections()
  await api.close()
})

/** Listens as a browser does. Resolves when the stream has begun. */
async function listen(tenant: { key: string } | { cookie: string }) {
  const controller = new AbortController()
  open.push(controller)
  const response = await fetch(`${url}/api/v1/events`, {
    headers:
      'key' in tenant ? { authorization: `Bearer ${tenant.key}` } : { cookie: tenant.cookie },
    signal: controller.signal,
  })
  const heard: Heard[] = []
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      text += value
      const messages = text.split('\n\n')
      text = messages.pop()!
      for (const message of messages) {
        const event = /^event: (.*)$/m.exec(message)?.[1]
        const data = /^data: (.*)$/m.exec(message)?.[1]
        if (event && data) heard.push({ event, data: JSON.parse(data) })
      }
    }
  })().catch(() => {})
  return { response, heard, ended, controller }
}

/** Until it is so, or the test's time is over. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20)
}

/** Listens, and waits until Postgres is listened to as well. */
async function listenInTime(tenant: Connected) {
  const client = await listen(tenant)
  while (!client.heard.some(({ event }) => event === 'connection')) {
    await touch(tenant)
    await sleep(20)
  }
  await allSent(tenant, client.heard)
  client.heard.length = 0
  return client
}

/** Until the events of everything that was stored before have arrived: they are sent in order. */
async function allSent(tenant: Connected, heard: Heard[]): Promise<void> {
  const { markerId } = tenant
  const before = heard.length
  await touch(tenant, markerId)
  await until(() => heard.slice(before).some(({ data }) => data.id === markerId))
}

const touch = (tenant: Connected, connectionId = tenant.connectionId) =>
  asOrganization(api.db, tenant.id, (trx) => reportConnection(trx, connectionId, {}))

const add = (tenant: Connected, times: Date[]) =>
  asOrganization(api.db, tenant.id, async (trx) => {
    const owner = { organizationId: tenant.id, connectionId: tenant.connectionId }
    for (const occurredAt of times) await someChange(trx, owner, { occurredAt })
  })

test('a revoked key or a removed member receives no further events', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const tenant = await api.tenant('shown out')
    const owner = await tenant.signedIn()
    const member = await tenant.signedIn('member')
    const kept = await listen(tenant)
    const made = await owner.request('POST', '/api/v1/api-keys', { name: 'listener' })
    const clients = [await listen({ ...tenant, key: made.body.key }), await listen(member)]
    await owner.request('DELETE', `/api/v1/api-keys/${made.body.id}`)
    const { items } = (await owner.request('GET', '/api/v1/members')).body
    const { id } = items.find(({ role }: { role: string }) => role === 'member')
    await owner.request('DELETE', `/api/v1/members/${id}`)
    vi.advanceTimersByTime(61_000)
    await Promise.all(clients.map(({ ended }) => ended))
    let hasEnded = false
    void kept.ended.then(() => {
      hasEnded = true
    })
    // Creating a connection is an event.
    await owner.request('POST', '/api/v1/connections', { name: 'after' })
    await until(() => kept.heard.length > 0)
    expect(hasEnded).toBe(false)
  } finally {
    vi.useRealTimers()
  }
})

test('new changes are summarized and sent only to their organization', async () => {
  const [mine, theirs] = [await listenInTime(one), await listenInTime(other)]
  expect(mine.response.headers.get('content-type')).toBe('text/event-stream')
  expect(mine.response.headers.get('x-content-type-options')).toBe('nosniff')
  const before = (seconds: number) => new Date(someTime.getTime() - seconds * 1000)
  await add(one, [someTime, before(5), before(9)])
  await until(() => mine.heard.length > 0)
  expect(mine.heard).toEqual([
    {
      event: 'changes',
      data: {
        connectionId: one.connectionId,
        count: 3,
        noise: 0,
        newest: someTime.toISOString(),
      },
    },
  ])
  await add(other, [someTime])
  await until(() => theirs.heard.length > 0)
  expect(theirs.heard).toMatchObject([{ data: { connectionId: other.connectionId, count: 1 } }])
  expect(mine.heard).toHaveLength(1)
})

test('a change that was rolled back is not sent', async () => {
  const client = await listenInTime(one)
  const undone = asOrganization(api.db, one.id, async (trx) => {
    const owner = { organizationId: one.id, connectionId: one.connectionId }
    await someChange(trx, owner)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  await touch(one)
  await until(() => client.heard.length > 0)
  expect(client.heard.map(({ event }) => event)).toEqual(['connection'])
})

test("changes of a connection's status, verification and coverage are sent, several as one event", async () => {
  const client = await listenInTime(one)
  const began = performance.now()
  for (let n = 0; n < 20; n++) await touch(one)
  await until(() => client.heard.length > 0)
  expect(client.heard[0]).toEqual({ event: 'connection', data: { id: one.connectionId } })
  await allSent(one, client.heard)
  // At most one for each half second, and that of the marker.
  const halfSeconds = Math.ceil((performance.now() - began) / 500)
  expect(client.heard.length).toBeLessThanOrEqual(halfSeconds + 2)

  client.heard.length = 0
  await asOrganization(api.db, one.id, (trx) =>
    trx
      .insertInto('verifications')
      .values({
        connection_id: one.connectionId,
        organization_id: one.id,
        role_arn: 'arn',
        role_revision: 1,
      })
      .execute(),
  )
  await until(() => client.heard.length > 0)
  client.heard.length = 0
  await asOrganization(api.db, one.id, (trx) =>
    trx
      .insertInto('coverage')
      .values({
        connection_id: one.connectionId,
        organization_id: one.id,
        account_id: '1',
        region: 'r',
        selection: 'all',
      })
      .execute(),
  )
  await until(() => client.heard.length > 0)
  expect(client.heard).toEqual([{ event: 'connection', data: { id: one.connectionId } }])
})

test('after a lost connection to Postgres, all clients receive a reload event and further events', async () => {
  const [mine, theirs] = [await listenInTime(one), await listenInTime(other)]
  await sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'cairn notifications' AND datname = current_database()
  `.execute(api.superuser)
  await until(() =>
    [mine, theirs].every(({ heard }) => heard.some(({ event }) => event === 'missed')),
  )
  mine.heard.length = 0
  await touch(one)
  await until(() => mine.heard.length > 0)
  expect(mine.heard).toEqual([{ event: 'connection', data: { id: one.connectionId } }])
})

test('a request without a key is rejected', async () => {
  const response = await fetch(`${url}/api/v1/events`)
  expect(response.status).toBe(401)
})

test('streams per organization are limited, and closed ones free their place', async () => {
  const clients = await Promise.all(Array.from({ length: 100 }, () => listen(one)))
  expect(new Set(clients.map(({ response }) => response.status))).toEqual(new Set([200]))
  expect((await listen(one)).response.status).toBe(429)
  expect((await listen(other)).response.status).toBe(200)
  for (const { controller } of clients) controller.abort()
  for (;;) {
    const { response } = await listen(one)
    if (response.status === 200) break
    await sleep(50)
  }
})

test('a stopping server does not wait for event streams', async () => {
  const another = await createTestApi()
  const address = await another.app.listen({ port: 0, host: '127.0.0.1' })
  const tenant = await another.tenant('one')
  const response = await fetch(`${address}/api/v1/events`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  })
  expect(response.status).toBe(200)
  const rest = response.text()
  await another.close()
  expect(await rest).toContain(': listening')
})
