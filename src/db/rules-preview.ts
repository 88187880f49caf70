import type { EnvironmentRules } from '../changes/environment-rules.ts'
import type { TimeRange } from './change-filters.ts'
import { prepareRules } from './change-rules.ts'
import { within } from './count-newest-first.ts'
import type { Trx } from './database.ts'
import { environmentsOf } from './environment-links.ts'
import {
  columnsUsed,
  evaluateRules,
  type FeedPlace,
  placeAfter,
  type RuleBatch,
  type RuleRow,
  readRuleRows,
  tagsOf,
} from './rule-subjects.ts'

/** The maximum time for one preview, in milliseconds. */
const BUDGET_MS = 3_000
const CHANGES_AT_ONCE = 2_000
const MAX_EXAMPLES = 10

/** What rules would do, without saving them. */
export interface RulesPreview {
  /** The counted changes. */
  total: number
  /** Those that the rules, or a name in the change, would link. */
  linked: number
  /** Those whose environments would differ from the present ones. */
  moved: number
  /** The number of changes that each rule would apply to, in the order of the rules. */
  byRule: number[]
  /** Moved changes, the newest first; different kinds of moves before more of the same. */
  examples: Move[]
  /** Older changes of the time range are not counted. */
  countedFrom: Date
}

interface Move {
  changeId: string
  /** Environment IDs. */
  from: string[]
  to: string[]
  /** The places of the rules; empty: the change names the environments, or no rule applies. */
  rules: number[]
}

/**
 * Applies rules to the changes of a time range, newest first, and compares with the present
 * environments. When the time is up, the result covers the newest changes only.
 */
export async function previewRules(
  trx: Trx,
  organizationId: string,
  options: { rules: EnvironmentRules; window: TimeRange; budgetMs?: number },
): Promise<RulesPreview> {
  const { rules, window, budgetMs = BUDGET_MS } = options
  const prepared = await prepareRules(trx, rules)
  const deadline = performance.now() + budgetMs
  const preview: RulesPreview = {
    total: 0,
    linked: 0,
    moved: 0,
    byRule: rules.rules.map(() => 0),
    examples: [],
    countedFrom: window.to,
  }
  const kinds = new Map<string, Move[]>()
  let before: FeedPlace | null = null
  let isAll = false
  while (!isAll) {
    const left = deadline - performance.now()
    const place: FeedPlace = before ?? {
      occurredAt: window.to,
      id: '00000000-0000-0000-0000-000000000000',
    }
    const read: { result: RuleBatch } | undefined = await within(trx, left, () =>
      readRuleRows(trx, organizationId, {
        before: place,
        from: window.from,
        columns: columnsUsed(prepared),
        limit: CHANGES_AT_ONCE,
      }),
    )
    if (!read || left <= 0) break
    const { rows, next } = read.result
    const moves = await movesOf(trx, rows, prepared, deadline)
    preview.total += moves.length
    for (const { own, move } of moves) {
      if (own && own.environments.length > 0) preview.linked += 1
      for (const rule of own?.rules ?? []) preview.byRule[rule]! += 1
      if (!move) continue
      preview.moved += 1
      const kind = JSON.stringify([move.from, move.to])
      const alike = kinds.get(kind) ?? []
      if (alike.length < MAX_EXAMPLES) kinds.set(kind, [...alike, move])
    }
    isAll = moves.length === rows.length && next === null
    before = placeAfter(read.result, moves.length) ?? before
  }
  preview.countedFrom = isAll ? window.from : (before?.occurredAt ?? window.to)
  preview.examples = examplesOf([...kinds.values()])
  return preview
}

async function movesOf(
  trx: Trx,
  rows: readonly RuleRow[],
  prepared: Awaited<ReturnType<typeof prepareRules>>,
  deadline: number,
) {
  const tags = await tagsOf(trx, rows, prepared)
  const evaluated = await evaluateRules(rows, prepared, { tags, deadline })
  const subjects = evaluated.map(({ row }) => ({
    connectionId: row.connection_id,
    setIds: [row.set_id ?? 0],
  }))
  const present = await environmentsOf(trx, subjects)
  return evaluated.map(({ row, own }, nth) => {
    const from = present(subjects[nth]!)
    const to = own?.environments ?? present({ connectionId: row.connection_id, setIds: [0] })
    const same = JSON.stringify(from.toSorted()) === JSON.stringify(to.toSorted())
    const move = same ? undefined : { changeId: row.id, from, to, rules: own?.rules ?? [] }
    return { own, move }
  })
}

/** The first of each kind, then the second of each, and so on. */
function examplesOf(kinds: Move[][]): Move[] {
  return Array.from({ length: MAX_EXAMPLES }, (_, nth) => kinds.flatMap((kind) => kind[nth] ?? []))
    .flat()
    .slice(0, MAX_EXAMPLES)
}
