import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { HttpError } from '@oazapfts/runtime'
import { IconFlask } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { meQuery } from '../session.ts'
import { Copy } from './copy.tsx'

/**
 * Only in the demo, whose account has no console: creates the stack of the CloudFormation tab. The
 * user pastes the ARN, as with AWS.
 */
export function DemoStack({ connectionId }: { connectionId: string }) {
  const me = useQuery(meQuery)
  const stack = useMutation({
    mutationFn: () => createStack(connectionId),
    meta: { errorTitle: 'Cannot create the stack' },
  })
  if (!me.data?.demo) return null
  return (
    <Alert
      color="grape"
      variant="light"
      icon={<IconFlask aria-hidden />}
      title="Demo: AWS is simulated"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          In your own account, you create the stack in the AWS console. In the demo, this button
          creates it in the simulated account, from this connection's template.
        </Text>
        <Button
          variant="default"
          size="compact-sm"
          loading={stack.isPending}
          onClick={() => stack.mutate()}
        >
          Create stack in the simulated account
        </Button>
        {stack.data && (
          <Group gap={4} role="status">
            <Text size="sm">
              Stack created. Paste this ARN below:{' '}
              <strong className="from-aws">{stack.data.roleArn}</strong>
            </Text>
            <Copy text={stack.data.roleArn} label="Copy role ARN" />
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
