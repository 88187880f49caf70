/**
 * Whether network ranges are the internet: `0.0.0.0/0`, and ranges so wide that no organization owns
 * them, such as `0.0.0.0/1` with `128.0.0.0/1`.
 *
 * No company's network is a sixteenth of all IPv4 addresses, or an IPv6 block as wide as those that
 * IANA allocates to a region's registry (/12).
 */

import { listed, spoken } from '../../changes/text.ts'

/** A range in the first 32 bits of an address. */
interface Range {
  from: number
  size: number
}

const ALL = 2 ** 32
const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/
const V6 = /^([0-9a-f]{0,4})(?::([0-9a-f]{0,4}))?[0-9a-f:.]*\/(\d{1,3})$/i
/** Shorter prefixes than this may be a part of the internet; all others are some network. */
const SHORT = /\/(\d|1[0-2])$/

/** Multicast and reserved addresses, and the private networks. */
function rangeOfV4(cidr: string): Range | undefined {
  const [, a, b, c, d, prefix] = V4.exec(cidr) ?? []
  if (prefix === undefined || Number(prefix) > 8) return undefined
  const size = 2 ** (32 - Number(prefix))
  const address = ((Number(a) * 256 + Number(b)) * 256 + Number(c)) * 256 + Number(d)
  const from = Math.floor(address / size) * size
  const isReserved = Number(prefix) >= 3 && Number(a) >= 224
  const isPrivate = Number(prefix) === 8 && (a === '10' || a === '127' || a === '0')
  return isReserved || isPrivate || from >= ALL ? undefined : { from, size }
}

/** The addresses of the internet are 2000::/3: https://www.iana.org/assignments/ipv6-unicast-address-assignments */
const UNICAST = { from: 0x2000_0000, to: 0x4000_0000 }

/** The part of a range that is of the internet. */
function rangeOfV6(cidr: string): Range | undefined {
  const [, first, , prefix] = V6.exec(cidr) ?? []
  if (first === undefined || prefix === undefined || !cidr.includes(':')) return undefined
  if (Number(prefix) > 12) return undefined
  const size = 2 ** (32 - Number(prefix))
  const from = Math.floor((Number.parseInt(first || '0', 16) * 65_536) / size) * size
  const start = Math.max(from, UNICAST.from)
  const end = Math.min(from + size, UNICAST.to)
  return start < end ? { from: start, size: end - start } : undefined
}

/** How many addresses the ranges contain together. */
function covered(ranges: readonly Range[]): number {
  let end = 0
  let sum = 0
  for (const { from, size } of ranges.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, from + size - Math.max(from, end))
    end = Math.max(end, from + size)
  }
  return sum
}

/** Whether the ranges together are the internet or a large part of it. */
export function areInternet(cidrs: readonly (string | undefined)[]): boolean {
  return reachOf(cidrs) !== undefined
}

/** Whether one range is the internet or a large part of it. */
export function isInternet(cidr: string): boolean {
  return cidr.length <= 45 && SHORT.test(cidr) && reachOf([cidr]) !== undefined
}

interface Reach {
  /** `the world`, `a large part of the internet (0.0.0.0/1)`. */
  words: string
  /** The ranges that these words mean. */
  cidrs: string[]
}

/** The part of some ranges that is the internet, in words; undefined for networks of someone. */
export function reachOf(cidrs: readonly (string | undefined)[]): Reach | undefined {
  const wide = cidrs.filter(
    (cidr) => cidr !== undefined && cidr.length <= 45 && SHORT.test(cidr),
  ) as string[]
  if (wide.length === 0) return undefined
  const exact = wide.filter((cidr) => /^[0.:]+\/0$/.test(cidr))
  if (exact.length > 0) return { words: 'the world', cidrs: wide }
  const v4 = wide.filter((cidr) => rangeOfV4(cidr) !== undefined)
  const v6 = wide.filter((cidr) => rangeOfV6(cidr) !== undefined)
  const share4 = covered(v4.map((cidr) => rangeOfV4(cidr)!)) / ALL
  const share6 = covered(v6.map((cidr) => rangeOfV6(cidr)!)) / (UNICAST.to - UNICAST.from)
  const found = [...(share4 >= 1 / 16 ? v4 : []), ...(share6 >= 1 / 512 ? v6 : [])]
  if (found.length === 0) return undefined
  const what = share4 === 1 || share6 === 1 ? 'the world' : 'a large part of the internet'
  return { words: `${what} (${listed(found.map((cidr) => spoken(cidr, 50)))})`, cidrs: found }
}
