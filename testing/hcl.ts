import { createRequire } from 'node:module'

/** HashiCorp's own parser. Its types bring a browser's along, which are not for this project. */
const hcl2json = createRequire(import.meta.url)('@cdktf/hcl2json')

/**
 * Reads HCL as JSON: blocks become lists, expressions stay as text in `${}`.
 *
 * @throws with the place where it is not HCL
 */
// biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of the document
export function parseHcl(fileName: string, text: string): Promise<any> {
  return hcl2json.parse(fileName, text)
}
