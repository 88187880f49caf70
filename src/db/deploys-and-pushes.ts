/** Reads when merged pull requests were deployed, where there are too many changes to rank all. */

import { sql } from 'kysely'
import { mayBeDeployOrPush } from '../incidents/ranking/deploys.ts'
import {
  type CandidateRow,
  occurredAtOneOf,
  selectCandidates,
  type Wanted,
} from './candidate-rows.ts'
import type { Trx } from './database.ts'
import type { CountedKind } from './incident-history.ts'

const MAX_ROWS = 1_000
/** A push is reported some seconds before its merge. In milliseconds. */
const PUSH_BEFORE_MERGE = 60_000

/**
 * The pushes and deploys since the first of some merges, at most 1,000: runs of workflows last,
 * because most only check code. None of those that are known.
 *
 * @param merges candidates that are merged pull requests
 * @param wanted.known the IDs of the candidates
 */
export async function deploysAndPushes(
  trx: Trx,
  kinds: readonly CountedKind[],
  merges: readonly CandidateRow[],
  wanted: Wanted & { known: ReadonlySet<string> },
): Promise<CandidateRow[]> {
  const { organizationId, to, arrived, known } = wanted
  const used = kinds.filter(mayBeDeployOrPush)
  const keysOf = (some: readonly CountedKind[]) =>
    some.flatMap(({ groups }) =>
      groups.filter(({ inWindow }) => inWindow > 0).map(({ key }) => key),
    )
  const keys = keysOf(used)
  if (merges.length === 0 || keys.length === 0) return []
  const runs = keysOf(used.filter(({ action }) => action.startsWith('workflow_run')))
  const first = Math.min(...merges.map(({ occurred_at }) => occurred_at.getTime()))
  const from = new Date(first - PUSH_BEFORE_MERGE)
  // All of this is in the index; the rows are found by their times.
  const { rows } = await sql<{ time: Date; key: string }>`
    SELECT occurred_at AS time, facet_key::text AS key FROM changes
    WHERE organization_id = ${organizationId} AND occurred_at >= ${from} AND occurred_at < ${to}
      AND facet_key = ANY (${keys}::bigint[])
    ORDER BY facet_key = ANY (${runs}::bigint[]), occurred_at
    LIMIT ${MAX_ROWS}
  `.execute(trx)
  if (rows.length === 0) return []
  let query = selectCandidates(trx, organizationId)
    .where(occurredAtOneOf([...new Set(rows.map(({ time }) => time.getTime()))]))
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<', to)
    .where(sql<boolean>`facet_key = ANY (${[...new Set(rows.map(({ key }) => key))]}::bigint[])`)
    .limit(2 * MAX_ROWS)
  if (arrived) query = query.where(arrived)
  return (await query.execute()).filter(({ id }) => !known.has(id))
}
