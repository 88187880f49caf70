import { Button, Collapse, Stack, Table } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { Setup } from '../../../client.ts'
import { CollapsedSnippet } from '../../../components/copy.tsx'

export function JsonPolicies({ policies }: { policies: Setup['policies'] }) {
  const { trust, permissions, actions } = policies
  const [isOpen, { toggle }] = useDisclosure()
  return (
    <Stack>
      <CollapsedSnippet
        title="Trust policy: who can assume the role"
        text={JSON.stringify(trust, null, 2)}
      />
      <CollapsedSnippet
        title="Permissions policy: what the role can do"
        text={JSON.stringify(permissions, null, 2)}
      />
      <div>
        <Button variant="default" size="compact-sm" onClick={toggle} aria-expanded={isOpen}>
          Why each action is needed
        </Button>
        <Collapse expanded={isOpen} keepMounted={false}>
          <Table mt="xs" verticalSpacing={6} aria-label="Actions and their purpose">
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
        </Collapse>
      </div>
    </Stack>
  )
}
