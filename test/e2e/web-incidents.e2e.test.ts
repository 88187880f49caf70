import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectNoViolations } from '../../testing/axe.ts'
import { pagerDutyBody } from '../../testing/incidents.ts'
import {
  type ConnectedAccount,
  clipboardOf,
  overflowOf,
  someRecord,
  useWeb,
} from '../../testing/web.ts'

const web = useWeb()

let account: ConnectedAccount
let environmentId: string
/** Some minutes after the change that caused the incident. */
let noticedAt: Date

beforeAll(async () => {
  await web.makeOwner()
  const now = web.simulator.now()
  const accountId = web.accountId()
  noticedAt = new Date(Math.floor((now - 5 * 60_000) / 1000) * 1000)
  web.simulator.addEvents(
    [
      someRecord({
        now,
        secondsAgo: 11 * 60,
        eventSource: 'ec2.amazonaws.com',
        eventName: 'RevokeSecurityGroupIngress',
        requestParameters: {
          groupId: 'sg-0123456789abcdef0',
          ipPermissions: {
            items: [
              {
                ipProtocol: 'tcp',
                fromPort: 5432,
                toPort: 5432,
                ipRanges: { items: [{ cidrIp: '10.0.0.0/16' }] },
              },
            ],
          },
        },
      }),
      someRecord({ now, secondsAgo: 50 * 60, eventName: 'StopDBInstance' }),
    ],
    { accountId },
  )
  account = await web.connect({ name: 'Shop production', accountId })
  const environment = await web.cairn.request('POST', '/environments', { name: 'Production' })
  environmentId = environment.id
  await web.cairn.request('PATCH', `/connections/${account.id}`, { environmentId })
  await web.imported(account.id)
})

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor()
const GROUP = /sg-0123456789abcdef0/
const suspects = (page: Page) => page.getByRole('list', { name: 'Suspects' })
/** The suspect that the tests are about. Its place is the ranking's. */
const suspect = (page: Page) => suspects(page).locator(':scope > li').filter({ hasText: GROUP })

/** What axe finds against WCAG 2.2 AA, light and dark, and whether a phone scrolls sideways. */
async function expectAccessible(page: Page, what: string): Promise<void> {
  const wide = page.viewportSize()!
  await expectNoViolations(page, what)
  await page.setViewportSize({ width: 360, height: 800 })
  await expect.poll(() => overflowOf(page), { message: `${what} scrolls sideways` }).toBe(0)
  await page.setViewportSize(wide)
}

/** Of the page's zone, which is UTC in tests. */
const clock = (time: Date) => time.toISOString().slice(11, 19)

