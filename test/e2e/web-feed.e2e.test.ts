import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { goOffline } from '../../testing/browser.ts'
import { eventually } from '../../testing/eventually.ts'
import { putRole } from '../../testing/roles.ts'
import {
  type ConnectedAccount,
  clipboardOf,
  overflowOf,
  someRecord,
  useWeb,
} from '../../testing/web.ts'

const web = useWeb()

let account: ConnectedAccount

const user = (name: string) => ({
  type: 'IAMUser',
  userName: name,
  arn: `arn:aws:iam::111122223333:user/${name}`,
  accountId: '111122223333',
})

beforeAll(async () => {
  await web.makeOwner()
  const accountId = web.accountId()
  const now = web.simulator.now()
  const minutes = (n: number) => ({ now, secondsAgo: n * 60 })
  web.simulator.addEvents(
    [
      someRecord({ ...minutes(10) }),
      ...[1, 2, 3, 4].map((n) =>
        someRecord({
          ...minutes(32 - n / 2),
          eventSource: 'ec2.amazonaws.com',
          eventName: 'StopInstances',
          awsRegion: 'us-east-1',
          userIdentity: user('bob'),
          requestParameters: {
            instancesSet: { items: [{ instanceId: `i-0123456789abcde${n}0` }] },
          },
        }),
      ),
      someRecord({
        ...minutes(50),
        eventSource: 'iam.amazonaws.com',
        eventName: 'AttachRolePolicy',
        awsRegion: 'us-east-1',
        userIdentity: user('carol'),
        errorCode: 'AccessDenied',
        errorMessage: 'User carol is not authorized to perform: iam:AttachRolePolicy',
        requestParameters: {
          roleName: 'deploy',
          policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
        },
      }),
      someRecord({
        ...minutes(20 * 60),
        userIdentity: user('dave'),
        requestParameters: { dBInstanceIdentifier: 'invoices', allocatedStorage: 500 },
      }),
    ],
    { accountId },
  )
  account = await web.connect({ name: 'Shop', accountId })
  await web.imported(account.id)
})

const list = (page: Page) => page.getByRole('list', { name: 'Changes', exact: true })
const rows = (page: Page) => list(page).locator(':scope > li')
const only = (connection: ConnectedAccount) => `/?connection=${connection.id}`

/** A description of the focused element. */
const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')
const focusedLabel = (page: Page) =>
  page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')")

test('facets and search filter the feed, and the URL restores the filters', async () => {
  const page = await web.open(only(account))
  await rows(page).filter({ hasText: 'bob' }).waitFor()
  await rows(page).filter({ hasText: 'dave' }).waitFor()

  // What a click reads, it reads at one time: the list of the time before is not requested too.
  const requested = new Set<string | null>()
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url())
    if (pathname.endsWith('/change-sets') && searchParams.get('service') === 'rds') {
      requested.add(searchParams.get('from'))
    }
  })
  const services = page.getByRole('region', { name: 'Service' })
  await services.getByRole('button', { name: /^rds/ }).click()
  await rows(page).filter({ hasText: 'bob' }).waitFor({ state: 'hidden' })
  expect([...requested]).toHaveLength(1)
  await rows(page).filter({ hasText: 'dave' }).waitFor()
  const who = page.getByRole('region', { name: 'Actor' })
  // The counts arrive after the rows, and move the buttons.
  await who.getByRole('button', { name: 'Exclude bob' }).waitFor({ state: 'hidden' })
  await who.getByRole('button', { name: 'Exclude ada' }).click()
  await rows(page).filter({ hasText: 'ada' }).waitFor({ state: 'hidden' })
  await page.getByRole('searchbox').fill('invoices')
  await expect.poll(() => page.url()).toContain('invoices')
  await rows(page).filter({ hasText: 'invoices' }).waitFor()
  await expect.poll(() => rows(page).count()).toBe(1)

  const other = await web.open(page.url())
  await rows(other).filter({ hasText: 'invoices' }).waitFor()
  await expect.poll(() => rows(other).count()).toBe(1)
  expect(await other.getByRole('searchbox').inputValue()).toBe('invoices')
  const chips = other.getByRole('group', { name: 'Active filters' })
  await chips.getByText('Actor not ada').waitFor()

  await chips.getByRole('button', { name: 'Remove: Service rds' }).click()
  await expect.poll(() => other.url()).not.toContain('service')
  // The focus moves to the next filter, and finally to the list.
  await expect.poll(() => focusedLabel(other)).toBe('Remove: Actor not ada')
  await chips.getByRole('button', { name: 'Clear all' }).click()
  await chips.waitFor({ state: 'detached' })
  await expect.poll(() => other.evaluate('document.activeElement.ariaBusy')).toBe('false')
  await other.goBack()
  await expect.poll(() => other.url()).toContain('ada')
  await other.goBack()
  await expect.poll(() => other.url()).toContain('service')
  await chips.getByText('Service rds').waitFor()
})

