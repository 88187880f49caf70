/** Every source that changes come from. A new source is a folder here and a line in the list. */

import { cloudtrail } from './cloudtrail/source.ts'
import type { Source } from './source.ts'

export const SOURCES: readonly Source[] = [cloudtrail]

const BY_ID = new Map(SOURCES.map((source) => [source.id, source]))

/** Undefined for changes of a source that Cairn does not know (any more). */
export function findSource(id: string): Source | undefined {
  return BY_ID.get(id)
}
