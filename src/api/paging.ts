import { z } from 'zod'

/** The query parameter `limit` of a list: 1 to 500, by default 50. */
export function pageLimit(description: string) {
  return z.coerce.number().int().min(1).max(500).default(50).meta({ description })
}

/** The query parameter `cursor` of a list. */
export function pageCursor() {
  return z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The `nextCursor` of the previous page.' })
}
