/**
 * Parses the names of AWS's actions: a verb, what it works on, and what it moves that to or from.
 *
 * `RemoveTagsFromCertificate` is a verb (Remove), an object (Tags), a preposition (From) and a
 * target (Certificate). Names are English, and AWS follows the pattern closely, but not always: a
 * name that does not fit has no verb here, and its summary says no more than that it was called.
 */

import { words } from '../../changes/text.ts'
import { memo } from './memo.ts'
import { isVerb } from './verbs.ts'

export interface ActionName {
  /** As in the name: `Remove`. Undefined when the name does not start with a known verb. */
  verb: string | undefined
  /** In camel case: `Tags`, `WebACL`; empty when the name is only a verb. */
  object: string
  /** In lower case: `from`. */
  preposition: string | undefined
  /** In camel case: `Certificate`. */
  target: string
}

const TOKENS =
  /OnPremises|PointInTime|VPCs|VPNs|APIs|ACLs|ARNs|URLs|IPs|IPv[46]|[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z0-9]+|[A-Z0-9]+|[a-z]+/g

/** `RemoveRoleFromDBInstance` → Remove, Role, From, DB, Instance. */
export function tokensOf(name: string): string[] {
  return name.slice(0, 200).match(TOKENS) ?? []
}

const PREPOSITIONS = new Set([
  'To',
  'From',
  'With',
  'For',
  'In',
  'Into',
  'On',
  'Of',
  'Via',
  'Using',
])
/** Say how a call is made, not what it does: BatchDeleteTable, AdminDeleteUser. */
const MANNERS = new Set(['Batch', 'Bulk', 'Admin'])
/** `PITR` and the like stay whole; these words end names without adding to what was done. */
const ENDINGS = new Set(['Batch', 'V2', 'V3', 'v2', 'v3'])

const parsed = new Map<string, ActionName>()

/** @param action without the API version */
export function parseActionName(action: string): ActionName {
  const cached = parsed.get(action)
  if (cached !== undefined) return cached
  const name = parse(action)
  // Names may be made up: the cache is bounded.
  if (parsed.size < 5_000 && action.length < 100) parsed.set(action, name)
  return name
}

function parse(action: string): ActionName {
  // MergePullRequestBySquash: how, not what.
  let tokens = tokensOf(action.replace(/By(Squash|FastForward|ThreeWay)$/, ''))
  if (MANNERS.has(tokens[0] ?? '') && isVerb(tokens[1] ?? '')) tokens = tokens.slice(1)
  while (tokens.length > 1 && ENDINGS.has(tokens.at(-1)!)) tokens = tokens.slice(0, -1)
  const [verb = '', ...rest] = tokens
  const known = isVerb(verb) ? verb : undefined
  // The last preposition that has words on both sides: `RegisterStreamConsumer` has none.
  const at = rest.findLastIndex((token, i) => PREPOSITIONS.has(token) && i < rest.length - 1)
  if (at < 0) return { verb: known, object: rest.join(''), preposition: undefined, target: '' }
  return {
    verb: known,
    object: rest.slice(0, at).join(''),
    preposition: rest[at]!.toLowerCase(),
    target: rest.slice(at + 1).join(''),
  }
}

/** `Tables` → `Table`, `Policies` → `Policy`, `Addresses` → `Address`; a singular stays. */
export const singular = memo((noun) => {
  if (/ies$/.test(noun)) return noun.replace(/ies$/, 'y')
  if (/(ss|x|ch|sh)es$/.test(noun)) return noun.slice(0, -2)
  return /[^sui]s$/i.test(noun) && !/(DNS|TLS|Access|Status|Alias)$/.test(noun)
    ? noun.slice(0, -1)
    : noun
})

export function isPlural(noun: string): boolean {
  return singular(noun) !== noun
}

/** Whether two names mean the same kind of thing: `DBInstances` and `database instance`. */
export function isSameNoun(a: string, b: string): boolean {
  const [x, y] = [wordsOf(a), wordsOf(b)]
  if (x.length === 0 || y.length === 0) return false
  const [long, short] = x.length >= y.length ? [x, y] : [y, x]
  if (short.every((word, i) => word === long[long.length - short.length + i])) return true
  return short.join('') === long.join('')
}

const wordsOf = memo((text) =>
  singular(words(text).toLowerCase())
    .split(' ')
    .filter((word) => word !== ''),
)
