import { z } from 'zod'
import { snippetsFor } from '../../aws/documents/remedies.ts'
import { quoted } from '../../aws/documents/shell.ts'
import { parseRoleArn } from '../../aws/role-arn.ts'
import { type Check, checkIds, checkStates, verdicts } from '../../connections/checks.ts'
import type { ReadScope, Trx } from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import { VERDICT_MAX_AGE_HOURS } from '../../db/verifications.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, problems } from '../problems.ts'
import { time } from '../time.ts'
import { connectionParams, readConnection, readLiveRef } from './find.ts'
import { limitPending } from './limit-pending.ts'

const checkSchema = z.object({
  id: z.enum(checkIds),
  region: z.string().optional(),
  state: z.enum(checkStates),
  saw: z.string(),
  means: z.string(),
  remedy: z.string().nullable(),
  snippets: z
    .array(z.object({ title: z.string(), language: z.enum(['json', 'bash']), text: z.string() }))
    .meta({ description: 'Policies and commands that fix the failure.' }),
})

const verificationSchema = z
  .object({
    state: z
      .enum([...verdicts, 'running'])
      .nullable()
      .meta({
        description:
          'Null until the current role is verified. While a verification runs, `checks` contains the results so far, and checks that have not run are `waiting`.',
      }),
    verifiedAt: time.nullable().meta({
      description: 'When the verification that led to this state completed.',
    }),
    validUntil: time.nullable().meta({
      description:
        'Until this time, imports continue even if no further verification can be completed. Null unless `state` is `passed`.',
    }),
    checks: z.array(checkSchema),
    lastAttempt: z
      .object({
        at: time,
        reason: z.string().nullable(),
        checks: z.array(checkSchema),
      })
      .nullable()
      .meta({
        description:
          'The last verification, if it could not be completed, for example because AWS did not respond or Cairn has no credentials. `state` and `checks` then show the result before it. Null if the last verification was completed.',
      }),
    notProvable: z
      .array(
        z.object({
          id: z.enum(['who_else']),
          means: z.string(),
          command: z.string().meta({
            description: 'Send the output of this command to `trust-review`.',
          }),
        }),
      )
      .meta({ description: 'What Cairn cannot verify from outside the account.' }),
  })
  .meta({
    id: 'Verification',
    examples: [
      {
        state: 'failed',
        verifiedAt: '2026-03-02T09:15:30.120Z',
        validUntil: null,
        checks: [
          {
            id: 'refused_without_id',
            state: 'failed',
            saw: 'AWS returned a session without the external ID.',
            means: 'Anyone who can make Cairn assume a role could access this account.',
            remedy: 'Add the condition on sts:ExternalId to the trust policy of the role.',
            snippets: [{ title: 'Complete trust policy', language: 'json', text: '{…}' }],
          },
        ],
        lastAttempt: null,
        notProvable: [],
      },
    ],
  })

const tags = ['connections']

/** The routes for the verification of a connection's role. */
export function verificationRoutes(app: App, context: ApiContext): void {
  const { database, workflows, principal } = context
  const runLimited = limitPending('verifications')

  const readVerification = async (request: ReadScope & { params: { id: string } }) => {
    const { arn } = await principal()
    return readConnection(database, request, (trx, row) => toVerification(trx, row, arn))
  }

  app.get(
    '/connections/:id/verification',
    {
      schema: {
        tags,
        operationId: 'getVerification',
        summary: 'Get the last verification',
        description:
          'Returns each check with the AWS response, its meaning and how to fix a failure.',
        params: connectionParams,
        response: {
          200: jsonResponse('The verification.', verificationSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) => readVerification(request),
  )

  app.post(
    '/connections/:id/verify',
    {
      schema: {
        tags,
        operationId: 'verifyConnection',
        summary: 'Verify the role',
        description: 'Waits for the result. A failed verification is returned with status 200.',
        params: connectionParams,
        response: {
          200: jsonResponse('The result of this verification.', verificationSchema),
          ...problems(401, 404, 409, 503, 504),
        },
      },
    },
    async (request) => {
      const ref = await readLiveRef(database, request)
      await runLimited(ref.organizationId, () => workflows.verifyNow(ref))
      return readVerification(request)
    },
  )
}

/**
 * A verification without progress for longer than this was interrupted; its next attempt starts
 * over.
 */
const RUNNING_WITHIN_MS = 3 * 60_000

async function toVerification(trx: Trx, connection: ConnectionRow, principalArn: string | null) {
  const row = await trx
    .selectFrom('verifications')
    .selectAll()
    .where('connection_id', '=', connection.id)
    .executeTakeFirst()
  if (!row || row.role_revision !== connection.role_revision || connection.role_arn === null) {
    return {
      state: null,
      verifiedAt: null,
      validUntil: null,
      checks: [],
      lastAttempt: null,
      notProvable: [],
    }
  }
  const parsed = parseRoleArn(row.role_arn)
  const role = 'problem' in parsed ? null : parsed
  const design = role &&
    principalArn !== null && { ...role, principalArn, externalId: connection.external_id }
  const isRunning =
    row.progress !== null && Date.now() - row.progress_at!.getTime() < RUNNING_WITHIN_MS
  const withSnippets = (check: Check) => ({
    ...check,
    snippets: snippetsFor(check, design || null),
  })
  const checks = isRunning ? row.progress! : (row.checks ?? [])
  return {
    state: isRunning ? ('running' as const) : row.state,
    verifiedAt: row.verified_at?.toISOString() ?? null,
    validUntil:
      row.state === 'passed'
        ? new Date(row.proven_at!.getTime() + VERDICT_MAX_AGE_HOURS * 3_600_000).toISOString()
        : null,
    checks: checks.map(withSnippets),
    lastAttempt: row.inconclusive_at && {
      at: row.inconclusive_at.toISOString(),
      reason: row.inconclusive_reason,
      checks: (row.inconclusive_checks ?? []).map(withSnippets),
    },
    notProvable: role ? [whoElse(role.name)] : [],
  }
}

/** The one important check that no probe can perform. */
function whoElse(roleName: string) {
  return {
    id: 'who_else' as const,
    means:
      'Cairn cannot read the trust policy of the role. Run this command in the account and paste the output to see who can assume the role.',
    command: `aws iam get-role --role-name ${quoted(roleName)}`,
  }
}
