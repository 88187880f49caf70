import type { Connection, Coverage } from '../client.ts'

// and the time, so that each sentence has a test.

export type Region = Coverage['regions'][number]

type Status = Connection['status']

/** How urgent a status is. Shown as a color, with an icon and a label. */
export type Tone = 'good' | 'busy' | 'late' | 'action' | 'off'

const words: Record<Status, { word: string; tone: Tone }> = {
  action_needed: { word: 'Action needed', tone: 'action' },
  behind: { word: 'Behind', tone: 'late' },
  waiting_for_aws: { word: 'Waiting for AWS', tone: 'late' },
  awaiting_role: { word: 'Waiting for role', tone: 'late' },
  verifying: { word: 'Verifying', tone: 'busy' },
  importing: { word: 'Importing', tone: 'busy' },
  current: { word: 'Up to date', tone: 'good' },
  paused: { word: 'Paused', tone: 'off' },
  deleting: { word: 'Deleting', tone: 'off' },
}

const urgency = Object.keys(words)

export function statusLabel(status: Status): { word: string; tone: Tone } {
  return words[status]
}

// Created once: `localeCompare` would create a collator for each pair of names.
const names = new Intl.Collator(undefined, { numeric: true })

/** Sorts connections that need action first, then by name. */
export function byUrgency(
  a: Pick<Connection, 'status' | 'name'>,
  b: Pick<Connection, 'status' | 'name'>,
): number {
  return urgency.indexOf(a.status) - urgency.indexOf(b.status) || names.compare(a.name, b.name)
}
