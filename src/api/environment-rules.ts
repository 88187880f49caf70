import { z } from 'zod'
import {
  countAsterisks,
  type EnvironmentRules,
  MATCH_KEYS,
  MAX_ASTERISKS,
  MAX_PATTERN_LENGTH,
  MAX_PATTERNS,
  MAX_RULES,
  type MatchKey,
  RULE_MODES,
} from '../changes/environment-rules.ts'
import {
  findEnvironmentRules,
  type RelinkProgress,
  StaleRules,
  saveEnvironmentRules,
} from '../db/change-rules.ts'
import { asOrganization, readOrganization, type Trx } from '../db/database.ts'
import { MAX_ENVIRONMENTS } from '../db/environments.ts'
import { previewRules, type RulesPreview } from '../db/rules-preview.ts'
import type { ApiContext, App } from './context.ts'
import { jsonResponse, Problem, problems } from './problems.ts'
import { text } from './text.ts'

const DEFAULT_DAYS = 7
const MAX_DAYS = 90

const exampleRule = {
  name: 'Production databases',
  match: { service: ['rds', 'dynamodb'], resource: ['*prod*'] },
  environments: ['019b2d41-17c6-7a52-8f60-3b9d2e1c4a75'],
}

const patterns = z.array(text(MAX_PATTERN_LENGTH).min(1)).min(1).max(MAX_PATTERNS)

const matchSchema = z
  .strictObject(
    Object.fromEntries(MATCH_KEYS.map((key) => [key, patterns.optional()])) as Record<
      MatchKey,
      z.ZodOptional<typeof patterns>
    >,
  )
  .refine((match) => Object.values(match).some((each) => each !== undefined), {
    error: 'Set at least one condition.',
  })
  .meta({
    description:
      'Patterns by field. Each field must match one of its patterns; `*` stands for any number of characters, and case is ignored. `connection` is an ID or a name; `resource` an ID, a name or an ARN; `tag` is `key=value`, of the request or of a resource; `actor` an ID or a name; `environment` a name that the change itself contains.',
  })

const ruleSchema = z.strictObject({
  name: text(100).optional().meta({ description: 'The display name.' }),
  match: matchSchema,
  environments: z.array(z.uuid()).max(MAX_ENVIRONMENTS).meta({
    description:
      'IDs of the environments that matching changes belong to. Empty: they belong to none, regardless of their connection.',
  }),
})

const wanted = {
  mode: z.enum(RULE_MODES).meta({
    description: '`first`: the first matching rule applies. `all`: all matching rules apply.',
  }),
  rules: z
    .array(ruleSchema)
    .max(MAX_RULES)
    .refine((rules) => countAsterisks(rules) <= MAX_ASTERISKS, {
      error: `All patterns together can contain at most ${MAX_ASTERISKS} asterisks.`,
    })
    .meta({
      description: `In the order in which they are evaluated. All patterns together contain at most ${MAX_ASTERISKS} asterisks.`,
    }),
}

const relinkSchema = z.object({
  state: z.enum(['done', 'running']).meta({
    description: '`running`: the rules are being applied to stored changes, the newest first.',
  }),
  total: z.int().nullable().meta({ description: 'Stored changes. Null until counted.' }),
  checked: z.int().meta({ description: 'How many of them follow the rules.' }),
  percent: z.int(),
  etaSeconds: z.int().nullable().meta({ description: 'Null if unknown.' }),
  appliedAt: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'When the rules were last applied to all stored changes.' }),
})

const exampleRelink = {
  state: 'running' as const,
  total: 120_400,
  checked: 30_100,
  percent: 25,
  etaSeconds: 21,
  appliedAt: null,
}

const rulesSchema = z
  .object({
    version: z.int().meta({ description: 'Increases with each change of the rules.' }),
    ...wanted,
    relink: relinkSchema,
  })
  .meta({
    id: 'EnvironmentRules',
    examples: [{ version: 3, mode: 'first', rules: [exampleRule], relink: exampleRelink }],
  })

const putSchema = z
  .strictObject({
    version: z.int().min(0).meta({ description: 'The version that you have read.' }),
    ...wanted,
  })
  .meta({
    id: 'NewEnvironmentRules',
    examples: [{ version: 2, mode: 'first', rules: [exampleRule] }],
  })

const previewRequestSchema = z
  .strictObject({
    ...wanted,
    days: z.int().min(1).max(MAX_DAYS).default(DEFAULT_DAYS).meta({
      description: 'How many days before now are counted.',
    }),
  })
  .meta({ id: 'EnvironmentRulesDraft', examples: [{ mode: 'first', rules: [exampleRule] }] })

const previewSchema = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    partial: z.boolean().meta({
      description:
        'True: counting all changes took too long, so the counts cover `countedFrom` to `to` only.',
    }),
    countedFrom: z.iso.datetime(),
    total: z.int().meta({ description: 'The counted changes.' }),
    linked: z.int().meta({
      description:
        'The number of changes that rules, or a name in the change itself, assign to environments.',
    }),
    moved: z.int().meta({ description: 'The number of changes whose environments would change.' }),
    byRule: z.array(z.int()).meta({
      description: 'The number of changes that each rule applies to, in the order of the rules.',
    }),
    examples: z
      .array(
        z.object({
          changeId: z.uuid(),
          occurredAt: z.iso.datetime(),
          summary: z.string().meta({ description: 'Untrusted text from the source.' }),
          from: z.array(z.uuid()).meta({ description: 'IDs of its present environments.' }),
          to: z.array(z.uuid()),
          rules: z.array(z.int()).meta({ description: 'The places of the rules, from 0.' }),
        }),
      )
      .meta({ description: 'Some of the changes whose environments would differ.' }),
  })
  .meta({
    id: 'EnvironmentRulesPreview',
    examples: [
      {
        from: '2026-02-23T12:30:00.000Z',
        to: '2026-03-02T12:30:00.000Z',
        partial: false,
        countedFrom: '2026-02-23T12:30:00.000Z',
        total: 1204,
        linked: 312,
        moved: 12,
        byRule: [312],
        examples: [
          {
            changeId: '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee63',
            occurredAt: '2026-03-02T12:01:14.000Z',
            summary: 'ada restarted the DB instance prod-1',
            from: [],
            to: ['019b2d41-17c6-7a52-8f60-3b9d2e1c4a75'],
            rules: [0],
          },
        ],
      },
    ],
  })

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
          200: jsonResponse('What would change.', previewSchema),
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
): Promise<z.output<typeof previewSchema>> {
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
