import { randomBytes } from 'node:crypto'
import { createAccount, firstOwnerToken } from './accept-invitation.ts'
import type { AuthSettings } from './better-auth.ts'

/** Creates the owner of a demo with a new database. The password is only in this process. */
export async function createDemoOwner(
  settings: AuthSettings,
  organizationId: string,
): Promise<{ email: string; password: string }> {
  const token = await firstOwnerToken(settings.system, organizationId)
  if (!token)
    throw new Error('The demo needs an empty database, and this one already has an owner.')
  const owner = {
    name: 'Demo',
    email: 'demo@example.com',
    password: randomBytes(32).toString('base64url'),
  }
  await createAccount(settings, token, owner, new Headers())
  return owner
}
