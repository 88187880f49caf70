/** What the workflow `relink` works on. */
export interface RelinkWork {
  installationId: string
  organizationId: string
}

/** The complete state: the argument of each run, and the result of the `progress` query. */
export interface RelinkState extends RelinkWork {
  /** RFC 3339 UTC. */
  startedAt: string
  /** Stored changes, and how many of them follow the newest rules. */
  total: number | null
  checked: number
  /** Changes that were written, over all turns. */
  written: number
}

/** The result of one turn. */
export interface RelinkSummary {
  total: number | null
  /** Since the rules were last saved. */
  checked: number
  /** In this turn. */
  written: number
  /** Whether all stored changes follow the rules. */
  isDone: boolean
}

/** The side effects of the workflow `relink`. Inputs and results contain counts, no changes. */
export interface RelinkActivities {
  /** Applies an organization's rules to its stored changes, for some seconds. */
  relinkChanges(work: RelinkWork): Promise<RelinkSummary>
}

export function initialRelinkState(work: RelinkWork, options: { now: Date }): RelinkState {
  return {
    installationId: work.installationId,
    organizationId: work.organizationId,
    startedAt: options.now.toISOString(),
    total: null,
    checked: 0,
    written: 0,
  }
}

/** What Temporal's UI shows about the progress, in Markdown. */
export function relinkDetails(state: RelinkState): string {
  const percent = state.total ? Math.floor((100 * state.checked) / state.total) : 0
  return [
    `Applies the rules of organization \`${state.organizationId}\` to its stored changes, the newest first. Imports continue.`,
    '',
    '| | |',
    '|---|---|',
    `| Changes checked | ${state.checked} of ${state.total ?? 'unknown'} (${Math.min(percent, 100)} %) |`,
    `| Changes written | ${state.written} |`,
  ].join('\n')
}
