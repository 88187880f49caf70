/**
 * Finds what an action names among its parameters, for every service.
 *
 * AWS names fields after what they identify: CreateTrustAnchor has `trustAnchorId`, CreateConnection
 * has `connectionInput: {name}`, BatchDeleteTable has `tablesToDelete`. The words of the action's
 * name are looked for among the fields, so that a service needs no table of its own.
 */

import { isObject } from '../../json.ts'
import { singular, tokensOf } from './action-name.ts'
import { scalar } from './json-reader.ts'
import { isSecretName } from './secrets.ts'

/** One value of a request or an answer, with where it is. */
export interface Field {
  /** In lower case, without `_`, `-`: `dbinstanceidentifier`. */
  name: string
  /** Of the object around it; empty at the top. */
  parent: string
  value: string
  depth: number
  /** Whether it is an item of a list. */
  isItem: boolean
}

const MAX_FIELDS = 400
const MAX_DEPTH = 4
const MAX_VALUE_LENGTH = 1_000

/** All texts in a part of a record, with the names of their fields; the top ones first. */
export function fieldsOf(root: Record<string, unknown> | undefined): Field[] {
  const fields: Field[] = []
  if (root === undefined) return fields
  const queue: { node: Record<string, unknown>; parent: string; depth: number }[] = [
    { node: root, parent: '', depth: 0 },
  ]
  for (const { node, parent, depth } of queue) {
    for (const name in node) {
      if (fields.length >= MAX_FIELDS) return fields
      const value = node[name]
      if (value === null || typeof value === 'boolean' || (typeof value === 'number' && depth > 0))
        continue
      const known = fieldName(name)
      if (known === undefined) continue
      addValue(fields, queue, known, parent, value, depth, 0)
    }
  }
  return fields
}

/** What never names a resource: tags, policies and the bodies of definitions. */
const SKIPPED =
  /^(tags?|tag_?set|tag_?list|tag_?specification(_?set|s)?|policy_?document|policy_?text|assume_?role_?policy_?document|environment|variables|credentials|user_?data|filters?(_?set)?|parameters|arguments|attributes|content|definition|messages?|body|payload)$/i

/** @param listDepth in how many lists the value is, one in the other */
function addValue(
  fields: Field[],
  queue: { node: Record<string, unknown>; parent: string; depth: number }[],
  name: string,
  parent: string,
  value: unknown,
  depth: number,
  listDepth: number,
): void {
  if (Array.isArray(value)) {
    if (listDepth >= MAX_DEPTH) return
    for (const item of value.slice(0, 100))
      addValue(fields, queue, name, parent, item, depth, listDepth + 1)
    return
  }
  const text = scalar(value)
  if (text !== undefined && (!isObject(value) || Object.keys(value).length <= 2)) {
    if (text.length <= MAX_VALUE_LENGTH) {
      fields.push({ name, parent, value: text, depth, isItem: listDepth > 0 })
    }
    if (!isObject(value)) return
  }
  if (isObject(value) && depth < MAX_DEPTH && queue.length < 200) {
    queue.push({ node: value, parent: name, depth: depth + 1 })
  }
}

const fieldNames = new Map<string, string | undefined>()

/** The name for comparing; undefined for a field that never names a resource. */
function fieldName(name: string): string | undefined {
  if (fieldNames.has(name)) return fieldNames.get(name)
  const plain = name
    .slice(0, 100)
    .replace(/[_\-.\s]/g, '')
    .toLowerCase()
  const made = SKIPPED.test(name) || isSecretName(name) ? undefined : plain
  if (fieldNames.size < 5_000 && name.length < 80) fieldNames.set(name, made)
  return made
}

const IDENTIFYING = '(?:arns?|ids?|identifiers?|names?|idlist|arnlist|namelist|idset|url|urls|key)?'
/** Words that add a property to what they follow: `ProjectVisibility` is of a project. */
const PROPERTY =
  /^(Config|Configuration|Configurations|Settings?|Visibility|Policy|Policies|Attributes?|Status|State|Details|Metadata|Access|Permissions?|Tags|Options?|Parameters?|Properties|Limits?|Capacity|Type|Version|Protection|Association|Membership|Code|Schedule|Mode|Url|Name|Password|Preferences?|Logging|Encryption|Monitoring|Information|Contents?|Data|Ingress|Egress|Principal|Identifier|Count|Attribute|Nameservers|Lock)$/

