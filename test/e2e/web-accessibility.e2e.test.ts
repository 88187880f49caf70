import type { Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectNoViolations } from '../../testing/axe.ts'
import { userIdentity } from '../../testing/cloudtrail/records.ts'
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

const longArn = `arn:aws:iam::111122223333:user/${'platform-team/'.repeat(6)}ada`
const policy = 'allow-checkout-to-read-orders'

/** As seen in both schemes; and it fits on a narrow screen. */
async function expectAccessible(page: Page, what: string): Promise<void> {
  await expectNoViolations(page, what)
  await expectFits(page, what)
}

/** The pages by their titles: tabs and histories show no more. */
const titles = new Map<string, string>()

/** It has a title of its own, and does not scroll sideways at 320 px: 400 % of 1280 px. */
async function expectFits(page: Page, what: string): Promise<void> {
  const title = await page.title()
  const path = new URL(page.url()).pathname
  expect.soft(title, what).toMatch(/^.+ · Cairn$/)
  expect.soft(titles.get(title) ?? path, `the title of ${what} is another page's`).toBe(path)
  titles.set(title, path)
  const wide = page.viewportSize()!
  await page.setViewportSize({ width: 320, height: 640 })
  // Parts that depend on the width are rendered after the resize.
  await expect
    .poll(() => overflowOf(page), { message: `${what} scrolls sideways at 320 px` })
    .toBe(0)
  await page.setViewportSize(wide)
}

/** The rows of the feed. */
const rowsOf = (page: Page) =>
  page.getByRole('list', { name: 'Changes', exact: true }).locator(':scope > li')

/** On how many lines each occurrence of the text in the page's content is. */
const linesOf = (page: Page, text: string) =>
  page.evaluate<number[]>(`
    (() => {
      const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
      const lines = []
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const start = node.data.indexOf('${text}')
        if (start < 0) continue
        const range = document.createRange()
        range.setStart(node, start)
        range.setEnd(node, start + ${text.length})
        lines.push(new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size)
      }
      return lines.filter((count) => count > 0)
    })()
  `)

/** How many parts of rows cover another part of the same row. */
const coveredParts = `
  [...document.querySelectorAll('#main ol > li :is(a, button)')]
    .filter((row) => getComputedStyle(row).display === 'grid')
    .flatMap((row) => {
      const boxes = [...row.children].map((child) => child.getBoundingClientRect())
      return boxes.flatMap((one, nth) => boxes.slice(nth + 1).filter((other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
        Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1))
    }).length
`

const settingsTabs = [
  ...['Environments', 'Environment rules', 'Noise rules', 'Service mappings'],
  ...['API keys', 'Members', 'Profile'],
]

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor()

