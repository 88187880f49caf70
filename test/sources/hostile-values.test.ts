import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { expect, test } from 'vitest'
import { toDeliveredChange } from '../../src/activities/store-translations.ts'
import type { Change } from '../../src/changes/change.ts'
import { INDEXABLE_BYTES } from '../../src/changes/text.ts'
import type { IncidentEvent } from '../../src/incidents/incident.ts'
import { translateAlertmanager } from '../../src/sources/alertmanager/translate.ts'
import { bodySchema, toReport } from '../../src/sources/deploy/body.ts'
import { readReport } from '../../src/sources/deploy/change.ts'
import { readCloudEvent } from '../../src/sources/deploy/cloudevents.ts'
import type { ReportReading } from '../../src/sources/deploy/foreign.ts'
import { deploymentSchema, readReportedDeployment } from '../../src/sources/deploy/github.ts'
import { readLaunchDarkly } from '../../src/sources/deploy/launchdarkly.ts'
import { readPagerDutyChange } from '../../src/sources/deploy/pagerduty.ts'
import { readGitHub, TRANSLATED_EVENTS } from '../../src/sources/github/translate.ts'
import { translatePagerDuty } from '../../src/sources/pagerduty/translate.ts'
import { UnreadableWebhook } from '../../src/sources/webhook-body.ts'
import {
  deployment,
  deploymentStatus,
  pullRequestMerged,
  REPOSITORY,
  workflowRun,
} from '../../testing/github.ts'

// Each value of a body that a source sends is replaced by each hostile value. A reader refuses the
// body with a reason, or returns what Postgres can store and a page can show.

const now = new Date('2026-03-02T12:00:00Z')
const at = now.toISOString()

/** JSON texts. */
const HOSTILE = [
  ...['"a\\u0000b"', '"\\u0000"', '"a\\ud800"', '"\\udc00b"', '"\\u001b[31mred\\u0007\\r\\n"'],
  ...['"\\u202egnp.exe\\u202c"', '"\\u200b\\u2060\\ufeff"', '"  \\u00a0 "', '"a\\u001fb"', '""'],
  ...['"https://example.com/\\u0000"', '"https://example.com/\\ud800"', '"javascript:alert(1)"'],
  ...['"constructor"', '"__proto__"', '"dev.cdevents.service.constructor.0.1.0"'],
  ...['"dev.cdevents.environment.valueof.0.1.0"', '"9999-12-31T23:59:59Z"'],
  ...[JSON.stringify('🚀'.repeat(5_000)), JSON.stringify(`e${'\u0301'.repeat(3_000)}`)],
  ...['"9999-12-31T23:59:59-14:00"', '"0000-01-01T00:00:00+14:00"', '253402300800', '1e20'],
  ...['1e400', '1e300', '-0', '1.5', '9'.repeat(300), 'null', 'true', '{"a":{"b":[{}]}}'],
  ...[
    '[[],{},null,"a"]',
    '{"__proto__":"a","constructor":1}',
    `${'['.repeat(50)}${']'.repeat(50)}`,
  ],
]

type Read = (body: unknown) => {
  changes: Change[]
  incidents?: IncidentEvent[]
  refused?: string[]
}

const reported =
  (read: (body: unknown) => ReportReading): Read =>
  (body) => {
    const reading = read(body)
    if ('errors' in reading) return { changes: [], refused: reading.errors }
    if ('ignored' in reading) return { changes: [], refused: [reading.ignored] }
    return { changes: [readReport(reading.report, now)] }
  }

/** Validates as a route does. */
const validated =
  <T>(
    schema: { safeParse(body: unknown): { success: true; data: T } | { success: false } },
    read: (body: T) => ReportReading,
  ) =>
  (body: unknown): ReportReading => {
    const parsed = schema.safeParse(body)
    return parsed.success ? read(parsed.data) : { errors: ['not valid'] }
  }

const translated =
  (translate: (body: unknown) => { changes: Change[]; incidents?: IncidentEvent[] }): Read =>
  (body) => {
    try {
      return translate(body)
    } catch (error) {
      if (!(error instanceof UnreadableWebhook)) throw error
      return { changes: [], refused: [error.message] }
    }
  }

const cdEvent = (type: string, content: object) => ({
  context: {
    version: '0.4.1',
    id: 'e1',
    source: '/tekton',
    timestamp: at,
    type: `dev.cdevents.${type}.0.2.0`,
  },
  subject: { id: '/apps/a', source: '/x', type: 'service', content },
})

