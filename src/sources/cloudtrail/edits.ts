/** Which field changed, from what to what, in words and with secrets masked. */

import { indexable, listed, spoken, words } from '../../changes/text.ts'
import { isObject } from '../../json.ts'
import { arnName } from './arn.ts'
import type { Edit } from './detail.ts'
import { JsonReader, scalar } from './json-reader.ts'
import { openedByPolicy, readPolicy } from './policy.ts'
import {
  HIDDEN,
  hasEmbeddedSecret,
  isMasked,
  isSecretName,
  isSecretPath,
  isSecretValue,
  nameParts,
} from './secrets.ts'

export { HIDDEN } from './secrets.ts'

/** Parameters that do not describe what changed: options of the call, and names for its own use. */
const IRRELEVANT =
  /^(client(request)?token|creation_?token|idempotency(token|key)?|caller_?reference|dry_?run|next_?token|max_?results|host|x-amz-.*|tags?|tag_?list|tag_?set|tag_?specifications?(_?set)?|apply_?immediately|allow_?engine_?mode_?change|allow_?major_?version_?upgrade|force|force_?[a-z]+|skip_?[a-z]+|retain_?[a-z]+|validate_?only|overwrite|fully_?qualified_?arn|revision_?id|lock_?token|change_?token|if_?match|current_?version|xmlns)$/i
/** What an empty value turns off: in other fields it is the console's way to ask for nothing. */
const OFF_WHEN_EMPTY =
  /kms_?(master_?)?key|web_?acl|log(ging|_?exports?|_?types?|_?destination\w*)|logging_?(configuration|enabled)|(alarm|ok|insufficient_?data)_?actions?$|encrypt|backup|audit|^(security_?)?groups?(_?ids?|_?set)?$|permissions_?boundary|vpc_?config|authoriz|resource_?policy|code_?signing|^(rules|.*selectors)$/i
const MAX_EDITS = 30
/** Levels of nested parameters that are read. */
const MAX_DEPTH = 4

/** A value as it may be shown under this name. */
export function shown(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (isMasked(value)) return HIDDEN
  return isSecretPath(nameParts(name)) || isSecretValue(value) || hasEmbeddedSecret(value)
    ? HIDDEN
    : indexable(spoken(value, 200))
}

/** One edit, or none when nothing changed. */
export function edit(field: string, from: string | undefined, to: string | undefined): Edit[] {
  if (from === undefined && to === undefined) return []
  if (from === to) return []
  const made: Edit = { field: indexable(spoken(field)) }
  const before = shown(field, from)
  const after = shown(field, to)
  if (before !== undefined) made.from = before
  if (after !== undefined) made.to = after
  return [made]
}

/**
 * The parameters of a request as edits: what it asks for, except what only names the resource.
 *
 * @param except names of parameters that identify the resource
 * @param before the answer, under the same names. It holds the earlier value where it differs; where
 *   it is the same it is the new one, and the earlier one is unknown
 */
export function editsOf(
  params: JsonReader,
  except: readonly string[],
  before?: JsonReader,
): Edit[] {
  const skipped = new Set(except.map((name) => name.toLowerCase()))
  const edits: Edit[] = []
  for (const [name, value] of params.entries()) {
    if (edits.length >= MAX_EDITS) break
    if (skipped.has(name.toLowerCase()) || IRRELEVANT.test(name)) continue
    // Whose account it is; a list is of others.
    if (typeof value === 'string' && /^aws_?account_?id$/i.test(name)) continue
    addEdits(edits, [name], value, before?.text(name))
  }
  return edits.slice(0, MAX_EDITS)
}

