/**
 * How a call ended whose answer reports on each entry: PutRecords, SendMessageBatch, BatchWriteItem,
 * RunTask, DeleteFlowLogs. AWS reports success for the call even if all entries failed.
 */

import { spoken } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import type { Facts } from './facts.ts'
import { JsonReader } from './json-reader.ts'

export interface ReportedFailure {
  code: string
  reason?: string | undefined
}

export interface BatchEnding {
  /** When nothing succeeded. */
  failure?: ReportedFailure
  /**
   * When some entries failed: `2 of 5 failed: Rate exceeded`. `2 failed` if the record does not show
   * how many there were.
   */
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

type Meaning = 'success' | 'succeeded count' | 'failures' | 'failed count' | 'other' | undefined

/** The first that matches applies. A name that matches none contains what succeeded. */
const MEANINGS: [RegExp, Meaning][] = [
  [/^(success|_?return)$/, 'success'],
  [/^failed\w*count$/i, 'failed count'],
  [/^succe\w*count$/i, 'succeeded count'],
  [/^(failures|errors|(failed|unprocessed|unsuccessful|invalid)\w*)$/i, 'failures'],
  [/^(\w+(ErrorSet|ErrorEntries|ErrorList|ErrorMap)|error_?(set|entries|list|map))$/i, 'failures'],
  [/^\w+Not(Deleted|Found)$/, 'failures'],
  [/^(create|update|delete|user|phoneNumber)Errors$/, 'failures'],
  [/requestId|error|metadata|metrics|capacity|warnings|^tag(s|Set|List)$/i, 'other'],
]

const answerMeanings = new Map<string, Meaning>()

/** What a field of an answer says about its outcome. Names repeat in every record. */
function meaningOf(name: string): Meaning {
  if (answerMeanings.has(name)) return answerMeanings.get(name)
  const meaning = MEANINGS.find(([pattern]) => pattern.test(name))?.[1]
  if (answerMeanings.size < 5_000 && name.length < 80) answerMeanings.set(name, meaning)
  return meaning
}

/** What an answer reports about the entries of a request. */
interface EntryReport {
  failures: JsonReader[]
  /** May be more than `failures`: some answers only count them. */
  failed: number
  /** Undefined if the answer has no list of successes. An empty list is 0. */
  succeeded: number | undefined
  /** The answer describes something that is no list, so that something may have succeeded. */
  hasOther: boolean
}

/** Undefined when the answer reports no failure. */
export function batchEnding({ plainAction, params, response }: Facts): BatchEnding | undefined {
  const { raw } = response
  if (raw === undefined) return undefined
  for (const name in raw) {
    if (raw[name] === false && meaningOf(name) === 'success') {
      return { failure: { code: 'Failed', reason: response.text(...REASON) } }
    }
  }
  const report = reportOf(raw, reportsEntries(plainAction))
  const { failures, failed } = report
  if (failed === 0) return undefined
  const failure = failureOf(failures, response)
  const total = totalOf(report, params)
  if (failed === total) return { failure }
  const reason = failure.reason ?? (failure.code === 'Failed' ? undefined : failure.code)
  const why = reason === undefined ? '' : `: ${spoken(reason.replace(/\.$/, ''), 120)}`
  const share = total === undefined ? failed : `${failed} of ${total}`
  return { partly: `${share} failed${why}` }
}

function reportsEntries(action: string): boolean {
  return /Batch|^(Put|Send|Write|Publish)\w*(Records|Events|Entries|Messages)/.test(action)
}

/** @param hasResults whether lists contain one result for each entry, also for those that failed */
function reportOf(raw: Record<string, unknown>, hasResults: boolean): EntryReport {
  let failures: JsonReader[] = []
  let failed = 0
  let succeeded: number | undefined
  let hasOther = false
  for (const name in raw) {
    const value = raw[name]
    const meaning = meaningOf(name)
    if (meaning === 'failed count') failed = Math.max(failed, Number(value) || 0)
    else if (meaning === 'succeeded count') succeeded = Math.max(succeeded ?? 0, Number(value) || 0)
    else if (typeof value !== 'object' || value === null) continue
    else if (meaning === 'failures') failures = failures.concat(failuresOf(name, value))
    else if (meaning === undefined) {
      const results = listOf(value)
      if (results === undefined) hasOther ||= Object.keys(value).length > 0
      else {
        const refused = hasResults ? results.filter(isFailed) : []
        failures = failures.concat(refused.map((entry) => JsonReader.of(entry)))
        succeeded = (succeeded ?? 0) + results.length - refused.length
      }
    }
  }
  return { failures, failed: Math.max(failed, failures.length), succeeded, hasOther }
}

/** How many entries there were. Undefined if the record does not show it. */
function totalOf(report: EntryReport, params: JsonReader): number | undefined {
  const { failures, failed, succeeded, hasOther } = report
  if (succeeded !== undefined) return failed + succeeded
  // Some answers report only what failed: how many there were is in the request.
  const sizes = requestSizes(params, hasOther)
  if (sizes.length === 0) return hasOther || failures.length === 0 ? undefined : failed
  const most = Math.max(...sizes)
  if (failed >= most) return failed
  return most === Math.min(...sizes) ? most : undefined
}

function isFailed(entry: unknown): boolean {
  if (!isObject(entry)) return false
  const json = JsonReader.of(entry)
  return json.text('errorCode', 'error') !== undefined || !json.object('error').isEmpty
}

/** EC2 and other XML services wrap lists: `{item: […]}`, and `{item: {…}}` for a list of one. */
const WRAPPER = /^(items?|members?)$/i

/**
 * A list, a wrapped list, or lists by table: `{orders: [{…}]}`, `{orders: {keys: [{…}]}}`. Undefined
 * for another object.
 */
function listOf(value: object): unknown[] | undefined {
  if (Array.isArray(value)) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (first === undefined) return undefined
  if (entries.length === 1 && WRAPPER.test(first[0])) {
    // A table can have the name of a wrapper.
    const keys = keysOf(first[1])
    return keys ?? (Array.isArray(first[1]) ? first[1] : [first[1]])
  }
  const lists = entries.map(([, each]) => (Array.isArray(each) ? each : keysOf(each)))
  return lists.every((list) => list !== undefined) ? lists.flat() : undefined
}

/** The keys that DynamoDB reads from one table. */
function keysOf(value: unknown): unknown[] | undefined {
  return isObject(value) && Array.isArray(value.keys) ? value.keys : undefined
}

/** The failures in a list or by table, by ID: `{arn: {errorCode}}`, or a single one. */
function failuresOf(name: string, value: object): JsonReader[] {
  const values = Object.values(value)
  if (values.length === 0) return []
  const byId = !Array.isArray(value) && values.every(isObject) ? values : undefined
  return (listOf(value) ?? byId ?? [value]).flatMap((entry) => {
    // Names and ARNs. A text in `errors` can be about the whole call.
    if (!isObject(entry)) return name === 'errors' || entry === null ? [] : [JsonReader.empty]
    // AWS Config: the batches that failed.
    const { failedItems } = entry
    const count = Array.isArray(failedItems) ? Math.max(1, failedItems.length) : 1
    return Array.from({ length: count }, () => JsonReader.of(entry))
  })
}

function failureOf([first]: readonly JsonReader[], response: JsonReader): ReportedFailure {
  const detail = first?.object('errorDetail', 'error', 'errorDetails')
  const [listed] = first?.objects('errors') ?? []
  const json = listed ?? (detail === undefined || detail.isEmpty ? first : detail)
  const [reason] = json?.texts('reasons') ?? []
  return {
    code:
      json?.text('errorCode', 'code', 'failureCode', 'reason', 'error', 'errorType') ??
      reason ??
      'Failed',
    reason:
      json?.text('errorMessage', 'message', 'failureReason', 'failureMessage') ??
      json?.text('failureDescription', 'detail', 'reason', 'processingResult', 'result') ??
      response.text('failureMessage'),
  }
}

/** Lists of a request that are settings of all entries. */
const SETTINGS =
  /^(tags?|tagSpecifications?|tag(Set|List|Keys)|capacityProviderStrategy|placement\w*|overrides|features|dataSources|attributes|\w*attributeNames|filters?|regions|types|\w*subnet(s|Ids?)|\w*securityGroup(s|Ids?))$/i
/** Lists that are entries, even if there are others. */
const ENTRIES =
  /(entries|items|keys|records|requests|ids?|arns?|names?|(id|arn|name)_?list|identifiers|accounts|accountDetails|findings|statements|toDelete)$/i

/**
 * The sizes of the lists of a request that can be its entries.
 *
 * @param onlyNamed without lists whose names do not show that they are entries
 */
function requestSizes(params: JsonReader, onlyNamed: boolean): number[] {
  const lists = params.entries().flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null || SETTINGS.test(name)) return []
    const size = listOf(value)?.length ?? 0
    return size === 0 ? [] : [{ size, isNamed: ENTRIES.test(name) }]
  })
  const named = lists.filter(({ isNamed }) => isNamed)
  return (onlyNamed || named.length > 0 ? named : lists).map(({ size }) => size)
}
