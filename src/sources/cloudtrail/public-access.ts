/**
 * Every service's ways to open something to everyone, by the shape of the request.
 *
 * A summary of one action may know better and sets `opens` on its own; this is for the others.
 */

import { spoken } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import type { Facts } from './facts.ts'
import { JsonReader, scalar } from './json-reader.ts'
import { memo } from './memo.ts'
import { areInternet, isInternet } from './networks.ts'
import { openedByPolicy, readPolicy } from './policy.ts'

/** What is opened, in words that follow the resource: `: everyone may read`. */
export interface Opening {
  /** `to the internet`, `to the public with its policy`. */
  how: string
  /** `everything`, `s3:GetObject`, where a policy shows it. */
  allows?: string
}

const EVERYONE_URI = /\/groups\/global\/(AllUsers|AuthenticatedUsers)/
const CANNED = /^(public-read|public-read-write|authenticated-read|PublicRead|PublicReadWrite)$/

/** Calls that end or only read: their parameters open nothing. */
const CLOSING =
  /Descriptions?(Ingress|Egress)?$|^(Delete|Remove|Revoke|Describe|Get|List|Detach|Disassociate|Deregister|Disable|Stop|Terminate|Tag|Untag|Validate|Test|Simulate|Check)/
/** Policies that only limit access, or that are attached to identities: they name no principals. */
const NOT_RESOURCE_POLICY =
  /StackPolicy|OrganizationPolicy|Vpc_?Endpoint|VPCEndpoint|AssumeRolePolicy|^Create(Role|User|Group|Policy)|ServiceControl|Scp/

/** Calls whose ranges are allowed in. */
const INGRESS =
  /Ingress|PublicPorts|Firewall|InputSecurityGroup|IpRules|IpGroup|IpAccessSettings|FlowSource|AddFlow|FleetPortSettings|^CreateFleet$|IpRestriction/
const ON = /^(true|enabled|on|yes)$/i

/** The names of fields that can open something, by what they are. */
const NAMES = {
  principals: /^(add_?)?(allowed_?)?principals?$/i,
  /** Flags that give an address or a name on the internet, when true. */
  publicFlag:
    /^((is_?)?publicly_?(accessible|available)|associate_?public_?ip_?address|map_?public_?ip_?on_?launch|map_?customer_?owned_?ip_?on_?launch|(endpoint_?|enable_?|allow_?)?public_?(network_?)?(access|connectivity)(_?enabled)?|(is_?)?public|public_?sharing(_?enabled)?|allow_?unauthenticated_?identities|assign_?public_?ip|public_?ip_?enabled|allows?_?public_?polic(y|ies)|allow_?from_?public)$/i,
  /** Guards against public access, when they are turned off. */
  blockFlag:
    /^(block_?public_?(acls|policy|access|security_?group_?rules)|ignore_?public_?acls|restrict_?public_?buckets|block_?public_?security_?group_?rules)$/i,
  noAuthorization:
    /^(authorization_?type|auth_?type|authentication_?type|function_?url_?auth_?type)$/i,
  acl: /^(x-amz-acl|acl|canned_?acl|access_?control)$/i,
  grantHeader: /^x-amz-grant-/i,
  uri: /^uri$/i,
  visibility: /(visibility|webserver_?access_?mode)$/i,
  type: /^type$/i,
  groups: /^(user_?)?groups?$/i,
  endpointType: /^endpoint_?type$/i,
  settingId: /^setting_?id$/i,
  getObject: /^get_?object$/i,
  gatewayBlock: /^internet_?gateway_?block_?mode$/i,
  gatewayExclusion: /^internet_?gateway_?exclusion_?mode$/i,
  addresses: /^public_?access$|^type$/i,
  publicCidrs: /^public_?access_?cidrs$/i,
  cidrs: /cidrs?$/i,
  range:
    /^cidr_?(ip|block)?v?[46]?$|^cidrip$|^cidrs?$|publicaccesscidrs|^ip_?(rule|range)$|^whitelist_?cidr$/i,
  accounts:
    /^(aws_?account_?ids?|account_?ids?(_?to_?add)?|accounts?|values_?to_?add|user_?ids?)$/i,
}
/** Nearly all fields of nearly all requests are none of them. */
const canOpen = memo((name) => Object.values(NAMES).some((pattern) => pattern.test(name)))

