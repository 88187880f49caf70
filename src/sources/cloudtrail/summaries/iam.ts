/** IAM, STS, sign-in and Organizations: who may do what. */

import { listed, spoken } from '../../../changes/text.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { allowedActions, allowsEverything, letIn, openedByPolicy, readPolicy } from '../policy.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'

const ROLE = 'AWS::IAM::Role'
const USER = 'AWS::IAM::User'
const GROUP = 'AWS::IAM::Group'
const POLICY = 'AWS::IAM::Policy'
const PROFILE = 'AWS::IAM::InstanceProfile'

/** Managed policies of AWS that make their holder able to do anything, or to become so. */
const POWERFUL = /\/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$/

export const iam: Summaries = {
  CreateRole: (facts) => {
    const role = named(facts.resources, ROLE)
    const policy = readPolicy(facts.params.get('assumeRolePolicyDocument'))
    return role && trust(`create ${role}`, ', to be assumed by', policy)
  },
  UpdateAssumeRolePolicy: (facts) => {
    const role = named(facts.resources, ROLE)
    const policy = readPolicy(facts.params.get('policyDocument'))
    return role && trust(`change who may assume ${role}`, ': now', policy)
  },
  CreateServiceLinkedRole: ({ params, resources }) => {
    const service = params.text('aWSServiceName')
    const role = named(resources, ROLE)
    return service
      ? `create the service-linked role of ${spoken(service)}`
      : role && `create ${role}`
  },
  AttachRolePolicy: (facts) => attach(facts, ROLE),
  AttachUserPolicy: (facts) => attach(facts, USER),
  AttachGroupPolicy: (facts) => attach(facts, GROUP),
  DetachRolePolicy: (facts) => detach(facts, ROLE),
  DetachUserPolicy: (facts) => detach(facts, USER),
  DetachGroupPolicy: (facts) => detach(facts, GROUP),
  PutRolePolicy: (facts) => inline(facts, ROLE),
  PutUserPolicy: (facts) => inline(facts, USER),
  PutGroupPolicy: (facts) => inline(facts, GROUP),
  DeleteRolePolicy: (facts) => removeInline(facts, ROLE),
  DeleteUserPolicy: (facts) => removeInline(facts, USER),
  DeleteGroupPolicy: (facts) => removeInline(facts, GROUP),
  CreatePolicy: ({ params, resources }) => {
    const policy = named(resources, POLICY)
    return policy && granting(`create ${policy}`, params.get('policyDocument'))
  },
  CreatePolicyVersion: ({ params, resources }) => {
    const policy = named(resources, POLICY)
    const isDefault = params.flag('setAsDefault') === true
    const what = isDefault ? 'change' : 'add a version to'
    return policy && granting(`${what} ${policy}`, params.get('policyDocument'))
  },
  SetDefaultPolicyVersion: ({ params, resources }) => {
    const policy = named(resources, POLICY)
    const version = params.text('versionId')
    return (
      policy &&
      version && {
        does: `make version ${spoken(version)} the default of ${policy}`,
        edits: edit('default version', undefined, version),
      }
    )
  },
  PutRolePermissionsBoundary: (facts) => boundary(facts, ROLE),
  PutUserPermissionsBoundary: (facts) => boundary(facts, USER),
  DeleteRolePermissionsBoundary: ({ resources }) => {
    const role = named(resources, ROLE)
    return role && `remove the permissions boundary of ${role}`
  },
  DeleteUserPermissionsBoundary: ({ resources }) => {
    const user = named(resources, USER)
    return user && `remove the permissions boundary of ${user}`
  },
  AddRoleToInstanceProfile: ({ resources }) => {
    const [role, profile] = [named(resources, ROLE), named(resources, PROFILE)]
    return role && profile && `add ${role} to ${profile}`
  },
  RemoveRoleFromInstanceProfile: ({ resources }) => {
    const [role, profile] = [named(resources, ROLE), named(resources, PROFILE)]
    return role && profile && `remove ${role} from ${profile}`
  },
  AddUserToGroup: ({ resources }) => {
    const [user, group] = [named(resources, USER), named(resources, GROUP)]
    return user && group && `add ${user} to ${group}`
  },
  RemoveUserFromGroup: ({ resources }) => {
    const [user, group] = [named(resources, USER), named(resources, GROUP)]
    return user && group && `remove ${user} from ${group}`
  },
  CreateAccessKey: (facts) => `create an access key for ${userOrSelf(facts)}`,
  DeleteAccessKey: ({ params, ...facts }) => {
    const key = params.text('accessKeyId')
    return `delete the access key ${key ? `${spoken(key, 40)} ` : ''}of ${userOrSelf({ params, ...facts })}`
  },
  UpdateAccessKey: (facts) => {
    const { params } = facts
    const status = params.text('status')
    const verb = status === 'Inactive' ? 'disable' : status === 'Active' ? 'enable' : 'change'
    const key = params.text('accessKeyId')
    return {
      does: `${verb} the access key ${key ? `${spoken(key, 40)} ` : ''}of ${userOrSelf(facts)}`,
      edits: edit('status', undefined, status),
    }
  },
  CreateLoginProfile: (facts) => `give a console password to ${userOrSelf(facts)}`,
  UpdateLoginProfile: (facts) => `change the console password of ${userOrSelf(facts)}`,
  DeleteLoginProfile: (facts) => `take away the console password of ${userOrSelf(facts)}`,
  ChangePassword: () => 'change their own password',
  EnableMFADevice: (facts) => `turn on an MFA device for ${userOrSelf(facts)}`,
  DeactivateMFADevice: (facts) => `turn off an MFA device of ${userOrSelf(facts)}`,
  DeleteVirtualMFADevice: ({ resources }) => {
    const device = named(resources, 'AWS::IAM::VirtualMFADevice')
    return device && `delete ${device}`
  },
  TagRole: (facts) => tag(facts, ROLE),
  TagUser: (facts) => tag(facts, USER),
  TagInstanceProfile: (facts) => tag(facts, PROFILE),
  TagPolicy: (facts) => tag(facts, POLICY),
  UpdateAccountPasswordPolicy: ({ params }) => ({
    does: 'change the account’s password policy',
    edits: policyEdits(params),
  }),
  DeleteAccountPasswordPolicy: () => 'delete the account’s password policy',
  UpdateRole: ({ params, resources }) => {
    const role = named(resources, ROLE)
    const edits = editsOf(params, ['roleName'])
    return role && { does: `change ${role}`, more: spelled(edits), edits }
  },
}

