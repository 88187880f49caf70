import type { Change, ChangeSet, Connection } from '../../client.ts'

/**
 * From when on changes are news to the reader of a list: a backfill imports earlier ones. Unix
 * milliseconds.
 */
export interface NewsSince {
  /** By account ID. */
  accounts: ReadonlyMap<string, number>
  /** For accounts that no known connection has: it may just have been connected. */
  otherwise: number
}

/**
 * @param connections in their current state
 * @param asOf when the list was read
 * @param before the earlier result for the same list. A backfill that has ended since then still
 *   explains changes that the list does not have.
 */
export function newsSince(
  connections: readonly Connection[],
  asOf: number,
  before?: NewsSince,
): NewsSince {
  const accounts = new Map<string, number>()
  for (const { accountId, status, completeThrough } of connections) {
    if (accountId === null) continue
    const known = before?.accounts.get(accountId)
    const isBackfilled = known !== undefined && known !== Number.NEGATIVE_INFINITY
    accounts.set(accountId, isBackfilled ? known : edgeOf(status, completeThrough, asOf))
  }
  return { accounts, otherwise: asOf }
}

function edgeOf(status: Connection['status'], completeThrough: string | null, asOf: number) {
  if (completeThrough === null) return asOf
  return status === 'importing' ? Date.parse(completeThrough) : Number.NEGATIVE_INFINITY
}

/** Whether the item, or the last change of the set, occurred late enough. */
export function isNews(item: Change | ChangeSet, { accounts, otherwise }: NewsSince): boolean {
  const isSet = 'headline' in item
  const concerned = isSet ? item.accounts : [item.accountId].filter((id) => id !== null)
  const time = Date.parse(isSet ? item.to : item.occurredAt)
  return concerned.every((id) => time >= (accounts.get(id) ?? otherwise))
}
