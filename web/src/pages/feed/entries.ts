import type { Change, ChangeSet } from '../../client.ts'
import { visible } from '../../components/json.ts'
import type { NewChanges } from '../../server-events.ts'
import { isNews, type NewsSince } from './news-since.ts'
import type { ChangeQuery } from './search.ts'

/**
 * An item of the feed: a set of several changes, or a change. `id` is the ID of the listed item.
 */
export type Entry =
  | { kind: 'set'; id: string; set: ChangeSet; size: number }
  | { kind: 'change'; id: string; change: Change; size: 1 }

/** A set with one change is listed as the change, whose summary says more. */
function toEntry(item: Change | ChangeSet): Entry {
  if (!('headline' in item)) return { kind: 'change', id: item.id, change: item, size: 1 }
  if (item.only) return { kind: 'change', id: item.id, change: item.only, size: 1 }
  return { kind: 'set', id: item.id, set: item, size: item.changes }
}

/** Removes duplicates: a set that was merged between two requests can be on both pages. */
export function toEntries(items: readonly (Change | ChangeSet)[]): Entry[] {
  return [...new Map(items.map((item) => [item.id, toEntry(item)])).values()]
}

/**
 * The number of changes on the newest page that are not shown: new items, and the growth of shown
 * sets. `isMore` if no item of the page is shown.
 *
 * @param since when changes become news; null: all are
 */
export function news(
  shown: readonly Entry[],
  newest: readonly (Change | ChangeSet)[],
  hasMore: boolean,
  since: NewsSince | null = null,
): { count: number; isMore: boolean } {
  const sizes = new Map(shown.map(({ id, size }) => [id, size]))
  const counts = newest
    .filter((item) => since === null || isNews(item, since))
    .map((item) => Math.max(toEntry(item).size - (sizes.get(item.id) ?? 0), 0))
  const count = counts.reduce((n, each) => n + each, 0)
  return { count, isMore: count > 0 && hasMore && newest.every(({ id }) => !sizes.has(id)) }
}

/** Whether new changes can match the filters. */
export function concerns(arrived: NewChanges, query: ChangeQuery): boolean {
  const { count, noise, connectionId } = arrived
  if (query.noise === 'false' && noise >= count) return false
  if (query.noise === 'true' && noise === 0) return false
  const asked = query.connection && [query.connection].flat()
  if (asked && !asked.includes(connectionId)) return false
  return ![query['connection!'] ?? []].flat().includes(connectionId)
}

/** A summary without the subject that it starts with, so that the subject can be set apart. */
export function split(text: string, subject: string): { subject: string; rest: string } {
  return { subject, rest: text.slice(subject.length) }
}

/** Truncates untrusted text at a whole character, and escapes invisible characters. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return visible(text)
  const isSplit = /[\uD800-\uDBFF]/.test(text[most - 1]!)
  return `${visible(text.slice(0, isSplit ? most - 1 : most))}…`
}
