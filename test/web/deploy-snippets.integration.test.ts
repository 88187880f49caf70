import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { parseHcl } from '../../testing/hcl.ts'
import { deploySnippets } from '../../web/src/pages/deploys/snippets.ts'

let api: TestApi
let tenant: Tenant
let snippets: Map<string, string>
beforeAll(async () => {
  api = await createTestApi()
  tenant = await api.tenant('pipelines')
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
  snippets = new Map(deploySnippets(url).map(({ id, text }) => [id, text]))
})
afterAll(() => api.close())

/** Runs a script as a pipeline would, with its variables. */
async function run(script: string, variables: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH, CAIRN_API_KEY: tenant.key, ...variables }
  await promisify(execFile)('sh', ['-euc', script], { env, cwd: import.meta.dirname })
}

async function changes(q: string) {
  return (await tenant.request('GET', `/api/v1/changes?source=deploy&q=${q}`)).body.items
}

test('the curl snippet reports a change', async () => {
  await run(snippets.get('curl')!)
  expect(await changes('checkout')).toMatchObject([{ service: 'checkout', action: 'deploy' }])
})

test('the GitHub Actions step reports a change', async () => {
  const [step] = parse(snippets.get('github-action')!)
  expect(step).toMatchObject({
    if: 'always()',
    env: { OUTCOME: expect.stringContaining('job.status') },
  })
  await run(step.run, {
    GITHUB_REPOSITORY: 'acme/shop',
    GITHUB_SHA: 'a'.repeat(40),
    GITHUB_ACTOR: 'ada',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_RUN_ID: '12',
    GITHUB_RUN_ATTEMPT: '1',
    OUTCOME: 'failed',
  })
  expect(await changes('acme/shop')).toMatchObject([
    {
      service: 'shop',
      outcome: 'failed',
      sourceId: 'acme/shop/12/1',
      links: [{ url: 'https://github.com/acme/shop/actions/runs/12' }],
    },
  ])
})

test('the GitLab CI job reports a change', async () => {
  const { 'report-to-cairn': job } = parse(snippets.get('gitlab')!)
  await run(job.script.join('\n'), {
    CI_PROJECT_PATH: 'acme/billing',
    CI_PROJECT_NAME: 'billing',
    CI_COMMIT_SHA: 'b',
    CI_PIPELINE_ID: '7',
    CI_PIPELINE_URL: 'https://gitlab.com/acme/billing/-/pipelines/7',
    CI_PIPELINE_CREATED_AT: new Date().toISOString(),
    GITLAB_USER_EMAIL: 'ada@example.com',
  })
  expect(await changes('acme/billing')).toMatchObject([{ service: 'billing' }])
})

test('the Terraform snippet reports a change', async () => {
  const { resource } = await parseHcl('report.tf', snippets.get('terraform')!)
  const [report] = resource.terraform_data.report_to_cairn
  const [provisioner] = report.provisioner['local-exec']
  expect(Object.keys(provisioner.environment)).toEqual(['APPLIED_AT', 'WORKSPACE'])
  const lines: string[] = provisioner.command.split('\n')
  // The heredoc removes the indentation that all lines share.
  const indent = Math.min(...lines.filter(Boolean).map((line) => /^ */.exec(line)![0].length))
  const command = lines.map((line) => line.slice(indent)).join('\n')
  await run(command, { WORKSPACE: 'network', APPLIED_AT: '2026-03-01T12:00:00Z' })
  expect(await changes('network')).toMatchObject([{ action: 'apply', tool: { name: 'terraform' } }])
})

