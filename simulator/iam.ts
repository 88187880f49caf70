/** AWS IAM, as far as a customer's role needs it: roles, their trust, their policies and their boundary. */

import type { Principal } from './accounts.ts'
import { AwsError } from './errors.ts'
import { parsePolicy } from './policy.ts'
import {
  type Call,
  type QueryOperation,
  type QueryRequest,
  structures,
  text,
  validate,
  whole,
} from './query.ts'
import type { PolicyDocument } from './types.ts'
import { type Elements, xml } from './xml.ts'

interface NewRole {
  name: string
  /** Starts and ends with a slash. */
  path?: string
  trustPolicy: PolicyDocument
  maxSessionDuration?: number
  description?: string
  /** ARN of a managed policy. */
  boundary?: string
  tags?: Record<string, string>
}

export const iamOperations: Record<string, QueryOperation> = {
  GetRole: (request) => {
    const role = roleOf(request, 'iam:GetRole', required(request, 'RoleName'))
    return xml({ Role: describe(role) })
  },
  CreateRole: (request) => {
    const { parameters } = request
    validate(
      text('assumeRolePolicyDocument', parameters.get('AssumeRolePolicyDocument'), {
        required: true,
        min: 1,
        max: 131_072,
      }),
      whole('maxSessionDuration', parameters.get('MaxSessionDuration'), { min: 3600, max: 43_200 }),
    )
    const role = createRole(request, {
      name: required(request, 'RoleName'),
      path: parameters.get('Path') ?? undefined,
      trustPolicy: parameters.get('AssumeRolePolicyDocument')!,
      maxSessionDuration: Number(parameters.get('MaxSessionDuration') ?? 3600),
      description: parameters.get('Description') ?? undefined,
      boundary: parameters.get('PermissionsBoundary') ?? undefined,
      tags: tagsOf(request),
    })
    return xml({ Role: describe(role) })
  },
  UpdateAssumeRolePolicy: (request) => {
    updateTrust(request, required(request, 'RoleName'), required(request, 'PolicyDocument'))
    return ''
  },
  DeleteRole: (request) => {
    deleteRole(request, required(request, 'RoleName'))
    return ''
  },
  TagRole: (request) => {
    const role = roleOf(request, 'iam:TagRole', required(request, 'RoleName'))
    for (const [key, value] of Object.entries(tagsOf(request))) role.tags.set(key, value)
    trace(request, 'TagRole', {
      roleName: nameOf(role),
      tags: structures(request.parameters, 'Tags'),
    })
    return ''
  },
  ListRoleTags: (request) => {
    const role = roleOf(request, 'iam:ListRoleTags', required(request, 'RoleName'))
    return xml({ Tags: tagElements(role), IsTruncated: 'false' })
  },
  PutRolePolicy: (request) => {
    const [role, name] = [required(request, 'RoleName'), required(request, 'PolicyName')]
    putRolePolicy(request, role, name, required(request, 'PolicyDocument'))
    return ''
  },
  GetRolePolicy: (request) => {
    const role = roleOf(request, 'iam:GetRolePolicy', required(request, 'RoleName'))
    const name = required(request, 'PolicyName')
    const policy = role.inline.get(name) ?? noPolicy(name)
    return xml({
      RoleName: nameOf(role),
      PolicyName: name,
      PolicyDocument: encodeURIComponent(asText(policy.document)),
    })
  },
  ListRolePolicies: (request) => {
    const role = roleOf(request, 'iam:ListRolePolicies', required(request, 'RoleName'))
    return xml({ PolicyNames: [...role.inline.keys()].sort(), IsTruncated: 'false' })
  },
  DeleteRolePolicy: (request) => {
    deleteRolePolicy(request, required(request, 'RoleName'), required(request, 'PolicyName'))
    return ''
  },
  AttachRolePolicy: (request) => {
    attachRolePolicy(request, required(request, 'RoleName'), required(request, 'PolicyArn'))
    return ''
  },
  DetachRolePolicy: (request) => {
    detachRolePolicy(request, required(request, 'RoleName'), required(request, 'PolicyArn'))
    return ''
  },
  ListAttachedRolePolicies: (request) => {
    const role = roleOf(request, 'iam:ListAttachedRolePolicies', required(request, 'RoleName'))
    const AttachedPolicies = [...role.attached].map((arn) => ({
      PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
      PolicyArn: arn,
    }))
    return xml({ AttachedPolicies, IsTruncated: 'false' })
  },
  PutRolePermissionsBoundary: (request) => {
    const boundary = required(request, 'PermissionsBoundary')
    setBoundary(request, required(request, 'RoleName'), boundary)
    return ''
  },
  DeleteRolePermissionsBoundary: (request) => {
    setBoundary(request, required(request, 'RoleName'), undefined)
    return ''
  },
  CreatePolicy: (request) => {
    const { parameters } = request
    const policy = createPolicy(request, {
      name: required(request, 'PolicyName'),
      path: parameters.get('Path') ?? undefined,
      document: required(request, 'PolicyDocument'),
    })
    return xml({
      Policy: {
        PolicyName: policy.name,
        PolicyId: policy.id,
        Arn: policy.arn,
        Path: policy.path,
        DefaultVersionId: 'v1',
        AttachmentCount: '0',
        IsAttachable: 'true',
        CreateDate: timestamp(policy.createdAt),
        UpdateDate: timestamp(policy.createdAt),
      },
    })
  },
  DeletePolicy: (request) => {
    deletePolicy(request, required(request, 'PolicyArn'))
    return ''
  },
}

