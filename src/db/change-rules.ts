import { sql } from 'kysely'
import {
  type CompiledRules,
  compileRules,
  type EnvironmentRules,
  fold,
} from '../changes/environment-rules.ts'
import type { NoiseRule } from '../changes/noise-rules.ts'
import type { Database, Trx } from './database.ts'
import { lockOutImports, lockResourcesForImport } from './resources.ts'

/** An organization's own rules for changes, ready to be applied. */
export interface ChangeRules {
  revision: number
  rules: CompiledRules
  /** Environment IDs by folded name. */
  byName: ReadonlyMap<string, string>
  /** The names of connections by ID; empty unless a rule matches connections. */
  connectionNames: ReadonlyMap<string, string>
  noise: readonly NoiseRule[]
  namesEnvironments: boolean
  /** Whether a change can have environments of its own. */
  canLink: boolean
}

/** @returns undefined if the organization has never had any rules: nothing applies */
export async function loadChangeRules(
  trx: Trx,
  organizationId: string,
): Promise<ChangeRules | undefined> {
  const row = await trx
    .selectFrom('change_rules')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .executeTakeFirst()
  if (!row) return undefined
  const { mode, environment_rules, revision, names_environments: namesEnvironments } = row
  // In a fixed order: of several rules that hide a change, it always names the same one.
  const noise = await trx
    .selectFrom('noise_rules')
    .select(['id', 'effect', 'match'])
    .orderBy('id')
    .execute()
  return {
    ...(await prepareRules(trx, { mode, rules: environment_rules })),
    revision,
    noise,
    namesEnvironments,
    canLink: namesEnvironments || environment_rules.length > 0,
  }
}

/** What is needed to find the environments of changes under these rules. */
export async function prepareRules(
  trx: Trx,
  rules: EnvironmentRules,
): Promise<Pick<ChangeRules, 'rules' | 'byName' | 'connectionNames'>> {
  const compiled = compileRules(rules)
  const environments = await trx.selectFrom('environments').select(['id', 'name']).execute()
  const connections = compiled.keys.has('connection')
    ? await trx.selectFrom('connections').select(['id', 'name']).execute()
    : []
  return {
    rules: compiled,
    byName: new Map(environments.map(({ id, name }) => [fold(name), id])),
    connectionNames: new Map(connections.map(({ id, name }) => [id, name])),
  }
}

/**
 * Locks and returns the rules for a transaction that stores changes: they stay the same until it
 * ends. Call it before taking other locks. Tags that rules match concern other changes as well, so
 * a transaction that sets some runs alone.
 *
 * @param page.setsTags whether a change of the page sets tags on resources
 * @param page.namesEnvironments whether a change of the page names environments
 */
export async function lockRulesForImport(
  trx: Trx,
  organizationId: string,
  page: { setsTags: boolean; namesEnvironments: boolean },
): Promise<ChangeRules | undefined> {
  if (page.setsTags) await sql`SAVEPOINT rules`.execute(trx)
  await lockResourcesForImport(trx, organizationId)
  let rules = await loadChangeRules(trx, organizationId)
  if (page.setsTags && rules?.rules.keys.has('tag')) {
    // Releases the shared lock: two transactions that both keep it would wait for each other.
    await sql`ROLLBACK TO SAVEPOINT rules`.execute(trx)
    await lockOutImports(trx, organizationId)
    rules = await loadChangeRules(trx, organizationId)
  }
  if (!page.namesEnvironments || rules?.namesEnvironments) return rules
  return rulesWithNames(trx, organizationId)
}

/** Notes that a change names environments, so that their names matter from now on. */
export async function rulesWithNames(
  trx: Trx,
  organizationId: string,
): Promise<ChangeRules | undefined> {
  await trx
    .insertInto('change_rules')
    .values({ organization_id: organizationId, names_environments: true })
    .onConflict((conflict) =>
      conflict.column('organization_id').doUpdateSet({ names_environments: true }),
    )
    .execute()
  return loadChangeRules(trx, organizationId)
}

/** The environment rules as they were saved; none at first. */
export async function findEnvironmentRules(
  trx: Trx,
  organizationId: string,
): Promise<EnvironmentRules & { version: number; progress: RelinkProgress }> {
  const row = await trx
    .selectFrom('change_rules')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .executeTakeFirst()
  if (!row) return { version: 0, mode: 'first', rules: [], progress: NOTHING_TO_APPLY }
  return {
    version: row.version,
    mode: row.mode,
    rules: row.environment_rules,
    progress: {
      isApplied: row.applied_revision === row.revision,
      total: row.total,
      checked: row.checked,
      startedAt: row.started_at,
      appliedAt: row.applied_at,
    },
  }
}

