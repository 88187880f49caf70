/**
 * A key for one submission of a form, so that a double click creates one item. Unlike
 * `crypto.randomUUID`, also available without HTTPS.
 */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