/**
 * @throws AwsError EntityAlreadyExists, MalformedPolicyDocument, NoSuchEntity (boundary), ValidationError,
 * AccessDenied
 */
export function createRole(call: Call, role: NewRole): Principal {
  const { accounts, session } = call
  const { name, path = '/', trustPolicy, boundary, description, tags = {} } = role
  checkName('roleName', name, 64)
  checkPath(path)
  const maxSessionDuration = role.maxSessionDuration ?? 3600
  validate(whole('maxSessionDuration', String(maxSessionDuration), { min: 3600, max: 43_200 }))
  const arn = `arn:${accounts.partition.name}:iam::${session.accountId}:role${path}${name}`
  authorize(call, 'iam:CreateRole', arn)
  checkTrust(call, trustPolicy)
  if (boundary !== undefined) checkManaged(call, boundary)
  if (findRole(call, name)) {
    throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409)
  }
  accounts.putRole({ arn, trustPolicy, maxSessionDuration })
  const made = Object.assign(accounts.principal(arn)!, {
    tags: new Map(Object.entries(tags)),
    ...(boundary !== undefined && { boundary }),
    ...(description !== undefined && { description }),
  })
  trace(
    call,
    'CreateRole',
    {
      roleName: name,
      assumeRolePolicyDocument: asText(trustPolicy),
      ...(path !== '/' && { path }),
      ...(description !== undefined && { description }),
      ...(boundary !== undefined && { permissionsBoundary: boundary }),
    },
    {
      role: {
        path,
        roleName: name,
        roleId: made.id,
        arn,
        assumeRolePolicyDocument: encodeURIComponent(asText(trustPolicy)),
        createDate: timestamp(made.createdAt),
      },
    },
  )
  return made
}

/** The changes of an existing role. Absent fields keep their values. */
export function updateRole(
  call: Call,
  name: string,
  changes: { maxSessionDuration?: number; description?: string },
): void {
  const role = roleOf(call, 'iam:UpdateRole', name)
  Object.assign(role, changes)
  trace(call, 'UpdateRole', { roleName: name, ...changes })
}

export function updateTrust(call: Call, name: string, document: PolicyDocument): void {
  const role = roleOf(call, 'iam:UpdateAssumeRolePolicy', name)
  checkTrust(call, document)
  role.trust = parsePolicy(document, 'trust')
  role.trustDocument = document
  trace(call, 'UpdateAssumeRolePolicy', { roleName: name, policyDocument: asText(document) })
}