const sources: [name: string, body: unknown, read: Read][] = [
  [
    'POST /changes',
    {
      summary: 'Deployed',
      description: 'a',
      startsAt: at,
      endsAt: at,
      outcome: 'failed',
      action: 'deploy',
      version: '1',
      environments: ['a'],
      services: ['a'],
      authors: ['a'],
      labels: { team: 'a' },
      links: [{ url: 'https://example.com', label: 'Run' }],
      tool: 'Argo CD',
      idempotencyKey: 'k',
    },
    reported(validated(bodySchema, (body) => ({ report: toReport(body) }))),
  ],
  [
    'CloudEvents',
    {
      specversion: '1.0',
      id: 'e',
      source: '/ci',
      type: 'released',
      time: at,
      subject: 'a',
      data: { summary: 'Released', services: ['a'], labels: ['a'], links: ['https://example.com'] },
    },
    reported(readCloudEvent),
  ],
  [
    'CDEvents about a service',
    cdEvent('service.deployed', {
      environment: { id: 'e', name: 'n' },
      repository: { id: 'r' },
      description: 'a',
      artifactId: 'pkg:oci/a@sha256%3A0b?tag=2',
      url: 'https://example.com',
    }),
    reported(readCloudEvent),
  ],
  [
    'CDEvents about an environment',
    cdEvent('environment.created', { name: 'n', uri: 'https://example.com' }),
    reported(readCloudEvent),
  ],
  [
    'CDEvents about a pipeline',
    cdEvent('pipelinerun.finished', { pipelineName: 'p', outcome: 'failure', errors: 'e' }),
    reported(readCloudEvent),
  ],
  [
    'PagerDuty change events',
    {
      payload: {
        summary: 'Build',
        timestamp: at,
        source: 'ci',
        custom_details: { env: 'a', service: 'a', version: '1', author: 'a', repo: 'a', other: 1 },
      },
      links: [{ href: 'https://example.com', text: 'View' }],
    },
    reported(readPagerDutyChange),
  ],
  [
    'LaunchDarkly',
    {
      _id: 'a',
      date: now.getTime(),
      kind: 'flag',
      name: 'New',
      description: 'd',
      comment: 'c',
      titleVerb: 'turned on',
      _links: { site: { href: '/shop' } },
      accesses: [{ action: 'updateOn', resource: 'proj/shop:env/production:flag/a;t' }],
      member: { email: 'a@example.com', firstName: 'A', lastName: 'B' },
    },
    reported(readLaunchDarkly),
  ],
  [
    'GitHub deployment API',
    { ref: 'v1', task: 'deploy', environment: 'production', description: 'd', payload: { a: 1 } },
    reported(
      validated(deploymentSchema, (body) => ({
        report: readReportedDeployment({ owner: 'acme', repo: 'shop' }, 1, body),
      })),
    ),
  ],
  [
    'PagerDuty webhooks',
    {
      event: {
        id: 'E',
        event_type: 'incident.triggered',
        occurred_at: at,
        data: {
          id: 'P',
          type: 'incident',
          status: 'triggered',
          created_at: at,
          number: 1,
          title: 't',
          html_url: 'https://example.com',
          urgency: 'high',
          resolved_at: at,
          service: { id: 'S', summary: 's' },
          priority: { summary: 'P1' },
          teams: [{ summary: 't' }],
          custom_fields: [{ name: 'a', value: 'b' }],
          impacted_services: [{ id: 'x', summary: 'x' }],
        },
      },
    },
    translated((body) => ({ changes: [], incidents: translatePagerDuty(body) })),
  ],
  [
    'Alertmanager',
    {
      version: '4',
      groupKey: '{}:{}',
      status: 'firing',
      externalURL: 'https://example.com',
      groupLabels: { a: 'A' },
      commonLabels: { a: 'b' },
      commonAnnotations: { summary: 's' },
      alerts: [
        {
          status: 'firing',
          startsAt: at,
          endsAt: at,
          generatorURL: 'https://example.com',
          labels: { alertname: 'A', service: 's' },
          annotations: { summary: 's' },
        },
      ],
    },
    translated((body) => ({ changes: [], incidents: translateAlertmanager(body) })),
  ],
  ...TRANSLATED_EVENTS.map((event): [string, unknown, Read] => [
    `GitHub: ${event}`,
    exampleOf(event),
    translated((body) => ({ changes: readGitHub(event, body, now).changes })),
  ]),
]

/** A body that becomes a change: a short one, or one of GitHub's own examples. */
function exampleOf(event: string): unknown {
  const short: Record<string, object> = {
    pull_request: pullRequestMerged(1, now),
    deployment: deployment(1, now, 2),
    deployment_status: deploymentStatus(deployment(1, now, 2), 'success', now),
    workflow_run: workflowRun(1, now, now),
    branch_protection_configuration: { action: 'enabled' },
    repository_ruleset: {
      action: 'edited',
      repository_ruleset: { id: 1, name: 'main', enforcement: 'active', updated_at: at },
      changes: { name: { from: 'old' } },
    },
    secret_scanning_alert: {
      action: 'created',
      alert: { number: 1, secret_type: 'aws', html_url: 'https://example.com' },
    },
  }
  const all = examples as unknown as { name: string; examples: object[] }[]
  const found = all.find(({ name }) => name === event)?.examples ?? []
  const example = found.find((body) => readGitHub(event, body, now).changes.length > 0)
  const sender = { login: 'octocat', type: 'User' }
  const repository = { ...REPOSITORY, pushed_at: at }
  return { ...(short[event] ?? example), ref: 'refs/heads/main', repository, sender }
}

type Path = (string | number)[]

