import { parseDocument } from 'yaml'
import { isObject } from '../../json.ts'

/** A role's trust policy as it was pasted. All scalars in it are strings. */
interface PastedRole {
  /** Null if only the policy was pasted, or the text does not contain it. */
  roleArn: string | null
  document: Record<string, unknown>
}

/** The longest text that is read, in UTF-16 code units. */
export const MAX_PASTE_LENGTH = 100 * 1024
/**
 * Without white space. With IAM's quotas for trust policies and tags, a role is well below this
 * limit, even if the policy is URL-encoded. Longer text is not a role, and slow to parse.
 */
const MAX_ROLE_LENGTH = 48 * 1024
const MAX_POLICY_LENGTH = 16 * 1024
/** Deeper than any role, and shallow enough for recursive code. */
const MAX_DEPTH = 32

const help =
  'Paste the full output of "aws iam get-role --role-name NAME --output json", or the JSON that the IAM console shows under "Trust relationships".'

/**
 * Reads the trust policy of a role from pasted text: the output of `aws iam get-role` as JSON or
 * YAML, the same with the policy URL-encoded as in IAM's API (IAM API reference, Role), the value
 * of `Role`, or the policy alone. Shell prompts around it are ignored.
 *
 * Never throws.
 *
 * @returns the role, or a message for the user about what is wrong
 */
export function readRole(pasted: string): PastedRole | { problem: string } {
  if (pasted.length > MAX_PASTE_LENGTH) return wrong('The text is longer than 100 KB')
  // No policy contains a lone surrogate, which cannot be stored or shown.
  const text = pasted.toWellFormed().trim()
  if (text === '') return wrong('The input is empty')
  if (text.replaceAll(/\s/g, '').length > MAX_ROLE_LENGTH) return wrong('This is not a single role')

  const known = knownMistake(text)
  if (known) return wrong(known)
  const bare = withoutPrompts(text)
  const parsed = parse(decode(text) ?? text) ?? (bare === text ? undefined : parse(bare))
  if (!parsed) {
    return wrong('This is not JSON or YAML in the format of AWS, or it has duplicate keys')
  }
  const outer = isObject(parsed.Role) ? parsed.Role : parsed
  const given = outer.AssumeRolePolicyDocument
  let document: unknown = given === undefined ? outer : given
  if (typeof document === 'string') document = parse(decode(document) ?? document)
  if (given !== undefined && !isObject(document)) {
    return wrong('The AssumeRolePolicyDocument is not valid')
  }
  if (!isObject(document) || !Object.hasOwn(document, 'Statement')) {
    return wrong('The input contains no trust policy')
  }
  if (JSON.stringify(document).length > MAX_POLICY_LENGTH) {
    return wrong('The trust policy exceeds the length limit of AWS')
  }
  const statements = listOf(document.Statement).filter(isObject)
  const names = (name: string) => statements.some((statement) => Object.hasOwn(statement, name))
  if (given === undefined && names('Resource') && !names('Principal') && !names('NotPrincipal')) {
    return wrong(
      'This is a permissions policy. It defines what the role can do, not who can assume it',
    )
  }
  const arn = given === undefined ? undefined : outer.Arn
  return { roleArn: typeof arn === 'string' && arn !== '' ? arn : null, document }
}

function wrong(sentence: string): { problem: string } {
  return { problem: `${sentence}. ${help}` }
}

function knownMistake(text: string): string | undefined {
  if (/^arn:\S*$/i.test(text)) return 'This is only an ARN'
  const error = /An error occurred \((\w{1,60})\)/.exec(text)
  if (error) return `The AWS CLI returned an error: ${error[1]}`
  if (/^-{3,}\n?\|/m.test(text) || /^ROLE\t/m.test(text)) {
    return 'This is table or text output, which does not contain the full policy'
  }
  if (/^\s*\{\s*"Roles"\s*:/.test(text)) return 'This is a list of roles'
  return undefined
}

/** The content of a URL-encoded document; undefined if it is not one. */
function decode(text: string): string | undefined {
  if (!/^["']?%7B/i.test(text)) return undefined
  try {
    return decodeURIComponent(text.replaceAll(/^["']|["']$/g, '')).toWellFormed()
  } catch {
    return undefined
  }
}

/**
 * JSON is a subset of YAML, so one parser reads both. It reports duplicate keys, which `JSON.parse`
 * ignores. IAM's output has no aliases; rejecting them prevents exponential expansion.
 */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const document = parseDocument(text, {
      schema: 'failsafe',
      logLevel: 'silent',
      prettyErrors: false,
    })
    if (document.errors.length > 0) return undefined
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    return isObject(value) && isShallow(value, MAX_DEPTH) ? value : undefined
  } catch {
    // An alias, or nesting that exhausts the stack.
    return undefined
  }
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))
}

/** Removes lines that a shell printed before and after, and the command. */
function withoutPrompts(text: string): string {
  const lines = text.split(/\r?\n/)
  const isPrompt = (line: string) =>
    /^\S.*[$#%>❯]\s*$|^(\S.*)?[$#%>❯]\s*aws\s|^aws\s|^[$#%>❯]$|^\(END\)$|^\s*$/.test(line)
  let start = 0
  for (let goesOn = false; start < lines.length; start++) {
    const line = lines[start]!
    if (!goesOn && !isPrompt(line)) break
    goesOn = /[\\`^]\s*$/.test(line)
  }
  let end = lines.length
  while (end > start && isPrompt(lines[end - 1]!)) end--
  return lines.slice(start, end).join('\n')
}

/** IAM writes single values with or without a list. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}
