import { z } from 'zod'
import { MAX_COUNTED } from '../../db/delivery-counts.ts'
import { REFUSALS } from '../../incidents/completeness.ts'
import {
  DELIVERY_STATES,
  INTEGRATION_KINDS,
  REPLACED_SECRET_HOURS,
} from '../../integrations/integration.ts'
import { pageCursor, pageLimit } from '../paging.ts'
import { text } from '../text.ts'
import { time } from '../time.ts'

const deployRuleSchema = z.strictObject({
  workflow: text(200).min(1).optional().meta({
    description:
      'A pattern of workflow names, with `*`. Deployments without a workflow do not match.',
  }),
  environment: text(200)
    .min(1)
    .optional()
    .meta({ description: 'A pattern of environment names, with `*`.' }),
  isDeploy: z.boolean().meta({ description: 'False: ignore these deployments.' }),
})

const settingsSchema = z
  .strictObject({
    deployRules: z.array(deployRuleSchema).max(100).optional().meta({
      description:
        'For GitHub: which deployments are deploys. The first rule that matches decides; without one, a deployment is a deploy. Jobs that only use the secrets of an environment create deployments too.',
    }),
  })
  .meta({
    id: 'IntegrationSettings',
    examples: [{ deployRules: [{ workflow: 'Lint*', isDeploy: false }] }],
  })

const owner = z
  .string()
  .trim()
  .max(200)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\/[\w.-]{1,100})?$/, {
    error: 'Use the name of an organization, `acme`, or of a repository, `acme/shop`.',
  })
  .refine((name) => !/\/\.{1,2}$/.test(name), { error: 'Not a name of a repository.' })

const hooksOf = z.array(owner).min(1).max(20).meta({
  description:
    'Whose webhooks send to this integration: organizations (`acme`) and repositories (`acme/shop`).',
})

export const recoveryBodySchema = z
  .strictObject({
    hooksOf,
    token: z
      .string()
      .trim()
      .regex(/^[\x21-\x7e]{20,500}$/, {
        error: 'Not a token: 20 to 500 characters without spaces.',
      })
      .optional()
      .meta({ description: 'A personal access token. Omitted: the stored one is kept.' }),
  })
  .meta({
    id: 'RecoverySettings',
    examples: [{ hooksOf: ['acme/shop'], token: 'github_pat_11EXAMPLE0000000000000' }],
  })

export const recoverySchema = z
  .object({
    hooksOf,
    tokenSetAt: time,
    checkedAt: time.nullable().meta({ description: 'When the last check ended.' }),
    checkedThrough: time.nullable().meta({
      description:
        'The time up to which all deliveries from GitHub were compared with the stored ones.',
    }),
    nextCheckAt: time,
    problem: z
      .string()
      .nullable()
      .meta({ description: 'What prevents a complete check, and what to do.' }),
    recovered: z.int().meta({ description: 'Deliveries that were missed and fetched.' }),
  })
  .meta({
    id: 'Recovery',
    examples: [
      {
        hooksOf: ['acme/shop'],
        tokenSetAt: '2026-03-02T09:12:07.311Z',
        checkedAt: '2026-03-02T12:00:03.117Z',
        checkedThrough: '2026-03-02T12:00:02.400Z',
        nextCheckAt: '2026-03-02T12:10:03.117Z',
        problem: null,
        recovered: 3,
      },
    ],
  })

const example = {
  id: '019b2d6a-41d2-7a30-8c11-5e0f9b3d7c24',
  kind: 'github' as const,
  name: 'acme',
  url: 'https://cairn.example.com/webhooks/019b2d6a-41d2-7a30-8c11-5e0f9b3d7c24',
  settings: {},
  createdAt: '2026-03-02T09:12:07.311Z',
  lastDeliveryAt: '2026-03-02T12:00:12.008Z',
  lastRefusal: null,
  secrets: [{ createdAt: '2026-03-02T09:12:07.311Z', expiresAt: null }],
  lastWeek: { received: 0, translated: 41, ignored: 12, failed: 0 },
  recovery: null,
}

export const integrationSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(INTEGRATION_KINDS),
    name: z.string(),
    url: z.string().meta({ description: 'The URL that receives webhooks.' }),
    settings: settingsSchema,
    createdAt: time,
    lastDeliveryAt: time
      .nullable()
      .meta({ description: 'When the last correctly signed delivery arrived.' }),
    lastRefusal: z
      .object({ at: time, reason: z.enum(REFUSALS) })
      .nullable()
      .meta({
        description:
          'When the most recent delivery was refused, and why: `signature` (missing or wrong), `too_large`, `throttled` or `invalid`. Null if none was refused.',
      }),
    secrets: z
      .array(z.object({ createdAt: time, expiresAt: time.nullable() }))
      .meta({ description: 'The valid secrets, newest first. Their values are not returned.' }),
    lastWeek: z
      .object({
        received: z.int().meta({ description: 'Stored, not yet translated.' }),
        translated: z.int(),
        ignored: z.int(),
        failed: z.int(),
      })
      .meta({
        description: `Deliveries of the last 7 days. Of each state, at most ${MAX_COUNTED} are counted.`,
      }),
    recovery: recoverySchema
      .nullable()
      .meta({ description: 'How missed deliveries are found. Null without a token.' }),
  })
  .meta({ id: 'Integration', examples: [example] })

