import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Kysely,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  sql,
} from 'kysely'
import pg from 'pg'
import { PROBE_CLIENT, PROBE_SERVER } from './lost-connections.ts'
import type { Schema } from './schema.ts'

/** Cancels the statement that a backend runs. */
export type CancelBackend = (pid: number) => Promise<void>

/**
 * Cancels statements from a separate connection, which is open only when needed. It acts as the
 * login and sets no role: pg_cancel_backend() requires the backend's login or a role that has it.
 */
export function openCanceller(options: {
  connectionString: string
  connectionTimeoutMillis: number
  /** Called when the server drops the connection while it is idle; the next cancellation opens another. */
  onError: (error: Error) => void
}): { cancelBackend: CancelBackend; close(): Promise<void> } {
  const { onError, ...server } = options
  let pool: pg.Pool | undefined
  return {
    async cancelBackend(pid: number): Promise<void> {
      if (!pool) {
        pool = new pg.Pool({
          ...server,
          max: 1,
          ...PROBE_SERVER,
          options: PROBE_CLIENT.join(' '),
          application_name: 'cairn cancellation',
        })
        pool.on('error', onError)
      }
      await pool.query('SELECT pg_cancel_backend($1)', [pid])
    },
    async close(): Promise<void> {
      await pool?.end()
    },
  }
}

/**
 * Repeated while the transaction runs: a backend ignores a cancellation that arrives between two
 * statements.
 */
const CANCEL_AGAIN_MS = 100

/**
 * Cancels the statements of one connection when a signal aborts. Its plugin prevents new ones from
 * starting.
 */
export class Cancellation implements KyselyPlugin {
  /** Of the backend; undefined until it is known. */
  pid: number | undefined
  readonly #signal: AbortSignal
  readonly #cancelBackend: CancelBackend
  readonly #onAbort = () => {
    this.#cancelling = this.#cancelUntilDone()
  }
  #cancelling: Promise<void> | undefined
  #done: () => void = () => {}
  readonly #ended = new Promise<void>((resolve) => {
    this.#done = resolve
  })
  #isDone = false

  constructor(signal: AbortSignal, cancelBackend: CancelBackend) {
    this.#signal = signal
    this.#cancelBackend = cancelBackend
    signal.addEventListener('abort', this.#onAbort)
  }

  transformQuery({ node }: PluginTransformQueryArgs) {
    this.#signal.throwIfAborted()
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs) {
    return result
  }

  async #cancelUntilDone(): Promise<void> {
    while (!this.#isDone) {
      // The pool reports the error. Without a cancellation, the statement ends at its timeout.
      if (this.pid !== undefined) await this.#cancelBackend(this.pid).catch(() => {})
      await Promise.race([this.#ended, sleep(CANCEL_AGAIN_MS)])
    }
  }

  /**
   * Call it after the transaction has ended and before the connection returns to its pool.
   *
   * When pg_cancel_backend() returns, it has signalled the backend, and a backend that runs a
   * statement or reads the next one has handled its signals. So after one more statement, which may
   * itself be cancelled, no cancellation is pending.
   */
  async settle(connection: Kysely<Schema>): Promise<void> {
    this.#isDone = true
    this.#done()
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (!this.#cancelling) return
    await this.#cancelling
    await sql`SELECT`.execute(connection).catch(() => {})
  }
}
