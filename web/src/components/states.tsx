import { Alert, Button, Center, Loader, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { toApiError } from '../api.ts'

/** Shown when there is no data: what will appear here, and the next step. */
export function EmptyState(props: {
  icon?: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      {props.icon}
      <Title order={2} size="h3">
        {props.title}
      </Title>
      {props.children && (
        <Text c="dimmed" maw={520} component="div">
          {props.children}
        </Text>
      )}
      {props.action}
    </Stack>
  )
}

/** An error with its reason and a retry button. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, detail, status } = toApiError(error)
  const icon = status === 0 ? <IconCloudOff aria-hidden /> : <IconAlertTriangle aria-hidden />
  return (
    <Alert color={status === 0 ? 'gray' : 'red'} variant="light" title={title} icon={icon}>
      <Stack gap="xs" align="flex-start">
        {detail}
        {retry && (
          <Button variant="default" size="compact-sm" onClick={retry}>
            Retry
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

export function Loading({ label = 'Loading' }: { label?: string }) {
  return (
    <Center py={64}>
      <Loader aria-label={label} role="status" />
    </Center>
  )
}
