import { continueAsNew, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow'
import { relinkProgressQuery } from './messages.ts'
import { type RelinkActivities, type RelinkState, relinkDetails } from './relink-state.ts'
import { isRunOver, type RunOptions, TURN_OPTIONS } from './turns.ts'

const { relinkChanges } = proxyActivities<RelinkActivities>(TURN_OPTIONS)

/**
 * Applies the rules of one organization to its stored changes, turn after turn, and ends when all
 * follow the newest rules. How far that is, is stored with the rules, in the transaction that
 * writes the changes: a run that is cancelled or lost is continued by the next one, and rules that
 * are saved meanwhile start from the newest change again.
 */
export async function relink(state: RelinkState, options: RunOptions = {}): Promise<RelinkState> {
  const { installationId, organizationId } = state
  setHandler(relinkProgressQuery, () => state, { description: 'Returns the progress' })
  for (let turns = 0; ; turns++) {
    setCurrentDetails(relinkDetails(state))
    if (isRunOver(turns, options)) return continueAsNew<typeof relink>(state, options)
    const turn = await relinkChanges({ installationId, organizationId })
    state.total = turn.total
    state.checked = turn.checked
    state.written += turn.written
    if (turn.isDone) return state
  }
}