test('the list can be exported, and a long facet can be searched', async () => {
  const accountId = web.accountId()
  const now = web.simulator.now()
  web.simulator.addEvents(
    Array.from({ length: 10 }, (_, n) =>
      someRecord({ now, secondsAgo: (n + 2) * 60, userIdentity: user(`person-${n}`) }),
    ),
    { accountId },
  )
  const crowded = await web.connect({ name: 'Crowded', accountId })
  await web.imported(crowded.id)
  const page = await web.open(only(crowded))
  await rows(page).filter({ hasText: 'person-9' }).waitFor()

  const actors = page.getByRole('region', { name: 'Actor' })
  await actors.getByRole('searchbox', { name: 'Filter actor' }).fill('SON-9')
  await actors.getByRole('button', { name: 'Exclude person-0' }).waitFor({ state: 'hidden' })
  await actors.getByTitle('person-9').click()
  await rows(page).filter({ hasText: 'person-0' }).waitFor({ state: 'hidden' })
  await rows(page).filter({ hasText: 'person-9' }).waitFor()

  const choose = async (name: string) => {
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  const [download] = await Promise.all([page.waitForEvent('download'), choose('Download CSV')])
  expect(download.suggestedFilename()).toMatch(/^cairn-changes-.*\.csv$/)
  const file = await readFile(await download.path(), 'utf8')
  expect(file).toContain('person-9')
  expect(file).not.toContain('person-0')

  await choose('Copy as text')
  await expect.poll(() => clipboardOf(page)).toMatch(/ UTC {2}person-9 .*\n$/)
  await choose('Copy as Markdown')
  await expect.poll(() => clipboardOf(page)).toMatch(/\n- `.* UTC` person-9 .*\n$/)
  await choose('Copy link with absolute times')
  await expect.poll(() => clipboardOf(page)).toMatch(/^http/)
  const link = new URL(await clipboardOf(page))
  expect(Object.fromEntries(link.searchParams)).toMatchObject({
    from: expect.stringMatching(/Z$/),
    to: expect.stringMatching(/Z$/),
  })
  const other = await web.open(`${link.pathname}${link.search}`)
  await rows(other).filter({ hasText: 'person-9' }).waitFor()
  await expect.poll(() => rows(other).count()).toBe(1)
})

test('filters show values with counts, and an empty list suggests other filters', async () => {
  const page = await web.open(only(account))
  await rows(page).filter({ hasText: 'carol' }).waitFor()
  const more = page.getByRole('button', { name: 'More filters' })
  await more.click()
  const field = (name: string) => page.getByRole('region', { name, exact: true })
  for (const name of ['Risk', 'Resource type', 'Read-only', 'Error code', 'Source IP']) {
    await field(name).waitFor()
  }
  await field('Error code').getByRole('button', { name: 'AccessDenied 1', exact: true }).click()
  await rows(page).filter({ hasText: 'ada' }).waitFor({ state: 'hidden' })
  await expect.poll(() => rows(page).count()).toBe(1)
  expect(new URL(page.url()).searchParams.get('errorCode')).toContain('AccessDenied')

  // With a second filter nothing is left: an active filter opens its section.
  await page.goto(`${only(account)}&errorCode=AccessDenied&service=rds&range=1h`)
  await field('Error code')
    .getByRole('button', { name: /^AccessDenied/ })
    .waitFor()
  const suggestions = page.getByRole('group', { name: 'Suggestions' })
  await suggestions.getByRole('button', { name: 'Clear filters' }).waitFor()
  // A longer time range has none either, so it is not suggested.
  expect(await suggestions.getByRole('button', { name: 'Show last 7 days' }).count()).toBe(0)

  await page.goto(`${only(account)}&q=invoices&range=1h`)
  await suggestions.getByRole('button', { name: 'Show last 7 days (1)' }).click()
  await rows(page).filter({ hasText: 'invoices' }).waitFor()
  await expect.poll(() => rows(page).count()).toBe(1)
})

test('rows show risks, and failed and denied changes stand out', async () => {
  const page = await web.open(only(account))
  const denied = rows(page).filter({ hasText: 'carol' })
  await denied.getByText('Denied', { exact: true }).waitFor()
  await denied.getByText('Identity', { exact: true }).waitFor()
  // Its row differs from those of successful changes, which have no mark.
  expect(await denied.getByRole('link').getAttribute('data-problem')).toBe('true')
  const succeeded = rows(page).filter({ hasText: 'dave' })
  await succeeded.getByText('Data', { exact: true }).waitFor()
  expect(await succeeded.getByRole('link').getAttribute('data-problem')).toBeNull()
  expect(await list(page).getByText('Succeeded').count()).toBe(0)
  await page.goto(`${only(account)}&risk=identity`)
  await denied.waitFor()
  await expect.poll(() => rows(page).count()).toBe(1)
  await page.getByRole('group', { name: 'Active filters' }).getByText('Risk Identity').waitFor()
})

/** On how many lines the buttons above the list are, and whether the page is wider than the screen. */
const toolbarLines = `({
  lines: new Set(['Before an incident…', 'Custom…', 'Search changes', 'Views', 'Export', 'Refresh']
    .map((name) => [...document.querySelectorAll('main button, main input')]
      .find((one) => (one.ariaLabel ?? one.textContent) === name))
    .map((one) => one && Math.round(one.getBoundingClientRect().top))).size,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})`

test('failed changes can be excluded and included, and the toolbar does not wrap', async () => {
  const page = await web.open(only(account))
  await rows(page).filter({ hasText: 'carol' }).waitFor()
  for (const [width, lines] of [
    [320, 2],
    [390, 2],
    [1120, 2],
    [1280, 1],
    [1920, 1],
  ] as const) {
    await page.setViewportSize({ width, height: 800 })
    await expect.poll(() => page.evaluate(toolbarLines)).toEqual({ lines, overflow: 0 })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('switch', { name: 'Failed and denied' }).click()
  await rows(page).filter({ hasText: 'carol' }).waitFor({ state: 'hidden' })
  await rows(page).filter({ hasText: 'bob' }).waitFor()
  await page.getByRole('switch', { name: 'Failed and denied' }).click()
  await rows(page).filter({ hasText: 'carol' }).waitFor()
})

/** Pixels; narrower than the screens where a change opens beside the list. */
const withoutPanel = { width: 1180 }

/**
 * Clicks until a tab opens that shows a heading, and closes it. On a busy machine, the list may move
 * under the pointer in mid-click, and a browser may leave a tab in the background for minutes.
 */
async function opensTab(page: Page, heading: RegExp, click: () => Promise<void>): Promise<void> {
  const context = page.context()
  await eventually(async () => {
    const opening = context.waitForEvent('page', { timeout: 20_000 }).catch(() => undefined)
    await click()
    const tab = await opening
    const isShown = await tab
      ?.getByRole('heading', { level: 1, name: heading })
      .waitFor({ timeout: 40_000 })
      .then(
        () => true,
        () => false,
      )
    await tab?.close()
    return isShown
  }, Boolean)
}

test('the styles of a page take precedence over those of its components', async () => {
  const page = await web.open(only(account))
  await rows(page).filter({ hasText: 'bob' }).waitFor()
  const found = await page.evaluate<{ layered: number; others: number }>(`(() => {
    const rules = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules])
    const ofMantine = rules.filter(({ cssText }) => /\\.m_[0-9a-f]/.test(cssText))
    const layered = ofMantine.filter((rule) => rule instanceof CSSLayerBlockRule)
    return { layered: layered.length, others: ofMantine.length - layered.length }
  })()`)
  // Others would win or lose by the order in which the files are loaded.
  expect(found.others).toBe(0)
  expect(found.layered).toBeGreaterThan(0)
})

test('a change opens beside the list, follows the selected row, and closes', async () => {
  const page = await web.open(only(account))
  await rows(page).filter({ hasText: 'dave' }).waitFor()
  const before = page.url()
  const panel = page.getByRole('complementary', { name: 'Change' })
  const headline = (name: RegExp) => panel.getByRole('heading', { level: 2, name }).waitFor()
  const row = (name: string) => rows(page).filter({ hasText: name }).getByRole('link')
  await row('carol').click()
  await headline(/^carol/)
  await panel.getByRole('heading', { name: 'Details' }).waitFor()
  // The list stays, and the keys move in it. The panel follows; at a set it stays.
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toContain('dave')
  await headline(/^dave/)
  await page.keyboard.press('k')
  await headline(/^carol/)
  await page.keyboard.press('k')
  await expect.poll(() => focused(page)).toContain('bob')
  await page.keyboard.press('k')
  await headline(/^ada/)

  // The address opens it for others; on a narrow screen, as a page.
  await expect.poll(() => page.url()).toContain('change=')
  const link = page.url()
  const other = await web.open(link)
  const otherPanel = other.getByRole('complementary', { name: 'Change' })
  await otherPanel.getByRole('heading', { level: 2, name: /^ada/ }).waitFor()
  await otherPanel.getByRole('button', { name: 'Close change' }).click()
  await otherPanel.waitFor({ state: 'detached' })
  await expect.poll(() => focused(other)).toContain('ada')
  const narrow = await web.open(link, withoutPanel)
  await narrow.getByRole('heading', { level: 1, name: /^ada/ }).waitFor()
  await narrow.getByRole('link', { name: 'Changes', exact: true }).last().click()
  await rows(narrow).filter({ hasText: 'dave' }).waitFor()

  // Enter on the open row moves into the panel, Escape closes it and returns to the row.
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedLabel(page)).toBe('Change')
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toContain('ada')
  await expect.poll(() => page.url()).not.toContain('change=')

  // Back closes it, too, and does not leave the list.
  await page.keyboard.press('Enter')
  await headline(/^ada/)
  await page.goBack()
  await panel.waitFor({ state: 'detached' })
  expect(new URL(page.url()).pathname).toBe(new URL(before).pathname)
  await expect.poll(() => focused(page)).toContain('ada')

  // With Ctrl or the middle button, the browser opens the page.
  for (const how of [{ modifiers: ['ControlOrMeta' as const] }, { button: 'middle' as const }]) {
    await opensTab(page, /^carol/, () => row('carol').click(how))
  }
  expect(await panel.count()).toBe(0)

  await row('carol').click()
  await panel.getByRole('link', { name: 'Open page' }).click()
  await page.getByRole('heading', { level: 1, name: /^carol/ }).waitFor()
  await page.goBack()
  await headline(/^carol/)
})

test.each([1180, 1440])(
  'the list does not move when what is above it arrives: %s px',
  async (width) => {
    const page = await web.open('/settings', { width })
    const arrival = Promise.withResolvers<void>()
    await page.route(/\/api\/v1\/(connections|changes\/histogram)\b/, async (route) => {
      await arrival.promise
      await route.continue()
    })
    await page.goto(only(account))
    const row = rows(page).filter({ hasText: 'bob' })
    await row.waitFor()
    const before = await row.boundingBox()
    arrival.resolve()
    await page.getByRole('status', { name: 'Completeness' }).waitFor()
    await page.getByRole('application', { name: /^Changes over time/ }).waitFor()
    expect(await row.boundingBox()).toEqual(before)
  },
)

test('a change set expands to its changes, and a change opens its own page', async () => {
  const page = await web.open(only(account), withoutPanel)
  await expect.poll(() => page.title()).toBe('Changes · Cairn')
  const set = list(page).getByRole('button', { name: /bob/ })
  expect(await set.getAttribute('aria-expanded')).toBe('false')
  await set.getByRole('img', { name: 'AWS' }).waitFor()
  await set.click()
  const members = rows(page).filter({ hasText: 'bob' }).getByRole('link')
  await members.nth(3).waitFor()
  expect(await members.count()).toBe(4)
  // The address opens it for others as well.
  await expect.poll(() => page.url()).toContain('open=')
  const other = await web.open(page.url())
  await rows(other).filter({ hasText: 'bob' }).getByRole('link').nth(3).waitFor()

  await members.first().click()
  await page.getByRole('heading', { level: 1, name: /bob/ }).waitFor()
  const title = await page.getByRole('heading', { level: 1 }).textContent()
  expect(await page.title()).toBe(`${title} · Cairn`)
  for (const related of [/^Same change set/, /^By bob/, /^On i-0/]) {
    await page.getByRole('heading', { name: related }).waitFor()
  }
  const same = page.locator('section', { hasText: 'Same change set' })
  await same.getByRole('link', { name: /bob/ }).nth(2).waitFor()
  await page.getByRole('button', { name: 'Show event' }).click()
  await page.getByText('Raw JSON').click()
  await page.getByRole('region', { name: 'Event as JSON' }).getByText('StopInstances').waitFor()

  const permalink = await web.open(page.url())
  await permalink.getByRole('heading', { level: 1, name: title!, exact: true }).waitFor()
  await same.getByRole('link', { name: /bob/ }).first().click()
  await expect.poll(() => page.url()).not.toBe(permalink.url())

  await page.goto(only(account))
  await set.waitFor()
})

test('identifiers of a change link to their history and can be copied', async () => {
  const page = await web.open(only(account), withoutPanel)
  await rows(page).filter({ hasText: 'carol' }).getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: /carol/ }).waitFor()
  const url = page.url()
  const section = (name: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) })
  for (const [what, label, parameter] of [
    ['source IP', /^\d+\.\d+\.\d+\.\d+$/, 'sourceIp'],
    ['region', 'us-east-1', 'region'],
    ['account ID', '111122223333', 'account'],
    ['error code', 'AccessDenied', 'errorCode'],
  ] as const) {
    const link = section('Details').getByRole('link', { name: label, exact: true })
    const value = await link.first().textContent()
    await section('Details')
      .getByRole('button', { name: `Copy ${what}` })
      .click()
    await expect.poll(() => clipboardOf(page)).toBe(value)
    await link.first().click()
    await expect.poll(() => new URL(page.url()).searchParams.get(parameter)).toContain(value)
    await rows(page).filter({ hasText: 'carol' }).waitFor()
    await page.goto(url)
    await page.getByRole('heading', { level: 1, name: /carol/ }).waitFor()
  }
  await section('Actor').getByRole('button', { name: 'Copy actor' }).waitFor()
  await section('Actor').getByRole('link', { name: 'carol', exact: true }).click()
  await rows(page).filter({ hasText: 'carol' }).waitFor()
  await expect.poll(() => rows(page).count()).toBe(1)
  await page.goto(url)
  await page.getByRole('link', { name: 'All changes ±15 min' }).click()
  await rows(page).filter({ hasText: 'carol' }).waitFor()
  await expect.poll(() => page.url()).toContain('from=')
  expect(await rows(page).filter({ hasText: 'dave' }).count()).toBe(0)
})

