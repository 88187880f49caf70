import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
import { currentSecret, insertIntegration, newIntegrationId } from '../src/db/integrations.ts'
import { findOpenInvitation } from '../src/db/members.ts'
import { ensureOrganization, organizationOfKey } from '../src/db/organizations.ts'
import { SecretBox } from '../src/integrations/secret-box.ts'
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
  return adminWith({}, ...args)
}

function adminWith(extra: Record<string, string>, ...args: string[]) {
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env: {
      PATH,
      HOME,
      DATABASE_URL: database.url,
      CAIRN_PUBLIC_URL: 'https://cairn.example.com',
      ...extra,
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

test("creates an owner's invitation link with the public URL", async () => {
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
])('rejects %j with an explanation', (args, part) => {
  expect(admin(...args)).toMatchObject({ status: 1, out: '', err: expect.stringContaining(part) })
})

/** @returns the ID of the integration, whose secret is `hunter2` */
function addIntegration(
  owner: Database,
  organizationId: string,
  { name, key }: { name: string; key: Buffer },
): Promise<string> {
  return asOrganization(owner, organizationId, async (trx) => {
    const id = await newIntegrationId(trx)
    const secret = { encrypted: new SecretBox([key]).encrypt('hunter2', id) }
    await insertIntegration(trx, organizationId, { id, kind: 'github', name, settings: {}, secret })
    return id
  })
}

test('encrypts webhook secrets with the first key, once', async () => {
  const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const owner = openDatabase({ url: database.url })
  const { id } = await ensureOrganization(system, 'with a webhook')
  const integrationId = await addIntegration(owner, id, { name: 'acme', key: old })
  const keys = [current, old].map((key) => key.toString('base64')).join()
  const rotate = () => adminWith({ CAIRN_SECRET_KEY: keys }, 'secrets', 'rotate')
  expect(rotate()).toMatchObject({ status: 0, err: '', out: expect.stringContaining(': 1.') })
  expect(rotate()).toMatchObject({ status: 0, out: expect.stringContaining(': 0.') })
  const encrypted = await asOrganization(owner, id, (trx) => currentSecret(trx, integrationId))
  expect(new SecretBox([current]).decrypt(encrypted!, integrationId)).toBe('hunter2')
  await owner.destroy()
})

test('encrypts the other secrets if one cannot be decrypted, and shows which one', async () => {
  const [lost, old, current] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as Buffer[]
  const owner = openDatabase({ url: database.url })
  const add = async (organization: string, key: Buffer) => {
    const { id } = await ensureOrganization(system, organization)
    const integrationId = await addIntegration(owner, id, { name: `of ${organization}`, key })
    return { id, integrationId }
  }
  const unreadable = await add('with a lost key', lost!)
  const readable = await add('after the lost key', old!)
  const keys = [current, old].map((key) => key!.toString('base64')).join()
  const { status, out, err } = adminWith({ CAIRN_SECRET_KEY: keys }, 'secrets', 'rotate')
  expect({ status, out }).toEqual({ status: 1, out: '' })
  expect(err).toContain(
    `the secret of integration "of with a lost key" (${unreadable.integrationId}) of organization "with a lost key"`,
  )
  expect(err).not.toContain('after the lost key')
  const encrypted = await asOrganization(owner, readable.id, (trx) =>
    currentSecret(trx, readable.integrationId),
  )
  expect(new SecretBox([current!]).decrypt(encrypted!, readable.integrationId)).toBe('hunter2')
  await owner.destroy()
})
