import { Group, Stack, Text } from '@mantine/core'
import type { Setup } from '../../../client.ts'
import { CollapsedSnippet } from '../../../components/copy.tsx'
import { Commands, Download } from './parts.tsx'

export function Terraform({ terraform }: { terraform: NonNullable<Setup['terraform']> }) {
  return (
    <Stack>
      <CollapsedSnippet title="Module block for your .tf file" text={terraform.module} />
      <Group gap="sm">
        <Download {...terraform.download}>Download module</Download>
        <Text size="sm" c="dimmed">
          Unpack it next to that file, or run the first command with an API key.
        </Text>
      </Group>
      <Commands commands={terraform.commands} />
    </Stack>
  )
}
