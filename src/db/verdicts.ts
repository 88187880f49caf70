import { sql } from 'kysely'
import type { ChangeVerdict } from '../incidents/incident.ts'
import type { Trx } from './database.ts'
import type { VerdictRow } from './schema/incidents.ts'

export function listVerdicts(trx: Trx, incidentId: string): Promise<VerdictRow[]> {
  return trx
    .selectFrom('verdicts')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('decided_at')
    .execute()
}

/** Stores what a person decided about a change. Null withdraws it. */
export async function setVerdict(
  trx: Trx,
  organizationId: string,
  subject: { incidentId: string; changeId: string },
  decision: { verdict: ChangeVerdict | null; by: string | null },
): Promise<void> {
  const { incidentId, changeId } = subject
  if (decision.verdict === null) {
    await trx
      .deleteFrom('verdicts')
      .where('incident_id', '=', incidentId)
      .where('change_id', '=', changeId)
      .execute()
    return
  }
  await trx
    .insertInto('verdicts')
    .values({
      organization_id: organizationId,
      incident_id: incidentId,
      change_id: changeId,
      verdict: decision.verdict,
      decided_by: decision.by,
    })
    .onConflict((conflict) =>
      conflict.columns(['incident_id', 'change_id']).doUpdateSet({
        verdict: decision.verdict!,
        decided_by: decision.by,
        decided_at: sql<Date>`now()`,
      }),
    )
    .execute()
}
