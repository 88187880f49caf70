import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { putRole } from '../../testing/roles.ts'
import { type ConnectedAccount, overflowOf, someRecord, useWeb } from '../../testing/web.ts'

// Those without an event are folded away where there are many.
const quiet = ['us-east-2', 'us-west-2', 'eu-central-1', 'eu-north-1', 'sa-east-1', 'ap-south-1']
const web = useWeb({ regions: ['us-east-1', 'eu-west-1', ...quiet] })

let current: ConnectedAccount
let failed: ConnectedAccount
let importing: ConnectedAccount
let awaiting: { id: string }
let change: { id: string }

/** What axe finds against WCAG 2.2 AA, with the element and why: short enough to read in a failure. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    // No page has frames, and what gathers from frames opens a page each time.
    .setLegacyMode()
    .analyze()
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      const why = failureSummary?.split('\n')[1]?.trim()
      return `${id} at ${target.join(' ')}: ${why}`
    }),
  )
}

async function expectNoViolations(page: Page, what: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor()
    // On a busy machine, a transition may still run: what stays is a violation.
    let found = await violations(page)
    for (let tries = 0; found.length > 0 && tries < 5; tries++) {
      await page.evaluate(
        'Promise.allSettled(document.getAnimations().map((each) => each.finished))',
      )
      found = await violations(page)
    }
    expect.soft(found, `${what}, ${scheme}`).toEqual([])
  }
}

/** As seen in both schemes; and it fits on a narrow screen. */
async function expectAccessible(page: Page, what: string): Promise<void> {
  const wide = page.viewportSize()!
  // Tabs and histories tell pages apart by it.
  expect.soft(await page.title(), what).toMatch(/^.+ · Cairn$/)
  await expectNoViolations(page, what)
  await page.setViewportSize({ width: 360, height: 800 })
  await expect
    .poll(() => overflowOf(page), { message: `${what} scrolls sideways at 360 px` })
    .toBe(0)
  await page.setViewportSize(wide)
}

const settingsTabs = [
  ...['Environments', 'Environment rules', 'Noise rules', 'Service mappings'],
  ...['API keys', 'Members', 'Profile'],
]

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor()

test('the ways in', async () => {
  const page = await web.open('/sign-in', { signedIn: false })
  await heading(page, 'Sign in')
  await expectAccessible(page, 'sign-in')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('Enter the email address').waitFor()
  await expectAccessible(page, 'sign-in with what is missing')

  const { pathname, search } = new URL(web.invitationUrl)
  await page.goto(pathname + search)
  await heading(page, 'Create the owner account')
  await expectAccessible(page, 'accept invitation')
  await page.goto('/accept-invitation')
  await heading(page, 'Open your invitation link again')
  await expectAccessible(page, 'accept invitation without a link')
})

