import {
  ActionIcon,
  Box,
  Button,
  Code,
  Collapse,
  CopyButton,
  Group,
  Text,
  Tooltip,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCheck, IconChevronRight, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { visible } from './json.ts'

/** Copies a text and confirms it. */
export function Copy({ text, label }: { text: string; label: string }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label} withArrow>
          <ActionIcon
            variant="subtle"
            color={copied ? 'teal' : 'gray'}
            onClick={copy}
            aria-label={copied ? 'Copied' : label}
          >
            {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

/** A button with a label that copies a text and confirms it. */
export function CopyText(props: {
  text: string
  label: string
  /** For screen readers, where the label alone is not clear. */
  name?: string
  icon?: ReactNode
  size?: 'xs' | 'compact-sm'
}) {
  const {
    text,
    label,
    name,
    icon = <IconCopy size={14} aria-hidden />,
    size = 'compact-sm',
  } = props
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size={size}
          onClick={copy}
          aria-label={copied ? undefined : name}
          leftSection={copied ? <IconCheck size={14} aria-hidden /> : icon}
        >
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  )
}

/** A code block with a copy button. Long ones scroll, by keyboard too. */
export function Snippet(props: { text: string; label: string; maxHeight?: number }) {
  return (
    <Box pos="relative">
      <Code
        block
        tabIndex={0}
        role="region"
        aria-label={props.label}
        mah={props.maxHeight ?? 360}
        pr={44}
        style={{ overflow: 'auto', whiteSpace: 'pre' }}
      >
        {visible(props.text)}
      </Code>
      <Box pos="absolute" top={6} right={6} bg="var(--mantine-color-body)" bdrs="sm">
        <Copy text={props.text} label={`Copy: ${props.label}`} />
      </Box>
    </Box>
  )
}

/**
 * A titled code block that can be copied without showing it. Long code would move what follows it out
 * of sight.
 */
export function CollapsedSnippet(props: { text: string; title: string; maxHeight?: number }) {
  const [isOpen, { toggle }] = useDisclosure()
  const { text, title, maxHeight } = props
  return (
    <Box>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Group gap={4} wrap="nowrap">
          <Button
            variant="default"
            size="compact-sm"
            onClick={toggle}
            aria-expanded={isOpen}
            aria-label={`${isOpen ? 'Hide' : 'Show'} code: ${title}`}
            leftSection={
              <IconChevronRight
                size={14}
                aria-hidden
                style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
              />
            }
          >
            {isOpen ? 'Hide code' : 'Show code'}
          </Button>
          <CopyText text={text} label="Copy" name={`Copy: ${title}`} />
        </Group>
      </Group>
      <Collapse expanded={isOpen} keepMounted={false}>
        <Box mt={6}>
          <Snippet text={text} label={title} {...(maxHeight !== undefined && { maxHeight })} />
        </Box>
      </Collapse>
    </Box>
  )
}
