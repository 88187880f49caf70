/**
 * The values of edited fields before a change, from earlier changes of the same resource: CloudTrail
 * records what a call asks for, and rarely what was there before.
 */

import type { HistoricChange } from '../source.ts'
import type { CloudTrailDetail, Edit } from './detail.ts'
import { isMasked, isSecretValue } from './secrets.ts'

/** Calls that set a field. Others, such as Authorize… or Attach…, add to what is there. */
const SETS =
  /^(Create|Modify|Update|Put|Set|Change|Enable|Disable|Run|Restore|Start|Stop|Configure|Edit|Resize|Tag|Upload|Batch)/
/** Fields of which a resource has several at a time: a rule beside other rules. */
const ADDS =
  /^(rules?|rule .*|route to .*|inbound|outbound|ingress|egress|may|may invoke|may be assumed by|policies|allows|shared with|targets?|access policy|user|parameters( given)?|sends traffic to|value)$/i
/** A field that names a part of the resource. With another name, the fields are another part's. */
const PART = /(^| )name$|^(statement|rule|policy|target|grant) id$/i

/**
 * Adds `from` to the edits whose earlier value the resource's own history shows. Only a value that
 * the newest earlier edit of the field set is used: not if that edit removed it, if the resource
 * was deleted or created in the meantime, or if the order is unknown, because both occurred in the
 * same second. Hidden values stay hidden.
 *
 * @param change the change that is read
 * @param earlier changes of its first resource that succeeded, at or before its time, newest first
 */
export function withHistory(
  change: HistoricChange,
  earlier: readonly HistoricChange[],
): CloudTrailDetail {
  const detail = change.detail as CloudTrailDetail
  const key = change.resources[0]?.key
  if (key === undefined || !SETS.test(change.action)) return detail
  const open = new Map(
    detail.edits.filter((edit) => isOpen(edit, detail.edits)).map((edit) => [edit.field, edit]),
  )
  const found = new Map<Edit, string>()
  for (const one of earlier) {
    if (open.size === 0) break
    if (one.resources[0]?.key !== key) continue
    const { edits } = one.detail as CloudTrailDetail
    const isSamePart = !edits.some((edit) => namesAnotherPart(edit, detail.edits))
    for (const { field, to, note } of edits) {
      const edit = open.get(field)
      if (edit === undefined || !isSamePart) continue
      open.delete(field)
      const isSet = SETS.test(one.action) && note === undefined && to !== undefined
      const isOnly = edits.filter((other) => other.field === field).length === 1
      const isBefore = one.occurredAt.getTime() < change.occurredAt.getTime()
      if (isSet && isOnly && isBefore && !isMasked(to) && !isSecretValue(to)) found.set(edit, to)
    }
    if (beginsOrEnds(one)) break
  }
  if (found.size === 0) return detail
  const edits = detail.edits.map((edit) => {
    const from = found.get(edit)
    return from === undefined ? edit : { ...edit, from, fromHistory: true }
  })
  return { ...detail, edits }
}

/** Whether the edit sets a visible value of a field whose earlier value is unknown. */
function isOpen({ field, from, to, note }: Edit, edits: readonly Edit[]): boolean {
  return (
    from === undefined &&
    to !== undefined &&
    note === undefined &&
    !isMasked(to) &&
    !ADDS.test(field) &&
    !PART.test(field) &&
    edits.filter((other) => other.field === field).length === 1
  )
}

function namesAnotherPart({ field, to }: Edit, edits: readonly Edit[]): boolean {
  return PART.test(field) && edits.some((other) => other.field === field && other.to !== to)
}

/** Whether the change created or deleted its first resource: earlier values are of another one. */
function beginsOrEnds({ action, resources }: HistoricChange): boolean {
  const type = resources[0]?.type.split('::').at(-1)
  const object = /^(?:Create|Restore|Run|Delete|Terminate)([A-Za-z]+)/.exec(action)?.[1]
  if (type === undefined || object === undefined) return false
  const name = object.toLowerCase()
  return name.startsWith(type.toLowerCase()) && /^(s|from.*|to.*|)$/.test(name.slice(type.length))
}
