import { Badge, ColorSwatch, Group, Text } from '@mantine/core'
import { type QueryClient, useQuery } from '@tanstack/react-query'
import { type Environment, listEnvironments } from '../client.ts'

/** All environments, in their order. */
export function useEnvironments() {
  return useQuery({
    queryKey: ['environments'],
    queryFn: async () => (await listEnvironments()).items,
    staleTime: 60_000,
  })
}

/**
 * After an environment, or which connections name it, has changed. What shows changes is asked for
 * anew when it is next looked at, and not under the eyes of who reads it.
 *
 * @returns when the environments are known again
 */
export function refreshEnvironments(client: QueryClient): Promise<void> {
  void client.invalidateQueries({ queryKey: ['changes'], refetchType: 'none' })
  return client.invalidateQueries({ queryKey: ['environments'] })
}

/** The dot says nothing by itself: the name is beside it. */
export function EnvironmentDot({ color }: { color: string }) {
  return (
    <ColorSwatch
      component="span"
      aria-hidden
      size={12}
      withShadow={false}
      color={`var(--mantine-color-${color}-6)`}
    />
  )
}

export function EnvironmentName({ name, color }: Pick<Environment, 'name' | 'color'>) {
  return (
    <Group component="span" gap={6} wrap="nowrap" display="inline-flex">
      <EnvironmentDot color={color} />
      <Text span inherit truncate>
        <bdi>{name}</bdi>
      </Text>
    </Group>
  )
}

/** By its id; nothing while the environments are not known, or when it is gone. */
export function EnvironmentBadge({ id }: { id: string | null }) {
  const { data } = useEnvironments()
  const environment = data?.find((one) => one.id === id)
  if (!environment) return null
  return (
    <Badge
      variant="default"
      tt="none"
      fw={500}
      leftSection={<EnvironmentDot color={environment.color} />}
    >
      <bdi>{environment.name}</bdi>
    </Badge>
  )
}
