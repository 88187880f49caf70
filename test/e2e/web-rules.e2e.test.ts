import { beforeAll, expect, test } from 'vitest'
import { type ConnectedAccount, someRecord, useWeb } from '../../testing/web.ts'

const web = useWeb()
let account: ConnectedAccount

beforeAll(async () => {
  await web.makeOwner()
  const accountId = web.accountId()
  const now = web.simulator.now()
  web.simulator.addEvents(
    [1, 2, 3].map((n) =>
      someRecord({
        now,
        secondsAgo: n * 600,
        awsRegion: 'us-east-1',
        eventSource: n === 3 ? 'lambda.amazonaws.com' : 'rds.amazonaws.com',
        eventName: n === 3 ? 'DeleteFunction20150331' : 'RebootDBInstance',
        requestParameters:
          n === 3 ? { functionName: 'invoices' } : { dBInstanceIdentifier: 'orders' },
      }),
    ),
    { accountId },
  )
  account = await web.connect({ name: 'Shop', accountId })
  await web.imported(account.id)
})

test('a rule is added, previewed, saved, and applied to stored changes', async () => {
  const page = await web.open('/settings')
  for (const name of ['Production', 'Network']) {
    await page.getByLabel('New environment').fill(name)
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('button', { name: `Edit ${name}` }).waitFor()
  }
  await page.getByRole('button', { name: 'Edit Production' }).click()
  // Above the form for a new environment, which has the field too.
  await page.getByRole('combobox', { name: 'Depends on' }).first().press('ArrowDown')
  await page.getByRole('option', { name: 'Network' }).click()
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Edit Production' }).waitFor()

  await page.getByRole('tab', { name: 'Environment rules' }).click()
  await page.getByRole('button', { name: 'Add rule' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Databases')
  await dialog.getByRole('combobox', { name: 'Service' }).fill('rds')
  await page.keyboard.press('Enter')
  await dialog.getByRole('combobox', { name: 'Environments' }).press('ArrowDown')
  await page.getByRole('option', { name: 'Production' }).click()
  await page.keyboard.press('Tab')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('button', { name: 'Preview' }).click()
  const preview = page.getByRole('region', { name: 'Preview' })
  await preview.getByText('Links 2 of 3 changes of the last 7 days. 2 changes move.').waitFor()
  await expect.poll(() => preview.getByText('Production').count()).toBe(2)

  await page.getByRole('button', { name: 'Add rule' }).click()
  await dialog.getByLabel('Name').fill('Functions')
  await dialog.getByRole('combobox', { name: 'Service' }).fill('lambda')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Add' }).click()
  // With the keyboard: the button keeps the focus while its rule moves.
  await page.getByRole('button', { name: 'Move Functions up' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('1. Functions').waitFor()
  // The button is disabled while it saves, too.
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
  await page.getByRole('button', { name: 'Save' }).click()
  expect((await saved).ok()).toBe(true)
  await page.getByText('1. Functions').waitFor()
  await expect.poll(async () => page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)

  await page.getByRole('link', { name: 'Changes' }).first().click()
  await expect
    .poll(async () => {
      await page.reload()
      await page.getByText('orders').first().waitFor()
      return page.getByRole('list', { name: 'Changes' }).getByText('Production').count()
    })
    .toBeGreaterThan(0)
})

test('an environment is created with its dependencies', async () => {
  const shared = await web.cairn.request('POST', '/environments', { name: 'Identity' })
  const page = await web.open('/settings')
  await page.getByRole('button', { name: 'Edit Identity' }).waitFor()
  await page.getByLabel('New environment').fill('Shop')
  await page.getByRole('combobox', { name: 'Depends on' }).press('ArrowDown')
  await page.getByRole('option', { name: 'Identity' }).click()
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('button', { name: 'Edit Shop' }).waitFor()
  const { items } = await web.cairn.request('GET', '/environments')
  const created = items.find(({ name }: { name: string }) => name === 'Shop')
  expect(created.dependsOn).toEqual([shared.id])
})

test("similar changes are hidden from a change's page, and the rule is removed in the settings", async () => {
  const page = await web.open('/?noise=shown&q=invoices', { width: 1180 })
  await page.getByRole('list', { name: 'Changes' }).getByText('invoices').first().click()
  await page.getByRole('button', { name: 'Hide or show…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Always hide' }).click()
  await page.getByText('Changes like this are hidden').waitFor()
  await expect
    .poll(async () => {
      await page.reload()
      await page.getByRole('heading', { level: 1 }).waitFor()
      return page.getByText('routine: hidden by your rule').count()
    })
    .toBe(1)
  await page.goto(new URL('/settings?tab=noise-rules', page.url()).href)
  await page.getByText('lambda DeleteFunction').first().waitFor()
  await page.getByRole('button', { name: /^Remove the rule/ }).click()
  await page.getByText('No noise rules yet').waitFor()
})
