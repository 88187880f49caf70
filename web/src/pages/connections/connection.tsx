import { Anchor, Breadcrumbs, Button, Group, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Connection, DeletedConnection } from '../../client.ts'
import { visible } from '../../components/json.ts'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { DeleteButton } from './delete.tsx'
import { Deleted } from './deleted.tsx'
import { NameTitle, PauseButton } from './header.tsx'
import { ImportSection } from './import.tsx'
import { EnvironmentAndExternalId } from './import-settings.tsx'
import { MoreSections } from './more-sections.tsx'
import { connectionQuery, coverageQuery, isGone, verificationQuery } from './queries.ts'
import { StatusPanel } from './status-panel.tsx'
import { Steps } from './steps.tsx'
import { UnparsedRecords } from './unparsed.tsx'

/** Everything about one connection: setup, verification, imports and settings. */
export function ConnectionPage() {
  const { id } = useParams({ from: '/app/integrations/aws/$id' })
  const connection = useQuery(connectionQuery(id))
  const [deleted, setDeleted] = useState<DeletedConnection>()
  if (deleted?.id === id) return <Deleted connection={deleted} />
  if (connection.data && !isGone(connection.error))
    return <Page key={id} connection={connection.data} onDeleted={setDeleted} />
  if (connection.isPending) return <Loading title="AWS account" />
  if (isGone(connection.error))
    return (
      <EmptyState
        isPage
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
  // The order of sections does not change while the page is open.
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
      <StatusPanel connection={connection} verification={checks} coverage={coverage.data} />
      {!isDeleting && <EnvironmentAndExternalId connection={connection} />}
      {!isStepsFirst && imported}
      {!isDeleting && <Steps connection={connection} verification={checks} wasSetUp={wasSetUp} />}
      {isStepsFirst && imported}
      <UnparsedRecords connection={connection} />
      {!isDeleting && <MoreSections connection={connection} verification={checks} />}
    </Stack>
  )
}
