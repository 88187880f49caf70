import { type RawBuilder, sql } from 'kysely'
import type { ChangeFilters } from './change-filters.ts'
import { within } from './count-newest-first.ts'
import type { Trx } from './database.ts'
import { setsWith } from './environment-links.ts'
import { resourceIdsNamed } from './resources.ts'

/** With more matches, reading the feed and checking each change is faster. */
const MAX_MATCHES = 5_000
/** The trigram index needs at least three characters. */
const INDEXED = /[a-z0-9]{3}/i
/** Time limit for the lookup, in milliseconds. After that, the feed is read instead. */
const LOOKUP_MS = 1_000
const MAX_SEARCH_LENGTH = 200
const MAX_WORDS = 12
/** A search that cannot use the index reads each change of its time range. */
const MAX_UNINDEXED_DAYS = 8

/**
 * Why a search would cost too much: every part of its text is compared with every change that the
 * index proposes.
 *
 * @param now the end of a time range without an end
 * @returns what to change, with the limit; undefined for a search that is allowed
 */
export function searchLimit(
  text: string,
  { from, to }: Pick<ChangeFilters, 'from' | 'to'>,
  now: Date,
): string | undefined {
  if (text.length > MAX_SEARCH_LENGTH)
    return `The search text is too long. The limit is ${MAX_SEARCH_LENGTH} characters.`
  if (text.trim().split(/\s+/).length > MAX_WORDS)
    return `The search text has too many words. The limit is ${MAX_WORDS}.`
  if (/[\p{L}\p{N}]{3}/u.test(text)) return undefined
  const days = from ? ((to ?? now).getTime() - from.getTime()) / 86_400_000 : Infinity
  if (days <= MAX_UNINDEXED_DAYS) return undefined
  return `The search text needs 3 letters or digits in a row, or a time range of at most ${MAX_UNINDEXED_DAYS} days.`
}

/** `text` as a substring pattern for ILIKE. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}

/**
 * Looks up the changes that the filters name in the index of resources or of texts, if that helps:
 * rare values are found there directly, frequent ones by reading the feed. The returned filters are
 * equivalent to the given ones.
 */
export async function withSearch(trx: Trx, filters: ChangeFilters): Promise<ChangeFilters> {
  const { resource, environment } = filters.include
  const found =
    (environment && (await lookUpLinked(trx, filters, environment))) ??
    (resource && (await lookUp(trx, filters, 'changes_of_resources', idsOf(resource)))) ??
    (isIndexed(filters.q) &&
      (await lookUp(trx, filters, 'search_changes', sql`${[containing(filters.q!)]}::text[]`)))
  return found ? { ...filters, found } : filters
}

const idsOf = (resources: string[]) => sql`ARRAY(${resourceIdsNamed(resources)})`

function isIndexed(text: string | undefined): boolean {
  return text !== undefined && INDEXED.test(text)
}

/**
 * The changes that rules have assigned to environments to which no connection belongs.
 *
 * @returns undefined if there are too many, if a connection belongs to them, or without any rules
 */
async function lookUpLinked(
  trx: Trx,
  { from, to }: ChangeFilters,
  environments: readonly string[],
): Promise<string[] | undefined> {
  const { rows: sets } = await sql<{ id: number }>`
    SELECT id FROM environment_sets
    WHERE NOT EXISTS (SELECT FROM environment_links l
      WHERE l.environment_id::text = ANY (${environments}::text[]))
  `.execute(trx)
  if (sets.length === 0) return undefined
  const query = sql<{ id: string }>`
    SELECT id FROM change_environments WHERE set_id = ANY (ARRAY(${setsWith(environments)}))
      AND occurred_at >= coalesce(${from ?? null}::timestamptz, '-infinity')
      AND occurred_at < coalesce(${to ?? null}::timestamptz, 'infinity')
    LIMIT ${MAX_MATCHES + 1}
  `
  return idsWithin(trx, () => query.execute(trx))
}

/** @returns the IDs of changes; undefined if there are too many or the lookup takes too long */
async function lookUp(
  trx: Trx,
  { from, to }: ChangeFilters,
  lookup: 'changes_of_resources' | 'search_changes',
  wanted: RawBuilder<unknown>,
): Promise<string[] | undefined> {
  const query = sql<{ id: string }>`
    SELECT id FROM ${sql.ref(lookup)}(${wanted}, ${from ?? null}::timestamptz,
      ${to ?? null}::timestamptz, ${MAX_MATCHES + 1}) AS id
  `
  return idsWithin(trx, () => query.execute(trx))
}

async function idsWithin(
  trx: Trx,
  lookUp: () => Promise<{ rows: { id: string }[] }>,
): Promise<string[] | undefined> {
  const found = await within(trx, LOOKUP_MS, lookUp)
  await sql`SET LOCAL statement_timeout TO DEFAULT`.execute(trx)
  const rows = found?.result.rows
  return rows && rows.length <= MAX_MATCHES ? rows.map(({ id }) => id) : undefined
}
