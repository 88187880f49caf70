import { z } from 'zod'
import {
  filledTemplate,
  quickCreate,
  stackCommands,
  templateParameters,
} from '../../aws/documents/cloudformation.ts'
import { grantedActions, permissionPolicy, sessionPolicy } from '../../aws/documents/permissions.ts'
import { iamCommands, type RoleDesign, usualName } from '../../aws/documents/role.ts'
import { moduleArchive, moduleBlock, terraformCommands } from '../../aws/documents/terraform.ts'
import { trustPolicy } from '../../aws/documents/trust.ts'
import { partitionOf } from '../../aws/regions.ts'
import { parseRoleArn } from '../../aws/role-arn.ts'
import type { ReadScope } from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import type { Principal } from '../../db/worker-principals.ts'
import type { ApiContext, App } from '../context.ts'
import { publicUrlOf } from '../origin.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import { beingDeleted, connectionParams, readConnection } from './find.ts'
import { setupQuerySchema, setupSchema } from './setup-schema.ts'

const tags = ['connections']

/**
 * The routes that return everything a customer needs to create the role, filled in for one
 * connection.
 */
export function setupRoutes(app: App, context: ApiContext): void {
  const { templateUrl } = context

  const planFor = async (request: SetupRequest): Promise<SetupPlan> => {
    const row = await readConnection(context.database, request, async (_trx, row) => row)
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
        querystring: setupQuerySchema,
        response: {
          200: jsonResponse('The setup instructions.', setupSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const { role, principal, roleName, rolePath, region, regions, externalId } =
        await planFor(request)
      const base = `${publicUrlOf(request, context.publicUrl)}/api/v1/connections/${request.params.id}/setup`
      const named = new URLSearchParams({ roleName, rolePath })
      const module = { url: `${base}/terraform`, fileName: 'cairn-read-only-terraform.tar.gz' }
      const template = { url: `${base}/cloudformation?${named}`, fileName: 'cairn-read-only.yaml' }
      return {
        externalId,
        roleName,
        rolePath,
        region,
        principal,
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
        querystring: setupQuerySchema,
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

interface SetupRequest extends ReadScope {
  params: { id: string }
  query: z.output<typeof setupQuerySchema>
}

interface SetupPlan {
  principal: Principal
  externalId: string
  roleName: string
  rolePath: string
  region: string
  regions: readonly string[]
  /** Null until Cairn has determined the principal that the role must trust. */
  role: RoleDesign | null
}

/** @throws Problem 422 if the region belongs to a different partition than the role */
function plan(row: ConnectionRow, principal: Principal, wish: SetupRequest['query']): SetupPlan {
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
    partition: id,
    principalArn: principal.arn,
    externalId,
    name: roleName,
    path: rolePath,
  }
  return { principal, externalId, roleName, rolePath, region, regions, role: role || null }
}

/** @throws Problem 409 while Cairn's principal is uncertain */
function certain({ role, principal }: SetupPlan): RoleDesign {
  if (role) return role
  const { saw, means, remedy } = principal
  throw new Problem(409, [saw, means, remedy].filter(Boolean).join(' '))
}

/** A response that is a file, for a route's schema. */
export function file(description: string, type: string) {
  return { description, content: { [type]: { schema: z.any() } } }
}
