import pg from 'pg'
import { inject } from 'vitest'
import { type Database, openDatabase } from '../src/db/database.ts'
import { renewInstallation } from '../src/db/installation.ts'
import { migrate } from '../src/db/migrate.ts'

const TEMPLATE = 'cairn_template'

export interface TestDatabases {
  /** As the worker's login. */
  db: Database
  /** As the role `cairn_system`, which creates organizations. */
  system: Database
  close(): Promise<void>
}

/** A test database, with the two pools that most tests of queries need. */
export async function openTestDatabases(): Promise<TestDatabases> {
  const { url, db, drop } = await createOpenDatabase()
  const system = openDatabase({ url, role: 'cairn_system' })
  return {
    db,
    system,
    async close() {
      await Promise.all([db.destroy(), system.destroy()])
      await drop()
    },
  }
}

export interface TestDatabase {
  /** As Cairn's own login: row-level security holds. */
  url: string
  /** As superuser: sees every row, to check what was written. */
  superuserUrl: string
  /** Ends the sessions that are left and removes the database. */
  drop(): Promise<void>
}

let made = 0

/** A database of its own for the calling test file, with the newest schema and no rows. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { db, ...database } = await createOpenDatabase()
  await db.destroy()
  return database
}

/** The same with an open pool as Cairn's own login, which the caller closes. */
export async function createOpenDatabase(): Promise<TestDatabase & { db: Database }> {
  const name = `test_${process.pid}_${Date.now().toString(36)}_${++made}`
  await ensureTemplate()
  // Half the processor time of the default, which writes each page to the log.
  const how = `TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`
  await clusterOf(inject('postgresUrl')).query(`CREATE DATABASE ${name} ${how}`)
  const url = withDatabase(inject('postgresUrl'), name)
  const db = openDatabase({ url })
  await renewInstallation(db).catch(async (error) => {
    await db.destroy()
    throw error
  })
  return {
    db,
    url,
    superuserUrl: withDatabase(inject('postgresSuperuserUrl'), name),
    drop: () => dropDatabase(name),
  }
}

const clusters = new Map<string, pg.Pool>()

/**
 * A connection that all files of this process use, one after another. To connect takes 10 ms of
 * processor time, and there are hundreds of databases in a run.
 */
function clusterOf(connectionString: string): pg.Pool {
  let pool = clusters.get(connectionString)
  if (!pool) {
    pool = new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true })
    // The server ends before this process.
    pool.on('error', () => {})
    clusters.set(connectionString, pool)
  }
  return pool
}

/**
 * Ends the sessions that are left and removes a database. Only a superuser can end autovacuum, and a
 * session of a superuser that is just ending.
 */
export async function dropDatabase(name: string): Promise<void> {
  const cluster = clusterOf(inject('postgresSuperuserUrl'))
  await cluster.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}

/** By the URL of the cluster. */
const templates = new Map<string, Promise<void>>()

function ensureTemplate(): Promise<void> {
  const url = inject('postgresUrl')
  const template = templates.get(url) ?? onCluster(createTemplate)
  templates.set(url, template)
  return template
}

/** Test files run side by side: the first one migrates, the others wait and copy. */
async function createTemplate(client: pg.Client): Promise<void> {
  await client.query(`SELECT pg_advisory_lock(hashtext('${TEMPLATE}'))`)
  try {
    const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [TEMPLATE])
    if (rows.length > 0) return
    const unfinished = `${TEMPLATE}_unfinished`
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${unfinished}`)
    await migrate(withDatabase(inject('postgresUrl'), unfinished))
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${TEMPLATE}`)
  } finally {
    await client.query(`SELECT pg_advisory_unlock(hashtext('${TEMPLATE}'))`)
  }
}

/** Works on the cluster of the tests, as its ordinary login by default. */
export async function onCluster<T>(
  work: (client: pg.Client) => Promise<T>,
  connectionString = inject('postgresUrl'),
): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
