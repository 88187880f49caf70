import { Button, List, Stack, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { CollapsedSnippet } from '../../../components/copy.tsx'

/** One block per command, because they run one after the other. */
export function Commands({ commands }: { commands: { title: string; command: string }[] }) {
  return (
    <List
      listStyleType="none"
      spacing="sm"
      type="ordered"
      styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}
    >
      {commands.map(({ title, command }, index) => (
        <List.Item key={title}>
          <CollapsedSnippet title={`${index + 1}. ${title}`} text={command} maxHeight={240} />
        </List.Item>
      ))}
    </List>
  )
}

export function Titled({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
    </Stack>
  )
}

/**
 * Downloads from the origin of the page, which has the session cookie. The URL of the API is for
 * scripts.
 */
export function Download(props: { url: string; fileName: string; children: ReactNode }) {
  const { pathname, search } = new URL(props.url)
  return (
    <Button
      component="a"
      variant="default"
      href={`${pathname}${search}`}
      download={props.fileName}
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      {props.children}
    </Button>
  )
}