test('new changes are announced, and shown on request', async () => {
  const fresh = await web.connect({ name: 'Live' })
  await web.imported(fresh.id)
  web.simulator.addEvents(
    [
      someRecord({
        now: web.simulator.now(),
        secondsAgo: 120,
        recipientAccountId: fresh.accountId,
        requestParameters: { dBInstanceIdentifier: 'first' },
      }),
    ],
    { accountId: fresh.accountId },
  )
  const importNow = () => web.cairn.request('POST', `/connections/${fresh.id}/import`)
  await importNow()
  const page = await web.open(only(fresh))
  await rows(page).filter({ hasText: 'first' }).waitFor()
  // Where the stream begins only after the change, and nothing is asked for periodically.
  const late = await web.open('/settings')
  await late.addInitScript('window.setInterval = () => 0')
  const isImported = Promise.withResolvers<void>()
  await late.route('**/api/v1/events', async (route) => {
    await isImported.promise
    await route.continue()
  })
  await late.goto(only(fresh))
  await rows(late).filter({ hasText: 'first' }).waitFor()
  // Where streams of events end all the time, it is announced as well, and only announced.
  // Each time, it requests everything again: it is not open longer than necessary.
  const unsteady = await web.open('/settings')
  await unsteady.route('**/api/v1/events', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: 'retry: 300\n\n' }),
  )
  await unsteady.goto(only(fresh))
  await rows(unsteady).filter({ hasText: 'first' }).waitFor()
  web.simulator.addEvents(
    [
      someRecord({
        now: web.simulator.now(),
        secondsAgo: 1,
        userIdentity: user('erin'),
        recipientAccountId: fresh.accountId,
        requestParameters: { dBInstanceIdentifier: 'second' },
      }),
    ],
    { accountId: fresh.accountId },
  )
  await importNow()
  const announced = page.getByRole('button', { name: /Show 1 new change/ })
  await announced.waitFor()
  expect(await rows(page).count()).toBe(1)
  await unsteady.getByRole('button', { name: /Show 1 new change/ }).waitFor()
  expect(await rows(unsteady).count()).toBe(1)
  await expect.poll(() => unsteady.getByText('Connection lost').count()).toBe(0)
  await unsteady.unroute('**/api/v1/events')
  isImported.resolve()
  await late.getByRole('button', { name: /Show 1 new change/ }).waitFor()
  await announced.click()
  await rows(page).filter({ hasText: 'second' }).waitFor()
  await announced.waitFor({ state: 'hidden' })
  await expect.poll(() => rows(page).count()).toBe(2)
})