/** The nouns that an action's part may mean, the most specific first: ProjectVisibility, Project. */
export function meaningsOf(part: string): string[] {
  const known = meanings.get(part)
  if (known !== undefined) return known
  const tokens = tokensOf(part)
  const found = new Set<string>()
  const add = (some: string[]) => {
    if (some.length > 0) found.add(singular(some.join('')))
  }
  add(tokens)
  let rest = tokens
  while (rest.length > 1 && PROPERTY.test(rest.at(-1)!)) {
    rest = rest.slice(0, -1)
    add(rest)
  }
  // `SecurityGroup` is also named `groupName`.
  for (let i = 1; i < rest.length; i++) add(rest.slice(i))
  const list = [...found].slice(0, 6)
  if (meanings.size < 5_000 && part.length < 100) meanings.set(part, list)
  return list
}

const meanings = new Map<string, string[]>()

interface Named {
  noun: string
  values: string[]
}

/** The values that the fields name after one of the nouns; undefined when none does. */
export function findNamed(fields: readonly Field[], nouns: readonly string[]): Named | undefined {
  for (const [place, noun] of nouns.entries()) {
    const low = noun.toLowerCase()
    if (low.length < 2) continue
    const { exact, container, moved } = patternsOf(low)
    // The type of IpAddressType is a property: its value names nothing.
    const isProperty = PROPERTY.test(tokensOf(noun).at(-1) ?? '')
    const hits = fields.filter(
      ({ name, parent, value, depth }) =>
        depth <= 3 &&
        ((exact.test(name) &&
          (!isBare(name, low) || (depth === 0 && !isProperty && !isChoice(value)))) ||
          (place === 0 && moved.test(name) && !isChoice(value)) ||
          (/^(name|id|arn|identifier)$/.test(name) && container.test(parent))) &&
        isIdentifier(value),
    )
    if (hits.length === 0) continue
    // An ARN or an id says more than a name; values of one field are a list.
    const best =
      hits.find(({ name }) => /(arns?|ids?|identifiers?|idlist|idset)$/.test(name)) ?? hits[0]!
    const same = hits.filter(({ name, parent }) => name === best.name && parent === best.parent)
    return { noun, values: [...new Set(same.map(({ value }) => value))] }
  }
  return undefined
}

function isBare(name: string, noun: string): boolean {
  return singular(name).length <= noun.length + 1
}

/** A choice of a fixed list: PUBLIC_READ, true, 5. */
function isChoice(value: string): boolean {
  return (
    /^[A-Z][A-Z_]+$/.test(value) || /^(true|false|\d{1,11}|enabled|disabled|none)$/i.test(value)
  )
}

/** A value that can identify something: one line, no document. */
export function isIdentifier(value: string): boolean {
  return (
    value.length <= 600 &&
    !/^[{[]|[\n\r]/.test(value) &&
    !/^(true|false|hidden_due_to.*|\(hidden\)|<sensitivedataremoved>|\*+)$/i.test(value)
  )
}

interface Patterns {
  exact: RegExp
  /** `connectionInput`, `targetTable`: an object that has it as `name` or `id`. */
  container: RegExp
  /** `tablesToDelete` */
  moved: RegExp
}

const patterns = new Map<string, Patterns>()

function patternsOf(low: string): Patterns {
  const known = patterns.get(low)
  if (known !== undefined) return known
  const noun = low.replace(/[^a-z0-9]/g, '')
  const plural = noun.endsWith('y') ? `(?:${noun}s?|${noun.slice(0, -1)}ies)` : `${noun}(?:e?s)?`
  const made = {
    exact: new RegExp(`^(?:target|source|existing|the)?${plural}${IDENTIFYING}$`),
    container: new RegExp(
      `^${plural}(?:input|config|configuration|spec|settings|data|details|definition|properties|summary|description|request|update|entry|info)?$`,
    ),
    moved: new RegExp(
      `^(?:${plural}(?:to|from)(?:add|remove|delete|assign|unassign|associate|disassociate|attach|detach|register|deregister|update|modify|create|copy|restore|transfer|move|enable|disable|reset|include|exclude|import|export|replace|merge|cancel|stop|start|reject|accept|approve)[a-z]*|(?:add|remove|delete|new)${plural})$`,
    ),
  }
  if (patterns.size < 2_000) patterns.set(low, made)
  return made
}
