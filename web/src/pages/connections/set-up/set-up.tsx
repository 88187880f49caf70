import { Button, Collapse, SimpleGrid, Stack, Tabs, Text, TextInput } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldErrorAt } from '../../../api.ts'
import type { Connection } from '../../../client.ts'
import { DemoStack } from '../../../components/demo-stack.tsx'
import { ErrorState, Loading } from '../../../components/states.tsx'
import { meQuery } from '../../../session.ts'
import { type SetupWishes, setupQuery } from '../queries.ts'
import { CloudFormation } from './cloudformation.tsx'
import { JsonPolicies } from './json-policies.tsx'
import { Commands } from './parts.tsx'
import { Terraform } from './terraform.tsx'
import { UnknownPrincipal } from './unknown-principal.tsx'

/** Four ways to create the role, with the values of this connection. */
export function SetUp({ connection }: { connection: Connection }) {
  const demo = useQuery(meQuery).data?.demo ?? false
  const [typed, setTyped] = useState<SetupWishes>({})
  const [wishes] = useDebouncedValue(typed, 300)
  const [tuning, tune] = useDisclosure()
  const setup = useQuery(setupQuery(connection.id, wishes))
  const usual = useQuery(setupQuery(connection.id, {}))
  // Errors of the role name and path appear at their fields. The instructions without them stay.
  const last = setup.data ?? usual.data
  if (!last) {
    if (usual.isError) return <ErrorState error={usual.error} retry={() => usual.refetch()} />
    return <Loading />
  }
  const { terraform, cloudFormation, cli, policies } = last
  if (!terraform || !cloudFormation || !cli)
    return (
      <UnknownPrincipal
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
    (fieldErrorAt(setup.error, '?roleName') ?? fieldErrorAt(setup.error, '?rolePath')) !== undefined
  // Dims commands that do not contain the latest input.
  const isOutdated = typed !== wishes || setup.isPlaceholderData

  const wish = (name: keyof SetupWishes, value: string) => {
    const { [name]: _, ...others } = typed
    setTyped(value === '' ? others : { ...others, [name]: value })
  }
  return (
    <Stack>
      <Text size="sm">
        Create this role in the account to import. All options create the same role: Cairn can
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
              error={fieldErrorAt(setup.error, '?roleName')}
            />
            <TextInput
              label="Path"
              placeholder={last.rolePath}
              value={typed.rolePath ?? ''}
              onChange={(event) => wish('rolePath', event.currentTarget.value)}
              error={fieldErrorAt(setup.error, '?rolePath')}
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
          <Tabs.Tab value="cli">AWS CLI</Tabs.Tab>
          <Tabs.Tab value="json">JSON policies</Tabs.Tab>
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
        <Tabs.Panel value="cli" pt="md">
          <Commands commands={cli.commands} />
        </Tabs.Panel>
        <Tabs.Panel value="json" pt="md">
          <JsonPolicies policies={policies} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}
