import { Stack, Table } from '@mantine/core'
import type { Setup } from '../../../client.ts'
import { Snippet } from '../../../components/copy.tsx'
import { Commands, Titled } from './parts.tsx'

export function RawPolicies(props: {
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
