import { z } from 'zod'
import { asOrganization, type Database, type Trx, violates } from '../../db/database.ts'
import { InvalidMerge, MergedIncident } from '../../db/incident-edits.ts'
import { found, Problem } from '../problems.ts'

export const tags = ['incidents']
export const params = z.object({ id: z.string().meta({ description: 'The incident ID.' }) })

/**
 * Runs `work` with the ID of the request's incident.
 *
 * @throws Problem 404, also for an incident of another organization; those of `refuseIncident`
 */
export function withIncident<T>(
  database: Database,
  request: { organizationId: string; params: { id: string } },
  work: (trx: Trx, id: string) => Promise<T | undefined>,
): Promise<T> {
  return asOrganization(database, request.organizationId, (trx) =>
    found('incident', request.params.id, (id) => work(trx, id)),
  ).catch(refuseIncident)
}

export function refuseField(pointer: string, detail: string): never {
  throw new Problem(422, `The request is not valid. ${pointer}: ${detail}`, {
    errors: [{ pointer, detail }],
  })
}

/**
 * @throws Problem 422 for an environment that does not exist, a merge that is not possible, or a
 *   change of a merged incident; otherwise the error itself
 */
export function refuseIncident(error: unknown): never {
  if (error instanceof InvalidMerge || error instanceof MergedIncident) {
    throw new Problem(422, error.message)
  }
  if (violates(error, '23503', 'incidents_environment')) {
    refuseField('/environmentId', 'No such environment.')
  }
  throw error
}
