import { STATUS_CODES } from 'node:http'
import { z } from 'zod'

/** RFC 9457 problem details: the body of every answer that is not a success. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ description: 'What kind of problem; `about:blank` says no more than the status.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened, why, and how to mend it.' }),
    instance: z.string().meta({ description: 'The id of the request, as the log has it.' }),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({
        description: 'What is wrong where: JSON pointers into the body, or `?name` for parameters.',
      }),
  })
  .meta({ id: 'Problem' })

export interface ProblemError {
  pointer: string
  detail: string
}

/** Thrown by routes; the error handler writes it. Changes nothing: transactions roll back. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly errors: ProblemError[] | undefined
  readonly headers: Record<string, string>

  constructor(
    status: number,
    detail: string,
    options: { errors?: ProblemError[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause })
    this.status = status
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }

  toBody(instance: string) {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      instance,
      ...(this.errors && { errors: this.errors }),
    }
  }
}

/** The same for what is not there and for what belongs to somebody else. */
export function notFound(what: string): Problem {
  return new Problem(404, `There is no such ${what}.`)
}
