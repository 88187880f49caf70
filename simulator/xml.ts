/** XML as the query protocol's answers have it: elements only, no attributes; a list's items are its `member`s. */

export interface Elements {
  [name: string]: string | Elements | (string | Elements)[]
}

export function xml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, value]) => `<${name}>${content(value)}</${name}>`)
    .join('')
}

function content(value: Elements[string]): string {
  if (Array.isArray(value)) return value.map((member) => xml({ member })).join('')
  return typeof value === 'string' ? escapeXml(value) : xml(value)
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // Control characters have no place in XML at all.
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => entities[character]!)
}
