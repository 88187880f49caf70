/** All sources of changes. To add one, create a folder here and register it at the end. */

import { cloudtrail } from './cloudtrail/source.ts'
import { deploy } from './deploy/source.ts'
import { github } from './github/source.ts'
import type { Source } from './source.ts'

const byId = new Map<string, Source>()

/**
 * Registers a source. The API describes the details of the sources that are registered when it is
 * loaded, and returns those of all.
 *
 * @returns a function that removes it
 * @throws Error if there is a source with this ID
 */
export function registerSource(source: Source): () => void {
  if (byId.has(source.id)) throw new Error(`The source ${source.id} is registered already`)
  byId.set(source.id, source)
  return () => byId.delete(source.id)
}

export function listSources(): Source[] {
  return [...byId.values()]
}

/** Undefined if Cairn does not have the source (any longer). */
export function findSource(id: string): Source | undefined {
  return byId.get(id)
}

registerSource(cloudtrail)
registerSource(deploy)
registerSource(github)
