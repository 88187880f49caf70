import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessIdentity } from './lock.mjs'

/** Where the embedded servers tell what they do: pino's loggers and `console` fit. */
export interface Log {
  info(message: string): void
  warn(message: string): void
}

/** A server is gone without having been asked to go. */
export class ServerEnded extends Error {}

/** A server that runs beside this process and ends with it. */
export interface ServerProcess {
  pid: number
  /** Resolves with the reason when it ends without having been asked to; otherwise never. */
  exited: Promise<ServerEnded>
  /** Ends it and waits until it is gone. Calling it again is harmless. */
  stop(): Promise<void>
}

export interface ServerCommand {
  /** As people know it: "PostgreSQL". */
  name: string
  command: string
  args: string[]
  /** What it writes goes here, so that nothing breaks when this process is gone first. */
  logFile: string
  stopSignal: NodeJS.Signals
  env: NodeJS.ProcessEnv
  cwd?: string
  uid?: number
  gid?: number
}

/** A log that has grown past this starts anew. Bytes. */
const LOG_LIMIT = 10_000_000

/** How long a server may take to stop by itself before it is killed. Milliseconds. */
const PATIENCE = 10_000

/** Nothing in our environment is a server's business, credentials least of all. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
}

/**
 * Starts a server whose files only its own user may read, whatever the umask of this process is.
 *
 * @throws when the command cannot be started at all
 */
export async function startProcess(server: ServerCommand): Promise<ServerProcess> {
  const output = openLog(server.logFile)
  // Not process.umask(): it is for the whole process, and worker threads may not set it.
  const umask = ['-c', 'umask 077; exec "$0" "$@"', server.command]
  const child = spawn('/bin/sh', [...umask, ...server.args], {
    cwd: server.cwd,
    env: server.env,
    uid: server.uid,
    gid: server.gid,
    // A group of its own: Ctrl-C is for this process, which stops its servers in order.
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(new Error(`${server.name} could not be started: ${error.message}`, { cause: error })),
    )
  })

  let stopping = false
  const gone = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<ServerEnded>()
  const leave = () => child.kill(server.stopSignal)
  process.once('exit', leave)
  child.once('exit', (code, signal) => {
    process.off('exit', leave)
    gone.resolve()
    if (stopping) return
    exited.resolve(
      new ServerEnded(
        `${server.name} ended (${signal ?? `exit code ${code}`}). The last lines of ${server.logFile}:\n` +
          lastLines(server.logFile),
      ),
    )
  })

  return {
    pid: child.pid!,
    exited: exited.promise,
    async stop() {
      stopping = true
      if (child.exitCode === null && child.signalCode === null) child.kill(server.stopSignal)
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
      await gone.promise
      clearTimeout(timer)
    },
  }
}

/** Ends a process that is not our child, and waits until it is gone. */
export async function stopStranger(pid: number, signal: NodeJS.Signals): Promise<void> {
  const identity: ProcessIdentity = identify(pid)
  const killAt = Date.now() + PATIENCE
  let current = signal
  for (let sent: NodeJS.Signals | undefined; isAlive(identity); await sleep(50)) {
    if (Date.now() > killAt) current = 'SIGKILL'
    if (sent === current) continue
    try {
      process.kill(pid, current)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
      throw new Error(`Process ${pid} was left behind and cannot be stopped: ${error}`)
    }
    sent = current
  }
}

/** The end of a log, indented, for an error message. */
export function lastLines(file: string, count = 12): string {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n')
}

function openLog(file: string): number {
  const descriptor = openSync(file, 'a', 0o600)
  if (statSync(file).size > LOG_LIMIT) truncateSync(file)
  return descriptor
}
