/** IAM, STS, sign-in and Organizations: who may do what. */

import { listed, spoken, words } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import {
  allowedActions,
  allowsEverything,
  deniedActions,
  letIn,
  openedByPolicy,
  readPolicy,
} from '../policy.ts'
import { named } from '../resources.ts'
import { serviceName } from '../services.ts'
import type { Summaries, Summary } from '../summary.ts'

const ROLE = 'AWS::IAM::Role'
const USER = 'AWS::IAM::User'
const GROUP = 'AWS::IAM::Group'
const POLICY = 'AWS::IAM::Policy'
const PROFILE = 'AWS::IAM::InstanceProfile'

/** Managed policies of AWS that make their holder able to do anything, or to become so. */
const POWERFUL = /\/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$/

const keyVerbs: Record<string, string> = { Active: 'enable', Inactive: 'disable' }

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
    return `delete access key ${key ? `${spoken(key, 40)} ` : ''}of ${userOrSelf({ params, ...facts })}`
  },
  UpdateAccessKey: (facts) => {
    const { params } = facts
    const status = params.text('status')
    const verb = (status && keyVerbs[status]) ?? 'change'
    const key = params.text('accessKeyId')
    return {
      does: `${verb} access key ${key ? `${spoken(key, 40)} ` : ''}of ${userOrSelf(facts)}`,
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
  UpdateAccountPasswordPolicy: ({ params }) => {
    const edits = policyEdits(params)
    return { does: 'change the account’s password policy', more: spelled(edits), edits }
  },
  DeleteAccountPasswordPolicy: () => 'delete the account’s password policy',
  UpdateRole: ({ params, resources }) => {
    const role = named(resources, ROLE)
    const edits = editsOf(params, ['roleName'])
    return role && { does: `change ${role}`, more: spelled(edits), edits }
  },
}

export const controltower: Summaries = {
  EnableGuardrail: (facts) => guardrail(facts, 'enable', 'on'),
  DisableGuardrail: (facts) => guardrail(facts, 'disable', 'on'),
  EnableControl: (facts) => guardrail(facts, 'enable', 'on'),
  DisableControl: (facts) => guardrail(facts, 'disable', 'on'),
}

/** A guardrail and the organizational units that it is for: in an event's details, or by ARN. */
function guardrail({ params }: Facts, verb: string, joint: string): Summary | undefined {
  const rules = params
    .objects('guardrails')
    .map((rule) => rule.text('guardrailId', 'guardrailName'))
    .filter((id) => id !== undefined)
  const arn = params.text('controlIdentifier')
  const units = params
    .objects('organizationalUnits')
    .map((unit) => unit.text('organizationalUnitName', 'organizationalUnitId'))
    .filter((name) => name !== undefined)
  const target = params.text('targetIdentifier')
  const namesOf = (arn: string | undefined) => (arn === undefined ? [] : [arnName(arn)])
  const what = rules.length > 0 ? rules : namesOf(arn)
  const where = units.length > 0 ? units : namesOf(target)
  if (what.length === 0) return undefined
  const noun = what.length === 1 ? 'guardrail' : 'guardrails'
  return {
    does: `${verb} ${noun} ${listed(what.map((id) => spoken(id, 80)))}${where.length > 0 ? ` ${joint} organizational ${where.length === 1 ? 'unit' : 'units'} ${listed(where.map((name) => spoken(name, 60)))}` : ''}`,
    risks: ['identity', 'configuration'],
  }
}

export const sts: Summaries = {
  AssumeRole: assume,
  AssumeRoleWithSAML: assume,
  AssumeRoleWithWebIdentity: assume,
  AssumeRoot: ({ params, resources }) => {
    const account = params.text('targetPrincipal')
    const task = params.object('taskPolicyArn').text('arn') ?? params.text('taskPolicyArn')
    const where = resources.some(({ type }) => type === 'AWS::Organizations::Account')
      ? ` in account ${spoken(arnName(account ?? ''), 40)}`
      : ''
    return {
      does: `open a root session${where}${task ? ` for ${spoken(arnName(task), 60)}` : ''}`,
      edits: edit('task policy', undefined, task && arnName(task)),
      risks: ['identity'],
    }
  },
  GetCallerIdentity: () => ({ does: 'ask who they are', did: 'asked who they are' }),
  GetSessionToken: () => 'ask for temporary credentials',
  GetFederationToken: ({ params }) => {
    const name = params.text('name')
    return `ask for temporary credentials${name ? ` for ${spoken(name)}` : ''}`
  },
}

export const signin: Summaries = {
  ConsoleLogin: consoleLogin,
  UserAuthentication: (facts) => authentication(facts, 'sign in'),
  CredentialChallenge: ({ extra }) => {
    const what = credential(extra)
    return { does: `be asked for ${what}`, did: `was asked for ${what}` }
  },
  CredentialVerification: ({ extra }) => {
    const what = credential(extra)
    return { does: `sign in with ${what}`, did: `signed in with ${what}` }
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

/** AWS sees MFA only for users of its own: an identity provider does it where AWS cannot see it. */
function consoleLogin({ extra, identity }: Facts): Summary {
  const type = identity.text('type')
  const saml = extra.text('SamlProviderArn')
  const issuer = identity.object('sessionContext').object('sessionIssuer').text('userName')
  const isOwn = (type === 'IAMUser' || type === 'Root') && saml === undefined
  if (isOwn) {
    const used = extra.text('MFAUsed')
    const without = used === 'No' ? ' without MFA' : ''
    return { does: 'sign in to the console', more: used === 'Yes' ? ' with MFA' : without }
  }
  const identityCenter = issuer?.startsWith('AWSReservedSSO_') ? 'IAM Identity Center' : undefined
  const provider =
    saml === undefined ? identityCenter : `SAML provider ${spoken(arnName(saml), 60)}`
  return { does: 'sign in to the console', more: provider ? ` through ${provider}` : '' }
}

function authentication({ extra }: Facts, does: string): string {
  const host = /^https:\/\/([\w.-]{1,100})/.exec(extra.text('LoginTo') ?? '')?.[1]
  return `${does} through IAM Identity Center${host ? ` to ${spoken(host, 60)}` : ''}`
}

/** `a password`, `a TOTP code`: what Identity Center asked for. */
function credential(extra: Facts['extra']): string {
  const type = extra.text('CredentialType')?.toUpperCase()
  const known: Record<string, string> = {
    PASSWORD: 'a password',
    TOTP: 'a one-time code',
    WEBAUTHN: 'a security key',
    EXTERNAL_IDP: 'an external identity provider',
    RESYNC_TOTP: 'a one-time code',
    EMAIL_OTP: 'a code by email',
  }
  return type !== undefined && Object.hasOwn(known, type) ? known[type]! : 'a credential'
}

function serviceAccess(params: Facts['params'], verb: string): Summary | undefined {
  const service = params.text('servicePrincipal')
  return service === undefined
    ? undefined
    : {
        does: `${verb} the access of ${serviceName(service)} to the organization`,
        risks: ['identity'],
      }
}

export const sso: Summaries = {
  CreateAccountAssignment: (facts) => assignment(facts, 'assign', 'to'),
  DeleteAccountAssignment: (facts) => assignment(facts, 'take', 'from'),
}

/** Who has which permission set in which account. */
function assignment(
  { params, resources }: Facts,
  verb: string,
  joint: string,
): Summary | undefined {
  const set = named(resources, 'AWS::SSO::PermissionSet')
  const account = params.text('targetId')
  const who = params.text('principalId')
  if (set === undefined || account === undefined || who === undefined) return undefined
  const kind = params.text('principalType') === 'GROUP' ? 'group' : 'user'
  return {
    does: `${verb} ${set} in account ${spoken(account, 40)} ${joint} ${kind} ${spoken(who, 80)}`,
    risks: ['identity'],
  }
}

export const organizations: Summaries = {
  DisableAWSServiceAccess: ({ params }) => serviceAccess(params, 'disable'),
  EnableAWSServiceAccess: ({ params }) => serviceAccess(params, 'enable'),
  LeaveOrganization: ({ accountId }) =>
    `take account ${accountId ?? ''} out of its organization`.replace('  ', ' '),
  AttachPolicy: ({ params }) =>
    target(params.text('policyId'), params.text('targetId'), 'attach', 'to'),
  DetachPolicy: ({ params }) =>
    target(params.text('policyId'), params.text('targetId'), 'detach', 'from'),
  CreateAccount: ({ params, resources }) => {
    const name = params.text('accountName')
    const made = named(resources, 'AWS::Organizations::Account')
    if (made !== undefined) return `create ${made} in the organization`
    return `create ${name && !name.startsWith('HIDDEN') ? `account ${spoken(name)}` : 'an account'} in the organization`
  },
  RegisterDelegatedAdministrator: ({ params }) => delegate(params, 'register'),
  DeregisterDelegatedAdministrator: ({ params }) => delegate(params, 'deregister'),
  CloseAccount: ({ params }) => {
    const account = params.text('accountId')
    return account && `close account ${spoken(account)}`
  },
  MoveAccount: ({ params }) => {
    const account = params.text('accountId')
    const to = params.text('destinationParentId')
    return (
      account &&
      to && {
        does: `move account ${spoken(account)} to ${spoken(to)}`,
        edits: edit('parent', params.text('sourceParentId'), to),
      }
    )
  },
  RemoveAccountFromOrganization: ({ params }) => {
    const account = params.text('accountId')
    return account && `remove account ${spoken(account)} from the organization`
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

/** A policy's own name, not as the resource `policy X`, which it is for managed ones only. */
function attach({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const arn = params.text('policyArn')
  const policy = named(resources, POLICY)
  if (holder === undefined || policy === undefined) return undefined
  const edits: Edit[] = [{ field: 'policies', to: policy.replace('policy ', '') }]
  if (arn !== undefined && POWERFUL.test(arn)) edits[0]!.note = 'allows everything, or comes close'
  return { does: `attach ${policy} to ${holder}`, edits }
}

function detach({ resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const policy = named(resources, POLICY)
  if (holder === undefined || policy === undefined) return undefined
  return {
    does: `detach ${policy} from ${holder}`,
    edits: [{ field: 'policies', from: policy.replace('policy ', '') }],
  }
}

function granting(does: string, document: unknown): Summary {
  const policy = readPolicy(document)
  const actions = allowedActions(policy)
  const denied = deniedActions(policy)
  if (actions === undefined && denied === undefined) return { does }
  const effects = [
    ...(actions === undefined ? [] : [`allowing ${actions}`]),
    ...(denied === undefined ? [] : [`denying ${denied}`]),
  ]
  const edits: Edit[] = []
  if (actions !== undefined) {
    edits.push({
      field: 'allows',
      to: actions,
      ...(allowsEverything(policy) && { note: 'on everything' }),
    })
  }
  if (denied !== undefined) edits.push({ field: 'denies', to: denied })
  return { does, more: `, ${effects.join(' and ')}`, edits }
}

function inline({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const name = params.text('policyName')
  if (holder === undefined) return undefined
  const policy = `inline policy ${name ? `${spoken(name)} ` : ''}of ${holder}`
  return granting(`set ${policy}`, params.get('policyDocument'))
}

function removeInline({ params, resources }: Facts, type: string): Summary | undefined {
  const holder = named(resources, type)
  const name = params.text('policyName')
  return holder && name ? { does: `delete inline policy ${spoken(name)} of ${holder}` } : undefined
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
    verb: 'tag',
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

function delegate(params: Facts['params'], verb: string): Summary | undefined {
  const account = params.text('accountId')
  const service = params.text('servicePrincipal')
  if (account === undefined) return undefined
  return {
    verb,
    does: `${verb} account ${spoken(account, 20)} as delegated administrator${service ? ` of ${serviceName(service)}` : ''}`,
    risks: ['identity'],
  }
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
        : [{ field: words(name.replace(/password/i, '')), to: spoken(String(value), 60) }],
    )
}
