import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { lockMembers } from '../../src/db/members.ts'
import type { Schema } from '../../src/db/schema.ts'
import { createTestApi, type TestApi } from '../../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const tables = ['api_keys', 'invitations', 'members', 'password_resets'] as const

test.each([
  ['POST', 'api-keys', { name: 'kept' }],
  ['DELETE', 'api-keys/:id', undefined],
  ['POST', 'invitations', { role: 'owner' }],
  ['DELETE', 'invitations/:id', undefined],
  ['DELETE', 'members/:id', undefined],
  ['POST', 'members/:id/password-reset', undefined],
  ['PATCH', 'connections/:id/coverage/us-east-1', { excluded: true }],
])('an owner who is removed during %s /%s changes nothing', async (method, route, body) => {
  const tenant = await api.tenant(`${method} ${route}`)
  const [removed, remaining] = [await tenant.signedIn(), await tenant.signedIn()]
  const create = async (path: string, fields: object) =>
    (await remaining.request('POST', `/api/v1/${path}`, fields)).body.id
  const { items } = (await remaining.request('GET', '/api/v1/members')).body
  const ids: Record<string, string> = {
    'api-keys': await create('api-keys', { name: 'other' }),
    invitations: await create('invitations', {}),
    members: items.find(({ user }: { user: { id: string } }) => user.id === remaining.user.id).id,
    connections: await create('connections', { name: 'other' }),
  }
  const rows = (db: Kysely<Schema>) =>
    Promise.all(
      tables.map((table) =>
        sql`SELECT * FROM ${sql.table(table)} WHERE organization_id = ${tenant.id} ORDER BY 1`
          .execute(db)
          .then((found) => found.rows),
      ),
    )

  let before: unknown
  let answer: Promise<{ status: number }>
  await api.superuser.transaction().execute(async (trx) => {
    await lockMembers(trx, tenant.id)
    const path = `/api/v1/${route.replace(':id', ids[route.split('/')[0]!]!)}`
    let isAnswered = false
    answer = removed.request(method, path, body).finally(() => {
      isAnswered = true
    })
    // Then the sender is authenticated, and the write has not begun.
    await vi.waitFor(async () => {
      const { rows } = await sql`
        SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted
      `.execute(trx)
      expect(isAnswered || rows.length > 0).toBe(true)
    }, 240_000)
    await trx.deleteFrom('members').where('user_id', '=', removed.user.id).execute()
    before = await rows(trx)
  })
  expect((await answer!).status).toBe(403)
  expect(await rows(api.superuser)).toEqual(before)
})
