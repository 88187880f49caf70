import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createActivities } from '../src/activities/index.ts'
import { translateDeliveries } from '../src/activities/translate-deliveries.ts'
import { AwsAccess } from '../src/aws/access.ts'
import { Pacers } from '../src/aws/pacer.ts'
import { asOrganization, openDatabase } from '../src/db/database.ts'
import { purgeDeletedIntegration } from '../src/db/deleted-integrations.ts'
import { claimDeliveries } from '../src/db/deliveries.ts'
import { MAX_COUNTED } from '../src/db/delivery-counts.ts'
import { ensurePartitions, storeEvents } from '../src/db/imports.ts'
import { installationId } from '../src/db/installation.ts'
import { startDeliverStarter } from '../src/deliver-starter.ts'
import type { IntegrationKind } from '../src/integrations/integration.ts'
import { signatureHeaders } from '../src/integrations/signature.ts'
import { createLogger } from '../src/log.ts'
import { readRecord } from '../src/sources/cloudtrail/read-record.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { startWorker } from '../src/temporal/worker.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts'
import { deliverWorkflowId } from '../src/workflows/state.ts'
import { createTestApi, type Tenant, type TestApi } from '../testing/api.ts'
import { imported } from '../testing/changes.ts'
import { ACCOUNT, call, cloudTrailTime, roleIdentity } from '../testing/cloudtrail/records.ts'
import { eventually } from '../testing/eventually.ts'
import {
  deployment,
  deploymentStatus,
  pullRequestMerged,
  REPOSITORY,
  workflowRun,
} from '../testing/github.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'

const logger = pino({ level: 'silent' })
const MINUTE_MS = 60_000
/** Whole seconds, as in GitHub's payloads. */
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const ago = (minutes: number) => new Date(now.getTime() - minutes * MINUTE_MS)

let api: TestApi
beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  // Without Temporal: each test translates itself.
  api = await createTestApi({ temporalAddress: '127.0.0.1:9' })
})
afterAll(() => api.close())

interface Integration {
  id: string
  secret: string
  kind: IntegrationKind
}

async function create(
  tenant: Tenant,
  kind: Integration['kind'],
  settings = {},
): Promise<Integration> {
  const { body } = await tenant.request('POST', '/api/v1/integrations', { kind, settings })
  return body
}

let deliveries = 0

async function send(integration: Integration, event: string, payload: unknown, id?: string) {
  const { secret, kind } = integration
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  const response = await api.app.inject({
    method: 'POST',
    url: `/webhooks/${integration.id}`,
    payload: body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id ?? `delivery-${deliveries++}`,
      ...signatureHeaders(kind, { secret, body }),
    },
  })
  expect(response.statusCode).toBe(202)
}

const deps = (fields = {}) => ({
  db: api.db,
  aws: new AwsAccess(),
  pacers: new Pacers(),
  // A turn has no limit of time.
  clock: () => 0,
  ...fields,
})

/** Translates until nothing is due. */
async function translate(tenant: Tenant, fields = {}) {
  const work = { installationId: 'unused', organizationId: tenant.id }
  return translateDeliveries(deps(fields), work, new AbortController().signal)
}

async function log(tenant: Tenant, { id }: Integration) {
  const { body } = await tenant.request('GET', `/api/v1/integrations/${id}/deliveries?limit=500`)
  return body.items
}

async function changes(tenant: Tenant) {
  const from = ago(60 * 24 * 2).toISOString()
  const to = ago(-60).toISOString()
  const { body } = await tenant.request('GET', `/api/v1/changes?limit=500&from=${from}&to=${to}`)
  return body.items
}