describe('the “before an incident” dialog', () => {
  test('opens the ranked changes before a pasted time from any page, and saves them', async () => {
    const page = await web.open('/settings')
    await heading(page, 'Settings')
    await page.keyboard.press('b')
    const box = page.getByRole('dialog', { name: 'Something broke' })
    const field = box.getByRole('textbox', { name: 'Incident time' })
    await field.waitFor()
    await expectAccessible(page, 'the box')

    // The button shows the chosen time, in each form.
    const show = box.getByRole('button', { name: /^Show what changed/ })
    await field.fill('nonsense')
    await box.getByText('Not a time.').waitFor()
    await expect.poll(() => show.isDisabled()).toBe(true)
    for (const text of [
      clock(noticedAt),
      noticedAt.toISOString(),
      String(noticedAt.getTime() / 1000),
      String(noticedAt.getTime()),
    ]) {
      await field.fill(text)
      await expect.poll(() => show.textContent(), { message: text }).toContain(clock(noticedAt))
    }

    // The calendar opens below the field and does not cover the button.
    await box.getByRole('button', { name: 'Incident time: choose a day' }).click()
    await box.getByRole('table').waitFor()
    await expectAccessible(page, 'the calendar')
    await show.click()
    await heading(page, /What changed before/)
    expect(new URL(page.url()).searchParams.get('at')).toBe(noticedAt.toISOString())
    await suspect(page).getByText('6 minutes before the alert', { exact: true }).waitFor()
    await expectAccessible(page, 'the preview')

    await page.getByRole('textbox', { name: 'What is wrong' }).fill('Database unreachable')
    await page.getByRole('button', { name: 'Save as incident' }).click()
    await heading(page, 'Database unreachable')
    expect(page.url()).toMatch(/\/incidents\/[0-9a-f-]{36}$/)
    await page.getByRole('link', { name: 'Incidents' }).first().click()
    await page.getByRole('link', { name: 'Database unreachable' }).waitFor()
    // Away from the link that was clicked.
    await page.mouse.move(640, 780)
    await expectAccessible(page, 'the list')
  })

  test('stays closed while the user types', async () => {
    const page = await web.open('/')
    const search = page
      .getByRole('searchbox')
      .or(page.getByPlaceholder(/Search/))
      .first()
    await search.fill('')
    await search.press('b')
    await expect.poll(() => search.inputValue()).toBe('b')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})

describe('an incident', () => {
  const create = (fields: object = {}) =>
    web.cairn.request('POST', '/incidents', {
      title: 'checkout: 5xx above 5 %',
      noticedAt: noticedAt.toISOString(),
      environmentId,
      services: ['checkout'],
      ...fields,
    })

  test('shows completeness, an answer, suspects and the timeline, and accepts a verdict', async () => {
    const { id } = await create()
    const page = await web.open(`/incidents/${id}`)
    await heading(page, 'checkout: 5xx above 5 %')
    // The test's lookback is a day, and three are searched.
    await page.getByRole('status').getByText('Changes may be missing: Shop production.').waitFor()
    await page.getByRole('button', { name: '1 source' }).click()
    await page.getByText('The lookback is too short').waitFor()
    const first = suspect(page)
    await first.getByRole('link', { name: GROUP }).waitFor()
    expect(await suspects(page).locator(':scope > li').count()).toBeLessThanOrEqual(3)
    const timeline = page.getByRole('list', { name: 'Timeline' })
    await timeline.getByText('Alert', { exact: true }).waitFor()
    await timeline.getByRole('link', { name: GROUP }).waitFor()
    await expectAccessible(page, 'an incident')

    await first.getByRole('button', { name: 'Caused it' }).click()
    await page
      .getByTestId('sentence')
      .getByText(/^Cause: /)
      .waitFor()
    const read = await web.cairn.request('GET', `/incidents/${id}`)
    expect(read.verdicts).toMatchObject([{ verdict: 'caused', by: web.owner.email }])

    await page.getByRole('button', { name: 'Copy as Markdown' }).click()
    await expect.poll(() => clipboardOf(page)).toContain(`/incidents/${id}`)
    const markdown = await clipboardOf(page)
    expect(markdown).toContain('6 minutes before the alert')

    await page.getByRole('button', { name: 'Resolve' }).click()
    await page.getByText('Resolved', { exact: true }).first().waitFor()
  })

  test('is created by a signed PagerDuty webhook, and resolved by the next one', async () => {
    const integration = await web.cairn.request('POST', '/integrations', {
      kind: 'pagerduty',
      name: 'acme',
    })
    const send = async (body: object) => {
      const text = JSON.stringify(body)
      const signature = createHmac('sha256', integration.secret).update(text).digest('hex')
      const { pathname } = new URL(integration.url)
      const response = await fetch(`${web.cairn.url}${pathname}`, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'application/json', 'x-pagerduty-signature': `v1=${signature}` },
      })
      expect(response.status).toBe(202)
    }
    const common = {
      id: 'PWEB1',
      title: 'orders: no connection to the database',
      createdAt: noticedAt.toISOString(),
      service: { id: 'S1', summary: 'Orders' },
    }
    const page = await web.open('/incidents')
    await heading(page, 'Incidents')
    await send(pagerDutyBody({ ...common, occurredAt: noticedAt.toISOString() }))
    // Live: the list shows it without a reload.
    await page.getByRole('link', { name: 'orders: no connection to the database' }).click()
    await heading(page, 'orders: no connection to the database')
    await page.getByText('Orders', { exact: true }).first().waitFor()
    await suspect(page).waitFor()
    await suspect(page).getByRole('button', { name: 'Caused it' }).click()
    await page
      .getByTestId('sentence')
      .getByText(/^Cause: /)
      .waitFor()
    const occurredAt = new Date(noticedAt.getTime() + 60_000).toISOString()
    await send(
      pagerDutyBody({ ...common, occurredAt, type: 'incident.resolved', status: 'resolved' }),
    )
    await page.getByRole('button', { name: 'Reopen' }).waitFor()
  })

  test('has a window that can be moved and is kept in the URL', async () => {
    const { id } = await create()
    const page = await web.open(`/incidents/${id}`)
    const timeline = page.getByRole('list', { name: 'Timeline' })
    await timeline.getByRole('link', { name: GROUP }).waitFor()
    for (let n = 0; n < 3; n++) {
      const before = page.url()
      await page.getByRole('button', { name: 'Earlier', exact: true }).click()
      await expect.poll(() => page.url()).not.toBe(before)
    }
    await timeline.getByRole('link', { name: GROUP }).waitFor({ state: 'hidden' })
    await page.reload()
    await page.getByRole('button', { name: 'Reset' }).click()
    await timeline.getByRole('link', { name: GROUP }).waitFor()
  })

  test('is ranked again when its time changes', async () => {
    const { id } = await create()
    const page = await web.open(`/incidents/${id}`)
    await suspects(page).first().getByRole('link', { name: GROUP }).waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    const dialog = page.getByRole('dialog', { name: 'Edit incident' })
    await dialog.getByRole('textbox', { name: 'Noticed' }).waitFor()
    await expectAccessible(page, 'the form')
    // Before the change: it cannot be the cause any more.
    const earlier = new Date(noticedAt.getTime() - 20 * 60_000)
    await dialog.getByRole('textbox', { name: 'Noticed' }).fill(earlier.toISOString())
    await dialog.getByRole('button', { name: 'Save' }).click()
    await suspect(page).waitFor({ state: 'hidden' })
    const after = page.getByRole('list', { name: 'After the alert' })
    await after.getByRole('link', { name: GROUP }).waitFor()
  })

  test('shows a change that arrives late, with a mark', async () => {
    const { id } = await create()
    const page = await web.open(`/incidents/${id}`)
    await suspect(page).waitFor()
    const timeline = page.getByRole('list', { name: 'Timeline' })
    await timeline.getByRole('link', { name: GROUP }).waitFor()
    expect(await timeline.getByText('Arrived later').count()).toBe(0)
    const late = someRecord({
      now: web.simulator.now(),
      secondsAgo: 8 * 60,
      eventName: 'DeleteDBInstance',
    })
    web.simulator.addEvents([late], { accountId: account.accountId })
    await web.cairn.request('POST', `/connections/${account.id}/import`)
    // It joins the set of the security group, which is shown with its suspect.
    await timeline.getByText('Arrived later').waitFor()
  })

  test('without an explanation shows what was searched and what Cairn cannot see', async () => {
    const quiet = new Date(web.simulator.now() - 20 * 3_600_000)
    const { id } = await create({ noticedAt: quiet.toISOString() })
    const page = await web.open(`/incidents/${id}`)
    await page.getByTestId('sentence').getByText('No recorded change explains this').waitFor()
    await page.getByText(/Searched \d+ changes? of all environments/).waitFor()
    await page.getByText(/Cairn cannot see/).waitFor()
    await expectAccessible(page, 'an incident without an explanation')
  })

  test('shows an error if it does not exist', async () => {
    const page = await web.open('/incidents/01980000-0000-7000-8000-000000000000', {
      expected: /404/,
    })
    await page.getByRole('heading', { name: 'Incident not found' }).waitFor()
  })
})

