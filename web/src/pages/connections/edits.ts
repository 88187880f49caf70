import type { Connection, ConnectionSettingsInput } from '../../client.ts'

/** Unsaved changes in the form. Null: the number was cleared. */
export interface SettingsEdits {
  lookbackDays?: number | null
  pollIntervalSeconds?: number
  selection?: Connection['selection']
}

/**
 * The fields to save: only those that differ from the stored values, because another user may have
 * changed the others.
 */
export function edited(
  edits: SettingsEdits,
  now: Pick<Connection, 'lookbackDays' | 'pollIntervalSeconds' | 'selection'>,
): ConnectionSettingsInput {
  const { lookbackDays, pollIntervalSeconds, selection } = { ...now, ...edits }
  return {
    ...(lookbackDays !== null && lookbackDays !== now.lookbackDays && { lookbackDays }),
    ...(pollIntervalSeconds !== now.pollIntervalSeconds && { pollIntervalSeconds }),
    ...(selection !== now.selection && { selection }),
  }
}
