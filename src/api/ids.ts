import { z } from 'zod'

/** The ID of something in a request. IDs are compared as text too, so capitals become lower case. */
export function idInput(options: { error?: string } = {}) {
  return z.uuid(options).toLowerCase()
}
