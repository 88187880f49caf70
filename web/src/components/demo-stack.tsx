import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { HttpError } from '@oazapfts/runtime'
import { IconFlask } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { meQuery } from '../session.ts'
import { Copy } from './copy.tsx'
import { ErrorState } from './states.tsx'

/**
 * Only in the demo, whose account nobody has a console for: does there what the CloudFormation tab
 * says, with the template of this connection. The ARN is pasted by hand, as in AWS.
 */
export function DemoStack({ connectionId }: { connectionId: string }) {
  const me = useQuery(meQuery)
  const stack = useMutation({ mutationFn: () => createStack(connectionId) })
  if (!me.data?.demo) return null
  return (
    <Alert
      color="grape"
      variant="light"
      icon={<IconFlask aria-hidden />}
      title="This is the demo: its AWS is simulated"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          What you would do in your account, this button does in the simulated one: it creates the
          stack from this connection's own template.
        </Text>
        <Button
          variant="default"
          size="compact-sm"
          loading={stack.isPending}
          onClick={() => stack.mutate()}
        >
          Create the stack in the simulated account
        </Button>
        {stack.isError && <ErrorState error={stack.error} />}
        {stack.data && (
          <Group gap={4} role="status">
            <Text size="sm">
              Created. Paste this below: <strong className="from-aws">{stack.data.roleArn}</strong>
            </Text>
            <Copy text={stack.data.roleArn} label="Copy the role's ARN" />
          </Group>
        )}
      </Stack>
    </Alert>
  )
}

/** A route of scripts/demo.ts, so the generated client does not have it. */
async function createStack(connectionId: string): Promise<{ roleArn: string }> {
  const response = await fetch('/api/demo/stacks', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ connectionId }),
  })
  const body = await response.json()
  if (!response.ok) throw new HttpError(response.status, body, response.headers)
  return body
}
