import type { z } from 'zod'
import { parseRoleArn } from '../../aws/role-arn.ts'
import { whyUnusable } from '../../aws/unusable-role.ts'
import { connectionRenamed } from '../../db/change-rules.ts'
import { refreshStatus } from '../../db/connection-status.ts'
import {
  connectedAccounts,
  type DesiredState,
  findConnection,
  updateDesiredState,
} from '../../db/connections.ts'
import { type Trx, violates } from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import type { Principal } from '../../db/worker-principals.ts'
import { Problem } from '../problems.ts'
import { beingDeleted } from './find.ts'
import type { patchConnectionSchema } from './schema.ts'

/** The settings in the request that differ from the row. */
export function difference(
  row: ConnectionRow,
  body: Omit<z.output<typeof patchConnectionSchema>, 'environmentId'>,
): DesiredState {
  const wanted: DesiredState = {}
  if (body.name !== undefined && body.name !== row.name) wanted.name = body.name
  if (body.paused !== undefined && body.paused !== row.paused) wanted.paused = body.paused
  if (body.selection && body.selection !== row.selection) wanted.selection = body.selection
  if (body.lookbackDays && body.lookbackDays !== row.lookback_days) {
    wanted.lookbackDays = body.lookbackDays
  }
  if (body.pollIntervalSeconds && body.pollIntervalSeconds !== row.poll_interval_seconds) {
    wanted.pollIntervalSeconds = body.pollIntervalSeconds
  }
  if (body.roleArn === null && row.role_arn !== null) wanted.role = null
  if (body.roleArn) {
    const role = parseRoleArn(body.roleArn)
    if (!('problem' in role) && role.arn !== row.role_arn) wanted.role = role
  }
  return wanted
}

/**
 * Rejects ARNs that cannot be right, without a call to AWS.
 *
 * @throws Problem 422 for Cairn's own role, and for a role that Cairn can never assume
 */
export function refuseOwnRole(roleArn: string, principal: Principal, pointer = '/roleArn'): void {
  const role = parseRoleArn(roleArn)
  if ('problem' in role) return
  const why = whyUnusable(role, principal)
  if (!why) return
  const detail = `${why.means} ${why.remedy}`
  throw new Problem(422, detail, { errors: [{ pointer, detail }] })
}

/** @throws Problem 409 if another connection uses the account */
export async function updateConnection(
  trx: Trx,
  row: ConnectionRow,
  wanted: DesiredState,
): Promise<ConnectionRow> {
  const { role } = wanted
  if (role) {
    const [other] = (await connectedAccounts(trx, [role.accountId])).filter(
      ({ id }) => id !== row.id,
    )
    if (other) throw accountsInUse([{ ...other, pointer: '/roleArn' }])
  }
  const updated = await updateDesiredState(trx, row.id, wanted).catch((error) => {
    throw isAccountTaken(error)
      ? accountsInUse([{ account_id: role!.accountId, pointer: '/roleArn' }])
      : error
  })
  if (!updated) throw beingDeleted()
  if (wanted.name !== undefined) await connectionRenamed(trx, row.organization_id)
  // In the same transaction, so that a longer lookback is never shown as `current`.
  await refreshStatus(trx, updated, new Date())
  return (await findConnection(trx, row.id)) ?? updated
}

/**
 * Whether Postgres rejected a second connection to an account, which a concurrent request created.
 */
export function isAccountTaken(error: unknown): boolean {
  return violates(error, '23505', 'connections_one_per_account')
}

export function accountsInUse(
  accounts: { account_id: string | null; name?: string; pointer: string }[],
): Problem {
  const errors = accounts.map(({ account_id, name, pointer }) => {
    const which = name === undefined ? 'another connection' : `connection "${name}"`
    const detail = `Account ${account_id} is already connected by ${which}. Use that connection, or delete it first.`
    return { pointer, detail }
  })
  return new Problem(
    409,
    errors
      .map(({ detail }) => detail)
      .slice(0, 3)
      .join(' '),
    { errors },
  )
}
