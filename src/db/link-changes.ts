import { sql } from 'kysely'
import type { OwnEnvironments } from '../changes/environment-rules.ts'
import { noiseOf } from '../changes/noise-rules.ts'
import { changeIdTime } from './change-id.ts'
import { applyAgain, type ChangeRules, loadChangeRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { lockOutImports } from './resources.ts'
import {
  columnsUsed,
  evaluateRules,
  noiseSubject,
  placeAfter,
  type RuleRow,
  readRuleRows,
  ruleColumns,
  tagsOf,
} from './rule-subjects.ts'

/** Of more changes than this, the workflow `relink` takes care. */
const MAX_RELINKED = 1_000
/** How long one batch of `relinkSome` evaluates rules, in milliseconds. Imports wait meanwhile. */
const EVALUATION_MS = 1_000

/** The key of a stored change. */
export interface ChangeKey {
  id: string
  occurredAt: Date
}

/**
 * Applies the organization's rules to stored changes: writes their environments and whether they
 * are routine, where these differ. The caller has locked the rules and the resources.
 *
 * @returns the number of changes that were written
 */
export async function linkChanges(
  trx: Trx,
  organizationId: string,
  { keys, rules }: { keys: readonly ChangeKey[]; rules: ChangeRules },
): Promise<number> {
  if (keys.length === 0) return 0
  const times = keys.map(({ occurredAt }) => occurredAt)
  const ids = keys.map(({ id }) => id)
  const { rows } = await sql<RuleRow>`
    SELECT ${ruleColumns(columnsUsed(rules, rules.noise))}
    FROM changes c
    LEFT JOIN change_environments l ON l.organization_id = c.organization_id
      AND l.occurred_at = c.occurred_at AND l.id = c.id
      AND l.occurred_at = ANY (${times}::timestamptz[])
    LEFT JOIN environment_sets s ON s.id = l.set_id
    WHERE c.organization_id = ${organizationId}
      AND c.occurred_at = ANY (${times}::timestamptz[]) AND c.id = ANY (${ids}::uuid[])
  `.execute(trx)
  return (await applyRules(trx, organizationId, { rows, rules })).written
}

/**
 * Applies the rules to the next stored changes, from the newest to the oldest one, and stores how
 * far that is. Imports of the organization wait meanwhile.
 *
 * @returns `isDone` if stored changes follow the rules
 */
export async function relinkSome(
  trx: Trx,
  organizationId: string,
  options: { limit: number; now: Date; evaluationMs?: number },
): Promise<{ checked: number; written: number; isDone: boolean }> {
  const { limit, now, evaluationMs = EVALUATION_MS } = options
  await lockOutImports(trx, organizationId)
  const state = await trx
    .selectFrom('change_rules')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .executeTakeFirst()
  const rules = await loadChangeRules(trx, organizationId)
  if (!state || !rules || state.applied_revision === state.revision)
    return { checked: 0, written: 0, isDone: true }
  const start = state.total === null ? await countChanges(trx, organizationId) : {}
  const batch = await readRuleRows(trx, organizationId, {
    before: state.cursor_time && { occurredAt: state.cursor_time, id: state.cursor_id! },
    columns: columnsUsed(rules, rules.noise),
    limit,
  })
  const deadline = performance.now() + evaluationMs
  const { rows } = batch
  const { checked, written } = await applyRules(trx, organizationId, { rows, rules, deadline })
  const isDone = checked === rows.length && batch.next === null
  const place = placeAfter(batch, checked)
  await trx
    .updateTable('change_rules')
    .set((eb) => ({
      ...start,
      started_at: state.started_at ?? now,
      checked: eb('checked', '+', checked),
      ...(place && { cursor_time: place.occurredAt, cursor_id: place.id }),
      ...(isDone && { applied_revision: state.revision, applied_at: now }),
    }))
    .where('organization_id', '=', organizationId)
    .execute()
  return { checked, written, isDone }
}

async function countChanges(trx: Trx, organizationId: string): Promise<{ total: number }> {
  const { total } = await trx
    .selectFrom('changes')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return { total }
}

/**
 * @param options.deadline by `performance.now()`; later changes are not checked
 * @returns how many of the changes, from the first one, follow the rules now
 */
async function applyRules(
  trx: Trx,
  organizationId: string,
  options: { rows: readonly RuleRow[]; rules: ChangeRules; deadline?: number },
): Promise<{ checked: number; written: number }> {
  const { rows, rules, deadline } = options
  const tags = await tagsOf(trx, rows, rules)
  const linked = await evaluateRules(rows, rules, { tags, deadline })
  const sets = await setsFor(
    trx,
    organizationId,
    linked.flatMap(({ own }) => own ?? []),
  )
  const wanted = linked.map(({ row, own }) => ({
    row,
    setId: own ? sets.get(setKey(own.environments))! : null,
  }))
  const moved = wanted.filter(({ row, setId }) => row.set_id !== setId)
  await writeLinks(trx, organizationId, moved)
  const noisy = linked
    .map(({ row }) => ({ row, noise: noiseOf(noiseSubject(row), row.source_noise, rules.noise) }))
    .filter(({ row, noise }) => row.noise !== noise)
  await writeNoise(trx, organizationId, noisy)
  const written = new Set([...moved, ...noisy].map(({ row }) => row.id)).size
  return { checked: linked.length, written }
}

const setKey = (environments: readonly string[]) => environments.toSorted().join()

/** The sets with these environments, by `setKey`. Missing ones are created. */
async function setsFor(
  trx: Trx,
  organizationId: string,
  owns: readonly OwnEnvironments[],
): Promise<Map<string, number>> {
  if (owns.length === 0) return new Map()
  const stored = await trx
    .selectFrom('environment_sets')
    .select(['id', 'environment_ids'])
    .execute()
  const sets = new Map(stored.map(({ id, environment_ids }) => [setKey(environment_ids), id]))
  for (const { environments } of owns) {
    const key = setKey(environments)
    if (sets.has(key)) continue
    // Two imports may add the same set: then it has two numbers, which mean the same.
    const { id } = await trx
      .insertInto('environment_sets')
      .values({ organization_id: organizationId, environment_ids: environments.toSorted() })
      .returning('id')
      .executeTakeFirstOrThrow()
    sets.set(key, id)
  }
  return sets
}

const byTime = (a: { row: RuleRow }, b: { row: RuleRow }) =>
  a.row.occurred_at.getTime() - b.row.occurred_at.getTime() || (a.row.id < b.row.id ? -1 : 1)

/** A purge may remove changes meanwhile: only those that still exist are linked. */
async function writeLinks(
  trx: Trx,
  organizationId: string,
  moved: readonly { row: RuleRow; setId: number | null }[],
): Promise<void> {
  const unlinked = moved.filter(({ setId }) => setId === null).map(({ row }) => row)
  if (unlinked.length > 0) {
    await sql`
      DELETE FROM change_environments
      WHERE organization_id = ${organizationId}
        AND occurred_at = ANY (${unlinked.map(({ occurred_at }) => occurred_at)}::timestamptz[])
        AND id = ANY (${unlinked.map(({ id }) => id)}::uuid[])
    `.execute(trx)
  }
  const linked = moved.filter(({ setId }) => setId !== null).toSorted(byTime)
  if (linked.length === 0) return
  const times = linked.map(({ row }) => row.occurred_at)
  const ids = linked.map(({ row }) => row.id)
  await sql`
    WITH existing AS MATERIALIZED (${existingChanges(organizationId, times, ids)} FOR KEY SHARE)
    INSERT INTO change_environments (organization_id, occurred_at, id, set_id)
    SELECT ${organizationId}, e.occurred_at, e.id, w.set_id
    FROM unnest(${times}::timestamptz[], ${ids}::uuid[], ${linked.map(({ setId }) => setId)}::int[])
      AS w (occurred_at, id, set_id)
    JOIN existing e ON e.occurred_at = w.occurred_at AND e.id = w.id
    ON CONFLICT (organization_id, occurred_at, id) DO UPDATE SET set_id = excluded.set_id
  `.execute(trx)
}

/** Those of the changes that exist, in the order in which every transaction locks them. */
function existingChanges(organizationId: string, times: readonly Date[], ids: readonly string[]) {
  return sql`
    SELECT occurred_at, id FROM changes
    WHERE organization_id = ${organizationId}
      AND occurred_at = ANY (${times}::timestamptz[]) AND id = ANY (${ids}::uuid[])
    ORDER BY occurred_at, id
  `
}

async function writeNoise(
  trx: Trx,
  organizationId: string,
  noisy: readonly { row: RuleRow; noise: string | null }[],
): Promise<void> {
  if (noisy.length === 0) return
  const sorted = noisy.toSorted(byTime)
  const times = sorted.map(({ row }) => row.occurred_at)
  const ids = sorted.map(({ row }) => row.id)
  await sql`
    WITH existing AS MATERIALIZED (${existingChanges(organizationId, times, ids)} FOR UPDATE)
    UPDATE changes c SET noise = w.noise
    FROM unnest(${times}::timestamptz[], ${ids}::uuid[], ${sorted.map(({ noise }) => noise)}::text[])
      AS w (occurred_at, id, noise)
    JOIN existing e ON e.occurred_at = w.occurred_at AND e.id = w.id
    WHERE c.organization_id = ${organizationId}
      AND c.occurred_at = e.occurred_at AND c.id = e.id
      AND c.occurred_at = ANY (${times}::timestamptz[]) AND c.id = ANY (${ids}::uuid[])
  `.execute(trx)
}

/**
 * Applies the rules to the stored changes of resources whose tags are new. If there are many, the
 * workflow `relink` applies them to all changes instead.
 */
export async function linkChangesOfResources(
  trx: Trx,
  organizationId: string,
  { resourceIds, rules }: { resourceIds: readonly number[]; rules: ChangeRules },
): Promise<void> {
  if (resourceIds.length === 0 || !rules.rules.keys.has('tag')) return
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM changes_of_resources(${resourceIds}::int[], NULL, NULL, ${MAX_RELINKED + 1}) AS id
  `.execute(trx)
  if (rows.length > MAX_RELINKED) return applyAgain(trx, organizationId)
  const keys = rows.map(({ id }) => ({ id, occurredAt: changeIdTime(id) }))
  await linkChanges(trx, organizationId, { keys, rules })
}
