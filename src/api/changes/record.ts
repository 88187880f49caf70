import { findRecord } from '../../db/changes.ts'
import type { Trx } from '../../db/database.ts'
import type { ChangeRow } from '../../db/schema/changes.ts'
import { type ByteBudget, createByteBudget } from '../bodies/budget.ts'

/** Larger records count. Those of CloudTrail have at most 256 KiB. */
const FREE_BYTES = 256 * 1024
/**
 * Larger records that an organization can read, in each process. Parsing and writing 25 MiB blocks
 * the event loop for more than a second.
 */
const BYTES_PER_MINUTE = 64 * 1024 * 1024

/**
 * Returns a function that reads the original record of a change; null if there is none. It throws
 * Problem 429 if the organization has read too many large records, before it reads this one.
 *
 * @param budget default: the production limit
 */
export function createRecordReader(
  budget: ByteBudget = createByteBudget({
    maxBytesPerMinute: BYTES_PER_MINUTE,
    what: 'The records that were read',
  }),
): (trx: Trx, row: ChangeRow) => Promise<unknown> {
  return async (trx, row) => {
    const found = await findRecord(trx, row, { maxBytes: FREE_BYTES })
    if (!found) return null
    if (found.bytes <= FREE_BYTES) return found.record
    // A record that is larger than the limit is the only one of its minute.
    budget.spend(row.organization_id, Math.min(found.bytes, BYTES_PER_MINUTE))
    return (await findRecord(trx, row, { maxBytes: found.bytes }))?.record
  }
}
