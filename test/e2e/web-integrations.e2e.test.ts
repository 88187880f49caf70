import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { signatureHeaders } from '../../src/integrations/signature.ts'
import { pullRequestMerged } from '../../testing/github.ts'
import { overflowOf, useWeb } from '../../testing/web.ts'

// No test asks GitHub itself: nothing listens there.
const web = useWeb({ env: { CAIRN_GITHUB_API_URL: 'http://127.0.0.1:9' } })
beforeAll(() => web.makeOwner())

/** Creates an integration on the page. Returns the URL and the secret that it shows. */
async function setUp(page: Page, title: string) {
  await page.goto('/integrations')
  await page.getByRole('button', { name: `Set up ${title}` }).click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  const url = await page.getByRole('region', { name: 'Webhook URL' }).textContent()
  return { url: url!.trim() }
}

const secretShown = async (page: Page) =>
  (await page.getByRole('region', { name: 'Secret', exact: true }).textContent())!.trim()

async function send(url: string, secret: string, payload: unknown, event = 'pull_request') {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  const { pathname } = new URL(url)
  const response = await fetch(`${web.cairn.url}${pathname}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': randomUUID(),
      ...signatureHeaders('github', { secret, body }),
    },
    body,
  })
  return response.status
}

test('a GitHub integration is set up, lists and replays deliveries, and rotates its secret', async () => {
  const page = await web.open('/')
  const { url } = await setUp(page, 'GitHub')
  expect(url).toMatch(/^http:.*\/webhooks\/[0-9a-f-]{36}$/)
  const secret = await secretShown(page)
  expect(secret).toMatch(/^[\w-]{43}$/)
  await page.getByText('No deliveries yet.').waitFor()

  // A wrong signature is refused and not listed; a truncated body is listed with the reason.
  expect(await send(url, 'wrong secret of this webhook', pullRequestMerged(1, new Date()))).toBe(
    401,
  )
  const mergedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000)
  expect(await send(url, secret, pullRequestMerged(12, mergedAt))).toBe(202)
  await page.getByText('1 change', { exact: true }).waitFor()
  expect(await send(url, secret, '{"action":"closed","pull_req')).toBe(202)
  await page.getByText(/The body is not valid JSON/).waitFor()
  expect(await page.getByRole('row').count()).toBe(3)
  await page.getByText('1 delivery failed in the last 7 days.').waitFor()

  // The secret is shown once.
  await page.getByRole('button', { name: 'Done' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Rotate secret' }).waitFor()
  expect(await page.content()).not.toContain(secret)

  // The payload, and replay.
  await page.getByRole('row').filter({ hasText: '1 change' }).getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'Delivery' })
  await dialog.getByText('Fix the pool size').waitFor()
  await dialog.getByText('attempts: 1').waitFor()
  await dialog.getByRole('button', { name: 'Replay' }).click()
  await dialog.getByText('Translated', { exact: true }).waitFor()
  // One change still: the same one.
  expect(await dialog.getByRole('link', { name: 'Show the change' }).count()).toBe(1)
  await dialog.getByRole('link', { name: 'Show the change' }).click()
  await page
    .getByRole('heading', { level: 1, name: 'octocat merged #12 Fix the pool size into main' })
    .waitFor()
  await page.getByText('database', { exact: true }).first().waitFor()
  await page.goBack()

  // A test goes the same way.
  await page.getByRole('button', { name: 'Send a test: GitHub' }).click()
  await page.getByText('A test. It was signed, stored and read.').waitFor()

  // After a rotation both secrets are valid.
  await page.getByRole('button', { name: 'Rotate secret' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
  const second = page.getByRole('region', { name: 'Secret', exact: true })
  await second.waitFor()
  const newSecret = await secretShown(page)
  expect(newSecret).not.toBe(secret)
  for (const each of [secret, newSecret])
    expect(await send(url, each, { zen: 'hello' }, 'ping')).toBe(202)
  await page.getByText(/The previous one is valid until/).waitFor()

  // The feed shows where it comes from.
  await page.getByRole('link', { name: 'Changes' }).click()
  const row = page.getByRole('link', { name: /octocat merged #12/ })
  await row.getByRole('img', { name: 'GitHub' }).waitFor()
})

test("PagerDuty accepts its own secret, and Alertmanager's configuration contains the token", async () => {
  const page = await web.open('/')
  await setUp(page, 'PagerDuty')
  await page.getByLabel('Secret from PagerDuty').fill('a-secret-that-pagerduty-made')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/The previous one is valid until/).waitFor()
  await setUp(page, 'Alertmanager')
  const configuration = page.getByRole('region', { name: 'Alertmanager configuration' })
  expect(await configuration.textContent()).toContain(`credentials: ${await secretShown(page)}`)
})

test('deploy rules and the token for missed deliveries of GitHub are saved', async () => {
  const page = await web.open('/integrations')
  await page.getByRole('link', { name: 'GitHub', exact: true }).click()
  await page.getByRole('button', { name: 'Add rule' }).click()
  await page.getByRole('group', { name: 'Rule 1' }).getByLabel('Workflow').fill('Lint*')
  await page.getByRole('button', { name: 'Add rule' }).click()
  await page.getByRole('group', { name: 'Rule 2' }).getByLabel('Environment').fill('preview-*')
  await page.getByRole('button', { name: 'Move rule 2 up' }).click()
  // The button is disabled while it saves, too.
  const saved = page.waitForResponse((response) => response.request().method() === 'PATCH')
  await page.getByRole('button', { name: 'Save rules' }).click()
  expect((await saved).ok()).toBe(true)
  await page.reload()
  const first = page.getByRole('group', { name: 'Rule 1' })
  await first.waitFor()
  expect(await first.getByLabel('Environment').inputValue()).toBe('preview-*')
  const second = page.getByRole('group', { name: 'Rule 2' })
  expect(await second.getByLabel('Workflow').inputValue()).toBe('Lint*')

  const token = `github_pat_${randomUUID()}`
  await page.getByRole('combobox', { name: 'Organizations and repositories' }).fill('acme/shop')
  await page.keyboard.press('Enter')
  await page.getByLabel('Token', { exact: true }).fill(token)
  await page.getByRole('button', { name: 'Save token' }).click()
  await page.getByText(/The token was set/).waitFor()
  // Once in the health, once in the section.
  await page
    .getByText(/Cannot reach 127\.0\.0\.1/)
    .first()
    .waitFor()
  await page.reload()
  await page.getByText(/The token was set/).waitFor()
  expect(await page.content()).not.toContain(token)
  await page.getByRole('button', { name: 'Remove token' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText(/GitHub does not send a delivery again/).waitFor()
})

test('the pages fit a narrow screen', async () => {
  const page = await web.open('/integrations', { width: 360 })
  await page.getByRole('heading', { level: 2, name: 'Alertmanager' }).waitFor()
  expect(await overflowOf(page)).toBe(0)
  await page.getByRole('link', { name: 'GitHub', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'GitHub' }).waitFor()
  await page.getByText('A test. It was signed, stored and read.').waitFor()
  expect(await overflowOf(page)).toBe(0)
})
