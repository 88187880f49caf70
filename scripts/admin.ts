import { parseArgs } from 'node:util'
import { loadConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { addApiKey, ensureOrganization, newApiKey } from '../src/db/organizations.ts'
import { startPostgres } from '../src/embedded/postgres.ts'

const usage = `Usage: npm run admin -- organization create NAME

Makes an organization and prints an API key for it, once.`

/** What is done to an installation from outside of its API. */
async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [noun, verb, name, ...rest] = positionals
  if (noun !== 'organization' || verb !== 'create' || !name || rest.length > 0) {
    throw new Error(usage)
  }
  const config = loadConfig(process.env)
  const quiet = { info: () => {}, warn: console.warn }
  const postgres = config.databaseUrl
    ? undefined
    : await startPostgres({ dataDir: config.dataDir, log: quiet })
  try {
    const url = config.databaseUrl ?? postgres!.url
    await migrate(url)
    const system = openDatabase({ url, role: 'cairn_system', max: 1 })
    try {
      const { id, created } = await ensureOrganization(system, name)
      if (!created) throw new Error(`There is an organization "${name}" already.`)
      const key = newApiKey()
      await addApiKey(system, id, { name: 'made by admin', key })
      console.log(key)
    } finally {
      await system.destroy()
    }
  } finally {
    await postgres?.stop()
  }
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
