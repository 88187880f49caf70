import { matchPattern } from '../changes/environment-rules.ts'
import { findEnvironmentRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { environmentsOf } from './environment-links.ts'

/** Which environments the changes of connections can belong to. */
interface ConnectionEnvironments {
  /** Whether a change of the connection can belong to one of the environments. */
  mayHave(connectionId: string, environments: readonly string[]): boolean
  /** Whether a change of the connection can belong to none of them. */
  mayLack(connectionId: string, environments: readonly string[]): boolean
}

/**
 * For the completeness of a response that is filtered by environment: a connection matters if rules
 * or its default can link its changes. Of a rule's conditions, those on the connection and the
 * account are used; the others depend on the change.
 */
export async function environmentsOfConnections(
  trx: Trx,
  ids: readonly string[],
): Promise<ConnectionEnvironments> {
  const organization = await trx
    .selectFrom('change_rules')
    .select('organization_id')
    .executeTakeFirst()
  const { rules } = organization
    ? await findEnvironmentRules(trx, organization.organization_id)
    : { rules: [] }
  const connections = await trx
    .selectFrom('connections')
    .select(['id', 'name', 'account_id'])
    .execute()
  const byId = new Map(connections.map((row) => [row.id, row]))
  const defaults = await environmentsOf(
    trx,
    ids.map((connectionId) => ({ connectionId })),
  )
  const matches = (patterns: readonly string[] | undefined, values: readonly (string | null)[]) =>
    !patterns ||
    values.some((value) => value !== null && patterns.some((each) => matchPattern(value, each)))
  const rulesFor = (id: string) => {
    const { name = null, account_id = null } = byId.get(id) ?? {}
    return rules.filter(
      ({ match }) => matches(match.connection, [id, name]) && matches(match.account, [account_id]),
    )
  }
  const isOneOf = (environments: readonly string[]) => (id: string) => environments.includes(id)
  return {
    mayHave: (connectionId, environments) =>
      defaults({ connectionId }).some(isOneOf(environments)) ||
      rulesFor(connectionId).some((rule) => rule.environments.some(isOneOf(environments))),
    mayLack: (connectionId, environments) =>
      !defaults({ connectionId }).some(isOneOf(environments)) ||
      rulesFor(connectionId).some((rule) => !rule.environments.some(isOneOf(environments))),
  }
}
