import { z } from 'zod'
import type { Principal } from '../db/worker-principals.ts'
import type { ApiContext, App } from './context.ts'
import { jsonResponse, problems } from './problems.ts'

const PRINCIPAL_STATES = [
  'ready',
  'unreported',
  'no_credentials',
  'expired',
  'rejected',
  'unreachable',
  'unusable',
] as const
type PrincipalState = (typeof PRINCIPAL_STATES)[number]

const principalStatusSchema = z
  .object({
    state: z.enum(PRINCIPAL_STATES).meta({
      description:
        'Whether the workers can assume roles: `ready`; `unreported` until a worker has checked; `no_credentials`, `expired` or `rejected` for their AWS credentials; `unreachable` if AWS does not respond; `unusable` for an identity that AWS does not allow to assume roles.',
    }),
    canAssumeRoles: z.boolean().nullable().meta({
      description: 'Null if no worker has reported within 15 minutes.',
    }),
    arn: z.string().nullable().meta({
      description: 'The IAM role that Cairn runs as. Null while Cairn cannot determine it.',
    }),
    saw: z.string(),
    means: z.string(),
    remedy: z.string().nullable(),
    checkedAt: z.iso.datetime().nullable(),
  })
  .meta({
    id: 'PrincipalStatus',
    examples: [
      {
        state: 'no_credentials',
        canAssumeRoles: false,
        arn: null,
        saw: 'Cairn has no AWS credentials (CredentialsProviderError).',
        means: 'Cairn cannot assume roles until this is fixed. Everything else works.',
        remedy: 'Set AWS_PROFILE and restart Cairn.',
        checkedAt: '2026-03-02T12:00:00.000Z',
      },
    ],
  })

/** The state of Cairn's own AWS credentials, from what the workers report. */
function principalState({ seenAt, caller, state, problem }: Principal): PrincipalState {
  if (state === 'unusable') return 'unusable'
  switch (problem) {
    case 'no_credentials':
    case 'expired':
      return problem
    case 'denied':
    case 'not_enabled':
    case 'rejected':
      return 'rejected'
    default:
      // AWS can be unreachable for a moment while the sessions of a known role remain valid.
      if (caller !== null || state === 'uncertain') return 'ready'
      return seenAt === null ? 'unreported' : 'unreachable'
  }
}

/** The route for Cairn's own identity in AWS, which does not need a connection. */
export function principalRoutes(app: App, { principal }: ApiContext): void {
  app.get(
    '/principal',
    {
      schema: {
        tags: ['connections'],
        operationId: 'getPrincipal',
        summary: "Get Cairn's AWS identity",
        description:
          'Returns whether Cairn has AWS credentials that can assume roles. If not, returns how to fix this.',
        response: {
          200: jsonResponse("Cairn's AWS identity.", principalStatusSchema),
          ...problems(401, 503),
        },
      },
    },
    async () => {
      const found = await principal()
      const state = principalState(found)
      const { arn, saw, means, remedy, seenAt } = found
      return {
        state,
        arn,
        saw,
        means,
        remedy,
        canAssumeRoles: state === 'unreported' ? null : state === 'ready',
        checkedAt: seenAt?.toISOString() ?? null,
      }
    },
  )
}
