import { ActionIcon, Button, Modal, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFlame } from '@tabler/icons-react'
import { Suspense, useEffect } from 'react'
import { lazyPart } from '../lazy-part.ts'
import { useLettersOff } from '../pages/feed/shortcuts.tsx'
import { useBrokeBoxRequests } from './broke-box-state.ts'

// The calendar is not part of the first page's file.
const BrokeForm = lazyPart(() => import('./broke-form.tsx'), 'BrokeForm')

const LABEL = 'Something broke…'

/** Asks when and where something broke, on every page. The key `b` opens it. */
export function BrokeBox() {
  const [isOpen, { open, close }] = useDisclosure()
  useBrokeBoxRequests(open)
  const [areLettersOff] = useLettersOff()
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'b' || event.ctrlKey || event.metaKey || event.altKey) return
      const target = event.target instanceof HTMLElement ? event.target : document.body
      const isTyping = target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
      const isElsewhere = target.closest('[role=dialog], [role=menu], [role=listbox]') !== null
      if (areLettersOff || isTyping || isElsewhere) return
      event.preventDefault()
      open()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [open, areLettersOff])
  return (
    <>
      <Button
        visibleFrom="sm"
        variant="default"
        size="xs"
        leftSection={<IconFlame size={16} aria-hidden />}
        onClick={open}
        aria-keyshortcuts="b"
      >
        {LABEL}
      </Button>
      <ActionIcon
        hiddenFrom="sm"
        variant="default"
        size="lg"
        onClick={open}
        aria-label={LABEL}
        aria-keyshortcuts="b"
      >
        <IconFlame size={18} aria-hidden />
      </ActionIcon>
      <Modal
        opened={isOpen}
        onClose={close}
        title="Something broke"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Suspense fallback={<Skeleton height={190} />}>
          {isOpen && <BrokeForm onDone={close} />}
        </Suspense>
      </Modal>
    </>
  )
}
