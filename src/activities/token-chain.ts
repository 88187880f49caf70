import type { LookupPage } from '../aws/lookup-events.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'

export interface DatedPage extends LookupPage {
  /** Until when the page can contain events, Unix milliseconds; null if unknown. */
  readAt: number | null
}

/** One chain of tokens: requests with the same frozen range. */
interface Chain {
  asked: SecondsRange
  nextToken: string | undefined
  /** The second of the oldest event so far. */
  oldest: number
  /** Whether all events so far came newest first. */
  ordered: boolean
  pagesWithoutProgress: number
  /** Unix seconds: when the earliest of its pages was read, of all and since the last progress. */
  readAt: number
  readAtSinceProgress: number
  /** The progress that its pages have added to the ledger. */
  claimed: { settled: SecondsRange[]; confirmed: SecondsRange[] }
}

export function newChain(from: number, to: number): Chain {
  return {
    asked: [from, to],
    nextToken: undefined,
    oldest: Number.POSITIVE_INFINITY,
    ordered: true,
    pagesWithoutProgress: 0,
    readAt: Number.POSITIVE_INFINITY,
    readAtSinceProgress: Number.POSITIVE_INFINITY,
    claimed: { settled: [], confirmed: [] },
  }
}

/** A page that proves nothing counts as read before everything. */
export function secondsOf(readAt: number | null): number {
  return readAt === null ? 0 : Math.floor(readAt / 1000)
}

/** Records when a page was read, whether it is in order, and the next token. */
export function follow(chain: Chain, page: DatedPage): void {
  const readAt = secondsOf(page.readAt)
  chain.readAt = Math.min(chain.readAt, readAt)
  chain.readAtSinceProgress = Math.min(chain.readAtSinceProgress, readAt)
  const [from, to] = chain.asked
  for (const event of page.events) {
    const time = toSeconds(event.EventTime)
    // An event outside the requested range proves nothing about what has been read.
    if (!(time >= from && time < to)) continue
    if (time > chain.oldest) chain.ordered = false
    chain.oldest = Math.min(chain.oldest, time)
  }
  chain.nextToken = page.nextToken
}

function toSeconds(time: Date | undefined): number {
  return time ? Math.floor(time.getTime() / 1000) : Number.NaN
}
