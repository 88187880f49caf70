import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { explainFailure } from './failures.ts'

/** How long an orderly stop may take before the command exits immediately. Milliseconds. */
const STOP_LIMIT_MS = 30_000

export interface Command {
  /**
   * Handles the signals from now on: the first SIGINT or SIGTERM aborts the returned signal, with
   * its name as the reason, and the command stops in order. A second signal ends the process
   * immediately.
   */
  stopInOrder(): AbortSignal
}

/** Thrown by a command that stopped in order before it completed its work. */
export class Stopped extends Error {
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals, message: string) {
    super(message)
    this.signal = signal
  }
}

/**
 * Ends this process with the signal's default action. Not `process.exit`, which waits for pending
 * file operations, and opening a pipe without a writer never completes.
 */
function end(signal: NodeJS.Signals): void {
  process.emit('exit', 128 + constants.signals[signal])
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/**
 * Runs an entry point to its end. Then the process exits, even with open handles: with
 * `process.exitCode`, or with status 1 and one line on standard error if `work` fails.
 *
 * Until `work` calls `stopInOrder`, SIGINT and SIGTERM end the process immediately. Servers started
 * by `startProcess` then receive their stop signal.
 */
export function runCommand(work: (command: Command) => Promise<void>): void {
  const stopping = new AbortController()
  let stopsInOrder = false
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!stopsInOrder || stopping.signal.aborted) return end(name)
      stopping.abort(name)
      setTimeout(() => {
        console.error(`Not stopped within ${STOP_LIMIT_MS / 1000} s: ending now.`)
        end(name)
      }, STOP_LIMIT_MS).unref()
    })
  }
  // The reader of the output may close it early, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(128 + constants.signals.SIGPIPE)
  })
  const command: Command = {
    stopInOrder() {
      stopsInOrder = true
      return stopping.signal
    },
  }
  work(command).then(
    () => process.exit(),
    (error) => {
      console.error(explainFailure(error))
      if (error instanceof Stopped) return end(error.signal)
      process.exit(1)
    },
  )
}

/**
 * Reads the arguments of a command without options, or prints its usage for `--help`.
 *
 * @returns undefined if it was printed
 * @throws for an option, and for an argument unless they are allowed
 */
export function readPositionals(
  usage: string,
  { allowPositionals = true } = {},
): string[] | undefined {
  const options = { help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseArgs({ allowPositionals, options })
  if (!values.help) return positionals
  console.log(usage)
  return undefined
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
