import { headline } from '../../changes/change-sets.ts'
import { presentSetIds } from '../../db/change-sets.ts'
import type { Trx } from '../../db/database.ts'
import { type EnvironmentSubject, environmentsOf } from '../../db/environment-links.ts'
import type { ListedSet } from '../../db/list-change-sets.ts'
import type { ChangeRow } from '../../db/schema/changes.ts'

export function toChangeSet(
  { id, from, to, parts, only }: ListedSet,
  environments: EnvironmentsOf,
) {
  const counted = (some: ListedSet['parts']) => some.reduce((sum, { count }) => sum + count, 0)
  const different = (names: (string | null)[]) => [
    ...new Set(names.filter((name) => name !== null)),
  ]
  return {
    id,
    headline: headline(parts),
    subject: parts[0]?.actor.name ?? '',
    from: from.toISOString(),
    to: to.toISOString(),
    changes: counted(parts),
    failures: counted(parts.filter(({ outcome }) => outcome !== 'succeeded')),
    denied: counted(parts.filter(({ outcome }) => outcome === 'denied')),
    actors: different(parts.map(({ actor }) => actor.name)),
    sources: different(parts.map(({ source }) => source)),
    tools: different(parts.map(({ tool }) => tool.label)),
    services: different(parts.map(({ service }) => service)),
    accounts: different(parts.map(({ accountId }) => accountId)),
    regions: different(parts.map(({ region }) => region)),
    environments: different(parts.flatMap(environments)),
    publicAccess: different(parts.map(({ publicAccess }) => publicAccess)),
    risks: different(parts.flatMap(({ risks }) => risks)),
    only: only ? toChange(only, new Map([[only.change_set_id ?? '', id]]), environments) : null,
  }
}

type EnvironmentsOf = (subject: EnvironmentSubject) => string[]

export const subjectOf = ({ connection_id, id }: ChangeRow): EnvironmentSubject => ({
  connectionId: connection_id,
  changeId: id,
})

/** A page of changes in the API's format. */
export async function presentChanges(trx: Trx, rows: readonly ChangeRow[]) {
  const sets = await presentSetIds(
    trx,
    rows.map((row) => row.change_set_id),
  )
  const environments = await environmentsOf(trx, rows.map(subjectOf))
  return rows.map((row) => toChange(row, sets, environments))
}

/** One change in the API's format. */
export async function presentChange(trx: Trx, row: ChangeRow) {
  const sets = await presentSetIds(trx, [row.change_set_id])
  return toChange(row, sets, await environmentsOf(trx, [subjectOf(row)]))
}

export function toChange(row: ChangeRow, sets: Map<string, string>, environments: EnvironmentsOf) {
  const { actor, tool, resources, risks, publicAccess, subject, links } = row.envelope
  return {
    id: row.id,
    source: row.source,
    sourceId: row.source_id,
    occurredAt: row.occurred_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    importedAt: row.imported_at.toISOString(),
    summary: row.summary,
    subject,
    actor: { ...actor },
    tool: { ...tool },
    service: row.service,
    action: row.action,
    resources: resources.map((resource) => ({ ...resource })),
    outcome: row.outcome,
    region: row.region,
    accountId: row.account_id,
    environments: environments(subjectOf(row)),
    changeSetId: row.change_set_id && (sets.get(row.change_set_id) ?? row.change_set_id),
    noise: row.noise,
    readOnly: row.read_only,
    risks,
    publicAccess,
    links,
    connectionId: row.connection_id,
    detail: { ...row.detail },
  }
}
