import { Alert, Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { DeletedConnection } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { visible } from '../../components/json.ts'

/** Moves the focus to the heading, because the previous page is gone. */
const focus = (heading: HTMLElement | null) => heading?.focus()

/** What is left to do in AWS after a connection is deleted. */
export function Deleted({ connection }: { connection: DeletedConnection }) {
  const { cleanUp } = connection
  return (
    <Stack maw={900}>
      <title>{`${visible(connection.name)} deleted · Cairn`}</title>
      <Title order={1} size="h2" tabIndex={-1} ref={focus}>
        <bdi>{connection.name}</bdi> deleted
      </Title>
      <Alert color="teal" variant="light" icon={<IconCircleCheck aria-hidden />} role="status">
        Imports are stopped. {cleanUp ? 'Remove the role in AWS to finish.' : ''}
      </Alert>
      {cleanUp && (
        <>
          <Text>{cleanUp.means}</Text>
          {cleanUp.ways.map(({ way, title, command }) => (
            <Stack key={way} gap={4}>
              <Text fw={600} size="sm">
                {title}
              </Text>
              <Snippet text={command} label={title} />
            </Stack>
          ))}
        </>
      )}
      <Group>
        <Button component={Link} to="/integrations/aws" variant="default">
          All AWS accounts
        </Button>
      </Group>
    </Stack>
  )
}
