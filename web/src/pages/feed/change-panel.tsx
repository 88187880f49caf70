import { ActionIcon, Button, Group, Stack } from '@mantine/core'
import { IconExternalLink, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { RefObject } from 'react'
import { ChangeBody, useChange } from '../change/body.tsx'
import classes from './feed.module.css'

/** A change beside the list that it was opened from. */
export function ChangePanel(props: {
  ref: RefObject<HTMLElement | null>
  id: string
  onClose: () => void
}) {
  const { ref, id } = props
  const change = useChange(id)
  return (
    <aside ref={ref} tabIndex={-1} className={classes.panel} aria-label="Change">
      <Stack gap="md">
        <Group justify="space-between" wrap="nowrap">
          <Button
            component={Link}
            to="/changes/$id"
            params={{ id } as never}
            preload={false}
            variant="subtle"
            size="compact-sm"
            leftSection={<IconExternalLink size={16} aria-hidden />}
          >
            Open page
          </Button>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Close change"
            onClick={props.onClose}
          >
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </Group>
        <ChangeBody change={change} headingOrder={2} />
      </Stack>
    </aside>
  )
}