function addEdits(
  edits: Edit[],
  path: readonly string[],
  value: unknown,
  from: string | undefined,
): void {
  if (edits.length >= MAX_EDITS || value === null || value === undefined) return
  const name = path.at(-1)!
  if (isEmptyValue(value)) {
    if (OFF_WHEN_EMPTY.test(name)) {
      edits.push({ field: indexable(spoken(fieldWords(path))), to: '(empty)' })
    }
    return
  }
  // Where a web ACL is, not what it is set to.
  if (name.toLowerCase() === 'scope' && (value === 'REGIONAL' || value === 'CLOUDFRONT')) return
  const field = fieldWords(path)
  if (isSecretPath(path)) {
    // The names of variables are shown, their values are not.
    if (isObject(value) && path.length < MAX_DEPTH && !isSecretName(name.replace(/s$/, ''))) {
      for (const inner of Object.keys(value).slice(0, MAX_EDITS)) {
        addEdits(edits, [...path, inner], value[inner], undefined)
      }
      return
    }
    edits.push({ field: indexable(spoken(field)), to: HIDDEN })
    return
  }
  const policy = policyIn(name, value)
  if (policy !== undefined) {
    edits.push({ field: indexable(spoken(field)), to: policy })
    return
  }
  const plain = plainValue(value)
  if (plain !== undefined) {
    edits.push(...edit(field, from === plain ? undefined : from, plain))
    return
  }
  if (path.length >= MAX_DEPTH) return
  if (Array.isArray(value)) {
    for (const item of value.slice(0, MAX_EDITS)) {
      const found = editsOfItem(path, item)
      if (found.length > 0) edits.push(...found)
      else if (isObject(item)) {
        for (const inner of Object.keys(item).slice(0, MAX_EDITS)) {
          if (!IRRELEVANT.test(inner)) addEdits(edits, [...path, inner], item[inner], undefined)
        }
      }
    }
  } else if (isObject(value)) {
    for (const inner of Object.keys(value).slice(0, MAX_EDITS)) {
      if (!IRRELEVANT.test(inner)) addEdits(edits, [...path, inner], value[inner], undefined)
    }
  }
}

function isEmptyValue(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0)
}

/** `scaling config desired size`; what repeats the name around it stands alone: `VPC id`. */
function fieldWords(path: readonly string[]): string {
  const parts = path.map(words)
  return parts
    .filter((part, i) => {
      const next = parts[i + 1]
      return next === undefined || !next.toLowerCase().startsWith(part.toLowerCase())
    })
    .join(' ')
}

