import { z } from 'zod'
import { reuse } from '../reuse.ts'
import type { ApiContext, App } from './context.ts'
import { jsonResponse, problems } from './problems.ts'

const tags = ['health']

/** The route is public, so Postgres and Temporal are checked at most once in this time after a check. */
const READINESS_FOR_MS = 1_000

/** For load balancers and process managers: no key, no prefix. */
export function healthRoutes(app: App, { system, workflows }: ApiContext): void {
  const readiness = reuse(READINESS_FOR_MS, async () => {
    await system.selectFrom('organizations').select('id').limit(1).execute()
    const temporal = await workflows.ping()
    if (!temporal.ok) app.log.warn({ reason: temporal.reason }, 'Temporal is unavailable')
    return {
      status: 'ready' as const,
      temporal: temporal.ok ? ('reachable' as const) : ('away' as const),
    }
  })

  app.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Liveness check',
        description: 'Reports whether the process is running. Does not check Postgres or Temporal.',
        security: [],
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The process is running.', z.object({ status: z.literal('alive') })),
          ...problems(),
        },
      },
    },
    () => ({ status: 'alive' as const }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'Readiness check',
        description:
          'Checks Postgres. Most requests work without Temporal, so Temporal is reported but not required.',
        security: [],
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse(
            'Ready to serve requests.',
            z.object({
              status: z.literal('ready'),
              temporal: z.enum(['reachable', 'away']),
            }),
          ),
          ...problems(503),
        },
      },
    },
    () => readiness(),
  )
}
