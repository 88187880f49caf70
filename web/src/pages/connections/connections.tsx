import { Anchor, Breadcrumbs, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBrandAws, IconPlus, IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { RereadProgress } from '../../components/reread-progress.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { ConnectAccount } from './connect.tsx'
import { ConnectAccounts } from './connect-many.tsx'
import { ConnectionTable } from './connection-table.tsx'
import { connectionsQuery } from './queries.ts'

/** All AWS accounts. Those that need action come first. */
export function ConnectionsPage() {
  const connections = useQuery(connectionsQuery)
  const [one, connectOne] = useDisclosure()
  const [many, connectMany] = useDisclosure()
  const items = connections.data
  return (
    <Stack gap="md">
      <title>AWS accounts · Cairn</title>
      <Breadcrumbs>
        <Anchor component={Link} to="/integrations">
          Integrations
        </Anchor>
        <Text>AWS</Text>
      </Breadcrumbs>
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          AWS accounts
        </Title>
        {items && items.length > 0 && (
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconStack2 size={16} />}
              onClick={connectMany.open}
            >
              Connect multiple accounts
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={connectOne.open}>
              Connect account
            </Button>
          </Group>
        )}
      </Group>
      <RereadProgress />
      {connections.isPending && <Loading />}
      {connections.isError && (
        <ErrorState error={connections.error} retry={() => connections.refetch()} />
      )}
      {items?.length === 0 && (
        <EmptyState
          icon={<IconBrandAws size={40} aria-hidden />}
          title="No accounts connected"
          action={
            <Group mt="sm" justify="center" gap="xs">
              <Button leftSection={<IconPlus size={16} />} onClick={connectOne.open}>
                Connect account
              </Button>
              <Button variant="default" onClick={connectMany.open}>
                Connect multiple accounts
              </Button>
            </Group>
          }
        >
          Create a role in the account. Cairn verifies that only it can assume the role, then
          imports the first changes within a minute. You share no access keys.
        </EmptyState>
      )}
      {items && items.length > 0 && <ConnectionTable items={items} />}
      <ConnectAccount opened={one} onClose={connectOne.close} />
      <ConnectAccounts opened={many} onClose={connectMany.close} />
    </Stack>
  )
}
