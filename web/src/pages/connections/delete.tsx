import { Button, Checkbox, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Connection, type DeletedConnection, deleteConnection } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { refreshEnvironments } from '../../components/environment-badge.tsx'

export function DeleteButton(props: {
  connection: Connection
  onDeleted: (deleted: DeletedConnection) => void
}) {
  const { connection, onDeleted } = props
  const client = useQueryClient()
  const [asking, { open, close }] = useDisclosure()
  const [purge, setPurge] = useState(false)
  const remove = async () => {
    const deleted = await deleteConnection(connection.id, { purge: purge ? 'true' : 'false' })
    void client.invalidateQueries({ queryKey: ['connections'], exact: true })
    void refreshEnvironments(client)
    onDeleted(deleted)
  }
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} />} onClick={open}>
        Delete
      </Button>
      <Confirm
        opened={asking}
        onClose={close}
        title="Delete this connection?"
        action={purge ? 'Delete with changes' : 'Delete connection'}
        cancel="Cancel"
        onConfirm={remove}
      >
        <Stack>
          <Text>
            Imports of <bdi>{connection.name}</bdi> stop. Its external ID is deleted: connecting the
            account again creates a new one.
          </Text>
          <Checkbox
            label="Also delete imported changes"
            description={
              purge
                ? 'Its changes are removed from the feed. Changes older than 90 days cannot be imported again.'
                : 'Imported changes stay in the feed.'
            }
            checked={purge}
            onChange={(event) => setPurge(event.currentTarget.checked)}
          />
          <Text size="sm" c="dimmed">
            {connection.roleArn
              ? 'You remove the role in AWS yourself. The next page shows the commands.'
              : 'There is no role, so nothing is left in AWS.'}
          </Text>
        </Stack>
      </Confirm>
    </>
  )
}
