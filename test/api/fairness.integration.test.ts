import { connect } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type BodyMemory, createBodyMemory } from '../../src/api/bodies/memory.ts'
import { openApiDatabases } from '../../src/api/databases.ts'
import { Problem } from '../../src/api/problems.ts'
import {
  asOrganization,
  type Database,
  openDatabase,
  readOrganization,
} from '../../src/db/database.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { createTestDatabase } from '../../testing/database.ts'

/** For conditions that become true eventually. Milliseconds. */
const WITHIN = 240_000

let api: TestApi
let greedy: Tenant
let other: Tenant
let url: string
/** The bodies of requests, as they are counted. */
const bodies: ('arriving' | 'complete' | 'released')[] = []

beforeAll(async () => {
  // Nothing here times out on a slow machine.
  const timeoutsMs = { statement: 600_000, wait: 300_000 }
  api = await createTestApi({ timeoutsMs, bodyMemory: observedMemory() })
  greedy = await api.tenant('greedy')
  other = await api.tenant('other')
  url = await api.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  // The client may have opened some for requests that it gave up before sending them.
  api.app.server.closeAllConnections()
  await api.close()
})

function observedMemory(): BodyMemory {
  const memory = createBodyMemory()
  return {
    hold(owner, refuse) {
      const held = memory.hold(owner, refuse)
      const index = bodies.push('arriving') - 1
      return {
        add: held.add,
        complete() {
          bodies[index] = 'complete'
          held.complete()
        },
        release() {
          bodies[index] = 'released'
          held.release()
        },
      }
    },
  }
}

/** Makes every statement that touches a table wait until the function that it returns is called. */
async function blockTable(table: string): Promise<() => Promise<void>> {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let locked = () => {}
  const isLocked = new Promise<void>((resolve) => {
    locked = resolve
  })
  const transaction = api.superuser.transaction().execute(async (trx) => {
    await sql`LOCK TABLE ${sql.table(table)} IN ACCESS EXCLUSIVE MODE`.execute(trx)
    locked()
    await released
  })
  await Promise.race([isLocked, transaction])
  return async () => {
    release()
    await transaction
  }
}

/** How many statements of the API wait for that lock. */
async function blockedStatements(table = 'environments'): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE ${`%${table}%`}
  `.execute(api.superuser)
  return rows[0]!.count
}

const open = (tenant: Tenant, path: string, signal?: AbortSignal) =>
  fetch(`${url}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${tenant.key}` },
    ...(signal && { signal }),
  })

async function get(tenant: Tenant, path: string, signal?: AbortSignal) {
  const response = await open(tenant, path, signal)
  return { status: response.status, headers: response.headers, body: await response.json() }
}

describe('one organization', () => {
  let unblock: () => Promise<void>
  beforeEach(async () => {
    unblock = await blockTable('environments')
    return unblock
  })

  test('runs two statements at a time, queues a few more, and leaves the rest of the pool to others', async () => {
    const statuses: number[] = []
    const answers = Array.from({ length: 60 }, async () => {
      const response = await get(greedy, 'environments')
      statuses.push(response.status)
      return response
    })
    await vi.waitFor(async () => {
      expect(statuses).toEqual(Array(8).fill(429))
      expect(await blockedStatements()).toBe(2)
    }, WITHIN)
    // The other organization still gets responses.
    for (let n = 0; n < 12; n++) expect((await get(other, 'connections')).status).toBe(200)
    expect(await blockedStatements()).toBe(2)
    expect(statuses).toHaveLength(8)

    await unblock()
    const all = await Promise.all(answers)
    expect(all.filter(({ status }) => status === 200)).toHaveLength(52)
    const refused = all.find(({ status }) => status === 429)!
    expect(refused.headers.get('retry-after')).toBe('300')
    expect(refused.body).toMatchObject({
      title: 'Too Many Requests',
      detail: expect.stringContaining('Your organization has too many concurrent requests'),
    })
    expect((await get(greedy, 'environments')).status).toBe(200)
  })

  test('ends statements and bodies whose responses wait on a connection that is closed', async () => {
    bodies.length = 0
    const head = `Host: cairn\r\nAuthorization: Bearer ${greedy.key}\r\n`
    const read = `GET /api/v1/environments HTTP/1.1\r\n${head}\r\n`
    const body = JSON.stringify({ name: 'x'.repeat(1_000) })
    const write = `POST /api/v1/environments HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(read + read + write)
    await vi.waitFor(async () => {
      expect(await blockedStatements()).toBe(2)
      expect(bodies).toEqual(['complete'])
    }, WITHIN)
    socket.destroy()
    await vi.waitFor(async () => {
      expect(await blockedStatements()).toBe(0)
      expect(bodies).toEqual(['released'])
    }, WITHIN)
  })

  test.each([
    ['a list', 'environments'],
    ['one item', 'environments/01980000-0000-7000-8000-000000000000'],
  ])('ends its running and waiting statements by disconnecting: %s', async (_what, path) => {
    const client = new AbortController()
    const answers = Array.from({ length: 52 }, () => get(greedy, path, client.signal))
    const settled = Promise.allSettled(answers)
    await vi.waitFor(async () => expect(await blockedStatements()).toBe(2), WITHIN)
    client.abort()
    await settled
    // The lock is still there: without a cancellation they would wait for it.
    await vi.waitFor(async () => {
      expect(await blockedStatements()).toBe(0)
      expect((await get(greedy, 'connections')).status).toBe(200)
    }, WITHIN)
  })
})

