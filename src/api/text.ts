import { z } from 'zod'

/** Text that is only compared with what is stored, which may hold a line break in a name. */
export function storableText(most: number) {
  return z
    .string()
    .max(most)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), {
      error: 'Must be valid Unicode without NUL characters.',
    })
}

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
