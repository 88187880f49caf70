import { z } from 'zod'

/** An address without a query; the result has no trailing slash. */
export const webUrl = z
  .string()
  .refine((text) => {
    const url = URL.parse(text)
    return /^https?:$/.test(url?.protocol ?? '') && !url?.search && !url?.hash && !url?.username
  }, 'must be an http:// or https:// URL without a query: https://cairn.example.com')
  .transform((text) => text.replace(/\/+$/, ''))
