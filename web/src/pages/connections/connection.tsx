import {
  Accordion,
  Alert,
  Anchor,
  Breadcrumbs,
  Button,
  Group,
  Paper,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import { IconAdjustments, IconCircleCheck, IconExternalLink, IconUsers } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { Connection, DeletedConnection, Verification } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { visible } from '../../components/json.ts'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { connectionSentences, statusWord } from '../../health.ts'
import { useNow } from '../../time.tsx'
import { counted } from '../../words.ts'
import { DeleteButton } from './delete.tsx'
import { NameTitle, PauseButton } from './header.tsx'
import { ImportSection } from './import.tsx'
import {
  connectionQuery,
  coverageQuery,
  isGone,
  isVerifying,
  verificationQuery,
} from './queries.ts'
import { RoleArn } from './role-arn.tsx'
import { SetUp } from './set-up.tsx'
import { ImportSettings, WhereItBelongs } from './settings.tsx'
import { StatusBadge, ToneIcon, useTimeZone } from './status.tsx'
import { VerificationChecks } from './verification.tsx'
import { WhoElse } from './who-else.tsx'

/** One account, from its first name to its last import: nothing of it is elsewhere. */
export function ConnectionPage() {
  const { id } = useParams({ from: '/app/integrations/aws/$id' })
  const connection = useQuery(connectionQuery(id))
  const [deleted, setDeleted] = useState<DeletedConnection>()
  if (deleted?.id === id) return <Deleted connection={deleted} />
  if (connection.data && !isGone(connection.error))
    return <Page key={id} connection={connection.data} onDeleted={setDeleted} />
  if (connection.isPending) return <Loading />
  if (isGone(connection.error))
    return (
      <EmptyState
        title="Connection not found"
        action={
          <Button component={Link} to="/integrations/aws" variant="default">
            All AWS accounts
          </Button>
        }
      >
        It may have been deleted.
      </EmptyState>
    )
  return <ErrorState error={connection.error} retry={() => connection.refetch()} />
}

interface PageProps {
  connection: Connection
  onDeleted: (deleted: DeletedConnection) => void
}

function Page({ connection, onDeleted }: PageProps) {
  const { id, status, roleArn } = connection
  const verification = useQuery({
    ...verificationQuery(id, status),
    enabled: roleArn !== null,
  })
  const coverage = useQuery({ ...coverageQuery(id, status), enabled: roleArn !== null })
  const checks = roleArn === null ? undefined : verification.data
  const isImporting = (coverage.data?.regions ?? []).length > 0 && checks?.state !== null
  const isDeleting = status === 'deleting'
  // What somebody is in the middle of stays where it is: the order is another one the next time.
  const [wasSetUp] = useState(connection.completeThrough !== null)
  const isStepsFirst = !wasSetUp || status === 'action_needed'
  const imported = roleArn !== null && isImporting && (
    <ImportSection connection={connection} coverage={coverage.data} />
  )
  return (
    <Stack gap="md" maw={1100}>
      <title>{`${visible(connection.name)} · Cairn`}</title>
      <Breadcrumbs>
        <Anchor component={Link} to="/integrations">
          Integrations
        </Anchor>
        <Anchor component={Link} to="/integrations/aws">
          AWS
        </Anchor>
      </Breadcrumbs>
      <Group justify="space-between" align="flex-start" gap="sm">
        <NameTitle connection={connection} />
        {!isDeleting && (
          <Group gap="xs">
            <PauseButton connection={connection} />
            <DeleteButton connection={connection} onDeleted={onDeleted} />
          </Group>
        )}
      </Group>
      <Status connection={connection} verification={checks} coverage={coverage.data} />
      {!isDeleting && <WhereItBelongs connection={connection} />}
      {!isStepsFirst && imported}
      {!isDeleting && <Steps connection={connection} verification={checks} wasSetUp={wasSetUp} />}
      {isStepsFirst && imported}
      {!isDeleting && <More connection={connection} verification={checks} />}
    </Stack>
  )
}

function Status(props: {
  connection: Connection
  verification: Verification | undefined
  coverage: Parameters<typeof connectionSentences>[1]['coverage']
}) {
  const { connection, verification, coverage } = props
  const timeZone = useTimeZone()
  const now = useNow()
  const sentences = connectionSentences(connection, { verification, coverage }, { now, timeZone })
  const [first, ...more] = sentences
  const { tone } = statusWord(connection.status)
  return (
    <Paper withBorder p="md" component="section" aria-label="Status">
      <Stack gap="xs">
        <Group gap="sm">
          {/* Told when it changes; the sentences count down, which nobody wants to be told. */}
          <div role="status">
            <StatusBadge status={connection.status} />
          </div>
          {connection.accountId && (
            <Text size="sm">
              Account{' '}
              <Text span ff="monospace">
                {connection.accountId}
              </Text>
            </Text>
          )}
          {connection.workflowUrl && (
            <Anchor size="sm" href={connection.workflowUrl} target="_blank" rel="noreferrer">
              Open workflow in Temporal <IconExternalLink size={14} aria-hidden />
            </Anchor>
          )}
        </Group>
        <Text fw={tone === 'action' ? 600 : undefined} className="from-aws">
          {visible(first!)}
        </Text>
        {more.map((sentence) => (
          <Text key={sentence} size="sm" className="from-aws">
            {visible(sentence)}
          </Text>
        ))}
      </Stack>
    </Paper>
  )
}

/** The way to a working role; folded away step by step as it is gone, and always there to return. */
function Steps(props: {
  connection: Connection
  verification: Verification | undefined
  wasSetUp: boolean
}) {
  const { connection, verification, wasSetUp } = props
  const [choices, setChoices] = useState<Partial<Record<string, boolean>>>({})
  const hasRole = connection.roleArn !== null
  const passed = verification?.state === 'passed'
  // Not before it is known, or the step would open and close again as the page is loaded.
  const isFailing = verification !== undefined && !passed
  const usual: Record<string, boolean> = {
    role: !hasRole,
    arn: !hasRole,
    verification: hasRole && (!wasSetUp || isFailing || isVerifying(connection.status)),
  }
  const isOpen = (step: string) => choices[step] ?? usual[step] ?? false
  const steps = Object.keys(usual)
  const onChange = (opened: string[]) => {
    const changed = steps.filter((step) => isOpen(step) !== opened.includes(step))
    setChoices({
      ...choices,
      ...Object.fromEntries(changed.map((step) => [step, opened.includes(step)])),
    })
  }
  return (
    <Accordion
      multiple
      variant="separated"
      order={2}
      value={steps.filter(isOpen)}
      onChange={onChange}
      keepMounted={false}
    >
      <Step id="role" mark={hasRole ? done : 1} title="Create the role">
        <SetUp connection={connection} />
      </Step>
      <Step
        id="arn"
        mark={hasRole ? done : 2}
        title={hasRole ? 'Role ARN' : 'Paste the role ARN'}
        summary={connection.roleArn}
      >
        <RoleArn connection={connection} onSaved={() => setChoices({})} />
      </Step>
      <Step
        id="verification"
        mark={passed ? done : verification?.state === 'failed' ? failed : 3}
        title="Verification"
        summary={summary(connection, verification)}
      >
        <VerificationChecks connection={connection} verification={verification} />
      </Step>
    </Accordion>
  )
}

const done = <ToneIcon tone="good" size={20} />
const failed = <ToneIcon tone="action" size={20} />

/** What nobody has to do. */
function More(props: { connection: Connection; verification: Verification | undefined }) {
  const { connection, verification } = props
  return (
    <Accordion multiple variant="separated" order={2} keepMounted={false}>
      {verification && verification.notProvable.length > 0 && (
        <Step
          id="who"
          mark={<IconUsers size={20} />}
          title="Review the trust policy"
          summary="Check who else can assume the role"
        >
          {/* What was said of one role is not said of another. */}
          <WhoElse key={connection.roleArn} {...{ connection, verification }} />
        </Step>
      )}
      <Step
        id="import"
        mark={<IconAdjustments size={20} />}
        title="Import settings"
        summary={wanted(connection)}
      >
        <ImportSettings connection={connection} />
      </Step>
    </Accordion>
  )
}

function summary(connection: Connection, verification: Verification | undefined): string {
  if (connection.roleArn === null) return 'Requires a role'
  switch (verification?.state) {
    case 'passed':
      return 'Role access verified'
    case 'failed':
      return 'Verification failed'
    case 'waiting':
      return 'Waiting for AWS'
    default:
      return 'Verifying'
  }
}

function wanted({ selection, lookbackDays }: Connection): string {
  const what = selection === 'all' ? 'All events, including reads' : 'Changes only'
  return `${what}, ${counted(lookbackDays, 'day')} of lookback`
}

function Step(props: {
  id: string
  /** Its number, or what became of it. */
  mark: ReactNode
  title: string
  summary?: string | null
  children: ReactNode
}) {
  return (
    <Accordion.Item value={props.id}>
      <Accordion.Control>
        <Group gap="sm" wrap="nowrap" align="flex-start">
          <Text component="span" w={20} ta="center" fw={600} aria-hidden>
            {props.mark}
          </Text>
          <div style={{ minWidth: 0 }}>
            <Text component="span" display="block" fw={600}>
              {props.title}
            </Text>
            {props.summary && (
              <Text component="span" display="block" size="sm" c="dimmed" className="from-aws">
                {props.summary}
              </Text>
            )}
          </div>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{props.children}</Accordion.Panel>
    </Accordion.Item>
  )
}

/** What had the focus is gone with the page that was here. */
const focus = (heading: HTMLElement | null) => heading?.focus()

/** What is left to do, when Cairn itself has forgotten the account. */
function Deleted({ connection }: { connection: DeletedConnection }) {
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
