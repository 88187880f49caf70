import { type RawBuilder, sql } from 'kysely'
import type { Attributes, Change } from '../changes/change.ts'
import {
  type MatchKey,
  type OwnEnvironments,
  ownEnvironments,
  type RuleSubject,
} from '../changes/environment-rules.ts'
import type { NoiseSubject } from '../changes/noise-rules.ts'
import type { ChangeRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { inSlices } from './slices.ts'

/** A stored change, as rules see it. */
export interface RuleRow {
  id: string
  occurred_at: Date
  connection_id: string | null
  source: string
  service: string
  action: string
  actor: string
  actor_id: string
  region: string | null
  account_id: string | null
  noise: string | null
  source_noise: string | null
  /** IDs, names and ARNs; empty unless asked for. */
  resource_names: string[]
  /** Keys; empty unless asked for. */
  resource_keys: string[]
  resource_ids: number[]
  attributes: Attributes | null
  /** The set of environments that the change has of its own; null if there is none. */
  set_id: number | null
}

/**
 * The columns of `RuleRow`, for a query on `changes c` with `change_environments l` and
 * `environment_sets s`. What no rule uses is not read: an envelope is large.
 */
export function ruleColumns(wanted: {
  usesResources: boolean
  usesResourceKeys: boolean
}): RawBuilder<unknown> {
  const none = sql`'{}'::text[]`
  const values = (field: 'name' | 'key') => sql`ARRAY(
    SELECT r ->> ${sql.lit(field)} FROM jsonb_array_elements(c.envelope -> 'resources') AS r
    WHERE r ->> ${sql.lit(field)} IS NOT NULL)`
  return sql`c.id, c.occurred_at, c.connection_id, c.source, c.service, c.action, c.actor,
    c.actor_id, c.region, c.account_id, c.noise, c.source_noise, c.resource_ids,
    ${wanted.usesResources ? sql`c.resources || ${values('name')}` : none} AS resource_names,
    ${wanted.usesResourceKeys ? values('key') : none} AS resource_keys,
    c.envelope -> 'attributes' AS attributes,
    CASE WHEN s.id IS NOT NULL THEN l.set_id END AS set_id`
}

/** The columns that the rules use, see `ruleColumns`. */
export function columnsUsed(rules: Pick<ChangeRules, 'rules'>, noise: ChangeRules['noise'] = []) {
  return {
    usesResources: rules.rules.keys.has('resource'),
    usesResourceKeys: noise.some(({ match }) => match.resource !== undefined),
  }
}

/** The place of a change in the feed. */
export interface FeedPlace {
  occurredAt: Date
  id: string
}

/** Changes of one part of the feed, from the newest to the oldest one. */
export interface RuleBatch {
  /** Without those that a purge has removed meanwhile, so it may be empty. */
  rows: RuleRow[]
  /** The place of the part's last change; null if there are no older changes. */
  next: FeedPlace | null
}

/**
 * Where to continue after the first changes of a batch.
 *
 * @param count how many changes of the batch are done
 * @returns null if there is nothing after them, or if none is done
 */
export function placeAfter({ rows, next }: RuleBatch, count: number): FeedPlace | null {
  if (count === rows.length) return next
  const last = rows[count - 1]
  return last ? { occurredAt: last.occurred_at, id: last.id } : null
}

/** Reads the next changes. */
export async function readRuleRows(
  trx: Trx,
  organizationId: string,
  options: {
    /** The place of the last change that was read; null at first. */
    before: FeedPlace | null
    /** No older changes. Default: all. */
    from?: Date
    columns: ReturnType<typeof columnsUsed>
    limit: number
  },
): Promise<RuleBatch> {
  const { before, from, columns, limit } = options
  const conditions = [sql`organization_id = ${organizationId}`]
  if (from) conditions.push(sql`occurred_at >= ${from}`)
  if (before) {
    conditions.push(sql`occurred_at <= ${before.occurredAt}`)
    conditions.push(
      sql`(occurred_at, id) < (${before.occurredAt}::timestamptz, ${before.id}::uuid)`,
    )
  }
  // In two steps, so that Postgres reads the feed in its order, and then the links of this part.
  const { rows: keys } = await sql<{ id: string; occurred_at: Date }>`
    SELECT id, occurred_at FROM changes WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY occurred_at DESC, id DESC LIMIT ${limit}
  `.execute(trx)
  if (keys.length === 0) return { rows: [], next: null }
  const newest = keys[0]!
  const oldest = keys.at(-1)!
  const part = sql`organization_id = ${organizationId}
    AND occurred_at BETWEEN ${oldest.occurred_at} AND ${newest.occurred_at}
    AND (occurred_at, id) <= (${newest.occurred_at}::timestamptz, ${newest.id}::uuid)
    AND (occurred_at, id) >= (${oldest.occurred_at}::timestamptz, ${oldest.id}::uuid)`
  const { rows } = await sql<RuleRow>`
    SELECT ${ruleColumns(columns)}
    FROM (SELECT * FROM changes WHERE ${part}) AS c
    LEFT JOIN (SELECT * FROM change_environments WHERE ${part}) AS l
      ON l.occurred_at = c.occurred_at AND l.id = c.id
    LEFT JOIN environment_sets s ON s.id = l.set_id
    ORDER BY c.occurred_at DESC, c.id DESC
  `.execute(trx)
  const next = keys.length < limit ? null : { occurredAt: oldest.occurred_at, id: oldest.id }
  return { rows, next }
}

/** Tags by resource, then by key. */
type RememberedTags = ReadonlyMap<number, ReadonlyMap<string, string>>

/** The remembered tags of the resources of these changes; none unless a rule matches tags. */
export async function tagsOf(
  trx: Trx,
  rows: readonly Pick<RuleRow, 'resource_ids'>[],
  { rules }: Pick<ChangeRules, 'rules'>,
): Promise<RememberedTags> {
  const ids = new Set(rows.flatMap(({ resource_ids }) => resource_ids))
  if (!rules.keys.has('tag') || ids.size === 0) return new Map()
  const { rows: found } = await sql<{ resource_id: number; key: string; value: string }>`
    SELECT resource_id, key, value FROM resource_tags WHERE resource_id = ANY (${[...ids]}::int[])
  `.execute(trx)
  const tags = new Map<number, Map<string, string>>()
  for (const { resource_id, key, value } of found) {
    const own = tags.get(resource_id) ?? new Map<string, string>()
    tags.set(resource_id, own.set(key, value))
  }
  return tags
}

/**
 * The values that environment rules match. A tag in the change's own request overrides what is
 * remembered of its resources.
 */
function ruleSubject(
  row: RuleRow,
  rules: Pick<ChangeRules, 'connectionNames'>,
  tags: RememberedTags,
): RuleSubject {
  const attributes = row.attributes ?? {}
  const own = attributes.tags ?? {}
  const present = (...texts: (string | null | undefined)[]) =>
    texts.filter((text): text is string => text != null)
  const remembered = row.resource_ids.flatMap((id) =>
    [...(tags.get(id) ?? [])].filter(([key]) => !Object.hasOwn(own, key)),
  )
  const subject: Record<MatchKey, readonly string[]> = {
    source: [row.source],
    connection: present(row.connection_id, rules.connectionNames.get(row.connection_id ?? '')),
    account: present(row.account_id),
    region: present(row.region),
    service: [row.service],
    resource: row.resource_names,
    tag: [...Object.entries(own), ...remembered].map(([key, value]) => `${key}=${value}`),
    actor: [row.actor_id, row.actor],
    repository: present(attributes.repository),
    branch: present(attributes.branch),
    label: attributes.labels ?? [],
    environment: attributes.environments ?? [],
  }
  return subject
}

/** The environments that rules assign to a change; undefined: those of its connection. */
interface EvaluatedRow {
  row: RuleRow
  own: OwnEnvironments | undefined
}

/**
 * Evaluates environment rules for changes, one after the other. Many patterns and resources take
 * long, so the process serves other organizations in between.
 *
 * @param deadline by `performance.now()`; the result ends with the change during which it passes
 */
export async function evaluateRules(
  rows: readonly RuleRow[],
  rules: Pick<ChangeRules, 'rules' | 'byName' | 'connectionNames'>,
  { tags, deadline = Number.POSITIVE_INFINITY }: { tags: RememberedTags; deadline?: number },
): Promise<EvaluatedRow[]> {
  const evaluated: EvaluatedRow[] = []
  for await (const row of inSlices(rows)) {
    const own = ownEnvironments(ruleSubject(row, rules, tags), rules.rules, rules.byName)
    evaluated.push({ row, own })
    if (performance.now() >= deadline) break
  }
  return evaluated
}

/** The values that noise rules match. */
export function noiseSubject(row: RuleRow): NoiseSubject {
  return {
    source: [row.source],
    service: [row.service],
    action: [row.action],
    actor: [row.actor_id],
    resource: row.resource_keys,
    account: row.account_id === null ? [] : [row.account_id],
  }
}

/** The same of a change that is about to be stored. */
export function noiseSubjectOf(change: Change): NoiseSubject {
  return {
    source: [change.source],
    service: [change.service],
    action: [change.action],
    actor: [change.actor.id],
    resource: change.resources.map(({ key }) => key),
    account: change.accountId === null ? [] : [change.accountId],
  }
}
