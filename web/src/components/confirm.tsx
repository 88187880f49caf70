import { Button, Group, Stack } from '@mantine/core'
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import type { ReactNode, RefObject } from 'react'
import { Dialog } from './dialog.tsx'
import { ErrorState } from './states.tsx'

/** Confirms an action that cannot be undone. Stays open when the action fails. */
export function Confirm(props: {
  opened: boolean
  onClose: () => void
  title: string
  /** The verb: what the button does. */
  action: string
  cancel?: string
  onConfirm: () => Promise<unknown>
  /** Gets the focus afterwards, if the element that opened the dialog is removed. */
  focusAfter?: RefObject<HTMLElement | null>
  children: ReactNode
}) {
  const { onClose, focusAfter } = props
  const doing: UseMutationResult<unknown, Error, void> = useMutation({
    mutationFn: props.onConfirm,
    onSuccess: () => {
      focusAfter?.current?.focus()
      onClose()
    },
  })
  const close = () => {
    doing.reset()
    onClose()
  }
  return (
    <Dialog opened={props.opened} onClose={close} title={props.title} centered>
      <Stack>
        <div>{props.children}</div>
        {doing.isError && <ErrorState error={doing.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {props.cancel ?? 'Cancel'}
          </Button>
          <Button color="red" loading={doing.isPending} onClick={() => doing.mutate()}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
