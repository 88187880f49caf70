import { notifications } from '@mantine/notifications'
import { toApiError } from '../api.ts'

/**
 * Shows why an action failed, until the user closes it.
 *
 * @param title what failed: `Cannot pause the connection`
 */
export function showActionError(title: string, error: unknown): void {
  const { title: reason, detail } = toApiError(error)
  notifications.show({
    // A repeated failure replaces the earlier one.
    id: title,
    color: 'red',
    title: `${title}: ${reason}`,
    message: detail,
    autoClose: false,
    closeButtonProps: { 'aria-label': 'Close' },
  })
}

/** Removes the error of an earlier attempt. */
export function hideActionError(title: string): void {
  notifications.hide(title)
}
