import { externalIdProblem, isAscii, isExternalId } from './external-id.ts'
import { Problem } from './problems.ts'

/** Deeper than any valid body, and shallow enough for recursive code. */
const MAX_DEPTH = 64

/**
 * Limit for non-ASCII field names, in UTF-16 units over the whole body. Each name is normalized,
 * which can turn one character into eighteen.
 */
const MAX_NON_ASCII_NAMES_LENGTH = 4096

/**
 * Parses a request body. Stricter than `JSON.parse`, which keeps only the last of two members with
 * the same name: a check of the result would not see the other one, but a proxy might have acted on
 * it. So this function checks the names in the text.
 *
 * @throws Problem 422 if a member at any depth spells an external ID; 400 if the text is not JSON,
 *   repeats a name within an object, is nested too deeply, or has too much non-ASCII text in its
 *   names
 */
export function parseBody(text: string): unknown {
  // Many clients send a Content-Type without a body.
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
    if (otherNames > MAX_NON_ASCII_NAMES_LENGTH) {
      const detail = `Too much non-ASCII text in field names. The limit is ${MAX_NON_ASCII_NAMES_LENGTH} characters in total.`
      throw malformed(pointer, detail)
    }
    if (isExternalId(name)) throw externalIdProblem(pointer)
    if (again) repeated ??= pointer
    // `{...value}` and similar code would use it as an object's prototype.
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

/** A string, or a character of JSON's structure. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs

/**
 * Yields each member of each object in a JSON text, in order, including members that a later
 * duplicate hides.
 */
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
        if (levels.length > MAX_DEPTH) {
          throw new Problem(400, `The body is nested more than ${MAX_DEPTH} levels deep.`)
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

/**
 * One step of a JSON pointer (RFC 6901), shortened so that a response never repeats a very long
 * name.
 */
export function pointerSegment(name: string): string {
  const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name
  return shown.replaceAll('~', '~0').replaceAll('/', '~1')
}
