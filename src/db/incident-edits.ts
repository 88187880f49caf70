import { sql } from 'kysely'
import type { IncidentState } from '../incidents/incident.ts'
import type { Trx } from './database.ts'
import { findIncident } from './find-incidents.ts'
import { combine, lockIncidents } from './incidents.ts'
import type { EditableField, IncidentRow } from './schema/incidents.ts'

/** What a person can set of an incident. */
export interface IncidentFields {
  title: string
  noticedAt: Date
  startedAt: Date | null
  startedAfter: Date | null
  environmentId: string | null
  services: string[]
  state: IncidentState
}

export class InvalidMerge extends Error {
  override readonly name = 'InvalidMerge'
}

/** The incident was merged: what people decide belongs to the other one. */
export class MergedIncident extends Error {
  override readonly name = 'MergedIncident'
}

/**
 * Finds an incident in a transaction that changes it: no other one changes or merges it meanwhile.
 *
 * @returns undefined if it does not exist
 * @throws MergedIncident
 */
export async function lockIncident(
  trx: Trx,
  organizationId: string,
  id: string,
): Promise<IncidentRow | undefined> {
  await lockIncidents(trx, organizationId)
  const row = await findIncident(trx, id)
  if (row && row.merged_into !== null) {
    throw new MergedIncident(`This incident was merged into ${row.merged_into}. Use that one.`)
  }
  return row
}

/**
 * Creates the incident that a person reports. A repeated request with the same idempotency key
 * changes nothing.
 *
 * @returns the incident, and whether this request created it
 * @throws pg error 23503 on `incidents_environment` if the environment does not exist
 */