test('an account that was never imported shows no data, with the reason and the fix', async () => {
  const { cairn, simulator } = web
  const made = await cairn.request('POST', '/connections', { name: 'Sandbox' })
  const page = await web.open(`/?connection=${made.id}`)
  await page.getByRole('heading', { name: 'No data yet' }).waitFor()
  await page.getByText('Sandbox has no IAM role yet').waitFor()
  expect(await page.getByText('No changes in this time range').count()).toBe(0)
  await page.getByRole('link', { name: 'Continue setup' }).click()
  await page.getByRole('heading', { level: 1, name: 'Sandbox' }).waitFor()

  // Paused before the first import: the button starts it.
  const accountId = web.accountId()
  const roleArn = `arn:aws:iam::${accountId}:role/cairn-read-only`
  putRole(simulator, { roleArn, externalId: made.externalId })
  simulator.addEvents([someRecord({ now: simulator.now() })], { accountId })
  await cairn.request('PATCH', `/connections/${made.id}`, { roleArn, paused: true })
  await page.goto(`/?connection=${made.id}`)
  await page.getByText('Sandbox was paused before its first import').waitFor()
  await page.getByRole('button', { name: 'Resume import' }).click()
  await rows(page).filter({ hasText: 'ada' }).waitFor()

  // An account without a connection.
  await page.goto('/?account=999999999999')
  await page.getByText('Account 999999999999 is not connected to Cairn.').waitFor()
})

