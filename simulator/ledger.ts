/** The accounts' events with their times, and the requests about them. */

import type { Accounts } from './accounts.ts'
import { ControlError } from './errors.ts'
import {
  hasAttribute,
  type LookupAttributeKey,
  lookupEvent,
  type StoredEvent,
  storeEvent,
} from './events.ts'
import type {
  AddEventsOptions,
  AddEventsResult,
  CloudTrailRecord,
  EventQuery,
  IssuedCredentials,
  LedgerView,
  LookupEvent,
  RequestCount,
} from './types.ts'

const RETENTION_SECONDS = 90 * 86_400

/** A position in a region's events. The next event to read is before it. */
export interface Position {
  second: number
  sequence: number
}

interface LookupQuery {
  /** First and last second, both included, in epoch seconds. */
  start: number
  end: number
  insights: boolean
  attribute?: { key: LookupAttributeKey; value: string }
  limit: number
  before?: Position
}

export class Ledger implements LedgerView {
  readonly #accounts: Accounts
  readonly #now: () => number
  /** By account and region. */
  readonly #timelines = new Map<string, Map<string, Timeline>>()
  readonly #knownIds = new Map<string, Set<string>>()
  readonly #requests = new Map<string, RequestCount>()
  #sequence = 0

  /** @param now epoch milliseconds */
  constructor(accounts: Accounts, now: () => number) {
    this.#accounts = accounts
    this.#now = now
  }

  /**
   * Adds records to the account and the region that each names (the partition's global region if it names none).
   *
   * @throws ControlError for a record without a time; then none of the records is added
   */
  add(
    records: readonly CloudTrailRecord[],
    options: AddEventsOptions & { defaultAccountId: string },
  ): AddEventsResult {
    const { defaultAccountId, deliverAt, deliveryDelaySeconds, envelope } = options
    const fixed = deliverAt === undefined ? undefined : new Date(deliverAt).getTime()
    if (Number.isNaN(fixed)) throw new ControlError('deliverAt is not a time')
    const added = records.map((record) => {
      const event: LookupEvent = { ...lookupEvent(record), ...envelope }
      const stored = storeEvent(event, record, this.#sequence++, 0)
      if (fixed !== undefined) stored.visibleFrom = fixed
      else if (deliveryDelaySeconds !== undefined) {
        stored.visibleFrom = (stored.second + deliveryDelaySeconds) * 1000
      }
      const own = String(record.recipientAccountId)
      const accountId = options.accountId ?? (this.#accounts.has(own) ? own : defaultAccountId)
      const region =
        typeof record.awsRegion === 'string' && record.awsRegion !== ''
          ? record.awsRegion
          : this.#accounts.partition.globalRegion
      return { accountId, region, stored }
    })
    let ignored = 0
    for (const { accountId, region, stored } of added) {
      const known = getOrMake(this.#knownIds, accountId, () => new Set<string>())
      if (stored.id !== undefined) {
        if (known.has(stored.id) && !options.allowDuplicateIds) {
          ignored++
          continue
        }
        known.add(stored.id)
      }
      const regions = getOrMake(this.#timelines, accountId, () => new Map<string, Timeline>())
      getOrMake(regions, region, () => new Timeline()).add(stored)
    }
    return { added: added.length - ignored, ignored }
  }

  /** One page, newest first, of what the account can see now, and whether more follows. */
  lookup(
    accountId: string,
    region: string,
    query: LookupQuery,
  ): { events: StoredEvent[]; more: boolean } {
    const now = this.#now()
    const oldest = Math.floor(now / 1000) - RETENTION_SECONDS
    const events: StoredEvent[] = []
    const timeline = this.#timelines.get(accountId)?.get(region)
    const before = query.before ?? { second: query.end + 1, sequence: -1 }
    for (const event of timeline?.newestFirst(before) ?? []) {
      if (event.second < Math.max(query.start, oldest)) break
      if (event.visibleFrom > now || (query.insights && !event.isInsight)) continue
      const { attribute } = query
      if (attribute && !hasAttribute(event, attribute.key, attribute.value)) continue
      if (events.length === query.limit) return { events, more: true }
      events.push(event)
    }
    return { events, more: false }
  }

  eventIds(query: EventQuery = {}): string[] {
    const { accountId, regions, selection = 'all', deliveredOnly = false } = query
    const from = seconds(query.from, -Infinity)
    const to = seconds(query.to, Infinity)
    const now = this.#now()
    const ids = new Set<string>()
    for (const [account, timelines] of this.#timelines) {
      if (accountId !== undefined && account !== accountId) continue
      for (const [region, timeline] of timelines) {
        if (regions && !regions.includes(region)) continue
        for (const event of timeline.newestFirst({ second: to, sequence: -1 })) {
          if (event.second < from) break
          if (deliveredOnly && event.visibleFrom > now) continue
          if (selection === 'changes' && event.fields.ReadOnly !== 'false') continue
          if (event.id !== undefined) ids.add(event.id)
        }
      }
    }
    return [...ids]
  }

  count(query?: EventQuery): number {
    return this.eventIds(query).length
  }

  regions(accountId?: string): string[] {
    const held = [...this.#timelines].filter(([id]) => accountId === undefined || id === accountId)
    return [...new Set(held.flatMap(([, timelines]) => [...timelines.keys()]))].sort()
  }

  credentials(): IssuedCredentials[] {
    return this.#accounts.issued()
  }

  requests(filter: { service?: string; operation?: string; region?: string } = {}): RequestCount[] {
    const wanted = Object.entries(filter) as [keyof typeof filter, string | undefined][]
    return [...this.#requests.values()]
      .filter((count) =>
        wanted.every(([key, value]) => value === undefined || count[key] === value),
      )
      .map((count) => ({ ...count, errors: { ...count.errors } }))
  }

  /** Records one request, with its error code if it failed. */
  countRequest(
    request: Pick<RequestCount, 'service' | 'operation' | 'accountId' | 'region'>,
    errorCode?: string,
  ): void {
    const { service, operation, accountId, region } = request
    const key = [service, operation, accountId, region].join(' ')
    const count = getOrMake<string, RequestCount>(this.#requests, key, () => ({
      service,
      operation,
      accountId,
      region,
      requests: 0,
      throttled: 0,
      errors: {},
    }))
    count.requests++
    if (errorCode === undefined) return
    count.errors[errorCode] = (count.errors[errorCode] ?? 0) + 1
    if (errorCode === 'ThrottlingException' || errorCode === 'Throttling') count.throttled++
  }
}

/** The events of one region in order of time, then of arrival; sorted when read, as most arrive in order. */
class Timeline {
  readonly #events: StoredEvent[] = []
  #sorted = true

  add(event: StoredEvent): void {
    const last = this.#events.at(-1)
    if (last && compare(last, event) > 0) this.#sorted = false
    this.#events.push(event)
  }

  /** The events before a position, newest first. */
  *newestFirst(before: Position): Generator<StoredEvent> {
    if (!this.#sorted) {
      this.#events.sort(compare)
      this.#sorted = true
    }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.#events[middle]!, before) < 0) low = middle + 1
      else high = middle
    }
    for (let index = low - 1; index >= 0; index--) yield this.#events[index]!
  }
}

function compare(a: Position, b: Position): number {
  return a.second - b.second || a.sequence - b.sequence
}

function seconds(time: string | Date | undefined, otherwise: number): number {
  if (time === undefined) return otherwise
  const value = new Date(time).getTime() / 1000
  if (Number.isNaN(value)) throw new ControlError(`${time} is not a time`)
  return value
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