describe('a delivery of GitHub', () => {
  test('becomes a change with its links, attributes and record', async () => {
    const tenant = await api.tenant('merged')
    const github = await create(tenant, 'github')
    await send(github, 'pull_request', pullRequestMerged(12, ago(5)))
    expect(await translate(tenant)).toMatchObject({ translated: 1, failed: 0, nextInMs: null })
    const [change] = await changes(tenant)
    expect(change).toMatchObject({
      source: 'github',
      sourceId: 'pull_request/acme/shop/12',
      summary: 'octocat merged #12 Fix the pool size into main (acme/shop)',
      occurredAt: ago(5).toISOString(),
      detail: { authors: ['ada'], labels: ['database'], number: 12, commitCount: 2 },
    })
    expect(await log(tenant, github)).toMatchObject([
      { state: 'translated', changes: [change.id], attempts: 1 },
    ])
  })

  test('can be form-encoded', async () => {
    const tenant = await api.tenant('form')
    const github = await create(tenant, 'github')
    const json = JSON.stringify(pullRequestMerged(1, ago(5)))
    const body = Buffer.from(new URLSearchParams({ payload: json }).toString())
    const response = await api.app.inject({
      method: 'POST',
      url: `/webhooks/${github.id}`,
      payload: body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-github-event': 'pull_request',
        ...signatureHeaders('github', { secret: github.secret, body }),
      },
    })
    expect(response.statusCode).toBe(202)
    expect(await translate(tenant)).toMatchObject({ translated: 1 })
  })

  test('is one change if it is sent again with another ID, or by a second webhook', async () => {
    const tenant = await api.tenant('replayed')
    const [one, two] = [await create(tenant, 'github'), await create(tenant, 'github')]
    const payload = pullRequestMerged(12, ago(5))
    await send(one, 'pull_request', payload)
    await translate(tenant)
    await send(one, 'pull_request', payload)
    await send(two, 'pull_request', payload)
    expect(await translate(tenant)).toMatchObject({ translated: 2, failed: 0 })
    expect(await changes(tenant)).toHaveLength(1)
  })

  test('without a time is one change for two webhooks, and another one a day later', async () => {
    const tenant = await api.tenant('untimed')
    const [one, two] = [await create(tenant, 'github'), await create(tenant, 'github')]
    const added = {
      action: 'added',
      repository: REPOSITORY,
      sender: { login: 'octocat' },
      member: { login: 'mallory' },
    }
    const receive = async (integration: Integration, at: Date) => {
      await send(integration, 'member', added)
      await api.superuser
        .updateTable('deliveries')
        .set({ received_at: at })
        .where('integration_id', '=', integration.id)
        .where('state', '=', 'received')
        .execute()
    }
    /** Half a minute before and after the start of an hour. */
    const around = (hoursAgo: number) => {
      const hour = Math.floor(now.getTime() / 3_600_000 - hoursAgo) * 3_600_000
      return [new Date(hour - MINUTE_MS / 2), new Date(hour + MINUTE_MS / 2)] as const
    }
    const once = around(24)
    await receive(one, once[0])
    await receive(two, once[1])
    expect(await translate(tenant)).toMatchObject({ translated: 2, failed: 0 })
    expect(await changes(tenant)).toHaveLength(1)
    const again = around(12)
    await receive(one, again[0])
    await receive(two, again[1])
    expect(await translate(tenant)).toMatchObject({ translated: 2, failed: 0 })
    expect(await changes(tenant)).toHaveLength(2)
    const last = around(1)
    for (const [at, integration] of [one, two].entries()) {
      await receive(integration, last[at]!)
      expect(await translate(tenant)).toMatchObject({ translated: 1, failed: 0 })
    }
    expect(await changes(tenant)).toHaveLength(3)
    for (const { id } of await log(tenant, one)) {
      const path = `/api/v1/integrations/${one.id}/deliveries/${id}/replay`
      expect((await tenant.request('POST', path)).status).toBe(202)
    }
    expect(await translate(tenant)).toMatchObject({ translated: 3, failed: 0 })
    expect(await changes(tenant)).toHaveLength(3)
    // None of them was refused as an event that is known under another time.
    const refused = api.superuser.selectFrom('unparsed_records').select('event_id')
    expect(await refused.where('organization_id', '=', tenant.id).execute()).toEqual([])
  })

  test('can be replayed, which stores nothing twice', async () => {
    const tenant = await api.tenant('replay')
    const github = await create(tenant, 'github')
    await send(github, 'pull_request', pullRequestMerged(12, ago(5)))
    await translate(tenant)
    const [delivery] = await log(tenant, github)
    const url = `/api/v1/integrations/${github.id}/deliveries/${delivery.id}/replay`
    const replayed = await tenant.request('POST', url)
    expect([replayed.status, replayed.body.state]).toEqual([202, 'received'])
    expect(await translate(tenant)).toMatchObject({ translated: 1 })
    expect(await log(tenant, github)).toMatchObject([
      { state: 'translated', changes: delivery.changes },
    ])
    expect(await changes(tenant)).toHaveLength(1)
  })

  test.each([
    ['not JSON', 'pull_request', '{"action":"closed","pull_', 'not valid JSON'],
    ['empty', 'push', '', 'is empty'],
    ['without the fields that it needs', 'push', { repository: REPOSITORY }, 'ref is missing'],
    ['no object', 'push', [1, 2], 'cannot be read'],
    ['from another time', 'pull_request', pullRequestMerged(1, new Date(0)), 'too old'],
  ])('fails alone with a reason if it is %s', async (name, event, payload, reason) => {
    const tenant = await api.tenant(`poison ${name}`)
    const github = await create(tenant, 'github')
    await send(github, 'pull_request', pullRequestMerged(12, ago(5)))
    await send(github, event, payload)
    await send(github, 'pull_request', pullRequestMerged(13, ago(4)))
    expect(await translate(tenant)).toMatchObject({ translated: 2, failed: 1, nextInMs: null })
    const [, failed] = await log(tenant, github)
    expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining(reason) })
    expect(await changes(tenant)).toHaveLength(2)
  })

  test('is translated even if it contains text that Postgres does not accept', async () => {
    const tenant = await api.tenant('hostile text')
    const github = await create(tenant, 'github')
    const title = 'a\u0000b \ud800 \u202e evil'
    await send(github, 'pull_request', pullRequestMerged(12, ago(5), { title }))
    expect(await translate(tenant)).toMatchObject({ translated: 1, failed: 0 })
  })

  test('is ignored with a reason if it is not a change, and a test is shown as one', async () => {
    const tenant = await api.tenant('ignored')
    const github = await create(tenant, 'github')
    await send(github, 'issues', { action: 'opened', repository: REPOSITORY })
    await tenant.request('POST', `/api/v1/integrations/${github.id}/test`)
    expect(await translate(tenant)).toMatchObject({ ignored: 2 })
    expect(await log(tenant, github)).toMatchObject([
      { state: 'ignored', reason: expect.stringContaining('A test'), isTest: true },
      { state: 'ignored', reason: 'The event issues is not a change.' },
    ])
  })
})

