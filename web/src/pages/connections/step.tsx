import { Accordion, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** A section that opens and closes. */
export function StepSection(props: {
  id: string
  /** Its number, or an icon for its state. */
  mark: ReactNode
  title: string
  summary?: string | null
  /** Stays in sight below the steps above it, where the window has room for it. */
  isSticky?: boolean
  children: ReactNode
}) {
  return (
    <Accordion.Item value={props.id} className={props.isSticky ? 'sticky-step' : undefined}>
      <Accordion.Control>
        <Group gap="sm" wrap="nowrap" align="flex-start">
          <Text component="span" w={20} ta="center" fw={600} aria-hidden>
            {props.mark}
          </Text>
          <div style={{ minWidth: 0 }}>
            <Text component="span" display="block" fw={600}>
              {props.title}
            </Text>
            {props.summary && (
              <Text component="span" display="block" size="sm" c="dimmed" className="from-aws">
                {props.summary}
              </Text>
            )}
          </div>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{props.children}</Accordion.Panel>
    </Accordion.Item>
  )
}
