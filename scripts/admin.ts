import { invitationExpiry, invitationUrl } from '../src/auth/invitations.ts'
import { readPositionals, runCommand } from '../src/command.ts'
import { type Config, loadConfig } from '../src/config.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../src/db/database.ts'
import { reencryptTokens } from '../src/db/delivery-recoveries.ts'
import { renewInstallation } from '../src/db/installation.ts'
import { reencryptSecrets } from '../src/db/integrations.ts'
import { insertInvitation, newInvitationToken } from '../src/db/members.ts'
import { migrate } from '../src/db/migrate.ts'
import {
  addApiKey,
  ensureOrganization,
  findOrganization,
  newApiKey,
} from '../src/db/organizations.ts'
import { organizationIds } from '../src/db/outdated-changes.ts'
import { findRunningPostgres, startPostgres } from '../src/embedded/postgres.ts'
import { SecretUnreadable, tokenContext } from '../src/integrations/secret-box.ts'
import { secretBox } from '../src/secret-key.ts'

const usage = `Usage:
  npm run admin -- organization create NAME   creates an organization and an API key
  npm run admin -- key create ORGANIZATION    creates another API key
  npm run admin -- owner invite ORGANIZATION  creates an invitation link for an owner
  npm run admin -- secrets rotate             encrypts webhook secrets under the first CAIRN_SECRET_KEY
  npm run admin -- installation renew         gives a copied database a new installation ID

Prints the key or the link once. Only its hash is stored.`

/** An error message for the person who typed the command. */
class AdminError extends Error {}

type Command = (system: Database, name: string, config: Config) => Promise<string>

/** Commands without a name. They run as the login that owns the tables. */
const ownerCommands: Record<string, (db: Database, config: Config) => Promise<string>> = {
  'installation renew': renew,
  'secrets rotate': rotateSecrets,
}

const commands: Record<string, Command> = {
  async 'organization create'(system, name) {
    if (name.trim() === '' || name.length > 200) {
      throw new AdminError('A name has 1 to 200 characters.')
    }
    const { id, created } = await ensureOrganization(system, name)
    if (!created) throw new AdminError(`Organization "${name}" already exists.`)
    return createKey(system, id)
  },
  async 'key create'(system, name) {
    return createKey(system, await existing(system, name))
  },
  async 'owner invite'(system, name, { publicUrl, port }) {
    const token = newInvitationToken()
    await insertInvitation(system, {
      organizationId: await existing(system, name),
      token,
      role: 'owner',
      expiresAt: invitationExpiry('invited'),
    })
    return invitationUrl(publicUrl ?? `http://localhost:${port}`, token)
  },
}

async function existing(system: Database, name: string): Promise<string> {
  const id = await findOrganization(system, name)
  if (!id) throw new AdminError(`Organization "${name}" does not exist.`)
  return id
}

async function createKey(system: Database, organizationId: string): Promise<string> {
  const key = newApiKey()
  await addApiKey(system, organizationId, { name: 'created by admin', key })
  return key
}

/** @param db as the login that owns the tables */
async function renew(db: Database): Promise<string> {
  const { id, connections } = await renewInstallation(db)
  return `The installation of this database is now ${id}. Connections that get a new workflow: ${connections}.`
}

/**
 * @param db as the login that owns the tables
 * @throws AdminError that lists the secrets that no key decrypts; all others are encrypted
 */
async function rotateSecrets(db: Database, config: Config): Promise<string> {
  const box = secretBox(config)
  const unreadable: string[] = []
  let count = 0
  for (const id of await organizationIds(db)) {
    count += await asOrganization(db, id, async (trx) => {
      const lost: { integrationId: string; what: string; reason: string }[] = []
      const reencrypt =
        (what: string, toContext: (integrationId: string) => string) =>
        (encrypted: Buffer, integrationId: string) => {
          if (box.isCurrent(encrypted)) return undefined
          const context = toContext(integrationId)
          try {
            return box.encrypt(box.decrypt(encrypted, context), context)
          } catch (error) {
            if (!(error instanceof SecretUnreadable)) throw error
            lost.push({ integrationId, what, reason: error.message })
            return undefined
          }
        }
      const secrets = await reencryptSecrets(
        trx,
        reencrypt('secret', (integrationId) => integrationId),
      )
      const tokens = await reencryptTokens(trx, reencrypt('token', tokenContext))
      for (const { integrationId, what, reason } of lost) {
        const where = await describeIntegration(trx, integrationId)
        unreadable.push(`- the ${what} of ${where}: ${reason}`)
      }
      return secrets + tokens
    })
  }
  const done = `Secrets that are now encrypted under the first key: ${count}.`
  if (unreadable.length === 0) return done
  throw new AdminError(
    `${done} These cannot be decrypted and were not changed:\n${unreadable.join('\n')}\n` +
      'Add the missing key to CAIRN_SECRET_KEY and repeat the command, or replace the secret or ' +
      'the token in the settings of the integration.',
  )
}

async function describeIntegration(trx: Trx, id: string): Promise<string> {
  const { integration, organization } = await trx
    .selectFrom('integrations')
    .innerJoin('organizations', 'organizations.id', 'organization_id')
    .select(['integrations.name as integration', 'organizations.name as organization'])
    .where('integrations.id', '=', id)
    .executeTakeFirstOrThrow()
  return `integration "${integration}" (${id}) of organization "${organization}"`
}

/** Administers an installation without its API, whether or not it runs. */
async function main(): Promise<void> {
  const positionals = readPositionals(usage)
  if (!positionals) return
  const [noun, verb, name, ...rest] = positionals
  const ownerCommand = ownerCommands[`${noun} ${verb}`]
  const command = commands[`${noun} ${verb}`]
  const isComplete = ownerCommand ? name === undefined : command && name !== undefined
  if (!isComplete || rest.length > 0) throw new AdminError(usage)

  const config = loadConfig(process.env)
  let url = config.databaseUrl ?? (await findRunningPostgres(config.dataDir))
  const quiet = { info: () => {}, warn: console.warn }
  const started = url ? undefined : await startPostgres({ dataDir: config.dataDir, log: quiet })
  url ??= started!.url
  try {
    await migrate(url)
    const db = openDatabase({ url, role: ownerCommand ? undefined : 'cairn_system', max: 1 })
    try {
      console.log(ownerCommand ? await ownerCommand(db, config) : await command!(db, name!, config))
    } finally {
      await db.destroy()
    }
  } finally {
    await started?.stop()
  }
}

runCommand(main)
