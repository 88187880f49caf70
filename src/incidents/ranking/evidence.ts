/** The evidence for and against one change, except for time, effect and reversal. */

import type { RankedIncident } from '../incident.ts'
import type { Candidate, Evidence, RankingContext } from './candidate.ts'
import { type Effect, effectKind, withoutActor } from './effect.ts'
import { type Domain, domainsOfAlert, kindText } from './symptoms.ts'
import { namingWords, rarityOf, wordsOf } from './words.ts'

/** What each part of a change's text counts when it contains a word of the incident. */
const PARTS = { resource: 1, text: 0.85, alias: 0.7, actor: 0.4 } as const
type Part = keyof typeof PARTS

/** The words of a change, each with the strongest part that contains it. */
function changeWords(candidate: Candidate): Map<string, Part> {
  const words = new Map<string, Part>()
  const add = (texts: readonly string[], part: Part) => {
    for (const word of texts.flatMap(wordsOf)) if (!words.has(word)) words.set(word, part)
  }
  add(
    candidate.resources.flatMap(({ id, name }) => (name === undefined ? [id] : [id, name])),
    'resource',
  )
  add([withoutActor(candidate), candidate.service], 'text')
  add(candidate.aliases, 'alias')
  add([candidate.actorName], 'actor')
  return words
}

/** Evidence that needs all candidates: how much the words that match say. */
export function matcherOf(incident: RankedIncident, candidates: readonly Candidate[]) {
  const words = new Map(candidates.map((each) => [each.changeId, changeWords(each)]))
  const rarity = rarityOf([...words.values()].map((each) => new Set(each.keys())))
  const named = namedWords(incident).map((each) => ({
    ...each,
    strength: each.strength * rarity(each.word),
  }))
  return (candidate: Candidate): Evidence => matchEvidence(words.get(candidate.changeId)!, named)
}

const MATCH = { service: 2.0, title: 1.8 } as const
const MAX_MATCH = 2.6
/** A word of the title that names a kind of system, such as `queue`, rather than one system. */
const KIND_SHARE = 0.35

/** A word of the incident, and what it counts in the name of a resource. */
interface NamedWord {
  word: string
  isService: boolean
  strength: number
}

function namedWords({ services, title }: RankedIncident): NamedWord[] {
  const ofServices = namingWords(services)
  return [...new Set([...ofServices, ...namingWords([title])])].map((word) => {
    const isService = ofServices.has(word)
    const isKind = !isService && domainsOfAlert(word).length > 0
    const strength = (isService ? MATCH.service : MATCH.title) * (isKind ? KIND_SHARE : 1)
    return { word, isService, strength }
  })
}

function matchEvidence(words: ReadonlyMap<string, Part>, named: readonly NamedWord[]): Evidence {
  const found = named.flatMap(({ word, isService, strength }) => {
    const part = words.get(word)
    return part === undefined ? [] : [{ word, isService, strength: strength * PARTS[part] }]
  })
  if (found.length === 0) return { kind: 'match', weight: 0, reason: null }
  found.sort((a, b) => b.strength - a.strength)
  // Further words add less: they are often parts of one name.
  const sum = found.reduce((total, { strength }, nth) => total + strength / (nth + 1), 0)
  const list = found.slice(0, 3).map(({ word }) => word)
  const what = found[0]!.isService ? 'the affected service' : 'the incident’s title'
  return {
    kind: 'match',
    weight: Math.min(MAX_MATCH, sum),
    reason: `It matches ${what}: ${list.join(', ')}`,
  }
}

/** What a domain counts: little if most systems have such changes and most alerts are about it. */
const SYMPTOM = { specific: 1.8, broad: 0.7 } as const
const DOUBTFUL = 0.3
const SECOND_SHARE = 0.4
const OTHER_SYMPTOM = { specific: -0.8, broad: -0.3 } as const
/** An alert names the symptom. What systems share can be the cause of any. */
const SHARED_CAUSE = 0.8
const UNRELATED_SHARED_CAUSE = -0.1
/** What only adds, resizes or labels seldom causes the symptom of its kind. */
const HARMLESS_SHARE = 0.35

/** Whether the change is of a kind that causes what the alert is about. */
export function symptomEvidence(candidate: Candidate, domains: readonly Domain[]): Evidence {
  const text = kindText(candidate)
  const effect = effectKind(candidate)
  const weightOf = ({ isBroad }: Domain) => SYMPTOM[isBroad ? 'broad' : 'specific']
  const matching = domains
    .filter(({ change }) => change.test(text))
    .toSorted((a, b) => weightOf(b) - weightOf(a))
  const [best, second] = matching
  const isSpecific = domains.some(({ isBroad }) => !isBroad)
  // Every alert fits a broad domain somehow: it says little where a specific one does not fit.
  const isDoubtful = best?.isBroad && isSpecific
  if (isSharedCause(text, effect) && (best === undefined || best.isBroad)) {
    return {
      kind: 'symptom',
      weight: isSpecific ? UNRELATED_SHARED_CAUSE : SHARED_CAUSE,
      reason: isSpecific ? null : 'What depends on it fails in many ways',
    }
  }
  if (best === undefined) {
    // The alert names what it is about, and this is something else.
    const weight = domains.length === 0 ? 0 : OTHER_SYMPTOM[isSpecific ? 'specific' : 'broad']
    return { kind: 'symptom', weight, reason: null }
  }
  const strength = weightOf(best) + (second ? SECOND_SHARE * weightOf(second) : 0)
  const weight = isDoubtful ? DOUBTFUL : strength
  return {
    kind: 'symptom',
    weight: isHarmlessEffect(effect) ? weight * HARMLESS_SHARE : weight,
    reason: `The alert is about ${best.name}, which such a change can break`,
  }
}

