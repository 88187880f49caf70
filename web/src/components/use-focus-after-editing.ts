import { type RefObject, useEffect, useRef } from 'react'

/**
 * Returns the focus to the button that started editing in place. While editing, the button is not
 * rendered, so this waits for the render after it, however long that takes.
 *
 * @returns the ref for the button
 */
export function useFocusAfterEditing(isEditing: boolean): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(isEditing)
  useEffect(() => {
    if (wasEditing.current && !isEditing) button.current?.focus()
    wasEditing.current = isEditing
  }, [isEditing])
  return button
}
