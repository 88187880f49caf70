/** The current readers of all sources, as what stored changes are compared with. */

import { listSources } from './index.ts'
import type { Reader } from './source.ts'

export function currentReaders(): (Reader & { source: string })[] {
  return listSources().flatMap(({ id, reader }) =>
    reader ? [{ source: id, version: reader.version, reread: reader.reread }] : [],
  )
}

/** The versions of the current readers, by source. */
export function readerVersions(): Record<string, number> {
  return Object.fromEntries(currentReaders().map(({ source, version }) => [source, version]))
}
