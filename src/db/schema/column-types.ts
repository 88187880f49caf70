import type { ColumnType } from 'kysely'

/** Half-open range of whole UTC seconds, as Unix seconds: `from` included, `to` not. */
export type SecondsRange = readonly [from: number, to: number]

/** `tstzmultirange`: read as sorted, disjoint ranges; written through SQL only. */
export type Multirange = ColumnType<SecondsRange[], never, never>

export type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>
