import { Button, Group, Modal, Stack } from '@mantine/core'
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ErrorState } from './states.tsx'

/** Asks before something is done that cannot be undone, and stays open when it fails. */
export function Confirm(props: {
  opened: boolean
  onClose: () => void
  title: string
  /** The verb: what the button does. */
  action: string
  onConfirm: () => Promise<unknown>
  children: ReactNode
}) {
  const doing: UseMutationResult<unknown, Error, void> = useMutation({
    mutationFn: props.onConfirm,
    onSuccess: props.onClose,
  })
  const close = () => {
    doing.reset()
    props.onClose()
  }
  return (
    <Modal opened={props.opened} onClose={close} title={props.title} centered>
      <Stack>
        <div>{props.children}</div>
        {doing.isError && <ErrorState error={doing.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            Cancel
          </Button>
          <Button color="red" loading={doing.isPending} onClick={() => doing.mutate()}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
