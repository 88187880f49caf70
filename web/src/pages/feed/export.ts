import { visible } from '../../components/json.ts'
import { counted } from '../../format.ts'
import { escapeMarkdown } from '../../markdown.ts'
import type { Entry } from './entries.ts'
import { type FeedRange, type FeedSearch, toQuery, withoutRange, writeTime } from './search.ts'

/**
 * The API path that downloads all changes that match the filters.
 *
 * @param window its end is absolute in the path, also if it is the current time
 */
export function exportPath(
  format: 'csv' | 'ndjson',
  search: FeedSearch,
  window: FeedRange,
): string {
  const query = { ...toQuery(search, window), to: window.to.toISOString() }
  const parameters = new URLSearchParams({ format })
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) parameters.append(name, String(value))
  }
  return `/api/v1/changes/export?${parameters}`
}

/** The same list, with the start and the end of the time range instead of a relative range. */
export function withAbsoluteTimes(search: FeedSearch, window: FeedRange): FeedSearch {
  const rest = withoutRange(search)
  return { ...rest, from: writeTime(window.from), to: writeTime(window.to) }
}

/** The loaded rows of the list. */
interface LoadedRows {
  entries: readonly Entry[]
  /** Whether the list has rows that are not loaded. */
  hasMore: boolean
  window: FeedRange
}

/** The rows as plain text, one line each. */
export function toPlainText(rows: LoadedRows): string {
  const lines = rows.entries.map((entry) => `${utc(timeOf(entry))}  ${summaryOf(entry)}`)
  return `${[titleOf(rows), '', ...lines, ...noteOf(rows)].join('\n')}\n`
}

/** The rows as a Markdown list. Text from the source cannot become markup, links or mentions. */
export function toMarkdown(rows: LoadedRows): string {
  const lines = rows.entries.map(
    (entry) => `- \`${utc(timeOf(entry))}\` ${escapeMarkdown(summaryOf(entry))}`,
  )
  return `${[`**${titleOf(rows)}**`, '', ...lines, ...noteOf(rows)].join('\n')}\n`
}

function titleOf({ window }: LoadedRows): string {
  return `Changes from ${utc(window.from)} to ${utc(window.to)}`
}

function noteOf({ entries, hasMore }: LoadedRows): string[] {
  if (!hasMore) return []
  return ['', `Only the newest ${counted(entries.length, 'row')}. Older rows are not included.`]
}

function timeOf(entry: Entry): string {
  return entry.kind === 'set' ? entry.set.to : entry.change.occurredAt
}

/** On one line, with invisible characters escaped. */
function summaryOf(entry: Entry): string {
  const summary = entry.kind === 'set' ? entry.set.headline : entry.change.summary
  return visible(summary.replaceAll(/\s+/g, ' '))
}

/** `2026-03-02 12:00:00 UTC`. Fractions of a second are cut. */
function utc(time: string | Date): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
