/**
 * Change sets: which changes belong to the same operation.
 *
 * Each change covers a span of time, from itself to the end of its idle timeout. Overlapping spans
 * of one session belong to the same change set. So a set is a union of overlapping spans, which is
 * the same in any order of arrival. This matters because events can be late and history is imported
 * backwards.
 *
 * The functions accept sets as well as single changes, so storing a change requires only the sets
 * of its session around its time. See docs/decisions/004-change-sets.md.
 */

import { type Change, type ChangeSetKey, UNKNOWN_TOOL } from './change.ts'
import { counted, listed } from './text.ts'

/** The time that a set, or a single change, covers. Milliseconds since 1970. */
export interface Span {
  /** Sets of different session keys never merge. */
  sessionKey: string
  /** Sets of different streams never merge. Null matches any stream. */
  stream: string | null
  from: number
  /** The end of the longest idle timeout, inclusive. */
  until: number
}

export interface ChangeSet extends Span {
  /** The ID of the change that opened the set: the first one that was stored. It never changes. */
  id: string
  /** The time of that change. Sets are ordered and paged by it. It never changes. */
  openedAt: number
}

/** The part of a change that determines its set. */
export interface DatedKey {
  occurredAt: Date
  changeSet: ChangeSetKey
}

/** The span of one change. */
export function spanOf(change: DatedKey): Span {
  const { sessionKey, stream, idleTimeoutMs } = change.changeSet
  const from = change.occurredAt.getTime()
  return { sessionKey, stream, from, until: from + idleTimeoutMs }
}

/** The set that a change opens if it joins none. */
export function openSet(id: string, change: DatedKey): ChangeSet {
  return { ...spanOf(change), id, openedAt: change.occurredAt.getTime() }
}

export function belongTogether(a: Span, b: Span): boolean {
  if (a.sessionKey !== b.sessionKey) return false
  if (a.stream !== b.stream && a.stream !== null && b.stream !== null) return false
  return a.from <= b.until && b.from <= a.until
}

/**
 * Merges two sets that belong together.
 *
 * The set that was opened later keeps its ID. A reader who pages from the newest to the oldest has
 * seen that set or still will, and never sees the changes of the other one twice.
 */
export function mergeSets(a: ChangeSet, b: ChangeSet): ChangeSet {
  const isA = a.openedAt !== b.openedAt ? a.openedAt > b.openedAt : a.id > b.id
  const { id, openedAt } = isA ? a : b
  return {
    id,
    openedAt,
    sessionKey: a.sessionKey,
    stream: a.stream === null || b.stream === null ? null : a.stream,
    from: Math.min(a.from, b.from),
    until: Math.max(a.until, b.until),
  }
}

export interface Merger {
  /** The merged set to store, under the ID that it keeps. */
  set: ChangeSet
  /** The IDs of the sets that were merged into it. */
  absorbed: string[]
}

/**
 * Merges all sets that belong together. The result does not depend on their order: merging only
 * widens a span, so it never prevents another merge.
 */
export function mergeAll(sets: readonly ChangeSet[]): Merger[] {
  const bySessionKey = Map.groupBy(sets, ({ sessionKey }) => sessionKey)
  return [...bySessionKey.values()].flatMap((ofSessionKey) => mergeOfSession(ofSessionKey))
}

function mergeOfSession(sets: readonly ChangeSet[]): Merger[] {
  const byStream = Map.groupBy(sets, ({ stream }) => stream)
  let merged = [...byStream.values()].flatMap(sweep)
  // A set without a stream joins the sets that it overlaps, and may then overlap more.
  while (merged.some(({ set }) => set.stream === null)) {
    const [next, hasChanged] = joinStreams(merged)
    merged = next
    if (!hasChanged) break
  }
  return merged
}

/** Sets of one stream, sorted by start: each joins the previous set or opens a new one. */
function sweep(sets: readonly ChangeSet[]): Merger[] {
  const sorted = sets.toSorted((a, b) => a.from - b.from)
  const merged: Merger[] = []
  for (const set of sorted) {
    const last = merged.at(-1)
    if (last === undefined || !belongTogether(last.set, set)) merged.push({ set, absorbed: [] })
    else merged[merged.length - 1] = joined(last, { set, absorbed: [] })
  }
  return merged
}

function joinStreams(mergers: readonly Merger[]): [Merger[], boolean] {
  const done: Merger[] = []
  let hasChanged = false
  for (let merger of mergers) {
    for (let i = done.length - 1; i >= 0; i--) {
      if (!belongTogether(done[i]!.set, merger.set)) continue
      merger = joined(done[i]!, merger)
      done.splice(i, 1)
      hasChanged = true
    }
    done.push(merger)
  }
  return [done, hasChanged]
}

function joined(a: Merger, b: Merger): Merger {
  const set = mergeSets(a.set, b.set)
  const other = set.id === a.set.id ? b.set.id : a.set.id
  const absorbed = [...a.absorbed, ...b.absorbed]
  return { set, absorbed: other === set.id ? absorbed : [...absorbed, other] }
}

/** Assigns changes to sets, all at once and in any order: set ID by change ID. */
export function assignChangeSets(
  changes: readonly (DatedKey & { id: string })[],
): Map<string, string> {
  const opened = changes.map((change) => openSet(change.id, change))
  const assigned = new Map<string, string>()
  for (const { set, absorbed } of mergeAll(opened)) {
    assigned.set(set.id, set.id)
    for (const id of absorbed) assigned.set(id, set.id)
  }
  return assigned
}

/**
 * `deploy-prod, with Terraform, changed 14 things in rds and ec2`.
 *
 * @param parts changes, or the number of changes of each kind; the earliest first
 */
export function headline(
  parts: readonly (Pick<Change, 'actor' | 'tool' | 'service' | 'outcome'> & { count?: number })[],
): string {
  const [first] = parts
  if (first === undefined) return ''
  const known = parts.map(({ tool }) => tool).filter(({ name }) => name !== UNKNOWN_TOOL)
  // A service that is also the tool is named once.
  const tools = [...new Set(known.map(({ title }) => title))].filter(
    (title) => title !== first.actor.name,
  )
  const counts = (some: typeof parts) => some.reduce((sum, { count = 1 }) => sum + count, 0)
  const services = [...Map.groupBy(parts, ({ service }) => service)]
    .toSorted(([, a], [, b]) => counts(b) - counts(a))
    .map(([service]) => service)
  const made = counts(parts.filter(({ outcome }) => outcome === 'succeeded'))
  const tried = counts(parts) - made
  const withTools = tools.length === 0 ? '' : `, with ${listed(tools)},`
  const did =
    made === 0
      ? `tried to change ${counted(tried, 'thing')}`
      : `changed ${counted(made, 'thing')}${tried > 0 ? ` (${tried} more failed)` : ''}`
  return `${first.actor.name}${withTools} ${did} in ${listed(services)}`
}
