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
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details.',
    examples: [
      {
        type: 'about:blank',
        title: 'Unprocessable Entity',
        status: 422,
        detail: 'The request is not valid. /lookbackDays: Too big: expected number to be <=90.',
        instance: 'urn:uuid:0198c5de-7f3a-4c6e-9d55-3f0c2a1b4e77',
        errors: [{ pointer: '/lookbackDays', detail: 'Too big: expected number to be <=90' }],
      },
    ],
  })

export interface ProblemError {
  pointer: string
  detail: string
}

/** An answer that is a success, for a route's schema. */
export function answer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

/** What each status means here, for the OpenAPI document. */
const meanings = {
  401: 'Neither an API key nor a session that is valid.',
  403: 'Whoever asks may not do this, or the session of a page of another origin was sent.',
  404: 'There is no such thing, or it belongs to somebody else: the two cannot be told apart.',
  409: 'It cannot be done in the present state; `detail` says why.',
  422: 'Something in the request is not acceptable; `errors` names each place.',
  429: 'Too many tries. `Retry-After` says when to try again.',
  503: 'Postgres or Temporal does not answer. `Retry-After` says when to try again.',
  504: 'No answer in time; it may still be under way.',
} as const

/** The problems that a route may answer with, for its schema's `response`. */
export function problems(...statuses: (keyof typeof meanings)[]) {
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problemSchema } },
  })
  return {
    ...Object.fromEntries(statuses.map((status) => [status, problem(meanings[status])])),
    default: problem('Whatever else goes wrong, in the same form.'),
  }
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

/**
 * What an id from outside names. One that is no uuid names nothing.
 *
 * @throws Problem 404, alike for what is absent and for what is somebody else's
 */
export async function found<T>(
  what: string,
  id: string,
  find: (id: string) => Promise<T | false | undefined>,
): Promise<T> {
  const it = z.uuid().safeParse(id).success && (await find(id))
  if (!it) throw notFound(what)
  return it
}

/** The same for what is not there and for what belongs to somebody else. */
export function notFound(what: string): Problem {
  return new Problem(404, `There is no such ${what}.`)
}
