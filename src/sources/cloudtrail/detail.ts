/** What only a CloudTrail change has, beside the envelope. */

import type { Change, SourceDetail } from '../../changes/change.ts'
import type { UnparsedReason } from '../../changes/unparsed-reasons.ts'

export const CLOUDTRAIL = 'aws.cloudtrail'

export interface CloudTrailDetail extends SourceDetail {
  source: typeof CLOUDTRAIL
  eventId: string
  /** What became of which field. What failed changed nothing: the edits are what was requested. */
  edits: Edit[]
  /** Only when the outcome is not `succeeded`. */
  error?: CloudTrailError
  /** An address, or the service that called: `cloudformation.amazonaws.com`. */
  sourceIp?: string
  userAgent?: string
  requestId?: string
  session: {
    /** RFC 3339, where the record shows when the session began. */
    startedAt: string | null
    accessKeyId: string | null
  }
}

export type CloudTrailChange = Change<CloudTrailDetail>

export interface CloudTrailError {
  code: string
  message?: string
}

/** One field of the request, with secrets masked. */
export interface Edit {
  /** In words: `instance class`. */
  field: string
  from?: string
  /** Whether `from` is what an earlier change of the resource set, not part of the record. */
  fromHistory?: boolean
  to?: string
  note?: string
}

/** What LookupEvents returns for an event, beside the record itself. */
export interface LookupEvent {
  eventId?: string
  eventTime?: Date
  eventName?: string
  eventSource?: string
  username?: string
  /** `"true"` or `"false"`, as LookupEvents writes it. */
  readOnly?: string
  accessKeyId?: string
  resources?: { resourceType?: string; resourceName?: string }[]
  /** The region that was asked. */
  region: string
}

export interface Unparsed {
  reason: UnparsedReason
  /** For people: what was found instead. */
  detail: string
  /** With `reader_error`: what the reader threw. Its message may contain parts of the record. */
  cause?: unknown
}

export type Reading =
  | { change: CloudTrailChange; unparsed?: undefined }
  | { unparsed: Unparsed; change?: undefined }

/** Request, response and other fields of a stored record, as the change page shows them. */
interface CloudTrailEventParts {
  request?: unknown
  response?: unknown
  other?: unknown
}

/** @param record a stored record, of any shape */
export function eventParts(record: unknown): CloudTrailEventParts {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { other: record }
  }
  const { requestParameters, responseElements, ...other } = record as Record<string, unknown>
  const parts: CloudTrailEventParts = { other }
  if (requestParameters !== undefined && requestParameters !== null)
    parts.request = requestParameters
  if (responseElements !== undefined && responseElements !== null) parts.response = responseElements
  return parts
}
