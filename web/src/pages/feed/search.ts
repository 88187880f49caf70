import {
  type Exclusion,
  exclusion,
  type FilterField,
  filterFields,
  filterOf,
} from '../../../../src/changes/filters.ts'
import type { listChanges } from '../../client.ts'

/** The query parameters of `GET /changes`, as named in the generated client. */
export type ChangeQuery = NonNullable<Parameters<typeof listChanges>[0]>

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
const DAY_SECONDS = 24 * HOUR_SECONDS

/** Time ranges that end now, in seconds. */
export const presets = {
  '15m': 15 * MINUTE_SECONDS,
  '1h': HOUR_SECONDS,
  '4h': 4 * HOUR_SECONDS,
  '24h': DAY_SECONDS,
  '7d': 7 * DAY_SECONDS,
} as const
export type Preset = keyof typeof presets
export const defaultPreset: Preset = '24h'

/** Time ranges that end at a selected time, in seconds. */
export const spans = {
  '15m': 15 * MINUTE_SECONDS,
  '30m': 30 * MINUTE_SECONDS,
  '1h': HOUR_SECONDS,
  '2h': 2 * HOUR_SECONDS,
  '6h': 6 * HOUR_SECONDS,
  '24h': DAY_SECONDS,
} as const
export type SpanKey = keyof typeof spans
export const defaultSpan: SpanKey = '30m'

/** The state of the feed in the URL. Absent fields have their defaults. */
export type FeedSearch = {
  range?: Preset
  /** Absolute, inclusive. */
  from?: string
  /** Absolute, exclusive. */
  to?: string
  /** The time of an incident, which ends the time range. */
  before?: string
  span?: SpanKey
  /** The time range to zoom out to: a preset, or `FROM/TO`. `FROM/` ends now. */
  out?: string
  q?: string
  noise?: 'shown' | 'only'
  failures?: 'hidden'
  view?: 'changes'
  /** The row that was selected. */
  at?: string
  /** The change that is open beside the list. */
  change?: string
  /** The expanded change sets. */
  open?: string[]
} & { [F in FilterField | Exclusion]?: string[] }

/**
 * Parses the URL. Invalid values are ignored, because URLs are typed, truncated and pasted.
 */
export function validateFeedSearch(search: Record<string, unknown>): FeedSearch {
  const read: FeedSearch = { ...readRange(search) }
  const q = text(search.q, 200)
  if (q !== undefined) read.q = q
  if (search.noise === 'shown' || search.noise === 'only') read.noise = search.noise
  if (search.failures === 'hidden') read.failures = 'hidden'
  if (search.view === 'changes') read.view = 'changes'
  const at = text(search.at, 100)
  if (at !== undefined) read.at = at
  const change = text(search.change, 100)
  if (change !== undefined) read.change = change
  const open = texts(search.open, 20)
  if (open) read.open = open
  for (const field of filterFields) {
    const { values: known, multi } = filterOf(field)
    for (const key of keysOf(field)) {
      const values = texts(search[key], multi ? 100 : 1)?.filter(
        (value) => !known || known.includes(value),
      )
      if (values && values.length > 0) read[key] = values
    }
  }
  return read
}

/** Identifies the list that a search shows: the position in it makes no difference. */
export function listKey(search: FeedSearch): string {
  // The router's search also has parameters that the feed does not know, in the order of the URL.
  const { at: _, open: __, change: ___, ...filters } = validateFeedSearch({ ...search })
  return JSON.stringify(filters)
}

function readRange(search: Record<string, unknown>): FeedSearch {
  const [from, to] = ordered(time(search.from), time(search.to))
  const before = time(search.before) ?? (from === undefined ? to : undefined)
  const out = readOut(text(search.out, 100))
  if (from !== undefined) {
    return { from, ...(to !== undefined && { to }), ...(out !== undefined && { out }) }
  }
  if (before !== undefined) {
    return { before, ...(isKey(spans, search.span) && { span: search.span }) }
  }
  return isKey(presets, search.range) ? { range: search.range } : {}
}

function ordered(from?: string, to?: string): [string | undefined, string | undefined] {
  const isEmpty = from !== undefined && to !== undefined && from >= to
  return isEmpty ? [undefined, undefined] : [from, to]
}

function readOut(out: string | undefined): string | undefined {
  if (out === undefined || isKey(presets, out)) return out
  const [start, end] = out.split('/')
  const [from, to] = ordered(time(start), time(end))
  if (from === undefined) return undefined
  if (end === '') return `${from}/`
  return to === undefined ? undefined : `${from}/${to}`
}

function isKey<T extends object>(of: T, key: unknown): key is keyof T & string {
  return typeof key === 'string' && Object.hasOwn(of, key)
}

/** The parameters of a filter, in URLs and in the API. */
function keysOf(field: FilterField): (FilterField | Exclusion)[] {
  return filterOf(field).negatable ? [field, exclusion(field) as Exclusion] : [field]
}

/** URLs have no types: `?q=42` and `?account=111122223333` are parsed as numbers. */
function text(value: unknown, most: number): string | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined
  const read = String(value)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
    .slice(0, most)
    .toWellFormed()
  return read.trim() === '' ? undefined : read
}

function texts(value: unknown, most: number): string[] | undefined {
  const read = [value].flat().map((one) => text(one, 2048))
  const different = [...new Set(read.filter((one) => one !== undefined))].slice(0, most)
  return different.length > 0 ? different : undefined
}

