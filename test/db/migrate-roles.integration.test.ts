import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { silent, temporaryDataDir } from '../../testing/embedded/support.ts'
import { quietPort } from '../../testing/ports.ts'

test('a login that may not create the roles gets the SQL for an administrator', async () => {
  // The roles belong to the whole cluster, and exist in the one that the tests share.
  const server = await startPostgres({
    dataDir: temporaryDataDir(),
    log: silent,
    fast: true,
    port: await quietPort(),
  })
  const administrator = new pg.Client({ connectionString: server.superuserUrl })
  onTestFinished(async () => {
    await administrator.end()
    await server.stop()
  })
  await administrator.connect()
  await administrator.query(`CREATE ROLE plain LOGIN PASSWORD 'secret'`)
  await administrator.query('CREATE DATABASE plain OWNER plain')
  const url = new URL(server.url)
  Object.assign(url, { username: 'plain', password: 'secret', pathname: '/plain' })

  const sql = ['cairn_api', 'cairn_system', 'cairn_search'].flatMap((role) => [
    `CREATE ROLE ${role} NOLOGIN;`,
    `GRANT ${role} TO plain WITH INHERIT FALSE, SET TRUE;`,
  ])
  await expect(migrate(url.href)).rejects.toThrow(
    new Error(
      'The login plain of DATABASE_URL may not create the roles cairn_api, cairn_system, cairn_search. ' +
        `As an administrator: ${sql.join(' ')}`,
    ),
  )
  await administrator.query(sql.join(' '))
  await migrate(url.href)
})
