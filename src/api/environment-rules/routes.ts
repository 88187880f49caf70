import { z } from 'zod'
import type { EnvironmentRules, MatchKey } from '../../changes/environment-rules.ts'
import {
  findEnvironmentRules,
  type RelinkProgress,
  StaleRules,
  saveEnvironmentRules,
} from '../../db/change-rules.ts'
import { asOrganization, readOrganization, type Trx } from '../../db/database.ts'
import { previewRules, type RulesPreview } from '../../db/rules-preview.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import {
  DEFAULT_DAYS,
  previewRequestSchema,
  putSchema,
  type relinkSchema,
  rulesPreviewSchema,
  rulesSchema,
} from './schema.ts'

const tags = ['environments']

/** The routes for the ordered rules that link changes to environments. */
export function environmentRuleRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/environment-rules',
    {
      schema: {
        tags,
        operationId: 'getEnvironmentRules',
        summary: 'Get the environment rules',
        description:
          'The whole ordered list, and how far it is applied to stored changes. Environments that a change itself names come first, then these rules, then the default of its connection.',
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The rules.', rulesSchema),
          ...problems(401, 503),
        },
      },
    },
    (request) => readOrganization(database, request, (trx) => present(trx, request.organizationId)),
  )

  app.put(
    '/environment-rules',
    {
      schema: {
        tags,
        operationId: 'saveEnvironmentRules',
        summary: 'Save the environment rules',
        description:
          'Replaces the whole list. New changes follow the rules immediately. They are applied to stored changes in the background, the newest first; `relink` contains the progress.',
        body: putSchema,
        response: {
          200: jsonResponse('The saved rules.', rulesSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const { organizationId, body } = request
      return asOrganization(database, organizationId, async (trx) => {
        await saveEnvironmentRules(trx, organizationId, body).catch(refuseStale)
        await refuseAbsent(trx, body)
        return present(trx, organizationId)
      })
    },
  )

  app.post(
    '/environment-rules/preview',
    {
      schema: {
        tags,
        operationId: 'previewEnvironmentRules',
        summary: 'Preview environment rules',
        description: `Compares the environments that rules would assign with the present ones, for the changes of the last days (default ${DEFAULT_DAYS}). Saves nothing. Counts for about three seconds at most.`,
        body: previewRequestSchema,
        response: {
          200: jsonResponse('What would change.', rulesPreviewSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { organizationId, body } = request
        await refuseAbsent(trx, body)
        const to = new Date()
        const window = { from: new Date(to.getTime() - body.days * 86_400_000), to }
        const preview = await previewRules(trx, organizationId, { rules: body, window })
        return toPreview(trx, preview, window)
      }),
  )
}

/** @throws Problem 409 in place of `StaleRules` */
function refuseStale(error: unknown): never {
  if (!(error instanceof StaleRules)) throw error
  throw new Problem(
    409,
    `The rules were changed in the meantime: they have version ${error.version}. Load them again and repeat your change.`,
  )
}

/** @throws Problem 422 if the organization has no such environment */
async function refuseAbsent(trx: Trx, { rules }: EnvironmentRules): Promise<void> {
  const rows = await trx.selectFrom('environments').select('id').execute()
  const known = new Set(rows.map(({ id }) => id))
  const errors = rules.flatMap(({ environments }, rule) =>
    environments.flatMap((id, place) => {
      if (known.has(id)) return []
      return [{ pointer: `/rules/${rule}/environments/${place}`, detail: 'No such environment.' }]
    }),
  )
  if (errors.length === 0) return
  const { pointer, detail } = errors[0]!
  throw new Problem(422, `The request is not valid. ${pointer}: ${detail}`, { errors })
}

async function present(trx: Trx, organizationId: string) {
  const { version, mode, rules, progress } = await findEnvironmentRules(trx, organizationId)
  return {
    version,
    mode,
    rules: rules.map((rule) => ({
      name: rule.name,
      match: mutable(rule.match),
      environments: [...rule.environments],
    })),
    relink: toRelink(progress, new Date()),
  }
}

function mutable(match: EnvironmentRules['rules'][number]['match']) {
  return Object.fromEntries(
    Object.entries(match).map(([key, values]) => [key, [...values]]),
  ) as Partial<Record<MatchKey, string[]>>
}

function toRelink(progress: RelinkProgress, now: Date): z.output<typeof relinkSchema> {
  const { isApplied, total, checked, startedAt, appliedAt } = progress
  const left = Math.max(0, (total ?? 0) - checked)
  const seconds = startedAt ? (now.getTime() - startedAt.getTime()) / 1_000 : 0
  const isKnown = !isApplied && total !== null && checked > 0
  const share = total ? Math.min(1, checked / total) : 0
  return {
    state: isApplied ? 'done' : 'running',
    total,
    checked,
    percent: isApplied ? 100 : Math.floor(share * 100),
    etaSeconds: isKnown ? Math.ceil((left * seconds) / checked) : null,
    appliedAt: appliedAt?.toISOString() ?? null,
  }
}

async function toPreview(
  trx: Trx,
  preview: RulesPreview,
  { from, to }: { from: Date; to: Date },
): Promise<z.output<typeof rulesPreviewSchema>> {
  const ids = preview.examples.map(({ changeId }) => changeId)
  const rows =
    ids.length === 0
      ? []
      : await trx
          .selectFrom('changes')
          .select(['id', 'occurred_at', 'summary'])
          .where('id', 'in', ids)
          .where('occurred_at', '>=', from)
          .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    partial: preview.countedFrom > from,
    countedFrom: preview.countedFrom.toISOString(),
    total: preview.total,
    linked: preview.linked,
    moved: preview.moved,
    byRule: preview.byRule,
    examples: preview.examples.flatMap((move) => {
      const row = byId.get(move.changeId)
      if (!row) return []
      return [{ ...move, occurredAt: row.occurred_at.toISOString(), summary: row.summary }]
    }),
  }
}
