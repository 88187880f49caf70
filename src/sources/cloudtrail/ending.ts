/**
 * Whether a call succeeded, failed or was denied.
 *
 * `errorCode` marks most failures. Some services write an HTTP status into it, even 200. Sign-ins,
 * events of services and batch calls have no error code: their outcome is in their own fields.
 */

import type { Outcome } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import { type BatchEnding, batchEnding, REASON, type ReportedFailure } from './batch-outcome.ts'
import type { Facts } from './facts.ts'
import { JsonReader, scalar } from './json-reader.ts'
import type { Ending } from './summary.ts'

const DENIED =
  /Access_?Denied|Unauthorized|NotAuthorized|Not_?Authorized|AuthorizationError|Forbidden|AuthFailure|PermissionDenied|ExplicitDeny|^(401|403)$/i
const SUCCEEDED = /^(2\d\d|3\d\d|0|ok|none|null|success|successful|succeeded|completed?)$/i
const FAILED =
  /^(fail|failed|failure|failing|error|errored|denied|rejected|unsuccessful|create_failed|update_failed|delete_failed|timed_?out)$/i
/** Fields of an event that report how it ended. */
const STATE = /(^|_)(state|status|statusType|result|outcome|eventResult|loginStatus)$/i

export function endingOf(facts: Facts): Ending {
  const { record } = facts
  const code = record.text('errorCode')
  const message = record.text('errorMessage')
  if (code !== undefined && !SUCCEEDED.test(code.trim())) return failed(code, message)
  const batch = batchEnding(facts)
  const state = reportedFailure(facts, batch)
  if (state !== undefined) return failed(state.code, state.reason ?? message)
  if (code === undefined && message !== undefined && !SUCCEEDED.test(message.trim())) {
    return failed('Failed', message)
  }
  const partly = batch?.partly
  return partly === undefined ? { outcome: 'succeeded' } : { outcome: 'succeeded', partly }
}

function failed(code: string, message: string | undefined): Ending {
  const error = {
    code: indexable(spoken(code, 200)),
    ...(message !== undefined && { message: indexable(spoken(message, 400)) }),
  }
  const outcome: Outcome = DENIED.test(error.code) ? 'denied' : 'failed'
  return { outcome, error }
}

function reportedFailure(
  facts: Facts,
  batch: BatchEnding | undefined,
): ReportedFailure | undefined {
  const { action, record, response, serviceDetails, extra } = facts
  return (
    // ConsoleLogin: {"ConsoleLogin": "Failure"}: the field has the event's own name.
    ownField(response, action) ??
    ownField(serviceDetails, action) ??
    ownField(extra, action) ??
    inDetails(serviceDetails, 3) ??
    inDetails(extra.object('result'), 1) ??
    batch?.failure ??
    (record.text('eventType') === 'AwsServiceEvent' ? inDetails(response, 2) : undefined)
  )
}

function ownField(json: JsonReader, action: string): ReportedFailure | undefined {
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
function inDetails(json: JsonReader, depth: number): ReportedFailure | undefined {
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
