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
        action={purge ? 'Delete it and its changes' : 'Delete it'}
        cancel="Keep it"
        onConfirm={remove}
      >
        <Stack>
          <Text>
            Imports of <bdi>{connection.name}</bdi> end. Its external ID is gone for good:
            connecting the account again takes a new one.
          </Text>
          <Checkbox
            label="Remove what was imported as well"
            description={
              purge
                ? 'Its changes leave the feed. They cannot be brought back once CloudTrail has dropped them.'
                : 'Otherwise its changes stay in the feed.'
            }
            checked={purge}
            onChange={(event) => setPurge(event.currentTarget.checked)}
          />
          <Text size="sm" c="dimmed">
            {connection.roleArn
              ? 'The role in AWS is yours to remove: the commands come next.'
              : 'There is no role yet, so nothing is left in AWS.'}
          </Text>
        </Stack>
      </Confirm>
    </>
  )
}
