import { sql } from 'kysely'
import type { Attributes, Change } from '../changes/change.ts'
import { type NoiseRule, noiseOf } from '../changes/noise-rules.ts'
import { noiseSubjectOf } from './rule-subjects.ts'
import type { ChangeEnvelope } from './schema/changes.ts'

/** With the tags of its resources. If resources get different values, the first one counts. */
function attributesOf({ attributes, resources }: Change): Attributes | undefined {
  const tags = Object.assign({}, ...resources.map((each) => each.tags ?? {}).reverse())
  if (Object.keys(tags).length === 0) return attributes
  return { ...attributes, tags: { ...tags, ...attributes?.tags } }
}

/** What search finds beside the summary, the actor and the action. */
function searchedTerms({ resources, tool }: Change): string[] {
  const terms = new Set(resources.flatMap(({ id, arn }) => (arn ? [id, arn] : [id])))
  if (tool.run !== undefined) terms.add(tool.run)
  return [...terms]
}

/**
 * The columns that the reader determines, except for those that identify the change.
 *
 * @param noiseRules the organization's own
 */
export function columnsRead(change: Change, noiseRules: readonly NoiseRule[]) {
  const envelope: ChangeEnvelope = {
    actor: change.actor,
    tool: change.tool,
    resources: change.resources,
    risks: change.risks,
    publicAccess: change.publicAccess,
    subject: change.subject,
    verb: change.verb,
    links: change.links,
    effectiveAt: change.effectiveAt?.toISOString(),
    attributes: attributesOf(change),
  }
  return {
    ended_at: change.endedAt,
    summary: change.summary,
    service: change.service,
    action: change.action,
    actor: change.actor.name,
    actor_id: change.actor.id,
    tool: change.tool.name,
    outcome: change.outcome,
    region: change.region,
    account_id: change.accountId,
    resources: searchedTerms(change),
    read_only: change.readOnly,
    noise: noiseOf(noiseSubjectOf(change), change.noise, noiseRules),
    source_noise: change.noise,
    envelope,
    detail: change.detail,
  }
}

/** Sets these columns, and the resources, from a row `r`: for `UPDATE … SET`. */
export const ASSIGN_READ = sql`
  ended_at = r.ended_at, summary = r.summary, service = r.service, action = r.action,
  actor = r.actor, actor_id = r.actor_id, tool = r.tool, outcome = r.outcome,
  region = r.region, account_id = r.account_id, resources = r.resources,
  resource_ids = r.resource_ids, read_only = r.read_only, noise = r.noise,
  source_noise = r.source_noise, envelope = r.envelope, detail = r.detail`
