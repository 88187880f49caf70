/**
 * The demo's story: a pull request is merged and deployed, which changes things in AWS. Minutes
 * later someone removes a firewall rule in the console, and an alert follows. GitHub, the pipeline
 * and PagerDuty send what they would send, with real signatures.
 */

import { createHmac, randomUUID } from 'node:crypto'
import { generateRelease, type Release } from '../simulator/generate.ts'
import type { Simulator } from '../simulator/index.ts'
import type { Api } from './api.ts'

const MINUTE_MS = 60_000
/** When the deploy starts and the alert is raised, before the demo's start. */
const DEPLOY_BEFORE_MS = 24 * MINUTE_MS
const ALERT_BEFORE_MS = 5 * MINUTE_MS
/** From the end of the deploy to the change in the console. */
const PAUSE_SECONDS = 9 * 60
const MERGE_BEFORE_DEPLOY_MS = 2 * MINUTE_MS
const PULL_REQUEST = 214
const INCIDENT_ID = 'Q1DEMOINCIDENT'

export interface DemoStory {
  release: Release
  alertAt: Date
}

/** Adds the events of the story to the simulated account. */
export function prepareStory(simulator: Simulator, accountId: string): DemoStory {
  const now = simulator.now()
  const { records, release } = generateRelease({
    seed: 1,
    accountId,
    startsAt: new Date(now - DEPLOY_BEFORE_MS),
    pauseSeconds: PAUSE_SECONDS,
  })
  simulator.addEvents(records, { accountId })
  return { release, alertAt: new Date(now - ALERT_BEFORE_MS) }
}

interface Environment {
  id: string
}

/** Creates the environments and the rules. @returns the ID of the production environment */
export async function createEnvironments(api: Api): Promise<string> {
  const create = (name: string, color: string) =>
    api.request<Environment>('POST', '/environments', { name, color })
  const production = await create('production', 'red')
  const staging = await create('staging', 'blue')
  const { version } = await api.request<{ version: number }>('GET', '/environment-rules')
  await api.request('PUT', '/environment-rules', {
    version,
    mode: 'first',
    rules: [
      { name: 'Staging', match: { resource: ['*shop-staging*'] }, environments: [staging.id] },
      {
        name: 'Repositories',
        match: { repository: ['example-org/*'] },
        environments: [production.id],
      },
    ],
  })
  return production.id
}

interface Integration {
  url: string
  secret: string
}

/**
 * Sends the webhooks and the report of the deploy.
 *
 * @returns the ID of the incident
 */
export async function sendStory(
  api: Api,
  { release, alertAt }: DemoStory,
  environmentId: string,
): Promise<string> {
  const integrate = (kind: string) => api.request<Integration>('POST', '/integrations', { kind })
  const github = await integrate('github')
  const pagerDuty = await integrate('pagerduty')
  await api.request('POST', '/service-mappings', {
    source: 'pagerduty',
    value: 'Checkout*',
    environmentId,
    services: ['checkout'],
  })
  await sendGitHub(github, 'pull_request', pullRequest(release))
  await reportDeploy(api, release)
  await sendGitHub(github, 'workflow_run', workflowRun(release))
  await sendPagerDuty(pagerDuty, alertAt)
  const { items } = await api.ready<{ items: { id: string; sourceId: string | null }[] }>(
    '/incidents',
    (page) => page.items.length > 0,
  )
  if (items[0] === undefined) throw new Error('The incident of the story was not created')
  return items[0].id
}

/** What a pipeline reports at the start and at the end of a deploy. */
async function reportDeploy(api: Api, release: Release): Promise<void> {
  const { repository, commit, run, startedAt, endedAt } = release
  const start = {
    summary: `Deployed checkout ${commit.slice(0, 7)}`,
    startsAt: startedAt.toISOString(),
    version: commit,
    environments: ['production'],
    services: ['checkout'],
    authors: ['mei.tanaka@example.com'],
    links: [{ label: 'Run', url: runUrl(release) }],
    idempotencyKey: `${repository}/${run}`,
  }
  await api.request('POST', '/changes', start)
  const end = { endsAt: endedAt.toISOString(), outcome: 'succeeded' }
  await api.request('POST', '/changes', { ...start, ...end })
}

async function sendGitHub({ url, secret }: Integration, event: string, payload: object) {
  const body = JSON.stringify(payload)
  await send(url, body, {
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${hmac(secret, body)}`,
  })
}

async function sendPagerDuty({ url, secret }: Integration, alertAt: Date): Promise<void> {
  const at = alertAt.toISOString()
  const body = JSON.stringify({
    event: {
      id: randomUUID(),
      event_type: 'incident.triggered',
      resource_type: 'incident',
      occurred_at: at,
      data: {
        id: INCIDENT_ID,
        type: 'incident',
        html_url: `https://example-org.pagerduty.com/incidents/${INCIDENT_ID}`,
        number: 4711,
        status: 'triggered',
        title: 'Checkout: 5xx above 5 %, timeouts to the database',
        created_at: at,
        urgency: 'high',
        service: { id: 'PCHECKOUT', summary: 'Checkout', type: 'service_reference' },
      },
    },
  })
  await send(url, body, { 'x-pagerduty-signature': `v1=${hmac(secret, body)}` })
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

async function send(url: string, body: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  if (response.status !== 202) {
    throw new Error(`POST ${new URL(url).pathname}: ${response.status} ${await response.text()}`)
  }
}

const mei = { login: 'mei-tanaka', type: 'User' }

function runUrl({ repository, run }: Release): string {
  return `https://github.com/${repository}/actions/runs/${run}`
}

function repositoryOf({ repository }: Release) {
  return {
    full_name: repository,
    html_url: `https://github.com/${repository}`,
    default_branch: 'main',
  }
}

function pullRequest(release: Release) {
  const mergedAt = new Date(release.startedAt.getTime() - MERGE_BEFORE_DEPLOY_MS).toISOString()
  return {
    action: 'closed',
    number: PULL_REQUEST,
    repository: repositoryOf(release),
    sender: mei,
    pull_request: {
      number: PULL_REQUEST,
      title: 'Round totals to the cent',
      html_url: `https://github.com/${release.repository}/pull/${PULL_REQUEST}`,
      merged: true,
      merged_at: mergedAt,
      merge_commit_sha: release.commit,
      merged_by: mei,
      user: mei,
      labels: [{ name: 'checkout' }],
      commits: 2,
      head: { ref: 'round-totals', sha: release.commit },
      base: { ref: 'main', sha: release.commit },
    },
  }
}

function workflowRun(release: Release) {
  const startedAt = release.startedAt.toISOString()
  return {
    action: 'completed',
    repository: repositoryOf(release),
    sender: mei,
    workflow: { name: 'Deploy', path: '.github/workflows/deploy.yml' },
    workflow_run: {
      id: release.run,
      name: 'Deploy',
      run_number: 812,
      run_attempt: 1,
      event: 'push',
      html_url: runUrl(release),
      head_sha: release.commit,
      head_branch: 'main',
      path: '.github/workflows/deploy.yml',
      conclusion: 'success',
      created_at: startedAt,
      run_started_at: startedAt,
      updated_at: release.endedAt.toISOString(),
      actor: mei,
      triggering_actor: mei,
      pull_requests: [],
    },
  }
}
