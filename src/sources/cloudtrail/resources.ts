/** What a record acted on: from its parameters, its response, and CloudTrail's own lists. */

import type { Resource } from '../../changes/change.ts'
import { resourceKey } from '../../changes/resource-key.ts'
import { indexable, listed, plural, spoken, words } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import { isSameNoun, parseActionName, singular } from './action-name.ts'
import { arnName, parseArn } from './arn.ts'
import { batchTargets } from './batch-targets.ts'
import { CLOUDTRAIL, type LookupEvent } from './detail.ts'
import type { Facts } from './facts.ts'
import { JsonReader, lowerCase, scalar } from './json-reader.ts'
import {
  ec2Kind,
  ec2KindByPrefix,
  kindsOf,
  nounInType,
  nounOf,
  type ResourceKind,
  typeNamed,
  typeOfArn,
} from './kinds.ts'
import { memo } from './memo.ts'
import { type Field, fieldsOf, findNamed, isIdentifier, meaningsOf } from './named-fields.ts'
import { isMasked } from './secrets.ts'
import { isGlobal } from './services.ts'

/** RunInstances may name hundreds. */
const MAX_RESOURCES = 100

/** All that the record acted on, the most significant first. */
export function findResources(facts: Facts, event: LookupEvent): Resource[] {
  const found = new Found()
  if (facts.service === 'ec2') addEc2(facts, found)
  const kinds = kindsOf(facts.service).filter(
    ({ only }) => only === undefined || only.test(facts.plainAction),
  )
  const requests = [facts.params, facts.extra, facts.serviceDetails].filter((json) => !json.isEmpty)
  for (const kind of kinds) addKind(kind, requests, facts, found)
  for (const { type, id } of batchTargets(facts)) {
    const kind = kinds.find((one) => one.type === type)
    if (kind !== undefined) found.add(ofKind(kind, id, facts))
  }
  // A response describes everything the resource is connected with: only what the action names counts.
  const isBlank = found.size === 0
  const answers = facts.response.isEmpty ? [] : [facts.response, ...facts.inResponse]
  for (const kind of kinds) {
    if (isBlank || isNamedBy(kind.type, facts.plainAction)) {
      addKind(kind, answers, facts, found)
    }
  }
  addNamed(facts, found)
  for (const entry of facts.record.objects('resources')) {
    const arn = entry.text('ARN', 'arn')
    if (arn === undefined) continue
    const candidate = fromArn(arn, entry.text('type'))
    candidate.owner = entry.text('accountId')
    found.add(candidate)
  }
  // LookupEvents also lists what the request only refers to, such as the source of a rule.
  const referred = (event.resources?.length ?? 0) > 0 ? referredIds(facts) : new Set<string>()
  for (const { resourceType, resourceName } of event.resources ?? []) {
    if (resourceName && !referred.has(resourceName))
      found.add(fromSeen(resourceType ?? '', resourceName))
  }
  const all = found.all()
  if (all.length <= 1) return all.map((candidate) => identified(candidate, facts))
  const ranked = all.map((candidate) => ({ candidate, rank: rank(candidate, facts) }))
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked.map(({ candidate }) => identified(candidate, facts))
}

/**
 * The resource in words: `security group web (sg-0a1b)`. Several of one type:
 * `instances i-1, i-2 and 4 more`.
 */
export function named(resources: readonly Resource[], type: string): string | undefined {
  const [first, ...others] = resources.filter((resource) => resource.type === type)
  if (first === undefined) return undefined
  const noun = nounOf(type) ?? words(nounInType(type))
  if (others.length === 0) return `${noun} ${label(first)}`
  return `${plural(noun)} ${listed([first, ...others].map(label))}`
}

export function label({ id, name }: Pick<Resource, 'id' | 'name'>): string {
  const short = spoken(id.startsWith('arn:') ? arnName(id) : id, 80)
  return name !== undefined && name !== id && name !== short
    ? `${spoken(name, 80)} (${short})`
    : short
}

/** A resource as a record names it, before its account and region are known. */
type Candidate = Pick<Resource, 'type' | 'id' | 'name' | 'arn'> & {
  /** The owner, where CloudTrail's own list has it. */
  owner?: string
}

/** Types whose ids are unique over all accounts: the same id is the same resource in each of them. */
const SHARED_TYPES = new Set([
  'AWS::ApiGateway::RestApi',
  'AWS::EC2::Image',
  'AWS::EC2::Snapshot',
  'AWS::Route53::HealthCheck',
  'AWS::Route53::HostedZone',
  'AWS::S3::Bucket',
  'AWS::S3::Object',
])
/** Types whose ids are unique over all regions, though each resource is in one. */
const WORLDWIDE_TYPES = new Set(['AWS::S3::Bucket', 'AWS::S3::Object'])

