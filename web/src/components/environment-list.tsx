import { Stack, Text, VisuallyHidden } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { type Environment, updateEnvironment } from '../client.ts'
import { useEnvironments } from './environment-badge.tsx'
import { EnvironmentForm } from './environment-form.tsx'
import { EnvironmentItem } from './environment-row.tsx'
import { moveItem } from './move-item.ts'
import { List, Rows } from './rows.tsx'
import { EmptyState, ErrorState, Loading } from './states.tsx'

const queryKey = ['environments']

/** Lists, creates, edits, orders and deletes environments. */
export function Environments() {
  const list = useRef<HTMLDivElement>(null)
  return (
    <Stack>
      <Text size="sm">
        Environments group changes, for example production and staging. Each connection has a
        default environment for its account's changes, including past ones.
      </Text>
      <List label="All environments" ref={list}>
        <EnvironmentList list={list} />
      </List>
      <EnvironmentForm />
    </Stack>
  )
}

function EnvironmentList({ list }: { list: RefObject<HTMLElement | null> }) {
  const client = useQueryClient()
  const environments = useEnvironments()
  const [said, setSaid] = useState('')
  const focusAfter = useRef<HTMLElement>(null)
  const moving = useMutation({
    mutationFn: ({ id, position }: { id: string; position: number }) =>
      updateEnvironment(id, { position }),
    onMutate: async ({ id, position }) => {
      await client.cancelQueries({ queryKey })
      const before = client.getQueryData<Environment[]>(queryKey)
      client.setQueryData<Environment[]>(queryKey, (list) => list && moveItem(list, id, position))
      return before
    },
    meta: { errorTitle: 'Cannot move the environment' },
    onSuccess: ({ name }, { position }) => setSaid(`${name} moved to position ${position + 1}.`),
    onError: (_error, _move, before) => client.setQueryData(queryKey, before),
    onSettled: () => client.invalidateQueries({ queryKey }),
    scope: { id: 'environments' },
  })
  const items = environments.data
  // Moving a row removes it from the page for a moment, and its button loses the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => focusAfter.current?.focus(), [items])
  if (environments.isPending) return <Loading label="Loading the environments" />
  if (!items) return <ErrorState error={environments.error} retry={() => environments.refetch()} />
  if (items.length === 0) {
    return (
      <EmptyState title="No environments yet">
        Most teams start with production and staging. Changes show their environment, and you can
        filter the feed by it.
      </EmptyState>
    )
  }
  return (
    <>
      <Rows label="Environments">
        {items.map((environment, position) => (
          <EnvironmentItem
            key={environment.id}
            environment={environment}
            list={list}
            place={{ position, isLast: position === items.length - 1 }}
            onMove={(to, button) => {
              focusAfter.current = button
              moving.mutate({ id: environment.id, position: to })
            }}
            onBlur={() => {
              focusAfter.current = null
            }}
          />
        ))}
      </Rows>
      <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>
    </>
  )
}
