import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { type FacetField, facetFields } from '../../../../src/changes/filters.ts'
import { resourceIdOfKey } from '../../../../src/changes/resource-key.ts'
import type { Facets } from '../../client.ts'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { riskLabel } from '../../components/risk.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import type { LabelOf } from './field-facets.tsx'

/** The names of what filters and rows refer to by ID. @param facets as far as they are loaded */
export function useLabels(facets: Facets | undefined): {
  labelOf: LabelOf
  accounts: ReadonlyMap<string, string>
} {
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
  const facetLabels = useMemo(() => labelsIn(facets), [facets])
  const labelOf = useCallback<LabelOf>(
    (field, value) => {
      if (field === 'environment') return names.environments.get(value) ?? value
      if (field === 'connection') return names.connections.get(value) ?? value
      if (field === 'outcome') return value.charAt(0).toUpperCase() + value.slice(1)
      if (field === 'risk') return riskLabel(value)
      if (field === 'readOnly') return value === 'true' ? 'Yes' : 'No'
      if (field === 'changeSet') return 'selected'
      if (field === 'resource')
        return facetLabels.get(`resource ${value}`) ?? resourceIdOfKey(value)
      return facetLabels.get(`${field} ${value}`) ?? value
    },
    [names, facetLabels],
  )
  return { labelOf, accounts: names.accounts }
}

function labelsIn(facets: Facets | undefined): Map<string, string> {
  const labelsOf = (field: FacetField) =>
    facets?.fields[field].flatMap(({ value, label }) =>
      label === undefined ? [] : [[`${field} ${value}`, label] as const],
    ) ?? []
  return new Map(facetFields.flatMap(labelsOf))
}
