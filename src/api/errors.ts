import type { FastifyError } from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
} from 'fastify-type-provider-zod'
import { isDatabaseUnavailable } from '../db/database.ts'
import { OrganizationBusy } from '../db/organization-queue.ts'
import { TemporalUnavailable, UpdateRefused, UpdateTimedOut } from '../temporal/errors.ts'
import { pointerSegment } from './json-body.ts'
import { Problem, type ProblemError } from './problems.ts'

const MAX_ERRORS = 20

/** The client disconnected before the response. The resulting problem is not sent to anyone. */
export class ClientDisconnected extends Error {
  override readonly name = 'ClientDisconnected'
}

/** Translates an error for the client. Details that the client does not need are only logged. */
export function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error
  if (hasZodFastifySchemaValidationErrors(error)) return notValid(error)
  if (error instanceof TemporalUnavailable) {
    const detail = 'Temporal is unavailable, and this request needs it. Retry in a few seconds.'
    return new Problem(503, detail, { headers: { 'retry-after': '5' }, cause: error })
  }
  if (error instanceof OrganizationBusy) {
    const detail =
      'Your organization has too many concurrent requests. Wait for some of them to complete, or send fewer at the same time.'
    const headers = { 'retry-after': String(error.retryAfterSeconds) }
    return new Problem(429, detail, { headers, cause: error })
  }
  if (error instanceof ClientDisconnected) return new Problem(499, 'The client disconnected.')
  if (error instanceof UpdateRefused) return new Problem(409, error.message, { cause: error })
  if (error instanceof UpdateTimedOut) {
    const detail = `${error.message}. The operation may still complete. Check again in a few seconds.`
    return new Problem(504, detail, { cause: error })
  }
  // query_canceled: it took longer than the pool's statement_timeout.
  if (error.code === '57014') {
    const detail =
      'The query timed out. Use a shorter time range between `from` and `to`, or more filters.'
    return new Problem(504, detail, { cause: error })
  }
  if (isDatabaseUnavailable(error)) {
    const detail = 'The database is unavailable. Retry in a few seconds.'
    return new Problem(503, detail, { headers: { 'retry-after': '5' }, cause: error })
  }
  // serialization_failure, deadlock_detected: a retry usually succeeds.
  if (error.code === '40001' || error.code === '40P01') {
    const detail = 'A concurrent request changed the same data, so nothing was changed. Retry.'
    return new Problem(503, detail, { headers: { 'retry-after': '1' }, cause: error })
  }
  const { statusCode } = error
  if (statusCode && statusCode >= 400 && statusCode < 500 && !isResponseSerializationError(error)) {
    return new Problem(statusCode, sentences[error.code] ?? sentenceOf(error), { cause: error })
  }
  const detail = 'Internal error. The server log has the details under the ID in `instance`.'
  return new Problem(500, detail, { cause: error })
}

/** Fastify's own messages are readable; those of the parsers that it calls are not. */
function sentenceOf({ code, message }: FastifyError): string {
  return code?.startsWith('FST_') ? message : 'The request is not valid.'
}

/** Replacements for Fastify messages that do not include a fix. */
const sentences: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Send the body as JSON, with "Content-Type: application/json".',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_MAX_PARAM_LENGTH: 'The URL is too long.',
  FST_ERR_BAD_URL: 'The URL is not valid.',
  FST_ERR_CTP_BODY_TOO_LARGE:
    'The body is too large. The limit is 1 MiB with an API key or a session, 25 MiB for a webhook, 512 KiB for a PagerDuty change event, else 16 KiB.',
}

function notValid(
  error: Parameters<typeof hasZodFastifySchemaValidationErrors>[0] & {
    validation: { instancePath: string; message?: string; params?: Record<string, unknown> }[]
    validationContext?: string
  },
): Problem {
  const inBody = error.validationContext === 'body'
  const errors: ProblemError[] = []
  for (const { instancePath, message, params } of error.validation) {
    const path = instancePath === '/' ? '' : instancePath
    const unknown = params?.keys
    if (Array.isArray(unknown)) {
      // Points to each unknown field itself, not to the object that contains it.
      for (const name of unknown as string[]) {
        const pointer = inBody ? `${path}/${pointerSegment(name)}` : `?${pointerSegment(name)}`
        errors.push({
          pointer,
          detail: inBody ? 'Unknown field.' : 'Unknown parameter.',
        })
      }
    } else {
      const pointer = inBody ? path : `?${path.slice(1)}`
      errors.push({ pointer, detail: message ?? 'Invalid value.' })
    }
  }
  const shown = errors.slice(0, MAX_ERRORS)
  const summary = shown
    .map(({ pointer, detail }) => `${pointer || 'body'}: ${detail.replace(/\.?$/, '.')}`)
    .join(' ')
  return new Problem(422, `The request is not valid. ${summary}`, { errors: shown })
}
