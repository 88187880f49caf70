/** Which events a connection imports: those that change something, or reads too. */
export const selections = ['changes', 'all'] as const
export type Selection = (typeof selections)[number]
