/** The words of incidents and changes, and how rare they are among the candidates. */

/** Words of alerts that name no system. */
const STOPWORDS = new Set(
  `a an and any are as at be by can cannot could did do does down during error errors failing failed fail fails
  failure failures for from has have high higher in increased increasing into is it its low lower many
  more most no none not of off on one or our out over per percent rate rates request requests
  response responses slow spike spiking than that the their then there this threshold timeout timeouts
  to too under up very was were when while with above below elevated critical warning alert alarm
  firing incident issue issues problem problems sev severity page users customers customer user all
  some prod production staging stage dev development test env environment live service services
  latency p50 p90 p95 p99 5xx 4xx 500 502 503 504 401 403 404 429 min mins minute minutes hour hours sec
  seconds ms new old cloudwatch aws unavailable degraded broken unable getting seeing report reports reported
  set changed change updated update created create deleted delete removed remove added add`
    .split(/\s+/)
    .filter((word) => word !== ''),
)
/** Parts of names that many unrelated resources share. */
const GENERIC = new Set(
  `api app apps web db database server worker workers main default core internal external public private
  backend frontend cluster role policy function lambda bucket queue table topic group instance stack
  data svc srv job jobs node nodes pool primary replica read write task tasks v1 v2 eu us ap east west
  north south central key secret cache proxy gateway lb alb nlb sg rds ecs eks ec2 s3 iam sns sqs`
    .split(/\s+/)
    .filter((word) => word !== ''),
)
const GENERIC_SHARE = 0.35

/** Lower-case words of two or more characters, without endings of the plural. */
export function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && word.length <= 40 && !/^\d+$/.test(word))
    .map((word) => (word.length > 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word))
}

/** The words of an incident's text that may name a system. */
export function namingWords(texts: readonly string[]): Set<string> {
  const words = texts.flatMap((text) => {
    const raw = text
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
    const kept = raw.filter((word) => !STOPWORDS.has(word))
    return wordsOf(kept.join(' '))
  })
  return new Set(words)
}

/** The words worth a search among all changes: the services' first, without parts of many names. */
export function searchedWords(services: readonly string[], title: string): string[] {
  const words = [...namingWords(services), ...namingWords([title])]
  return [...new Set(words)].filter((word) => word.length >= 3 && !GENERIC.has(word))
}

/** 0 to 1: how much a word says, by the share of documents that contain it. */
type Rarity = (word: string) => number

/** @param documents the distinct words of each candidate */
export function rarityOf(documents: readonly ReadonlySet<string>[]): Rarity {
  const counts = new Map<string, number>()
  for (const words of documents) {
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const most = Math.log(documents.length + 2)
  return (word) => {
    const rarity = Math.log((documents.length + 2) / ((counts.get(word) ?? 0) + 1)) / most
    return Math.max(0.25, rarity) * (GENERIC.has(word) ? GENERIC_SHARE : 1)
  }
}