const isHarmlessEffect = (effect: Effect) =>
  effect === 'adds' || effect === 'resizes' || effect === 'tunes' || effect === 'labels'

/** Networks, names, keys, permissions and entrances: when they break, alerts are about other things. */
const SHARED_KIND =
  /securitygroup|networkacl|route|gateway|endpoint|peering|dhcpoptions|^(route53|route53resolver|kms|iam|organizations|acm|elasticloadbalancing|network-firewall|secretsmanager|rds|wafv2|ssm):/i

function isSharedCause(text: string, effect: Effect): boolean {
  return (
    (effect === 'removes' ||
      effect === 'restricts' ||
      effect === 'redirects' ||
      effect === 'restarts') &&
    SHARED_KIND.test(text)
  )
}

const OTHER_SERVICE = { release: -0.6, own: -0.2 } as const
/** Changes that affect one service, the one that they are named after. */
const OWN_KIND =
  /^(lambda|ecs|autoscaling|application-autoscaling|sqs|dynamodb|s3|secretsmanager|ssm|events|scheduler|states|codedeploy):/i

/** A release or a setting of one service seldom breaks another one. */
export function scopeEvidence(candidate: Candidate, match: Evidence): Evidence {
  const isOther = match.weight < 0.3
  const effect = effectKind(candidate)
  const ofRelease = effect === 'releases' ? OTHER_SERVICE.release : 0
  const ofOwn = OWN_KIND.test(kindText(candidate)) ? OTHER_SERVICE.own : 0
  const weight = isOther ? Math.min(ofRelease, ofOwn) : 0
  return { kind: 'scope', weight, reason: null }
}

const SHARE_OF_USERS = /(\d+(?:\.\d+)?) ?%/
/** A flag for few users breaks little; one for all users breaks everything at once. */
export function exposureEvidence(candidate: Candidate): Evidence {
  const isRelease = effectKind(candidate) === 'releases'
  const [, share] = (isRelease && SHARE_OF_USERS.exec(withoutActor(candidate))) || []
  if (share === undefined) return { kind: 'exposure', weight: 0, reason: null }
  const percent = Number(share)
  if (percent >= 100) {
    return { kind: 'exposure', weight: 0.5, reason: 'It reaches all users at once' }
  }
  return { kind: 'exposure', weight: percent <= 10 ? -0.6 : 0, reason: null }
}

export function riskEvidence(candidate: Candidate): Evidence {
  if (candidate.publicAccess !== null) {
    return {
      kind: 'risk',
      weight: 0.2,
      reason: `It opens public access: ${candidate.publicAccess}`,
    }
  }
  const weight = candidate.risks.some((risk) => risk !== 'configuration') ? 0.2 : -0.2
  return { kind: 'risk', weight, reason: null }
}

const OTHER_ENVIRONMENT = -4.5
const SHARED = -0.25
const UNLINKED = -0.9

export function environmentEvidence(candidate: Candidate, context: RankingContext): Evidence {
  const { environment } = context
  const kind = 'environment'
  if (environment === null || candidate.environmentIds.includes(environment.id)) {
    return { kind, weight: 0, reason: null }
  }
  if (candidate.environmentIds.some((id) => environment.dependsOn.includes(id))) {
    return { kind, weight: SHARED, reason: `Its environment is shared with ${environment.name}` }
  }
  if (candidate.environmentIds.length === 0) {
    return { kind, weight: UNLINKED, reason: 'It is not linked to an environment' }
  }
  return { kind, weight: OTHER_ENVIRONMENT, reason: `It is not in ${environment.name}` }
}

/** Below this many stored changes, nothing is known to be rare. */
const ENOUGH_HISTORY = 60

export function rarityEvidence({ history }: Candidate, { historySize }: RankingContext): Evidence {
  const trust = Math.min(1, historySize / ENOUGH_HISTORY)
  const { sameAction } = history
  const weight = Math.max(-0.2, 0.3 - 0.1 * Math.log2(1 + sameAction)) * trust
  const times = sameAction === 0 ? 'the first time' : `one of ${sameAction + 1} times`
  return {
    kind: 'rarity',
    weight,
    reason: weight > 0.1 ? `It is ${times} that this action was recorded in the account` : null,
  }
}

export function actorEvidence(candidate: Candidate, { historySize }: RankingContext): Evidence {
  const trust = Math.min(1, historySize / ENOUGH_HISTORY)
  const { actorKind, actorName, history } = candidate
  if (actorKind === 'service') return { kind: 'actor', weight: -1.3, reason: null }
  const isPerson = actorKind === 'person' || actorKind === 'user' || actorKind === 'root'
  const isNew = history.sameActor === 0
  const weight = (isPerson ? 0.3 : 0) + (isNew ? 0.3 : 0) * trust
  const reason = isNew && trust === 1 ? `${actorName} had not done this here before` : null
  return { kind: 'actor', weight, reason }
}

/** The same action on the same resource again and again: it did not break anything before. */
export function routineEvidence({ history }: Candidate): Evidence {
  return {
    kind: 'routine',
    weight: -Math.min(0.8, 0.2 * Math.log2(1 + history.sameResource)),
    reason: null,
  }
}

export function outcomeEvidence(candidate: Candidate): Evidence {
  if (candidate.outcome !== 'succeeded') {
    return {
      kind: 'outcome',
      weight: -3,
      reason: `It ${candidate.outcome === 'denied' ? 'was denied' : 'failed'} and changed nothing`,
    }
  }
  if (candidate.noise !== null && effectKind(candidate) !== 'removes') {
    return { kind: 'outcome', weight: -1.5, reason: 'It is routine' }
  }
  return { kind: 'outcome', weight: candidate.noise === null ? 0 : -1, reason: null }
}
