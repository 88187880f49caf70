/** The tags that changes set on resources, which environment rules match. */

import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { matchesAnyRule } from '../changes/environment-rules.ts'
import type { ChangeRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { resourceIdsOf } from './resources.ts'

/** The most tags that are remembered of one change. */
const MAX_TAGS = 50

/** Whether a change sets tags on a resource. */
export function setsTags({ resources }: Pick<Change, 'resources'>): boolean {
  return resources.some(({ tags }) => tags !== undefined)
}

/**
 * Remembers the tags that changes set on resources. Of each tag, the newest value remains, however
 * late it arrives. The caller has stored the resources.
 *
 * @param options.resourceIds by key
 * @returns the resources whose other changes the rules may now link differently: those of which a
 *   tag that a rule matches, or matched, is new or different. A tag that each deploy sets to its
 *   time is not among them: it would let the workflow `relink` start from the newest change again
 */
export async function rememberTags(
  trx: Trx,
  organizationId: string,
  options: {
    changes: readonly Change[]
    resourceIds: ReadonlyMap<string, number>
    rules: ChangeRules | undefined
  },
): Promise<number[]> {
  const { changes, resourceIds, rules } = options
  const newest = new Map<string, TagRow>()
  for (const { resources, occurredAt } of changes) {
    for (const resource of resources) {
      const [id] = resourceIdsOf({ resources: [resource] }, resourceIds)
      if (id === undefined) continue
      for (const [key, value] of Object.entries(resource.tags ?? {}).slice(0, MAX_TAGS)) {
        const row = { resource_id: id, key, value, tagged_at: occurredAt }
        const name = `${id}/${key}`
        const known = newest.get(name)
        if (!known || isNewer(row, known)) newest.set(name, row)
      }
    }
  }
  if (newest.size === 0) return []
  // In a fixed order, so that two transactions that add the same tags do not deadlock.
  const { rows } = await sql<Omit<TagRow, 'tagged_at'> & { before: string | null }>`
    INSERT INTO resource_tags (organization_id, resource_id, key, value, tagged_at)
    SELECT ${organizationId}, resource_id, key, value, tagged_at
    FROM jsonb_to_recordset(${JSON.stringify([...newest.values()])}::jsonb)
      AS r(resource_id int, key text, value text, tagged_at timestamptz)
    ORDER BY resource_id, key COLLATE "C"
    ON CONFLICT (organization_id, resource_id, key) DO UPDATE
      SET value = excluded.value, tagged_at = excluded.tagged_at
      WHERE (resource_tags.tagged_at, resource_tags.value COLLATE "C")
        < (excluded.tagged_at, excluded.value COLLATE "C")
    RETURNING resource_id, key, value, old.value AS before
  `.execute(trx)
  if (!rules?.rules.keys.has('tag')) return []
  const concerns = (key: string, value: string) =>
    matchesAnyRule(rules.rules, 'tag', `${key}=${value}`)
  const tagged = rows.filter(
    ({ key, value, before }) => concerns(key, value) || (before !== null && concerns(key, before)),
  )
  return [...new Set(tagged.map(({ resource_id }) => resource_id))]
}

interface TagRow {
  resource_id: number
  key: string
  value: string
  tagged_at: Date
}

/** Of two tags at the same time, the greater one: the result must not depend on their order. */
function isNewer(a: TagRow, b: TagRow): boolean {
  const difference = a.tagged_at.getTime() - b.tagged_at.getTime()
  return difference === 0 ? Buffer.from(a.value).compare(Buffer.from(b.value)) > 0 : difference > 0
}
