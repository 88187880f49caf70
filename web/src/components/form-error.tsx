import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { toApiError } from '../api.ts'

/** The server's validation errors by form field. */
export function fieldErrors<Field extends string>(
  error: unknown,
  fields: readonly Field[],
): Partial<Record<Field, string>> {
  const errors: Partial<Record<Field, string>> = {}
  for (const { pointer, detail } of toApiError(error).errors) {
    const field = fields.find((each) => pointer === `/${each}`)
    if (field) errors[field] ??= detail
  }
  return errors
}

/** The error of a form. Renders nothing if the fields show all errors. */
export function FormError({ error, fields = [] }: { error: unknown; fields?: readonly string[] }) {
  if (!error) return null
  const { title, detail, status, errors } = toApiError(error)
  const others = errors.filter(({ pointer }) => !fields.includes(pointer.split('/')[1] ?? ''))
  if (errors.length > 0 && others.length === 0) return null
  return (
    <Alert
      color={status === 0 ? 'gray' : 'red'}
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={status === 0 ? title : undefined}
    >
      {detail}
    </Alert>
  )
}

interface Focusable {
  getInputNode(name: string): HTMLElement | null
}

/** Focuses the first field with an error. */
export function focusFirst(form: Focusable, errors: Record<string, unknown>): void {
  const [first] = Object.keys(errors)
  if (first) form.getInputNode(first)?.focus()
}
