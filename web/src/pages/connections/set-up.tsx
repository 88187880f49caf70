import {
  Alert,
  Button,
  Collapse,
  Group,
  List,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { IconAlertTriangle, IconDownload, IconExternalLink } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { fieldTrouble } from '../../api.ts'
import type { Connection, Setup } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { DemoStack } from '../../components/demo-stack.tsx'
import { visible } from '../../components/json.ts'
import { ErrorState, Loading } from '../../components/states.tsx'
import { meQuery } from '../../session.ts'
import { Prose } from './prose.tsx'
import { type SetupWishes, setupQuery } from './queries.ts'

/** Three ways to the same role, filled in for this connection. */
export function SetUp({ connection }: { connection: Connection }) {
  const demo = useQuery(meQuery).data?.demo ?? false
  const [typed, setTyped] = useState<SetupWishes>({})
  const [wishes] = useDebouncedValue(typed, 300)
  const [tuning, tune] = useDisclosure()
  const setup = useQuery(setupQuery(connection.id, wishes))
  const usual = useQuery(setupQuery(connection.id, {}))
  // A wish that is refused is told at its field; what was there without it stays.
  const last = setup.data ?? usual.data
  if (!last) {
    if (usual.isError) return <ErrorState error={usual.error} retry={() => usual.refetch()} />
    return <Loading />
  }
  const { terraform, cloudFormation, cli, policies } = last
  if (!terraform || !cloudFormation || !cli)
    return (
      <UncertainPrincipal
        principal={last.principal}
        isLooking={usual.isFetching || setup.isFetching}
        retry={() => {
          void usual.refetch()
          void setup.refetch()
        }}
      />
    )
  const isAtField =
    tuning &&
    (fieldTrouble(setup.error, '?roleName') ?? fieldTrouble(setup.error, '?rolePath')) !== undefined
  // Nobody is to copy the commands of before the last letter that was typed.
  const isOutdated = typed !== wishes || setup.isPlaceholderData

  const wish = (name: keyof SetupWishes, value: string) => {
    const { [name]: _, ...others } = typed
    setTyped(value === '' ? others : { ...others, [name]: value })
  }
  return (
    <Stack>
      <Text size="sm">
        Create this role in the account to import. All three options create the same role: Cairn can
        assume it only with this connection's external ID, and can read only CloudTrail events.
      </Text>
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={tune.toggle}
          aria-expanded={tuning}
          ml={-8}
        >
          Customize role name and path
        </Button>
        <Collapse expanded={tuning} keepMounted={false}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs">
            <TextInput
              label="Role name"
              placeholder={last.roleName}
              value={typed.roleName ?? ''}
              onChange={(event) => wish('roleName', event.currentTarget.value)}
              error={fieldTrouble(setup.error, '?roleName')}
            />
            <TextInput
              label="Path"
              placeholder={last.rolePath}
              value={typed.rolePath ?? ''}
              onChange={(event) => wish('rolePath', event.currentTarget.value)}
              error={fieldTrouble(setup.error, '?rolePath')}
            />
          </SimpleGrid>
        </Collapse>
      </div>
      <DemoStack connectionId={connection.id} />
      {setup.isError && !isAtField && (
        <ErrorState error={setup.error} retry={() => setup.refetch()} />
      )}
      <Tabs
        aria-busy={isOutdated}
        opacity={isOutdated ? 0.5 : undefined}
        key={String(demo)}
        defaultValue={demo ? 'cloudFormation' : 'terraform'}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="terraform">Terraform</Tabs.Tab>
          <Tabs.Tab value="cloudFormation">CloudFormation</Tabs.Tab>
          <Tabs.Tab value="raw">Raw policies</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="terraform" pt="md">
          <Terraform terraform={terraform} />
        </Tabs.Panel>
        <Tabs.Panel value="cloudFormation" pt="md">
          <CloudFormation
            cloudFormation={cloudFormation}
            region={last.region}
            onRegion={(region) => wish('region', region)}
          />
        </Tabs.Panel>
        <Tabs.Panel value="raw" pt="md">
          <RawPolicies policies={policies} commands={cli.commands} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}

/** A policy that named the wrong principal would be worse than none. */
function UncertainPrincipal(props: {
  principal: Setup['principal']
  isLooking: boolean
  retry: () => void
}) {
  const { saw, means, remedy } = props.principal
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title="Cannot determine the IAM role that Cairn runs as"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{means}</Text>
        <Text size="sm" className="from-aws">
          AWS response: {visible(saw)}
        </Text>
        {remedy && (
          <Text size="sm" fw={600}>
            <Prose text={remedy} />
          </Text>
        )}
        <Text size="sm">
          The role you create must trust this principal by name, so the setup instructions appear
          when it is known.
        </Text>
        <Button variant="default" size="compact-sm" loading={props.isLooking} onClick={props.retry}>
          Look again
        </Button>
      </Stack>
    </Alert>
  )
}

function Terraform({ terraform }: { terraform: NonNullable<Setup['terraform']> }) {
  return (
    <Stack>
      <Titled title="Module block for your .tf file">
        <Snippet text={terraform.module} label="Terraform block" />
      </Titled>
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

function CloudFormation(props: {
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
                {' '}
                Create stack{' '}
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

function RawPolicies(props: {
  policies: Setup['policies']
  commands: { title: string; command: string }[]
}) {
  const { trust, permissions, actions } = props.policies
  return (
    <Stack>
      <Titled title="Trust policy: who can assume the role">
        <Snippet text={JSON.stringify(trust, null, 2)} label="Trust policy" />
      </Titled>
      <Titled title="Permissions policy: what the role can do">
        <Snippet text={JSON.stringify(permissions, null, 2)} label="Permissions policy" />
      </Titled>
      <Titled title="Why each action is needed">
        <Table verticalSpacing={6} aria-label="Actions and their purpose">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Action</Table.Th>
              <Table.Th>Purpose</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {actions.map(({ action, purpose, used }) => (
              <Table.Tr key={action}>
                <Table.Td ff="monospace" fz="sm" style={{ overflowWrap: 'anywhere' }}>
                  {action}
                </Table.Td>
                <Table.Td fz="sm">
                  {purpose}
                  {!used && ' Not used yet: session policies exclude it.'}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Titled>
      <Commands commands={props.commands} />
    </Stack>
  )
}

/** Each on its own, for they are run one after the other. */
function Commands({ commands }: { commands: { title: string; command: string }[] }) {
  return (
    <List
      listStyleType="none"
      spacing="sm"
      type="ordered"
      styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}
    >
      {commands.map(({ title, command }, index) => (
        <List.Item key={title}>
          <Titled title={`${index + 1}. ${title}`}>
            <Snippet text={command} label={title} maxHeight={240} />
          </Titled>
        </List.Item>
      ))}
    </List>
  )
}

function Titled({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
    </Stack>
  )
}

/** By the page's own origin, where the session's cookie is; the answer names how scripts reach it. */
function Download(props: { url: string; fileName: string; children: ReactNode }) {
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
