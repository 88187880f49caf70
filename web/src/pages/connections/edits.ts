import type { Connection, ConnectionSettingsInput } from '../../client.ts'

/** What somebody has changed in the form; a number that is deleted and not yet typed anew is null. */
export interface Edits {
  lookbackDays?: number | null
  pollIntervalSeconds?: number
  selection?: Connection['selection']
}

/**
 * What of it is to be saved: only what differs from what is so by now, for somebody else may have
 * changed the rest meanwhile.
 */
export function edited(
  edits: Edits,
  now: Pick<Connection, 'lookbackDays' | 'pollIntervalSeconds' | 'selection'>,
): ConnectionSettingsInput {
  const { lookbackDays, pollIntervalSeconds, selection } = { ...now, ...edits }
  return {
    ...(lookbackDays !== null && lookbackDays !== now.lookbackDays && { lookbackDays }),
    ...(pollIntervalSeconds !== now.pollIntervalSeconds && { pollIntervalSeconds }),
    ...(selection !== now.selection && { selection }),
  }
}
