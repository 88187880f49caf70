/** Every source that changes come from. A new source is a folder here and a line at the end. */

import { cloudtrail } from './cloudtrail/source.ts'
import type { Source } from './source.ts'

const byId = new Map<string, Source>()

/**
 * Adds a source. The API describes the detail of those that are registered when it is loaded, and
 * answers with that of all.
 *
 * @returns removes it
 * @throws Error when there is a source with this id
 */
export function registerSource(source: Source): () => void {
  if (byId.has(source.id)) throw new Error(`The source ${source.id} is registered already`)
  byId.set(source.id, source)
  return () => byId.delete(source.id)
}

export function listSources(): Source[] {
  return [...byId.values()]
}

/** Undefined for changes of a source that Cairn does not know (any more). */
export function findSource(id: string): Source | undefined {
  return byId.get(id)
}

registerSource(cloudtrail)
