/**
 * Whether a call succeeded, failed or was denied.
 *
 * `errorCode` marks most failures. Some services write an HTTP status into it, even 200. Sign-ins,
 * events of services and batch calls have no error code: their outcome is in their own fields.
 */

import type { Outcome } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import type { Facts } from './facts.ts'
import { isObject, JsonReader, scalar } from './json-reader.ts'
import type { Ending } from './summary.ts'

const DENIED =
  /Access_?Denied|Unauthorized|NotAuthorized|Not_?Authorized|AuthorizationError|Forbidden|AuthFailure|PermissionDenied|ExplicitDeny|^(401|403)$/i
const SUCCEEDED = /^(2\d\d|3\d\d|0|ok|none|null|success|successful|succeeded|completed?)$/i
const FAILED =
  /^(fail|failed|failure|failing|error|errored|denied|rejected|unsuccessful|create_failed|update_failed|delete_failed|timed_?out)$/i
/** Fields of an event that report how it ended. */
const STATE = /(^|_)(state|status|statusType|result|outcome|eventResult|loginStatus)$/i
const REASON = [
  'failureReason',
  'errorMessage',
  'statusMessage',
  'message',
  'reason',
  'failureMessage',
]

export function endingOf(facts: Facts): Ending {
  const { record } = facts
  const code = record.text('errorCode')
  const message = record.text('errorMessage')
  if (code !== undefined && !SUCCEEDED.test(code.trim())) return failed(code, message)
  const state = reportedFailure(facts)
  if (state !== undefined) return failed(state.code, state.reason ?? message)
  if (code === undefined && message !== undefined && !SUCCEEDED.test(message.trim())) {
    return failed('Failed', message)
  }
  return { outcome: 'succeeded' }
}

function failed(code: string, message: string | undefined): Ending {
  const error = {
    code: indexable(spoken(code, 200)),
    ...(message !== undefined && { message: indexable(spoken(message, 400)) }),
  }
  const outcome: Outcome = DENIED.test(error.code) ? 'denied' : 'failed'
  return { outcome, error }
}

interface Failure {
  code: string
  reason?: string | undefined
}

function reportedFailure(facts: Facts): Failure | undefined {
  const { action, record, response, serviceDetails, extra } = facts
  return (
    // ConsoleLogin: {"ConsoleLogin": "Failure"}: the field has the event's own name.
    ownField(response, action) ??
    ownField(serviceDetails, action) ??
    ownField(extra, action) ??
    inDetails(serviceDetails, 3) ??
    inDetails(extra.object('result'), 1) ??
    inAnswer(response) ??
    (record.text('eventType') === 'AwsServiceEvent' ? inDetails(response, 2) : undefined)
  )
}

function ownField(json: JsonReader, action: string): Failure | undefined {
  if (json.raw === undefined) return undefined
  const own = Object.hasOwn(json.raw, action) ? json.raw[action] : undefined
  const value = scalar(own)
  if (value !== undefined && FAILED.test(value))
    return { code: value, reason: json.text(...REASON) }
  // {"CredentialVerification": "Failure"}, whichever the event is: an answer that is nothing else.
  const names = Object.keys(json.raw)
  if (names.length !== 1) return undefined
  const only = scalar(json.raw[names[0]!])
  return only === 'Failure' ? { code: only } : undefined
}

/** A state such as FAILED in an event's details: `{createAccountStatus: {state: "FAILED"}}`. */
function inDetails(json: JsonReader, depth: number): Failure | undefined {
  for (const [name, value] of json.entries()) {
    if (typeof value === 'string') {
      if (!FAILED.test(value)) continue
      if (STATE.test(name) || value === 'Failure') {
        const status = json.text('statusCode', 'errorCode', 'failureReason')
        return { code: status ?? value, reason: json.text(...REASON) }
      }
    } else if (depth > 0 && isObject(value)) {
      const found = inDetails(JsonReader.of(value), depth - 1)
      if (found !== undefined) return found
    }
  }
  return undefined
}

type Meaning = 'success' | 'failures' | 'count' | 'other' | undefined

const answerMeanings = new Map<string, Meaning>()

/** What a field of an answer says about its outcome. Names repeat in every record. */
function meaningOf(name: string): Meaning {
  if (answerMeanings.has(name)) return answerMeanings.get(name)
  const made: Meaning = /^(success|_?return)$/.test(name)
    ? 'success'
    : /^failed\w*count$/i.test(name)
      ? 'count'
      : /^(failures|failed\w*|unprocessed\w*|unsuccessful\w*|errors)$/i.test(name)
        ? 'failures'
        : /requestId|error/i.test(name)
          ? 'other'
          : undefined
  if (answerMeanings.size < 5_000 && name.length < 80) answerMeanings.set(name, made)
  return made
}

/** An answer that refuses: `{success: false}`, or only failures of a batch. */
function inAnswer(response: JsonReader): Failure | undefined {
  const { raw } = response
  if (raw === undefined) return undefined
  let failures: JsonReader[] = []
  let count = 0
  let isDone = false
  for (const name in raw) {
    const value = raw[name]
    const meaning = meaningOf(name)
    if (meaning === 'success' && value === false) {
      return { code: 'Failed', reason: response.text(...REASON) }
    }
    if (meaning === 'failures' && Array.isArray(value)) {
      failures = [...failures, ...value.filter(isObject).map((item) => JsonReader.of(item))]
    } else if (meaning === 'count') count = typeof value === 'number' ? value : Number(value) || 0
    else if (meaning === undefined && typeof value === 'object' && value !== null) {
      isDone ||= Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0
    }
  }
  // Some of a batch succeeded: the call did what it could.
  if (isDone || (failures.length === 0 && count !== 1)) return undefined
  const first = failures[0]
  return {
    code: first?.text('errorCode', 'code', 'failureCode', 'reason', 'error') ?? 'Failed',
    reason: first?.text('errorMessage', 'message', 'failureReason', 'detail', 'reason'),
  }
}
