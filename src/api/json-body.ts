import { externalIdProblem, isAscii, isExternalId } from './external-id.ts'
import { Problem } from './problems.ts'

/** Deeper than any body of ours, and shallow enough for whatever walks it. */
const DEEPEST = 64

/**
 * Names in other letters than ASCII's, counted in UTF-16 units over the whole body: each is
 * normalized, which can make one character eighteen.
 */
const LONGEST_OTHER_NAMES = 4096

/**
 * Parses a request's body. Stricter than `JSON.parse`, which keeps the last of two members of one
 * name and forgets the other: a check of the result would never see that one, and another program
 * on the way may have acted on it. So the text's own names are looked at.
 *
 * @throws Problem 422 when a member spells an external ID, wherever it stands; 400 when the text
 *   is not JSON, has a name twice in one object, is nested too deeply, or has too much text outside
 *   of ASCII in its names
 */
export function parseBody(text: string): unknown {
  // Many clients always say what kind of body they send, though they send none.
  if (text === '') return undefined
  if (text.trim() === '') throw new Problem(400, 'The body is empty. Send JSON.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Problem(400, 'The body is not valid JSON.', { cause: error })
  }
  let repeated: string | undefined
  let otherNames = 0
  for (const { name, pointer, again } of members(text)) {
    if (!isAscii(name)) otherNames += name.length
    if (otherNames > LONGEST_OTHER_NAMES) {
      const detail = `Too much non-ASCII text in field names. The limit is ${LONGEST_OTHER_NAMES} characters in total.`
      throw malformed(pointer, detail)
    }
    if (isExternalId(name)) throw externalIdProblem(pointer)
    if (again) repeated ??= pointer
    // What `{...value}` and the like would take for an object's prototype.
    if (name === '__proto__') throw malformed(pointer, 'The name __proto__ is not allowed.')
  }
  if (repeated !== undefined) throw malformed(repeated, 'Duplicate name.')
  return value
}

function malformed(pointer: string, detail: string): Problem {
  return new Problem(400, `The body is not valid. ${pointer}: ${detail}`, {
    errors: [{ pointer, detail }],
  })
}

/** A string, or a character that JSON's structure is made of. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs

/** Each member of each object in a text that is JSON, in order, those included that a later one hides. */
function* members(
  text: string,
): Generator<{ name: string; pointer: string; again: boolean }, void, void> {
  interface Level {
    pointer: string
    /** Undefined in an array. */
    names: Set<string> | undefined
    /** Of the value that comes next or is being read. */
    here: string
    index: number
  }
  const levels: Level[] = []
  let string: string | undefined
  for (const [found] of text.matchAll(token)) {
    const level = levels.at(-1)
    switch (found) {
      case '{':
      case '[': {
        const pointer = level ? level.here : ''
        const names = found === '{' ? new Set<string>() : undefined
        levels.push({ pointer, names, here: `${pointer}/0`, index: 0 })
        if (levels.length > DEEPEST) {
          throw new Problem(400, `The body is nested more than ${DEEPEST} levels deep.`)
        }
        break
      }
      case '}':
      case ']':
        levels.pop()
        break
      case ',':
        if (level && !level.names) level.here = `${level.pointer}/${++level.index}`
        break
      case ':': {
        const name: string = JSON.parse(string!)
        level!.here = `${level!.pointer}/${pointerSegment(name)}`
        yield { name, pointer: level!.here, again: level!.names!.has(name) }
        level!.names!.add(name)
        break
      }
      default:
        string = found
    }
  }
}

/** One step of a JSON pointer (RFC 6901), cut: an answer need not give back a name of megabytes. */
export function pointerSegment(name: string): string {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  return shown.replaceAll('~', '~0').replaceAll('/', '~1')
}
