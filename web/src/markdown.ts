/**
 * Text from sources, on one line. It becomes no markup, link or mention: CommonMark allows a
 * backslash before any ASCII punctuation.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replaceAll(/[\\`*_{}[\]<>()#+!|~&@]|:(?=\/\/)|(?<=www)\./gi, '\\$&')
}
