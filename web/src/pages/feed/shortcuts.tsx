import { Group, Kbd, Modal, Switch, Table, Text } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { keyHelp } from './keys.ts'

/** Whether single-key shortcuts are turned off, kept in this browser. */
export function useLettersOff() {
  return useLocalStorage({
    key: 'cairn-letter-keys-off',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
}

/** The list of keyboard shortcuts, and the switch for those that are a single key. */
export function Shortcuts(props: {
  isOpen: boolean
  onClose: () => void
  areLettersOff: boolean
  onLettersOff: (are: boolean) => void
}) {
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title="Keyboard shortcuts">
      <Switch
        mb="sm"
        label="Single-key shortcuts"
        description="Turn off if you use voice input."
        checked={!props.areLettersOff}
        onChange={(event) => props.onLettersOff(!event.currentTarget.checked)}
      />
      <Table>
        <Table.Tbody>
          {keyHelp.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td>
                <Group gap={4}>
                  {keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{what}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
