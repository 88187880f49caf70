import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import type { LabelOf } from './facets.tsx'

/** The names of what filters and rows refer to by ID. */
export function useLabels(): { labelOf: LabelOf; accounts: ReadonlyMap<string, string> } {
  const connections = useQuery(connectionsQuery).data
  const environments = useEnvironments().data
  const names = useMemo(
    () => ({
      accounts: new Map(connections?.map(({ accountId, name }) => [accountId ?? '', name])),
      connections: new Map(connections?.map(({ id, name }) => [id, name])),
      environments: new Map(environments?.map(({ id, name }) => [id, name])),
    }),
    [connections, environments],
  )
  const labelOf = useCallback<LabelOf>(
    (field, value) => {
      if (field === 'environment') return names.environments.get(value) ?? value
      if (field === 'connection') return names.connections.get(value) ?? value
      if (field === 'outcome') return value.charAt(0).toUpperCase() + value.slice(1)
      if (field === 'changeSet') return 'selected'
      return value
    },
    [names],
  )
  return { labelOf, accounts: names.accounts }
}
