import type { Change } from '../../client.ts'
import type { FeedSearch } from '../feed/search.ts'

/** A link in the chain of who it was, as the API tells it. */
export interface ChainLink {
  kind: string
  name: string
  arn?: string
  how?: string
}

/** The API leaves room for more in an actor: only what can be shown is taken. */
export function chainOf(actor: Change['actor']): ChainLink[] {
  const chain: unknown[] = Array.isArray(actor.chain) ? actor.chain : []
  return chain.flatMap((link) => {
    const { kind, name, arn, how } = (link ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') return []
    return [
      {
        kind: typeof kind === 'string' ? kind : 'unknown',
        name,
        ...(typeof arn === 'string' && { arn }),
        ...(typeof how === 'string' && { how }),
      },
    ]
  })
}

/** Only pages of the web: an address could as well be a script. */
export function safeLinks(links: Change['links']): Change['links'] {
  return links.filter(({ url }) => URL.canParse(url) && new URL(url).protocol === 'https:')
}

export interface RecordParts {
  request: unknown
  response: unknown
  /** Everything else of the record. */
  rest: unknown
}

/** What was asked and answered, in CloudTrail's names; other sources have only the rest. */
export function partsOf(record: unknown): RecordParts {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { request: undefined, response: undefined, rest: record }
  }
  const { requestParameters, responseElements, ...rest } = record as Record<string, unknown>
  return {
    request: requestParameters ?? undefined,
    response: responseElements ?? undefined,
    rest,
  }
}

/** Text of a field of the record, where it is one: `requestID`, `sourceIPAddress`. */
export function textOf(record: unknown, field: string): string | undefined {
  const value =
    typeof record === 'object' && record !== null
      ? (record as Record<string, unknown>)[field]
      : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

const HOUR = 3_600_000
/** What strangers wrote can be longer than servers and proxies take an address. */
const LONGEST_IN_ADDRESS = 2_000

/** Whether it can be asked about: it becomes a part of an address, percent-encoded. */
function isAskable(value: string): boolean {
  return value.isWellFormed() && encodeURIComponent(value).length <= LONGEST_IN_ADDRESS
}

export interface Neighbours {
  title: string
  /** The feed that has all of them. */
  search: FeedSearch
}

/** Where to look for what else was going on, near in time. */
export function neighboursOf(change: Change, record: unknown): Neighbours[] {
  const requestId = textOf(record, 'requestID')
  const at = Date.parse(change.occurredAt)
  const around = (ms: number) => ({
    from: new Date(at - ms).toISOString(),
    to: new Date(at + ms).toISOString(),
    view: 'changes' as const,
    // Beside something routine, what is routine counts.
    ...(change.noise !== null && { noise: 'shown' as const }),
  })
  const [resource] = change.resources
  return [
    ...(change.changeSetId === null
      ? []
      : [
          {
            title: 'Same change set',
            search: { ...around(24 * HOUR), changeSet: [change.changeSetId] },
          },
        ]),
    // One request may leave several records: of what AWS did on its behalf.
    ...(requestId === undefined || !isAskable(requestId)
      ? []
      : [
          {
            title: 'Same request',
            search: { ...around(HOUR), request: [requestId], noise: 'shown' as const },
          },
        ]),
    ...(isAskable(change.actor.name)
      ? [
          {
            title: `By ${change.actor.name}, ±1 hour`,
            search: { ...around(HOUR), actor: [change.actor.name] },
          },
        ]
      : []),
    ...(resource && isAskable(resource.id)
      ? [
          {
            title: `On ${resource.id}, ±7 days`,
            search: { ...around(7 * 24 * HOUR), resource: [resource.id], noise: 'shown' as const },
          },
        ]
      : []),
  ]
}

/** Those that are nearest in time to one, itself not included, the newest first. */
export function nearest(changes: readonly Change[], to: Change, most: number): Change[] {
  const distance = ({ occurredAt }: Change) =>
    Math.abs(Date.parse(occurredAt) - Date.parse(to.occurredAt))
  const others = new Map(changes.map((one) => [one.id, one]))
  others.delete(to.id)
  return [...others.values()]
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, most)
    .sort((a, b) => Date.parse(b.occurredAt) - Date.parse(a.occurredAt))
}
