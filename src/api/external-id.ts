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

/** A name as it may be meant: compatibility forms, case and everything between letters dropped. */
function meant(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** Letters of other scripts that look like those of the name; whoever uses them means it. */
const lookAlikes: Record<string, string> = {
  ...{ е: 'e', х: 'x', т: 't', г: 'r', п: 'n', а: 'a', і: 'i', ӏ: 'l', ԁ: 'd', ο: 'o', ε: 'e' },
  ...{ χ: 'x', τ: 't', ι: 'i', α: 'a', ν: 'n', ρ: 'r', ı: 'i', ԛ: 'q', ɩ: 'i', ɑ: 'a' },
}

/** Whether a name is some spelling of `externalId`. */
export function isExternalId(name: string): boolean {
  const letters = [...meant(name)].map((letter) => lookAlikes[letter] ?? letter).join('')
  return /^(sts)?externalids?$/.test(letters)
}

/**
 * Refuses a request that tries to set an external ID, however it is spelled and wherever in the
 * body or the query it stands.
 *
 * @throws Problem 422 that names the place
 */
export function refuseExternalId(value: unknown, pointer = ''): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    const here = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (!Array.isArray(value) && isExternalId(name)) {
      const detail = 'The external ID is made by Cairn and cannot be set or changed.'
      throw new Problem(422, detail, { errors: [{ pointer: here, detail: 'Leave this out.' }] })
    }
    refuseExternalId(inner, here)
  }
}
