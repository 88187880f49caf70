import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { TemporalUnavailable } from '../../src/temporal/errors.ts'
import type { PendingOrganization, RereadState } from '../../src/workflows/reread-state.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someTime } from '../../testing/changes.ts'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, someTime))
})
afterAll(() => api.close())

async function withOutdatedChange(name: string): Promise<Tenant> {
  const tenant = await api.tenant(name)
  await asOrganization(api.superuser, tenant.id, async (trx) => {
    const id = await someChange(trx, { organizationId: tenant.id, connectionId: null })
    await sql`UPDATE changes SET reader_version = 0 WHERE id = ${id}`.execute(trx)
  })
  return tenant
}

/** The answer to this tenant, with this result of the workflow's query. */
async function ask(tenant: Tenant, progress: () => Promise<RereadState | null>) {
  const context = { ...api.context, workflows: { ...api.workflows, rereadProgress: progress } }
  const app = await createApp(context, { logger: pino({ level: 'silent' }) })
  onTestFinished(() => app.close())
  const headers = { authorization: `Bearer ${tenant.key}` }
  const response = await app.inject({ method: 'GET', url: '/api/v1/reread', headers })
  return { status: response.statusCode, body: response.json() }
}

const running = (...pending: PendingOrganization[]): RereadState => ({
  installationId: 'x',
  versions: {},
  startedAt: '2026-03-02T12:00:00Z',
  pending,
  reread: 5,
  kept: 0,
  finished: 0,
})
const entry = ({ id }: Tenant, reread: number, lastError: string | null = null) => ({
  organizationId: id,
  outdated: 90,
  reread,
  lastError,
})

test('the progress is that of one organization only', async () => {
  const [own, other] = [await withOutdatedChange('own'), await withOutdatedChange('other')]
  const state = running(entry(other, 7, 'the other one failed'), entry(own, 12))
  expect((await ask(own, async () => state)).body).toEqual({
    state: 'running',
    reread: 12,
    total: 90,
    lastError: null,
  })
  expect((await ask(other, async () => state)).body).toEqual({
    state: 'running',
    reread: 7,
    total: 90,
    lastError: 'the other one failed',
  })
})

test('a request waits until the workflow has found the organization', async () => {
  const own = await withOutdatedChange('waiting')
  const waiting = { state: 'waiting', reread: 0, total: null, lastError: null }
  expect((await ask(own, async () => null)).body).toEqual(waiting)
  expect((await ask(own, async () => running())).body).toEqual(waiting)
})

test('Temporal is not queried when all changes are current', async () => {
  const tenant = await api.tenant('current')
  await asOrganization(api.db, tenant.id, (trx) =>
    someChange(trx, { organizationId: tenant.id, connectionId: null }),
  )
  const fail = () => Promise.reject(new TemporalUnavailable('Temporal is down'))
  expect((await ask(tenant, fail)).body).toMatchObject({ state: 'current', total: null })
  expect(await ask(await withOutdatedChange('down'), fail)).toMatchObject({ status: 503 })
})
