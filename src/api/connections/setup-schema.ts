import { z } from 'zod'
import { grantedActions, permissionPolicy, sessionPolicy } from '../../aws/documents/permissions.ts'
import { usualName } from '../../aws/documents/role.ts'
import { partitions } from '../../aws/regions.ts'

const principalSchema = z
  .object({
    arn: z.string().nullable().meta({
      description:
        'The IAM role that Cairn runs as, which trust policies must name. Null while Cairn cannot determine it.',
    }),
    state: z.enum(['certain', 'uncertain', 'unusable', 'unknown']),
    saw: z.string(),
    means: z.string(),
    remedy: z.string().nullable(),
  })
  .meta({
    id: 'Principal',
    examples: [
      {
        arn: 'arn:aws:iam::999988887777:role/cairn',
        state: 'certain',
        saw: 'arn:aws:sts::999988887777:assumed-role/cairn/i-0123456789abcdef0',
        means: 'Cairn runs as the role arn:aws:iam::999988887777:role/cairn.',
        remedy: null,
      },
    ],
  })

const commandSchema = z.object({ title: z.string(), command: z.string() })
const downloadSchema = z.object({ url: z.string(), fileName: z.string() })
const policySchema = z.record(z.string(), z.unknown())

export const setupSchema = z
  .object({
    externalId: z.string(),
    roleName: z.string(),
    rolePath: z.string(),
    region: z.string().meta({ description: 'The region in which the commands create the stack.' }),
    principal: principalSchema,
    terraform: z
      .object({
        module: z.string().meta({ description: 'The module block and its output, in HCL.' }),
        commands: z.array(commandSchema),
        download: downloadSchema,
      })
      .nullable()
      .meta({
        description:
          'Null while Cairn cannot determine its own IAM role. So are all other fields that name the role.',
      }),
    cloudFormation: z
      .object({
        quickCreate: z.object({
          links: z.array(z.object({ region: z.string(), url: z.string() })),
          why: z
            .string()
            .nullable()
            .meta({ description: 'Why quick-create links are not available.' }),
        }),
        parameters: z
          .record(z.string(), z.string())
          .meta({ description: 'The parameter values of the template.' }),
        commands: z.array(commandSchema),
        download: downloadSchema,
      })
      .nullable(),
    cli: z.object({ commands: z.array(commandSchema) }).nullable(),
    policies: z.object({
      trust: policySchema.nullable(),
      permissions: policySchema,
      session: policySchema.meta({
        description: 'The session policy of each Cairn session: only the actions used today.',
      }),
      actions: z.array(z.object({ action: z.string(), purpose: z.string(), used: z.boolean() })),
    }),
  })
  .meta({
    id: 'Setup',
    examples: [
      {
        externalId: 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G',
        roleName: 'cairn-read-only',
        rolePath: '/',
        region: 'us-east-1',
        principal: {
          arn: null,
          state: 'uncertain',
          saw: 'arn:aws:sts::999988887777:assumed-role/cairn/session',
          means:
            'AWS returns the role name without its path, and Cairn is not allowed to call iam:GetRole.',
          remedy: "Set CAIRN_PRINCIPAL_ARN to the role's ARN.",
        },
        terraform: null,
        cloudFormation: null,
        cli: null,
        policies: {
          trust: null,
          permissions: { ...permissionPolicy },
          session: { ...sessionPolicy },
          actions: [...grantedActions],
        },
      },
    ],
  })

export const roleNameSchema = z
  .string()
  .regex(/^[\w+=,.@-]{1,64}$/, 'A role name has 1 to 64 letters, digits or +=,.@_- characters.')

export const rolePathSchema = z
  .string()
  .max(512)
  .regex(/^\/([!-.0-~]+\/)*$/, 'A path starts and ends with a slash, for example /services/.')

export const setupQuerySchema = z.strictObject({
  roleName: roleNameSchema.optional().meta({
    description: `The role name. Default: the name of the connection's role, or ${usualName}.`,
  }),
  rolePath: rolePathSchema
    .optional()
    .meta({ description: 'The role path, such as `/` or `/services/`.' }),
  region: z
    .string()
    .refine(
      (name) => partitions.some(({ regions }) => regions.includes(name)),
      'Not an AWS region.',
    )
    .optional()
    .meta({
      description: 'The region in which the commands create the stack. IAM roles are global.',
    }),
})
