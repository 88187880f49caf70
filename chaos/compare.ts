export interface Comparison {
  imported: number
  /** Wanted and not imported. */
  missing: string[]
  /** Imported more than once. */
  duplicate: string[]
  /** Imported although the account does not have them. */
  unknown: string[]
}

/**
 * Compares event ids.
 *
 * @param wanted what has to be imported
 * @param held everything in the account's ledger
 * @param imported what the API returns, each id as often as it is returned
 */
export function compareIds(ids: {
  wanted: readonly string[]
  held: readonly string[]
  imported: readonly string[]
}): Comparison {
  const held = new Set(ids.held)
  const imported = new Set<string>()
  const duplicate = new Set<string>()
  for (const id of ids.imported) {
    if (imported.has(id)) duplicate.add(id)
    imported.add(id)
  }
  return {
    imported: imported.size,
    missing: ids.wanted.filter((id) => !imported.has(id)),
    duplicate: [...duplicate],
    unknown: [...imported].filter((id) => !held.has(id)),
  }
}

/**
 * The event ids in an export of the feed (NDJSON).
 *
 * @throws if the export was interrupted
 */
export function readExport(text: string): string[] {
  const lines = text.trimEnd().split('\n')
  const end: unknown = JSON.parse(lines.at(-1)!).end
  if (end === undefined) throw new Error('The export was interrupted')
  return lines.slice(1, -1).map((line) => JSON.parse(line).sourceId as string)
}
