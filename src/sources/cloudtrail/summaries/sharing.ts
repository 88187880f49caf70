/** Who may use a resource: RAM's shares, Lightsail's ports, and accounts that services are opened to. */

import { listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import { edit } from '../edits.ts'
import type { Facts } from '../facts.ts'
import type { JsonReader } from '../json-reader.ts'
import { areInternet } from '../networks.ts'
import { principalName } from '../policy.ts'
import type { Summaries, Summary } from '../summary.ts'
import { the } from './any.ts'

export const ram: Summaries = {
  AssociateResourceShare: (facts) => changeShare(facts, 'add', 'to'),
  DisassociateResourceShare: (facts) => changeShare(facts, 'remove', 'from'),
  CreateResourceShare: ({ params, resources }) => {
    const name = params.text('name')
    const things = resources.filter(({ type }) => !type.endsWith('::ResourceShare')).map(the)
    const who = params.texts('principals').map(receiver)
    if (name === undefined) return undefined
    const what = things.length > 0 ? ` of ${listed(things)}` : ''
    return {
      does: `create resource share ${spoken(name)}${what}${who.length ? ` with ${listed(who)}` : ''}`,
      edits: edit('shared with', undefined, who.length ? listed(who, 10) : undefined),
      risks: ['identity', 'data'],
    }
  },
}

/** Adds to a share, or removes from it: resources, and who may use them. */
function changeShare({ params, resources }: Facts, verb: string, to: string): Summary | undefined {
  const share = resources.find(({ type }) => type.endsWith('::ResourceShare'))
  const who = params.texts('principals').map(receiver)
  const things = params.texts('resourceArns').map((arn) => spoken(arnName(arn), 60))
  const moved = [...who, ...things]
  if (share === undefined || moved.length === 0) return undefined
  return {
    does: `${verb} ${listed(moved)} ${to} ${the(share)}`,
    verb: 'change',
    edits:
      verb === 'add'
        ? edit('shared', undefined, listed(moved, 10))
        : edit('shared', listed(moved, 10), undefined),
    risks: ['identity', 'data'],
  }
}

/** `account 444455556666`, `organization o-1`, `organizational unit ou-1`, `role ops`. */
export function receiver(text: string): string {
  if (/^\d{12}$/.test(text)) return `account ${text}`
  const [, kind] = /:organizations::\d+:(organization|ou)\//.exec(text) ?? []
  const name = spoken(arnName(text), 60)
  if (kind === undefined) return name
  return `${kind === 'ou' ? 'organizational unit' : 'organization'} ${name}`
}

export const lightsail: Summaries = {
  OpenInstancePublicPorts: ({ params, resources }) => ports(resources, [params.object('portInfo')]),
  PutInstancePublicPorts: ({ params, resources }) => ports(resources, params.objects('portInfos')),
  CloseInstancePublicPorts: ({ params, resources: [instance] }) =>
    instance && {
      does: `close ${portWords(params.object('portInfo'))} on ${the(instance)}`,
      risks: ['network'],
    },
}

function ports([instance]: Facts['resources'], given: JsonReader[]): Summary | undefined {
  if (instance === undefined || given.length === 0) return undefined
  const isOpen = (info: JsonReader) => {
    // Lightsail opens a port to every address unless the call lists some.
    const ranges = [...info.texts('cidrs'), ...info.texts('ipv6Cidrs')]
    const isLimited = ranges.length > 0 || info.texts('cidrListAliases').length > 0
    return !isLimited || areInternet(ranges)
  }
  const open = given.filter(isOpen)
  const what = the(instance)
  const words = listed(given.map(portWords))
  const to = open.length > 0 ? 'the public' : listed(given.flatMap((info) => info.texts('cidrs')))
  return {
    does: `open ${words} to ${to || 'some addresses'} on ${what}`,
    edits: edit('open ports', undefined, `${words} to ${to || 'some addresses'}`),
    ...(open.length > 0 && { opens: `${listed(open.map(portWords))} of ${what} to the public` }),
    risks: ['network'],
  }
}

function portWords(info: JsonReader): string {
  const protocol = info.text('protocol') ?? 'tcp'
  const from = info.text('fromPort')
  const to = info.text('toPort')
  if (protocol === 'all' || from === undefined) return `all ${spoken(protocol, 10)} ports`
  return spoken(`${from}${to === undefined || to === from ? '' : `–${to}`}/${protocol}`, 30)
}

/**
 * What gives another account access, or ends it: AuthorizeSnapshotAccess, AuthorizeEndpointAccess,
 * RevokeVpcEndpointAccess.
 */
export function accountAccess({ plainAction, params, resources }: Facts): Summary | undefined {
  const [, verb] = /^(Authorize|Revoke)\w*Access$/.exec(plainAction) ?? []
  const [first] = resources.filter(({ type }) => type !== 'AWS::Organizations::Account')
  const account = params.text('accountWithRestoreAccess', 'account', 'accountId', 'principal')
  if (verb === undefined || first === undefined || account === undefined) return undefined
  const who = receiver(account)
  const isAdded = verb === 'Authorize'
  return {
    does: isAdded
      ? `give ${who} access to ${the(first)}`
      : `end the access of ${who} to ${the(first)}`,
    edits: isAdded ? edit('access', undefined, who) : edit('access', who, undefined),
    risks: ['identity', 'data'],
  }
}

export const lakeformation: Summaries = {
  GrantPermissions: (facts) => lakePermissions(facts, 'grant', 'to'),
  RevokePermissions: (facts) => lakePermissions(facts, 'revoke', 'from'),
}

function lakePermissions({ params }: Facts, verb: string, joint: string): Summary | undefined {
  const who = params.object('principal').text('dataLakePrincipalIdentifier')
  const resource = params.object('resource')
  const table = resource.object('table').isEmpty
    ? resource.object('tableWithColumns')
    : resource.object('table')
  const database = table.text('databaseName') ?? resource.object('database').text('name')
  const name = table.text('name')
  const permissions = params.texts('permissions').map((permission) => spoken(permission, 40))
  if (who === undefined || permissions.length === 0) return undefined
  const parts = [
    name === undefined ? undefined : `table ${spoken(name, 80)}`,
    database === undefined ? undefined : `database ${spoken(database, 80)}`,
  ].filter((part) => part !== undefined)
  const on = parts.length > 0 ? parts.join(' of ') : 'the data lake'
  // Lake Formation's name for all principals that IAM policies allow.
  const isEveryone = who === 'IAM_ALLOWED_PRINCIPALS'
  const grantee = isEveryone ? 'all IAM principals' : principalName(who)
  return {
    does: `${verb} ${listed(permissions)} on ${on} ${joint} ${grantee}`,
    risks: ['identity', 'data'],
  }
}
