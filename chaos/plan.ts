import { Random } from '../simulator/generate/random.ts'

/** What a round does to a running Cairn, and to the AWS that it imports from. */
export const faultKinds = {
  'kill-worker': 'SIGKILL of the worker',
  'kill-server': 'SIGKILL of the server',
  'kill-both': 'SIGKILL of worker and server',
  'power-cut': 'SIGKILL of worker, server, Temporal and Postgres',
  'end-backends': 'Postgres backends terminated',
  'crash-postgres': 'SIGKILL of Postgres',
  'restart-temporal': 'Temporal restarted',
  'lose-temporal': "Temporal restarted without its database's files",
  throttle: 'ThrottlingException',
  'server-error': 'status 500',
  drop: 'connections dropped',
  hang: 'requests without an answer',
  slow: 'slow answers',
  'proxy-page': "a proxy's page in place of the answer",
  'expire-tokens': 'page tokens rejected after two pages',
  unordered: 'pages out of order',
  'refuse-session': 'STS unavailable',
} as const

export type FaultKind = keyof typeof faultKinds

export interface Fault {
  kind: FaultKind
  /** From the fault before, or the start of the round. Milliseconds. */
  afterMs: number
  /** For faults of the simulated AWS: how many calls fail. */
  calls: number
  /** Of the calls that match, only each of this number fails. */
  every: number
}

export interface Round {
  /** Changes that happen in the account when the round starts. */
  events: number
  faults: Fault[]
}

const MAX_FAULTS = 4
const MAX_PAUSE_MS = 5_000

/**
 * The rounds of a seed: the same for the same seed, and a longer run begins with a shorter one's
 * rounds. Each kind of fault occurs before one occurs for the second time.
 */
export function planRounds(seed: number, count: number): Round[] {
  const random = new Random('chaos', seed)
  const kinds = Object.keys(faultKinds) as FaultKind[]
  let deck: FaultKind[] = []
  return Array.from({ length: count }, () => {
    const events = random.integer(200, 1_500)
    const faults = Array.from({ length: random.integer(1, MAX_FAULTS) }, () => {
      if (deck.length === 0) deck = random.some(kinds, kinds.length)
      return {
        kind: deck.pop()!,
        afterMs: random.integer(0, MAX_PAUSE_MS),
        calls: random.integer(3, 30),
        every: random.integer(1, 3),
      }
    })
    return { events, faults }
  })
}

/** `SIGKILL of the worker after 1.2 s, then status 500 after 0.4 s (12 calls, 1 in 2)` */
export function describeRound({ faults }: Round): string {
  return faults
    .map(({ kind, afterMs, calls, every }) => {
      const seconds = (afterMs / 1000).toFixed(1)
      const extent = isOfAws(kind) ? ` (${calls} calls, 1 in ${every})` : ''
      return `${faultKinds[kind]} after ${seconds} s${extent}`
    })
    .join(', then ')
}

function isOfAws(kind: FaultKind): boolean {
  return !/^(kill|power|end|crash|restart|lose|expire)-/.test(kind)
}