describe('the backtest', () => {
  test('ranks past incidents of a file, with the rank of the cause and completeness', async () => {
    const page = await web.open('/incidents')
    await page.getByRole('link', { name: 'Backtest' }).click()
    await heading(page, 'Backtest')
    await page.getByRole('heading', { name: 'No results yet' }).waitFor()
    const field = page.getByRole('textbox', { name: 'Past incidents' })
    const rank = page.getByRole('button', { name: /^Rank/ })
    await field.fill('time,title\nyesterday,x')
    await page.getByText('Line 2 has no valid time.').waitFor()
    await expect.poll(() => rank.isDisabled()).toBe(true)

    const quiet = new Date(web.simulator.now() - 20 * 3_600_000).toISOString()
    const csv = [
      'time,environment,title,cause',
      `${noticedAt.toISOString()},production,Database unreachable,on security group sg-0123456789abcdef0`,
      `${quiet},nowhere,"Slow, again",`,
      '2020-01-01T00:00:00Z,production,Long ago,',
    ].join('\n')
    await page.locator('input[type=file]').setInputFiles({
      name: 'incidents.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(csv),
    })
    await page.getByText('Excluded: 1 incident older than 90 days.').waitFor()
    await page.getByRole('button', { name: 'Rank 2 incidents' }).click()

    const results = page.getByRole('table', { name: 'Results' })
    const broken = results.getByRole('row').filter({ hasText: 'Database unreachable' })
    await broken.getByRole('link', { name: /^Most likely: .*5432/ }).waitFor()
    await broken.getByText('1 at the alert').waitFor()
    await broken.getByText('Newest first: 1').waitFor()
    await broken.getByText('Changes may be missing: Shop production.').waitFor()
    await broken.getByText('In the future').waitFor()
    const calm = results.getByRole('row').filter({ hasText: 'Slow, again' })
    await calm.getByText('No suspect').first().waitFor()
    await calm.getByText('nowhere: no such environment').waitFor()
    await page.getByText('2 incidents, 1 with a known cause.').waitFor()
    await expectAccessible(page, 'the backtest')
  })

  test('shows why it failed, and continues', async () => {
    const page = await web.open('/incidents/backtest', { expected: /503/ })
    await heading(page, 'Backtest')
    const line = JSON.stringify({ time: noticedAt.toISOString(), title: 'Database unreachable' })
    await page.getByRole('textbox', { name: 'Past incidents' }).fill(Array(6).fill(line).join('\n'))
    let requests = 0
    await page.route('**/api/v1/incidents/backtest', async (route) => {
      requests++
      if (requests !== 2) return route.continue()
      const problem = { status: 503, title: 'Service unavailable', detail: 'Busy. Retry later.' }
      await route.fulfill({ status: 503, contentType: 'application/problem+json', json: problem })
    })
    await page.getByRole('button', { name: 'Rank 6 incidents' }).click()
    await page.getByText('Busy. Retry later.').waitFor()
    await page.getByText('5 incidents of 6').waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('6 incidents, 0 with a known cause.').waitFor()
    expect(requests).toBe(3)
  })
})