test('streams and requests that wait for a workflow use no connection of the pool', async () => {
  const { body } = await greedy.request('POST', '/api/v1/connections', { name: 'production' })
  let answer = (_summary: never) => {}
  const importing = new Promise<never>((resolve) => {
    answer = resolve
  })
  const importNow = vi.spyOn(api.workflows, 'importNow').mockReturnValue(importing)
  const client = new AbortController()
  const streams = await Promise.all(
    Array.from({ length: 5 }, () => open(greedy, 'events', client.signal)),
  )
  const imports = Array.from({ length: 5 }, () =>
    greedy.request('POST', `/api/v1/connections/${body.id}/import`),
  )
  await vi.waitFor(() => expect(importNow).toHaveBeenCalledTimes(5), WITHIN)
  expect((await get(greedy, 'connections')).status).toBe(200)
  expect(streams.map(({ status }) => status)).toEqual(Array(5).fill(200))
  answer({} as never)
  await Promise.all(imports)
  client.abort()
  await Promise.allSettled(streams.map((stream) => stream.text()))
  importNow.mockRestore()
})

test.each([
  ['importNow', 'import'],
  ['verifyNow', 'verify'],
] as const)('an organization waits for 50 calls of %s at most', async (method, path) => {
  const [own, theirs] = await Promise.all(
    [greedy, other].map((tenant) => tenant.request('POST', '/api/v1/connections', { name: path })),
  )
  const answer = Promise.withResolvers<never>()
  const call = vi.spyOn(api.workflows, method).mockReturnValue(answer.promise)
  const run = (tenant: Tenant, id: string) =>
    tenant.request('POST', `/api/v1/connections/${id}/${path}`)
  const pending = Array.from({ length: 50 }, () => run(greedy, own!.body.id))
  await vi.waitFor(() => expect(call).toHaveBeenCalledTimes(50), WITHIN)
  const refused = await run(greedy, own!.body.id)
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '10' } })
  pending.push(run(other, theirs!.body.id))
  await vi.waitFor(() => expect(call).toHaveBeenCalledTimes(51), WITHIN)
  answer.reject(new Problem(409, 'The end of this test.'))
  const statuses = (await Promise.all(pending)).map(({ status }) => status)
  expect(statuses).toEqual(Array(51).fill(409))
  // The failed calls no longer count.
  expect((await run(greedy, own!.body.id)).status).toBe(409)
  call.mockRestore()
})

