/** More in one event are not looked up. Custom details may contain other fields of this name. */
const MAX_KEYS = 3

/** A member `routing_key` with a string of at most 500 characters, on any level. */
const member = /"routing_key"\s*:\s*("(?:[^"\\]|\\.){1,500}")/g

/**
 * The routing keys in the text of a PagerDuty event, at most three. The text is only searched:
 * parsing it takes up to a hundred times as long, and its sender is not authenticated yet.
 */
export function findRoutingKeys(text: string): string[] {
  const keys = new Set<string>()
  for (const [, string] of text.matchAll(member)) {
    const key = unquote(string!)
    if (key !== undefined) keys.add(key)
    if (keys.size === MAX_KEYS) break
  }
  return [...keys]
}

function unquote(string: string): string | undefined {
  try {
    return JSON.parse(string)
  } catch {
    return undefined
  }
}