/** What the call opens to everyone; undefined when nothing. */
export function openingOf(facts: Facts): Opening | undefined {
  const { plainAction, params } = facts
  if (
    plainAction === 'DeletePublicAccessBlock' ||
    /^Delete(Bucket|Account)PublicAccessBlock$/.test(plainAction)
  ) {
    return { how: 'to public access: its block is removed' }
  }
  if (/^Disable\w*BlockPublicAccess$/.test(plainAction)) {
    return { how: 'to public sharing: its block is turned off' }
  }
  if (CLOSING.test(plainAction) || params.raw === undefined) return undefined
  return walk(params.raw, facts, 0)
}

function walk(node: Record<string, unknown>, facts: Facts, depth: number): Opening | undefined {
  for (const name in node) {
    if (!Object.hasOwn(node, name)) continue
    const value = node[name]
    const found = openedBy(name, value, facts, node)
    if (found !== undefined) return found
    if (depth >= 4) continue
    for (const inner of Array.isArray(value) ? value.slice(0, 50) : [value]) {
      // A policy was read as a whole: its principals may be limited by its conditions.
      if (!isObject(inner) || JsonReader.of(inner).has('Statement')) continue
      const deeper = openedByPatch(inner) ?? walk(inner, facts, depth + 1)
      if (deeper !== undefined) return deeper
    }
  }
  return undefined
}

function openedBy(
  name: string,
  value: unknown,
  facts: Facts,
  node: Record<string, unknown>,
): Opening | undefined {
  if (typeof value === 'string' || isObject(value)) {
    const byPolicy = openedByDocument(name, value, facts)
    if (byPolicy !== undefined) return byPolicy
  }
  if (!canOpen(name)) return undefined
  const text = scalar(value)
  if (text === undefined) return openedByList(name, value, facts, node)
  if (NAMES.publicFlag.test(name) && ON.test(text)) {
    // A cluster's endpoint may be limited to some networks.
    const cidrs = JsonReader.of(node).texts('publicAccessCidrs')
    const isOpen = cidrs.length === 0 || areInternet(cidrs)
    if (/unauthenticated/i.test(name)) return { how: 'to everyone, with no sign-in' }
    return isOpen ? { how: 'to the internet' } : undefined
  }
  if (NAMES.blockFlag.test(name) && /^(false|disabled)$/i.test(text)) {
    return { how: 'to public access: its block is turned off' }
  }
  if (
    NAMES.noAuthorization.test(name) &&
    text === 'NONE' &&
    !/^(Describe|Get)/.test(facts.plainAction)
  ) {
    return isRoute(facts) ? { how: 'to everyone, with no authorization' } : undefined
  }
  if (NAMES.acl.test(name) && CANNED.test(text)) {
    return { how: `to the public with its access list (${text})` }
  }
  if (NAMES.grantHeader.test(name) && EVERYONE_URI.test(text)) {
    return { how: 'to the public with its access list' }
  }
  if (NAMES.uri.test(name) && EVERYONE_URI.test(text)) {
    return { how: 'to the public with its access list' }
  }
  if (NAMES.visibility.test(name) && /^PUBLIC/i.test(text)) return { how: 'to the public' }
  if (NAMES.type.test(name) && text === 'ANONYMOUS') return { how: 'to everyone' }
  if (NAMES.principals.test(name) && text === '*' && isUnconditional(facts)) {
    return { how: 'to everyone' }
  }
  if (NAMES.groups.test(name) && text === 'all' && isAdded(facts)) {
    return { how: 'to everyone' }
  }
  if (NAMES.endpointType.test(name) && text === 'PUBLIC' && facts.service === 'transfer') {
    return { how: 'to the internet' }
  }
  if (NAMES.settingId.test(name) && /public-sharing/.test(text)) {
    return facts.params.text('settingValue') === 'Enable'
      ? { how: 'to public sharing: its block is turned off' }
      : undefined
  }
  if (NAMES.getObject.test(name) && text === 'public') return { how: 'to the public' }
  if (NAMES.gatewayBlock.test(name) && text === 'off') {
    return { how: 'to public access: its block is turned off' }
  }
  if (NAMES.gatewayExclusion.test(name) && text === 'allow-bidirectional') {
    return { how: 'to public access: it is excluded from the block' }
  }
  if (NAMES.addresses.test(name) && /^SERVICE_PROVIDED_EIPS$/.test(text)) {
    return { how: 'to the internet' }
  }
  if (NAMES.range.test(name) && isInternet(text)) {
    return INGRESS.test(facts.plainAction) ? { how: 'to the public' } : undefined
  }
  return undefined
}