/** @throws AwsError DeleteConflict while it has policies of either kind */
export function deleteRole(call: Call, name: string): void {
  const role = roleOf(call, 'iam:DeleteRole', name)
  if (role.inline.size > 0 || role.attached.size > 0) {
    const which = role.attached.size > 0 ? 'detach all policies' : 'delete policies'
    throw new AwsError('DeleteConflict', `Cannot delete entity, must ${which} first.`, 409)
  }
  call.accounts.deleteRole(role.arn)
  trace(call, 'DeleteRole', { roleName: name })
}

export function putRolePolicy(
  call: Call,
  roleName: string,
  policyName: string,
  document: PolicyDocument,
): void {
  checkName('policyName', policyName, 128)
  const role = roleOf(call, 'iam:PutRolePolicy', roleName)
  role.inline.set(policyName, { document, policy: parsePolicy(document, 'identity') })
  trace(call, 'PutRolePolicy', { roleName, policyName, policyDocument: asText(document) })
}

export function deleteRolePolicy(call: Call, roleName: string, policyName: string): void {
  const role = roleOf(call, 'iam:DeleteRolePolicy', roleName)
  if (!role.inline.delete(policyName)) noPolicy(policyName)
  trace(call, 'DeleteRolePolicy', { roleName, policyName })
}

export function attachRolePolicy(call: Call, roleName: string, policyArn: string): void {
  const role = roleOf(call, 'iam:AttachRolePolicy', roleName)
  checkManaged(call, policyArn)
  role.attached.add(policyArn)
  trace(call, 'AttachRolePolicy', { roleName, policyArn })
}

export function detachRolePolicy(call: Call, roleName: string, policyArn: string): void {
  const role = roleOf(call, 'iam:DetachRolePolicy', roleName)
  if (!role.attached.delete(policyArn)) {
    throw new AwsError('NoSuchEntity', `Policy ${policyArn} was not found.`, 404)
  }
  trace(call, 'DetachRolePolicy', { roleName, policyArn })
}

export function setBoundary(call: Call, roleName: string, boundary: string | undefined): void {
  const action = `${boundary === undefined ? 'Delete' : 'Put'}RolePermissionsBoundary`
  const role = roleOf(call, `iam:${action}`, roleName)
  if (boundary === undefined) delete role.boundary
  else {
    checkManaged(call, boundary)
    role.boundary = boundary
  }
  trace(call, action, { roleName, ...(boundary && { permissionsBoundary: boundary }) })
}

export function createPolicy(
  call: Call,
  { name, path = '/', document }: { name: string; path?: string; document: PolicyDocument },
) {
  const { accounts, session } = call
  checkName('policyName', name, 128)
  checkPath(path)
  const arn = `arn:${accounts.partition.name}:iam::${session.accountId}:policy${path}${name}`
  authorize(call, 'iam:CreatePolicy', arn)
  if (accounts.managedPolicies.has(arn)) {
    const message = `A policy called ${name} already exists. Duplicate names are not allowed.`
    throw new AwsError('EntityAlreadyExists', message, 409)
  }
  const policy = accounts.putManagedPolicy(arn, document)
  trace(call, 'CreatePolicy', { policyName: name, policyDocument: asText(document), path })
  return policy
}

/** @throws AwsError DeleteConflict while a role has it */
export function deletePolicy(call: Call, policyArn: string): void {
  const { accounts } = call
  authorize(call, 'iam:DeletePolicy', policyArn)
  checkManaged(call, policyArn)
  if (
    accounts
      .roles()
      .some(({ attached, boundary }) => attached.has(policyArn) || boundary === policyArn)
  ) {
    const message = 'Cannot delete a policy attached to entities.'
    throw new AwsError('DeleteConflict', message, 409)
  }
  accounts.managedPolicies.delete(policyArn)
  trace(call, 'DeletePolicy', { policyArn })
}

