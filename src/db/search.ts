import { sql } from 'kysely'
import type { ChangeFilters } from './changes.ts'
import type { Trx } from './database.ts'

/** More than these are found sooner by reading the feed and looking at each. */
const MOST_FOUND = 5_000
/** The index knows three characters and up. */
const INDEXED = /[a-z0-9]{3}/i

/** `text` as a part of something, for ILIKE. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}

/**
 * Looks up what the filters are about in the index of texts, if that helps: what is rare is found
 * there at once, what is frequent by reading the feed itself. The filters that come back mean the
 * same as those that were given.
 */
export async function withSearch(trx: Trx, filters: ChangeFilters): Promise<ChangeFilters> {
  const texts = filters.q === undefined ? filters.include.resource : [filters.q]
  if (!texts?.every((text) => INDEXED.test(text))) return filters
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM search_changes(${texts.map(containing)}::text[], ${filters.from ?? null}::timestamptz,
      ${filters.to ?? null}::timestamptz, ${MOST_FOUND + 1}) AS id
  `.execute(trx)
  if (rows.length > MOST_FOUND) return filters
  return { ...filters, found: rows.map(({ id }) => id) }
}
