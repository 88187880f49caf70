import { hash } from 'node:crypto'

/** Many changes in a row have the same session. */
const digests = new Map<string, string>()
const MAX_DIGESTS = 5_000
/** Longer texts are rare, and not kept. */
const MAX_TEXT_LENGTH = 1_000

/** 22 characters for any parts: texts of sources can have any length. */
export function digest(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts)
  const known = digests.get(text)
  if (known !== undefined) return known
  const result = hash('sha256', text, 'base64url').slice(0, 22)
  if (digests.size >= MAX_DIGESTS) digests.clear()
  if (text.length < MAX_TEXT_LENGTH) digests.set(text, result)
  return result
}