export async function createIncident(
  trx: Trx,
  organizationId: string,
  fields: IncidentFields,
  by: { email: string | null; now: Date; idempotencyKey: string | null },
): Promise<{ row: IncidentRow; created: boolean }> {
  await lockIncidents(trx, organizationId)
  const earlier = await findByKey(trx, by.idempotencyKey)
  if (earlier) return { row: earlier, created: false }
  const edited: EditableField[] = ['title', 'noticed_at']
  if (fields.environmentId !== null) edited.push('environment_id')
  if (fields.services.length > 0) edited.push('services')
  const row = await trx
    .insertInto('incidents')
    .values({
      organization_id: organizationId,
      source: 'person',
      title: fields.title,
      noticed_at: fields.noticedAt,
      started_at: fields.startedAt,
      started_after: fields.startedAfter,
      environment_id: fields.environmentId,
      services: fields.services,
      state: fields.state,
      resolved_at: fields.state === 'resolved' ? by.now : null,
      edited,
      created_by: by.email,
      idempotency_key: by.idempotencyKey,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { row, created: true }
}

async function findByKey(trx: Trx, key: string | null): Promise<IncidentRow | undefined> {
  if (key === null) return undefined
  return trx
    .selectFrom('incidents')
    .selectAll()
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
}

const columns = {
  title: 'title',
  noticedAt: 'noticed_at',
  environmentId: 'environment_id',
  services: 'services',
  state: 'state',
} as const satisfies Record<string, EditableField>

/**
 * Changes the fields that are set. Alerts no longer change them afterwards.
 *
 * @param check called with the result before it is stored; an error changes nothing
 * @returns undefined if the incident does not exist
 * @throws MergedIncident; pg error 23503 on `incidents_environment` if the environment does not exist
 */
export async function updateIncident(
  trx: Trx,
  organizationId: string,
  id: string,
  fields: Partial<IncidentFields>,
  options: { now: Date; check: (row: IncidentRow) => void },
): Promise<IncidentRow | undefined> {
  const row = await lockIncident(trx, organizationId, id)
  if (!row) return undefined
  const changed = {
    ...(fields.title !== undefined && { title: fields.title }),
    ...(fields.noticedAt !== undefined && { noticed_at: fields.noticedAt }),
    ...(fields.startedAt !== undefined && { started_at: fields.startedAt }),
    ...(fields.startedAfter !== undefined && { started_after: fields.startedAfter }),
    ...(fields.environmentId !== undefined && { environment_id: fields.environmentId }),
    ...(fields.services !== undefined && { services: fields.services }),
    ...(fields.state !== undefined && stateOf(row, fields.state, options.now)),
  }
  if (Object.keys(changed).length === 0) return row
  options.check({ ...row, ...changed })
  const named = Object.entries(columns).flatMap(([field, column]) =>
    fields[field as keyof typeof columns] === undefined ? [] : [column],
  )
  return trx
    .updateTable('incidents')
    .set({ ...changed, edited: [...new Set([...row.edited, ...named])] })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

function stateOf(row: IncidentRow, state: IncidentState, now: Date) {
  if (state !== 'resolved') return { state, resolved_at: null }
  return { state, resolved_at: row.resolved_at ?? now }
}

/**
 * Moves the alerts and verdicts of other incidents into this one. The others keep their addresses.
 *
 * @returns undefined if this incident does not exist
 * @throws InvalidMerge if one of the others does not exist, or is merged already
 */
export async function mergeIncidents(
  trx: Trx,
  organizationId: string,
  id: string,
  others: readonly string[],
): Promise<IncidentRow | undefined> {
  await lockIncidents(trx, organizationId)
  const target = await findIncident(trx, id)
  if (!target) return undefined
  if (target.merged_into !== null) throw new InvalidMerge('This incident is merged already.')
  for (const other of new Set(others)) {
    const row = other === target.id ? undefined : await findIncident(trx, other)
    if (!row || row.merged_into !== null) {
      throw new InvalidMerge(`${other} is not another incident that can be merged.`)
    }
    await trx
      .updateTable('incident_alerts')
      .set({ incident_id: id })
      .where('incident_id', '=', other)
      .execute()
    await sql`
      INSERT INTO verdicts (organization_id, incident_id, change_id, verdict, decided_by, decided_at)
      SELECT organization_id, ${id}::uuid, change_id, verdict, decided_by, decided_at
      FROM verdicts WHERE incident_id = ${other}
      ON CONFLICT DO NOTHING
    `.execute(trx)
    await trx
      .updateTable('incidents')
      .set({ merged_into: id })
      .where((eb) => eb.or([eb('id', '=', other), eb('merged_into', '=', other)]))
      .execute()
  }
  await combine(trx, id)
  return findIncident(trx, id)
}

/**
 * Moves alerts into a new incident.
 *
 * @returns the new incident; undefined if the incident does not exist
 * @throws InvalidMerge if an alert is not in the incident, or none would stay
 */
export async function splitIncident(
  trx: Trx,
  organizationId: string,
  id: string,
  alertIds: readonly string[],
): Promise<IncidentRow | undefined> {
  await lockIncidents(trx, organizationId)
  const row = await findIncident(trx, id)
  if (!row) return undefined
  const wanted = new Set(alertIds)
  const moved = await trx
    .selectFrom('incident_alerts')
    .selectAll()
    .where('incident_id', '=', id)
    .where('id', 'in', [...wanted])
    .orderBy('noticed_at')
    .orderBy('id')
    .execute()
  const { count } = await trx
    .selectFrom('incident_alerts')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('incident_id', '=', id)
    .executeTakeFirstOrThrow()
  if (moved.length !== wanted.size) {
    throw new InvalidMerge('An alert is not in this incident.')
  }
  if (moved.length === count && row.source !== 'person') {
    throw new InvalidMerge('At least one alert must stay in this incident.')
  }
  const first = moved[0]!
  const created = await trx
    .insertInto('incidents')
    .values({
      organization_id: organizationId,
      source: first.source,
      title: first.title,
      state: first.state,
      noticed_at: first.noticed_at,
      resolved_at: first.resolved_at,
      environment_id: first.environment_id,
      services: first.mapped_services,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('incident_alerts')
    .set({ incident_id: created.id })
    .where(
      'id',
      'in',
      moved.map((alert) => alert.id),
    )
    .execute()
  await combine(trx, id)
  await combine(trx, created.id)
  return findIncident(trx, created.id)
}
