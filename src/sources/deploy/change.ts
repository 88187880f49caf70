/** Turns the report of a pipeline into a change. Pure. */

import { createHash } from 'node:crypto'
import {
  type Actor,
  type Attributes,
  type Resource,
  type Tool,
  UNKNOWN_TOOL,
} from '../../changes/change.ts'
import { addLinks } from '../../changes/links.ts'
import { resourceKey } from '../../changes/resource-key.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { DEPLOY, type DeployChange, type DeployDetail, type Report } from './detail.ts'

const SUMMARY_LENGTH = 300
const NAME_LENGTH = 200
/** The action of reports that name none. */
const DEPLOY_ACTION = 'deploy'

/** @param receivedAt the start of a change that reports no time */
export function readReport(report: Report, receivedAt: Date): DeployChange {
  const { environments = [], services = [], authors = [], labels = [], links = [] } = report
  const detail: DeployDetail = {
    source: DEPLOY,
    receivedAs: report.receivedAs,
    environments: names(environments),
    services: names(services),
    authors: names(authors),
    labels: names(labels),
  }
  if (report.description !== undefined) detail.description = report.description
  const [version, repository] = [name(report.version ?? ''), name(report.repository ?? '')]
  if (version !== '') detail.version = version
  if (repository !== '') detail.repository = repository
  const action = name(report.action ?? '') || DEPLOY_ACTION
  const change: DeployChange = {
    source: DEPLOY,
    sourceId: indexable(report.idempotencyKey),
    occurredAt: report.startsAt ?? report.endsAt ?? receivedAt,
    summary:
      indexable(spoken(report.summary, SUMMARY_LENGTH)) || 'Reported change without a summary',
    service: detail.services[0] ?? 'deploy',
    verb: action === DEPLOY_ACTION ? 'deployed' : undefined,
    action,
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
    links: addLinks([], links),
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

/** Without those that contain no visible character. */
function names(texts: readonly string[]): string[] {
  return texts.map(name).filter((text) => text !== '')
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

function toolOf(title = ''): Tool {
  const clean = name(title)
  if (clean === '') return { name: UNKNOWN_TOOL, title: 'unknown', label: 'unknown' }
  return { name: clean.toLowerCase().replaceAll(/\s+/g, '-'), title: clean, label: clean }
}

function serviceResource(id: string): Resource {
  const identity = { source: DEPLOY, accountId: null, region: null, type: 'Service', id }
  return { type: 'Service', id, accountId: null, region: null, key: resourceKey(identity) }
}

function sessionKey(idempotencyKey: string): string {
  const text = JSON.stringify([DEPLOY, idempotencyKey])
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
