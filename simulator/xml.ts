/** XML as the query protocol's answers have it: elements only, no attributes. */

export interface Elements {
  [name: string]: string | Elements
}

export function xml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, value]) => {
      const inside = typeof value === 'string' ? escapeXml(value) : xml(value)
      return `<${name}>${inside}</${name}>`
    })
    .join('')
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (character) => entities[character]!)
}
