/**
 * Summaries of what many services have in the same shape: tags, protection that is switched, rules of
 * old security groups, and what is opened to everyone.
 */

import type { Resource } from '../../../changes/change.ts'
import { listed, spoken, words } from '../../../changes/text.ts'
import { isObject } from '../../../json.ts'
import { parseActionName, singular } from '../action-name.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { JsonReader, scalar } from '../json-reader.ts'
import { areInternet } from '../networks.ts'
import { isOff, isProtection } from '../protection.ts'
import { type Opening, openingWords } from '../public-access.ts'
import { named } from '../resources.ts'
import { serviceName } from '../services.ts'
import type { Summary } from '../summary.ts'
import { identifying, the } from './any.ts'
import { accountAccess } from './sharing.ts'

/** What several services do alike; undefined for everything else. */
export function summarizeShape(facts: Facts, opened: Opening | undefined): Summary | undefined {
  return (
    tagging(facts) ??
    sourceRule(facts) ??
    accountAccess(facts) ??
    opening(facts, opened) ??
    switched(facts)
  )
}

const ADDS_TAGS = /^(Tag|Put|Set|Add|Create|Change|Update|Associate)/
const TAGS = /^(Tag|Untag)([A-Z]|$)|Tags?([A-Z]|$)|Tagging$/

function tagging(facts: Facts): Summary | undefined {
  const { plainAction, params, resources } = facts
  if (!TAGS.test(plainAction)) return undefined
  const name = parseActionName(plainAction.replace('OrUpdate', ''))
  const isTagVerb = name.verb === 'Tag' || name.verb === 'Untag'
  if (!isTagVerb && !/^(Tags|Tagging|[A-Z]\w*Tagging|[A-Z]\w*Tags)$/.test(name.object))
    return undefined
  // The tags of a service's own rules, such as CostAllocationTags, are no tags of a resource.
  if (/(TagOption|TagPolicy|CostAllocation|LFTag|TagRule)/.test(plainAction)) return undefined
  const removed = [
    ...keysOf(params, ['tagKeys', 'tagKeyList', 'removeTagKeys', 'tagsToRemove', 'keys', 'untag']),
    ...(isRemoval(plainAction) ? keysOf(params, TAG_FIELDS) : []),
  ]
  const added = isRemoval(plainAction)
    ? []
    : pairsOf(params, [...TAG_FIELDS, 'addTags', 'tagsToAdd'])
  const what = holder(resources, params)
  if (what === undefined) return undefined
  const gone: Edit[] = removed
    .slice(0, 30)
    .map((key) => ({ field: spoken(`tag ${key}`), note: 'removed' }))
  const edits = [
    ...added
      .slice(0, 30)
      .flatMap(([key, value]) => edit(`tag ${spoken(key, 60)}`, undefined, value || '(empty)')),
    ...gone,
  ]
  if (isRemoval(plainAction)) {
    return { does: `remove ${tagWords(removed)} from ${what}`, edits, risks: ['configuration'] }
  }
  if (!ADDS_TAGS.test(plainAction)) return undefined
  const keys = listed(added.map(([key]) => spoken(key, 40)))
  if (added.length === 0 && removed.length > 0) {
    return { does: `remove ${tagWords(removed)} from ${what}`, edits, risks: ['configuration'] }
  }
  const also = removed.length > 0 ? `, and remove ${tagWords(removed)}` : ''
  return {
    verb: 'tag',
    does: `tag ${what}${keys ? ` with ${keys}` : ''}`,
    more: also.replace('remove', 'removed'),
    edits,
    risks: ['configuration'],
  }
}

const TAG_FIELDS = [
  'tags',
  'tagsList',
  'tagList',
  'tagSet',
  'tag',
  'tagging',
  'hsmTags',
  'resourceTags',
]

function isRemoval(action: string): boolean {
  return /^(Untag|Remove|Delete|Disassociate)/.test(action)
}

function tagWords(keys: readonly string[]): string {
  if (keys.length === 0) return 'tags'
  return `${keys.length === 1 ? 'tag' : 'tags'} ${listed(keys.map((key) => spoken(key, 40)))}`
}

function keysOf(params: JsonReader, names: readonly string[]): string[] {
  return pairsOf(params, names).map(([key]) => key)
}

/** Tags as services write them: a list of pairs, a list of keys, or a map. */
function pairsOf(params: JsonReader, names: readonly string[]): [string, string][] {
  for (const name of names) {
    let value = params.get(name)
    // {Tagging: {TagSet: {Tag: […]}}}
    if (isObject(value)) {
      const set = JsonReader.of(value).get('tagSet', 'tags', 'tag', 'items', 'key')
      if (set !== undefined && (isObject(set) || Array.isArray(set))) value = set
      if (isObject(value)) {
        const inner = JsonReader.of(value)
        if (inner.has('tag', 'items', 'item')) value = inner.items('tag', 'items', 'item')
      }
    }
    const pairs: [string, string][] = []
    if (Array.isArray(value)) {
      for (const item of value.slice(0, 50)) {
        const key = isObject(item)
          ? JsonReader.of(item).text('key', 'tagKey', 'name')
          : scalar(item)
        const given = isObject(item) ? JsonReader.of(item).get('value', 'tagValue') : undefined
        if (key !== undefined) pairs.push([key, scalar(given) ?? ''])
      }
    } else if (isObject(value)) {
      const single = JsonReader.of(value)
      if (single.has('key') && Object.keys(value).length <= 2) {
        pairs.push([single.text('key')!, single.text('value') ?? ''])
      } else {
        for (const [key, given] of Object.entries(value).slice(0, 50)) {
          pairs.push([key, scalar(given) ?? ''])
        }
      }
    }
    if (pairs.length > 0) return pairs
  }
  return []
}

