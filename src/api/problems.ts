import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import { idInput } from './ids.ts'

/** RFC 9457 problem details: the body of every response that is not a success. */
const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'The problem type. `about:blank` means that the status describes the problem.',
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What failed, why, and how to fix it.' }),
    instance: z.string().meta({ description: 'The request ID, as in the server log.' }),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({
        description:
          'Validation errors. `pointer` is a JSON pointer into the body, or `?name` for a parameter.',
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
        detail: 'The request is not valid. /lookbackDays: Must be at most 90.',
        instance: 'urn:uuid:0198c5de-7f3a-4c6e-9d55-3f0c2a1b4e77',
        errors: [{ pointer: '/lookbackDays', detail: 'Must be at most 90' }],
      },
    ],
  })

export interface ProblemError {
  pointer: string
  detail: string
}

/** A response with a JSON body, for the schema of a route. */
export function jsonResponse<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

/** What each status means in this API, for the OpenAPI document. */
const meanings = {
  401: 'No valid API key or session.',
  403: 'Not allowed for this user or API key, or a session request from another origin.',
  404: 'Not found in this organization.',
  409: 'Conflicts with the current state. `detail` contains the reason.',
  422: 'Invalid request. `errors` lists each error.',
  429: 'Too many requests. Retry after the time in `Retry-After`.',
  503: 'Postgres or Temporal is unavailable. Retry after the time in `Retry-After`.',
  504: 'Timed out. The operation may still complete.',
} as const

/** The problems that a route may return, for its schema's `response`. */
export function problems(...statuses: (keyof typeof meanings)[]) {
  const problem = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: problemSchema } },
  })
  return {
    ...Object.fromEntries(statuses.map((status) => [status, problem(meanings[status])])),
    default: problem('Any other error.'),
  }
}

/**
 * Thrown by routes; the error handler writes the response. Transactions are rolled back, so nothing
 * changes.
 */
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
 * Validates an ID from a request. Text that is not a UUID is treated as not found.
 *
 * @param find receives the ID in lower case
 * @throws Problem 404, the same as for an ID that does not exist or belongs to another organization
 */
export async function found<T>(
  what: string,
  id: string,
  find: (id: string) => Promise<T | false | undefined>,
): Promise<T> {
  const valid = idInput().safeParse(id)
  const it = valid.success && (await find(valid.data))
  if (!it) throw notFound(what)
  return it
}

/** The same problem for an absent resource and for one of another organization. */
export function notFound(what: string): Problem {
  return new Problem(404, `No such ${what}.`)
}
