import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import type { Connection } from '../../client.ts'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { byUrgency, statusLabel } from '../../health/status.ts'
import { type ConnectionsSearch, validateConnectionsSearch } from './search.ts'

export type ConnectionFilter = ReturnType<typeof useConnectionFilter>

/** The filter of the URL, and the accounts that match it: those that need action first. */
export function useConnectionFilter(items: Connection[]) {
  const environments = useEnvironments()
  const { q = '', state, page = 1 } = useSearch({ from: '/app/integrations/aws' })
  const navigate = useNavigate({ from: '/integrations/aws' })
  // Typing does not wait for the URL.
  const [text, setText] = useState(q)
  const sought = useDeferredValue(text.trim().toLowerCase())

  /** Replaces the URL, so that Back leaves the list and returns to it as it was. */
  const replace = (search: ConnectionsSearch) =>
    navigate({
      search: validateConnectionsSearch({ ...search }),
      replace: true,
      resetScroll: false,
    })

  const sorted = useMemo(() => items.toSorted(byUrgency), [items])
  const found = useMemo(() => {
    const names = new Map(environments.data?.map(({ id, name }) => [id, name]))
    return sorted.filter(
      (item) =>
        (state === undefined || item.status === state) &&
        [item.name, item.accountId, item.roleArn, names.get(item.environmentId ?? '')].some(
          (one) => one?.toLowerCase().includes(sought) ?? false,
        ),
    )
  }, [sorted, environments.data, sought, state])

  const statuses = useMemo(() => {
    const counts = new Map<Connection['status'], number>(state && [[state, 0]])
    for (const item of items) counts.set(item.status, (counts.get(item.status) ?? 0) + 1)
    return [...counts].map(([value, n]) => ({ value, label: `${statusLabel(value).word} (${n})` }))
  }, [items, state])

  return {
    text,
    state,
    page,
    statuses,
    found,
    isActive: q !== '' || state !== undefined,
    setText(value: string) {
      setText(value)
      void replace({ q: value, state })
    },
    setState: (value: Connection['status'] | undefined) => replace({ q: text, state: value }),
    setPage: (number: number) => replace({ q: text, state, page: number }),
    clear() {
      setText('')
      void replace({})
    },
  }
}