test('everything works with the keyboard', async () => {
  const page = await web.open(only(account), withoutPanel)
  await rows(page).filter({ hasText: 'dave' }).waitFor()
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toContain('ada')
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toContain('bob')
  // Unfolded, its changes are the next rows.
  await page.keyboard.press('Enter')
  const members = rows(page).filter({ hasText: 'bob' }).getByRole('link')
  await members.nth(3).waitFor()
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toMatch(/i-0123456789abcde/)
  await page.keyboard.press('k')
  await page.keyboard.press('Escape')
  await expect.poll(() => members.count()).toBe(0)
  expect(await focused(page)).toContain('bob')
  await page.keyboard.press('k')
  await expect.poll(() => focused(page)).toContain('ada')

  await page.keyboard.press('/')
  await page.keyboard.type('carol')
  await rows(page).filter({ hasText: 'ada' }).waitFor({ state: 'hidden' })
  await page.keyboard.press('Escape')
  await rows(page).filter({ hasText: 'ada' }).waitFor()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: /Keyboard shortcuts/ })
  await help.getByText('Next row, previous row').waitFor()
  // Speech input types letters: they can be turned off, and stay off.
  await help.getByRole('switch').press('Space')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
  await page.reload()
  await rows(page).filter({ hasText: 'ada' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.press('j')
  expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).press('Enter')
  await help.getByRole('switch').press('Space')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })

  await page.keyboard.press('g')
  await expect.poll(() => focused(page)).toContain('ada')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect.poll(() => focused(page)).toContain('carol')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: /carol/ }).waitFor()
})

