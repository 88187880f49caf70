import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const endWithParent = new URL('../scripts/end-with-parent.mjs', import.meta.url).href

/** As long as a supervisor waits that restarts what has exited. Milliseconds. */
const RESTART_AFTER_MS = 1_000

/** A process of Cairn under a supervisor, as systemd or Kubernetes restart one that has exited. */
export class SupervisedProcess {
  readonly #script: string
  readonly #env: NodeJS.ProcessEnv
  readonly #logFile: string
  #child: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  /** How often it exited although nothing here ended it. */
  exits = 0

  /** @param options.script the entry point in `src/` */
  constructor(options: { script: string; env: NodeJS.ProcessEnv; logFile: string }) {
    this.#script = fileURLToPath(new URL(`../src/${options.script}`, import.meta.url))
    this.#env = options.env
    this.#logFile = options.logFile
    process.once('exit', () => this.#child?.kill('SIGKILL'))
  }

  start(): void {
    const log = openSync(this.#logFile, 'a', 0o600)
    // It ends with this process even if this one is killed.
    const child = spawn(process.execPath, ['--import', endWithParent, this.#script], {
      env: this.#env,
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    this.#child = child
    child.once('exit', () => {
      if (this.#child !== child) return
      this.exits++
      this.#restart = setTimeout(() => this.start(), RESTART_AFTER_MS)
    })
  }

  /** Ends it with SIGKILL and does not start it again. */
  async kill(): Promise<void> {
    clearTimeout(this.#restart)
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}
