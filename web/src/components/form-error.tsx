import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { toApiError } from '../api.ts'

/** What the server refused, by the names of a form's fields. */
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

/** What was refused, or did not work; nothing when the fields of its form say it all. */
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

/** Puts the cursor where something has to be mended. */
export function focusFirst(form: Focusable, errors: Record<string, unknown>): void {
  const [first] = Object.keys(errors)
  if (first) form.getInputNode(first)?.focus()
}
