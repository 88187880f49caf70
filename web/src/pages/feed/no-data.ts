import type { Connection } from '../../client.ts'
import { counted } from '../../format.ts'
import { byUrgency, statusLabel } from '../../health/status.ts'
import { askedFor } from './labels.ts'
import type { FeedSearch } from './search.ts'

/** Why the feed has no data of some connections, and what fixes it. */
export interface NoDataReason {
  reason: string
  /** Null if waiting is enough. */
  fix:
    | { kind: 'connection'; label: string; id: string }
    | { kind: 'list'; label: string }
    | { kind: 'resume'; label: string; id: string }
    | { kind: 'connect'; label: string }
    | null
}

/** Data of the connections that match the filters. */
interface DataState {
  /** True if no matching connection has data, so that an empty list means nothing. */
  isWithoutData: boolean
  /** Null if all matching connections have data. */
  missing: NoDataReason | null
}

/**
 * Distinguishes "nothing changed" from "never imported".
 *
 * @param connections all connections, in their current state
 */
export function dataState(connections: readonly Connection[], search: FeedSearch): DataState {
  const asked = askedFor(connections, search).filter(
    ({ accountId }) => accountId === null || isAsked(search, accountId),
  )
  const unknown = search.account?.filter(
    (account) => !connections.some(({ accountId }) => accountId === account),
  )
  if (unknown?.length && unknown.length === search.account?.length) {
    const names = unknown.slice(0, 3).join(', ')
    const reason =
      unknown.length === 1
        ? `Account ${names} is not connected to Cairn.`
        : `${counted(unknown.length, 'account')} are not connected to Cairn, for example ${names}.`
    return {
      isWithoutData: true,
      missing: { reason, fix: { kind: 'connect', label: 'Connect account' } },
    }
  }
  const without = asked
    // An account filter cannot ask for a connection that has no account yet.
    .filter(({ accountId }) => !search.account || accountId !== null)
    .filter(({ completeThrough }) => completeThrough === null)
    .toSorted(byUrgency)
  if (without.length === 0) return { isWithoutData: false, missing: null }
  return {
    isWithoutData: asked.every(({ completeThrough }) => completeThrough === null),
    missing: without.length === 1 ? reasonOfOne(without[0]!) : reasonOfMany(without),
  }
}

function isAsked(search: FeedSearch, accountId: string): boolean {
  if (search['account!']?.includes(accountId)) return false
  return !search.account || search.account.includes(accountId)
}

function reasonOfOne({ id, name, status, statusReason }: Connection): NoDataReason {
  const fix = (label: string) => ({ kind: 'connection', label, id }) as const
  switch (status) {
    case 'awaiting_role':
      return {
        reason: `${name} has no IAM role yet. Create the role, then paste its ARN.`,
        fix: fix('Continue setup'),
      }
    case 'verifying':
      return {
        reason: `Cairn is verifying the role of ${name}. The import starts after that.`,
        fix: fix('View verification'),
      }
    case 'waiting_for_aws':
      return {
        reason: `${name} is waiting for AWS. ${statusReason ?? ''} Cairn retries automatically.`,
        fix: fix('View verification'),
      }
    case 'action_needed':
      return {
        reason: `${name} needs action. ${statusReason ?? 'The role cannot be used.'}`,
        fix: fix('View how to fix'),
      }
    case 'paused':
      return {
        reason: `${name} was paused before its first import was complete.`,
        fix: { kind: 'resume', label: 'Resume import', id },
      }
    case 'deleting':
      return { reason: `${name} is being deleted.`, fix: null }
    case 'importing':
    case 'current':
    case 'behind':
      return {
        reason: `The first import of ${name} is in progress, newest changes first. Changes appear here automatically.`,
        fix: fix('View progress'),
      }
  }
}

function reasonOfMany(without: readonly Connection[]): NoDataReason {
  const counts = new Map<Connection['status'], number>()
  for (const { status } of without) counts.set(status, (counts.get(status) ?? 0) + 1)
  const parts = [...counts].map(([status, n]) => `${statusLabel(status).word}: ${n}`)
  return {
    reason: `${counted(without.length, 'account')} have no data yet. ${parts.join(', ')}.`,
    fix: { kind: 'list', label: 'View accounts' },
  }
}
