/** What a call did to its first resource, in a word or two: `deleted` of DeleteRole with a role. */

import type { Resource } from '../../changes/change.ts'
import { past } from '../../changes/text.ts'
import { type ActionName, parseActionName, singular, tokensOf } from './action-name.ts'
import type { Facts } from './facts.ts'
import { isNamed, TOWARDS } from './summaries/any.ts'
import type { Summary } from './summary.ts'
import { isVerb, VERBS } from './verbs.ts'

/**
 * The summary's own verb, else the one in the action's name.
 *
 * @returns in the past tense; undefined if the call acted on something else of the resource, as
 *   PutRolePolicy does on a role
 */
export function changeVerb(
  { verb }: Summary,
  { plainAction, resources }: Facts,
): string | undefined {
  const [main] = resources
  if (main === undefined) return undefined
  return verb === undefined ? verbOfAction(plainAction, main) : past(verb)
}

/** By action and type, of which an account has some hundreds. */
const verbs = new Map<string, string | undefined>()

function verbOfAction(action: string, main: Pick<Resource, 'type'>): string | undefined {
  const key = `${action} ${main.type}`
  if (verbs.has(key)) return verbs.get(key)
  const name = parseActionName(action)
  const known = name.verb === undefined ? undefined : VERBS[name.verb]
  const result = known !== undefined && isDirectObject(main, name) ? past(known.says) : undefined
  // Names may be made up: the cache is bounded.
  if (verbs.size < 5_000 && key.length < 200) verbs.set(key, result)
  return result
}

/** Verbs of actions that work on an operation which is under way. */
const ENDING = /^(Abort|Cancel|Complete|Continue)$/

/** Whether an action works on the resource itself. */
function isDirectObject(
  main: Pick<Resource, 'type'>,
  { verb, object, target }: ActionName,
): boolean {
  // Publish to a topic, RemoveFromGlobalCluster.
  if (object === '') return !TOWARDS.test(verb!) && !isNamed(target, main)
  if (/^Resources?$/.test(object)) return true
  // CancelUpdateStack cancels an update, but CancelImportTask an import task.
  const [first = ''] = tokensOf(object)
  const isOperation = ENDING.test(verb!) && isVerb(first)
  if (isOperation && !main.type.endsWith(`::${singular(object)}`)) return false
  return isNamed(object, main)
}
