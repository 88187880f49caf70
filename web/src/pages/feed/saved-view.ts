import { defaultPreset, type FeedSearch, validateFeedSearch } from './search.ts'

/** What a saved view stores: always a time range, and not the selected row. */
export function queryOfView(search: FeedSearch): Record<string, string | string[]> {
  const { at: _, open: __, out: ___, change: ____, ...rest } = search
  const hasRange = ['range', 'from', 'before'].some((key) => key in rest)
  const whole = hasRange ? rest : { ...rest, range: defaultPreset }
  return Object.fromEntries(Object.entries(validateFeedSearch(whole)))
}

/** The search of a saved view. One without a time range keeps the current time range. */
export function applyView(
  search: FeedSearch,
  query: Record<string, string | string[]>,
): FeedSearch {
  const saved = validateFeedSearch(query)
  if (saved.range ?? saved.from ?? saved.before) return saved
  const { range, from, to, before, span, out } = search
  return validateFeedSearch({ ...saved, range, from, to, before, span, out })
}
