import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import type { Schema, SecondsRange } from './schema.ts'

export type Database = Kysely<Schema>
export type Trx = Transaction<Schema>

const INT8 = pg.types.builtins.INT8
const TSTZMULTIRANGE = 4534

/**
 * Reads `{["2026-01-01 00:00:00+00","2026-01-01 01:00:00+00"),…}`, the form that the server
 * prints with the settings below. Bounds in the ledger are always finite and half-open.
 */
export function parseMultirange(text: string): SecondsRange[] {
  return [...text.matchAll(/\["([^"]+)","([^"]+)"\)/g)].map(([, from, to]) => [
    Date.parse(from!) / 1000,
    Date.parse(to!) / 1000,
  ])
}

/** Literal for a `::tstzmultirange` parameter. Ranges may overlap and come in any order. */
export function multirangeLiteral(ranges: Iterable<SecondsRange>): string {
  const parts = [...ranges]
    .filter(([from, to]) => from < to)
    .map(([from, to]) => `[${iso(from)},${iso(to)})`)
  return `{${parts.join(',')}}`
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

const types: pg.CustomTypesConfig = {
  getTypeParser(id: number, format?: 'text' | 'binary') {
    // Counters and epochs stay far below 2^53.
    if (id === INT8) return Number
    if (id === TSTZMULTIRANGE) return parseMultirange
    return pg.types.getTypeParser(id, format as 'text')
  },
}

export interface DatabaseOptions {
  /** `postgres://…` */
  url: string
  /** Role that every connection of the pool takes on. Left out: the URL's own login. */
  role?: 'cairn_api' | 'cairn_system'
  /** Most connections open at once. Default 10. */
  max?: number
  /** How long one statement may take, in milliseconds. Then it fails with SQLSTATE 57014. */
  statementTimeoutMs?: number
  /** Idle connections that the server drops are reported here; the pool replaces them. */
  onError?: (error: Error) => void
}

/** Opens a pool. `destroy()` closes it. Nothing is connected until the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const settings = ['-c timezone=UTC', '-c datestyle=ISO']
  if (options.role) settings.push(`-c role=${options.role}`)
  // A page is read in less time than compiling its query takes, and costs are misjudged behind policies.
  if (options.role === 'cairn_api') settings.push('-c jit=off')
  if (options.statementTimeoutMs !== undefined)
    settings.push(`-c statement_timeout=${options.statementTimeoutMs}`)
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    options: settings.join(' '),
    types,
  })
  pool.on('error', options.onError ?? (() => {}))
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
}

/**
 * Runs `work` in one transaction that acts for one organization: row-level security shows it
 * this organization's rows and no others. The setting ends with the transaction.
 */
export function asOrganization<T>(
  db: Database,
  organizationId: string,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    await actFor(trx, organizationId)
    return work(trx)
  })
}

async function actFor(trx: Trx, organizationId: string): Promise<void> {
  await sql`SELECT set_config('cairn.organization_id', ${organizationId}, true)`.execute(trx)
}

/**
 * The same for work that only reads: all of its queries see what was there when the first one ran,
 * whatever an import stores meanwhile.
 */
export function readOrganization<T>(
  db: Database,
  organizationId: string,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction().setIsolationLevel('repeatable read')
  return transaction.setAccessMode('read only').execute(async (trx) => {
    await actFor(trx, organizationId)
    return work(trx)
  })
}

/** Whether it is Postgres refusing what a constraint does not allow. */
export function violates(error: unknown, sqlState: string, constraint: string): boolean {
  const refusal = error as { code?: string; constraint?: string }
  return refusal.code === sqlState && refusal.constraint === constraint
}
