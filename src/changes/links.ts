import type { Link } from './change.ts'

/** Links that a change can have. A list of changes returns those of every change in it. */
export const MAX_LINKS = 50

/** Adds links, one per URL. Of more than {@link MAX_LINKS}, the newest remain. */
export function addLinks(links: readonly Link[], added: readonly Link[]): Link[] {
  const byUrl = new Map<string, Link>()
  for (const link of [...links, ...added]) if (!byUrl.has(link.url)) byUrl.set(link.url, link)
  return [...byUrl.values()].slice(-MAX_LINKS)
}
