import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../src/db/database.ts'
import { findOpenInvitation } from '../src/db/members.ts'
import { organizationOfKey } from '../src/db/organizations.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'

const script = path.resolve(import.meta.dirname, '../scripts/admin.ts')

let database: TestDatabase
let system: Database

beforeAll(async () => {
  database = await createTestDatabase()
  system = openDatabase({ url: database.url, role: 'cairn_system' })
})
afterAll(async () => {
  await system.destroy()
  await database.drop()
})

function admin(...args: string[]) {
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env: {
      ...{ PATH, HOME, DATABASE_URL: database.url },
      CAIRN_PUBLIC_URL: 'https://cairn.example.com',
    },
    encoding: 'utf8',
  })
  return { status, out: stdout, err: stderr }
}

test('creates an organization and prints only its key', async () => {
  const { status, out, err } = admin('organization', 'create', 'second tenant')
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toMatch(/^cairn_[\w-]{43}\n$/)
  const { id, name } = await system
    .selectFrom('organizations')
    .selectAll()
    .where('name', '=', 'second tenant')
    .executeTakeFirstOrThrow()
  expect(name).toBe('second tenant')
  expect(await organizationOfKey(system, out.trim())).toBe(id)

  const again = admin('organization', 'create', 'second tenant')
  expect(again).toMatchObject({ status: 1, out: '', err: expect.stringContaining('already') })

  // Another key for it works beside the first.
  const other = admin('key', 'create', 'second tenant')
  expect(other).toMatchObject({ status: 0, err: '' })
  expect(other.out).not.toBe(out)
  for (const key of [out, other.out]) expect(await organizationOfKey(system, key.trim())).toBe(id)
})

test('creates an invitation link for an owner, at the public address', async () => {
  const { status, err } = admin('organization', 'create', 'third tenant')
  expect({ status, err }).toEqual({ status: 0, err: '' })
  const invited = admin('owner', 'invite', 'third tenant')
  expect(invited).toMatchObject({ status: 0, err: '' })
  const { origin, pathname, searchParams } = new URL(invited.out.trim())
  expect(origin + pathname).toBe('https://cairn.example.com/accept-invitation')
  const found = await findOpenInvitation(system, searchParams.get('token')!)
  expect(found).toMatchObject({ role: 'owner', organization: 'third tenant' })
})

test.each([
  [[], 'Usage'],
  [['organization', 'create'], 'Usage'],
  [['organization', 'create', 'a', 'b'], 'Usage'],
  [['organization', 'delete', 'a'], 'Usage'],
  [['organization', 'create', ' '], '1 to 200 characters'],
  [['key', 'create', 'absent'], 'Organization "absent" does not exist'],
  [['owner', 'invite', 'absent'], 'Organization "absent" does not exist'],
])('%j is refused with a sentence', (args, part) => {
  expect(admin(...args)).toMatchObject({ status: 1, out: '', err: expect.stringContaining(part) })
})
