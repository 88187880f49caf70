import { HttpError } from '@oazapfts/runtime'
import { defaults } from './client.ts'
import { updateServerTime } from './server-time.ts'

/** RFC 9457 problem details of the API. */
interface Problem {
  title: string
  detail: string
  errors: { pointer: string; detail: string }[]
}

/** An error of a request, for display. */
interface ApiError {
  title: string
  detail: string
  /** The HTTP status. 0 if the server cannot be reached. */
  status: number
  /** Validation errors by JSON pointer, such as `/roleArn`. */
  errors: { pointer: string; detail: string }[]
}

/** Converts anything that a request throws into an error for display. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof HttpError) {
    const problem = error.data as Partial<Problem> | undefined
    return {
      title: problem?.title ?? 'Server error',
      detail: problem?.detail ?? `The server returned status ${error.status}.`,
      status: error.status,
      errors: problem?.errors ?? [],
    }
  }
  return {
    title: 'Cannot reach Cairn',
    detail: 'The server is not responding, or the network is down. Check that Cairn is running.',
    status: 0,
    errors: [],
  }
}

/** The error of one form field. Undefined if the field has none. */
export function fieldErrorAt(error: unknown, pointer: string): string | undefined {
  return toApiError(error).errors.find((one) => one.pointer === pointer)?.detail
}

defaults.fetch = async (...request) => {
  const sent = Date.now()
  const response = await fetch(...request)
  updateServerTime(response.headers.get('date'), sent, Date.now())
  return response
}
