import type { Connection } from '../client.ts'
import { counted } from '../format.ts'
import { clock, type When } from './time.ts'

/**
 * Many connections in a few sentences: `12 accounts. 2 need action.`, and `Up to date as of 12:03.`
 * for the rest. The time changes every minute, so it is
 * separate; empty when no connection has imported anything.
 */
export function summaryOf(
  connections: readonly Connection[],
  when: When,
): { state: string; complete: string } {
  const living = connections.filter(({ status }) => status !== 'deleting')
  if (living.length === 0) return { state: 'No accounts connected.', complete: '' }
  const counts = { acting: 0, unfinished: 0, paused: 0, verifying: 0, waiting: 0, first: 0 }
  const edges: string[] = []
  for (const { status, completeThrough } of living) {
    if (status === 'action_needed') counts.acting++
    else if (status === 'awaiting_role') counts.unfinished++
    else if (status === 'paused') counts.paused++
    else if (completeThrough !== null) edges.push(completeThrough)
    else if (status === 'verifying') counts.verifying++
    else if (status === 'waiting_for_aws') counts.waiting++
    else counts.first++
  }
  const state = [
    counted(living.length, 'account'),
    counts.acting > 0 && (counts.acting === 1 ? '1 needs action' : `${counts.acting} need action`),
    counts.unfinished > 0 && `${counts.unfinished} waiting for a role`,
    counts.verifying > 0 && `${counts.verifying} verifying`,
    counts.waiting > 0 && `${counts.waiting} waiting for AWS`,
    counts.first > 0 && `${counts.first} in the first import`,
    counts.paused > 0 && `${counts.paused} paused`,
  ]
  return {
    state: state.flatMap((sentence) => (sentence ? `${sentence}.` : [])).join(' '),
    complete: edges.length > 0 ? `Up to date as of ${clock(edges.sort()[0]!, when)}.` : '',
  }
}
