/** Events that can have the same source ID at different times. Pure. */

/** Reports of an event without a time of its own are of one event within this time. */
const SAME_EVENT_MS = 3_600_000

/**
 * The ID of a later event whose source ID is taken. It contains the hour, because two events of one
 * hour are the same one.
 */
export function recurrenceId(sourceId: string, time: Date): string {
  return `${sourceId}/${time.toISOString().slice(0, 'YYYY-MM-DDTHH'.length)}`
}

/** The IDs of all recurrences that can be the same event as one at this time. */
export function recurrenceIds(sourceId: string, time: Date): string[] {
  return [-SAME_EVENT_MS, 0, SAME_EVENT_MS].map((apart) =>
    recurrenceId(sourceId, new Date(time.getTime() + apart)),
  )
}

/** Of changes with one of these IDs, the one that is the same event as one at this time. */
export function sameEvent<Stored extends { sourceId: string; occurredAt: Date }>(
  stored: readonly Stored[],
  { sourceId, occurredAt }: { sourceId: string; occurredAt: Date },
): Stored | undefined {
  const ids = new Set([sourceId, ...recurrenceIds(sourceId, occurredAt)])
  const apart = (other: Stored) => Math.abs(other.occurredAt.getTime() - occurredAt.getTime())
  return stored
    .filter((other) => ids.has(other.sourceId) && apart(other) <= SAME_EVENT_MS)
    .toSorted((a, b) => apart(a) - apart(b))[0]
}

/** Whether a stored ID is this one or that of a recurrence. */
export function isSameOrRecurrence(storedId: string, sourceId: string): boolean {
  return storedId === sourceId || storedId.startsWith(`${sourceId}/`)
}