/** The paths of all values inside, without those that no reader uses. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => {
    if (/_url$|^node_id$|^organization$|^installation$|^_links$/.test(name)) return []
    const inner = [...path, Array.isArray(value) ? Number(name) : name]
    return [inner, ...paths(each, inner)]
  })
}

function replaced(body: unknown, path: Path, hostile: string): unknown {
  const copy = structuredClone(body)
  let at = copy as Record<string | number, unknown>
  for (const name of path.slice(0, -1)) at = at[name] as typeof at
  at[path.at(-1)!] = JSON.parse(hostile)
  return copy
}

const INVISIBLE = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u

/** What is wrong with a result. */
function problemsOf({ changes, incidents = [], refused = [] }: ReturnType<Read>): string[] {
  const problems: string[] = []
  const check = (isRight: boolean, problem: string) => {
    if (!isRight) problems.push(problem)
  }
  const visible = (text: string, what: string) =>
    check(text !== '' && !INVISIBLE.test(text), `${what}: ${JSON.stringify(text.slice(0, 50))}`)
  const checkTime = (time: Date) => {
    const ms = time.getTime()
    check(ms >= 0 && ms < Date.UTC(10_000, 0), `a time of no year from 1970 to 9999: ${ms}`)
  }
  for (const text of strings({ changes, incidents })) {
    check(text.isWellFormed() && !text.includes('\0'), `not storable: ${JSON.stringify(text)}`)
    check(text.length <= 10_000, 'too long')
    check(!text.includes('[native code]'), 'a method')
  }
  for (const change of changes) {
    const { sourceId, summary, service, action, actor, tool, resources, links } = change
    for (const text of [sourceId, summary, service, action, actor.id, tool.name])
      check(Buffer.byteLength(text) <= INDEXABLE_BYTES, 'too long for an index')
    check(sourceId !== '', 'no ID')
    visible(summary, 'summary')
    for (const text of [service, action, actor.name, tool.label]) check(text !== '', 'empty')
    for (const time of [change.occurredAt, change.endedAt ?? now]) checkTime(time)
    const { updatedAt = at } = change.detail as { updatedAt?: string }
    checkTime(new Date(updatedAt))
    for (const { id } of resources) check(id !== '', 'empty resource')
    for (const { label, url } of links) {
      visible(label, 'label')
      check(/^https?:/.test(url) && url.length <= 2_048, 'no web address')
    }
  }
  for (const { sourceId, title, state, url, ...incident } of incidents) {
    const { noticedAt, reportedAt, resolvedAt } = incident
    for (const time of [noticedAt, reportedAt, resolvedAt ?? now]) checkTime(time)
    check(sourceId !== '' && sourceId.length <= INDEXABLE_BYTES, 'no ID')
    visible(title, 'title')
    check(['open', 'acknowledged', 'resolved'].includes(state), 'unknown state')
    check(url === null || /^https?:/.test(url), 'no web address')
  }
  for (const reason of refused) check(reason.trim() !== '', 'no reason')
  return problems
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (value instanceof Date) return []
  return Object.entries(value).flatMap(([name, each]) => [name, ...strings(each)])
}

test.each(sources)('%s: hostile values are rejected or become valid', (_name, body, read) => {
  const found = paths(body).flatMap((path) =>
    HOSTILE.flatMap((hostile) => {
      const place = `/${path.join('/')} = ${hostile.slice(0, 40)}`
      try {
        return problemsOf(read(replaced(body, path, hostile))).map((each) => `${place}: ${each}`)
      } catch (error) {
        return [`${place}: ${error}`]
      }
    }),
  )
  expect(found).toEqual([])
})

test.each(sources)('%s: the unmodified body is valid', (_name, body, read) => {
  const { changes, incidents = [] } = read(body)
  expect(changes.length + incidents.length).toBe(1)
})

test.each<[string, Partial<Change>]>([
  ['occurs at no time', { occurredAt: new Date(Number.NaN) }],
  ['ends at no time', { endedAt: new Date(1e20) }],
  ['occurs after the year 9999', { occurredAt: new Date(Date.UTC(10_000, 0)) }],
  ['occurs before 1970', { occurredAt: new Date(-1) }],
  ['is too old', { occurredAt: new Date(0) }],
  ['ends in the future', { endedAt: new Date('9999-12-31T23:59:59Z') }],
])('a webhook with a change that %s cannot be read', (_name, times) => {
  const report = { receivedAs: 'launchdarkly', idempotencyKey: 'a', summary: 'a' } as const
  const change = { ...readReport(report, now), ...times }
  const store = () =>
    toDeliveredChange('o', { event: 'e', received_at: now }, { change, record: '{}' })
  expect(store).toThrow(UnreadableWebhook)
})

test('a setting of GitHub can be nested deeper than JSON.stringify allows', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
  const { changes } = readGitHub(
    'branch_protection_rule',
    {
      action: 'edited',
      repository: REPOSITORY,
      rule: { name: 'main', pattern: deep },
      changes: { pattern: { from: deep } },
    },
    now,
  )
  expect(changes).toHaveLength(1)
})
