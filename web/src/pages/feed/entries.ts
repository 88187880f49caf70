import type { Change, ChangeSet } from '../../client.ts'
import { visible } from '../../components/json.ts'
import type { NewChanges } from '../../live.ts'
import type { ChangeQuery } from './search.ts'

/** What the feed lists: a set of several changes, or a change. `id` is that of the listed item. */
export type Entry =
  | { kind: 'set'; id: string; set: ChangeSet; size: number }
  | { kind: 'change'; id: string; change: Change; size: 1 }

/** A set of one is the change itself: a sentence that says what it was, not how many. */
export function toEntry(item: Change | ChangeSet): Entry {
  if (!('headline' in item)) return { kind: 'change', id: item.id, change: item, size: 1 }
  if (item.only) return { kind: 'change', id: item.id, change: item.only, size: 1 }
  return { kind: 'set', id: item.id, set: item, size: item.changes }
}

/** Each item once, though one that was merged between two pages may be on both. */
export function toEntries(items: readonly (Change | ChangeSet)[]): Entry[] {
  return [...new Map(items.map((item) => [item.id, toEntry(item)])).values()]
}

/**
 * How many changes of the newest page are not among those shown: new items, and what shown sets
 * have grown by. There may be more where nothing of the page is known.
 */
export function news(
  shown: readonly Entry[],
  newest: readonly (Change | ChangeSet)[],
  hasMore: boolean,
): { count: number; isMore: boolean } {
  const sizes = new Map(shown.map(({ id, size }) => [id, size]))
  const counts = newest.map((item) => Math.max(toEntry(item).size - (sizes.get(item.id) ?? 0), 0))
  return {
    count: counts.reduce((n, each) => n + each, 0),
    isMore: hasMore && newest.every(({ id }) => !sizes.has(id)),
  }
}

/** Whether a list of these filters may show some of what came. */
export function concerns(arrived: NewChanges, query: ChangeQuery): boolean {
  const { count, noise, connectionId } = arrived
  if (query.noise === 'false' && noise >= count) return false
  if (query.noise === 'true' && noise === 0) return false
  const asked = query.connection && [query.connection].flat()
  if (asked && !asked.includes(connectionId)) return false
  return ![query.connectionQuery ?? []].flat().includes(connectionId)
}

/** A summary without the subject that it starts with, so that the subject can be set apart. */
export function split(text: string, subject: string): { subject: string; rest: string } {
  return { subject, rest: text.slice(subject.length) }
}

/** Cut at a whole character: what strangers wrote may be very long, or turn the text round. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return visible(text)
  const isSplit = /[\uD800-\uDBFF]/.test(text[most - 1]!)
  return `${visible(text.slice(0, isSplit ? most - 1 : most))}…`
}
