/**
 * What is never shown: values whose names say that they are secret, and values that look like one.
 *
 * A name is a path, because a secret is often named outside its own field: `/variables/DB_PASSWORD`,
 * `{name: "API_KEY", value: "…"}`, `environment.variables.TOKEN`. The stored record keeps them.
 */

import { isObject } from '../../json.ts'
import { mapTexts } from '../deep-json.ts'
import { scalar } from './json-reader.ts'
import { textReplacer } from './replace-text.ts'

export const HIDDEN = '(hidden)'

const SECRET_WORD =
  /pass_?(word|wd|phrase|code|key)|passwd|\bpwd\b|secret|credential|private_?key|key_?material|user_?data|auth(orization)?_?(token|header|key|parameters|config)|token|api_?key|connection_?string|^environment$|(^|_|stage_?|env(ironment)?_?)variables$|env_?vars?$|certificate_?(body|chain)|plain_?text|webhook|signing|ssh_?public_?key|otp\b|\bpin\b|salt\b|licen[cs]e_?key|pre_?shared_?key|hmac/i
/** A key, unless it only names one: `accessKey` and `sharedKey`, but not `kmsKey` or `tagKey`. */
const KEY_WORD =
  /(?<!kms|k_?m_?s_?|tag_?|s3_?|object_?|partition_?|sort_?|hash_?|range_?|primary_?|foreign_?|parameter_?|attribute_?|option_?|route_?|index_?|filter_?|routing_?|image_?|bucket_?|source_?|output_?|template_?|destination_?)key$/i
/** Ends of names that describe a secret or refer to it, and are none. */
const DESCRIPTION =
  /(ids?|arns?|names?|identifiers?|types?|status|state|enabled|disabled|policy|policies|length|age|date|expiry|expiration|expires?(at|in|on)?|validity(_?units?|_?period)?|lifetime|seconds|minutes|days|version|versions|stage|stages|count|limit|enforced?|required|reuse_?prevention|rotation|signing_?algorithm|algorithm|spec|usage|rules?|requirements?|settings?|source|provider|url|uri|endpoint|format|mode|strategy|behavior|protocol|method|(arn|id|name)_?lists?)$/i
/** AWS's own tokens for retries and pages. */
const RETRY_TOKEN =
  /^(client_?(request_?)?token|idempotency_?(token|key)?|next_?token|creation_?token|caller_?reference|lock_?token|change_?token|update_?token|pagination_?token|continuation_?token|http_?tokens)$/i

