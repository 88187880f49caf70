import { ActionIcon, Tooltip } from '@mantine/core'
import type { FocusEvent, ReactNode, Ref } from 'react'

/** A button with an icon at the end of a row. */
export function RowAction(props: {
  /** What it does: `Remove`. */
  label: string
  /** The same with what it is done to, for those who do not see the row: `Remove production`. */
  name: string
  icon: ReactNode
  isLoading?: boolean
  isDisabled?: boolean
  onClick: (button: HTMLElement) => void
  onBlur?: (event: FocusEvent) => void
  ref?: Ref<HTMLButtonElement>
}) {
  return (
    <Tooltip label={props.label} withArrow>
      <ActionIcon
        ref={props.ref}
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={props.name}
        loading={props.isLoading}
        // Not `disabled`: a button that moved its row to the end keeps the focus.
        aria-disabled={props.isDisabled}
        data-disabled={props.isDisabled || undefined}
        onClick={(event) => !props.isDisabled && props.onClick(event.currentTarget)}
        onBlur={props.onBlur}
      >
        {props.icon}
      </ActionIcon>
    </Tooltip>
  )
}
