import { z } from 'zod'

/**
 * Text from outside that Postgres can hold and a log or a terminal can show: no control
 * characters (NUL among them), no half of a surrogate pair.
 */
export function text(most: number) {
  return z
    .string()
    .max(most)
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), {
      error: 'Control characters are not allowed.',
    })
}
