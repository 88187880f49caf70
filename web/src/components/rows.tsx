import { Group, Paper, Stack } from '@mantine/core'
import type { ReactNode, Ref } from 'react'

/**
 * Wraps a list whose rows can be removed. Stays without rows, and takes the focus of a removed row.
 */
export function List(props: { label: string; ref: Ref<HTMLDivElement>; children: ReactNode }) {
  return (
    <Stack gap="xs" role="group" aria-label={props.label} ref={props.ref} tabIndex={-1}>
      {props.children}
    </Stack>
  )
}

/** A list of rows with actions at the end. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Paper withBorder component="ul" aria-label={label} m={0} p={0} className="rows">
      {children}
    </Paper>
  )
}

export function Row({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <Group component="li" justify="space-between" gap="xs" px="sm" py={8} mih={52}>
      <Stack gap={0} flex="1 1 160px" miw={0}>
        {children}
      </Stack>
      {actions && (
        <Group gap={4} wrap="nowrap">
          {actions}
        </Group>
      )}
    </Group>
  )
}
