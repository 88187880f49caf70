/** What the workflow `reread` works on. Small enough to be readable in Temporal's UI. */
export interface RereadWork {
  installationId: string
  /** The reader's version of each source, by the source's ID. */
  versions: Record<string, number>
}

/** The complete state: the argument of each run, and the result of the `progress` query. */
export interface RereadState extends RereadWork {
  /** RFC 3339 UTC. */
  startedAt: string
  /** The organizations that still have outdated changes. They take turns: the first is next. */
  pending: PendingOrganization[]
  /** Totals over all turns, including those of pending organizations. */
  reread: number
  /** How many of them kept their values, because their record can no longer become a change. */
  kept: number
  /** Organizations without outdated changes that had some. */
  finished: number
}

export interface PendingOrganization {
  organizationId: string
  /** Outdated changes when the workflow found the organization. */
  outdated: number
  /** How many of them have been read again. */
  reread: number
  /** Why the last turn failed; null if it did not. */
  lastError: string | null
}

/** The result of one turn. */
export interface RereadSummary {
  reread: number
  kept: number
  /** Whether the organization has no outdated changes left. */
  isDone: boolean
}

/** The side effects of the workflow `reread`. Inputs and results contain counts, no changes. */
export interface RereadActivities {
  /** Some of the organizations with outdated changes; empty if there are none. */
  findOutdated(work: RereadWork): Promise<{ organizationId: string; outdated: number }[]>
  /**
   * Reads stored records of one organization again, for some seconds. Fails with a retryable error
   * if this worker has an older reader than the workflow asks for.
   */
  rereadChanges(work: RereadWork, options: { organizationId: string }): Promise<RereadSummary>
  /** Removes the organization's resources that only outdated changes referred to. */
  removeUnusedResources(work: RereadWork, options: { organizationId: string }): Promise<void>
}

export function initialRereadState(work: RereadWork, options: { now: Date }): RereadState {
  return {
    installationId: work.installationId,
    versions: work.versions,
    startedAt: options.now.toISOString(),
    pending: [],
    reread: 0,
    kept: 0,
    finished: 0,
  }
}
