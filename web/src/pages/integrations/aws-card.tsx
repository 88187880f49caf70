import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconArrowRight, IconBrandAws, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ErrorState, Loading } from '../../components/states.tsx'
import type { Tone } from '../../health/status.ts'
import { summaryOf } from '../../health/summary.ts'
import { usePrincipalProblem } from '../../principal.ts'
import { useNow } from '../../server-time.ts'
import { ConnectAccount } from '../connections/connect.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import { ToneIcon, useTimeZone } from '../connections/status.tsx'

export function AwsCard() {
  const connections = useQuery(connectionsQuery)
  const problem = usePrincipalProblem()
  const timeZone = useTimeZone()
  const now = useNow()
  const [connecting, { open, close }] = useDisclosure()
  const items = connections.data ?? []
  const summary = summaryOf(items, { now, timeZone })
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="aws">
      <Stack gap="sm" h="100%">
        <Group gap="sm" wrap="nowrap">
          <IconBrandAws size={32} aria-hidden />
          <div>
            <Title order={2} size="h4" id="aws">
              AWS
            </Title>
            <Text size="sm" c="dimmed">
              Changes in your accounts, from CloudTrail
            </Text>
          </div>
        </Group>
        {problem && (
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Text component="span" mt={3} lh={1}>
              <ToneIcon tone="action" />
            </Text>
            <Text>
              <b>{problem.title}.</b> Cairn cannot connect accounts or import changes until this is
              fixed.
            </Text>
          </Group>
        )}
        {connections.isPending && <Loading />}
        {connections.isError && (
          <ErrorState error={connections.error} retry={() => connections.refetch()} />
        )}
        {connections.isSuccess && items.length === 0 && (
          <>
            <Text>
              No accounts connected. Cairn reads CloudTrail events through an IAM role that you
              create. You share no access keys, and the role can read nothing else.
            </Text>
            <Group mt="auto">
              <Button leftSection={<IconPlus size={16} />} onClick={open}>
                Connect account
              </Button>
            </Group>
          </>
        )}
        {items.length > 0 && (
          <>
            <Group gap="xs" wrap="nowrap" align="flex-start" className="live-status">
              <Text component="span" mt={3} lh={1}>
                <ToneIcon tone={toneOf(items)} />
              </Text>
              <Text>
                {/* Announces status changes. The time is not announced, because it changes every minute. */}
                <span role="status">{summary.state}</span> {summary.complete}
              </Text>
            </Group>
            <Group mt="auto" gap="xs">
              <Button
                component={Link}
                to="/integrations/aws"
                rightSection={<IconArrowRight size={16} />}
              >
                Accounts
              </Button>
              <Button variant="default" leftSection={<IconPlus size={16} />} onClick={open}>
                Connect account
              </Button>
            </Group>
          </>
        )}
      </Stack>
      <ConnectAccount opened={connecting} onClose={close} />
    </Paper>
  )
}

function toneOf(items: readonly { status: string }[]): Tone {
  const has = (...statuses: string[]) => items.some(({ status }) => statuses.includes(status))
  if (has('action_needed')) return 'action'
  if (has('behind', 'waiting_for_aws')) return 'late'
  if (has('importing', 'verifying')) return 'busy'
  return has('current') ? 'good' : 'late'
}
