/**
 * How a call ended whose answer reports on each entry: PutRecords, SendMessageBatch, BatchWriteItem,
 * RunTask, DeleteFlowLogs. AWS reports success for the call even if all entries failed.
 */

import { spoken } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import type { Facts } from './facts.ts'
import { JsonReader } from './json-reader.ts'

export interface Failure {
  code: string
  reason?: string | undefined
}

export interface BatchEnding {
  /** When nothing succeeded. */
  failure?: Failure
  /** When some entries failed: `2 of 5 failed: Rate exceeded`. */
  partly?: string
}

export const REASON = [
  'failureReason',
  'errorMessage',
  'statusMessage',
  'message',
  'reason',
  'failureMessage',
]

type Meaning = 'success' | 'failures' | 'count' | 'other' | undefined

const answerMeanings = new Map<string, Meaning>()

/** What a field of an answer says about its outcome. Names repeat in every record. */
function meaningOf(name: string): Meaning {
  if (answerMeanings.has(name)) return answerMeanings.get(name)
  const made: Meaning = /^(success|_?return)$/.test(name)
    ? 'success'
    : /^failed\w*count$/i.test(name)
      ? 'count'
      : /^(failures|failed\w*|unprocessed\w*|unsuccessful\w*|errors|error_?(set|entries|list))$/i.test(
            name,
          )
        ? 'failures'
        : /requestId|error/i.test(name)
          ? 'other'
          : undefined
  if (answerMeanings.size < 5_000 && name.length < 80) answerMeanings.set(name, made)
  return made
}

/** Undefined when the answer reports no failure. */
export function batchEnding({ plainAction, params, response }: Facts): BatchEnding | undefined {
  const { raw } = response
  if (raw === undefined) return undefined
  let failures: JsonReader[] = []
  let count = 0
  let done = 0
  for (const name in raw) {
    const value = raw[name]
    const meaning = meaningOf(name)
    if (meaning === 'success' && value === false) {
      return { failure: { code: 'Failed', reason: response.text(...REASON) } }
    }
    if (meaning === 'failures' && typeof value === 'object' && value !== null) {
      failures = [...failures, ...entriesOf(value)]
    } else if (meaning === 'count') count = Number(value) || 0
    else if (meaning === undefined && typeof value === 'object' && value !== null) {
      const entries = Array.isArray(value) ? value : [value]
      const failed = reportsEntries(plainAction) ? entries.filter(isFailed) : []
      failures = [...failures, ...failed.map((entry) => JsonReader.of(entry))]
      const isFilled = Array.isArray(value) || Object.keys(value).length > 0
      if (isFilled) done += entries.length - failed.length
    }
  }
  const failed = Math.max(failures.length, count)
  if (failed === 0) return undefined
  const failure = failureOf(failures)
  // Some answers report only what failed: how many there were is in the request.
  const total = Math.max(failed + done, requested(params))
  if (failed === total) return { failure }
  const reason = failure.reason ?? (failure.code === 'Failed' ? undefined : failure.code)
  const why = reason === undefined ? '' : `: ${spoken(reason.replace(/\.$/, ''), 120)}`
  return { partly: `${failed} of ${total} failed${why}` }
}

function reportsEntries(action: string): boolean {
  return /Batch|^(Put|Send|Write|Publish)\w*(Records|Events|Entries|Messages)/.test(action)
}

function isFailed(entry: unknown): boolean {
  if (!isObject(entry)) return false
  const json = JsonReader.of(entry)
  return json.text('errorCode') !== undefined || !json.object('error').isEmpty
}

/** The failures in a list, in EC2's wrapped list, or by table: `{orders: [{…}]}`. */
function entriesOf(value: object): JsonReader[] {
  if (!Array.isArray(value)) {
    const lists = Object.values(value)
    if (lists.length === 0) return []
    if (lists.every(Array.isArray)) return lists.flat().map((entry) => JsonReader.of(entry))
  }
  return JsonReader.of({ value })
    .items('value')
    .filter(isObject)
    .map((entry) => JsonReader.of(entry))
}

function failureOf([first]: readonly JsonReader[]): Failure {
  const detail = first?.object('errorDetail', 'error', 'errorDetails')
  const [listed] = first?.objects('errors') ?? []
  const json = listed ?? (detail === undefined || detail.isEmpty ? first : detail)
  return {
    code: json?.text('errorCode', 'code', 'failureCode', 'reason', 'error') ?? 'Failed',
    reason: json?.text('errorMessage', 'message', 'failureReason', 'detail', 'reason'),
  }
}

/** How many entries the request has: its longest list, or all lists by table. */
function requested(params: JsonReader): number {
  let most = 0
  for (const [name, value] of params.entries()) {
    if (Array.isArray(value)) most = Math.max(most, value.length)
    else if (isObject(value) && /items$|keys$/i.test(name)) {
      const lists = Object.values(value).filter(Array.isArray)
      most = Math.max(
        most,
        lists.reduce((sum, list) => sum + list.length, 0),
      )
    }
  }
  return most
}
