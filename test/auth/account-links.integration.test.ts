import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccount } from '../../src/auth/accept-invitation.ts'
import { resetPassword } from '../../src/auth/reset-password.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { insertInvitation, newInvitationToken } from '../../src/db/members.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { newPasswordResetToken } from '../../src/db/password-resets.ts'
import { hashToken } from '../../src/db/token.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const TOMORROW = new Date(Date.now() + 86_400_000)

let database: TestDatabase
let superuser: Database
/** With one connection: what holds it, everything else waits for. */
let system: Database
let organizationId: string

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
  system = openDatabase({ url: database.url, role: 'cairn_system', max: 1 })
  const { id } = await ensureOrganization(system, 'links')
  organizationId = id
})
afterAll(async () => {
  await Promise.all([system.destroy(), superuser.destroy()])
  await database.drop()
})

const settings = () => ({
  system,
  secret: 's'.repeat(40),
  publicUrl: undefined,
  logger: pino({ level: 'silent' }),
})

async function invite(): Promise<string> {
  const token = newInvitationToken()
  await insertInvitation(superuser, {
    organizationId,
    token,
    role: 'member',
    expiresAt: TOMORROW,
  })
  return token
}

const join = (token: string) =>
  createAccount(
    settings(),
    token,
    { name: 'New', email: `${randomUUID()}@example.com`, password: 'long enough' },
    new Headers({ 'x-cairn-client-address': '192.0.2.1' }),
  )

const lookUp = () => system.selectFrom('organizations').select('id').execute()

describe('no connection is held while a password is hashed', () => {
  const ended: string[] = []
  /** What ended first: `work`, or a lookup that begins right after it. */
  async function first(work: Promise<unknown>): Promise<string> {
    ended.length = 0
    const note = (name: string) => () => ended.push(name)
    await Promise.all([work.then(note('link')), lookUp().then(note('lookup'))])
    return ended[0]!
  }

  test('for a new account', async () => {
    expect(await first(join(await invite()))).toBe('lookup')
  })

  test('for a new password', async () => {
    const { user } = await join(await invite())
    const token = newPasswordResetToken()
    await sql`INSERT INTO password_resets (organization_id, user_id, token_hash, expires_at)
      VALUES (${organizationId}, ${user.id}, ${hashToken(token)}, ${TOMORROW})`.execute(superuser)
    expect(await first(resetPassword(settings(), token, 'a new long password'))).toBe('lookup')
  })
})

test('an organization uses its links one at a time, a few wait, and the rest are refused', async () => {
  const tokens = await Promise.all(Array.from({ length: 30 }, invite))
  const refused: string[] = []
  const refusedAtFirst: number[] = []
  await Promise.all(
    tokens.map((token) =>
      join(token).then(
        () => refusedAtFirst.push(refused.length),
        (error) => {
          expect(error).toMatchObject({ name: 'OrganizationBusy' })
          refused.push(token)
        },
      ),
    ),
  )
  expect(refusedAtFirst[0]).toBe(30 - 1 - 20)
  // A refused link can still be used.
  expect((await join(refused[0]!)).user.name).toBe('New')
})
