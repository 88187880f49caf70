import { invitationExpiry, invitationUrl } from '../src/auth/invitations.ts'
import { readPositionals, runCommand } from '../src/command.ts'
import { type Config, loadConfig } from '../src/config.ts'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
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
import { tokenContext } from '../src/integrations/secret-box.ts'
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

/** @param db as the login that owns the tables */
async function rotateSecrets(db: Database, config: Config): Promise<string> {
  const box = secretBox(config)
  let count = 0
  const reencrypt = (encrypted: Buffer, context: string) =>
    box.isCurrent(encrypted) ? undefined : box.encrypt(box.decrypt(encrypted, context), context)
  for (const id of await organizationIds(db)) {
    count += await asOrganization(db, id, async (trx) => {
      const secrets = await reencryptSecrets(trx, reencrypt)
      return (
        secrets +
        (await reencryptTokens(trx, (encrypted, id) => reencrypt(encrypted, tokenContext(id))))
      )
    })
  }
  return `Secrets that are now encrypted under the first key: ${count}.`
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
