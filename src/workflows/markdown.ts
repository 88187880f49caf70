/**
 * Escapes untrusted text for Temporal's UI, so that it cannot break a table or imitate other fields.
 *
 * @param most in UTF-16 code units
 */
export function markdownText(value: string, most = 300): string {
  const line = value.replace(/\s+/g, ' ').trim()
  const cut = line.length > most ? `${line.slice(0, most - 1).toWellFormed()}…` : line
  return cut.replace(/[\\`*_{}[\]<>|~]/g, '\\$&')
}
