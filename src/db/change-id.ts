import { createHash } from 'node:crypto'

/** What identifies a change, regardless of the connection that imports it. */
interface ChangeIdentity {
  organizationId: string
  source: string
  /** The account in which `sourceId` is unique; null for a source without accounts. */
  sourceAccount: string | null
  sourceId: string
  occurredAt: Date
}

const MAX_TIME = 2 ** 48 - 1

/**
 * A change's ID, the same each time the change is read. A UUID of version 8 (RFC 9562, section
 * 5.8): 48 bits of `occurredAt` in milliseconds as in version 7, so that a lookup by ID alone knows
 * the partition, then 74 bits of a SHA-256 over the rest.
 *
 * @throws RangeError for times before 1970 and after the year 10889, and for invalid ones
 */
export function changeId(identity: ChangeIdentity): string {
  const { organizationId, source, sourceAccount, sourceId, occurredAt } = identity
  const time = occurredAt.getTime()
  if (!(time >= 0 && time <= MAX_TIME)) throw new RangeError(`No id holds the time ${time}`)
  // JSON separates the parts: ('a', 'bc') and ('ab', 'c') differ.
  const text = JSON.stringify([organizationId, source, sourceAccount, sourceId])
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes.writeUIntBE(time, 0, 6)
  bytes[6] = 0x80 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The time of the change with this id. Meaningless for an id that `changeId` did not create. */
export function changeIdTime(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
}
