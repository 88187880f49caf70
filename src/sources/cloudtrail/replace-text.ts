/**
 * Replaces each occurrence of a text, in time that is linear in both lengths (Knuth, Morris and
 * Pratt). V8's own search may compare the whole secret at each place of a text that repeats itself:
 * 200 secrets of 600 characters in a text of 130,000 took 11 seconds.
 *
 * @param wanted not empty
 * @returns replaces it in a text, as `split(wanted).join(replacement)` does
 */
export function textReplacer(wanted: string, replacement: string): (text: string) => string {
  const borders = bordersOf(wanted)
  return (text) => {
    if (text.length < wanted.length) return text
    let result = ''
    let copied = 0
    let matched = 0
    for (let i = 0; i < text.length; i++) {
      matched = nextMatched(wanted, borders, matched, text.charCodeAt(i))
      if (matched < wanted.length) continue
      result += text.slice(copied, i + 1 - matched) + replacement
      copied = i + 1
      matched = 0
    }
    return copied === 0 ? text : result + text.slice(copied)
  }
}

/** For each start of the text, how long the longest part is that it begins and ends with. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length)
  for (let i = 1; i < text.length; i++) {
    borders[i] = nextMatched(text, borders, borders[i - 1]!, text.charCodeAt(i))
  }
  return borders
}

/** How many characters of `wanted` match up to the next character, given how many did before it. */
function nextMatched(wanted: string, borders: Uint32Array, before: number, code: number): number {
  let matched = before
  while (matched > 0 && wanted.charCodeAt(matched) !== code) matched = borders[matched - 1]!
  return wanted.charCodeAt(matched) === code ? matched + 1 : matched
}
