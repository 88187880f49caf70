import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { troubleOf } from '../api.ts'

/** What the server refused, by the names of a form's fields. */
export function fieldErrors<Field extends string>(
  error: unknown,
  fields: readonly Field[],
): Partial<Record<Field, string>> {
  const errors: Partial<Record<Field, string>> = {}
  for (const { pointer, detail } of troubleOf(error).errors) {
    const field = fields.find((each) => pointer === `/${each}`)
    if (field) errors[field] ??= detail
  }
  return errors
}

/** What went wrong with a form as a whole; nothing when its fields say it already. */
export function FormTrouble({ error, fields }: { error: unknown; fields: readonly string[] }) {
  if (!error) return null
  if (Object.keys(fieldErrors(error, fields)).length > 0) return null
  const { title, detail, status } = troubleOf(error)
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
