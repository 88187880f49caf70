/**
 * Remembers what a pure function returns for a text. Names of actions, services and fields repeat
 * in every record, and what they mean never changes.
 *
 * Callers can invent names, so what is remembered has a limit: texts of at most `MAX_LENGTH`
 * characters, and the first `MAX_ENTRIES` of them.
 */
export function memo<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found as T
    const made = make(text)
    if (text.length <= MAX_LENGTH && known.size < MAX_ENTRIES) known.set(text, made)
    return made
  }
}

const MAX_LENGTH = 100
const MAX_ENTRIES = 5_000