describe('signed in', () => {
  beforeAll(() => web.makeOwner())

  test('a password is set with a link of an owner', async () => {
    const page = await web.open('/settings?tab=members')
    const headers = { origin: web.cairn.url }
    const invited = await page.request.post('/api/v1/invitations', { data: {}, headers })
    const token = new URL((await invited.json()).url).searchParams.get('token')
    const newcomer = { token, name: 'Bo', email: 'bo@example.com', password: 'forgotten soon' }
    const accepted = await fetch(`${web.cairn.url}/api/invitation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(newcomer),
    })
    expect(accepted.status).toBe(201)
    await page.reload()
    await page.getByRole('button', { name: 'Reset password of Bo' }).click()
    const link = await page.getByRole('region', { name: 'Password reset link' }).textContent()
    await expectAccessible(page, 'a password reset link')

    const { pathname, search } = new URL(link!)
    const reset = await web.open(pathname + search, { signedIn: false })
    await reset.getByText('bo@example.com').waitFor()
    await expectAccessible(reset, 'set a new password')
    await reset.getByRole('textbox', { name: 'New password' }).fill('remembered now')
    await reset.getByRole('button', { name: 'Set password' }).click()
    await heading(reset, 'Password changed')
    await reset.getByRole('link', { name: 'Sign in' }).click()
    await reset.getByRole('textbox', { name: 'Email' }).fill('bo@example.com')
    await reset.getByRole('textbox', { name: 'Password' }).fill('remembered now')
    await reset.getByRole('button', { name: 'Sign in' }).click()
    await reset
      .getByRole('heading', { name: /What changed|Connect an account/ })
      .first()
      .waitFor()
  })

  test('before anything is connected', async () => {
    const page = await web.open('/')
    await page.getByRole('heading', { name: /Connect an account/ }).waitFor()
    await expectAccessible(page, 'an empty feed')
    await page.goto('/integrations')
    await page.getByText('No accounts connected').waitFor()
    await expectAccessible(page, 'integrations without any')
    await page.getByRole('button', { name: 'Connect account' }).click()
    await page.getByRole('dialog', { name: 'Connect account' }).waitFor()
    await expectAccessible(page, 'the dialog for an account')
    await page.goto('/integrations/aws')
    await page.getByText('No accounts connected').waitFor()
    await expectAccessible(page, 'connections without any')
  })

  test('the settings, and the page for unknown addresses', async () => {
    const page = await web.open('/settings')
    await heading(page, 'Settings')
    for (const name of settingsTabs) {
      await page.getByRole('tab', { name, exact: true }).click()
      await page.getByRole('tabpanel', { name, exact: true }).waitFor()
      await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count()).toBe(0)
      await expectAccessible(page, `settings, ${name}`)
    }
    await page.goto('/no/such/page')
    await page.getByRole('heading', { name: 'Page not found' }).waitFor()
    await expectAccessible(page, 'not found')
  })

  describe('with accounts', () => {
    beforeAll(async () => {
      const { simulator, cairn } = web
      const now = simulator.now()
      const accountId = web.accountId()
      simulator.addEvents(
        [
          ...[0, 1, 2].map((n) =>
            someRecord({ now, secondsAgo: 60 + n * 20, eventName: 'StopDBInstance' }),
          ),
          someRecord({ now, secondsAgo: 5_000, awsRegion: 'us-east-1', errorCode: 'AccessDenied' }),
        ],
        { accountId },
      )
      current = await web.connect({ name: 'Shop production', accountId })
      failed = await web.connect({ name: 'Shop staging' })
      importing = await web.connect({ name: 'Data platform' })
      const { id } = await cairn.request('POST', '/environments', { name: 'Production' })
      await cairn.request('PATCH', `/connections/${current.id}`, { environmentId: id })
      awaiting = await cairn.request('POST', '/connections', { name: 'Sandbox' })
      await Promise.all([current, failed, importing].map((one) => web.imported(one.id)))

      putRole(simulator, { ...failed, condition: null })
      await cairn.request('POST', `/connections/${failed.id}/verify`)
      // An old region that AWS is not responding for keeps it importing.
      simulator.failNext({
        ...{ operation: 'LookupEvents', effect: 'delay', delayMs: 3_000, times: 1_000 },
        accountId: importing.accountId,
      } as never)
      await cairn.request('PATCH', `/connections/${importing.id}`, { lookbackDays: 90 })
      const { items } = await cairn.request(
        'GET',
        `/changes?connection=${current.id}&outcome=denied`,
      )
      change = items[0]
    })

    test('the feed', async () => {
      const page = await web.open('/')
      const list = page.getByRole('list', { name: 'Changes', exact: true })
      await list.getByRole('button', { name: /\d ada/ }).click()
      await list.getByRole('link').nth(2).waitFor()
      await expectAccessible(page, 'the feed')
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page, "the list of the feed's keys")
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.getByRole('link', { name: 'Changes', exact: true }).first().hover()
      await expectNoViolations(page, 'the current page under the pointer')
      await page.getByRole('button', { name: 'More filters' }).click()
      await page.getByRole('region', { name: 'Source IP' }).waitFor()
      await expectAccessible(page, 'the feed with more filters')
      await page.setViewportSize({ width: 390, height: 800 })
      await page.getByRole('button', { name: /^Filters/ }).click()
      const filters = page.getByRole('dialog', { name: 'Filters' })
      await filters.getByRole('button', { name: 'Close' }).waitFor()
      await expectAccessible(page, 'the filters of a narrow feed')
    })

    test("the feed's menus", async () => {
      const page = await web.open('/', { expected: /503/ })
      await page.getByRole('list', { name: 'Changes', exact: true }).waitFor()
      const body = { title: 'Try again', status: 503, detail: 'The database is not available.' }
      await page.route('**/api/v1/views', (route) => route.fulfill({ status: 503, json: body }))
      await page.getByRole('button', { name: 'Views' }).click()
      const retry = page.getByRole('menuitem', { name: /database is not available/ })
      await retry.waitFor()
      await expectNoViolations(page, 'views that fail to load')
      await page.unroute('**/api/v1/views')
      await retry.press('Enter')
      const views = page.getByRole('menu', { name: 'Views' })
      await views.getByRole('group', { name: 'Built in' }).getByRole('menuitem').first().waitFor()
      await expectNoViolations(page, 'the views')
      await page.keyboard.press('Escape')
      await views.waitFor({ state: 'hidden' })

      await page.getByRole('button', { name: 'Export' }).press('Enter')
      const first = page.getByRole('menuitem', { name: 'Download CSV' })
      await expect
        .poll(() => first.evaluate((item) => item === item.ownerDocument.activeElement))
        .toBe(true)
      await expectNoViolations(page, 'the menu to export')
    })

    test('the menus of each page', async () => {
      const page = await web.open('/settings')
      for (const name of ['Theme', /^Account/]) {
        await page.getByRole('button', { name }).click()
        await page.getByRole('menu').waitFor()
        await expectNoViolations(page, `the menu ${name}`)
        await page.keyboard.press('Escape')
        await page.getByRole('menu').waitFor({ state: 'hidden' })
      }
    })

    test('rules and mappings', async () => {
      const { cairn } = web
      const { id } = await cairn.request('POST', '/environments', { name: 'Payments' })
      const { version } = await cairn.request('GET', '/environment-rules')
      const rules = ['ledger', 'invoices'].map((service) => ({
        match: { service: [service], region: ['eu-*'] },
        environments: [id],
      }))
      await cairn.request('PUT', '/environment-rules', { version, mode: 'first', rules })
      const match = { service: 'ledger', action: 'Rotate' }
      await cairn.request('POST', '/noise-rules', { effect: 'hide', match })
      const mapping = { value: 'Ledger', environmentId: id, services: ['ledger', 'invoices'] }
      await cairn.request('POST', '/service-mappings', mapping)

      const page = await web.open('/settings?tab=environment-rules')
      await page
        .getByRole('button', { name: /^Move .* up$/ })
        .last()
        .waitFor()
      await expectAccessible(page, 'environment rules')
      await page.getByRole('button', { name: 'Add rule' }).click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page, 'the form of a rule')
      await page.goto('/settings?tab=noise-rules')
      await page.getByRole('button', { name: /^Remove the rule/ }).waitFor()
      await expectAccessible(page, 'noise rules')
      await page.goto('/settings?tab=service-mappings')
      await page.getByRole('button', { name: /^Remove the mapping/ }).waitFor()
      await expectAccessible(page, 'service mappings')
    })

    test('the page of a webhook', async () => {
      const made = { kind: 'github', name: 'octo' }
      const { id } = await web.cairn.request('POST', '/integrations', made)
      const page = await web.open(`/integrations/webhooks/${id}`)
      await page.getByText('No deliveries yet.').waitFor()
      await expectAccessible(page, 'a webhook without deliveries')
      await page.getByRole('button', { name: /^Send a test/ }).click()
      await page.getByRole('row').nth(1).waitFor()
      await expectAccessible(page, 'a webhook with a delivery')
    })

    test('a change beside the list', async () => {
      const page = await web.open('/?view=changes')
      const list = page.getByRole('list', { name: 'Changes', exact: true })
      await list.getByRole('link').first().click()
      const panel = page.getByRole('complementary', { name: 'Change' })
      await panel.getByRole('button', { name: 'Show event' }).click()
      await panel.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await expectNoViolations(page, 'a change beside the list')
      expect(await overflowOf(page)).toBe(0)
    })

    test('a change', async () => {
      const page = await web.open(`/changes/${change.id}`)
      await heading(page, /ada/)
      await page.getByRole('button', { name: 'Show event' }).click()
      await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await expectAccessible(page, 'a change')
      await page.getByText('Raw JSON').click()
      await expectAccessible(page, 'a change, raw')
    })

    test('integrations and connections', async () => {
      const page = await web.open('/integrations')
      await page.getByText('4 accounts').waitFor()
      await expectAccessible(page, 'integrations')
      await page.goto('/integrations/aws')
      await page.getByRole('link', { name: 'Shop staging' }).waitFor()
      await expectAccessible(page, 'connections')
    })

    test('the list of incidents', async () => {
      const page = await web.open('/incidents')
      await heading(page, 'Incidents')
      await expectAccessible(page, 'incidents without any')
    })

    test('a connection that waits for its role, with each way to create it', async () => {
      const page = await web.open(`/integrations/aws/${awaiting.id}`)
      for (const name of ['Terraform', 'CloudFormation', 'AWS CLI', 'JSON policies']) {
        await page.getByRole('tab', { name }).click()
        const panel = page.getByRole('tabpanel', { name })
        const code = panel.getByRole('button', { name: /^Show code/ }).first()
        await code.click()
        await panel.getByRole('region').first().waitFor()
        await expectAccessible(page, `set-up, ${name}`)
      }
      await page.getByRole('textbox', { name: 'Role ARN' }).fill('arn:aws:iam::1:role/x')
      await expectAccessible(page, 'a wrong ARN')
    })

    test('a connection whose verification failed', async () => {
      const page = await web.open(`/integrations/aws/${failed.id}`)
      await page.getByText('Not safe:').first().waitFor()
      await page.getByRole('button', { name: /Role access/ }).click()
      await expectAccessible(page, 'a failed verification')
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page, 'the question before deleting')
    })

    test('a connection that imports, and one that is complete', async () => {
      const page = await web.open(`/integrations/aws/${importing.id}`)
      await page.getByRole('region', { name: 'Imported' }).waitFor()
      await expectAccessible(page, 'an import')
      await page.goto(`/integrations/aws/${current.id}`)
      await page.getByText('Up to date as of').first().waitFor()
      await page.getByRole('button', { name: /Import settings/ }).click()
      await expectAccessible(page, 'a complete import')
    })
  })
})
