import { randomInt } from 'node:crypto'
import { Problem } from './problems.ts'

/** Without 0, 1, i, l, o: people read it out and compare it. Both cases, so that probes can swap them. */
const alphabet = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789'
/** 24 characters of 54 are 138 random bits. AWS takes 2 to 1,224 of `[\w+=,.@:\/-]`. */
const length = 24

/**
 * Makes the external ID of a new connection. It is no secret, but it has to be ours to choose:
 * whoever could set it could have Cairn read an account that trusts Cairn for somebody else.
 */
export function newExternalId(): string {
  const random = Array.from({ length }, () => alphabet[randomInt(alphabet.length)])
  return `cairn-${random.join('')}`
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

/** Letters of other scripts that look like those of the name: whoever uses them means it. */
const lookAlikes: Record<string, string> = {
  ...{ е: 'e', х: 'x', т: 't', г: 'r', п: 'n', а: 'a', і: 'i', ӏ: 'l', ԁ: 'd', ο: 'o', ε: 'e' },
  ...{ χ: 'x', τ: 't', ι: 'i', α: 'a', ν: 'n', ρ: 'r', ı: 'i', ɩ: 'i', ɑ: 'a' },
}

/**
 * Whether a name is some spelling of `externalId`: compatibility forms, accents, case and
 * everything that is no letter or digit are dropped, and names that hold it in the middle count.
 */
export function isExternalId(name: string): boolean {
  // Normalizing changes nothing in ASCII, and takes long for a long name.
  const letters = (isAscii(name) ? name : name.normalize('NFKD'))
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll(/[^a-z0-9]/gu, (letter) => lookAlikes[letter] ?? letter)
  return letters.includes('externalid')
}

/** The answer to a request that tries to set an external ID. */
export function externalIdProblem(pointer: string): Problem {
  const detail = 'Cairn generates the external ID. It cannot be set or changed. Remove this field.'
  return new Problem(422, `${pointer}: ${detail}`, { errors: [{ pointer, detail }] })
}

/**
 * Refuses a query that has an external ID among its names. Bodies are looked at where they are
 * parsed, see `parseBody`.
 *
 * @throws Problem 422
 */
export function refuseExternalIdInQuery(query: unknown): void {
  for (const name of Object.keys(query ?? {})) {
    if (isExternalId(name)) throw externalIdProblem(`?${name.slice(0, 100)}`)
  }
}
