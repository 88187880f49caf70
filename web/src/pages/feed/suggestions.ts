import { rangeLabels } from './labels.ts'
import {
  chosen,
  type FeedSearch,
  type Preset,
  presets,
  spans,
  withoutFilters,
  withoutRange,
  writeTime,
} from './search.ts'

/** A list to show where one is empty. */
export interface Suggestion {
  label: string
  search: FeedSearch
}

const DAY_MS = 24 * 60 * 60_000
const LONGEST: Preset = '7d'

/** Whether the feed is searched or filtered. */
export const isFiltered = (search: FeedSearch) =>
  chosen(search).length > 0 || search.q !== undefined || search.failures !== undefined

/**
 * What to show where nothing matches: routine changes, the list without filters, without the search
 * text, and a longer time range.
 *
 * @param window the time range of the empty list
 */
export function suggestionsFor(search: FeedSearch, window: { from: Date; to: Date }): Suggestion[] {
  const here = position(search)
  const found: Suggestion[] = []
  if (here.noise === undefined) {
    found.push({ label: 'Show routine changes', search: { ...here, noise: 'shown' } })
  }
  if (here.q !== undefined && (chosen(here).length > 0 || here.failures !== undefined)) {
    found.push({ label: 'Clear search', search: { ...here, q: undefined } })
  }
  if (isFiltered(here)) {
    const cleared = { ...withoutFilters(here), noise: here.noise }
    found.push({ label: 'Clear filters', search: cleared })
  }
  const wider = widened(here, window)
  if (wider) found.push(wider)
  return found
}

/** Without the place in the list. */
function position(search: FeedSearch): FeedSearch {
  const { at: _, open: __, change: ___, ...rest } = search
  return rest
}

/** A longer time range that contains this one. Null if it is a week or longer. */
function widened(search: FeedSearch, window: { from: Date; to: Date }): Suggestion | null {
  const rest = withoutRange(search)
  if (search.before !== undefined) {
    const isDay = search.span === '24h'
    return isDay
      ? weekBefore(rest, window.to)
      : {
          label: `Show ${rangeLabels['24h']} before`,
          search: { ...rest, before: search.before, span: '24h' },
        }
  }
  const length = window.to.getTime() - window.from.getTime()
  if (length >= presets[LONGEST] * 1000) return null
  if (search.from === undefined || search.to === undefined) {
    return { label: 'Show last 7 days', search: { ...rest, range: LONGEST } }
  }
  if (length >= spans['24h'] * 1000) return weekBefore(rest, window.to)
  const from = writeTime(window.to.getTime() - DAY_MS)
  return { label: `Show ${rangeLabels['24h']}`, search: { ...rest, from, to: search.to } }
}

function weekBefore(rest: FeedSearch, to: Date): Suggestion {
  const from = writeTime(to.getTime() - 7 * DAY_MS)
  return { label: 'Show 7 days before', search: { ...rest, from, to: writeTime(to) } }
}