export const sts: Summaries = {
  AssumeRole: assume,
  AssumeRoleWithSAML: assume,
  AssumeRoleWithWebIdentity: assume,
  GetCallerIdentity: () => ({ does: 'ask who they are', did: 'asked who they are' }),
  GetSessionToken: () => 'ask for temporary credentials',
  GetFederationToken: ({ params }) => {
    const name = params.text('name')
    return `ask for temporary credentials${name ? ` for ${spoken(name)}` : ''}`
  },
}

export const signin: Summaries = {
  ConsoleLogin: ({ extra }) => {
    const more = extra.text('MFAUsed') === 'No' ? ' without MFA' : ''
    return { does: 'sign in to the console', more }
  },
  CheckMfa: () => ({ does: 'pass the MFA check', did: 'passed the MFA check' }),
  SwitchRole: ({ extra }) => {
    const to = extra.text('SwitchTo')
    return `switch${to ? ` to ${spoken(to)}` : ' role'} in the console`
  },
  ExitRole: () => 'switch back from a role in the console',
  RenewRole: () => 'renew a role’s session in the console',
  PasswordRecoveryRequested: () => 'ask to recover a password',
  PasswordRecoveryCompleted: () => 'recover a password',
  EmailUpdated: () => 'change the account’s email address',
  PasswordUpdated: () => 'change the account’s password',
}

export const organizations: Summaries = {
  LeaveOrganization: ({ accountId }) =>
    `take the account ${accountId ?? ''} out of its organization`.replace('  ', ' '),
  AttachPolicy: ({ params }) =>
    target(params.text('policyId'), params.text('targetId'), 'attach', 'to'),
  DetachPolicy: ({ params }) =>
    target(params.text('policyId'), params.text('targetId'), 'detach', 'from'),
  CreateAccount: ({ params }) => {
    const name = params.text('accountName')
    return `create ${name && !name.startsWith('HIDDEN') ? `the account ${spoken(name)}` : 'an account'} in the organization`
  },
  CloseAccount: ({ params }) => {
    const account = params.text('accountId')
    return account && `close the account ${spoken(account)}`
  },
  MoveAccount: ({ params }) => {
    const account = params.text('accountId')
    const to = params.text('destinationParentId')
    return (
      account &&
      to && {
        does: `move the account ${spoken(account)} to ${spoken(to)}`,
        edits: edit('parent', params.text('sourceParentId'), to),
      }
    )
  },
  RemoveAccountFromOrganization: ({ params }) => {
    const account = params.text('accountId')
    return account && `remove the account ${spoken(account)} from the organization`
  },
  UpdatePolicy: ({ params, resources }) => {
    const policy = named(resources, 'AWS::Organizations::Policy') ?? params.text('policyId')
    return policy && `change ${policy} of the organization`
  },
}