/** How far stored changes follow the rules. */
export interface RelinkProgress {
  isApplied: boolean
  /** Stored changes when applying started; null before that. */
  total: number | null
  checked: number
  startedAt: Date | null
  /** When it last ended. */
  appliedAt: Date | null
}

const NOTHING_TO_APPLY: RelinkProgress = {
  isApplied: true,
  total: null,
  checked: 0,
  startedAt: null,
  appliedAt: null,
}

/** The rules were saved in the meantime. */
export class StaleRules extends Error {
  override readonly name = 'StaleRules'
  readonly version: number
  constructor(version: number) {
    super(`The environment rules have version ${version}`)
    this.version = version
  }
}

/**
 * Saves the environment rules. Changes that are stored from now on follow them; the workflow
 * `relink` applies them to stored changes. Waits for the organization's imports.
 *
 * @param wanted.version the version that the caller has read
 * @throws StaleRules
 */
export async function saveEnvironmentRules(
  trx: Trx,
  organizationId: string,
  wanted: EnvironmentRules & { version: number },
): Promise<void> {
  await lockOutImports(trx, organizationId)
  const { version } = await findEnvironmentRules(trx, organizationId)
  if (version !== wanted.version) throw new StaleRules(version)
  await trx
    .insertInto('change_rules')
    .values({ organization_id: organizationId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await trx
    .updateTable('change_rules')
    .set({
      version: version + 1,
      mode: wanted.mode,
      environment_rules: JSON.stringify(wanted.rules),
    })
    .where('organization_id', '=', organizationId)
    .execute()
  await applyAgain(trx, organizationId)
}

/**
 * Has the workflow `relink` check all stored changes again, from the newest one. Nothing happens
 * without rules. The caller has called `lockOutImports`.
 */
export async function applyAgain(trx: Trx, organizationId: string): Promise<void> {
  await trx
    .updateTable('change_rules')
    .set((eb) => ({
      revision: eb('revision', '+', 1),
      cursor_time: null,
      cursor_id: null,
      total: null,
      checked: 0,
      started_at: null,
    }))
    .where('organization_id', '=', organizationId)
    .execute()
}

/** Organizations whose stored changes do not follow their rules yet. */
export function organizationsToRelink(db: Database): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE cairn_system`.execute(trx)
    const rows = await trx
      .selectFrom('change_rules')
      .select('organization_id')
      .whereRef('applied_revision', '<>', 'revision')
      .orderBy('organization_id')
      .execute()
    return rows.map(({ organization_id }) => organization_id)
  })
}

/**
 * After an environment was created or renamed: changes that name it may belong to it. The caller
 * has called `lockOutImports`.
 */
export async function environmentNamed(trx: Trx, organizationId: string): Promise<void> {
  const rules = await loadChangeRules(trx, organizationId)
  if (rules?.namesEnvironments) await applyAgain(trx, organizationId)
}

/** After a connection was renamed: rules match its name. Waits for the organization's imports. */
export async function connectionRenamed(trx: Trx, organizationId: string): Promise<void> {
  await lockOutImports(trx, organizationId)
  const rules = await loadChangeRules(trx, organizationId)
  if (rules?.rules.keys.has('connection')) await applyAgain(trx, organizationId)
}

/**
 * Removes an environment from the rules, and from what changes refer to. Rules that assign no other
 * environment are removed. The caller has called `lockOutImports`.
 */
export async function removeFromRules(
  trx: Trx,
  organizationId: string,
  environmentId: string,
): Promise<void> {
  await sql`
    DELETE FROM environment_sets WHERE environment_ids = ARRAY[${environmentId}::uuid]
  `.execute(trx)
  await sql`
    UPDATE environment_sets SET environment_ids = array_remove(environment_ids, ${environmentId}::uuid)
    WHERE environment_ids @> ARRAY[${environmentId}::uuid]
  `.execute(trx)
  const { version, rules } = await findEnvironmentRules(trx, organizationId)
  const uses = rules.some(({ environments }) => environments.includes(environmentId))
  const kept = rules.flatMap((rule) => {
    if (!rule.environments.includes(environmentId)) return [rule]
    const environments = rule.environments.filter((id) => id !== environmentId)
    return environments.length === 0 ? [] : [{ ...rule, environments }]
  })
  if (uses) {
    await trx
      .updateTable('change_rules')
      .set({ version: version + 1, environment_rules: JSON.stringify(kept) })
      .where('organization_id', '=', organizationId)
      .execute()
  }
  // Also without such a rule: a change that named it may follow a rule now.
  await applyAgain(trx, organizationId)
}