function holder(resources: readonly Resource[], params: JsonReader): string | undefined {
  const [first] = resources
  if (first !== undefined) return named(resources, first.type) ?? the(first)
  const id = params.text('resourceArn', 'resourceId', 'resourceName', 'arn', 'name')
  return id && spoken(id, 100)
}

/**
 * The old security groups of databases and caches: AuthorizeDBSecurityGroupIngress,
 * AuthorizeCacheSecurityGroupIngress, AuthorizeClusterSecurityGroupIngress.
 */
function sourceRule(facts: Facts): Summary | undefined {
  const { plainAction, params, resources, service } = facts
  if (service === 'ec2') return undefined
  const [, verb] = /^(Authorize|Revoke)\w*SecurityGroup(Ingress|Egress)$/.exec(plainAction) ?? []
  if (verb === undefined) return undefined
  const group = resources.find(({ type }) => /SecurityGroup$/.test(type))
  const name = group === undefined ? undefined : the(group)
  if (name === undefined) return undefined
  const cidr = params.text('cIDRIP', 'cidrIp', 'cidr')
  const from = cidr ?? params.text('eC2SecurityGroupName', 'eC2SecurityGroupId')
  const isWorld = areInternet([cidr])
  if (verb === 'Revoke') {
    return {
      verb: 'close',
      does: `close ${name}${from ? ` to ${isWorld ? 'the public' : spoken(from, 60)}` : ''}`,
      edits: from === undefined ? [] : [{ field: 'inbound', from: spoken(from, 60) }],
      risks: ['network'],
    }
  }
  return {
    verb: 'open',
    does: `open ${name} to ${isWorld ? 'the public' : spoken(from ?? 'a source', 60)}`,
    edits: edit('inbound', undefined, from),
    ...(isWorld && { opens: `${name} to the public` }),
    risks: ['network'],
  }
}

/** What the opening itself already reports. */
const OPENED =
  /public|internet|unauthenticated|name$|http method|authoriz|auth type|block|acl|access list|principal|group|gateway/i
const MAKING =
  /^(Create|Run|Allocate|Restore|Copy|Import|Register|Launch|Start|Provision|Deploy|Publish|Replicate|Request|Install|Execute|Submit|Upload|Promote|Accept)$/

/** What opens something to everyone, by the request. */
function opening(facts: Facts, opened: Opening | undefined): Summary | undefined {
  if (opened === undefined) return undefined
  const [first] = facts.resources
  const { verb } = parseActionName(facts.plainAction)
  if (first === undefined && opened.allows === undefined) return undefined
  // What makes something is first of all that.
  if (MAKING.test(verb ?? 'Create')) return undefined
  const what = first === undefined ? serviceName(facts.service) : the(first)
  const edits = editsOf(facts.params, identifying(facts))
  const isPolicy = opened.allows !== undefined
  const other =
    !isPolicy && (verb === 'Update' || verb === 'Modify')
      ? spelled(edits.filter(({ field }) => !OPENED.test(field)))
      : ''
  const [how = '', ...rest] = opened.how.split(/(?=[,:])/)
  return {
    does: `open ${what} ${how}`,
    verb: 'open',
    more: isPolicy ? `: ${opened.allows}` : `${rest.join('')}${other}`,
    edits,
    opens: openingWords(what, opened),
    risks: isPolicy ? ['data', 'identity'] : ['network'],
  }
}

/** One protection that a call switches: `turn off deletion protection of database cluster orders`. */
function switched(facts: Facts): Summary | undefined {
  const { params, resources, plainAction } = facts
  const { verb } = parseActionName(plainAction)
  if (!/^(Update|Modify|Put|Set|Change|Configure|Edit)$/.test(verb ?? '')) return undefined
  const [first] = resources
  if (first === undefined) return undefined
  const edits = editsOf(params, identifying(facts))
  const ids = new Set(resources.flatMap(({ id, name, arn }) => [id, name, arn]))
  const real = edits.filter(({ to }) => to === undefined || !ids.has(to))
  const switches = real.filter(({ field, to }) => isProtection(field, to))
  const [only] = switches
  if (only === undefined || switches.length > 1 || real.length > 2) return undefined
  const others = real.filter((one) => one !== only)
  return {
    does: `turn ${isOff(only.to) ? 'off' : 'on'} ${protectionWords(only.field)} of ${the(first)}`,
    more: spelled(others),
    edits: real,
  }
}

/** `deletion protection` of `deletion protection enabled`, `backups` of `backup retention period`. */
function protectionWords(field: string): string {
  if (/snapshot retention/.test(field)) return 'automated snapshots'
  if (/retention (period|days)/.test(field)) return 'backups'
  const plain = field
    .replace(/^(enable|is|has) /, '')
    .replace(/ (enabled|status|state|enable)$/, '')
    .replace(/ protected$/, ' protection')
  return singular(words(plain)) === '' ? field : plain
}
