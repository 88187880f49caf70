import { ActionIcon, Box, Code, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
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