test('a service mapping is added, selects the environment of an alert, and is removed', async () => {
  const page = await web.open('/settings?tab=service-mappings')
  await page.getByRole('heading', { name: 'No service mappings yet' }).waitFor()
  const form = page.getByRole('form', { name: 'New service mapping' })
  await form.getByRole('button', { name: 'Add mapping' }).click()
  await form.getByText('Enter a value.').waitFor()
  await form.getByText('Select an environment, or enter services.').waitFor()
  await form.getByRole('textbox', { name: 'Value' }).fill('Billing*')
  await form.getByRole('combobox', { name: 'Environment' }).click()
  await page.getByRole('option', { name: 'Production' }).click()
  await form.getByRole('combobox', { name: 'Services' }).fill('billing')
  await page.keyboard.press('Enter')
  await form.getByRole('button', { name: 'Add mapping' }).click()
  const list = page.getByRole('list', { name: 'Service mappings' })
  await list.getByText('Any source: service Billing*').waitFor()
  await list.getByText('Services: billing').waitFor()
  await expectAccessible(page, 'the service mappings')
  const past = { time: noticedAt.toISOString(), title: 'Slow', services: ['Billing API'] }
  const ranked = () => web.cairn.request('POST', '/incidents/backtest', { incidents: [past] })
  expect((await ranked()).items).toMatchObject([{ environmentId, services: ['billing'] }])
  await page.getByRole('button', { name: /^Remove the mapping/ }).click()
  await page.getByRole('heading', { name: 'No service mappings yet' }).waitFor()
  expect((await ranked()).items).toMatchObject([{ environmentId: null }])
})
