/** Turns the report of a pipeline into a change. Pure. */

import { createHash } from 'node:crypto'
import {
  type Actor,
  type Attributes,
  type Resource,
  type Tool,
  UNKNOWN_TOOL,
} from '../../changes/change.ts'
import { resourceKey } from '../../changes/resource-key.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { type DeployChange, type DeployDetail, type Report, SOURCE } from './detail.ts'

const SUMMARY_LENGTH = 300
const NAME_LENGTH = 200

/** @param receivedAt the start of a change that reports no time */
export function readReport(report: Report, receivedAt: Date): DeployChange {
  const { environments = [], services = [], authors = [], labels = [], links = [] } = report
  const detail: DeployDetail = {
    source: SOURCE,
    receivedAs: report.receivedAs,
    environments: environments.map(name),
    services: services.map(name),
    authors: authors.map(name),
    labels: labels.map(name),
  }
  if (report.description !== undefined) detail.description = report.description
  if (report.version !== undefined) detail.version = name(report.version)
  if (report.repository !== undefined) detail.repository = name(report.repository)
  const change: DeployChange = {
    source: SOURCE,
    sourceId: indexable(report.idempotencyKey),
    occurredAt: report.startsAt ?? report.endsAt ?? receivedAt,
    summary: indexable(spoken(report.summary, SUMMARY_LENGTH)),
    service: detail.services[0] ?? 'deploy',
    action: report.action === undefined ? 'deploy' : name(report.action),
    actor: actorOf(detail.authors),
    tool: toolOf(report.tool),
    resources: [...new Set(detail.services)].map(serviceResource),
    outcome: report.outcome ?? 'succeeded',
    region: null,
    accountId: null,
    readOnly: false,
    risks: ['deploy'],
    noise: null,
    // Each report is a change set of its own.
    changeSet: { sessionKey: sessionKey(report.idempotencyKey), stream: null, idleTimeoutMs: 0 },
    links,
    attributes: attributesOf(detail),
    detail,
  }
  if (report.endsAt !== undefined) change.endedAt = report.endsAt
  return change
}

/** What environment rules match. */
function attributesOf({ environments, labels, repository }: DeployDetail): Attributes {
  const attributes: Attributes = { environments, labels }
  if (repository !== undefined) attributes.repository = repository
  return attributes
}

function name(text: string): string {
  return indexable(spoken(text, NAME_LENGTH))
}

function actorOf([first]: readonly string[]): Actor {
  // Without an author, the record shows only that a program reported it.
  if (first === undefined) {
    return {
      kind: 'ci',
      id: 'pipeline',
      name: 'Pipeline',
      chain: [{ kind: 'ci', name: 'Pipeline' }],
    }
  }
  const kind = first.includes('@') ? 'person' : 'user'
  return { kind, id: first, name: first, chain: [{ kind, name: first }] }
}

function toolOf(title: string | undefined): Tool {
  if (title === undefined) return { name: UNKNOWN_TOOL, title: 'unknown', label: 'unknown' }
  const clean = name(title)
  return { name: clean.toLowerCase().replaceAll(/\s+/g, '-'), title: clean, label: clean }
}

function serviceResource(id: string): Resource {
  const identity = { source: SOURCE, accountId: null, region: null, type: 'Service', id }
  return { type: 'Service', id, accountId: null, region: null, key: resourceKey(identity) }
}

function sessionKey(idempotencyKey: string): string {
  const text = JSON.stringify([SOURCE, idempotencyKey])
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
