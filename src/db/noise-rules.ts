import { sql } from 'kysely'
import { MAX_NOISE_RULES, type NoiseEffect, type NoiseMatch } from '../changes/noise-rules.ts'
import { applyAgain } from './change-rules.ts'
import type { Trx } from './database.ts'
import { lockOutImports } from './resources.ts'

export interface NoiseRuleRow {
  id: string
  effect: NoiseEffect
  match: NoiseMatch
  createdAt: Date
  createdBy: string | null
}

export class TooManyNoiseRules extends Error {
  override readonly name = 'TooManyNoiseRules'
}

/** Newest first. */
export function listNoiseRules(trx: Trx): Promise<NoiseRuleRow[]> {
  return trx
    .selectFrom('noise_rules')
    .select(['id', 'effect', 'match', 'created_at as createdAt', 'created_by as createdBy'])
    .orderBy('id', 'desc')
    .execute()
}

/**
 * Adds a rule; one with the same match is replaced. Changes that are stored from now on follow it;
 * the workflow `relink` applies it to stored changes. Waits for the organization's imports.
 *
 * @throws TooManyNoiseRules
 */
export async function insertNoiseRule(
  trx: Trx,
  organizationId: string,
  rule: { effect: NoiseEffect; match: NoiseMatch; createdBy: string | null },
): Promise<NoiseRuleRow> {
  await lockOutImports(trx, organizationId)
  await trx
    .insertInto('change_rules')
    .values({ organization_id: organizationId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const match = JSON.stringify(rule.match)
  await sql`DELETE FROM noise_rules WHERE match = ${match}::jsonb`.execute(trx)
  const rules = await listNoiseRules(trx)
  if (rules.length >= MAX_NOISE_RULES)
    throw new TooManyNoiseRules(`The organization has ${MAX_NOISE_RULES} noise rules`)
  const { effect, createdBy: created_by } = rule
  const row = await trx
    .insertInto('noise_rules')
    .values({ organization_id: organizationId, effect, match, created_by })
    .returning(['id', 'effect', 'match', 'created_at as createdAt', 'created_by as createdBy'])
    .executeTakeFirstOrThrow()
  await applyAgain(trx, organizationId)
  return row
}

/** @returns the removed rule; undefined if the organization has no such rule */
export async function deleteNoiseRule(
  trx: Trx,
  organizationId: string,
  id: string,
): Promise<NoiseRuleRow | undefined> {
  await lockOutImports(trx, organizationId)
  const row = await trx
    .deleteFrom('noise_rules')
    .where('id', '=', id)
    .returning(['id', 'effect', 'match', 'created_at as createdAt', 'created_by as createdBy'])
    .executeTakeFirst()
  if (row) await applyAgain(trx, organizationId)
  return row
}