describe('a deployment', () => {
  const created = deployment(7, ago(10))
  const events: [string, object][] = [
    ['deployment', created],
    ['deployment_status', deploymentStatus(created, 'in_progress', ago(9))],
    ['deployment_status', deploymentStatus(created, 'failure', ago(8))],
    ['deployment_status', deploymentStatus(created, 'success', ago(7))],
  ]
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [3, 0, 2, 1],
    [2, 3, 0, 1],
  ]
  test.each(
    orders.flatMap((order) => [true, false].map((atOnce) => ({ order: order.join(), atOnce }))),
  )('is one successful change for the order $order, at once: $atOnce', async (options) => {
    const tenant = await api.tenant(`deployment ${options.order} ${options.atOnce}`)
    const github = await create(tenant, 'github')
    for (const index of options.order.split(',')) {
      await send(github, ...(events[Number(index)] as [string, object]))
      if (!options.atOnce) await translate(tenant)
    }
    await translate(tenant)
    const found = await changes(tenant)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({
      sourceId: 'deployment/acme/shop/7',
      outcome: 'succeeded',
      occurredAt: ago(10).toISOString(),
      endedAt: ago(7).toISOString(),
      summary: 'octocat deployed main (ccccccc) to production (acme/shop)',
      detail: { deployment: { state: 'success' } },
    })
  })

  // GitHub's times are in whole seconds.
  test.each(['created first', 'status first', 'at once'])(
    'has succeeded if it fails and succeeds within its first second: %s',
    async (order) => {
      const tenant = await api.tenant(`same second ${order}`)
      const github = await create(tenant, 'github')
      const created = deployment(9, ago(10))
      const all: [string, object][] = [
        ['deployment', created],
        ['deployment_status', deploymentStatus(created, 'failure', ago(10), 1)],
        ['deployment_status', deploymentStatus(created, 'success', ago(10), 2)],
      ]
      for (const event of order === 'status first' ? all.toReversed() : all) {
        await send(github, ...event)
        if (order !== 'at once') await translate(tenant)
      }
      await translate(tenant)
      expect(await changes(tenant)).toMatchObject([
        { outcome: 'succeeded', endedAt: ago(10).toISOString() },
      ])
    },
  )

  test.each(['staging first', 'at once'])(
    'moves to the environment of its status: %s',
    async (when) => {
      const tenant = await api.tenant(`moved ${when}`)
      const github = await create(tenant, 'github')
      const ids: Record<string, string> = {}
      for (const name of ['Production', 'Staging'])
        ids[name] = (await tenant.request('POST', '/api/v1/environments', { name })).body.id
      const created = deployment(8, ago(10))
      const status = deploymentStatus(created, 'success', ago(7))
      status.deployment_status.environment = 'staging'
      await send(github, 'deployment', created)
      const environments = async () => (await changes(tenant))[0].environments
      if (when !== 'at once') {
        await translate(tenant)
        expect(await environments()).toEqual([ids.Production])
      }
      await send(github, 'deployment_status', status)
      await translate(tenant)
      expect(await environments()).toEqual([ids.Staging])
      // An older event does not move it back.
      await send(github, 'deployment_status', deploymentStatus(created, 'failure', ago(8)))
      await translate(tenant)
      expect(await environments()).toEqual([ids.Staging])
    },
  )

  test('is ignored if the rules of the integration exclude it', async () => {
    const tenant = await api.tenant('rules')
    const github = await create(tenant, 'github', {
      deployRules: [{ workflow: 'Lint*', isDeploy: false }],
    })
    await send(github, 'deployment', {
      ...deployment(1, ago(3)),
      workflow: { name: 'Lint and test' },
    })
    await send(github, 'deployment', deployment(2, ago(2)))
    expect(await translate(tenant)).toMatchObject({ translated: 1, ignored: 1 })
  })
})

