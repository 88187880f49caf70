import { Problem } from '../problems.ts'

const MIB = 1024 * 1024

/**
 * Bytes of request bodies that a process keeps in memory at the same time. One address can use half
 * of what an integration can, so that it cannot displace the deliveries of other addresses. Each
 * limit is larger than the largest body (25 MiB).
 */
const MAX_BYTES = {
  address: 64 * MIB,
  integration: 128 * MIB,
  organization: 256 * MIB,
  process: 512 * MIB,
}

type Scope = keyof typeof MAX_BYTES

/** Whose limits a body counts against. The last two are undefined if the request has none. */
interface BodyOwner {
  /** An address block, see `addressBlock`. */
  address: string
  organization: string | undefined
  integration: string | undefined
}

/** One body, from its first byte to the end of its response. */
interface HeldBody {
  /** Counts memory that the body takes. May refuse this body or others. */
  add(bytes: number): void
  /** The body has arrived completely: it is not refused any more. */
  complete(): void
  /** Its memory is free. Further calls have no effect. */
  release(): void
}

export interface BodyMemory {
  /**
   * @param refuse called at most once, when the body has to be discarded. It is released already
   */
  hold(owner: BodyOwner, refuse: (problem: Problem) => void): HeldBody
}

interface Account {
  bytes: number
  limit: number
  /** Bodies that have begun to arrive, oldest first. */
  arriving: Set<Body>
}

interface Body {
  bytes: number
  isReleased: boolean
  keys: { key: string; scope: Scope }[]
  refuse: (problem: Problem) => void
}

/**
 * Limits the memory of request bodies. Counts what has arrived and not what a request announces, so
 * that connections that send nothing take nothing.
 *
 * Above a limit, the body that began to arrive first is refused (429), and not the one that arrives
 * now: a sender that keeps incomplete bodies open would otherwise block all others.
 */
export function createBodyMemory(limits: Partial<typeof MAX_BYTES> = {}): BodyMemory {
  const accounts = new Map<string, Account>()

  function open({ key, scope }: Body['keys'][number]): Account {
    const known = accounts.get(key)
    if (known) return known
    const limit = limits[scope] ?? MAX_BYTES[scope]
    const account = { bytes: 0, limit, arriving: new Set<Body>() }
    accounts.set(key, account)
    return account
  }

  function release(body: Body): void {
    if (body.isReleased) return
    body.isReleased = true
    for (const { key } of body.keys) {
      const account = accounts.get(key)
      if (!account) continue
      account.bytes -= body.bytes
      account.arriving.delete(body)
      if (account.bytes === 0 && account.arriving.size === 0) accounts.delete(key)
    }
  }

  function makeRoom(account: Account): void {
    for (const oldest of account.arriving) {
      if (account.bytes <= account.limit) return
      release(oldest)
      oldest.refuse(tooMany())
    }
  }

  return {
    hold(owner, refuse) {
      const body: Body = { bytes: 0, isReleased: false, keys: keysOf(owner), refuse }
      return {
        add(bytes) {
          if (body.isReleased) return
          body.bytes += bytes
          for (const key of body.keys) {
            const account = open(key)
            account.bytes += bytes
            account.arriving.add(body)
          }
          for (const { key } of body.keys) {
            const account = accounts.get(key)
            if (account) makeRoom(account)
          }
        },
        complete() {
          for (const { key } of body.keys) accounts.get(key)?.arriving.delete(body)
        },
        release: () => release(body),
      }
    },
  }
}

function keysOf({ address, organization, integration }: BodyOwner): Body['keys'] {
  const named: [Scope, string | undefined][] = [
    ['address', address],
    ['integration', integration],
    ['organization', organization],
    ['process', ''],
  ]
  return named.flatMap(([scope, name]) =>
    name === undefined ? [] : [{ scope, key: `${scope}/${name}` }],
  )
}

function tooMany(): Problem {
  return new Problem(429, 'Too many requests with large bodies at the same time. Retry in 1 s.', {
    headers: { 'retry-after': '1' },
  })
}