/** Adds account, region and canonical key. The ARN takes precedence over the record. */
function identified(
  { type, id, name, arn, owner }: Candidate,
  facts: Pick<Facts, 'service' | 'accountId' | 'region'>,
): Resource {
  const parsed = parseArn(arn ?? id)
  const service = parsed?.service ?? type.split('::')[1]?.toLowerCase() ?? facts.service
  const accountId = parsed?.account || owner || facts.accountId
  const isElsewhere = parsed !== undefined && parsed.region === '' && !WORLDWIDE_TYPES.has(type)
  const region = parsed?.region || (isElsewhere || isGlobal(service) ? null : facts.region)
  const resource: Resource = {
    type,
    id,
    accountId: accountId === null ? null : indexable(accountId),
    region: region === null ? null : indexable(region),
    key: '',
  }
  if (name !== undefined) resource.name = name
  if (arn !== undefined) resource.arn = arn
  resource.key = resourceKey({
    source: CLOUDTRAIL,
    accountId: SHARED_TYPES.has(type) ? null : resource.accountId,
    region: WORLDWIDE_TYPES.has(type) ? null : resource.region,
    type,
    id: canonicalId(type, id),
  })
  return resource
}

/** The resource that an ARN names, as records name it; undefined for other text. */
export function resourceOfArn(text: string): Resource | undefined {
  const arn = parseArn(text)
  if (arn === undefined) return undefined
  const nowhere = { service: arn.service, accountId: null, region: null }
  return identified(fromArn(indexable(text), undefined), nowhere)
}

/** One spelling of ids that AWS accepts in several. */
function canonicalId(type: string, id: string): string {
  switch (type) {
    case 'AWS::Lambda::Function':
      // NAME, NAME:QUALIFIER, ACCOUNT:function:NAME, and ARNs
      return id.replace(/^(?:.*:)?function:/, '').replace(/:.*$/, '')
    case 'AWS::SSM::Parameter':
      return id.startsWith('arn:') || id.startsWith('/') ? id : `/${id}`
    default:
      return id.startsWith('arn:') ? arnName(id) : id
  }
}

class Found {
  readonly #byKey = new Map<string, Candidate>()

  get size(): number {
    return this.#byKey.size
  }

  /** Whether `add` has no effect any more. */
  get isFull(): boolean {
    return this.#byKey.size >= MAX_RESOURCES
  }

  add({ type, id, name, arn, owner }: Candidate): void {
    if (id === '' || id.length > 2_048 || this.isFull) return
    if (isMasked(id)) return
    // Requests and invitations have ids of their own, in the same fields.
    if (type === 'AWS::Organizations::Account' && !/^\d{12}$/.test(id)) return
    const clean: Candidate = { type: indexable(type), id: indexable(id) }
    if (name !== undefined && name !== id) clean.name = indexable(name)
    if (arn !== undefined) clean.arn = indexable(arn)
    if (owner !== undefined) clean.owner = indexable(owner)
    const known = this.#sameAs(clean)
    if (known === undefined) this.#byKey.set(`${clean.type} ${clean.id}`, clean)
    else {
      if (clean.name !== undefined) known.name ??= clean.name
      if (clean.arn !== undefined) known.arn ??= clean.arn
      if (clean.owner !== undefined) known.owner ??= clean.owner
    }
  }

  /** Whether one of them is what a part of the action's name means. */
  hasNamed(part: string): boolean {
    const noun = singular(part)
    for (const { type } of this.#byKey.values()) {
      const tail = nounInType(type)
      if (isSameNoun(noun, tail) || isSameNoun(noun, nounOf(type) ?? tail)) return true
    }
    return false
  }