/** A policy document in words: it may be long, and who it allows is what matters. */
function policyIn(name: string, value: unknown): string | undefined {
  if (/stack_?policy/i.test(name)) return 'changed'
  if (!/polic(y|ies)|document|permission/i.test(name)) return undefined
  if (typeof value === 'string' && /^\s*[[{]/.test(value) && !value.includes('Statement'))
    return 'changed'
  const policy = readPolicy(value)
  if (!policy.has('Statement')) return undefined
  const opened = openedByPolicy(policy)
  return opened === undefined ? 'changed' : `allows ${opened} to everyone`
}

/** An item of a list: a patch, or a name with a value. */
function editsOfItem(path: readonly string[], item: unknown): Edit[] {
  if (!isObject(item)) return []
  const json = JsonReader.of(item)
  const pointer = json.text('path')
  const operation = json.text('op')
  if (pointer !== undefined && operation !== undefined) return patchEdit(pointer, operation, json)
  const name = json.text(
    'key',
    'name',
    'parameterName',
    'attributeName',
    'optionName',
    'propertyName',
  )
  const value = json.text(
    'value',
    'parameterValue',
    'attributeValue',
    'optionValue',
    'propertyValue',
    'resolvedValue',
  )
  if (name === undefined || value === undefined) return []
  const isSecret = isSecretPath(path)
  return edit(spoken(name, 80), undefined, isSecret ? '***' : value)
}

/** JSON Patch, as API Gateway takes it: `{op: "replace", path: "/variables/url", value: "…"}`. */
function patchEdit(pointer: string, operation: string, json: JsonReader): Edit[] {
  const parts = nameParts(pointer.replaceAll('~1', '/'))
  const field = parts.length === 1 ? words(parts[0]!) : spoken(pointer, 120)
  const value = json.text('value')
  if (operation === 'remove') return [{ field: indexable(field), note: 'removed' }]
  if (value === undefined) return [{ field: indexable(field), to: '(empty)' }]
  const policy = policyIn(parts.at(-1) ?? '', value.replaceAll('\\"', '"'))
  const to = isSecretPath(parts) ? HIDDEN : (policy ?? shown(field, value))
  return [{ field: indexable(field), ...(to !== undefined && { to }) }]
}

function plainValue(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const texts = value.slice(0, 20).map((item) => (isObject(item) ? undefined : scalar(item)))
    const isPlain = texts.length > 0 && texts.every((text) => text !== undefined)
    return isPlain ? listed(texts as string[], 5) : undefined
  }
  // {defaultAction: {allow: {}}}
  const only = isObject(value) ? Object.keys(value) : []
  if (only.length === 1 && isObject(value) && isObject(value[only[0]!])) {
    if (Object.keys(value[only[0]!] as object).length === 0) return words(only[0]!)
  }
  if (isObject(value) && Object.keys(value).length > 1 && !Object.hasOwn(value, 'tag')) {
    return undefined
  }
  return scalar(value)
}

/** What a responder looks for first: an opening, and protection that ends. */
const FIRST =
  /public|deletion protection|termination protection|backup|retention|encrypt|password|polic|logging|snapshot|versioning|authoriz|enabled/i

/** The edits as the end of a sentence. */
export function spelled(edits: readonly Edit[]): string {
  return edits.length === 0 ? '' : `: ${inWords(edits)}`
}

/** The edits as part of a sentence: `desired count from 2 to 4 and image to web:42`. */
function inWords(edits: readonly Edit[], most: number = 3): string {
  const order =
    edits.length <= most
      ? edits
      : edits.toSorted((a, b) => Number(FIRST.test(b.field)) - Number(FIRST.test(a.field)))
  return listed(order.map(editWords), most)
}

/** Parameters that add to a list or remove from it: `remove subnet id`, `user ids to add`. */
const MOVING =
  /^(add|remove|delete) (?!after |on |from )([a-z].*)$|^(?:.* )?(disable|enable) ([a-z]+ types)$|^(.+) to (add|remove|delete)$/i
const MOVED: Record<string, string> = {
  add: 'added',
  remove: 'removed',
  delete: 'deleted',
  disable: 'disabled',
  enable: 'enabled',
}

function editWords({ field, from, to, note }: Edit): string {
  if (to === HIDDEN || to === 'changed') return `new ${field}`
  if (to === '(empty)') return `${field} removed`
  const moving = to === undefined || from !== undefined || /^(true|false)$/.test(to)
  const [, begins, what, switches, types, list, ends] = moving ? [] : (MOVING.exec(field) ?? [])
  const verb = MOVED[(begins ?? switches ?? ends ?? '').toLowerCase()]
  if (verb !== undefined) return `${verb} ${what ?? types ?? list} ${brief(to!)}`
  if (isSwitch(field) && (to === 'true' || to === 'false')) {
    return `${field.replace(/ enabled?$/, '')} ${to === 'true' ? 'on' : 'off'}`
  }
  if (from !== undefined && to !== undefined) {
    return `${field} from ${brief(from)} to ${brief(to)}`
  }
  if (to === undefined) return note === undefined ? `${field}, removed` : `${field} ${note}`
  return `${field} to ${brief(to)}`
}

/** Fields that read as something that is on or off. */
function isSwitch(field: string): boolean {
  return /protection|logging|logs|encryption|versioning|monitoring|insights|accessible|access|public|backup|replication|rotation|termination|authentication|validation|multi|autoscaling|upgrade/i.test(
    field,
  )
}

function brief(value: string): string {
  return spoken(value.startsWith('arn:') ? arnName(value) : value, 60)
}
