import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { removePostgres, startPostgres } from '../src/embedded/postgres.ts'
import { startTemporal } from '../src/embedded/temporal.ts'
import { childEnvironment } from '../testing/child-environment.ts'
import { quietPort } from '../testing/ports.ts'
import { SupervisedProcess } from './supervised.ts'

const log = { info() {}, warn() {} }

/** Cairn as its parts: a server, a worker, Postgres and Temporal, each on a port that stays the same. */
export interface Installation {
  /** `http://127.0.0.1:20001` */
  url: string
  apiKey: string
  /** Contains the logs of all parts. */
  dataDir: string
  server: SupervisedProcess
  worker: SupervisedProcess
  /** Ends Postgres as a power failure does, then starts it. */
  crashPostgres(): Promise<void>
  /** Terminates all sessions of Cairn's database. */
  endBackends(): Promise<void>
  /** Stops Temporal and starts it. */
  restartTemporal(options?: { loseDatabase: boolean }): Promise<void>
  /** Ends everything as a power failure does, then starts it. */
  cutPower(): Promise<void>
  /** @param options.keepData leaves the data directory for an analysis */
  stop(options: { keepData: boolean }): Promise<void>
}

/**
 * Starts everything. Server and worker take some more seconds until they respond.
 *
 * @param awsEnv where the processes find AWS, and their credentials
 */
export async function startInstallation(awsEnv: Record<string, string>): Promise<Installation> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-chaos-'))
  // So that the user that PostgreSQL runs as, when we are root, gets to its directory.
  chmodSync(dataDir, 0o711)
  const removeData = async () => {
    await removePostgres(dataDir, log)
    rmSync(dataDir, { recursive: true, force: true })
  }
  const ports = {
    api: await quietPort(),
    postgres: await quietPort(),
    temporal: await quietPort(),
    temporalUi: await quietPort(),
  }
  // Waits for the disk, as in production: otherwise a crash loses transactions.
  const openPostgres = () => startPostgres({ dataDir, log, port: ports.postgres })
  const openTemporal = () =>
    startTemporal({ dataDir, log, port: ports.temporal, uiPort: ports.temporalUi })

  let postgres: Awaited<ReturnType<typeof openPostgres>>
  let temporal: Awaited<ReturnType<typeof openTemporal>>
  try {
    postgres = await openPostgres()
  } catch (error) {
    await removeData()
    throw error
  }
  try {
    temporal = await openTemporal()
  } catch (error) {
    await postgres.stop()
    await removeData()
    throw error
  }

  const apiKey = `chaos_${crypto.randomUUID()}`
  const env = {
    ...childEnvironment(),
    ...awsEnv,
    CAIRN_DATA_DIR: dataDir,
    CAIRN_API_KEY: apiKey,
    CAIRN_LOG_LEVEL: 'warn',
    PORT: String(ports.api),
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
  }
  const supervise = (name: string) =>
    new SupervisedProcess({
      script: `${name}.ts`,
      env,
      logFile: path.join(dataDir, `${name}.log`),
    })
  const server = supervise('server')
  const worker = supervise('worker')
  server.start()
  worker.start()

  const crashPostgres = async () => {
    process.kill(postgres.pid, 'SIGKILL')
    await postgres.stop()
    postgres = await openPostgres()
  }
  return {
    url: `http://127.0.0.1:${ports.api}`,
    apiKey,
    dataDir,
    server,
    worker,
    crashPostgres,
    async endBackends() {
      const client = new pg.Client({ connectionString: postgres.superuserUrl })
      await client.connect()
      try {
        await client.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        )
      } finally {
        await client.end()
      }
    },
    async restartTemporal({ loseDatabase } = { loseDatabase: false }) {
      await temporal.stop()
      if (loseDatabase) {
        for (const name of globSync('temporal.db*', { cwd: dataDir }))
          rmSync(path.join(dataDir, name))
      }
      temporal = await openTemporal()
    },
    async cutPower() {
      process.kill(temporal.pid, 'SIGKILL')
      await Promise.all([worker.kill(), server.kill(), temporal.stop()])
      await crashPostgres()
      temporal = await openTemporal()
      server.start()
      worker.start()
    },
    async stop({ keepData }) {
      await Promise.all([server.kill(), worker.kill()])
      await Promise.all([temporal.stop(), postgres.stop()])
      if (!keepData) await removeData()
    },
  }
}
