import { z } from 'zod'

/** Text that is only compared with stored values, which may contain line breaks. */
export function storableText(most: number) {
  return z
    .string()
    .max(most)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), {
      error: 'Must be valid Unicode without NUL characters.',
    })
}

/**
 * User input that Postgres can store and that is safe in logs and terminals: no control characters
 * (including NUL), no lone surrogates.
 */
export function text(most: number) {
  return z
    .string()
    .max(most)
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), {
      error: 'Control characters are not allowed.',
    })
}
