import { sql } from 'kysely'
import { deleteEmptySets, lockSets } from './change-sets.ts'
import type { Trx } from './database.ts'

interface Purged {
  organizationId: string
  connectionId: string
}

/** Changes that are removed in one transaction. */
const CHANGES_AT_ONCE = 1_000
/** Unparsed records are larger. */
const RECORDS_AT_ONCE = 500

/**
 * Removes some of a connection's changes, with their records and with the change sets that have no
 * change left. What another connection takes over meanwhile stays: the owner is checked again in
 * the statement that removes.
 *
 * Takes its locks in the order of an import: change sets, then changes by time.
 *
 * @returns whether there may be more
 */
export async function purgeSomeChanges(trx: Trx, purged: Purged): Promise<boolean> {
  const { organizationId, connectionId } = purged
  const found = await trx
    .selectFrom('changes')
    .select(['occurred_at', 'id', 'change_set_id'])
    .where('organization_id', '=', organizationId)
    .where('connection_id', '=', connectionId)
    .limit(CHANGES_AT_ONCE)
    .execute()
  if (found.length === 0) return false
  const sets = [...new Set(found.flatMap(({ change_set_id }) => change_set_id ?? []))]
  await lockSets(trx, organizationId, sets)
  // Found by their keys, regardless of the planner's statistics for tables that a purge has emptied.
  await sql`
    SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
      set_config('enable_seqscan', 'off', true)
  `.execute(trx)
  const sorted = found.toSorted(
    (a, b) => a.occurred_at.getTime() - b.occurred_at.getTime() || (a.id < b.id ? -1 : 1),
  )
  await sql`
    WITH owned AS MATERIALIZED (
      SELECT locked.occurred_at, locked.id
      FROM unnest(
        ${sorted.map(({ occurred_at }) => occurred_at)}::timestamptz[],
        ${sorted.map(({ id }) => id)}::uuid[]
      ) AS wanted (occurred_at, id), LATERAL (
        SELECT c.occurred_at, c.id FROM changes c
        WHERE c.organization_id = ${organizationId} AND c.connection_id = ${connectionId}
          AND c.occurred_at = wanted.occurred_at AND c.id = wanted.id
        FOR UPDATE
      ) AS locked
    ), records AS (
      DELETE FROM change_records r USING owned o
      WHERE r.organization_id = ${organizationId}
        AND r.occurred_at = o.occurred_at AND r.id = o.id
    ), links AS (
      DELETE FROM change_environments l USING owned o
      WHERE l.organization_id = ${organizationId}
        AND l.occurred_at = o.occurred_at AND l.id = o.id
    )
    DELETE FROM changes c USING owned o
    WHERE c.organization_id = ${organizationId} AND c.connection_id = ${connectionId}
      AND c.occurred_at = o.occurred_at AND c.id = o.id
  `.execute(trx)
  await deleteEmptySets(trx, organizationId, sets)
  return true
}

/** The other connections of the organization that have imported an account of this connection. */
export async function connectionsOfSameAccounts(
  trx: Trx,
  { organizationId, connectionId }: Purged,
): Promise<string[]> {
  const rows = await trx
    .selectFrom('coverage')
    .select('connection_id')
    .distinct()
    .where('organization_id', '=', organizationId)
    .where('connection_id', '<>', connectionId)
    .where('account_id', 'in', accountsOf(trx, connectionId))
    .orderBy('connection_id')
    .execute()
  return rows.map(({ connection_id }) => connection_id)
}

/**
 * Before a purge: what another connection has settled of the same accounts counts as not imported,
 * because the purged connection has taken over changes in it and they are removed. Seconds that it
 * imports again are its own. Ends imports that run, which rely on the ledger. Needs the other
 * connection locked for update.
 */
export async function unsettleSameAccounts(
  trx: Trx,
  otherConnectionId: string,
  { connectionId }: Purged,
): Promise<void> {
  await trx
    .updateTable('coverage')
    .set((eb) => ({
      epoch: eb('epoch', '+', 1),
      settled: sql`'{}'` as never,
      confirmed: sql`'{}'` as never,
      // It stays part of what "complete" means, though nothing is settled.
      answered_at: sql<Date>`CASE WHEN isempty(settled) THEN answered_at
        ELSE coalesce(answered_at, now()) END`,
      live_due_at: sql<Date>`now()`,
      backfill_due_at: sql<Date>`now()`,
    }))
    .where('connection_id', '=', otherConnectionId)
    .where('account_id', 'in', accountsOf(trx, connectionId))
    .execute()
}

/**
 * Removes a connection's coverage, and with it the list of its accounts. Needs the connection
 * locked for update.
 */
export async function purgeCoverage(trx: Trx, { connectionId }: Purged): Promise<void> {
  await trx.deleteFrom('coverage').where('connection_id', '=', connectionId).execute()
}

function accountsOf(trx: Trx, connectionId: string) {
  return trx.selectFrom('coverage').select('account_id').where('connection_id', '=', connectionId)
}

/** Removes some of a connection's unparsed records. Returns whether there may be more. */
export async function purgeSomeUnparsed(trx: Trx, purged: Purged): Promise<boolean> {
  const { rows } = await sql`
    WITH owned AS (
      SELECT id FROM unparsed_records WHERE connection_id = ${purged.connectionId}
      ORDER BY event_key LIMIT ${RECORDS_AT_ONCE} FOR UPDATE
    )
    DELETE FROM unparsed_records u USING owned o
    WHERE u.id = o.id AND u.connection_id = ${purged.connectionId}
    RETURNING u.id
  `.execute(trx)
  return rows.length > 0
}

/** Removes the rest of what describes the connection itself. Its row stays, as deleted. */
export async function purgeConnectionState(trx: Trx, { connectionId }: Purged): Promise<void> {
  // In the order in which imports lock them.
  for (const table of ['verifications', 'environment_links', 'facet_groups'] as const) {
    await trx.deleteFrom(table).where('connection_id', '=', connectionId).execute()
  }
}
