/** Which field changed, from what to what, in words and with secrets masked. */

import { indexable, listed, spoken, words } from '../../changes/text.ts'
import type { Edit } from './detail.ts'
import { type JsonReader, scalar } from './json-reader.ts'

export const HIDDEN = '(hidden)'

// Parameters whose values are never shown, in addition to what AWS hides.
const SECRET_NAME =
  /pass(word|wd|phrase)|secret(?!id$|arn$|name$|smanager)|credential|private_?key|key_?material|user_?data|auth(orization)?_?(token|header|key|parameters)|access_?token|session_?token|security_?token|api_?key(?!id$)|connection_?string|environment|certificate_?body|plain_?text|token$|webhook/i
// Values that look like secrets.
const SECRET_VALUE =
  /-----BEGIN|:\/\/[^/\s:@]*:[^/\s@]+@|\beyJ[\w-]{10,}\.[\w-]+|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|rk_live_|AKIA(?=[A-Z0-9]{16}[^A-Z0-9]+[\w/+]{40}))/
/** Parameters that do not describe what changed. */
const IRRELEVANT =
  /^(client(request)?token|idempotency(token|key)?|caller_?reference|dryrun|nexttoken|maxresults|host|x-amz-.*|tags?|taglist|tagset|tagspecification(set)?|apply_?immediately|skipfinalsnapshot|fullyqualifiedarn|revisionid|xmlns)$/i

/** A value as it may be shown under this name. */
export function shown(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (value.startsWith('HIDDEN_DUE_TO') || value === '***' || /^\*{4,}$/.test(value)) return HIDDEN
  return SECRET_NAME.test(name) || SECRET_VALUE.test(value.slice(0, 2_000))
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
 * The plain parameters of a request as edits, except those that only name the resource.
 *
 * @param except names of parameters that identify the resource
 * @param before the values before the change, under the same names
 */
export function editsOf(
  params: JsonReader,
  except: readonly string[],
  before?: JsonReader,
): Edit[] {
  const skipped = new Set(except.map((name) => name.toLowerCase()))
  const edits: Edit[] = []
  for (const [name, value] of params.entries()) {
    if (edits.length >= 30) break
    if (skipped.has(name.toLowerCase()) || IRRELEVANT.test(name)) continue
    const isSecret = SECRET_NAME.test(name)
    const to = isSecret && value !== null && value !== '' ? HIDDEN : plain(value)
    if (to === undefined) continue
    const from = isSecret ? undefined : before?.text(name)
    edits.push(...edit(words(name), from, to))
  }
  return edits
}

function plain(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const texts = value.slice(0, 20).map(scalar)
    const isPlain = texts.length > 0 && texts.every((text) => text !== undefined)
    return isPlain ? listed(texts as string[], 5) : undefined
  }
  return scalar(value)
}

/** The edits as the end of a sentence. */
export function spelled(edits: readonly Edit[]): string {
  return edits.length === 0 ? '' : `: ${inWords(edits)}`
}

/** The edits as part of a sentence: `desired count from 2 to 4 and image to web:42`. */
function inWords(edits: readonly Edit[], most: number = 3): string {
  return listed(
    edits.map(({ field, from, to }) => {
      if (from !== undefined && to !== undefined)
        return `${field} from ${brief(from)} to ${brief(to)}`
      if (to === undefined) return `${field}, removed`
      return to === HIDDEN ? field : `${field} to ${brief(to)}`
    }),
    most,
  )
}

function brief(value: string): string {
  return spoken(value, 60)
}
