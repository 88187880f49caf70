import { z } from 'zod'
import { findConnection, lockConnection } from '../../db/connections.ts'
import {
  asOrganization,
  type Database,
  type ReadScope,
  readOrganization,
  type Trx,
} from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import type { NamedConnectionRef } from '../../workflows/state.ts'
import { found, Problem } from '../problems.ts'

export const connectionParams = z.object({
  id: z.string().meta({ description: 'The connection ID.' }),
})

interface ConnectionRequest {
  organizationId: string
  params: { id: string }
}

/**
 * Runs `work` with the connection of the request.
 *
 * @param options.lock for a request that changes the connection based on its current state
 * @throws Problem 404, also for a connection of another organization
 */
export function withConnection<T>(
  database: Database,
  request: ConnectionRequest,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
  options: { lock?: boolean } = {},
): Promise<T> {
  return asOrganization(database, request.organizationId, ofConnection(request, work, options))
}

/**
 * Like `withConnection`, for work that only reads. It ends when the client disconnects.
 *
 * @throws Problem 404, also for a connection of another organization
 */
export function readConnection<T>(
  database: Database,
  request: ConnectionRequest & ReadScope,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
): Promise<T> {
  return readOrganization(database, request, ofConnection(request, work))
}

/**
 * Returns the connection of the request, for a call to its workflow.
 *
 * @throws Problem 404; 409 while the connection is being deleted
 */
export function readLiveRef(
  database: Database,
  request: ConnectionRequest & ReadScope,
): Promise<NamedConnectionRef> {
  return readConnection(database, request, async (_trx, row) => {
    if (row.deleted_at) throw beingDeleted()
    return {
      organizationId: row.organization_id,
      connectionId: row.id,
      name: row.name,
      accountId: row.account_id,
    }
  })
}

function ofConnection<T>(
  { params }: ConnectionRequest,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
  options: { lock?: boolean } = {},
) {
  return async (trx: Trx) => {
    const row = await found('connection', params.id, (id) =>
      options.lock ? lockConnection(trx, id, 'update') : findConnection(trx, id),
    )
    return work(trx, row)
  }
}

export function beingDeleted(): Problem {
  return new Problem(409, 'The connection is being deleted.')
}
