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
import { areCompatible, isOpenStream, mergeStreams } from './streams.ts'
import { counted, listed, plural, spoken, words } from './text.ts'

/** The time that a set, or a single change, covers. Milliseconds since 1970. */
export interface ChangeSetSpan {
  /** Sets of different session keys never merge. */
  sessionKey: string
  /** Sets of different streams never merge. Null matches any stream. */
  stream: string | null
  from: number
  /** The end of the longest idle timeout, inclusive. */
  until: number
}

export interface ChangeSet extends ChangeSetSpan {
  /** The ID of the change that opened the set: the first one that was stored. It never changes. */
  id: string
  /** The time of that change. Sets are ordered and paged by it. It never changes. */
  openedAt: number
}

/** The part of a change that determines its set. */
interface DatedKey {
  occurredAt: Date
  changeSet: ChangeSetKey
}

/** The span of one change. */
export function spanOf(change: DatedKey): ChangeSetSpan {
  const { sessionKey, stream, idleTimeoutMs } = change.changeSet
  const from = change.occurredAt.getTime()
  return { sessionKey, stream, from, until: from + idleTimeoutMs }
}

/** The set that a change opens if it joins none. */
export function openSet(id: string, change: DatedKey): ChangeSet {
  return { ...spanOf(change), id, openedAt: change.occurredAt.getTime() }
}

export function belongTogether(a: ChangeSetSpan, b: ChangeSetSpan): boolean {
  if (a.sessionKey !== b.sessionKey) return false
  if (a.from > b.until || b.from > a.until) return false
  const gap = Math.max(a.from, b.from) - (a.from <= b.from ? a : b).until
  return areCompatible(a.stream, b.stream, gap)
}

/**
 * Merges two sets that belong together.
 *
 * The set that was opened later keeps its ID. A reader who pages from the newest to the oldest has
 * seen that set or still will, and never sees the changes of the other one twice.
 */
function mergeSets(a: ChangeSet, b: ChangeSet): ChangeSet {
  const isA = a.openedAt !== b.openedAt ? a.openedAt > b.openedAt : a.id > b.id
  const { id, openedAt } = isA ? a : b
  return {
    id,
    openedAt,
    sessionKey: a.sessionKey,
    stream: mergeStreams(a.stream, b.stream),
    from: Math.min(a.from, b.from),
    until: Math.max(a.until, b.until),
  }
}

interface Merger {
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
  while (merged.some(({ set }) => isOpenStream(set.stream))) {
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

/** Changes of one kind in a set, or a single change. */
type SetPart = Pick<Change, 'actor' | 'tool' | 'service' | 'outcome'> &
  Partial<Pick<Change, 'readOnly' | 'verb' | 'resources'>> & {
    /** The number of changes; default 1. */
    count?: number
    /** What the changes acted on: the names of some, and how many there are. */
    things?: { type: string; names: string[]; count: number }
  }

/**
 * Names what changed: `sam deployed order-events, image-resizer and 7 more Lambda functions`; without
 * names, `deploy-prod, with Terraform, changed 14 things in rds and ec2`. Reads are no changes.
 *
 * @param parts changes, or the number of changes of each kind; the earliest first
 */
export function headline(parts: readonly SetPart[]): string {
  const [first] = parts
  if (first === undefined) return ''
  const known = parts.map(({ tool }) => tool).filter(({ name }) => name !== UNKNOWN_TOOL)
  // A service that is also the tool is named once.
  const tools = [...new Set(known.map(({ title }) => title))].filter(
    (title) => title !== first.actor.name,
  )
  const withTools = tools.length === 0 ? '' : `, with ${listed(tools)},`
  const changes = parts.filter(({ readOnly }) => readOnly !== true)
  const counts = (some: readonly SetPart[]) => some.reduce((sum, { count = 1 }) => sum + count, 0)
  const servicesOf = (some: readonly SetPart[]) =>
    listed(
      [...Map.groupBy(some, ({ service }) => service)]
        .toSorted(([, a], [, b]) => counts(b) - counts(a))
        .map(([service]) => service),
    )
  const subject = `${first.actor.name}${withTools}`
  if (changes.length === 0) {
    return `${subject} made ${counted(counts(parts), 'read')} in ${servicesOf(parts)}`
  }
  const succeeded = changes.filter(({ outcome }) => outcome === 'succeeded')
  const made = counts(succeeded)
  const tried = counts(changes) - made
  if (made === 0) {
    return `${subject} tried to change ${counted(tried, 'thing')} in ${servicesOf(changes)}`
  }
  const failed = tried > 0 ? ` (${tried} more failed)` : ''
  const did = namedWork(succeeded)
  if (did !== undefined) return `${subject} ${did}${failed}`
  return `${subject} changed ${counted(made, 'thing')}${failed} in ${servicesOf(changes)}`
}

interface NamedWork {
  verb: string
  type: string
  names: Set<string>
  things: number
  changes: number
}

/** `deployed a, b and 7 more Lambda functions`; undefined when that would be less than half. */
function namedWork(parts: readonly SetPart[]): string | undefined {
  const works = new Map<string, NamedWork>()
  let changes = 0
  for (const part of parts) {
    const { count = 1, resources, verb = 'changed' } = part
    changes += count
    const [main] = resources ?? []
    const things =
      part.things ?? (main && { type: main.type, names: [main.name ?? main.id], count: 1 })
    if (things === undefined || things.names.length === 0) continue
    const key = `${verb} ${things.type}`
    const work = works.get(key) ?? {
      verb,
      type: things.type,
      names: new Set(),
      things: 0,
      changes: 0,
    }
    const before = work.names.size
    for (const name of things.names) work.names.add(name)
    // Of those that are not listed, all may be others.
    work.things += work.names.size - before + Math.max(0, things.count - things.names.length)
    work.changes += count
    works.set(key, work)
  }
  const sorted = [...works.values()].toSorted((a, b) => b.things - a.things)
  const [most, second] = sorted
  if (most === undefined) return undefined
  const shown = most.changes + (second?.changes ?? 0)
  const rest = changes - shown
  if (rest > shown) return undefined
  const also = second === undefined ? '' : ` and ${workWords(second)}`
  return `${workWords(most)}${also}${rest > 0 ? `, and made ${counted(rest, 'more change')}` : ''}`
}

function workWords({ verb, type, names, things }: NamedWork): string {
  const noun = typeWords(type)
  const [a = '', b = ''] = [...names].map((name) => spoken(name, 60))
  if (things <= 1) return `${verb} ${noun} ${a}`
  if (things === 2 && b !== '') return `${verb} ${plural(noun)} ${a} and ${b}`
  const shown = b === '' ? [a] : [a, b]
  return `${verb} ${shown.join(', ')} and ${things - shown.length} more ${plural(noun)}`
}

/** `Lambda function` for `AWS::Lambda::Function`, `Secrets Manager secret` for `AWS::SecretsManager::Secret`. */
function typeWords(type: string): string {
  const [, service = '', ...rest] = type.split('::')
  const noun = words(rest.at(-1) ?? type.split('::').at(-1)!)
  if (rest.length !== 1) return noun || 'thing'
  return `${service.replace(/(?<=[a-z])(Manager|Functions|Gateway)$/, ' $1')} ${noun}`
}
