import { ActionIcon, Button, Modal, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFlame } from '@tabler/icons-react'
import { Suspense } from 'react'
import { lazyPart } from '../lazy-part.ts'
import { useOpenRequests } from './open-requests.ts'
import { useSingleKey } from './shortcuts.tsx'

// The calendar is not part of the first page's file.
const BrokeForm = lazyPart(() => import('./broke-form.tsx'), 'BrokeForm')

const LABEL = 'Something broke…'

/** Asks when and where something broke, on every page. The key `b` opens it. */
export function BrokeBox() {
  const [isOpen, { open, close }] = useDisclosure()
  useOpenRequests('broke-box', open)
  useSingleKey('b', open)
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