// Values that look like secrets, and options of commands whose values are.
const SECRET_VALUE =
  /-----BEGIN|(?:^|[\s,"'])--?[\w-]*(?:password|passwd|secret|token|api-?key|credentials?)(?:[\s=,"']|$)|:\/\/[^/\s:@]*:[^/\s@]+@|\beyJ[\w-]{10,}\.[\w-]+|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk_live_|rk_live_|AKIA(?=[A-Z0-9]{16}[^A-Z0-9]+[\w/+]{40}))/

/** Whether a name says that its value is secret. Names repeat: the answers are remembered. */
export function isSecretName(name: string): boolean {
  const known = remembered.get(name)
  if (known !== undefined) return known
  const answer = judge(name.slice(0, 300))
  if (remembered.size < 5_000 && name.length < 80) remembered.set(name, answer)
  return answer
}

const remembered = new Map<string, boolean>()

function judge(name: string): boolean {
  // Spaces, dots and dashes separate words as camel case does.
  const plain = name.trim().replace(/[\s.-]+/g, '_')
  if (RETRY_TOKEN.test(plain)) return false
  if (!SECRET_WORD.test(plain) && !KEY_WORD.test(plain)) return false
  if (/^(secrets_?manager|environment_?(id|name)s?)/i.test(plain)) return false
  return !DESCRIPTION.test(plain)
}

/** Whether any part of a path says so: `environment.variables.URL`, `/variables/token`. */
export function isSecretPath(path: readonly string[]): boolean {
  return path.some((part, i) =>
    // A container such as `passwordPolicy` or `secretId` describes what is in it.
    i === path.length - 1 ? isSecretName(part) : isSecretName(part) && !/key$/i.test(part),
  )
}

export function isSecretValue(value: string): boolean {
  return SECRET_VALUE.test(value.slice(0, 2_000))
}

/** What AWS writes in place of a secret. */
export function isMasked(value: string): boolean {
  return (
    value.startsWith('HIDDEN_DUE_TO') ||
    value === HIDDEN ||
    value === '***' ||
    value === '<sensitiveDataRemoved>' ||
    /^\*{4,}$/.test(value)
  )
}

/** Names beside values: `{parameterName: "db_password", parameterValue: "…"}`. */
const NAME_FIELD =
  /^(key|name|(parameter|attribute|option|variable|setting|property|env|tag|field)_?(key|name)|path)$/i
const VALUE_FIELD = /value|content|default|data/i
/** Actions whose value is a secret. */
const MAKES_SECRET = /ApiKey|Secret|Token|Password|Credential/
const VARIABLES = /environment|variables/i
const MIN_SECRET_LENGTH = 5
const MAX_SECRETS = 200

/** Where a record has what a caller passed, and what may repeat it. */
const PARTS = [
  'requestParameters',
  'responseElements',
  'additionalEventData',
  'serviceEventDetails',
]
const REPEATING = [...PARTS, 'errorMessage', 'resources']

/**
 * The record without the values at its secret paths, wherever they appear in it: an error message or
 * a resource's name may repeat them. The record itself, when it has none.
 */
export function maskSecrets(record: Record<string, unknown>): Record<string, unknown> {
  const secrets = new Set<string>()
  for (const part of PARTS) collect(record[part], false, secrets, 0)
  // CreateApiKey takes the key itself as `value`.
  const { eventName, requestParameters: request } = record
  if (typeof eventName === 'string' && MAKES_SECRET.test(eventName) && isObject(request)) {
    collect(request.value, true, secrets, 0)
  }
  if (secrets.size === 0) return record
  // A secret may contain another one.
  const ordered = [...secrets].sort((a, b) => b.length - a.length)
  const replacers = ordered.map((secret) => textReplacer(secret, HIDDEN))
  const masked = { ...record }
  for (const part of REPEATING) {
    if (Object.hasOwn(masked, part)) masked[part] = withoutSecrets(masked[part], replacers)
  }
  return masked
}

interface FieldRole {
  isSecret: boolean
  isDescription: boolean
  isNameField: boolean
  isValueField: boolean
  isVariables: boolean
}

const roles = new Map<string, FieldRole>()

/** What a field's name says of its value. Names repeat in every record. */
function roleOf(name: string): FieldRole {
  const known = roles.get(name)
  if (known !== undefined) return known
  const made = {
    isSecret: isSecretName(name),
    isDescription: DESCRIPTION.test(name.slice(0, 300)),
    isNameField: NAME_FIELD.test(name),
    isValueField: VALUE_FIELD.test(name.slice(0, 300)),
    isVariables: VARIABLES.test(name.slice(0, 300)),
  }
  if (roles.size < 5_000 && name.length < 80) roles.set(name, made)
  return made
}

function collect(value: unknown, isSecret: boolean, found: Set<string>, depth: number): void {
  if (depth > 12 || found.size >= MAX_SECRETS) return
  if (Array.isArray(value)) {
    for (const item of value.length > 200 ? value.slice(0, 200) : value)
      collect(item, isSecret, found, depth + 1)
    return
  }
  if (isObject(value)) {
    let named: string | undefined
    for (const name in value) {
      if (typeof value[name] === 'string' && roleOf(name).isNameField) {
        named = name
        break
      }
    }
    const isNamedSecret =
      named !== undefined && nameParts(String(value[named])).some((part) => isSecretName(part))
    let count = 0
    for (const name in value) {
      if (count++ >= 200) break
      const inner = value[name]
      if (inner === null || typeof inner === 'boolean') continue
      const role = roleOf(name)
      const isValue = isNamedSecret && name !== named && role.isValueField
      // Variables are hidden where they are shown, but each is not a secret that is one elsewhere.
      const isOwn = role.isSecret && name !== named && !(role.isVariables && isObject(inner))
      collect(inner, isOwn || isValue || (isSecret && !role.isDescription), found, depth + 1)
    }
    return
  }
  if (!isSecret) {
    if (typeof value === 'string') collectEmbedded(value, found, depth)
    return
  }
  const text = scalar(value)
  if (text === undefined || text.length < MIN_SECRET_LENGTH || isMasked(text)) return
  // A reference is none: an ARN, an alias, a flag.
  if (
    /^(arn:|alias\/)|^(true|false|success|failure|succeeded|failed|enabled|disabled|active|inactive|pending|none|required|optional|password|\d{1,5})$/i.test(
      text,
    )
  ) {
    return
  }
  found.add(text)
}

/**
 * A name in JSON text that says secret: `{"token":`, also escaped. Begins with the quote: before it,
 * a run of backslashes would be read again from each of them.
 */
const EMBEDDED =
  /"[\w.-]{0,60}(secret|token|passw(or)?d|passphrase|credential|api_?-?key|private_?-?key|access_?-?key)[\w.-]{0,60}\\*"\s*:/i
const MAX_EMBEDDED_LENGTH = 131_072

/** Whether a text is JSON with a secret in it: the input of a schedule, a state machine, a job. */
export function hasEmbeddedSecret(text: string): boolean {
  const first = text.charCodeAt(0)
  const isJson = first === 0x7b || first === 0x5b
  return isJson && text.length <= MAX_EMBEDDED_LENGTH && EMBEDDED.test(text)
}

function collectEmbedded(text: string, found: Set<string>, depth: number): void {
  if (!hasEmbeddedSecret(text)) return
  try {
    collect(JSON.parse(text), false, found, depth + 1)
  } catch {
    // It only looks like JSON: where it is shown, it is hidden.
  }
}

/** `/variables/DB_PASSWORD` → variables, DB_PASSWORD */
export function nameParts(name: string): string[] {
  return name
    .slice(0, 300)
    .split('/')
    .filter((part) => part !== '')
}

/** The same JSON value with every secret replaced, in all texts that it keeps. */
function withoutSecrets(value: unknown, replacers: readonly ((text: string) => string)[]): unknown {
  return mapTexts(value, (text) => replacers.reduce((result, replace) => replace(result), text))
}
