/** The account ID in an ARN or in a principal that is an account; undefined for anything else. */
export function accountOf(name: string): string | undefined {
  return /^(?:arn:aws[\w-]*:(?:iam|sts)::)?(\d{12})(?::|$)/.exec(name)?.[1]
}

/**
 * IAM's wildcards: `*` matches any text, `?` any one character. In the worst case, the time is
 * proportional to the product of both lengths, unlike that of a regular expression with many `*`.
 */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      from = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

export const hasWildcard = (text: string) => /[*?]/.test(text)

export const json = (value: unknown) => JSON.stringify(value, null, 2)
export const asJsonText = (value: unknown) =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
/**
 * Escapes in JSON can produce lone surrogates. They are removed here, so that no other code has to
 * handle them.
 */
export const shorten = (text: string) =>
  (text.length > 200 ? `${text.slice(0, 200)}…` : text).toWellFormed()
export const quote = (text: string) => `"${shorten(text)}"`
export const quoteAll = (texts: readonly string[], between = ', ') =>
  texts.slice(0, 5).map(quote).join(between) +
  (texts.length > 5 ? ` and ${texts.length - 5} more` : '')
