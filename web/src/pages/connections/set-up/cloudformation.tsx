import { Alert, Button, Group, Select, Stack, Text } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import type { Setup } from '../../../client.ts'
import { Prose } from '../../../components/prose.tsx'
import { Commands, Download, Titled } from './parts.tsx'

export function CloudFormation(props: {
  cloudFormation: NonNullable<Setup['cloudFormation']>
  region: string
  onRegion: (region: string) => void
}) {
  const { cloudFormation, region, onRegion } = props
  const { links, why } = cloudFormation.quickCreate
  const link = links.find((one) => one.region === region)
  return (
    <Stack>
      {links.length > 0 && (
        <Titled title="Create the stack in the console">
          <Group align="flex-end" gap="sm">
            <Select
              label="Stack region"
              data={links.map((one) => one.region)}
              value={region}
              onChange={(chosen) => chosen && onRegion(chosen)}
              searchable
              allowDeselect={false}
            />
            {link && (
              <Button
                component="a"
                href={link.url}
                target="_blank"
                rel="noreferrer"
                rightSection={<IconExternalLink size={16} aria-hidden />}
              >
                Create stack
              </Button>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            Sign in to the account first. The role works in all regions, independent of the stack
            region. When the stack is complete, its Outputs tab shows the role ARN.
          </Text>
        </Titled>
      )}
      {why && (
        <Alert color="gray" variant="light" title="Quick-create link not available">
          <Prose text={why} /> Until then, upload the template in the console, or use the commands.
        </Alert>
      )}
      <Titled title="Template with the external ID filled in">
        <Group>
          <Download {...cloudFormation.download}>
            Download {cloudFormation.download.fileName}
          </Download>
        </Group>
        <Text size="sm" c="dimmed">
          For “Upload a template file” in the console. Keep the parameters as they are.
        </Text>
      </Titled>
      <Commands commands={cloudFormation.commands} />
    </Stack>
  )
}
