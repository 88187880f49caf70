import { chmodSync, existsSync, globSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { tryLock } from '../src/embedded/lock.mjs'
import { type EmbeddedPostgres, removePostgres, startPostgres } from '../src/embedded/postgres.ts'
import {
  type EmbeddedTemporal,
  startTemporal,
  stopLeftBehindTemporal,
} from '../src/embedded/temporal.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Tests make databases of their own with `createTestDatabase()`. */
    postgresUrl: string
    /** The same cluster as superuser, to which row-level security does not apply. */
    postgresSuperuserUrl: string
    /** `host:port`; the namespace is `default`. Tests share it: task queues and ids of their own. */
    temporalAddress: string
    temporalUiUrl: string
  }
}

const NAME = 'cairn-test-run-'
/** A file system in memory, on Linux. */
const MEMORY = '/dev/shm'
/** A run uses less than half of it. */
const ENOUGH_BYTES = 4 * 2 ** 30

const quiet = { info() {}, warn: console.warn }

interface Servers {
  postgres: EmbeddedPostgres
  temporal: EmbeddedTemporal
  stop(): Promise<void>
}

/** Each project imports this module for itself, in the same process. */
const KEY = Symbol.for('cairn.test-run')
const run = globalThis as unknown as { [KEY]?: { users: number; servers?: Promise<Servers> } }
run[KEY] ??= { users: 0 }
const shared = run[KEY]

/** Starts what all test files of all projects share, and ends it when the last of them is done. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users++
  shared.servers ??= start()
  const { postgres, temporal, stop } = await shared.servers
  project.provide('postgresUrl', postgres.url)
  project.provide('postgresSuperuserUrl', postgres.superuserUrl)
  project.provide('temporalAddress', temporal.address)
  project.provide('temporalUiUrl', temporal.uiUrl)
  return async () => {
    if (--shared.users === 0) await stop()
  }
}

async function start(): Promise<Servers> {
  await removeLeftBehind()
  const dataDir = mkdtempSync(path.join(parentDirectory(), NAME))
  // So that the user that PostgreSQL runs as, when we are root, gets to its directory.
  chmodSync(dataDir, 0o711)
  const starting = [
    startPostgres({ dataDir, log: quiet, fast: true }),
    startTemporal({ dataDir, log: quiet }),
  ] as const
  const stop = async () => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === 'fulfilled') await server.value.stop()
    }
    await removeRun(dataDir)
  }
  try {
    const [postgres, temporal] = await Promise.all(starting)
    return { postgres, temporal, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * In memory where there is room. Each of hundreds of databases has 500 files, and on a disk their
 * creation takes a tenth of a run's processor time.
 */
function parentDirectory(): string {
  if (!existsSync(MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize < ENOUGH_BYTES ? tmpdir() : MEMORY
}

/** Files that a killed test run could not remove. */
async function removeLeftBehind(): Promise<void> {
  for (const dataDir of globSync([
    path.join(tmpdir(), `${NAME}*`),
    path.join(MEMORY, `${NAME}*`),
  ])) {
    // A run that begins at this moment may not have its lock yet.
    if (Date.now() - statSync(dataDir).ctimeMs < 5_000) continue
    const lock = tryLock(path.join(dataDir, 'lock'))
    if (!lock.release) continue
    await stopLeftBehindTemporal(dataDir, console)
    await removeRun(dataDir)
  }
}

async function removeRun(dataDir: string): Promise<void> {
  await removePostgres(dataDir, console)
  rmSync(dataDir, { recursive: true, force: true })
}
