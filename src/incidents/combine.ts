import type { IncidentState } from './incident.ts'

/** Of one incident. A person can set as many. */
export const MAX_SERVICES = 50

interface CombinedAlert {
  title: string
  state: IncidentState
  noticedAt: Date
  resolvedAt: Date | null
  environmentId: string | null
  services: readonly string[]
}

interface Combined {
  title: string
  state: IncidentState
  noticedAt: Date
  resolvedAt: Date | null
  environmentId: string | null
  services: string[]
}

/**
 * What an incident is, as its alerts report it: the title of the first alert, open while one of them
 * is open, the first environment that is known, and their services, at most {@link MAX_SERVICES}.
 *
 * @param alerts at least one, in any order
 */
export function combineAlerts(alerts: readonly CombinedAlert[]): Combined {
  const inOrder = alerts.toSorted((a, b) => a.noticedAt.getTime() - b.noticedAt.getTime())
  const first = inOrder[0]!
  const state = stateOf(inOrder)
  const ends = inOrder.flatMap(({ resolvedAt }) => resolvedAt?.getTime() ?? [])
  return {
    title: first.title,
    state,
    noticedAt: first.noticedAt,
    resolvedAt: state === 'resolved' ? new Date(ends.reduce((a, b) => Math.max(a, b))) : null,
    environmentId:
      inOrder.find(({ environmentId }) => environmentId !== null)?.environmentId ?? null,
    services: [...new Set(inOrder.flatMap(({ services }) => services))].slice(0, MAX_SERVICES),
  }
}

function stateOf(alerts: readonly CombinedAlert[]): IncidentState {
  if (alerts.some(({ state }) => state === 'open')) return 'open'
  return alerts.some(({ state }) => state === 'acknowledged') ? 'acknowledged' : 'resolved'
}
