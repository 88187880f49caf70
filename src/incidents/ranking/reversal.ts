/** Which changes undo which earlier ones. */

import type { Candidate } from './candidate.ts'
import { effectOf, MINUTE_MS } from './time.ts'

/** Pairs of verbs that undo each other, on the same resource. */
const OPPOSITES: readonly [RegExp, RegExp][] = [
  [/^(Revoke)/, /^(Authorize|Grant)/],
  [/^(Detach|Remove|Disassociate|Deregister|Leave)/, /^(Attach|Add|Associate|Register|Put|Join)/],
  [/^(Delete|Remove|Terminate|Empty)/, /^(Create|Put|Add|Restore|Undelete|Set)/],
  [/^(Disable|Deactivate|Suspend|Pause|Block)/, /^(Enable|Activate|Resume|Unblock)/],
  [/^(Stop)/, /^(Start)/],
  [/^(Schedule\w*Deletion|Delete)/, /^(Cancel\w*Deletion|Restore)/],
]

/** The last part of the action: `RevokeSecurityGroupIngress` of `ec2:Revoke…`. */
const verb = (action: string) => action.replace(/^.*:/, '')
const object = (action: string) =>
  verb(action)
    .replace(/^[A-Z][a-z]+/, '')
    .replace(/\d{8}(v\d)?$/, '')

/** Whether `later` restores what `earlier` changed. The order in time is not checked. */
function reverses(later: Candidate, earlier: Candidate): boolean {
  if (later.changeId === earlier.changeId || later.outcome !== 'succeeded') return false
  if (earlier.outcome !== 'succeeded' || later.readOnly || earlier.readOnly) return false
  const resource = earlier.resources[0]?.key
  if (resource === undefined)
    return /revert|roll(ed|s|ing)? ?back/i.test(later.summary) && later.service === earlier.service
  if (!later.resources.some(({ key }) => key === resource)) return false
  if (restoresValue(later, earlier)) return true
  const isOpposite = OPPOSITES.some(
    ([one, other]) =>
      (one.test(verb(later.action)) && other.test(verb(earlier.action))) ||
      (other.test(verb(later.action)) && one.test(verb(earlier.action))),
  )
  return (
    isOpposite &&
    (object(later.action) === object(earlier.action) ||
      /Deletion$/.test(verb(earlier.action)) ||
      /^(Put|Set)/.test(verb(later.action))) &&
    sameParts(later, earlier)
  )
}

/** A field returns to the value that it had before the earlier change. */
function restoresValue(later: Candidate, earlier: Candidate): boolean {
  return earlier.edits.some(({ field, from, to }) =>
    later.edits.some(
      (edit) =>
        edit.field === field &&
        to !== edit.to &&
        ((from !== undefined && edit.to === from) ||
          // The earlier value is unknown, but the later change names the one that it replaces.
          (from === undefined && edit.from !== undefined && edit.from === to)),
    ),
  )
}

/** Whether opposite actions are about the same rule, policy or member, as far as both name one. */
function sameParts(later: Candidate, earlier: Candidate): boolean {
  const values = (candidate: Candidate) =>
    new Set([
      ...candidate.edits.map(({ to, from }) => to ?? from ?? ''),
      ...candidate.resources.slice(1).map(({ key }) => key),
    ])
  const [one, other] = [values(later), values(earlier)]
  if (one.size === 0 || other.size === 0) return true
  return [...one].some((value) => other.has(value))
}

export interface Reversal {
  later: Candidate
  earlier: Candidate
}

/** For each change that undoes another one: the newest earlier change that it undoes. */
export function findReversals(candidates: readonly Candidate[]): Reversal[] {
  const byResource = new Map<string, Candidate[]>()
  const sorted = candidates.toSorted(
    (a, b) => a.occurredAt.getTime() - b.occurredAt.getTime() || (a.changeId < b.changeId ? -1 : 1),
  )
  const found: Reversal[] = []
  for (const later of sorted) {
    const keys =
      later.resources.length > 0
        ? later.resources.map(({ key }) => key)
        : [`${later.source}/${later.service}`]
    const before = keys.flatMap((key) => byResource.get(key)?.slice(-MAX_COMPARED) ?? [])
    const earlier = before
      .toSorted((a, b) => b.occurredAt.getTime() - a.occurredAt.getTime())
      .find((each) => reverses(later, each))
    if (earlier) found.push({ later, earlier })
    const [first] = keys
    byResource.set(first!, [...(byResource.get(first!) ?? []).slice(-MAX_COMPARED), later])
  }
  return found
}
const MAX_COMPARED = 50

/** A restored change is innocent if it was restored clearly before the incident started. */
export function isBefore(time: Candidate, start: Date): boolean {
  return effectOf(time).getTime() < start.getTime() - MINUTE_MS
}