/** The role with this name in the caller's account, with any path: names are unique regardless of case. */
function findRole({ accounts, session }: Call, name: string): Principal | undefined {
  const wanted = name.toLowerCase()
  return accounts
    .roles()
    .find((role) => role.accountId === session.accountId && nameOf(role).toLowerCase() === wanted)
}

/** The attributes of a role that IAM returns, as policies and ARNs have them. */
function nameOf({ arn }: Principal): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

function roleOf(call: Call, action: string, name: string): Principal {
  const role = findRole(call, name)
  const { accounts, session } = call
  const absent = `arn:${accounts.partition.name}:iam::${session.accountId}:role/${name}`
  authorize(call, action, role?.arn ?? absent)
  if (!role) {
    throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404)
  }
  return role
}

function authorize({ accounts, session, region }: Call, action: string, resource: string): void {
  accounts.authorize(session, action, { protocol: 'query', region, resource })
}

/** IAM requires that the users and roles in a trust policy exist. */
function checkTrust({ accounts }: Call, document: PolicyDocument): void {
  for (const { principals } of parsePolicy(document, 'trust')) {
    for (const principal of principals) {
      if (!/:iam::\d{12}:(user|role)\//.test(principal) || accounts.principal(principal)) continue
      const message = `Invalid principal in policy: "AWS":"${principal}"`
      throw new AwsError('MalformedPolicyDocument', message)
    }
  }
}

function checkManaged({ accounts, session }: Call, arn: string): void {
  const owner = arn.split(':')[4]
  const isTheirs = owner === session.accountId || owner === 'aws'
  if (isTheirs && accounts.managedPolicies.has(arn)) return
  const message = `Policy ${arn} does not exist or is not attachable.`
  throw new AwsError('NoSuchEntity', message, 404)
}

function checkName(field: string, name: string, max: number): void {
  validate(text(field, name, { min: 1, max }))
  if (!/^[\w+=,.@-]+$/.test(name)) {
    throw new AwsError(
      'ValidationError',
      `The specified value for ${field} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    )
  }
}

function checkPath(path: string): void {
  validate(text('path', path, { min: 1, max: 512 }))
  if (!/^\/([\w+=,.@-]+\/)*$/.test(path)) {
    throw new AwsError(
      'ValidationError',
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    )
  }
}

function required({ parameters }: QueryRequest, name: string): string {
  const value = parameters.get(name)
  const field = name[0]!.toLowerCase() + name.slice(1)
  validate(text(field, value, { required: true, min: 1, max: 131_072 }))
  return value!
}

function tagsOf({ parameters }: QueryRequest): Record<string, string> {
  return Object.fromEntries(
    structures(parameters, 'Tags').map(({ Key = '', Value = '' }) => [Key, Value]),
  )
}

function tagElements({ tags }: Principal): Elements[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }))
}

function describe(role: Principal): Elements {
  const name = nameOf(role)
  return {
    Path: role.arn.slice(
      role.arn.indexOf(':role/') + ':role'.length,
      role.arn.length - name.length,
    ),
    RoleName: name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: timestamp(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(asText(role.trustDocument)),
    ...(role.description !== undefined && { Description: role.description }),
    MaxSessionDuration: String(role.maxSessionDuration),
    ...(role.boundary !== undefined && {
      PermissionsBoundary: {
        PermissionsBoundaryType: 'Policy',
        PermissionsBoundaryArn: role.boundary,
      },
    }),
    ...(role.tags.size > 0 && { Tags: tagElements(role) }),
  }
}

function noPolicy(name: string): never {
  throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404)
}

function trace(
  { session, accounts, invokedBy, trace: write }: Call,
  action: string,
  request: Record<string, unknown>,
  response: Record<string, unknown> | null = null,
): void {
  const region = accounts.partition.globalRegion
  write({ service: 'iam', action, region, session, request, response, invokedBy })
}

function asText(document: PolicyDocument): string {
  return typeof document === 'string' ? document : JSON.stringify(document)
}

function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