test('the list is extended with a button, which shows errors and moves the focus', async () => {
  const page = await web.open('/settings', { expected: /422/ })
  let refusals = 1
  await page.route('**/api/v1/change-sets?*', (route) => {
    const url = route.request().url()
    if (url.includes('cursor=') && refusals-- > 0) {
      return route.fulfill({ status: 422, json: { title: 'Not now', detail: 'Later.' } })
    }
    return route.continue({ url: url.replace('limit=50', 'limit=3') })
  })
  await page.goto(only(account))
  await rows(page).filter({ hasText: 'carol' }).waitFor()
  await expect.poll(() => rows(page).count()).toBe(3)
  const more = page.getByRole('button', { name: 'Show more' })
  await more.click()
  const alert = page.getByRole('alert').filter({ hasText: 'Not now' })
  await alert.waitFor()
  expect((await alert.boundingBox())!.y).toBeGreaterThan((await rows(page).last().boundingBox())!.y)
  await alert.getByRole('button', { name: 'Retry' }).click()
  await rows(page).filter({ hasText: 'dave' }).waitFor()
  await expect.poll(() => focused(page)).toContain('dave')
  expect(await more.count()).toBe(0)
})

/** Waits for a file that the page loads in advance. */
const preloaded = (page: Page, part: string) =>
  expect
    .poll(() =>
      page.evaluate<boolean>(
        `performance.getEntriesByType('resource').some(({ name }) => name.includes('/assets/${part}-'))`,
      ),
    )
    .toBe(true)