test('keys are found while deliveries of many organizations wait to be stored', async () => {
  const senders = await Promise.all(Array.from({ length: 8 }, (_, n) => api.tenant(`sender ${n}`)))
  const release = await blockTable('integrations')
  const stored = senders.map(({ id }) =>
    api.context.deliveries.store(id, {
      integrationId: '01980000-0000-7000-8000-000000000000',
      deliveryId: 'a',
      event: null,
      headers: {},
      body: Buffer.from('{}'),
      isTest: false,
    }),
  )
  await vi.waitFor(async () => expect(await blockedStatements('integrations')).toBe(3), WITHIN)
  for (let n = 0; n < 12; n++) expect((await get(other, 'connections')).status).toBe(200)
  await release()
  // None has such an integration.
  expect(await Promise.all(stored)).toEqual(Array(8).fill(false))
})

describe('cancellation', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>
  let pool: Database
  let organizations: string[]
  beforeAll(async () => {
    database = await createTestDatabase()
    // One connection, so that the next statement uses the one whose statement was cancelled.
    pool = openDatabase({ url: database.url, role: 'cairn_api', max: 1 })
    const superuser = openDatabase({ url: database.superuserUrl })
    const rows = await superuser
      .insertInto('organizations')
      .values([{ name: 'one' }, { name: 'two' }])
      .returning('id')
      .execute()
    organizations = rows.map(({ id }) => id)
    await superuser.destroy()
  })
  afterAll(async () => {
    await pool.destroy()
    await database.drop()
  })

  test('never affects the statement of the next organization, at any time', async () => {
    const [one, two] = organizations as [string, string]
    let cancelled = 0
    for (let round = 0; round < 150; round++) {
      const client = new AbortController()
      // From before the first statement to about the end of the last one.
      const reading = readOrganization(
        pool,
        { organizationId: one, disconnected: client.signal },
        async (trx) => {
          for (let n = 0; n < 5; n++) {
            if (n === round % 6) setTimeout(() => client.abort(), (round % 7) / 2)
            await sql`SELECT pg_sleep(${(round % 3) / 1000})`.execute(trx)
          }
        },
      ).catch(() => cancelled++)
      if (round % 6 === 5) client.abort()
      const next = asOrganization(pool, two, (trx) => sql`SELECT pg_sleep(0.004)`.execute(trx))
      await Promise.all([reading, expect(next).resolves.toBeDefined()])
    }
    expect(cancelled).toBeGreaterThan(50)
  })

  test('of a connection between two statements fails only the next statement', async () => {
    const superuser = openDatabase({ url: database.superuserUrl })
    const reader = {
      organizationId: organizations[0]!,
      disconnected: new AbortController().signal,
    }
    const reading = readOrganization(pool, reader, async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx)
      await sql`SELECT pg_terminate_backend(${rows[0]!.pid})`.execute(superuser)
      await vi.waitFor(async () => {
        const left = await sql`SELECT FROM pg_stat_activity WHERE pid = ${rows[0]!.pid}`.execute(
          superuser,
        )
        expect(left.rows).toEqual([])
      }, WITHIN)
      // The connection ends while no statement runs.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await sql`SELECT 1`.execute(trx)
    })
    await expect(reading).rejects.toThrow()
    expect(await readOrganization(pool, reader, async () => 'another one')).toBe('another one')
    await superuser.destroy()
  })

  test('ends a long statement', async () => {
    const client = new AbortController()
    let started = () => {}
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    const reading = readOrganization(
      pool,
      { organizationId: organizations[0]!, disconnected: client.signal },
      async (trx) => {
        const sleeping = sql`SELECT pg_sleep(3600)`.execute(trx)
        started()
        return sleeping
      },
    )
    await running
    client.abort(new Error('gone'))
    await expect(reading).rejects.toThrow('gone')
  })
})

test('statements of the API end after five seconds', async () => {
  const database = await createTestDatabase()
  const pools = openApiDatabases({ url: database.url, maxQueries: 2 })
  for (const each of Object.values(pools)) {
    const { rows } = await sql<{ statement_timeout: string }>`SHOW statement_timeout`.execute(each)
    expect(rows).toEqual([{ statement_timeout: '5s' }])
    await each.destroy()
  }
  await database.drop()
})
