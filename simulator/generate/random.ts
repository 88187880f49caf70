/** Chance that comes out the same for the same key: every id, time and choice of the generated account. */

import { hash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  readonly #generator

  /** @param key distinguishes this random sequence from all others; 128 bits of its digest are the state */
  constructor(...key: readonly (string | number)[]) {
    const digest = hash('sha256', JSON.stringify(key), 'buffer')
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)))
  }

  /** From 0, to below 1. */
  fraction(): number {
    return uniformFloat64(this.#generator)
  }

  /** Both bounds included. */
  integer(from: number, to: number): number {
    return uniformInt(this.#generator, from, to)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!
  }

  /** Different items in random order; all of them if there are fewer. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list]
    const taken: T[] = []
    while (taken.length < count && left.length > 0) {
      taken.push(...left.splice(this.integer(0, left.length - 1), 1))
    }
    return taken
  }

  /** How often something happens that happens `mean` times on average (Poisson's distribution). */
  count(mean: number): number {
    const limit = Math.exp(-mean)
    let times = 0
    for (let product = this.fraction(); product > limit; product *= this.fraction()) times++
    return times
  }

  /** Spread log-normally around its median. */
  around(median: number, sigma: number): number {
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.fraction())) * Math.cos(2 * Math.PI * this.fraction())
    return median * Math.exp(sigma * normal)
  }

  text(alphabet: string, length: number): string {
    let text = ''
    while (text.length < length) text += alphabet[this.integer(0, alphabet.length - 1)]
    return text
  }

  hex(length: number): string {
    return this.text('0123456789abcdef', length)
  }

  /** Version 4. */
  uuid(): string {
    const hex = this.hex(30)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${this.pick(['8', '9', 'a', 'b'])}${hex.slice(15, 18)}-${hex.slice(18, 30)}`
  }

  /** An IAM identifier: `AROA…`, `ASIA…`. */
  iamId(kind: 'AKIA' | 'ASIA' | 'AROA' | 'AIDA'): string {
    return kind + this.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)
  }

  /** An EC2 identifier: `i-0…`. */
  ec2Id(kind: string): string {
    return `${kind}-0${this.hex(16)}`
  }
}