  hasId(id: string): boolean {
    for (const known of this.#byKey.values()) if (known.id === id) return true
    return false
  }

  has(type: string): boolean {
    for (const known of this.#byKey.values()) if (known.type === type) return true
    return false
  }

  all(): Candidate[] {
    return [...this.#byKey.values()]
  }

  /** CloudTrail's lists name one resource by its ARN or by its id, and sometimes without a type. */
  #sameAs({ type, id, arn }: Candidate): Candidate | undefined {
    const exact = this.#byKey.get(`${type} ${id}`)
    if (exact !== undefined) return exact
    for (const known of this.#byKey.values()) {
      if (arn !== undefined && known.arn === arn) return known
      const isSameType = known.type === type || type === ''
      if (isSameType && (known.id === id || known.name === id || known.arn === id)) return known
    }
    return undefined
  }
}

/** EC2 has ids anywhere in its parameters; their prefixes show their types. */
function addEc2(facts: Facts, found: Found): void {
  const name = nameTag(facts)
  const made = new Set<string>()
  // What an action creates is only in its response, among resources that it merely mentions.
  const fromResponse = ec2Made(facts)
  for (const id of fromResponse) made.add(id)
  const ids = new Set([...fromResponse, ...ec2Ids(facts.params)])
  for (const id of ids) {
    const kind = ec2Kind(id)
    if (kind === undefined) continue
    const isMade = made.has(id) || ids.size === 1
    const resource: Candidate = { type: kind.type, id, arn: builtArn(kind, id, facts) }
    if (isMade && name !== undefined) resource.name = name
    found.add(resource)
  }
  for (const value of Object.values(facts.serviceDetails.raw ?? {})) {
    const kind = typeof value === 'string' ? ec2Kind(value) : undefined
    if (kind)
      found.add({ type: kind.type, id: String(value), arn: builtArn(kind, String(value), facts) })
  }
}

function ec2Made({ plainAction, response }: Facts): string[] {
  // What an association was with is only in the answer.
  if (/^(Disassociate|Replace\w*Association$)/.test(plainAction)) return ec2Ids(response)
  const isMaking = /^(Create|Run|Allocate|Register|Copy|Import|Request|Provision|Restore|Accept)/
  if (!isMaking.test(plainAction)) return []
  const wanted = plainAction.toLowerCase()
  return ec2Ids(response).filter((id) => {
    const kind = ec2Kind(id)
    if (kind === undefined) return false
    const noun = kind.type.slice('AWS::EC2::'.length).toLowerCase()
    if (wanted.includes(noun)) return true
    if (noun === 'eip') return wanted === 'allocateaddress'
    return noun === 'instance' && /^(runinstances|createfleet)$/.test(wanted)
  })
}

/**
 * Tags, what a rule of a security group allows, and the security groups that something is put into:
 * what these refer to is not changed.
 */
const BESIDE_IDS =
  /^(tag_?set|tag_?specification(_?set|s)?|ip_?permissions|user_?id_?group_?pairs|referenced_?group_?info|referenced_?group_?id|source_?security_?group_?(id|name)|security_?group_?rule_?set|group_?set|(add_?|remove_?)?security_?group_?(ids?|set|id_?set)|security_?groups?)$/i

/** EC2 IDs that the request contains only in tags and in the sources of rules. */
function referredIds({ params, service }: Facts): Set<string> {
  const all = ec2Ids(params, { isDeep: true })
  // What other services only refer to: their own actions change no security group and no subnet.
  if (service !== 'ec2') return new Set(all.filter((id) => /^(sg|subnet)-/.test(id)))
  const acted = new Set(ec2Ids(params))
  return new Set(all.filter((id) => !acted.has(id)))
}

/** @param options.isDeep includes IDs of resources that are only referred to */
function ec2Ids(json: JsonReader, { isDeep = false } = {}): string[] {
  const ids: string[] = []
  const visit = (value: unknown, depth: number): void => {
    if (ids.length >= MAX_RESOURCES || depth > (isDeep ? 10 : 6)) return
    if (typeof value === 'string') {
      if (value.length < 40 && ec2Kind(value) !== undefined) ids.push(value)
    } else if (Array.isArray(value)) {
      for (const item of value.slice(0, 1_000)) visit(item, depth + 1)
    } else if (isObject(value)) {
      for (const name of Object.keys(value).slice(0, 200)) {
        if (isDeep || !BESIDE_IDS.test(name)) visit(value[name], depth + 1)
      }
    }
  }
  visit(json.raw, 0)
  return ids
}

/** The Name tag that a resource is created with. */
function nameTag({ params, response }: Facts): string | undefined {
  const groups = [
    ...params
      .objects('tagSpecificationSet', 'tagSpecification')
      .map((spec) => spec.objects('tags', 'tag')),
    response.objects('tagSet', 'tags'),
  ]
  for (const tags of groups) {
    for (const tag of tags) {
      if (tag.text('key') === 'Name') return tag.text('value')
    }
  }
  return params.text('groupName', 'launchTemplateName', 'keyName') ?? imageName(params)
}

function imageName(params: JsonReader): string | undefined {
  return params.has('imageId', 'architecture', 'sourceImageId') ? params.text('name') : undefined
}

function addKind(kind: ResourceKind, readers: JsonReader[], facts: Facts, found: Found): void {
  if (found.has(kind.type)) return
  for (const json of readers) {
    for (const key of kind.keys) {
      if (!json.has(key)) continue
      for (const value of json.items(key)) {
        if (found.isFull) return
        const text = scalar(value) ?? (isObject(value) ? JsonReader.of(value).text(key) : undefined)
        if (text !== undefined) found.add(ofKind(kind, text, facts))
      }
    }
    if (found.has(kind.type)) return
  }
}

function ofKind(kind: ResourceKind, text: string, facts: Facts): Candidate {
  if (text.startsWith('arn:')) {
    const id = idInArn(kind, text)
    return { type: kind.type, id, name: nameOf(id, facts), arn: text }
  }
  const id =
    kind.type === 'AWS::SQS::Queue'
      ? (text.split('/').at(-1) ?? text)
      : text.replace(/^\/(hostedzone|healthcheck)\//, '')
  const arn = arnInResponse(kind, id, facts) ?? builtArn(kind, id, facts)
  return { type: kind.type, id, name: nameOf(id, facts), arn }
}

/** The name beside an id that people cannot recognize, such as a UUID. */
function nameOf(id: string, { params, response, inResponse }: Facts): string | undefined {
  if (!/^([0-9a-f-]{16,}|[A-Z0-9]{10,})$/.test(id)) return undefined
  for (const json of [...inResponse, response, params]) {
    const name = json.text('name', 'displayName', 'friendlyName')
    if (name !== undefined) return name
  }
  return undefined
}

function idInArn(kind: ResourceKind, arn: string): string {
  return kind.type === 'AWS::KMS::Alias' ? (parseArn(arn)?.resource ?? arn) : arnName(arn)
}

/** The ARN in the response, when it is this resource's. */
function arnInResponse({ type }: ResourceKind, id: string, facts: Facts): string | undefined {
  const suffix = nounInType(type).toLowerCase()
  const arns = arnsInResponse(suffix, facts)
  return arns.find(({ arn, name }) => name === id || arn.endsWith(id))?.arn
}

interface NamedArn {
  arn: string
  name: string
}

/** By record and suffix: a request may name a thousand resources, and its response as many fields. */
const arnsOfRecords = new WeakMap<Facts, Map<string, NamedArn[]>>()

/** The ARNs in the response under `arn`, `roleArn` or `roleId`, where `role` is the suffix. */
function arnsInResponse(suffix: string, facts: Facts): NamedArn[] {
  const bySuffix = arnsOfRecords.get(facts) ?? new Map<string, NamedArn[]>()
  arnsOfRecords.set(facts, bySuffix)
  const known = bySuffix.get(suffix)
  if (known !== undefined) return known
  const names = new Set(['arn', `${suffix}arn`, `${suffix}id`])
  const found = [facts.response, ...facts.inResponse].flatMap((json) =>
    json.entries().flatMap(([name, value]): NamedArn[] => {
      if (typeof value !== 'string' || !names.has(name.toLowerCase())) return []
      return parseArn(value) === undefined ? [] : [{ arn: value, name: arnName(value) }]
    }),
  )
  bySuffix.set(suffix, found)
  return found
}

function builtArn(kind: ResourceKind, id: string, facts: Facts): string | undefined {
  if (kind.arn === undefined || facts.accountId === null || /[\s*]/.test(id)) return undefined
  if (kind.arn.includes('{region}') && facts.region === null) return undefined
  const bare = bareId(kind, id)
  if (kind.type === 'AWS::KMS::Key' && bare.startsWith('alias/')) return undefined
  // Managed instances outside EC2 have ids like mi-….
  if (kind.type === 'AWS::EC2::Instance' && !bare.startsWith('i-')) return undefined
  if (kind.type === 'AWS::ECS::TaskDefinition' && !bare.includes(':')) return undefined
  let arn = `arn:${facts.partition}:`
  for (const [n, part] of templateParts(kind.arn).entries()) {
    // Names of parameters are between braces: every second part.
    const value = n % 2 === 0 ? part : valueInArn(part, bare, facts)
    if (value === undefined) return undefined
    arn += value
  }
  return arn
}

const templateParts = memo((template) => template.split(/[{}]/))

function valueInArn(name: string, id: string, facts: Facts): string | undefined {
  if (name === 'region') return facts.region ?? ''
  if (name === 'account') return facts.accountId ?? ''
  if (name === 'id') return id
  const value = facts.params.text(name)
  return value === undefined ? undefined : arnName(value)
}

/** The id as ARNs have it: parameters are named with or without a leading slash. */
function bareId({ type }: ResourceKind, id: string): string {
  if (type === 'AWS::SSM::Parameter') return id.startsWith('/') ? id : `/${id}`
  return id
}

/**
 * What the action names and no table has found: CreateConnection's `connectionInput: {name}`, the
 * instances of DetachInstances, the table of an ARN. What the action names first counts most.
 */
function addNamed(facts: Facts, found: Found): void {
  // Reads are many, and what they have is enough.
  if (
    found.size > 0 &&
    /^(Describe|Get|List|Head|Lookup|Batch(Get|Describe))/.test(facts.plainAction)
  )
    return
  const { object, target } = parseActionName(facts.plainAction)
  const request = fieldsOf(facts.params.raw)
  addArns(facts, request, found)
  addElsewhere(facts, request, found)
  if (facts.service === 'autoscaling' && /Tags$/.test(facts.plainAction)) {
    for (const tag of facts.params.objects('tags')) {
      const id = tag.text('resourceId')
      if (id !== undefined) found.add({ type: 'AWS::AutoScaling::AutoScalingGroup', id })
    }
  }
  const parts = [object, target].filter((part) => part !== '')
  const wanted = parts.filter((part) => !found.hasNamed(part) && !isSetting(part, facts))
  for (const part of wanted) addPart(facts, part, request, found)
  const made = facts.params.text('name')
  if (
    found.size > 0 &&
    made !== undefined &&
    target === '' &&
    /^Create/.test(facts.plainAction) &&
    !NO_RESOURCE.test(object) &&
    !found.hasNamed(object) &&
    !found.hasId(made) &&
    isIdentifier(made)
  ) {
    found.add({ type: typeNamed(facts.service, singular(object)), id: made })
  }
  if (
    found.size === 1 &&
    target === '' &&
    /^(Associate|Disassociate|Attach|Detach)/.test(facts.plainAction)
  ) {
    addHolder(facts, request, found)
  }
  if (found.size > 0 && MAKING.test(facts.plainAction)) addMade(facts, object, found)
  // What events and records are put under is in the request; their own ids say nothing.
  if (
    found.size > 0 ||
    /^(Put|Send|Batch)\w*(Events?|Records?|Items?|Messages?)$/.test(facts.plainAction)
  )
    return
  const answer = [...fieldsOf(facts.response.raw), ...fieldsOf(facts.serviceDetails.raw)]
  for (const part of wanted) addPart(facts, part, answer, found)
  if (found.size === 0) addAnything(facts, object, request, answer, found)
}

/** What SetSecurityGroups and SetSubnets set, which are other services' resources. */
function isSetting(part: string, { service, plainAction }: Facts): boolean {
  const isOther = service !== 'ec2' || plainAction.startsWith('Apply')
  return (
    isOther &&
    /(^|[a-z])(SecurityGroups|Subnets)$/.test(part) &&
    /^(Set|Apply|Modify|Update|Change|Replace)/.test(plainAction)
  )
}

const MAKING = /^(Create|Register|Import|Copy|Request|Provision|Start)/

/** What a call makes is only in its answer; its request names what that is for. */
function addMade({ response, inResponse, accountId }: Facts, object: string, found: Found): void {
  if (NO_RESOURCE.test(object) || found.hasNamed(object)) return
  for (const json of [response, ...inResponse]) {
    for (const [name, value] of json.entries().slice(0, 20)) {
      if (typeof value !== 'string' || !/arn$/i.test(name)) continue
      const arn = parseArn(value)
      if (arn === undefined || arn.account !== accountId) continue
      const made = fromArn(value, undefined)
      if (isSameNoun(singular(object), made.type.split('::').at(-1) ?? '')) found.add(made)
    }
  }
}

/** Parts of names that mean no resource: what is in one, or says where. */
const NO_RESOURCE =
  /^(Tags?|Permissions?|Attributes?|Regions?|AvailabilityZones?|CapacityProviders?|Targets?|SourceIdentifier|ClientID|Cidr\w*|Dimensions?|Code|Entry|Entries|Nameservers?|Records?|Events?|Messages?|Items?|Metric\w*|\w*Count)$/

function addPart(facts: Facts, part: string, fields: readonly Field[], found: Found): void {
  const hit = findNamed(fields, meaningsOf(part))
  if (hit === undefined) return
  if (NO_RESOURCE.test(part)) return
  // What a command is: it may be long, and is no resource.
  if (part === 'Command' && hit.values.some((value) => /[\s/]/.test(value))) return
  for (const value of hit.values.slice(0, 20)) {
    if (!found.hasId(value)) found.add(ofNoun(facts, hit.noun, value))
  }
}

/** A value that a field names after a noun, as a resource. */
function ofNoun(facts: Facts, noun: string, value: string): Candidate {
  if (value.startsWith('arn:')) return fromArn(value, undefined)
  const ec2 = ec2Kind(value) ?? (facts.service === 'ec2' ? ec2KindByPrefix(value) : undefined)
  if (ec2 !== undefined) return { type: ec2.type, id: value, arn: builtArn(ec2, value, facts) }
  if (/^\d{12}$/.test(value) && /account|^target$|principal/i.test(noun)) {
    return { type: 'AWS::Organizations::Account', id: value }
  }
  const whole = fullNoun(noun, facts)
  const known = kindsOf(facts.service).find(({ type }) => isSameNoun(nounInType(type), whole))
  if (known !== undefined) return ofKind(known, value, facts)
  const suffix = noun.toLowerCase()
  return {
    type: typeNamed(facts.service, whole),
    id: value,
    name: nameOf(value, facts),
    arn: arnIn(facts, suffix, value),
  }
}

/** `Group` of CreateSecurityGroup is a SecurityGroup; a resource of TagResource is of its stated type. */
function fullNoun(noun: string, { plainAction, params }: Facts): string {
  const stated = params.text('resourceType')
  if (noun === 'Resource' && stated !== undefined && /^[A-Za-z][\w -]{2,40}$/.test(stated)) {
    return stated.replace(/(^|[-_ ])([a-z])/g, (_, __, letter: string) => letter.toUpperCase())
  }
  const { object } = parseActionName(plainAction)
  const whole = singular(object)
  return whole.endsWith(noun) && whole.length < 40 ? whole : noun
}

function arnIn({ response, inResponse }: Facts, suffix: string, id: string): string | undefined {
  for (const reader of [response, ...inResponse]) {
    const arn = reader.text('arn', `${suffix}Arn`)
    if (arn !== undefined && parseArn(arn) !== undefined && arn.includes(id)) return arn
  }
  return undefined
}

/** ARNs that a call only uses: the role that it runs with, the key that it encrypts with. */
const USED =
  /role|kms|keyarn|keyid|certificate|principal|polic|topic|notification|subnet|securitygroup|logdestination|logging|destination(?!arn$)|grantee|caller|profile|layer|dlq|deadletter/

/** Resources that parameters name by ARN: what a tag, a web ACL or a backup is for. */
function addArns(facts: Facts, fields: readonly Field[], found: Found): void {
  const action = facts.plainAction.toLowerCase()
  for (const { name, parent, value, depth } of fields) {
    if (!value.startsWith('arn:') || depth > 2) continue
    const isAsked =
      !USED.test(parent) &&
      /^(resource|target|source|object|entity)?(arns?|arnlist|names?|ids?|identifiers?)$/.test(name)
    if (!isAsked && (USED.test(name) || USED.test(parent)) && !isNamedIn(name, action)) continue
    if (/\/\*|\*$/.test(value) && !/:log-group:/.test(value)) continue
    if (parseArn(value) === undefined || isNamedByKinds(name, facts)) continue
    found.add(fromArn(value, undefined))
  }
}

/** `roleArn` in RemoveRoleFromDBInstance is what the call is about. */
function isNamedIn(field: string, action: string): boolean {
  const stem = field.replace(/(arns?|ids?|names?)$/, '')
  return stem.length > 2 && action.includes(stem)
}

function isNamedByKinds(field: string, { service }: Facts): boolean {
  return kindsOf(service).some(({ keys }) => keys.some((key) => lowerCase(key) === field))
}

/** Instances, buckets and accounts, which the calls of many services are about. */
function addElsewhere(facts: Facts, fields: readonly Field[], found: Found): void {
  const { service, plainAction } = facts
  if (service === 's3') return
  const action = plainAction.toLowerCase()
  const isJoin = /associate|attach|detach/.test(action)
  const isCopy = /export|import|copy|restore|backup|store/.test(action)
  for (const { name, parent, value, depth } of fields) {
    if (depth > 3 || value.length > 200) continue
    const kind = service === 'ec2' ? undefined : ec2Kind(value)
    if (kind !== undefined) {
      const noun = kind.type.slice('AWS::EC2::'.length).toLowerCase()
      const isInstance = noun === 'instance' && !/imageid|snapshot/.test(name)
      const isSet = isSetting(`${noun === 'subnet' ? 'Subnets' : 'SecurityGroups'}`, facts)
      if (isSet && /^(sg|subnet)-/.test(value)) continue
      if (isInstance || action.includes(noun) || (isJoin && depth === 0 && noun === 'vpc')) {
        found.add({ type: kind.type, id: value, arn: builtArn(kind, value, facts) })
      }
    } else if (
      isCopy &&
      /^(s3|destination|source|target|output|export)?s?3?bucket(name)?$/.test(name)
    ) {
      found.add({ type: 'AWS::S3::Bucket', id: value, arn: `arn:${facts.partition}:s3:::${value}` })
    } else if (/^\d{12}$/.test(value) && isAccountField(name, parent, facts)) {
      found.add({ type: 'AWS::Organizations::Account', id: value })
    }
  }
}

/** A field with the account that the call is about, not one that merely owns something. */
function isAccountField(name: string, parent: string, { service, plainAction }: Facts): boolean {
  if (/DelegatedAdmin/.test(plainAction) && name === 'delegatedadminaccountid') return true
  if (/owner|catalog|registry|master|admin|recipient/.test(name)) return false
  if (service === 'sts') return name === 'targetprincipal'
  if (
    service !== 'organizations' &&
    service !== 'controltower' &&
    !/Account|Member/.test(plainAction)
  ) {
    return false
  }
  return (
    /account|member|targetid|childid/.test(name) || (name === 'id' && /target|account/.test(parent))
  )
}

/** What one thing is associated with: the firewall of `{firewallName, subnetIds}`. */
function addHolder(facts: Facts, request: readonly Field[], found: Found): void {
  const hit = request.find(
    ({ name, depth, value, isItem }) =>
      depth === 0 &&
      !isItem &&
      IDENTIFIER.test(name) &&
      !BESIDE.test(name) &&
      !/association|attachment|statement/.test(name) &&
      isIdentifier(value) &&
      !value.startsWith('arn:') &&
      !found.hasId(value),
  )
  const stem = hit?.name.replace(IDENTIFIER, '') ?? ''
  if (hit !== undefined && stem.length > 2) {
    found.add(ofNoun(facts, properCase(stem, facts), hit.value))
  }
}

const IDENTIFIER = /(arns?|ids?|identifiers?|names?|url)$/
/** Fields that identify something other than what a call is about. */
const BESIDE =
  /token|request|client|version|region|role|kms|user(?!pool)|owner|account|catalog|type|engine|subnet|securitygroup|availability|zone|principal|session|transaction|correlation|file(?!system)|host|domainname$|display|first|last|given|family|country|metricname|attributename|namespace|parent|customer|caller|reference/

/** Where nothing is named after the action: any field that looks like an identifier. */
function addAnything(
  facts: Facts,
  object: string,
  request: readonly Field[],
  answer: readonly Field[],
  found: Found,
): void {
  for (const [fields, deepest] of [
    [request, 2],
    [answer, 2],
  ] as const) {
    const plain = fields.find(
      ({ name, depth, value }) =>
        depth <= deepest &&
        /^(resource)?(arn|id|identifier|name)$/.test(name) &&
        isIdentifier(value),
    )
    const hit =
      plain ??
      fields.find(
        ({ name, depth, value }) =>
          depth <= deepest && IDENTIFIER.test(name) && !BESIDE.test(name) && isIdentifier(value),
      )
    if (hit === undefined) continue
    const stem = hit.name.replace(IDENTIFIER, '').replace(/^(target|source)$/, '')
    const own = meaningsOf(object).find((meaning) => meaning !== 'Resource')
    const plainNoun = OWN_POLICY.test(object) ? singular(object) : ownNoun(object)
    const isUnnamed = stem === '' && NO_RESOURCE.test(object) && hit.parent !== ''
    const isPlain = stem === '' || stem === 'resource'
    const named = isPlain ? plainNoun || (own ?? '') : properCase(stem, facts)
    const noun = isUnnamed ? properCase(hit.parent, facts) : named
    if (hit.value.startsWith('arn:')) found.add(fromArn(hit.value, undefined))
    else if (noun !== '') found.add(ofNoun(facts, noun, hit.value))
    if (found.size > 0) return
  }
}

/** Policies that have a name of their own, unlike the policy of an access point. */
const OWN_POLICY =
  /^(Security|Lifecycle|Access|Scaling|Network|Retention|DataProtection)?(Resource)?Policy$|ResourcePolicy$/

/** AccessPoint of AccessPointPolicy. */
function ownNoun(object: string): string {
  const [whole = '', ...others] = meaningsOf(object)
  const own = others.find((other) => whole.startsWith(other)) ?? whole
  return /(Logging|Encryption|Account)$/.test(own) ? whole : own
}

/** The stem of a field as the request writes it: `trustAnchor` of `trustAnchorId`. */
function properCase(stem: string, { params, response, serviceDetails }: Facts): string {
  for (const json of [params, response, serviceDetails]) {
    for (const [name] of json.entries()) {
      if (name.toLowerCase().startsWith(stem)) {
        const own = name.slice(0, stem.length)
        return own.charAt(0).toUpperCase() + own.slice(1)
      }
    }
  }
  return stem.charAt(0).toUpperCase() + stem.slice(1)
}

const ARN_TYPES: Record<string, string> = {
  'iam:role': 'AWS::IAM::Role',
  'iam:user': 'AWS::IAM::User',
  'iam:group': 'AWS::IAM::Group',
  'iam:policy': 'AWS::IAM::Policy',
  'iam:instance-profile': 'AWS::IAM::InstanceProfile',
  'lambda:function': 'AWS::Lambda::Function',
  'ec2:instance': 'AWS::EC2::Instance',
  'kms:key': 'AWS::KMS::Key',
  'ssm:parameter': 'AWS::SSM::Parameter',
  'ssm:association': 'AWS::SSM::Association',
  'secretsmanager:secret': 'AWS::SecretsManager::Secret',
  'sns:': 'AWS::SNS::Topic',
  'sqs:': 'AWS::SQS::Queue',
  's3:': 'AWS::S3::Bucket',
  'dynamodb:table': 'AWS::DynamoDB::Table',
  'logs:log-group': 'AWS::Logs::LogGroup',
  'ecs:service': 'AWS::ECS::Service',
  'ecs:cluster': 'AWS::ECS::Cluster',
  'rds:db': 'AWS::RDS::DBInstance',
  'rds:cluster': 'AWS::RDS::DBCluster',
  'acm:certificate': 'AWS::CertificateManager::Certificate',
  'apigateway:restapis': 'AWS::ApiGateway::RestApi',
  'cloudformation:stack': 'AWS::CloudFormation::Stack',
  'codebuild:project': 'AWS::CodeBuild::Project',
  'elasticloadbalancing:loadbalancer/v2': 'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'elasticloadbalancing:targetgroup': 'AWS::ElasticLoadBalancingV2::TargetGroup',
  'elasticloadbalancing:listener': 'AWS::ElasticLoadBalancingV2::Listener',
  'elasticloadbalancing:listener-rule': 'AWS::ElasticLoadBalancingV2::ListenerRule',
  'datasync:task/execution': 'AWS::DataSync::TaskExecution',
  'dynamodb:table/backup': 'AWS::DynamoDB::Backup',
  'dynamodb:table/export': 'AWS::DynamoDB::Export',
  'dynamodb:table/import': 'AWS::DynamoDB::Import',
  'kinesis:stream/consumer': 'AWS::Kinesis::StreamConsumer',
  'dms:rep': 'AWS::DMS::ReplicationInstance',
  'dms:task': 'AWS::DMS::ReplicationTask',
  'dms:endpoint': 'AWS::DMS::Endpoint',
  'dms:subgrp': 'AWS::DMS::ReplicationSubnetGroup',
  'events:rule': 'AWS::Events::Rule',
  'iot:cert': 'AWS::IoT::Certificate',
  'states:stateMachine': 'AWS::StepFunctions::StateMachine',
  'wafv2:regional': 'AWS::WAFv2::WebACL',
  'wafv2:global': 'AWS::WAFv2::WebACL',
}

function fromArn(text: string, type: string | undefined): Candidate {
  const arn = parseArn(text)
  if (arn === undefined) return { type: type ?? '', id: text }
  const part = /^([A-Za-z][\w-]*)[:/]/.exec(arn.resource)?.[1] ?? ''
  const inner = /^([a-z]+)[:/][^/]+\/([a-z]+)\//.exec(arn.resource)
  const innerType = inner && ARN_TYPES[`${arn.service}:${inner[1]}/${inner[2]}`]
  if (innerType)
    return { type: innerType, id: arn.resource.split('/')[3] ?? arn.resource, arn: text }
  const isObjectKey = arn.service === 's3' && arn.resource.includes('/')
  const isV2 = /^loadbalancer\/(app|net|gwy)\//.test(arn.resource)
  const known = isObjectKey
    ? 'AWS::S3::Object'
    : (ARN_TYPES[isV2 ? 'elasticloadbalancing:loadbalancer/v2' : `${arn.service}:${part}`] ??
      typeOfArn(arn.service, part))
  const isObjects = arn.service === 's3' || arn.service === 'sns' || arn.service === 'sqs'
  return {
    type:
      type ??
      known ??
      (isObjects ? ARN_TYPES[`${arn.service}:`] : undefined) ??
      typeNamed(arn.service, singular(lastType(arn.resource) ?? part)),
    id: arn.service === 'ssm' && part === 'association' ? arn.resource.slice(12) : arnName(text),
    arn: text,
  }
}

/** `endpoint-group` of `accelerator/ID/listener/ID/endpoint-group/ID`. */
function lastType(resource: string): string | undefined {
  const parts = resource.split('/')
  const isNested = parts.length >= 4 && parts.length % 2 === 0
  return isNested && /^[a-z][a-z-]*$/.test(parts.at(-2)!) ? parts.at(-2) : undefined
}

function fromSeen(type: string, name: string): Candidate {
  if (!name.startsWith('arn:')) return { type, id: name }
  return fromArn(name, type === '' ? undefined : type)
}

/** The action's name orders what it acts on: `AttachRolePolicy` a role first, then a policy. */
function rank({ type }: Candidate, { plainAction, service }: Facts): number {
  const at = placeIn(type, plainAction)
  if (at >= 0) return at
  return type.toLowerCase().startsWith(`aws::${service}`) ? 100 : 200
}

function isNamedBy(type: string, action: string): boolean {
  return placeIn(type, action) >= 0
}

function placeIn(type: string, action: string): number {
  const noun = nounInAction(type)
  return noun === '' ? -1 : lowerCase(action).indexOf(noun)
}

/** What actions name a type: `role` of AWS::IAM::Role. */
const nounInAction = memo((type) => {
  const noun = nounInType(type)
  return noun === 'EIP' ? 'address' : noun.toLowerCase()
})
