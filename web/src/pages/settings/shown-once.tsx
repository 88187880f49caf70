import { Button, Group, Paper, Stack, Text } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef } from 'react'

/** Shows a secret once, until the user confirms. */
export function ShownOnce(props: { title: string; children: ReactNode; onDone: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  // The form that had the focus is gone.
  useEffect(() => box.current?.focus(), [])
  return (
    <Paper withBorder p="md" ref={box} tabIndex={-1} role="group" aria-label={props.title}>
      <Stack gap="xs">
        <Group gap={6} wrap="nowrap" align="flex-start">
          <IconCheck size={20} color="var(--mantine-color-teal-text)" aria-hidden />
          <Text fw={600}>{props.title}</Text>
        </Group>
        {props.children}
        <Group>
          <Button variant="default" onClick={props.onDone}>
            Done
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}
