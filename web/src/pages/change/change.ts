import type { Change } from '../../client.ts'
import type { FeedSearch } from '../feed/search.ts'

/** An entry in the chain of actors. */
interface ChainLink {
  kind: string
  name: string
  arn?: string
  how?: string
}

/** The API allows more fields in an actor. Only displayable ones are used. */
export function actorChainOf(actor: Change['actor']): ChainLink[] {
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

/** Only https links: a URL can contain a script. */
export function safeLinks(links: Change['links']): Change['links'] {
  return links.filter(({ url }) => URL.canParse(url) && new URL(url).protocol === 'https:')
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
/** Untrusted values can exceed the URL limit of servers and proxies. */
const MAX_LENGTH_IN_URL = 2_000

/** Whether the value fits into a URL, percent-encoded. */
export function fitsInUrl(value: string): boolean {
  return value.isWellFormed() && encodeURIComponent(value).length <= MAX_LENGTH_IN_URL
}

export interface RelatedQuery {
  title: string
  /** The feed that has all of them. */
  search: FeedSearch
}

/** The changes of this much time before and after one. */
export function rangeAround(change: Change, ms: number) {
  const at = Date.parse(change.occurredAt)
  return {
    from: new Date(at - ms).toISOString(),
    to: new Date(at + ms).toISOString(),
    view: 'changes' as const,
    // Next to a routine change, routine changes count.
    ...(change.noise !== null && { noise: 'shown' as const }),
  }
}

/** The changes with the same value, of all kinds, a week around a change. */
export function historyOf(change: Change, filter: FeedSearch): FeedSearch {
  return { ...rangeAround(change, 7 * 24 * HOUR_MS), noise: 'shown', ...filter }
}

/**
 * Where to look for what else happened, near in time.
 *
 * @param ofSource what the change's source adds
 */
export function relatedQueriesOf(change: Change, ofSource: RelatedQuery[] = []): RelatedQuery[] {
  const [resource] = change.resources
  return [
    ...(change.changeSetId === null
      ? []
      : [
          {
            title: 'Same change set',
            search: { ...rangeAround(change, 24 * HOUR_MS), changeSet: [change.changeSetId] },
          },
        ]),
    ...ofSource,
    ...(fitsInUrl(change.actor.id)
      ? [
          {
            title: `By ${change.actor.name}, ±1 hour`,
            search: { ...rangeAround(change, HOUR_MS), actor: [change.actor.id] },
          },
        ]
      : []),
    ...(resource && fitsInUrl(resource.key)
      ? [
          {
            title: `On ${resource.id}, ±7 days`,
            search: {
              ...rangeAround(change, 7 * 24 * HOUR_MS),
              resource: [resource.key],
              noise: 'shown' as const,
            },
          },
        ]
      : []),
  ]
}

/** The changes nearest in time to a change, without the change itself, newest first. */
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
