import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessIdentity } from './lock.mjs'

/** The log of the embedded servers: a pino logger or `console`. */
export interface Log {
  info(message: string): void
  warn(message: string): void
}

/** A server has exited without a request to stop. */
export class ServerEnded extends Error {}

/** A child server that ends with this process. */
export interface ServerProcess {
  pid: number
  /** Resolves with the reason when it exits without a request to stop; otherwise never. */
  exited: Promise<ServerEnded>
  /** Stops it and waits until it has exited. Can be called repeatedly. */
  stop(): Promise<void>
}

interface ServerCommand {
  /** The display name: "PostgreSQL". */
  name: string
  command: string
  args: string[]
  /** Its output goes here, so that the server keeps working if this process ends first. */
  logFile: string
  stopSignal: NodeJS.Signals
  env: NodeJS.ProcessEnv
  cwd?: string
  uid?: number
  gid?: number
}

/** A larger log is truncated at start. Bytes. */
const LOG_LIMIT = 10_000_000

/** How long a server may take to stop before it is killed. Milliseconds. */
const STOP_LIMIT = 10_000

/** A minimal environment: a server must not get this process's variables, above all no credentials. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
}

/**
 * Starts a server whose files only its own user can read, regardless of this process's umask.
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
    // A separate process group: Ctrl-C goes to this process, which stops its servers in order.
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(new Error(`Cannot start ${server.name}: ${error.message}`, { cause: error })),
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
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT)
      await gone.promise
      clearTimeout(timer)
    },
  }
}

/** Stops a process that is not a child, and waits until it has exited. */
export async function stopForeignProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  const identity: ProcessIdentity = identify(pid)
  const killAt = Date.now() + STOP_LIMIT
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
function lastLines(file: string, count = 12): string {
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