const secretSchema = z.string().meta({
  description:
    'The secret that signs deliveries, or the bearer token for Alertmanager. Returned only in this response. PagerDuty creates its own secret: set that one with PATCH.',
})

export const madeIntegrationSchema = integrationSchema.extend({ secret: secretSchema }).meta({
  id: 'CreatedIntegration',
  examples: [{ ...example, secret: 'b3Blbi1zZXNhbWUtYnV0LTI1Ni1iaXRzLWxvbmc' }],
})

export const newIntegrationSchema = z
  .strictObject({
    kind: z.enum(INTEGRATION_KINDS),
    name: text(100).trim().min(1).optional().meta({
      description: 'A name that shows what sends the webhooks. Default: the name of the kind.',
    }),
    settings: settingsSchema.optional(),
  })
  .meta({ id: 'NewIntegration', examples: [{ kind: 'github', name: 'acme' }] })

export const patchIntegrationSchema = z
  .strictObject({
    name: text(100).trim().min(1),
    secret: text(500)
      .min(16, 'A secret must have at least 16 characters.')
      .meta({
        description: `Replaces the current secret, which stays valid for ${REPLACED_SECRET_HOURS} hours. PagerDuty creates the secret of its webhooks.`,
      }),
    settings: settingsSchema,
  })
  .partial()
  .meta({
    id: 'IntegrationPatch',
    examples: [
      { secret: 'the-secret-that-pagerduty-has-created' },
      { settings: { deployRules: [{ workflow: 'Lint*', isDeploy: false }] } },
    ],
  })

export const rotateSchema = z
  .strictObject({
    revokeOld: z
      .boolean()
      .optional()
      .meta({
        description: `True: the old secret ends immediately. Default: it stays valid for ${REPLACED_SECRET_HOURS} hours.`,
      }),
  })
  .meta({ id: 'SecretRotation', examples: [{ revokeOld: true }] })

export const integrationParams = z.object({
  id: z.string().meta({ description: 'The integration ID.' }),
})

export const deliveryParams = integrationParams.extend({
  deliveryId: z.string().meta({ description: "Cairn's ID of the delivery." }),
})

const deliveryExample = {
  id: '019b2d6b-0c11-7d31-9a42-7f1e0c4d8b35',
  deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  event: 'pull_request',
  receivedAt: '2026-03-02T12:00:12.008Z',
  state: 'translated' as const,
  reason: null,
  changes: ['019cae21-a3d0-8b51-9f2c-6d0e4f5a7b18'],
  incidents: 0,
  attempts: 1,
  nextAttemptAt: null,
  doneAt: '2026-03-02T12:00:12.230Z',
  bytes: 21_874,
  isTest: false,
  recoveredAt: null,
}

export const deliverySchema = z
  .object({
    id: z.uuid(),
    deliveryId: z.string().meta({
      description: "The sender's ID of the delivery, or a digest of its body.",
    }),
    event: z.string().nullable(),
    receivedAt: time,
    state: z.enum(DELIVERY_STATES).meta({
      description:
        '`received`: not yet translated. `ignored`: it contains no change and no incident. `reason` explains why it is ignored, failed or will be retried.',
    }),
    reason: z.string().nullable(),
    changes: z
      .array(z.uuid())
      .meta({ description: 'The IDs of its changes, including those that existed already.' }),
    incidents: z.int().meta({ description: 'The number of incidents that it created or updated.' }),
    attempts: z.int(),
    nextAttemptAt: time.nullable(),
    doneAt: time.nullable(),
    bytes: z.int().meta({ description: 'The size of the body.' }),
    isTest: z.boolean().meta({ description: 'Whether Cairn sent it, on request.' }),
    recoveredAt: time.nullable().meta({
      description:
        'When Cairn fetched a delivery that it had missed. `receivedAt` is then when it was sent.',
    }),
  })
  .meta({ id: 'Delivery', examples: [deliveryExample] })

export const deliveryWithBodySchema = deliverySchema
  .extend({
    headers: z.record(z.string(), z.string()),
    body: z.string().meta({ description: 'The body as text, up to 1 MB of it.' }),
    isTruncated: z.boolean(),
  })
  .meta({
    id: 'DeliveryWithBody',
    examples: [
      {
        ...deliveryExample,
        headers: { 'x-github-event': 'pull_request' },
        body: '{"action":"closed"}',
        isTruncated: false,
      },
    ],
  })

export const deliveryPageSchema = z
  .object({
    items: z.array(deliverySchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
  })
  .meta({ id: 'DeliveryPage', examples: [{ items: [deliveryExample], nextCursor: null }] })

export const deliveryPageQuery = z.strictObject({
  limit: pageLimit('The maximum number of deliveries per page.'),
  cursor: pageCursor(),
  state: z.enum(DELIVERY_STATES).optional().meta({ description: 'Only deliveries in this state.' }),
})