/** In UTC, without a zero fraction. Only plausible years. */
function time(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined
  const date = new Date(value)
  const year = date.getUTCFullYear()
  return year >= 2000 && year < 2200 ? writeTime(date) : undefined
}

export function writeTime(date: Date | number): string {
  return new Date(date).toISOString().replace('.000Z', 'Z')
}

/** The time range of the feed. */
export interface FeedRange {
  from: Date
  to: Date
  endsNow: boolean
}

/** @param asOf the current time, in milliseconds */
export function windowOf(search: FeedSearch, asOf: number): FeedRange {
  if (search.from !== undefined) {
    const to = search.to === undefined ? Math.max(asOf, Date.parse(search.from) + 1000) : search.to
    return { from: new Date(search.from), to: new Date(to), endsNow: search.to === undefined }
  }
  if (search.before !== undefined) {
    const to = Date.parse(search.before)
    const length = spans[search.span ?? defaultSpan] * 1000
    return { from: new Date(to - length), to: new Date(to), endsNow: false }
  }
  const length = presets[search.range ?? defaultPreset] * 1000
  return { from: new Date(asOf - length), to: new Date(asOf), endsNow: true }
}

/** The search without a time range. */
export function withoutRange(search: FeedSearch): FeedSearch {
  const { range: _, from: __, to: ___, before: ____, span: _____, out: ______, ...rest } = search
  return rest
}

/** Zooms in, and remembers the time range to zoom out to. */
export function zoomInto(search: FeedSearch, from: Date, to: Date, asOf: number): FeedSearch {
  const shown = windowOf(search, asOf)
  const whole = `${writeTime(shown.from)}/${shown.endsNow ? '' : writeTime(shown.to)}`
  const out = search.out ?? (search.from || search.before ? whole : (search.range ?? defaultPreset))
  return { ...withoutRange(search), from: writeTime(from), to: writeTime(to), out }
}

export function zoomOut(search: FeedSearch): FeedSearch {
  if (search.out === undefined) return search
  const rest = withoutRange(search)
  if (isKey(presets, search.out)) return { ...rest, range: search.out }
  const [from, to] = search.out.split('/')
  return { ...rest, from, ...(to && { to }) }
}

/** The changes of a change set that match the filters and the time range, as a list. */
export function searchOfSet(
  search: FeedSearch,
  window: FeedRange,
  set: { id: string; from: string; to: string },
): FeedSearch {
  const { at: _, open: __, change: ___, ...rest } = withoutRange(search)
  const from = Math.max(Date.parse(set.from), window.from.getTime())
  const end = Date.parse(set.to) + 1000
  const to = window.endsNow ? end : Math.min(end, window.to.getTime())
  return {
    ...rest,
    view: 'changes',
    changeSet: [set.id],
    from: writeTime(from),
    to: writeTime(to),
  }
}

/** Converts the filters and the time range to API parameters. */
export function toQuery(search: FeedSearch, window: FeedRange): ChangeQuery {
  const query: ChangeQuery = { from: window.from.toISOString() }
  // A time range that ends now has no end, so that it includes later imports.
  if (!window.endsNow) query.to = window.to.toISOString()
  if (search.q !== undefined) query.q = search.q
  if (search.noise !== 'shown') query.noise = search.noise === 'only' ? 'true' : 'false'
  for (const key of filterFields.flatMap(keysOf)) {
    const values = search[key]
    if (values) query[key] = values as never
  }
  if (search.failures === 'hidden') {
    query['outcome!'] = [...new Set([...[query['outcome!'] ?? []].flat(), failed, denied])]
  }
  return query
}
const failed = 'failed' as const
const denied = 'denied' as const

/** Adds or removes a value. It is removed from the opposite list. */
export function toggle(
  search: FeedSearch,
  field: FilterField,
  value: string,
  how: 'include' | 'exclude',
): FeedSearch {
  const [included, excluded] = [field, exclusion(field) as Exclusion]
  const [key, other] = how === 'include' ? [included, excluded] : [excluded, included]
  const has = search[key]?.includes(value) ?? false
  if (!has && !filterOf(field).multi) return { ...search, [key]: [value] }
  const values = has ? search[key]!.filter((one) => one !== value) : [...(search[key] ?? []), value]
  const others = search[other]?.filter((one) => one !== value)
  const { [key]: _, [other]: __, ...rest } = search
  return {
    ...(rest as FeedSearch),
    ...(values.length > 0 && { [key]: values }),
    ...(others && others.length > 0 && { [other]: others }),
  }
}

/** The active filters. */
export function chosen(
  search: FeedSearch,
): { field: FilterField; value: string; how: 'include' | 'exclude' }[] {
  return filterFields.flatMap((field) => [
    ...valuesOf(search, field, 'include').map((value) => ({
      field,
      value,
      how: 'include' as const,
    })),
    ...valuesOf(search, field, 'exclude').map((value) => ({
      field,
      value,
      how: 'exclude' as const,
    })),
  ])
}

const none: readonly string[] = []

/** The values of a filter: the same array until they change. */
export function valuesOf(
  search: FeedSearch,
  field: FilterField,
  how: 'include' | 'exclude',
): readonly string[] {
  return search[how === 'include' ? field : (exclusion(field) as Exclusion)] ?? none
}

/** The same time range and view without filters. */
export function withoutFilters(search: FeedSearch): FeedSearch {
  const { range, from, to, before, span, out, view } = search
  return validateFeedSearch({ range, from, to, before, span, out, view })
}
