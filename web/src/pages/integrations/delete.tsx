import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { deleteIntegration, type Integration } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { ownerOnlyReason, useMe } from '../settings/permissions.tsx'

export function DeleteIntegration({ integration }: { integration: Integration }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [opened, { open, close }] = useDisclosure()
  const why = ownerOnlyReason(useMe())
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconTrash size={14} aria-hidden />}
        disabled={why !== undefined}
        title={why}
        onClick={open}
      >
        Delete
      </Button>
      <Confirm
        opened={opened}
        onClose={close}
        title={`Delete ${integration.name}`}
        action="Delete"
        onConfirm={async () => {
          await deleteIntegration(integration.id)
          await navigate({ to: '/integrations' })
          await client.invalidateQueries({ queryKey: ['integrations'] })
        }}
      >
        Its URL stops working, and its delivery log is deleted. Changes and incidents are kept.
      </Confirm>
    </>
  )
}
