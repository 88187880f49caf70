/**
 * From what a call did to a sentence.
 *
 * A summary is what a call does as a verb phrase in the infinitive, `open 22/tcp to the world on
 * the security group web`, so that one text serves for what was done, tried and denied.
 */

import type { Actor, Outcome, Risk } from '../../changes/change.ts'
import { past, spoken } from '../../changes/text.ts'
import { arnName } from './arn.ts'
import type { Edit } from './detail.ts'
import type { Facts } from './facts.ts'
import { isGlobal, serviceName } from './services.ts'

export interface Summary {
  /** `launch 2 t3.micro instances` */
  does: string
  /** What follows after the region: `, without a final snapshot`, `: size from 1 GB to 2 GB`. */
  more?: string
  /** When the past of `does` is not its first word in the past. */
  did?: string
  /** What it does to the first resource, if the action's name does not show it: `deploy`. */
  verb?: string
  edits?: Edit[]
  /** What it opens to everyone, in words. */
  opens?: string
  risks?: Risk[]
}

/** Summarizes one action; undefined when the record lacks the fields for it. */
type Summarize = (facts: Facts) => Summary | string | undefined

/** Summaries of one service, by action without the API version. */
export type Summaries = Record<string, Summarize>

export interface Ending {
  outcome: Outcome
  error?: { code: string; message?: string }
  /** Of a batch of which some entries failed: `2 of 5 failed: Rate exceeded`. */
  partly?: string
}

/** The longest that a summary gets; names inside are cut first. */
const MAX_SENTENCE_LENGTH = 400

export function sentence(summary: Summary, actor: Actor, ending: Ending, facts: Facts): string {
  const where = whereabouts(summary, facts)
  const subject = subjectOf(actor, facts)
  const { does, did, more = '' } = summary
  const { outcome, error } = ending
  if (outcome === 'succeeded') {
    const partly = ending.partly === undefined ? '' : `, but ${ending.partly}`
    return whole(`${subject} ${did ?? past(does)}${where}${more}${partly}`)
  }
  const tried = `${subject} tried to ${does}${where}`
  if (outcome === 'denied') return whole(`${tried} and was denied${denier(error?.message)}`)
  return whole(`${tried}, but ${reason(error)}`)
}

function whole(text: string): string {
  return spoken(text, MAX_SENTENCE_LENGTH)
}

function subjectOf(actor: Actor, { identity, invokedBy }: Facts): string {
  const name = /^(the|a) /.test(actor.name)
    ? actor.name.charAt(0).toUpperCase() + actor.name.slice(1)
    : actor.name
  const subject = name === 'someone' ? 'Someone' : name.replace(/^account /, 'Account ')
  const delegate = identity.object('invokedByDelegate').text('accountId')
  if (delegate !== undefined) return `${subject}, through account ${spoken(delegate, 40)},`
  if (invokedBy === undefined || actor.kind === 'service') return subject
  const service = serviceName(invokedBy)
  return service === 'AWS' ? subject : `${subject}, through ${service},`
}

function whereabouts({ does }: Summary, { region, service }: Facts): string {
  if (region === null || isGlobal(service) || service === 'signin') return ''
  if (does.endsWith(` in ${region}`)) return ''
  return ` in ${spoken(region, 40)}`
}

/** Which policy denied it, where the message shows it: for most services since 2021. */
function denier(message: string | undefined): string {
  if (message === undefined) return ''
  const isExplicit = /explicit deny/.test(message)
  const policy =
    /(service control policy|resource control policy|permissions boundary|VPC endpoint policy|session policy|resource-based policy|identity-based policy)/i.exec(
      message,
    )?.[1]
  if (policy === undefined) return ''
  const named = `${/^[aeiou]/i.test(policy) ? 'an' : 'a'} ${policy.replace(/^([SRIP])(?=[a-z])/, (c) => c.toLowerCase())}`
  return isExplicit ? ` by ${named}` : `: no ${policy} allows it`
}

const REASONS: [RegExp, string][] = [
  [/throttl|RequestLimitExceeded|TooManyRequests|SlowDown|Rate exceeded/i, 'was throttled'],
  [/DryRunOperation/i, 'only as a dry run'],
]

function reason(error: Ending['error']): string {
  if (error === undefined) return 'it failed'
  const known = REASONS.find(([pattern]) => pattern.test(error.code))
  if (known !== undefined) return known[1]
  const message = error.message && firstSentence(error.message)
  if (message) return `it failed: ${message}`
  return `it failed: ${spoken(error.code, 80)}`
}

/** The first sentence of AWS's error message, as the end of a summary. */
function firstSentence(message: string): string {
  const clean = spoken(
    message
      .slice(0, 2_000)
      .replace(/Encoded authorization failure message: \S+/, '')
      .replace(/arn:[\w-]+:[^\s,"')\]]+/g, (arn) => arnName(arn)),
    400,
  )
  const end = /[.!](?=\s+[A-Z])/.exec(clean)?.index
  const first = (end === undefined ? clean : clean.slice(0, end)).replace(/[.\s]+$/, '')
  const isWord = /^[A-Z][a-z]+\b(?![-_.:/]| [A-Z])/.test(first)
  return spoken(isWord ? first.charAt(0).toLowerCase() + first.slice(1) : first, 180)
}
