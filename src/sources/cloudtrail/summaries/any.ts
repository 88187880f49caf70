/** Summarizes any call of any service by its name and what it acted on. */

import type { Resource } from '../../../changes/change.ts'
import { spoken, withArticle, words } from '../../../changes/text.ts'
import { type ActionName, isPlural, isSameNoun, parseActionName, singular } from '../action-name.ts'
import { arnName } from '../arn.ts'
import type { Edit } from '../detail.ts'
import { editsOf, HIDDEN, shown, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { isKnownNoun, nounInType, nounOf } from '../kinds.ts'
import { label, named } from '../resources.ts'
import { serviceName } from '../services.ts'
import type { Summary } from '../summary.ts'
import { VERBS, type Verb } from '../verbs.ts'

/** Whose parameters say what is changed, and are worth a place in the sentence. */
const MODIFYING = /^(Update|Modify|Put|Set|Change|Configure|Edit|Increase|Decrease)$/
/** Whose parameters only select what is affected. */
const WITHOUT_EDITS =
  /^(Delete|Remove|Describe|Get|List|Tag|Untag|Stop|Terminate|Cancel|Reboot|Test)$/
/** Whose parameters are what ends. */
const REMOVING =
  /^(Revoke|Deregister|Disassociate|Dissociate|Detach|Unassign|Unlink|Unbind|Unmap|Undeploy)$/
/** `RotationSucceeded`, `SharedSnapshotVolumeCreated`: events that report what has happened. */
const HAPPENED =
  /(Created|Started|Succeeded|Failed|Completed|Deleted|Initiated|Abandoned|Expired|Changed|Updated|Attached|Detached|Stopped|Terminated|Canceled|Cancelled|Finished|Ended)$/
/** Move one thing to or from another. */
const JOINING =
  /^(Attach|Associate|Add|Assign|Detach|Disassociate|Dissociate|Remove|Unassign|Register|Deregister|Copy|Share|Link|Unlink|Enroll|Import|Export|Restore|Bind|Unbind|Map|Unmap)$/
/** What is named alone is where it goes: Publish, Subscribe. */
export const TOWARDS = /^(Publish|Subscribe|Unsubscribe|Post|Respond|Reply|Push|Query)$/

const BATCHED = /(Record|Item|Event)Batch$/
/** What is put into something, rather than set. */
const PUT_INTO = /^(Events?|Records?|Items?|Metric\w*|LogEvents|Entries)$/

export function summarizeAny(facts: Facts): Summary {
  const { plainAction, resources } = facts
  const name = parseActionName(plainAction)
  const verb = name.verb === undefined ? undefined : VERBS[name.verb]
  const [target] = resources
  if (verb === undefined) {
    if (HAPPENED.test(plainAction)) return { does: `report ${quoted(plainAction)}${about(target)}` }
    return called(facts)
  }
  const does = phrase(name, verb, facts)
  if (does === undefined) return called(facts)
  if (WITHOUT_EDITS.test(name.verb!)) return { does }
  // What a call names is no edit; but the subnet that it removes from an endpoint is one.
  const named = resources.filter(
    (resource) =>
      resource === target || isNamed(name.object, resource) || isNamed(name.target, resource),
  )
  const isModifying = MODIFYING.test(name.verb!)
  const ids = new Set(
    (isModifying ? named : resources).flatMap(({ id, name, arn }) => [id, name, arn]),
  )
  const except = [...identifying(facts), ...holders(facts, name.object)].filter(
    (name) => !isModifying || !/^(add|remove)/i.test(name),
  )
  const edits = editsOf(facts.params, except)
    .filter(({ to }) => to === undefined || !ids.has(to))
    .map((edit) => (REMOVING.test(name.verb!) ? ended(edit) : edit))
  if (!isModifying) return { does, edits }
  return { does, more: spelled(edits), edits }
}

/** Fields that identify what the changed thing is in: the application of UpdateEnvironment. */
const HOLDER =
  /^(account|agent|api|app|application|bot|catalog|cluster|collection|database|detector|directory|domain|environment|experience|file_?system|fleet|graph|identity_?pool|index|instance|knowledge_?base|ledger|policy_?store|portfolio|project|registry|repository|rest_?api|server|space|user_?pool|vault|workspace)_?(id|identifier|name)$/i

function holders({ params }: Facts, object: string): string[] {
  return params.entries().flatMap(([name, value]) => {
    const stem = typeof value === 'string' ? HOLDER.exec(name)?.[1] : undefined
    const isOwn = stem !== undefined && object.toLowerCase().includes(stem.toLowerCase())
    return stem === undefined || isOwn ? [] : [name]
  })
}

/** What a call ends was there before; its options and reasons were not. */
function ended(edit: Edit): Edit {
  const { field, to } = edit
  const isOption =
    to === undefined || /^(true|false)$/.test(to) || /reason|comment|region/.test(field)
  return isOption ? edit : { field, from: to }
}

/** What is true of every call. */
function called({ plainAction, service, resources }: Facts): Summary {
  const [target] = resources
  return { does: `call ${spoken(plainAction, 80)} of ${serviceName(service)}${on(target)}` }
}

function quoted(action: string): string {
  return `“${words(action)}”`
}

function about(target: Resource | undefined): string {
  return target === undefined ? '' : ` about ${the(target)}`
}

function on(target: Resource | undefined): string {
  return target === undefined ? '' : ` on ${the(target)}`
}

/** `trust anchor ops (49e25ec3-…)`. */
export function the(resource: Resource): string {
  const noun = nounOfType(resource.type)
  return noun === '' ? label(resource) : `${noun} ${label(resource)}`
}

function nounOfType(type: string): string {
  return nounOf(type) ?? words(nounInType(type))
}

/** Whether a resource is what a part of an action's name means. */
export function isNamed(part: string, { type }: Pick<Resource, 'type'>): boolean {
  if (part === '') return false
  const noun = singular(part).replace('OpenIDConnect', 'OIDC')
  return isSameNoun(noun, nounOfType(type)) || isSameNoun(noun, nounInType(type))
}

/** Several resources in words, those of one type together. */
function all(resources: readonly Resource[]): string {
  const [first] = resources
  if (first === undefined) return ''
  return named(resources, first.type) ?? the(first)
}

/** @returns undefined when the words of the action do not fit together */
function phrase(name: ActionName, verb: Verb, facts: Facts): string | undefined {
  const { resources, service } = facts
  const { object, preposition, target } = name
  if (preposition !== undefined) return joined(name, verb, facts)
  const says = verb.says
  if (PUT_INTO.test(object) && name.verb === 'Put') {
    const into = resources.length > 0 ? ` into ${all(resources)}` : ''
    // PutRecordBatch puts records.
    const what = BATCHED.test(facts.plainAction) ? `${words(object)}s` : words(object)
    return `put ${what}${into}`
  }
  if (resources.length === 0) {
    const value = VALUED.test(name.verb!) ? objectName(object, facts) : undefined
    if (value !== undefined) return `${says} ${words(singular(object))} ${value}`
    const what = TOWARDS.test(name.verb!) && object === '' ? '' : bare(object, verb, service)
    return what === '' ? undefined : `${says} ${what}`
  }
  const objects = resources.filter((resource) => isNamed(object, resource))
  if (object === '' || (objects.length > 0 && TOWARDS.test(name.verb!))) {
    const what = all(objects.length > 0 ? objects : resources)
    return TOWARDS.test(name.verb!) ? `${says} ${verb.to} ${what}` : `${says} ${what}`
  }
  const others = resources.filter((resource) => !objects.includes(resource))
  if (/^Resources?$/.test(object) && objects.length === 0) return `${says} ${all(resources)}`
  const isJoining = JOINING.test(name.verb!)
  if (objects.length > 0) {
    const [holder] = others
    if (holder === undefined) return `${says} ${all(objects)}`
    if (isJoining) {
      const joint = jointOf(name, verb, holder)
      if (joint === undefined) return `${says} ${all(objects)}`
      return `${disjoined(name, says)} ${all(objects)} ${joint} ${all(others)}`
    }
    return `${says} ${all(objects)}${holding(holder, objects[0]!, says)}`
  }
  const what = property(object, others[0]!)
  const value = isJoining || VALUED.test(name.verb!) ? objectName(object, facts) : undefined
  if (value !== undefined) {
    return `${disjoined(name, says)} ${words(singular(object))} ${value} ${verb.to} ${all(others)}`
  }
  if (isJoining && /Association$/.test(others[0]!.type)) {
    return `${says} ${withThe(what)} (${label(others[0]!)})`
  }
  if (isJoining) {
    return `${disjoined(name, says)} ${withThe(what)} ${verb.to} ${all(others)}`
  }
  if (/^(Send|Publish|Post|Submit|Put|Start|Create|Open)$/.test(name.verb!) && target === '') {
    const article = isPlural(what) ? words(what) : withArticle(words(what))
    const thing = name.verb === 'Put' ? withThe(what) : article
    return `${says} ${thing} ${verb.to} ${all(others)}`
  }
  return `${says} ${withThe(what)} ${verb.to} ${all(others)}`
}

/** A bucket is where an export goes to and an import comes from; of a copy it may be either. */
function jointOf({ verb }: ActionName, { to }: Verb, other: Resource): string | undefined {
  if (other.type !== 'AWS::S3::Bucket') return to
  if (verb === 'Export') return 'to'
  if (verb === 'Import' || verb === 'Restore') return 'from'
  return verb === 'Copy' ? undefined : to
}

/** `remove … from` what it was in; without that, only that they are no longer associated. */
function disjoined({ verb }: ActionName, says: string): string {
  return verb === 'Disassociate' || verb === 'Dissociate' ? 'remove' : says
}

/** `detach load balancer web from subnet subnet-1`, `remove the regions from the replication of secret db`. */
function joined(name: ActionName, verb: Verb, facts: Facts): string | undefined {
  const { resources, service } = facts
  const { object, preposition, target } = name
  const objects = resources.filter((resource) => isNamed(object, resource))
  const rest = resources.filter((resource) => !objects.includes(resource))
  const targets = rest.filter((resource) => isNamed(target, resource))
  const moved = rest.filter((resource) => !targets.includes(resource))
  const unnamed = targets.length > 0 && JOINING.test(name.verb!) ? all(moved) : ''
  const value = object === '' || targets.length === 0 ? undefined : objectName(object, facts)
  const named =
    value === undefined ? bareObject(object, verb, service) : `${words(singular(object))} ${value}`
  const bareWhat = object === '' ? unnamed : named
  const what = objects.length > 0 ? all(objects) : bareWhat
  if (what === '' && !TOWARDS.test(name.verb!)) return undefined
  const [other] = rest
  let to: string
  const bucket = rest.find(({ type }) => type === 'AWS::S3::Bucket')
  if (targets.length > 0) to = all(targets)
  else if (name.verb === 'Export' && bucket !== undefined) to = the(bucket)
  else if (other === undefined) to = bareTarget(target)
  else if (/^(Resource|Resources|Entity|Object|OnPremisesInstances)$/.test(target)) to = all(rest)
  else if (objects.length > 0) to = `${bareTarget(target)}`
  else to = `${withThe(property(target, other))} of ${all(rest)}`
  const says = disjoined(name, verb.says)
  return what === '' ? `${says} ${preposition} ${to}` : `${says} ${what} ${preposition} ${to}`
}

/** Verbs whose object may be no resource of its own, and still has a name. */
const VALUED = /^(Revoke|Authorize|Reject|Cancel|Rotate|Merge|Override|Disable|Enable)$/

/** The name of an object that is no resource: permission `l`, certificate `01:02`, a source identifier. */
function objectName(object: string, { params }: Facts): string | undefined {
  if (/^Resources?$/.test(object)) return undefined
  const own = object.charAt(0).toLowerCase() + object.slice(1)
  const stem = singular(own)
  const keys = ['', 'Id', 'Name', 'Identifier', 'Arn', 'Serial', 'Number'].map(
    (end) => `${stem}${end}`,
  )
  const isPermission = /Permission$/.test(object)
  const found = params.text(...keys, ...(isPermission ? ['statementId', 'label', 'sid'] : []))
  if (found === undefined || shown(stem, found) === HIDDEN || /^(true|false)$/.test(found)) {
    return undefined
  }
  return spoken(found.startsWith('arn:') ? arnName(found) : found, 80)
}

function bareTarget(target: string): string {
  const noun = words(target)
  return isPlural(noun) ? noun : `the ${noun}`
}

function bareObject(object: string, verb: Verb, service: string): string {
  return bare(object, verb, service)
}

const HOLDERS =
  /::(VPC|RouteTable|NetworkAcl|TransitGateway|TransitGatewayRouteTable|LaunchTemplate|IPAM|ClientVpnEndpoint|PrefixList)$/

/** What a resource is in: `of database sales`. Not what it merely uses. */
function holding(holder: Resource, held: Resource, says: string): string {
  const isSameService = holder.type.split('::')[1] === held.type.split('::')[1]
  // EC2's parameters refer to more than what holds the thing.
  if (!isSameService || (holder.type.startsWith('AWS::EC2::') && !HOLDERS.test(holder.type)))
    return ''
  return ` ${says === 'create' ? 'in' : 'of'} ${the(holder)}`
}

function withThe(object: string): string {
  const noun = words(object)
  return isPlural(noun) ? noun : `the ${noun}`
}

/**
 * The property of a resource that an object means: `BucketPolicy` of a bucket is its policy,
 * `ElasticsearchDomainConfig` of a search domain is its config.
 */
function property(object: string, resource: Resource): string {
  const parts = words(object).split(' ')
  const nouns = [nounOfType(resource.type), words(nounInType(resource.type))]
  for (const noun of nouns) {
    const last = noun.toLowerCase().split(' ').at(-1) ?? ''
    const at = parts.findIndex((part) => part.toLowerCase() === last)
    if (at >= 0 && at < parts.length - 1) return parts.slice(at + 1).join(' ')
  }
  return parts.join(' ')
}

function bare(object: string, { says }: Verb, service: string): string {
  const noun = words(object)
  if (noun === '' && /^(enable|disable)$/.test(says)) return serviceName(service)
  if (noun === '') return `something in ${serviceName(service)}`
  if (isPlural(noun)) return noun
  if (noun.toLowerCase() === serviceName(service).toLowerCase()) return serviceName(service)
  const isOneOfMany = isKnownNoun(noun) || /^(create|send|publish|post|submit)$/.test(says)
  return isOneOfMany ? withArticle(noun) : `the ${noun}`
}

/** The parameters whose values are the resources themselves. */
export function identifying({ params, resources }: Facts): string[] {
  const ids = new Set(resources.flatMap(({ id, name, arn }) => [id, name, arn]))
  return params
    .entries()
    .filter(([name, value]) => {
      if (typeof value !== 'string') return false
      return ids.has(value) || /^(name|id|arn|resourceArn|resourceId|queueUrl)$/i.test(name)
    })
    .map(([name]) => name)
}
