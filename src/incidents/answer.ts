/** What Cairn answers to an incident: what changed before it broke. Vocabulary and types. */

/** A change that may have caused the incident. */
export interface Suspect {
  changeId: string
  /** When the change occurred. */
  occurredAt: Date
  /** The change set that is shown. The suspect is its best change. Null: the change has none. */
  changeSetId: string | null
  /** The number of changes in the set that are candidates. */
  changesInSet: number
  summary: string
  source: string
  sourceId: string
  /** 0 to 1. */
  score: number
  /** One sentence each, the most significant first. */
  reasons: string[]
}

/** A change after the notice, or one that reverses an earlier change. */
export interface IncidentResponse {
  changeId: string
  occurredAt: Date
  summary: string
  /** The change that it reverses, if any. */
  reverses: string | null
  reason: string
}

/** `none`: no candidate scores above the threshold. */
export const INCIDENT_ANSWERS = ['suspect', 'none'] as const

export interface IncidentAnswer {
  answer: (typeof INCIDENT_ANSWERS)[number]
  /** `Most likely: …, 6 minutes before the alert` or `No recorded change explains this`. */
  sentence: string
  /** Ranked, the most likely first. With `none`, the candidates that come closest. */
  suspects: Suspect[]
  responses: IncidentResponse[]
  /** What was searched: inclusive `from`, exclusive `to`. */
  searched: { from: Date; to: Date; candidates: number }
}
