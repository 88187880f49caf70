import { Group, Kbd, Modal, Switch, Table, Text } from '@mantine/core'
import { useDisclosure, useLocalStorage } from '@mantine/hooks'
import { useEffect } from 'react'
import { keyHelp } from '../pages/feed/keys.ts'
import { useOpenRequests } from './open-requests.ts'

/** Whether single-key shortcuts are turned off, kept in this browser. */
export function useLettersOff() {
  return useLocalStorage({
    key: 'cairn-letter-keys-off',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
}

/** Calls back when the key is pressed alone, outside text inputs, dialogs and menus. */
export function useSingleKey(key: string, onPress: () => void): void {
  const [areLettersOff] = useLettersOff()
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== key || areLettersOff || !isForPage(event)) return
      event.preventDefault()
      onPress()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [key, onPress, areLettersOff])
}

/** Whether neither the browser, nor an input, nor a layer above the page handles the key. */
function isForPage(event: KeyboardEvent): boolean {
  // Some keyboards need Alt to type a question mark.
  const isAlt = event.altKey && event.key !== '?'
  if (event.ctrlKey || event.metaKey || isAlt) return false
  const target = event.target instanceof HTMLElement ? event.target : document.body
  const isTyping = target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
  return !isTyping && target.closest('[role=dialog], [role=menu], [role=listbox]') === null
}

/** The list of keyboard shortcuts, on every page, and the switch for those that are a single key. */
export function Shortcuts() {
  const [isOpen, { open, close }] = useDisclosure()
  const [areLettersOff, setLettersOff] = useLettersOff()
  useOpenRequests('shortcuts', open)
  useSingleKey('?', open)
  return (
    <Modal opened={isOpen} onClose={close} title="Keyboard shortcuts">
      <Switch
        mb="sm"
        label="Single-key shortcuts"
        description="Turn off if you use voice input."
        checked={!areLettersOff}
        onChange={(event) => setLettersOff(!event.currentTarget.checked)}
      />
      <Table>
        <Table.Tbody>
          {keyHelp.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td>
                <Group gap={4} wrap="nowrap">
                  {keys.map((key) => (
                    <Kbd key={key} style={{ whiteSpace: 'nowrap' }}>
                      {key}
                    </Kbd>
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