test('without a connection, the page shows cached data until the connection is back', async () => {
  const expected = /ERR_|Failed to fetch|PartNotLoaded|Failed to load/
  const page = await web.open(only(account), { expected, ...withoutPanel })
  const context = page.context()
  await rows(page).filter({ hasText: 'ada' }).waitFor()
  await preloaded(page, 'accept-invitation')
  await goOffline(page)
  await rows(page).filter({ hasText: 'ada' }).getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: /ada/ }).waitFor()
  await page.getByRole('heading', { name: 'Details' }).waitFor()
  await page.getByText('Connection lost. Reconnecting…').waitFor()
  await page.getByText(/Statuses are from/).waitFor()
  await page.getByRole('alert').getByText('Cannot reach Cairn').first().waitFor()
  await page.getByRole('link', { name: 'Integrations' }).click()
  await page.getByRole('heading', { level: 1, name: 'Integrations' }).waitFor()
  await page.goBack()
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Show event' }).click()
  await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
  await page.getByText('Connection lost').waitFor({ state: 'hidden' })
})

test('a page that cannot be loaded keeps the navigation, and opens when the server is back', async () => {
  const expected = /ERR_|Failed to fetch|PartNotLoaded|Failed to load/
  const page = await web.open('/settings', { expected })
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await page.route(/\/assets\/integrations-|\/healthz$/, (route) => route.abort())
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await preloaded(page, 'accept-invitation')
  await page.getByRole('link', { name: 'Integrations' }).click()
  await page.getByRole('alert').getByText('Cannot load this page').waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await page.getByRole('link', { name: 'Integrations' }).click()
  await page.getByRole('alert').getByText('Cannot load this page').waitFor()
  await page.unrouteAll()
  await page.getByRole('heading', { level: 1, name: 'Integrations' }).waitFor()
})

test('the page works with a wrong clock and a missing component', async () => {
  const page = await web.open('/settings', { expected: /ERR_FAILED|PartNotLoaded/ })
  await page.clock.setSystemTime(Date.now() + 3 * 3_600_000)
  // As after an upgrade, which renames files: the page is loaded again.
  const form = '**/assets/range-form*.js'
  await page.route(form, (route) => route.abort())
  await page.goto(`${only(account)}&range=4h`)
  await rows(page).filter({ hasText: 'ada' }).waitFor()
  expect(await page.getByText('Imports are behind').count()).toBe(0)
  const before = page.getByRole('button', { name: 'Before an incident…' })
  const loaded = page.waitForEvent('load')
  await before.click()
  await loaded
  await page.unroute(form)
  await page.reload()
  await before.click()
  await page.getByText('Incident time').waitFor()
  await rows(page).filter({ hasText: 'ada' }).waitFor()
})

describe('the histogram', () => {
  const chart = (page: Page) => page.getByRole('application', { name: /Changes over time/ })

  test('is zoomed in by dragging, and zoomed out again', async () => {
    const page = await web.open(only(account))
    await rows(page).filter({ hasText: 'dave' }).waitFor()
    const box = (await chart(page).boundingBox())!
    await page.mouse.move(box.x + box.width * 0.9, box.y + 30)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.95, box.y + 30, { steps: 4 })
    await page.mouse.move(box.x + box.width - 2, box.y + 30, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => page.url()).toContain('from=')
    // Twenty hours ago is out of sight.
    await rows(page).filter({ hasText: 'dave' }).waitFor({ state: 'hidden' })
    await rows(page).filter({ hasText: 'ada' }).waitFor()
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await rows(page).filter({ hasText: 'dave' }).waitFor()
    expect(page.url()).not.toContain('from=')
  })

  test('is zoomed in with the keyboard', async () => {
    const page = await web.open(only(account))
    await rows(page).filter({ hasText: 'dave' }).waitFor()
    await chart(page).focus()
    await page.keyboard.press('End')
    for (let n = 0; n < 4; n++) await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('from=')
    await rows(page).filter({ hasText: 'dave' }).waitFor({ state: 'hidden' })
    await rows(page).filter({ hasText: 'ada' }).waitFor()
  })
})

