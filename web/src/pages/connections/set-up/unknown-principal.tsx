import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Setup } from '../../../client.ts'
import { visible } from '../../../components/json.ts'
import { Prose } from '../../../components/prose.tsx'

/** Shown instead of policies that could name the wrong principal. */
export function UnknownPrincipal(props: {
  principal: Setup['principal']
  isLooking: boolean
  retry: () => void
}) {
  const { saw, means, remedy } = props.principal
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title="Cannot determine the IAM role that Cairn runs as"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{means}</Text>
        <Text size="sm" className="from-aws">
          AWS response: {visible(saw)}
        </Text>
        {remedy && (
          <Text size="sm" fw={600}>
            <Prose text={remedy} />
          </Text>
        )}
        <Text size="sm">
          The role you create must trust this principal by name, so the setup instructions appear
          when it is known.
        </Text>
        <Button variant="default" size="compact-sm" loading={props.isLooking} onClick={props.retry}>
          Retry
        </Button>
      </Stack>
    </Alert>
  )
}
