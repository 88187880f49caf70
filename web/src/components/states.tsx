import { Alert, Button, Center, Loader, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { toApiError } from '../api.ts'

/** Shown when there is no data: what will appear here, and the next step. */
export function EmptyState(props: {
  icon?: ReactNode
  title: string
  /** The whole page shows this: it is also the document's title. */
  isPage?: boolean
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <Stack align="center" gap="xs" py={48} px="md" ta="center">
      {props.icon}
      {props.isPage === true && <title>{`${props.title} · Cairn`}</title>}
      <Title order={props.isPage ? 1 : 2} size="h3">
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

/** @param props.title of the document, for a page whose name is not loaded yet */
export function Loading({ label = 'Loading', title }: { label?: string; title?: string }) {
  return (
    <Center py={64}>
      {title !== undefined && <title>{`${title} · Cairn`}</title>}
      <Loader aria-label={label} role="status" />
    </Center>
  )
}
