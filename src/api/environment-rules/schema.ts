import { z } from 'zod'
import {
  countAsterisks,
  MATCH_KEYS,
  MAX_ASTERISKS,
  MAX_PATTERN_LENGTH,
  MAX_PATTERNS,
  MAX_RULES,
  type MatchKey,
  RULE_MODES,
} from '../../changes/environment-rules.ts'
import { MAX_ENVIRONMENTS } from '../../db/environments.ts'
import { idInput } from '../ids.ts'
import { text } from '../text.ts'

export const DEFAULT_DAYS = 7
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
  environments: z.array(idInput()).max(MAX_ENVIRONMENTS).meta({
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

export const relinkSchema = z.object({
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

export const rulesSchema = z
  .object({
    version: z.int().meta({ description: 'Increases with each change of the rules.' }),
    ...wanted,
    relink: relinkSchema,
  })
  .meta({
    id: 'EnvironmentRules',
    examples: [{ version: 3, mode: 'first', rules: [exampleRule], relink: exampleRelink }],
  })

export const putSchema = z
  .strictObject({
    version: z.int().min(0).meta({ description: 'The version that you have read.' }),
    ...wanted,
  })
  .meta({
    id: 'NewEnvironmentRules',
    examples: [{ version: 2, mode: 'first', rules: [exampleRule] }],
  })

export const previewRequestSchema = z
  .strictObject({
    ...wanted,
    days: z.int().min(1).max(MAX_DAYS).default(DEFAULT_DAYS).meta({
      description: 'How many days before now are counted.',
    }),
  })
  .meta({ id: 'EnvironmentRulesDraft', examples: [{ mode: 'first', rules: [exampleRule] }] })

export const rulesPreviewSchema = z
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
