import { Kysely, type KyselyConfig, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { type CancelBackend, Cancellation, openCanceller } from './cancellation.ts'
import { PROBE_CLIENT, PROBE_SERVER } from './lost-connections.ts'
import { parseMultirange } from './multirange.ts'
import { type OrganizationLimits, OrganizationQueue } from './organization-queue.ts'
import type { Schema } from './schema.ts'

export type Database = Kysely<Schema>
export type Trx = Transaction<Schema>

const INT8 = pg.types.builtins.INT8
const TSTZMULTIRANGE = 4534

const types: pg.CustomTypesConfig = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    // Counters and epochs stay far below 2^53.
    if (id === INT8) return Number
    if (id === TSTZMULTIRANGE) return parseMultirange
    return pg.types.getTypeParser(id, format as 'text')
  },
}

interface DatabaseOptions {
  /** `postgres://…` */
  url: string
  /** The role that every connection of the pool sets. Default: the URL's own login. */
  role?: 'cairn_api' | 'cairn_system'
  /** Maximum number of open connections. Default 10. */
  max?: number
  /** Maximum run time of a statement, in milliseconds. It then fails with SQLSTATE 57014. */
  statementTimeoutMs?: number
  /** One organization's limits in the pool. Default: none. */
  perOrganization?: OrganizationLimits
  /** Called when the server drops an idle connection; the pool replaces it. */
  onError?: (error: Error) => void
}

/** The extensions of a pool from {@link openDatabase}. */
interface PoolExtras {
  queue: OrganizationQueue | undefined
  cancelBackend: CancelBackend
}

const extrasOf = new WeakMap<Database, PoolExtras>()

/** A start on a busy machine takes its time: a shorter limit would end it. */
const CONNECT_WITHIN_MS = 30_000

/** Between its statements, a transaction waits for nothing outside this process. */
const MAX_IDLE_IN_TRANSACTION = '5min'

/** Opens a pool. `destroy()` closes it. Connects with the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const settings = [
    '-c timezone=UTC',
    '-c datestyle=ISO',
    `-c idle_in_transaction_session_timeout=${MAX_IDLE_IN_TRANSACTION}`,
    ...PROBE_CLIENT,
  ]
  if (options.role) settings.push(`-c role=${options.role}`)
  // Compiling a query takes longer than reading a page, and policies lead to wrong cost estimates.
  if (options.role === 'cairn_api') settings.push('-c jit=off')
  if (options.statementTimeoutMs !== undefined)
    settings.push(`-c statement_timeout=${options.statementTimeoutMs}`)
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 10,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    ...PROBE_SERVER,
    options: settings.join(' '),
    types,
  })
  const onError = options.onError ?? (() => {})
  pool.on('error', onError)
  // The pool handles errors only of idle clients. If the server drops a connection between two
  // statements of a transaction, the error would end this process. The next statement fails in any
  // case.
  pool.on('connect', (client) => client.on('error', () => {}))
  const canceller = openCanceller({
    connectionString: options.url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    onError,
  })
  const db = new ClosingKysely({ dialect: new PostgresDialect({ pool }) }, canceller.close)
  extrasOf.set(db, {
    queue: options.perOrganization && new OrganizationQueue(options.perOrganization),
    cancelBackend: canceller.cancelBackend,
  })
  return db
}

/** Closes the pool's resources together with the pool. */
class ClosingKysely extends Kysely<Schema> {
  readonly #close: () => Promise<void>

  constructor(config: KyselyConfig, close: () => Promise<void>) {
    super(config)
    this.#close = close
  }

  override async destroy(): Promise<void> {
    await Promise.all([super.destroy(), this.#close()])
  }
}

/**
 * Runs `work` in one transaction that acts for one organization: row-level security makes only this
 * organization's rows visible. The setting ends with the transaction.
 *
 * @throws OrganizationBusy if the pool limits organizations and the limit is reached
 */
export function asOrganization<T>(
  db: Database,
  organizationId: string,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  return runQueued(db, organizationId, undefined, () =>
    db.transaction().execute(async (trx) => {
      await actFor(trx, organizationId)
      return work(trx)
    }),
  )
}

/** @returns the process ID of the connection's backend */
async function actFor(trx: Trx, organizationId: string): Promise<number> {
  const { rows } = await sql<{ pid: number }>`
    SELECT pg_backend_pid() AS pid, set_config('cairn.organization_id', ${organizationId}, true)
  `.execute(trx)
  return rows[0]!.pid
}

function runQueued<T>(
  db: Database,
  organizationId: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const queue = extrasOf.get(db)?.queue
  return queue ? queue.run(organizationId, signal, work) : work()
}

/** The organization of a transaction, and a signal that cancels it. */
export interface ReadScope {
  organizationId: string
  /** Aborts when the result is no longer needed, because the client has disconnected. */
  disconnected: AbortSignal
}

/**
 * Like `asOrganization`, for work that only reads: all queries see the data as of the first one,
 * even while an import stores changes.
 *
 * When the client disconnects, the running statement is cancelled in Postgres, and no further one
 * starts. The connection and the place in the queue are released only when the cancellation can no
 * longer reach a later statement, which may belong to another organization.
 *
 * @throws OrganizationBusy if the pool limits organizations and the limit is reached; the reason of
 *   `disconnected`
 */
export function readOrganization<T>(
  db: Database,
  { organizationId, disconnected }: ReadScope,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  return runQueued(db, organizationId, disconnected, () =>
    db.connection().execute(async (connection) => {
      const cancellation = new Cancellation(disconnected, extrasOf.get(db)!.cancelBackend)
      try {
        return await connection
          .withPlugin(cancellation)
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(async (trx) => {
            cancellation.pid = await actFor(trx, organizationId)
            return work(trx)
          })
      } catch (error) {
        // For example an error of the cancelled statement, which is no longer needed.
        disconnected.throwIfAborted()
        throw error
      } finally {
        await cancellation.settle(connection)
      }
    }),
  )
}

/** Whether Postgres rejected a violation of this constraint. */
export function violates(error: unknown, sqlState: string, constraint: string): boolean {
  const violation = error as { code?: string; constraint?: string }
  return violation.code === sqlState && violation.constraint === constraint
}

/** SQLSTATEs and network error codes of a server that is currently unavailable. */
const UNAVAILABLE =
  /^(08...|53...|57P0[1-5]|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)$/
/** node-postgres messages for a lost or unreachable server, which have no code. */
const UNAVAILABLE_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** Whether an error means that Postgres does not respond, and may respond later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message = '' } = (error ?? {}) as Partial<Error & { code: string }>
  return UNAVAILABLE.test(String(code)) || UNAVAILABLE_MESSAGE.test(message)
}