/** Methods, routes and URLs through which requests come in. */
function isRoute({ plainAction }: Facts): boolean {
  return /Method|Route|FunctionUrl|GraphqlApi|Authoriz/.test(plainAction)
}

function openedByList(
  name: string,
  value: unknown,
  facts: Facts,
  node: Record<string, unknown>,
): Opening | undefined {
  if (!Array.isArray(value)) return undefined
  const texts = value.map(scalar)
  if (NAMES.principals.test(name) && texts.includes('*') && isUnconditional(facts)) {
    return { how: 'to everyone' }
  }
  if (NAMES.groups.test(name) && texts.includes('all') && isAdded(facts)) {
    return { how: 'to everyone' }
  }
  // The networks of a public endpoint: without one, they mean nothing.
  if (NAMES.publicCidrs.test(name) && areInternet(texts)) {
    return JsonReader.of(node).flag('endpointPublicAccess') === false
      ? undefined
      : { how: 'to the internet' }
  }
  if (NAMES.accounts.test(name)) {
    return texts.some((text) => text === '*' || text === 'all') ? { how: 'to everyone' } : undefined
  }
  if (NAMES.cidrs.test(name) && areInternet(texts)) {
    return INGRESS.test(facts.plainAction) ? { how: 'to the public' } : undefined
  }
  return undefined
}

/** Whether an attribute such as a launch permission is added to, not removed from. */
function isAdded({ plainAction, params }: Facts): boolean {
  return /^Modify\w*Attribute$/.test(plainAction) && params.text('operationType') !== 'remove'
}

function isUnconditional({ params, plainAction }: Facts): boolean {
  if (!/Permission|Policy|Access|Grant/.test(plainAction)) return false
  return !params.has(
    'sourceArn',
    'sourceAccount',
    'principalOrgID',
    'organizationId',
    'condition',
    'resourceShareArn',
  )
}

function openedByDocument(
  name: string,
  value: unknown,
  { plainAction }: Facts,
): Opening | undefined {
  if (!/polic(y|ies)|document|attributevalue|permission/i.test(name)) return undefined
  // A stack's policy limits updates of its resources.
  if (/stack_?policy/i.test(name)) return undefined
  if (NOT_RESOURCE_POLICY.test(plainAction)) return undefined
  if (typeof value === 'string' && !/Statement/.test(value)) {
    // A network policy of OpenSearch Serverless has no principals.
    return /"AllowFromPublic"\s*:\s*true/.test(value) ? { how: 'to the internet' } : undefined
  }
  const allows = openedByPolicy(readPolicy(value))
  return allows === undefined ? undefined : { how: 'to the public with its policy', allows }
}

/** `{op: "replace", path: "/authorizationType", value: "NONE"}` */
function openedByPatch(item: Record<string, unknown>): Opening | undefined {
  const json = JsonReader.of(item)
  const path = json.text('path')
  const value = json.text('value')
  if (path === undefined || value === undefined) return undefined
  if (/authorizationType$/i.test(path) && value === 'NONE') {
    return { how: 'to everyone, with no authorization' }
  }
  if (/polic/i.test(path)) {
    const allows = openedByPolicy(readPolicy(value.replaceAll('\\"', '"')))
    if (allows !== undefined) return { how: 'to the public with its policy', allows }
  }
  return undefined
}

/** `search domain logs to the public with its policy: everything`. */
export function openingWords(what: string, { how, allows }: Opening): string {
  return spoken(`${what} ${how}${allows === undefined ? '' : `: ${allows}`}`, 200)
}
