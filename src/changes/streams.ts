/**
 * Streams: which parts of one session key are parallel work.
 *
 * Most streams are opaque: different ones never merge. The stream of a session whose name and
 * credentials a tool generated is a credential, with its account and the time when it was issued. Of
 * those, a set contains several: what one run uses in several accounts, and what it uses after its
 * credentials were renewed.
 */

/** Credentials that a run of a tool uses. */
interface IssuedCredential {
  /** Of the account. */
  place: string
  credential: string
  /** Milliseconds since 1970. */
  issuedAt: number
  /** How long after they were issued the tool's SDK renews them. Milliseconds. */
  renewedAfter: number
  /** How long the run may be silent. Milliseconds. */
  idleTimeoutMs: number
}

const MINUTE_MS = 60_000
/** One run opens its sessions in several accounts within this time. */
const OPENED_WITHIN = MINUTE_MS
/** SDKs renew credentials at the first call after they are due; a run in progress calls often. */
const RENEWED_WITHIN = 90_000
/** CloudTrail's times are whole seconds. */
const ROUNDING = 5_000
/** Some SDKs renew only when credentials have expired. Sessions of assumed roles last an hour. */
const LIFETIME = 60 * MINUTE_MS
/** A run that goes on after its credentials were renewed has changed something within this time. */
const RENEWAL_GAP = 20 * MINUTE_MS

const MARK = '@'
/** A longer stream would make the row of a change set too large. */
const MAX_CREDENTIALS = 64

/** @returns a stream that `areCompatible` understands */
export function credentialStream(issued: IssuedCredential): string {
  const { place, credential, issuedAt, renewedAfter, idleTimeoutMs } = issued
  const seconds = Math.round(issuedAt / 1_000).toString(36)
  return `${MARK}${place}.${credential}.${seconds}.${renewedAfter / MINUTE_MS}.${idleTimeoutMs / MINUTE_MS}`
}

function parse(stream: string): IssuedCredential[] {
  if (!stream.startsWith(MARK)) return []
  return credentialTexts(stream).map(parseCredential)
}

function credentialTexts(stream: string): string[] {
  return stream.slice(MARK.length).split(MARK)
}

function parseCredential(text: string): IssuedCredential {
  const [place = '', credential = '', seconds = '', due = '', idle = ''] = text.split('.')
  return {
    place,
    credential,
    issuedAt: Number.parseInt(seconds, 36) * 1_000,
    renewedAfter: Number(due) * MINUTE_MS,
    idleTimeoutMs: Number(idle) * MINUTE_MS,
  }
}

/** Whether sets of this stream may join sets of another stream. */
export function isOpenStream(stream: string | null): boolean {
  return stream === null || stream.startsWith(MARK)
}

/**
 * Whether two streams may be one piece of work.
 *
 * @param gap from the end of the earlier one's idle timeout to the later one, in milliseconds; negative
 *   where they overlap
 */
export function areCompatible(a: string | null, b: string | null, gap: number): boolean {
  if (a === b || a === null || b === null) return true
  const others = parse(b)
  return parse(a).some((x) => others.some((y) => areOneRun(x, y, gap)))
}

function areOneRun(x: IssuedCredential, y: IssuedCredential, gap: number): boolean {
  if (x.place === y.place && x.credential === y.credential) return true
  const age = Math.abs(x.issuedAt - y.issuedAt)
  if (x.place !== y.place && age <= OPENED_WITHIN) return true
  const { renewedAfter, idleTimeoutMs } = x.issuedAt <= y.issuedAt ? x : y
  if (gap > RENEWAL_GAP - idleTimeoutMs) return false
  return [renewedAfter, LIFETIME].some(
    (due) => age >= due - ROUNDING && age <= due + RENEWED_WITHIN,
  )
}

/**
 * The stream of a set that two sets were merged into. A set of several opaque streams has none. Of
 * more than 64 credentials, those that were issued last remain: a run that goes on continues from
 * them.
 */
export function mergeStreams(a: string | null, b: string | null): string | null {
  if (a === b) return a
  if (a === null || b === null) return null
  if (!a.startsWith(MARK) || !b.startsWith(MARK)) return null
  const all = [...new Set([...credentialTexts(a), ...credentialTexts(b)])].sort()
  return newestOf(all)
    .map((text) => `${MARK}${text}`)
    .join('')
}

/**
 * The credentials that were issued last, in the order of `sorted`. The same set in any order of
 * merges: equal times are decided by the texts.
 */
function newestOf(sorted: string[]): string[] {
  if (sorted.length <= MAX_CREDENTIALS) return sorted
  const issuedAt = new Map(sorted.map((text) => [text, parseCredential(text).issuedAt]))
  return sorted
    .toSorted((a, b) => issuedAt.get(a)! - issuedAt.get(b)!)
    .slice(-MAX_CREDENTIALS)
    .sort()
}