test.each(['the run first', 'AWS first'])(
  'a workflow run and its changes in AWS are one change set: %s',
  async (order) => {
    const tenant = await api.tenant(order)
    const github = await create(tenant, 'github')
    const runId = 13_577_902_461
    const { body: connection } = await tenant.request('POST', '/api/v1/connections', { name: 'a' })
    const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`
    const storeCall = async () => {
      const at = ago(8)
      const record = call(
        'lambda',
        'UpdateFunctionCode20150331v2',
        { functionName: 'shop' },
        null,
        {
          eventTime: cloudTrailTime(at.getTime()),
          userIdentity: roleIdentity({
            role: 'deploy',
            session: `shop-${runId}`,
            key: 'ASIAEXAMPLEGITHUB001',
            began: cloudTrailTime(ago(9).getTime()),
            federatedProvider: provider,
          }),
        },
      )
      const { change } = readRecord(JSON.stringify(record), { region: 'us-east-1' })
      if (!change) throw new Error('The record is not a change')
      await asOrganization(api.db, tenant.id, async (trx) => {
        await ensurePartitions(trx, at)
        const owner = {
          organizationId: tenant.id,
          connectionId: connection.id,
          sourceAccount: ACCOUNT,
        }
        await storeEvents(trx, owner, { changes: [imported(change, record)], unparsed: [] })
      })
    }
    const storeRun = async () => {
      await send(github, 'workflow_run', workflowRun(runId, ago(10), ago(6)))
      await send(github, 'deployment', deployment(9, ago(9), runId))
      await translate(tenant)
    }
    if (order === 'AWS first') await storeCall()
    await storeRun()
    if (order !== 'AWS first') await storeCall()
    const found = await changes(tenant)
    expect(found.map(({ source }: { source: string }) => source).sort()).toEqual([
      'aws.cloudtrail',
      'github',
      'github',
    ])
    const sets = new Set(found.map(({ changeSetId }: { changeSetId: string }) => changeSetId))
    expect(sets.size).toBe(1)
    expect([...sets][0]).not.toBeNull()
  },
)

test('PagerDuty and Alertmanager deliveries update incidents', async () => {
  const tenant = await api.tenant('incidents')
  const pagerduty = await create(tenant, 'pagerduty')
  const alertmanager = await create(tenant, 'alertmanager')
  const event = (id: string, type: string, status: string, minutes: number) => ({
    event: {
      id,
      event_type: `incident.${type}`,
      resource_type: 'incident',
      occurred_at: ago(minutes).toISOString(),
      data: {
        id: 'PINCIDENT',
        type: 'incident',
        title: 'checkout: 5xx above 5 %',
        status,
        created_at: ago(9).toISOString(),
        html_url: 'https://acme.pagerduty.com/incidents/P',
        service: { id: 'PSERVICE', summary: 'checkout' },
      },
    },
  })
  // Out of order: the older event does not reopen the incident.
  await send(pagerduty, '', event('e2', 'resolved', 'resolved', 2))
  await send(pagerduty, '', event('e1', 'triggered', 'triggered', 9))
  await send(alertmanager, '', {
    version: '4',
    groupKey: 'g',
    status: 'firing',
    receiver: 'cairn',
    groupLabels: {},
    commonLabels: { alertname: 'Disk' },
    commonAnnotations: {},
    alerts: [{ status: 'firing', labels: { alertname: 'Disk' }, startsAt: ago(300).toISOString() }],
  })
  expect(await translate(tenant)).toMatchObject({ translated: 3, failed: 0 })
  const { body } = await tenant.request('GET', '/api/v1/incidents')
  const states = Object.fromEntries(
    body.items.map(({ title, state }: { title: string; state: string }) => [title, state]),
  )
  expect(states).toMatchObject({ 'checkout: 5xx above 5 %': 'resolved' })
  expect(body.items).toHaveLength(2)
})

test('a signed webhook of LaunchDarkly becomes one change', async () => {
  const tenant = await api.tenant('flags')
  const integration = await create(tenant, 'launchdarkly')
  // The fields of LaunchDarkly's documented example.
  const entry = {
    _id: '619fb6cdf0e2a4c1b0a5d0f1',
    date: ago(5).getTime(),
    accesses: [{ action: 'updateOn', resource: 'proj/shop:env/production:flag/new-checkout;tag' }],
    kind: 'flag',
    name: 'New checkout',
    description: '',
    comment: 'Rolling out',
    member: { email: 'ada@example.com', firstName: 'Ada', lastName: 'Byron' },
    titleVerb: 'turned on the flag',
    _links: { site: { href: '/shop/production/features/new-checkout' } },
  }
  await send(integration, '', entry)
  await send(integration, '', entry)
  await send(integration, '', { kind: 'flag' })
  expect(await translate(tenant)).toMatchObject({ translated: 1, failed: 1 })
  expect(await changes(tenant)).toMatchObject([
    {
      source: 'deploy',
      summary: 'ada@example.com turned on the flag New checkout in production',
      action: 'updateOn',
      actor: { id: 'ada@example.com' },
      links: [{ url: 'https://app.launchdarkly.com/shop/production/features/new-checkout' }],
      detail: { environments: ['production'], labels: ['kind:flag', 'project:shop'] },
    },
  ])
  const [failed, done] = await log(tenant, integration)
  expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('_id') })
  expect(done).toMatchObject({ event: 'flag', deliveryId: entry._id })
})

test('a burst of one organization does not delay another organization', async () => {
  const [busy, quiet] = [await api.tenant('busy'), await api.tenant('quiet')]
  const [one, two] = [await create(busy, 'github'), await create(quiet, 'github')]
  await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      send(one, 'pull_request', pullRequestMerged(n + 1, ago(5))),
    ),
  )
  await send(two, 'pull_request', pullRequestMerged(1, ago(5)))
  expect(await translate(quiet)).toMatchObject({ translated: 1, nextInMs: null })
  expect((await log(busy, one)).every(({ state }: { state: string }) => state === 'received')).toBe(
    true,
  )
})

test('a burst of one integration does not delay others of the same organization', async () => {
  const tenant = await api.tenant('two integrations')
  const [busy, quiet] = [await create(tenant, 'github'), await create(tenant, 'github')]
  for (let n = 0; n < 12; n++) await send(busy, 'pull_request', pullRequestMerged(n + 1, ago(5)))
  await send(quiet, 'pull_request', pullRequestMerged(50, ago(5)))
  const claim = (options: { limit: number; maxBytes: number }) =>
    asOrganization(api.db, tenant.id, async (trx) => {
      const claimed = await claimDeliveries(trx, options)
      return claimed.map(({ integration_id }) => integration_id)
    })
  expect(await claim({ limit: 3, maxBytes: 1e9 })).toEqual([busy.id, busy.id, quiet.id])
  // Large bodies are a burst too.
  expect(await claim({ limit: 3, maxBytes: 1 })).toEqual([busy.id])
  await send(quiet, 'ping', { zen: 'x' })
  const { length } = JSON.stringify(pullRequestMerged(1, ago(5)))
  expect(await claim({ limit: 20, maxBytes: length + 50 })).toEqual([busy.id, quiet.id])
})

test('a delivery that another transaction has locked is claimed again after a pause', async () => {
  const tenant = await api.tenant('locked')
  const github = await create(tenant, 'github')
  await send(github, 'pull_request', pullRequestMerged(1, ago(5)))
  await api.superuser.transaction().execute(async (trx) => {
    await trx
      .selectFrom('deliveries')
      .select('id')
      .where('organization_id', '=', tenant.id)
      .forUpdate()
      .execute()
    expect(await translate(tenant)).toMatchObject({ translated: 0, nextInMs: 1_000 })
  })
  expect(await translate(tenant)).toMatchObject({ translated: 1, nextInMs: null })
})

describe('a deleted integration', () => {
  const stored = (tenant: Tenant, integrationId: string) =>
    asOrganization(api.db, tenant.id, async (trx) => {
      const { rows } = await sql<{ count: number }>`
        SELECT count(*) FROM deliveries WHERE integration_id = ${integrationId}
      `.execute(trx)
      return rows[0]!.count
    })

  test('does not exist immediately, and its deliveries are removed in batches', async () => {
    const tenant = await api.tenant('deleted')
    const [deleted, other] = [await create(tenant, 'github'), await create(tenant, 'github')]
    for (let i = 1; i <= 3; i++) await send(deleted, 'pull_request', pullRequestMerged(i, ago(5)))
    await translate(tenant)
    await send(deleted, 'pull_request', pullRequestMerged(4, ago(5)))
    await send(other, 'pull_request', pullRequestMerged(5, ago(5)))
    const path = `/api/v1/integrations/${deleted.id}`

    expect((await tenant.request('DELETE', path)).status).toBe(200)
    expect((await tenant.request('GET', path)).status).toBe(404)
    expect((await tenant.request('DELETE', path)).status).toBe(404)
    expect((await tenant.request('GET', `${path}/deliveries`)).status).toBe(404)
    // The request does not depend on their number.
    expect(await stored(tenant, deleted.id)).toBe(4)

    const purge = () => asOrganization(api.db, tenant.id, (trx) => purgeDeletedIntegration(trx, 3))
    expect(await purge()).toBe(true)
    expect(await stored(tenant, deleted.id)).toBe(1)
    expect(await translate(tenant)).toMatchObject({ translated: 1, failed: 0, nextInMs: null })
    expect(await stored(tenant, deleted.id)).toBe(0)
    expect(await stored(tenant, other.id)).toBe(1)
    expect(await purge()).toBe(false)
    // The fourth one was not translated.
    expect(await changes(tenant)).toHaveLength(4)
  })

  test('is found by workers, so its deliveries are removed if Temporal was unavailable', async () => {
    const tenant = await api.tenant('deleted and found')
    const github = await create(tenant, 'github')
    expect((await tenant.request('DELETE', `/api/v1/integrations/${github.id}`)).status).toBe(200)
    const signalled: string[] = []
    const system = openDatabase({ url: api.databaseUrl, role: 'cairn_system', max: 1 })
    onTestFinished(() => system.destroy())
    const starter = startDeliverStarter({
      db: system,
      workflows: {
        async deliver(organizationId) {
          signalled.push(organizationId)
          return true
        },
      },
      logger,
      intervalMs: 50,
    })
    onTestFinished(() => starter.stop())
    await eventually(
      async () => signalled,
      (ids) => ids.includes(tenant.id),
    )
  })
})

test('an integration counts a limited number of deliveries', async () => {
  const tenant = await api.tenant('counted')
  const { id } = await create(tenant, 'github')
  await asOrganization(api.db, tenant.id, (trx) =>
    sql`
      INSERT INTO deliveries
        (organization_id, integration_id, delivery_id, headers, body, state, due_at)
      SELECT ${tenant.id}, ${id}, n::text, '{}', '', 'ignored', NULL
      FROM generate_series(1, ${MAX_COUNTED + 1}) AS n
    `.execute(trx),
  )
  const counts = { received: 0, translated: 0, ignored: MAX_COUNTED, failed: 0 }
  const path = `/api/v1/integrations/${id}`
  expect((await tenant.request('GET', path)).body.lastWeek).toEqual(counts)
  const rotated = await tenant.request(
    'POST',
    `/api/v1/integrations/${id.toUpperCase()}/rotate-secret`,
    {},
  )
  expect(rotated.body.lastWeek).toEqual(counts)
})

test('1,000 deliveries are each translated exactly once while workers are killed', async () => {
  const target = await createTemporalNamespace()
  const tenant = await api.tenant('burst')
  const github = await create(tenant, 'github')
  const id = await installationId(api.db)
  await Promise.all(
    Array.from({ length: 1_000 }, (_, n) =>
      send(github, 'pull_request', pullRequestMerged(n + 1, ago((n % 60) + 1))),
    ),
  )
  const workflows = createTestWorkflows(target, { installationId: id, logger })
  onTestFinished(() => workflows.close())
  // Temporal was unavailable when they arrived: the starter finds them.
  const system = api.context.system
  const starter = startDeliverStarter({ db: system, workflows, logger, intervalMs: 100 })
  onTestFinished(() => starter.stop())

  const count = async (state: string) =>
    (await log(tenant, github)).filter((each: { state: string }) => each.state === state).length
  const left = async () => {
    const { body } = await tenant.request('GET', `/api/v1/integrations/${github.id}`)
    return body.lastWeek.received as number
  }
  const script = fileURLToPath(
    new URL('../testing/workflows/deliver-worker-process.ts', import.meta.url),
  )
  const args = [api.databaseUrl, target.connection.address!, target.namespace, id]
  let before = 1_000
  // Workers skip locked deliveries: none is done before it is killed, however late that is.
  for (const locked of [500, 200]) {
    await api.superuser.transaction().execute(async (trx) => {
      await trx
        .selectFrom('deliveries')
        .select('id')
        .where('organization_id', '=', tenant.id)
        .where('state', '=', 'received')
        .orderBy('received_at', 'desc')
        .orderBy('id')
        .limit(locked)
        .forUpdate()
        .execute()
      const process_ = spawn(process.execPath, [script, ...args], { stdio: 'ignore' })
      onTestFinished(() => void process_.kill('SIGKILL'))
      const at = before
      await eventually(left, (count) => count < at - 20)
      process_.kill('SIGKILL')
      before = await left()
      expect(before).toBeGreaterThanOrEqual(locked)
    })
  }

  await bundleWorkflows()
  const worker = startWorker({
    target,
    installationId: id,
    logger,
    activities: createActivities(deps()),
  })
  onTestFinished(() => worker.stop())
  await eventually(left, (count) => count === 0, 300_000)
  const { body } = await tenant.request('GET', `/api/v1/integrations/${github.id}`)
  expect(body.lastWeek).toEqual({ received: 0, translated: 1_000, ignored: 0, failed: 0 })
  expect(await count('failed')).toBe(0)
  const rows = await api.superuser
    .selectFrom('changes')
    .select(['source_id', 'id'])
    .where('organization_id', '=', tenant.id)
    .execute()
  expect(rows).toHaveLength(1_000)
  expect(new Set(rows.map(({ source_id }) => source_id)).size).toBe(1_000)
  // Each was marked once: the attempt of a killed worker has left nothing.
  const attempts = await api.superuser
    .selectFrom('deliveries')
    .select(['attempts'])
    .distinct()
    .where('organization_id', '=', tenant.id)
    .execute()
  expect(attempts).toEqual([{ attempts: 1 }])
  // The workflow ends when nothing is left.
  const handle = workflows.client.workflow.getHandle(deliverWorkflowId(id, tenant.id))
  await eventually(
    () => handle.describe(),
    ({ status }) => status.name === 'COMPLETED',
  )
})
