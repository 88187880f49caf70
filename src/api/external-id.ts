import { randomInt } from 'node:crypto'
import { Problem } from './problems.ts'

/**
 * Without 0, 1, i, l and o, because people read it aloud and compare it. Both cases, so that probes
 * can swap them.
 */
const alphabet = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789'
/** 24 characters of 54 are 138 random bits. AWS accepts 2 to 1,224 of `[\w+=,.@:\/-]`. */
const length = 24

/**
 * Generates the external ID of a new connection. It is not a secret, but users must not choose it:
 * someone who can set it could make Cairn read an account that trusts Cairn for another customer.
 */
export function newExternalId(): string {
  const random = Array.from({ length }, () => alphabet[randomInt(alphabet.length)])
  return `cairn-${random.join('')}`
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

const EXTERNAL_ID = 'externalid'

/** Letters of other scripts that look like those of the name. */
const lookAlikes: Record<string, string> = {
  е: 'e',
  х: 'x',
  т: 't',
  г: 'r',
  п: 'n',
  а: 'a',
  і: 'i',
  ӏ: 'l',
  ԁ: 'd',
  ο: 'o',
  ε: 'e',
  χ: 'x',
  τ: 't',
  ι: 'i',
  α: 'a',
  ν: 'n',
  ρ: 'r',
  ı: 'i',
  ɩ: 'i',
  ɑ: 'a',
}

/**
 * Whether a name is a spelling of `externalId`. Compatibility forms, accents, case, and characters
 * other than letters and digits are ignored. Names that contain it also count.
 */
export function isExternalId(name: string): boolean {
  // Normalizing does not change ASCII, and is slow for long names.
  if (isAscii(name)) {
    if (name.length < EXTERNAL_ID.length) return false
    return name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .includes(EXTERNAL_ID)
  }
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll(/[^a-z0-9]/gu, (letter) => lookAlikes[letter] ?? letter)
  return letters.includes(EXTERNAL_ID)
}

/** The response to a request that tries to set an external ID. */
export function externalIdProblem(pointer: string): Problem {
  const detail = 'Cairn generates the external ID. It cannot be set or changed. Remove this field.'
  return new Problem(422, `${pointer}: ${detail}`, { errors: [{ pointer, detail }] })
}

/**
 * Rejects a query that contains an external ID. For bodies, see `parseBody`.
 *
 * @throws Problem 422
 */
export function refuseExternalIdInQuery(query: unknown): void {
  for (const name of Object.keys(query ?? {})) {
    if (isExternalId(name)) throw externalIdProblem(`?${name.slice(0, 100)}`)
  }
}
