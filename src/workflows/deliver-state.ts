/** What the workflow `deliver` works on. Small enough to be readable in Temporal's UI. */
export interface DeliverWork {
  installationId: string
  organizationId: string
}

/** The complete state: the argument of each run. */
export interface DeliverState extends DeliverWork {
  /** Totals over all runs since the workflow was started. */
  translated: number
  ignored: number
  failed: number
}

/** The result of one turn. */
export interface DeliverSummary {
  translated: number
  ignored: number
  failed: number
  /** Milliseconds until the next delivery is due. Null: none is left. */
  nextInMs: number | null
}

/** The side effects of the workflow `deliver`. Inputs and results contain counts, no deliveries. */
export interface DeliverActivities {
  /** Translates due deliveries of one organization for some seconds, the oldest first. */
  translateDeliveries(work: DeliverWork): Promise<DeliverSummary>
}

export function initialDeliverState(work: DeliverWork): DeliverState {
  const { installationId, organizationId } = work
  return { installationId, organizationId, translated: 0, ignored: 0, failed: 0 }
}
