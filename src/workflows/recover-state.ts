/** What the workflow `recover` works on. It contains no token. */
export interface RecoverWork {
  installationId: string
  organizationId: string
  integrationId: string
}

/** The complete state: the argument of each run. */
export interface RecoverState extends RecoverWork {
  /** Deliveries that were fetched, over all runs since the workflow was started. */
  recovered: number
}

/** The result of one check. */
export interface RecoverSummary {
  recovered: number
  /** Milliseconds until the next check. Null: there is no token any more. */
  nextInMs: number | null
}

/** The side effects of the workflow `recover`. Inputs and results contain counts, no deliveries. */
export interface RecoverActivities {
  /** Finds deliveries that GitHub has sent and Cairn has not stored, and stores them. */
  recoverDeliveries(work: RecoverWork): Promise<RecoverSummary>
}

export function initialRecoverState(work: RecoverWork): RecoverState {
  const { installationId, organizationId, integrationId } = work
  return { installationId, organizationId, integrationId, recovered: 0 }
}