test('the sign-in pages are accessible', async () => {
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

  test('the password reset page is accessible', async () => {
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

  test('pages without a connection are accessible', async () => {
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

  test('the settings and the page for unknown addresses are accessible', async () => {
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
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
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
          someRecord({
            now,
            secondsAgo: 5_000,
            awsRegion: 'us-east-1',
            errorCode: 'AccessDenied',
            eventSource: 'iam.amazonaws.com',
            eventName: 'AttachRolePolicy',
            userIdentity: { ...userIdentity('ada', '111122223333'), arn: longArn },
            requestParameters: {
              roleName: 'deploy',
              policyArn: `arn:aws:iam::111122223333:policy/${policy}`,
            },
          }),
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
        operation: 'LookupEvents',
        effect: 'delay',
        delayMs: 3_000,
        times: 1_000,
        accountId: importing.accountId,
      } as never)
      await cairn.request('PATCH', `/connections/${importing.id}`, { lookbackDays: 90 })
      const { items } = await cairn.request(
        'GET',
        `/changes?connection=${current.id}&outcome=denied`,
      )
      change = items[0]
    })

    test('the feed is accessible', async () => {
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

    test('rows have a height of 32 to 36 px, or more if denied, and parts do not overlap', async () => {
      const page = await web.open('/?view=changes', { width: 1440, height: 900 })
      const heightOf = async (text: string) =>
        (await rowsOf(page).filter({ hasText: text }).getByRole('link').first().boundingBox())!
          .height
      await rowsOf(page).filter({ hasText: 'stopped' }).first().waitFor()
      expect(await heightOf('stopped')).toBeGreaterThanOrEqual(32)
      expect(await heightOf('stopped')).toBeLessThanOrEqual(36)
      expect(await heightOf('Denied')).toBeGreaterThan(36)
      for (const width of [1440, 1200, 1000, 900, 780, 700, 600, 480, 360]) {
        await page.setViewportSize({ width, height: 900 })
        await expect.poll(() => page.evaluate(coveredParts), { message: `${width} px` }).toBe(0)
      }
    })

    test('on a phone the first row is within the first third of the screen', async () => {
      const page = await web.open('/', { width: 390, height: 844 })
      await rowsOf(page).first().waitFor()
      await page.getByRole('status', { name: 'Completeness' }).waitFor()
      const row = rowsOf(page).getByRole('button').first()
      await expect.poll(async () => (await row.boundingBox())!.y).toBeLessThan(844 / 3)
    })

    test('the skip link, shortcuts and reduced motion work, and printing omits controls', async () => {
      const page = await web.open('/incidents')
      await heading(page, 'Incidents')
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
      await page.keyboard.press('Enter')
      await page.locator('#main:focus').waitFor()
      await page.keyboard.press('?')
      const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
      await help.getByText('Next row, previous row').waitFor()
      await page.keyboard.press('Escape')
      await help.waitFor({ state: 'hidden' })

      const moving = await page.evaluate<string[]>(`
        [...document.querySelectorAll('*')]
          .filter((element) => {
            const { animationName, animationDuration, transitionDuration } = getComputedStyle(element)
            const seconds = [transitionDuration, animationName === 'none' ? '0s' : animationDuration]
            return seconds.join().split(',').some((each) => parseFloat(each) > 0.01)
          })
          .map(({ className }) => String(className))
      `)
      expect(moving).toEqual([])
      await page.emulateMedia({ media: 'print' })
      await expect.poll(() => page.getByRole('navigation').isVisible()).toBe(false)
      await expect.poll(async () => (await page.locator('#main').boundingBox())!.x).toBe(0)
      expect(await page.getByRole('heading', { level: 1, name: 'Incidents' }).isVisible()).toBe(
        true,
      )
    })

    test('other pages fit their screens', async () => {
      const noticedAt = new Date(web.simulator.now() - 60_000).toISOString()
      const incident = await web.cairn.request('POST', '/incidents', {
        title: 'checkout: 5xx above 5 %',
        noticedAt,
        services: ['checkout'],
      })
      const none = '01980000-0000-7000-8000-000000000000'
      const page = await web.open('/incidents', { expected: /404/ })
      for (const [path, name] of [
        ['/incidents', 'Incidents'],
        [`/incidents/${incident.id}`, 'checkout: 5xx above 5 %'],
        [`/incidents/${none}`, 'Incident not found'],
        [`/incidents/preview?at=${noticedAt}`, /What changed before/],
        ['/incidents/backtest', 'Backtest'],
        ['/integrations/deploys', 'Deploys'],
        [`/changes/${none}`, 'Change not found'],
      ] as const) {
        await page.goto(path)
        await heading(page, name)
        const loading = page.locator('main [aria-busy=true], main .mantine-Skeleton-root')
        await expect.poll(() => loading.count(), { message: `${path} is loading` }).toBe(0)
        await expectFits(page, path)
      }
    })

    test("the feed's menus are accessible", async () => {
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

    test('the menus of each page are accessible', async () => {
      const page = await web.open('/settings')
      for (const name of ['Theme', /^Account/]) {
        await page.getByRole('button', { name }).click()
        await page.getByRole('menu').waitFor()
        await expectNoViolations(page, `the menu ${name}`)
        await page.keyboard.press('Escape')
        await page.getByRole('menu').waitFor({ state: 'hidden' })
      }
    })

    test('rules and mappings are accessible', async () => {
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

    test('the page of a webhook is accessible', async () => {
      const made = { kind: 'github', name: 'octo' }
      const { id } = await web.cairn.request('POST', '/integrations', made)
      const page = await web.open(`/integrations/webhooks/${id}`)
      await page.getByText('No deliveries yet.').waitFor()
      await expectAccessible(page, 'a webhook without deliveries')
      await page.getByRole('button', { name: /^Send a test/ }).click()
      await page.getByRole('row').nth(1).waitFor()
      await expectAccessible(page, 'a webhook with a delivery')
    })

    test('a change beside the list is accessible', async () => {
      const page = await web.open('/?view=changes')
      const list = page.getByRole('list', { name: 'Changes', exact: true })
      await list.getByRole('link').first().click()
      const panel = page.getByRole('complementary', { name: 'Change' })
      await panel.getByRole('button', { name: 'Show event' }).click()
      await panel.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await expectNoViolations(page, 'a change beside the list')
      expect(await overflowOf(page)).toBe(0)
    })

    test('the page of a change is accessible', async () => {
      const page = await web.open(`/changes/${change.id}`)
      await heading(page, /ada/)
      await page.getByRole('button', { name: 'Show event' }).click()
      await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await expectAccessible(page, 'a change')
      await page.getByText('Raw JSON').click()
      await expectAccessible(page, 'a change, raw')
    })

    test('ARNs wrap only between their parts, and values are not truncated in narrow columns', async () => {
      const page = await web.open(`/changes/${change.id}`)
      await page.getByRole('heading', { name: 'Details' }).waitFor()
      const part = 'platform-team'
      await expect.poll(() => linesOf(page, part)).not.toEqual([])
      const value = page.getByRole('table').getByText(policy)
      const cell = page.getByRole('cell').filter({ hasText: policy })
      const right = async (one: Locator) => {
        const { x, width } = (await one.boundingBox())!
        return x + width
      }
      for (const width of [1280, 1200, 1120, 1040, 960, 390, 320]) {
        await page.setViewportSize({ width, height: 800 })
        const message = `${width} px`
        await expect.poll(async () => Math.max(...(await linesOf(page, part))), { message }).toBe(1)
        await expect
          .poll(async () => (await right(value)) - (await right(cell)), { message })
          .toBeLessThanOrEqual(0)
      }
    })

    test('integrations and connections are accessible', async () => {
      const page = await web.open('/integrations')
      await page.getByText('4 accounts').waitFor()
      await expectAccessible(page, 'integrations')
      await page.goto('/integrations/aws')
      await page.getByRole('link', { name: 'Shop staging' }).waitFor()
      await expectAccessible(page, 'connections')
    })

    test('the list of incidents is accessible', async () => {
      const page = await web.open('/incidents')
      await heading(page, 'Incidents')
      await expectAccessible(page, 'incidents without any')
    })

    test('a connection that waits for its role is accessible, with each setup method', async () => {
      // On a lower screen, the next step does not stick to its end and cover parts of this one.
      const page = await web.open(`/integrations/aws/${awaiting.id}`, { height: 590 })
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

    test('a connection whose verification failed is accessible', async () => {
      const page = await web.open(`/integrations/aws/${failed.id}`)
      await page.getByText('Not safe:').first().waitFor()
      await page.getByRole('button', { name: /Role access/ }).click()
      await expectAccessible(page, 'a failed verification')
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').waitFor()
      await expectAccessible(page, 'the question before deleting')
    })

    test('importing and current connections are accessible', async () => {
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
