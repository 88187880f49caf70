import { z } from 'zod'
import {
  filledTemplate,
  quickCreate,
  stackCommands,
  templateParameters,
} from '../aws/documents/cloudformation.ts'
import { grantedActions, permissionPolicy, sessionPolicy } from '../aws/documents/permissions.ts'
import { iamCommands, type RoleDesign, usualName } from '../aws/documents/role.ts'
import { moduleArchive, moduleBlock, terraformCommands } from '../aws/documents/terraform.ts'
import { trustPolicy } from '../aws/documents/trust.ts'
import { partitionOf, partitions } from '../aws/regions.ts'
import { parseRoleArn } from '../aws/role-arn.ts'
import type { Reader } from '../db/database.ts'
import type { Principal } from '../db/principals.ts'
import type { ConnectionRow } from '../db/schema.ts'
import type { ApiContext, App } from './context.ts'
import { beingDeleted, connectionParams, readConnection } from './find-connection.ts'
import { reachedAt } from './origin.ts'
import { answer, Problem, problems } from './problems.ts'

export const principalSchema = z
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

const setupSchema = z
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
  .regex(/^[\w+=,.@-]{1,64}$/, 'A role name has 1 to 64 letters, digits or +=,.@_-')

export const rolePathSchema = z
  .string()
  .max(512)
  .regex(/^\/([!-.0-~]+\/)*$/, 'A path begins and ends with a slash: /services/')

const wishes = z.strictObject({
  roleName: roleNameSchema.optional().meta({
    description: `The role name. Default: the name of the connection's role, or ${usualName}.`,
  }),
  rolePath: rolePathSchema
    .optional()
    .meta({ description: 'The role path, such as `/` or `/services/`.' }),
  region: z
    .string()
    .refine((name) => partitions.some(({ regions }) => regions.includes(name)), 'no such region')
    .optional()
    .meta({
      description: 'The region in which the commands create the stack. IAM roles are global.',
    }),
})

const tags = ['connections']

/** What a customer needs to create the role, filled in for one connection. */
export function setupRoutes(app: App, context: ApiContext): void {
  const { templateUrl } = context

  const planFor = async (request: SetupRequest): Promise<Plan> => {
    const row = await readConnection(context.api, request, async (_trx, row) => row)
    if (row.deleted_at) throw beingDeleted()
    return plan(row, await context.principal(), request.query)
  }

  app.get(
    '/connections/:id/setup',
    {
      schema: {
        tags,
        operationId: 'getSetup',
        summary: 'Get setup instructions',
        description:
          'Returns a Terraform module, a CloudFormation template, CLI commands and IAM policies that create the role, with all values filled in.',
        params: connectionParams,
        querystring: wishes,
        response: {
          200: answer('The setup instructions.', setupSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const { role, principal, roleName, rolePath, region, regions, externalId } =
        await planFor(request)
      const base = `${reachedAt(request, context.publicUrl)}/api/v1/connections/${request.params.id}/setup`
      const named = new URLSearchParams({ roleName, rolePath })
      const module = { url: `${base}/terraform`, fileName: 'cairn-read-only-terraform.tar.gz' }
      const template = { url: `${base}/cloudformation?${named}`, fileName: 'cairn-read-only.yaml' }
      return {
        ...{ externalId, roleName, rolePath, region, principal },
        terraform: role && {
          module: moduleBlock(role),
          commands: terraformCommands(module.url),
          download: module,
        },
        cloudFormation: role && {
          quickCreate: quickCreate(role, { regions, templateUrl }),
          parameters: templateParameters(role),
          commands: stackCommands(role, { region, templateUrl }),
          download: template,
        },
        cli: role && { commands: iamCommands(role) },
        policies: {
          trust: role && { ...trustPolicy(role) },
          permissions: { ...permissionPolicy },
          session: { ...sessionPolicy },
          actions: [...grantedActions],
        },
      }
    },
  )

  app.get(
    '/connections/:id/setup/terraform',
    {
      schema: {
        tags,
        operationId: 'downloadTerraformModule',
        summary: 'Download the Terraform module',
        description:
          'Returns a tar.gz of the folder `cairn-read-only`, which creates the role. The defaults trust this Cairn installation; set the external ID.',
        params: connectionParams,
        response: {
          200: file('The module.', 'application/gzip'),
          ...problems(401, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const role = certain(await planFor({ ...request, query: {} }))
      return reply
        .type('application/gzip')
        .header('content-disposition', 'attachment; filename="cairn-read-only-terraform.tar.gz"')
        .send(await moduleArchive(role.principalArn))
    },
  )

  app.get(
    '/connections/:id/setup/cloudformation',
    {
      schema: {
        tags,
        operationId: 'downloadCloudFormationTemplate',
        summary: 'Download the CloudFormation template',
        description:
          'Returns the template that creates the role, with the parameter defaults filled in, for “Upload a template file” in the console.',
        params: connectionParams,
        querystring: wishes,
        response: {
          200: file('The template.', 'application/yaml'),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const role = certain(await planFor(request))
      return reply
        .type('application/yaml')
        .header('content-disposition', 'attachment; filename="cairn-read-only.yaml"')
        .send(filledTemplate(role))
    },
  )
}

interface SetupRequest extends Reader {
  params: { id: string }
  query: z.output<typeof wishes>
}

interface Plan {
  principal: Principal
  externalId: string
  roleName: string
  rolePath: string
  region: string
  regions: readonly string[]
  /** Null while it is not certain whom the role has to trust. */
  role: RoleDesign | null
}

/** @throws Problem 422 when the region is of another partition than the role */
function plan(row: ConnectionRow, principal: Principal, wish: SetupRequest['query']): Plan {
  const present = row.role_arn === null ? undefined : parseRoleArn(row.role_arn)
  const known = present && !('problem' in present) ? present : undefined
  const roleName = wish.roleName ?? known?.name ?? usualName
  const rolePath = wish.rolePath ?? (wish.roleName ? '/' : (known?.path ?? '/'))
  const { id, regions, globalRegion } = partitionOf(
    known?.partition ?? principal.partition ?? 'aws',
  )
  const region = wish.region ?? globalRegion
  if (!regions.includes(region)) {
    const detail = `${region} is not a region of the partition ${id}: ${regions.join(', ')}.`
    throw new Problem(422, detail, { errors: [{ pointer: '?region', detail }] })
  }
  const externalId = row.external_id
  const role = principal.arn && {
    ...{ partition: id, principalArn: principal.arn, externalId, name: roleName, path: rolePath },
  }
  return { principal, externalId, roleName, rolePath, region, regions, role: role || null }
}

/** @throws Problem 409 while a policy would be a guess */
function certain({ role, principal }: Plan): RoleDesign {
  if (role) return role
  const { saw, means, remedy } = principal
  throw new Problem(409, [saw, means, remedy].filter(Boolean).join(' '))
}

/** An answer that is a file, for a route's schema. */
export function file(description: string, type: string) {
  return { description, content: { [type]: { schema: z.any() } } }
}
