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
 * Call after an environment or its connections have changed. Lists of changes are fetched again
 * when they are next opened, so that they do not move while they are read.
 *
 * @returns when the environments are loaded again
 */
export function refreshEnvironments(client: QueryClient): Promise<void> {
  void client.invalidateQueries({ queryKey: ['changes'], refetchType: 'none' })
  return client.invalidateQueries({ queryKey: ['environments'] })
}

/** Decorative: the name is next to it. */
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

/** Renders nothing while the environments are loading, or if the environment was deleted. */
export function EnvironmentBadge({ id }: { id: string | null }) {
  const { data } = useEnvironments()
  const environment = data?.find((one) => one.id === id)
  if (!environment) return null
  return (
    <Badge
      variant="default"
      size="sm"
      tt="none"
      fw={500}
      leftSection={<EnvironmentDot color={environment.color} />}
    >
      <bdi>{environment.name}</bdi>
    </Badge>
  )
}
