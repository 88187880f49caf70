import type { z } from 'zod'

/** What Cairn reads from one environment variable, and what its documentation states. */
export interface Setting<T> {
  /** For the documentation: the behavior if it is not set. */
  default: string
  doc: string
  schema: z.ZodType<T, string | undefined>
}

/** Settings by the name of their variable. */
export type Settings = Record<string, Setting<unknown>>
