/**
 * Makes any JSON text safe for a jsonb column.
 *
 * Each of these fails the whole statement in Postgres: NUL in text (22P05), lone surrogates
 * (22P02), numbers beyond the limits of numeric, such as 1e200000 (22003), and nesting that
 * exhausts the stack (54001). Safe text is returned unchanged, byte for byte.
 */

/** Deeper than any real record (about 12), and far below the limit of Postgres (thousands). */
export const MAX_DEPTH = 200
/** Numeric allows 131,072 digits before the decimal point and 16,383 after it. */
const MAX_NUMBER_LENGTH = 400
const MAX_EXPONENT = 400
/** Shorter numbers without an exponent are always in range. */
const SAFE_NUMBER_LENGTH = 100

/** Replaces what is nested deeper. */
export const LEFT_OUT = '(nested too deeply, omitted)'

/**
 * JSON text that jsonb accepts: safe text is returned unchanged, other text is sanitized. NUL and
 * lone surrogates become U+FFFD, numbers out of range become strings, and values that are nested
 * too deeply are omitted. Text that is not JSON becomes one JSON string that contains it.
 */
export function storableJson(raw: string): string {
  const text = raw.toWellFormed()
  try {
    JSON.parse(text)
  } catch {
    return JSON.stringify(text.replaceAll('\0', '\ufffd'))
  }
  return sanitizeJson(text)
}

/** Like `storableJson`, for text that has been parsed already. */
export function sanitizeJson(json: string): string {
  const text = json.toWellFormed()
  return isSurelySafe(text) ? text : sanitize(text)
}

/** What follows `\u` in the escapes of NUL and of surrogates (D800 to DFFF). */
const UNSAFE_ESCAPE = /^(?:0000|[dD][89a-fA-F])/
const [QUOTE, BACKSLASH, U] = [0x22, 0x5c, 0x75]

/**
 * Whether valid JSON contains nothing that has to be replaced. May reject a safe text, but never
 * accepts an unsafe one. Reads each character once: a webhook's body has up to 25 MiB.
 */
function isSurelySafe(text: string): boolean {
  let depth = 0
  let numberLength = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isInString) {
      if (code === QUOTE) isInString = false
      else if (code === BACKSLASH) {
        i++
        if (text.charCodeAt(i) === U && UNSAFE_ESCAPE.test(text.slice(i + 1, i + 5))) return false
      }
    } else if (isPartOfNumber(code)) {
      // A longer number may be out of range, and a shorter one is if its exponent is large.
      if (++numberLength > SAFE_NUMBER_LENGTH) return false
      if (isExponent(code) && numberLength > 1 && /^.[-+]?\d{3}/.test(text.slice(i, i + 5)))
        return false
    } else {
      numberLength = 0
      if (code === QUOTE) isInString = true
      else if ((code === 0x7b || code === 0x5b) && ++depth > MAX_DEPTH) return false
      else if (code === 0x7d || code === 0x5d) depth--
    }
  }
  return true
}

/** A digit, or one of `+-.eE`. */
function isPartOfNumber(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    isExponent(code) ||
    (code >= 0x2b && code <= 0x2e && code !== 0x2c)
  )
}

function isExponent(code: number): boolean {
  return code === 0x65 || code === 0x45
}

/** Copies valid JSON and replaces what is unsafe. Iterative, so that deep nesting cannot exhaust the stack. */
function sanitize(text: string): string {
  const out: string[] = []
  let depth = 0
  let i = 0
  while (i < text.length) {
    const character = text[i]!
    if (character === '"') {
      const end = endOfString(text, i)
      if (depth <= MAX_DEPTH) out.push(sanitizeString(text.slice(i, end)))
      i = end
    } else if (character === '{' || character === '[') {
      depth++
      if (depth <= MAX_DEPTH) out.push(character)
      else if (depth === MAX_DEPTH + 1) out.push(JSON.stringify(LEFT_OUT))
      i++
    } else if (character === '}' || character === ']') {
      if (depth <= MAX_DEPTH) out.push(character)
      depth--
      i++
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      let end = i + 1
      while (end < text.length && /[-+.eE0-9]/.test(text[end]!)) end++
      if (depth <= MAX_DEPTH) out.push(sanitizeNumber(text.slice(i, end)))
      i = end
    } else {
      if (depth <= MAX_DEPTH) out.push(character)
      i++
    }
  }
  return out.join('')
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|[^u])/g

function sanitizeString(string: string): string {
  if (!string.includes('\\u')) return string
  return string.replace(ESCAPE, (whole, first?: string, second?: string) => {
    if (first === undefined) return whole
    const code = Number.parseInt(first, 16)
    const isHigh = code >= 0xd800 && code <= 0xdbff
    if (isHigh && second !== undefined) return whole
    const isLone = code >= 0xd800 && code <= 0xdfff
    const kept = code === 0 || isLone ? '\\ufffd' : `\\u${first}`
    // A low surrogate without a preceding high surrogate is lone.
    return second === undefined ? kept : `${kept}\\ufffd`
  })
}

function sanitizeNumber(number: string): string {
  const exponent = /[eE]([-+]?\d+)$/.exec(number)?.[1]
  const isAbsurd =
    number.length > MAX_NUMBER_LENGTH ||
    (exponent !== undefined && !(Math.abs(Number(exponent)) <= MAX_EXPONENT))
  return isAbsurd ? JSON.stringify(number.slice(0, MAX_NUMBER_LENGTH)) : number
}