describe('untrusted text', () => {
  let hostile: ConnectedAccount
  const script = '<img src=x onerror="window.hit=1"><script>window.hit=1</script><b id="made">x</b>'
  const reversed = 'evil\u202egnp.exe\u2066'
  const long = `${'x'.repeat(100_000)}`
  const widths = [1280, 360]

  beforeAll(async () => {
    const accountId = web.accountId()
    const now = web.simulator.now()
    const record = (secondsAgo: number, text: string) =>
      someRecord({
        now,
        secondsAgo,
        awsRegion: 'us-east-1',
        userIdentity: {
          type: 'AssumedRole',
          arn: `arn:aws:sts::111122223333:assumed-role/${text}/${text}`,
          principalId: `AROA:${text}`,
          accountId: text,
          userName: text,
          sessionContext: { sessionIssuer: { type: 'Role', userName: text, arn: text } },
        },
        userAgent: text,
        sourceIPAddress: text,
        requestID: text,
        errorCode: text,
        errorMessage: text,
        requestParameters: { dBInstanceIdentifier: text, [text]: { [text]: [text] } },
        responseElements: { [text]: text, endpoint: `javascript:window.hit=1;//${text}` },
      })
    web.simulator.addEvents([record(60, script), record(4_000, reversed), record(8_000, long)], {
      accountId,
    })
    hostile = await web.connect({ name: script.slice(0, 190), accountId })
    await web.imported(hostile.id)
  })

  /** None of it became markup or changed the layout, on a wide or a narrow screen. */
  async function isInert(page: Page): Promise<void> {
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      const found = await page.evaluate(`({
        hit: 'hit' in window,
        images: [...document.images].filter(({ src }) => !src.endsWith('/cairn.svg')).length,
        made: document.querySelectorAll('#made').length,
        scripts: [...document.scripts].filter(({ src }) => !src).length,
        links: [...document.links].filter(({ protocol }) => !/^https?:$/.test(protocol)).length,
      })`)
      expect(found).toEqual({ hit: false, images: 0, made: 0, scripts: 0, links: 0 })
      await expect.poll(() => overflowOf(page), { message: `${width} px` }).toBe(0)
    }
  }

  test('is displayed as text on every page', async () => {
    const { items } = await web.cairn.request('GET', `/changes?connection=${hostile.id}`)
    expect(items.length).toBe(3)
    const page = await web.open(`${only(hostile)}&noise=shown&range=24h`)
    await rows(page).nth(2).waitFor()
    await isInert(page)
    expect(await rows(page).filter({ hasText: '<script>' }).count()).toBe(1)
    // No row overlaps the next: long text is truncated.
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      for (const row of await rows(page).all()) {
        expect((await row.boundingBox())!.height, `${width} px`).toBeLessThan(700)
      }
    }
    for (const { id } of items) {
      await page.goto(`/changes/${id}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.getByRole('button', { name: 'Show event' }).click()
      await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
      await isInert(page)
      await page.getByText('Raw JSON').click()
      await page.getByRole('region', { name: 'Event as JSON' }).waitFor()
      await isInert(page)
    }
    await page.goto('/integrations')
    await page.getByText(/^\d accounts?\./).waitFor()
    await isInert(page)
    await page.goto('/integrations/aws')
    await page.getByRole('link', { name: '<img src=x' }).waitFor()
    await isInert(page)
    await page.goto(`/integrations/aws/${hostile.id}`)
    await page.getByRole('heading', { level: 1, name: '<img src=x' }).waitFor()
    await page.getByRole('region', { name: 'Imported' }).getByRole('link').nth(2).waitFor()
    await isInert(page)
  })

  test('in a URL is only used as text for filters and search', async () => {
    const page = await web.open(
      `/?q=${encodeURIComponent(script)}&actor=${encodeURIComponent(script)}&service=${encodeURIComponent(long.slice(0, 1500))}`,
    )
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByRole('group', { name: 'Active filters' }).waitFor()
    await isInert(page)
    await page.goto(`/sign-in?to=${encodeURIComponent('javascript:window.hit=1')}`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await isInert(page)
  })
})