test('the Argo CD template reports a change', async () => {
  const config = parse(snippets.get('argocd')!)
  const { webhook } = parse(config['template.report-to-cairn'])
  const service = parse(config['service.webhook.cairn'])
  expect(parse(config['trigger.report-to-cairn'])).toMatchObject([{ send: ['report-to-cairn'] }])
  const now = Date.now()
  const state = (name: string, phase: string, revision: string) => ({
    'metadata.name': name,
    'status.operationState.phase': phase,
    'status.operationState.startedAt': new Date(now - 60_000).toISOString(),
    'status.operationState.finishedAt': new Date(now).toISOString(),
    // Empty where the application has several sources.
    'status.sync.revision': revision,
  })
  for (const app of [state('search', 'Succeeded', 'c0ffee'), state('indexer', 'Error', '')]) {
    const response = await fetch(service.url, {
      method: webhook.cairn.method,
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      body: fillArgoCd(webhook.cairn.body, app),
    })
    expect(response.status).toBe(201)
  }
  const title = 'Argo CD'
  expect(await changes('search')).toMatchObject([
    { tool: { title }, outcome: 'succeeded', detail: { version: 'c0ffee' } },
  ])
  expect(await changes('indexer')).toMatchObject([{ tool: { title }, outcome: 'failed' }])
})

/** Fills in a Go template, as far as ours needs it: values, `if eq` with `else`, and `with`. */
function fillArgoCd(template: string, app: Record<string, string>): string {
  return template
    .replaceAll(
      /\{\{if eq \.app\.([\w.]+) "(\w+)"\}\}(.*?)\{\{else\}\}(.*?)\{\{end\}\}/g,
      (_whole, field, value, yes, no) => (app[field] === value ? yes : no),
    )
    .replaceAll(/\{\{with \.app\.([\w.]+)\}\}(.*?)\{\{end\}\}/g, (_whole, field, text) =>
      app[field] ? text.replaceAll('{{.}}', app[field]) : '',
    )
    .replaceAll(/\{\{\.app\.([\w.]+)\}\}/g, (_whole, field) => app[field]!)
}

test('the Unleash template reports a change', async () => {
  const event = { createdBy: 'ada', type: 'feature-enabled', id: '1' }
  for (const fields of [
    { ...event, featureName: 'new-checkout', environment: 'production' },
    { ...event, id: '2', type: 'segment-created' },
  ]) {
    const filled = fillMustache(snippets.get('unleash')!, fields)
    const { status } = await tenant.request('POST', '/api/v1/changes', JSON.parse(filled))
    expect(status).toBe(201)
  }
  expect(await changes('new-checkout')).toMatchObject([{ service: 'new-checkout' }])
  expect(await changes('segment-created')).toHaveLength(1)
})

/** Fills in a Mustache template, as far as ours needs it: values, and sections for one value. */
function fillMustache(template: string, event: Record<string, string>): string {
  return template
    .replaceAll(/\{\{#event\.(\w+)\}\}(.*?)\{\{\/event\.\1\}\}/g, (_whole, field, text) =>
      event[field] ? text : '',
    )
    .replaceAll(/\{\{event\.(\w+)\}\}/g, (_whole, field) => event[field] ?? '')
}

test('the PagerDuty change event and the CloudEvent are accepted', async () => {
  await run(snippets.get('pagerduty')!)
  await run(snippets.get('cloudevents')!)
  const found = await changes('Deployed')
  const receivers = found.map(({ detail }: { detail: { receivedAs: string } }) => detail.receivedAs)
  expect(receivers).toEqual(expect.arrayContaining(['pagerduty', 'cloudevents']))
})

test('the LaunchDarkly integration is created, and the URL of the GitHub API exists', async () => {
  await run(snippets.get('launchdarkly')!)
  const integrations = (await tenant.request('GET', '/api/v1/integrations')).body.items
  expect(integrations).toMatchObject([{ kind: 'launchdarkly' }])
  const headers = { 'content-type': 'application/json' }
  const [, base] = snippets.get('github-api')!.split('=')
  const created = await fetch(`${base}/repos/acme/api/deployments`, {
    method: 'POST',
    body: JSON.stringify({ ref: 'main' }),
    headers: { ...headers, authorization: `token ${tenant.key}` },
  })
  expect(created.status).toBe(201)
})
