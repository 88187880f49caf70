import { Button, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { deleteIntegrationRecovery } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'

export function RemoveToken(props: { integrationId: string; disabled: boolean }) {
  const { integrationId, disabled } = props
  const client = useQueryClient()
  const [opened, { open, close }] = useDisclosure()
  return (
    <Group>
      <Button variant="default" disabled={disabled} onClick={open}>
        Remove token
      </Button>
      <Confirm
        opened={opened}
        onClose={close}
        title="Remove the token"
        action="Remove"
        onConfirm={async () => {
          await deleteIntegrationRecovery(integrationId)
          await client.invalidateQueries({ queryKey: ['integrations'] })
        }}
      >
        Cairn deletes the token. Deliveries that are missed from now on are not found.
      </Confirm>
    </Group>
  )
}
