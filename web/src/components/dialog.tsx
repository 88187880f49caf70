import { Modal, type ModalProps } from '@mantine/core'
import { createContext, use, useEffect, useState } from 'react'

type Taking = (count: (takers: number) => number) => void

const EscapeContext = createContext<Taking>(() => {})

/**
 * While active, Escape is not for the dialog that this stands in: a dialog above it, or a field that
 * is being edited, ends first.
 */
export function useTakesEscape(active: boolean): void {
  const take = use(EscapeContext)
  useEffect(() => {
    if (!active) return
    take((takers) => takers + 1)
    return () => take((takers) => takers - 1)
  }, [active, take])
}

/** Whether Escape is for what has it, and not for its open list of choices: that closes first. */
export function isEscape(event: { key: string; target: EventTarget }): boolean {
  const isForChoices =
    event.target instanceof Element &&
    event.target.getAttribute('data-mantine-stop-propagation') === 'true'
  return event.key === 'Escape' && !isForChoices
}

/** A dialog that may stand over another one: Escape closes the one on top. */
export function Dialog({ children, ...props }: ModalProps) {
  const [takers, setTakers] = useState(0)
  useTakesEscape(props.opened)
  return (
    <Modal closeOnEscape={takers === 0} {...props}>
      <EscapeContext value={setTakers}>{children}</EscapeContext>
    </Modal>
  )
}
