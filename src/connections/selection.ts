/** The events that a connection imports: those that change something, or all including reads. */
export const selections = ['changes', 'all'] as const
export type Selection = (typeof selections)[number]
