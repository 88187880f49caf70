import { Modal, type ModalProps } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { createContext, type RefObject, use, useEffect, useRef, useState } from 'react'

type Taking = (count: (takers: number) => number) => void

const EscapeContext = createContext<Taking>(() => {})

/** While active, Escape does not close the surrounding dialog. */
function useCapturesEscape(active: boolean): void {
  const take = use(EscapeContext)
  useEffect(() => {
    if (!active) return
    take((takers) => takers + 1)
    return () => take((takers) => takers - 1)
  }, [active, take])
}

/**
 * Escape ends editing, wherever the focus is, and keeps the surrounding dialog open.
 *
 * @returns the ref for the form
 */
export function useEscape(onEscape: (() => void) | undefined): RefObject<HTMLFormElement | null> {
  const edited = useRef<HTMLFormElement>(null)
  useCapturesEscape(onEscape !== undefined)
  useWindowEvent(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || event.isComposing || !(event.target instanceof Element)) return
      // An open dropdown closes first, and so does a dialog above.
      const isForChoices = event.target.getAttribute('data-mantine-stop-propagation') === 'true'
      const dialogOf = (element: Element | null) => element?.closest('[role=dialog]')
      if (!isForChoices && dialogOf(event.target) === dialogOf(edited.current)) onEscape?.()
    },
    { capture: true },
  )
  return edited
}

/** A dialog that can be above another dialog: Escape closes the top one. */
export function Dialog({ children, ...props }: ModalProps) {
  const [takers, setTakers] = useState(0)
  useCapturesEscape(props.opened)
  return (
    <Modal closeOnEscape={takers === 0} {...props}>
      <EscapeContext value={setTakers}>{children}</EscapeContext>
    </Modal>
  )
}
