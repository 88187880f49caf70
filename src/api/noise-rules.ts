import { z } from 'zod'
import {
  MAX_NOISE_RULES,
  NOISE_EFFECTS,
  NOISE_FIELDS,
  type NoiseField,
} from '../changes/noise-rules.ts'
import { asOrganization, readOrganization } from '../db/database.ts'
import {
  deleteNoiseRule,
  insertNoiseRule,
  listNoiseRules,
  type NoiseRuleRow,
  TooManyNoiseRules,
} from '../db/noise-rules.ts'
import type { ApiContext, App } from './context.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { storableText } from './text.ts'

const example = {
  id: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75',
  effect: 'hide' as const,
  match: {
    service: 'ecs',
    action: 'UpdateService',
    actor: 'arn:aws:iam::123456789012:role/deploy',
  },
  createdAt: '2026-03-02T08:58:31.204Z',
  createdBy: 'ada@example.com',
}

const value = storableText(4_096).min(1)

const matchSchema = z
  .strictObject(
    Object.fromEntries(NOISE_FIELDS.map((field) => [field, value.optional()])) as Record<
      NoiseField,
      z.ZodOptional<typeof value>
    >,
  )
  .refine((match) => Object.values(match).some((each) => each !== undefined), {
    error: 'Set at least one field.',
  })
  .meta({
    description:
      'Values that a change must have, all of them. `actor` is its `id`, `resource` the `key` of one of its resources.',
  })

const effect = z.enum(NOISE_EFFECTS).meta({
  description:
    '`hide`: matching changes are always routine. `show`: they never are, even if another rule hides them.',
})

const ruleSchema = z
  .object({
    id: z.uuid(),
    effect,
    match: matchSchema,
    createdAt: z.iso.datetime(),
    createdBy: z
      .string()
      .nullable()
      .meta({ description: 'The email address of the user who created it. Null for an API key.' }),
  })
  .meta({ id: 'NoiseRule', examples: [example] })

const createSchema = z
  .strictObject({ effect, match: matchSchema })
  .meta({ id: 'NewNoiseRule', examples: [{ effect: 'hide', match: example.match }] })

const tags = ['changes']
const params = z.object({ id: z.string().meta({ description: 'The rule ID.' }) })

/** The routes for an organization's own noise rules. */
export function noiseRuleRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/noise-rules',
    {
      schema: {
        tags,
        operationId: 'listNoiseRules',
        summary: 'List noise rules',
        description: `The organization's own rules, newest first. The sources' built-in rules are not listed. An organization has at most ${MAX_NOISE_RULES} rules.`,
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The rules.', z.object({ items: z.array(ruleSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        items: (await listNoiseRules(trx)).map(toRule),
      })),
  )

  app.post(
    '/noise-rules',
    {
      schema: {
        tags,
        operationId: 'createNoiseRule',
        summary: 'Create a noise rule',
        description:
          'New changes follow the rule immediately, and stored changes in the background, the newest first. A rule with the same `match` is replaced. Hidden changes are counted as routine changes, and remain candidates in incidents.',
        body: createSchema,
        response: {
          201: jsonResponse('The rule.', ruleSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body, user } = request
      const row = await asOrganization(database, organizationId, (trx) =>
        insertNoiseRule(trx, organizationId, { ...body, createdBy: user?.email ?? null }),
      ).catch(refuseNoiseRule)
      reply.code(201)
      return toRule(row)
    },
  )

  app.delete(
    '/noise-rules/:id',
    {
      schema: {
        tags,
        operationId: 'deleteNoiseRule',
        summary: 'Delete a noise rule',
        description: 'What it has hidden or shown becomes as without the rule, in the background.',
        params,
        response: {
          200: jsonResponse('The deleted rule.', ruleSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    async (request) => {
      const { organizationId } = request
      const row = await found('noise rule', request.params.id, (id) =>
        asOrganization(database, organizationId, (trx) => deleteNoiseRule(trx, organizationId, id)),
      )
      return toRule(row)
    },
  )
}

/** @throws Problem 409 if the limit is reached; otherwise the error itself */
function refuseNoiseRule(error: unknown): never {
  if (!(error instanceof TooManyNoiseRules)) throw error
  throw new Problem(409, `${error.message}, which is the limit. Delete one first.`)
}

function toRule({ id, effect, match, createdAt, createdBy }: NoiseRuleRow) {
  return { id, effect, match: { ...match }, createdAt: createdAt.toISOString(), createdBy }
}
