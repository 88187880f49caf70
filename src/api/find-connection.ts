import { z } from 'zod'
import { findConnection } from '../db/connections.ts'
import {
  asOrganization,
  type Database,
  type Reader,
  readOrganization,
  type Trx,
} from '../db/database.ts'
import type { ConnectionRow } from '../db/schema.ts'
import { found, Problem } from './problems.ts'

export const connectionParams = z.object({
  id: z.string().meta({ description: 'The connection ID.' }),
})

interface ConnectionRequest {
  organizationId: string
  params: { id: string }
}

/**
 * Runs `work` with the connection that the request names.
 *
 * @throws Problem 404, alike for what is absent and for what is somebody else's
 */
export function withConnection<T>(
  api: Database,
  request: ConnectionRequest,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
): Promise<T> {
  return asOrganization(api, request.organizationId, ofConnection(request, work))
}

/**
 * The same for work that only reads: it ends when the client disconnects.
 *
 * @throws Problem 404
 */
export function readConnection<T>(
  api: Database,
  request: ConnectionRequest & Reader,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
): Promise<T> {
  return readOrganization(api, request, ofConnection(request, work))
}

function ofConnection<T>(
  { params }: ConnectionRequest,
  work: (trx: Trx, row: ConnectionRow) => Promise<T>,
) {
  return async (trx: Trx) => {
    const row = await found('connection', params.id, (id) => findConnection(trx, id))
    return work(trx, row)
  }
}

export function beingDeleted(): Problem {
  return new Problem(409, 'The connection is being deleted.')
}
