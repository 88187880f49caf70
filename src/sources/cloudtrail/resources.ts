/** What a record acted on: from its parameters, its response, and CloudTrail's own lists. */

import type { Resource } from '../../changes/change.ts'
import { resourceKey } from '../../changes/resource-key.ts'
import { indexable, listed, spoken, words } from '../../changes/text.ts'
import { arnName, parseArn } from './arn.ts'
import { type LookupEvent, SOURCE } from './detail.ts'
import type { Facts } from './facts.ts'
import { isObject, JsonReader, scalar } from './json-reader.ts'
import { ec2Kind, type Kind, kindsOf, nounOf, typeOfArn } from './kinds.ts'
import { isGlobal } from './services.ts'

/** RunInstances may name hundreds. */
const MOST_RESOURCES = 100

/** All that the record acted on, the most significant first. */
export function findResources(facts: Facts, event: LookupEvent): Resource[] {
  const found = new Found()
  if (facts.service === 'ec2') addEc2(facts, found)
  const kinds = kindsOf(facts.service).filter(
    ({ only }) => only === undefined || only.test(facts.plainAction),
  )
  for (const kind of kinds)
    addKind(kind, [facts.params, facts.extra, facts.serviceDetails], facts, found)
  // A response describes everything the resource is connected with: only what the action names counts.
  const isBlank = found.size === 0
  for (const kind of kinds) {
    if (isBlank || isNamedBy(kind.type, facts.plainAction)) {
      addKind(kind, [facts.response, ...inner(facts.response)], facts, found)
    }
  }
  if (found.size === 0) addByNoun(facts, found)
  for (const entry of facts.record.objects('resources')) {
    const arn = entry.text('ARN', 'arn')
    if (arn === undefined) continue
    const candidate = fromArn(arn, entry.text('type'))
    candidate.owner = entry.text('accountId')
    found.add(candidate)
  }
  for (const { resourceType, resourceName } of event.resources ?? []) {
    if (resourceName) found.add(fromSeen(resourceType ?? '', resourceName))
  }
  const ranked = found.all().map((candidate) => ({ candidate, rank: rank(candidate, facts) }))
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked.map(({ candidate }) => identified(candidate, facts))
}

/**
 * The resource in words: `the security group web (sg-0a1b)`. Several of one type:
 * `the instances i-1, i-2 and 4 more`.
 */
