import { z } from 'zod'
import { isStorableTime } from '../../changes/time.ts'
import type { IncidentPosition } from '../../db/find-incidents.ts'
import { Problem } from '../problems.ts'

const positionSchema = z.tuple([z.int().refine((ms) => isStorableTime(new Date(ms))), z.uuid()])

export function writeIncidentCursor({ noticedAt, id }: IncidentPosition): string {
  return Buffer.from(JSON.stringify([noticedAt.getTime(), id])).toString('base64url')
}

/** @throws Problem 422 if it is no cursor */
export function readIncidentCursor(cursor: string): IncidentPosition {
  try {
    const text = Buffer.from(cursor, 'base64url').toString()
    const [time, id] = positionSchema.parse(JSON.parse(text))
    return { noticedAt: new Date(time), id }
  } catch {
    // Not a cursor at all: the same error.
  }
  const detail = 'Not a cursor. Start again without one.'
  throw new Problem(422, `?cursor: ${detail}`, { errors: [{ pointer: '?cursor', detail }] })
}