function trust(does: string, joint: string, policy: ReturnType<typeof readPolicy>): Summary {
  const names = letIn(policy)
  const opens = openedByPolicy(policy)
  return {
    does,
    more: names.length === 0 ? '' : `${joint} ${listed(names)}`,
    edits: names.length === 0 ? [] : [{ field: 'may be assumed by', to: listed(names, 10) }],
    ...(opens !== undefined && { opens: 'the role to everyone' }),
  }
}

/** A policy's own name, not as the resource `the policy X`, which it is for managed ones only. */
function attach({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const arn = params.text('policyArn')
  const policy = named(resources, POLICY)
  if (holder === undefined || policy === undefined) return undefined
  const edits: Edit[] = [{ field: 'policies', to: policy.replace('the policy ', '') }]
  if (arn !== undefined && POWERFUL.test(arn)) edits[0]!.note = 'allows everything, or comes close'
  return { does: `attach ${policy} to ${holder}`, edits }
}

function detach({ resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const policy = named(resources, POLICY)
  if (holder === undefined || policy === undefined) return undefined
  return {
    does: `detach ${policy} from ${holder}`,
    edits: [{ field: 'policies', from: policy.replace('the policy ', '') }],
  }
}

function granting(does: string, document: unknown): Summary {
  const policy = readPolicy(document)
  const actions = allowedActions(policy)
  if (actions === undefined) return { does }
  return {
    does,
    more: `, allowing ${actions}`,
    edits: [
      { field: 'allows', to: actions, ...(allowsEverything(policy) && { note: 'on everything' }) },
    ],
  }
}

function inline({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const name = params.text('policyName')
  if (holder === undefined) return undefined
  const policy = `the inline policy ${name ? `${spoken(name)} ` : ''}of ${holder}`
  return granting(`set ${policy}`, params.get('policyDocument'))
}

function removeInline({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const name = params.text('policyName')
  return holder && name
    ? { does: `delete the inline policy ${spoken(name)} of ${holder}` }
    : undefined
}

function boundary({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const arn = params.text('permissionsBoundary')
  if (holder === undefined) return undefined
  return {
    does: `set the permissions boundary of ${holder}${arn ? ` to ${spoken(arn.split('/').at(-1) ?? arn)}` : ''}`,
    edits: edit('permissions boundary', undefined, arn),
  }
}

/** Without a user name, these calls are about the caller. */
function userOrSelf({ resources, params }: Facts): string {
  const user = named(
    resources.filter(({ id }) => id === params.text('userName')),
    USER,
  )
  return user ?? named(resources, USER) ?? 'themselves'
}

function tag({ params, resources }: Facts, type: string): Summary | undefined {
  const thing = named(resources, type)
  const tags = params.objects('tags')
  if (thing === undefined) return undefined
  const keys = tags.map((entry) => entry.text('key')).filter((key) => key !== undefined)
  const edits = tags.flatMap((entry) =>
    edit(`tag ${entry.text('key') ?? ''}`, undefined, entry.text('value') ?? '(empty)'),
  )
  return {
    does: `tag ${thing}${keys.length ? ` with ${listed(keys.map((key) => spoken(key, 40)))}` : ''}`,
    edits,
    risks: ['configuration'],
  }
}

function assume({ params, resources }: Facts): Summary | undefined {
  const role = named(resources, ROLE)
  const session = params.text('roleSessionName')
  return role === undefined
    ? { does: 'assume a role' }
    : { does: `assume ${role}${session ? ` as ${spoken(session, 64)}` : ''}` }
}

function target(
  policy: string | undefined,
  to: string | undefined,
  verb: string,
  joint: string,
): Summary | undefined {
  if (policy === undefined || to === undefined) return undefined
  return {
    does: `${verb} the organization’s policy ${spoken(policy)} ${joint} ${spoken(to)}`,
    edits:
      verb === 'attach' ? edit('policies', undefined, policy) : edit('policies', policy, undefined),
  }
}

// Named after passwords, but only describes the rules for them.
function policyEdits(params: Facts['params']): Edit[] {
  return params
    .entries()
    .slice(0, 20)
    .flatMap(([name, value]) =>
      typeof value === 'object'
        ? []
        : [{ field: spoken(name.replace(/password/i, ''), 60), to: spoken(String(value), 60) }],
    )
}