export function named(resources: readonly Resource[], type: string): string | undefined {
  const [first, ...others] = resources.filter((resource) => resource.type === type)
  if (first === undefined) return undefined
  const noun = nounOf(type) ?? words(type.split('::').at(-1) ?? type)
  if (others.length === 0) return `the ${noun} ${label(first)}`
  return `the ${noun}s ${listed([first, ...others].map(label))}`
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
    source: SOURCE,
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

  add({ type, id, name, arn, owner }: Candidate): void {
    if (id === '' || id.length > 2_048 || this.#byKey.size >= MOST_RESOURCES) return
    if (id.startsWith('HIDDEN_DUE_TO') || id === '<sensitiveDataRemoved>') return
    const clean: Candidate = { type: indexable(type), id: indexable(id) }
    if (name !== undefined && name !== id) clean.name = indexable(name)
    if (arn !== undefined) clean.arn = indexable(arn)
    if (owner !== undefined) clean.owner = indexable(owner)
    const known = this.#sameAs(clean)
    if (known === undefined) this.#byKey.set(`${clean.type} ${clean.id}`, clean)
    else {
      known.name ??= clean.name
      known.arn ??= clean.arn
      known.owner ??= clean.owner
      if (known.name === undefined) delete known.name
      if (known.arn === undefined) delete known.arn
    }
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

function ec2Ids(json: JsonReader): string[] {
  const ids: string[] = []
  const visit = (value: unknown, depth: number): void => {
    if (ids.length >= MOST_RESOURCES || depth > 6) return
    if (typeof value === 'string') {
      if (value.length < 40 && ec2Kind(value) !== undefined) ids.push(value)
    } else if (Array.isArray(value)) {
      for (const item of value.slice(0, 1_000)) visit(item, depth + 1)
    } else if (isObject(value)) {
      for (const name of Object.keys(value).slice(0, 200)) {
        if (name !== 'tagSet' && name !== 'tagSpecificationSet') visit(value[name], depth + 1)
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

function addKind(kind: Kind, readers: JsonReader[], facts: Facts, found: Found): void {
  if (found.has(kind.type)) return
  for (const json of readers) {
    for (const key of kind.keys) {
      for (const value of json.items(key)) {
        const text = scalar(value) ?? (isObject(value) ? JsonReader.of(value).text(key) : undefined)
        if (text !== undefined) found.add(ofKind(kind, text, facts))
      }
    }
    if (found.has(kind.type)) return
  }
}

/** `{role: {roleName, arn}}`: the objects of the response, one level down. */
function inner(response: JsonReader): JsonReader[] {
  return response
    .entries()
    .slice(0, 10)
    .map(([, value]) =>
      JsonReader.of(Array.isArray(value) && value.length === 1 ? value[0] : value),
    )
    .filter((json) => !json.isEmpty)
}

function ofKind(kind: Kind, text: string, facts: Facts): Candidate {
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
function nameOf(id: string, { params, response }: Facts): string | undefined {
  if (!/^([0-9a-f-]{16,}|[A-Z0-9]{10,})$/.test(id)) return undefined
  for (const json of [...inner(response), response, params]) {
    const name = json.text('name', 'displayName', 'friendlyName')
    if (name !== undefined) return name
  }
  return undefined
}

function idInArn(kind: Kind, arn: string): string {
  return kind.type === 'AWS::KMS::Alias' ? (parseArn(arn)?.resource ?? arn) : arnName(arn)
}

/** The ARN in the response, when it is this resource's. */
function arnInResponse(kind: Kind, id: string, { response }: Facts): string | undefined {
  const suffix = kind.type.split('::').at(-1)?.toLowerCase() ?? ''
  for (const json of [response, ...inner(response)]) {
    for (const [name, value] of json.entries()) {
      const lower = name.toLowerCase()
      if (lower !== 'arn' && lower !== `${suffix}arn` && lower !== `${suffix}id`) continue
      if (typeof value !== 'string' || parseArn(value) === undefined) continue
      if (arnName(value) === id || value.endsWith(id)) return value
    }
  }
  return undefined
}

function builtArn(kind: Kind, id: string, facts: Facts): string | undefined {
  if (kind.arn === undefined || facts.accountId === null || /[\s*]/.test(id)) return undefined
  if (kind.arn.includes('{region}') && facts.region === null) return undefined
  const bare = bareId(kind, id)
  if (kind.type === 'AWS::KMS::Key' && bare.startsWith('alias/')) return undefined
  // Managed instances outside EC2 have ids like mi-….
  if (kind.type === 'AWS::EC2::Instance' && !bare.startsWith('i-')) return undefined
  if (kind.type === 'AWS::ECS::TaskDefinition' && !bare.includes(':')) return undefined
  let isComplete = true
  const resource = kind.arn.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'region') return facts.region ?? ''
    if (name === 'account') return facts.accountId ?? ''
    if (name === 'id') return bare
    const value = facts.params.text(name)
    if (value === undefined) isComplete = false
    return arnName(value ?? '')
  })
  return isComplete ? `arn:${facts.partition}:${resource}` : undefined
}

/** The id as ARNs have it: parameters are named with or without a leading slash. */
function bareId({ type }: Kind, id: string): string {
  if (type === 'AWS::SSM::Parameter') return id.startsWith('/') ? id : `/${id}`
  return id
}

/** For services without a table: `CreateTrustAnchor` acts on trustAnchorArn, …Id, …Name or name. */
function addByNoun(facts: Facts, found: Found): void {
  const noun = facts.plainAction.replace(/^[A-Z][a-z]+/, '')
  const singular = noun.replace(/ies$/, 'y').replace(/s$/, '')
  const known = kindsOf(facts.service).find(({ type }) => type.endsWith(`::${singular}`))
  const service = facts.service.charAt(0).toUpperCase() + facts.service.slice(1)
  const type = known?.type ?? `AWS::${service}::${singular || noun}`
  const readers = [facts.params, facts.response, ...inner(facts.response), facts.serviceDetails]
  for (const base of singular === '' ? [''] : [singular, '']) {
    for (const ending of ['Arn', 'Id', 'Identifier', 'Name', base === '' ? 'resourceArn' : '']) {
      for (const json of readers) {
        const text = json.text(base + ending)
        if (text === undefined || text.length > 1_000) continue
        if (known !== undefined) found.add(ofKind(known, text, facts))
        else if (text.startsWith('arn:')) found.add(fromArn(text, type))
        else found.add({ type, id: text, name: nameOf(text, facts) })
        return
      }
    }
  }
  // Otherwise, any parameter named as an ARN.
  for (const [name, value] of facts.params.entries()) {
    if (/arn$/i.test(name) && typeof value === 'string' && parseArn(value)) {
      found.add(fromArn(value, undefined))
    }
  }
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
}

function fromArn(text: string, type: string | undefined): Candidate {
  const arn = parseArn(text)
  if (arn === undefined) return { type: type ?? '', id: text }
  const part = /^([a-z-]+)[:/]/.exec(arn.resource)?.[1] ?? ''
  const isObjectKey = arn.service === 's3' && arn.resource.includes('/')
  const known = isObjectKey
    ? 'AWS::S3::Object'
    : (ARN_TYPES[`${arn.service}:${part}`] ?? typeOfArn(arn.service, part))
  const isObjects = arn.service === 's3' || arn.service === 'sns' || arn.service === 'sqs'
  return {
    type:
      type ??
      known ??
      (isObjects ? ARN_TYPES[`${arn.service}:`] : undefined) ??
      `AWS::${arn.service}::${part}`,
    id: arn.service === 'ssm' && part === 'association' ? arn.resource.slice(12) : arnName(text),
    arn: text,
  }
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
  const noun = type.split('::').at(-1) ?? ''
  if (noun === '') return -1
  return action.toLowerCase().indexOf((noun === 'EIP' ? 'Address' : noun).toLowerCase())
}
