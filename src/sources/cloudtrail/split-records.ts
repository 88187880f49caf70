/**
 * Splits text into the JSON texts of its CloudTrail records, without holding more than one record.
 *
 * It accepts one record, JSON lines, an array, `{"Records": […]}` (CloudTrail's log files) and
 * `{"Events": […]}` (LookupEvents output), also one after the other. It finds where values begin
 * and end and leaves it to `JSON.parse` to judge them: a broken record is a text of its own, and
 * the next one is found again where a line begins with `{`.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const BYTE_ORDER_MARK = 0xfeff
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The ASCII characters that end or nest something inside a string, and outside of one. */
const IN_STRING = flagged([QUOTE, BACKSLASH, NEWLINE])
const IN_VALUE = flagged([
  QUOTE,
  NEWLINE,
  COMMA,
  OPEN_BRACE,
  CLOSE_BRACE,
  OPEN_BRACKET,
  CLOSE_BRACKET,
])

function flagged(codes: readonly number[]): Uint8Array {
  const flags = new Uint8Array(128)
  for (const code of codes) flags[code] = 1
  return flags
}

/** Keys whose array holds the records. */
const CONTAINER = /^\s*\{[\s\S]*"(?:Records|Events)"\s*:\s*$/

export class RecordSplitter {
  /** What has arrived of the value that is being read. */
  #text = ''
  /** Up to where `#text` is scanned. */
  #at = 0
  /** Where the value begins in `#text`; -1 between two values. */
  #start = -1
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** Inside an array of records: its elements are the values. */
  #isInArray = false
  /** Inside an object around such an array. */
  #isInContainer = false

  /** @returns the texts that this part of the input completes */
  push(part: string): string[] {
    this.#text += part
    const found: string[] = []
    for (;;) {
      if (this.#start >= 0) this.#skipPlain()
      if (this.#at >= this.#text.length) break
      const code = this.#text.charCodeAt(this.#at)
      if (this.#start < 0) this.#between(code, found)
      else if (this.#isInString) this.#inString(code, found)
      else this.#inValue(code, found)
      this.#at++
    }
    // A container's own text is of no use once its array has begun.
    if (this.#start < 0) this.#drop(this.#at)
    else this.#drop(this.#start)
    return found
  }

  /** Whether an array or a container is still open: at the end of the input, it is incomplete. */
  get isOpen(): boolean {
    return this.#isInArray || this.#isInContainer
  }

  /** @returns what is left at the end of the input: the text of a record that breaks off */
  end(): string[] {
    const rest = this.#start < 0 ? '' : this.#text.slice(this.#start).trim()
    this.#text = ''
    this.#at = 0
    this.#start = -1
    return rest === '' ? [] : [rest]
  }

  /** Moves to the next character of the value that means something: most mean nothing. */
  #skipPlain(): void {
    if (this.#isEscaped) return
    const text = this.#text
    const meanings = this.#isInString ? IN_STRING : IN_VALUE
    let at = this.#at
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code < 128 && meanings[code] === 1) break
    }
    this.#at = at
  }

  #between(code: number, found: string[]): void {
    if (this.#isInContainer && !this.#isInArray) {
      this.#besideArray(code)
      return
    }
    if (code <= 0x20 || code === COMMA || code === BYTE_ORDER_MARK) return
    if (code === OPEN_BRACKET && !this.#isInArray) this.#isInArray = true
    else if (code === CLOSE_BRACKET && this.#isInArray) this.#isInArray = false
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) found.push(String.fromCharCode(code))
    else {
      this.#start = this.#at
      this.#inValue(code, found)
    }
  }

  /** Reads past what follows the array of records in its object, such as NextToken. */
  #besideArray(code: number): void {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (code === BACKSLASH) this.#isEscaped = true
      else if (code === QUOTE) this.#isInString = false
    } else if (code === QUOTE) this.#isInString = true
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#depth++
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (this.#depth > 0) this.#depth--
      else this.#isInContainer = false
    }
  }

  #inString(code: number, found: string[]): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (code === BACKSLASH) this.#isEscaped = true
    else if (code === QUOTE) this.#isInString = false
    // JSON has no line breaks in strings: the record broke off.
    if (code === NEWLINE) this.#complete(this.#at, found)
    else if (!this.#isInString && this.#depth === 0) this.#complete(this.#at + 1, found)
  }

  #inValue(code: number, found: string[]): void {
    switch (code) {
      case QUOTE:
        this.#isInString = true
        return
      case OPEN_BRACKET:
        if (this.#depth === 1 && this.#isContainer()) {
          this.#isInContainer = true
          this.#isInArray = true
          this.#start = -1
          this.#depth = 0
          return
        }
        this.#depth++
        return
      case OPEN_BRACE:
        if (this.#depth > 0 && this.#isNextLine()) {
          this.#complete(this.#at, found)
          this.#start = this.#at
        }
        this.#depth++
        return
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        if (this.#depth > 0) {
          this.#depth--
          if (this.#depth === 0) this.#complete(this.#at + 1, found)
          return
        }
        // The end of what is around the value.
        this.#complete(this.#at, found)
        this.#at--
        return
      case NEWLINE:
        // A number, a word, or anything else that is not a record.
        if (this.#depth === 0) this.#complete(this.#at, found)
        return
      case COMMA:
        if (this.#depth === 0 && this.#isInArray) this.#complete(this.#at, found)
        return
      default:
    }
  }

  /**
   * Whether another record begins here, because the one before broke off on its only line. Records
   * that are printed over several lines have nothing but their brace on the first one.
   */
  #isNextLine(): boolean {
    if (this.#text.charCodeAt(this.#at - 1) !== NEWLINE) return false
    const firstLine = this.#text.slice(this.#start, this.#text.indexOf('\n', this.#start))
    return firstLine.trim() !== '{'
  }

  /** Whether the array that begins here is that of a container. A record has no such keys. */
  #isContainer(): boolean {
    if (this.#isInArray) return false
    const before = this.#text.slice(this.#start, this.#at)
    return before.length < 10_000 && CONTAINER.test(before)
  }

  #complete(end: number, found: string[]): void {
    const text = this.#text.slice(this.#start, end).trim()
    if (text !== '') found.push(text)
    this.#start = -1
    this.#depth = 0
    this.#isInString = false
    this.#isEscaped = false
  }

  #drop(upTo: number): void {
    if (upTo === 0) return
    this.#text = this.#text.slice(upTo)
    this.#at -= upTo
    if (this.#start >= 0) this.#start -= upTo
  }
}
