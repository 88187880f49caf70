import { z } from 'zod'
import { Problem } from './problems.ts'

/** The cursor of the page after a row, for lists in the order of their IDs. @param id a UUID */
export function writeIdCursor(id: string): string {
  return Buffer.from(id).toString('base64url')
}

/**
 * @returns the ID that the cursor was written for
 * @throws Problem 422 for a cursor that no page returned
 */
export function readIdCursor(cursor: string): string {
  const id = z.uuid().safeParse(Buffer.from(cursor, 'base64url').toString())
  if (id.success) return id.data
  const detail = 'The cursor is not valid. Start again without a cursor.'
  throw new Problem(422, `?cursor: ${detail}`, { errors: [{ pointer: '?cursor', detail }] })
}
