import { readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { putRole, trust } from '../../testing/roles.ts'
import {
  type ConnectedAccount,
  clipboardOf,
  overflowOf,
  someRecord,
  useWeb,
} from '../../testing/web.ts'

const publishedTemplate = 'https://templates.s3.eu-west-1.amazonaws.com/cairn-read-only.yaml'
const web = useWeb({ env: { CAIRN_TEMPLATE_URL: publishedTemplate } })

/** One of the three lines of a verification, with the word for how it stands. */
function line(page: Page, question: RegExp): Locator {
  return page.getByRole('button', { name: question })
}

interface Named {
  id: string
  name: string
}

const lines = [/Role access/, /External ID enforced/, /CloudTrail access/]

async function allProven(page: Page): Promise<void> {
  for (const question of lines) {
    await line(page, question).filter({ hasText: 'Passed' }).waitFor()
  }
}

/** Its state as displayed. */
function state(page: Page, word: string): Promise<void> {
  const section = page.getByRole('region', { name: 'Status', exact: true })
  return section.getByText(word, { exact: true }).waitFor()
}

async function isInNoField(page: Page, text: string): Promise<void> {
  for (const field of await page.locator('input, textarea').all()) {
    expect(await field.inputValue()).not.toContain(text)
  }
}

/** The name of the focused element: its label, its own name, or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const { activeElement } = document
    const [label] = activeElement.labels ?? []
    return activeElement.getAttribute('aria-label') ?? (label ?? activeElement).textContent
  })()`)
}

const hasFocus = (page: Page, name: string | RegExp) =>
  expect.poll(() => focused(page)).toMatch(name)

const putRight = ({ roleArn, externalId }: ConnectedAccount) =>
  putRole(web.simulator, { roleArn, externalId })

test('a new user signs up, connects an account with the template, and sees the feed', async () => {
  const { simulator, owner } = web
  const accountId = web.accountId()
  const now = simulator.now()
  simulator.addEvents(
    Array.from({ length: 400 }, (_, n) =>
      someRecord({
        now,
        secondsAgo: 60 + n * 600,
        awsRegion: n % 2 ? 'us-east-1' : 'eu-west-1',
        requestParameters: { dBInstanceIdentifier: `orders-${n}` },
      }),
    ),
    { accountId },
  )

  // The one-time link creates the owner.
  const page = await web.open(
    new URL(web.invitationUrl).pathname + new URL(web.invitationUrl).search,
    {
      signedIn: false,
    },
  )
  await page.getByRole('heading', { name: 'Create the owner account' }).waitFor()
  await expect.poll(() => page.url()).not.toContain('token')
  await page.getByLabel('Name').fill(owner.name)
  await page.getByLabel('Email').fill(owner.email)
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page
    .getByText(/Too short: 5 characters/)
    .first()
    .waitFor()
  await page.getByLabel('Password', { exact: true }).fill(owner.password)
  await page.getByRole('button', { name: 'Create account' }).click()

  // Nothing is connected: the card leads to the first connection.
  await page.getByRole('heading', { name: 'Integrations', level: 1 }).waitFor()
  await page.getByText('No accounts connected').waitFor()
  await page.getByRole('button', { name: 'Connect account' }).click()
  const dialog = page.getByRole('dialog', { name: 'Connect account' })
  await dialog.getByLabel('Name').fill('Shop production')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'Shop production', level: 1 }).waitFor()
  await state(page, 'Waiting for role')
  const address = page.url()

  // The external ID can be copied, and is in no field.
  const externalId = (await page
    .getByText(/^cairn-[\w-]{20,}$/)
    .first()
    .textContent())!
  await page.getByRole('button', { name: 'Copy external ID' }).click()
  await expect.poll(() => clipboardOf(page)).toBe(externalId)
  await isInNoField(page, externalId)

  // The other ways are there, filled in.
  const code = (title: RegExp) => page.getByRole('region', { name: title })
  await page.getByRole('button', { name: 'Show code: Module block' }).click()
  await code(/^Module block/)
    .getByText(externalId)
    .waitFor()
  await page.getByRole('tab', { name: 'AWS CLI' }).click()
  await page.getByRole('button', { name: /^Copy: 1\./ }).click()
  await expect.poll(() => clipboardOf(page)).toContain(externalId)
  await page.getByRole('tab', { name: 'JSON policies' }).click()
  // Code is collapsed, so that the ARN's field stays in sight.
  expect(await code(/^Trust policy/).count()).toBe(0)
  // It does so wherever the reader is in the instructions.
  const { y, height } = (await page.getByRole('textbox', { name: 'Role ARN' }).boundingBox())!
  expect(y + height).toBeLessThan(800)
  await page.getByRole('button', { name: 'Show code: Trust policy' }).click()
  const trust = await code(/^Trust policy/).textContent()
  expect(JSON.parse(trust!).Statement[0].Condition).toEqual({
    StringEquals: { 'sts:ExternalId': externalId },
  })

  // The downloaded file creates the role.
  await page.getByRole('tab', { name: 'CloudFormation' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: /^Download .*\.yaml/ }).click()
  const template = readFileSync(await (await download).path(), 'utf8')
  expect(template).toContain(externalId)
  const { outputs } = await simulator.createStack({ template, accountId })
  const roleArn = outputs.RoleArn!

  // Invalid input shows the reason while it is typed.
  const field = page.getByRole('textbox', { name: 'Role ARN' })
  const verify = page.getByRole('button', { name: 'Verify role' })
  for (const [wrong, why] of [
    ['cairn-read-only', /arn:/],
    [`arn:aws:iam::${accountId}:user/ada`, /user/],
    [`arn:aws:sts::${accountId}:assumed-role/cairn-read-only/me`, /session/i],
    [`arn:aws:iam::1234:role/cairn-read-only`, /account/i],
  ] as const) {
    await field.fill(wrong)
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    const describedBy = (await field.getAttribute('aria-describedby'))!.split(' ')
    const messages = await page
      .locator(describedBy.map((id) => `[id="${id}"]`).join())
      .allTextContents()
    expect(messages.join(' '), wrong).toMatch(why)
    await expect.poll(() => verify.isDisabled()).toBe(true)
  }

  // The right one is verified and imported on the page.
  await field.fill(` "OutputValue": "${roleArn}",`)
  await page.getByText(`in account ${accountId}`).waitFor()
  await verify.click()
  await page.getByRole('region', { name: 'Imported' }).waitFor()
  await page
    .getByRole('link', { name: /ada .*orders-\d/ })
    .first()
    .waitFor()
  await state(page, 'Up to date')
  await page
    .getByRole('cell', { name: /eu-west-1/ })
    .or(page.getByRole('rowheader', { name: 'eu-west-1' }))
    .first()
    .waitFor()
  expect(page.url()).toBe(address)
  // The three checks stay visible after the role was entered.
  await allProven(page)

  // It is in the feed.
  await page.getByRole('link', { name: 'View all changes of this account' }).click()
  await page.getByRole('heading', { name: /What changed/ }).waitFor()
  await page.getByRole('list', { name: 'Changes' }).getByText(/^ada/).first().waitFor()
})

describe('connecting an account', () => {
  beforeAll(() => web.makeOwner())

  test('opens the console with all parameters of the published template', async () => {
    const { simulator, cairn } = web
    const { id, externalId } = await cairn.request('POST', '/connections', { name: 'By a link' })
    const page = await web.open(`/integrations/aws/${id}`)
    await page.getByRole('tab', { name: 'CloudFormation' }).click()
    await page.getByRole('combobox', { name: 'Stack region' }).click()
    await page.getByRole('option', { name: 'eu-west-1', exact: true }).click()
    const button = page.getByRole('link', { name: 'Create stack' })
    await expect.poll(() => button.getAttribute('href')).toMatch(/^https:\/\/eu-west-1\./)
    const link = new URL((await button.getAttribute('href'))!)
    expect(link.host).toBe('eu-west-1.console.aws.amazon.com')
    const [route, query] = link.hash.split('?')
    expect(route).toBe('#/stacks/create/review')
    const { templateURL, stackName, ...params } = Object.fromEntries(new URLSearchParams(query))
    expect(templateURL).toBe(publishedTemplate)
    expect(params.param_ExternalId).toBe(externalId)

    // As the console does: the published template with the link's parameters.
    const accountId = web.accountId()
    const { outputs } = await simulator.createStack({
      accountId,
      region: 'eu-west-1',
      stackName: stackName!,
      template: readFileSync('infra/cloudformation/cairn-read-only.yaml', 'utf8'),
      parameters: Object.fromEntries(
        Object.entries(params).map(([name, value]) => [name.replace(/^param_/, ''), value]),
      ),
    })
    await page.getByRole('textbox', { name: 'Role ARN' }).fill(outputs.RoleArn!)
    await page.getByRole('button', { name: 'Verify role' }).click()
    await allProven(page)
    await state(page, 'Up to date')
  })

  test('shows the first rows of a long import, its progress and the remaining time', async () => {
    const { simulator, cairn } = web
    const accountId = web.accountId()
    const now = simulator.now()
    const events = Array.from({ length: 6000 }, (_, n) =>
      someRecord({
        now,
        secondsAgo: 60 + n * 13,
        awsRegion: n % 2 ? 'us-east-1' : 'eu-west-1',
        requestParameters: { dBInstanceIdentifier: `busy-${n}` },
      }),
    )
    simulator.addEvents(events, { accountId })
    // Sixty pages of each region, two at a time. A verification waits up to 10 s for one of them.
    const slow = (delayMs: number) => {
      simulator.clearFaults()
      simulator.failNext({
        accountId,
        operation: 'LookupEvents',
        effect: 'delay',
        delayMs,
        times: events.length,
      })
    }
    slow(5_000)
    onTestFinished(() => simulator.clearFaults())
    const { id, externalId } = await cairn.request('POST', '/connections', {
      name: 'Busy',
      lookbackDays: 1,
    })
    const roleArn = `arn:aws:iam::${accountId}:role/cairn-read-only`
    putRole(simulator, { roleArn, externalId })
    const page = await web.open(`/integrations/aws/${id}`)
    await page.getByRole('textbox', { name: 'Role ARN' }).fill(roleArn)
    await page.getByRole('button', { name: 'Verify role' }).click()

    const bar = page.getByRole('progressbar', { name: 'Import progress' })
    const percent = async () => Number(await bar.getAttribute('aria-valuenow'))
    await page
      .getByRole('link', { name: /ada .*busy-\d\b/ })
      .first()
      .waitFor()
    // A loaded machine takes minutes to show what follows: the import must not be done by then.
    slow(10_000)
    await expect.poll(percent).toBeGreaterThan(0)
    await page.getByText(/^\d+% of 1 day, about .+ left$/).waitFor()
    const first = await percent()
    expect(first).toBeLessThan(100)
    await expect.poll(percent).toBeGreaterThan(first)
    expect(await percent()).toBeLessThan(100)

    // The feed shows the same import: changes join the list, and are not announced as new.
    const feed = await web.open(`/?connection=${id}`)
    const feedBar = feed.getByRole('progressbar', { name: 'Imported share of the lookback' })
    await feedBar.waitFor()
    const listed = async () => {
      const label = await feed.getByRole('application').getAttribute('aria-label')
      return Number(label?.match(/: ([\d,]+) changes?/)?.[1]?.replace(',', ''))
    }
    await expect.poll(listed).toBeGreaterThan(0)
    const before = await listed()
    await expect.poll(listed).toBeGreaterThan(before)
    expect(await feed.getByRole('button', { name: /^Show .* new change/ }).count()).toBe(0)
    expect(await feedBar.isVisible()).toBe(true)

    simulator.clearFaults()
    await state(page, 'Up to date')
    await bar.waitFor({ state: 'detached' })
    await feedBar.waitFor({ state: 'detached' })
    // Completeness follows the import without a refresh.
    const complete = feed.getByRole('status', { name: 'Completeness' })
    await complete
      .getByText(/CloudTrail delivers with a delay: the last .+ may still change/)
      .waitFor()
    const { total } = await cairn.request(
      'GET',
      `/changes/histogram?connection=${id}&from=${new Date(now - 86_400_000).toISOString()}`,
    )
    expect(total).toBe(events.length)
  })
})

describe('a connected account', () => {
  beforeAll(() => web.makeOwner())

  /** Breaks the role and verifies it on the page of its connection, which was up to date. */
  async function failVerification(page: Page, spoil: () => void) {
    spoil()
    // An import that is refused starts a verification, which opens the step.
    const step = page.getByRole('button', { name: /^Verification/ })
    const verify = page.getByRole('button', { name: 'Verify now' })
    const expanded = () => step.getAttribute('aria-expanded')
    await expect
      .poll(async () => {
        if ((await expanded()) === 'false') await step.click()
        return expanded()
      })
      .toBe('true')
    await verify.click()
    await state(page, 'Action needed')
  }

  const condition = (of: (externalId: string) => object | null) => (connected: ConnectedAccount) =>
    putRole(web.simulator, { ...connected, condition: of(connected.externalId) })

  interface WrongRole {
    spoil: (connected: ConnectedAccount) => void
    seen: RegExp
    sentence: RegExp
    snippet: RegExp
  }

  test.each<{ what: string; failed: RegExp; roles: WrongRole[] }>([
    {
      what: 'a trust policy that does not enforce the external ID',
      failed: lines[1]!,
      roles: [
        {
          spoil: condition(() => null),
          seen: /AWS returned a session/,
          sentence: /Not safe: this role can be assumed without the external ID/,
          snippet: /"StringEquals"/,
        },
        {
          spoil: condition(() => ({ StringLike: { 'sts:ExternalId': '*' } })),
          seen: /AWS returned a session/,
          sentence: /Not safe: this role can be assumed with a different external ID/,
          snippet: /"StringEquals"/,
        },
        {
          spoil: condition((id) => ({ StringLike: { 'sts:ExternalId': `${id}*` } })),
          seen: /AWS returned a session/,
          sentence: /Not safe: this role can be assumed with a different external ID/,
          snippet: /"StringEquals"/,
        },
        {
          spoil: condition((id) => ({ StringEqualsIgnoreCase: { 'sts:ExternalId': id } })),
          seen: /AWS returned a session/,
          sentence: /Not safe: this role can be assumed with a different external ID/,
          snippet: /"StringEquals"/,
        },
      ],
    },
    {
      what: 'a trust policy with another external ID, and a deleted role',
      failed: lines[0]!,
      roles: [
        {
          spoil: condition((id) => ({ StringEquals: { 'sts:ExternalId': `${id}-2` } })),
          seen: /AccessDenied/,
          sentence: /Imports are stopped until this is fixed/,
          snippet: /"StringEquals"/,
        },
        {
          spoil: ({ roleArn }) => void web.simulator.deleteRole(roleArn),
          seen: /AccessDenied/,
          sentence: /Imports are stopped until this is fixed/,
          snippet: /sts:ExternalId/,
        },
      ],
    },
    {
      what: 'no permission to read events',
      failed: lines[2]!,
      roles: [
        {
          spoil: (connected) =>
            putRole(web.simulator, {
              ...connected,
              policies: [
                {
                  Version: '2012-10-17',
                  Statement: [
                    { Effect: 'Allow', Action: 'cloudtrail:DescribeTrails', Resource: '*' },
                  ],
                },
              ],
            }),
          seen: /AccessDenied/,
          sentence: /has no permission to read events/,
          snippet: /cloudtrail:LookupEvents/,
        },
      ],
    },
  ])(
    'with $what shows the failed check, the AWS response, and the fix',
    async ({ failed, roles }) => {
      const connected = await web.connect()
      await web.imported(connected.id)
      const page = await web.open(`/integrations/aws/${connected.id}`)
      await state(page, 'Up to date')
      await page.evaluate('globalThis.notReloaded = true')
      for (const [n, { spoil, seen, sentence, snippet }] of roles.entries()) {
        await failVerification(page, () => spoil(connected))
        await page.getByText(sentence).first().waitFor()
        await line(page, failed).filter({ hasText: 'Failed' }).waitFor()
        for (const other of lines) {
          if (other === failed) continue
          expect(await line(page, other).textContent()).not.toContain('Failed')
        }
        // It is expanded automatically. It is not while an automatic verification repeats the check.
        await expect.poll(() => line(page, failed).getAttribute('aria-expanded')).toBe('true')
        await page
          .getByText(/^AWS response: /)
          .filter({ hasText: seen })
          .first()
          .waitFor()
        await page.getByText('How to fix:').first().waitFor()
        const paste = page.getByRole('region').filter({ hasText: snippet }).last()
        await paste.locator('xpath=..').getByRole('button', { name: /^Copy/ }).click()
        await expect.poll(() => clipboardOf(page)).toMatch(snippet)

        // Once it is fixed, imports continue without a reload.
        putRight(connected)
        web.simulator.addEvents(
          [
            someRecord({
              now: web.simulator.now(),
              secondsAgo: 5,
              requestParameters: { dBInstanceIdentifier: `after-fix-${n}` },
            }),
          ],
          { accountId: connected.accountId },
        )
        await page.getByRole('button', { name: 'Verify now' }).click()
        await allProven(page)
        await state(page, 'Up to date')
        await page.getByRole('link', { name: `after-fix-${n}` }).waitFor()
      }
      expect(await page.evaluate('globalThis.notReloaded')).toBe(true)
    },
  )

  test('imports nothing with an unsafe role, and everything automatically once it is fixed', async () => {
    const { simulator, cairn } = web
    const accountId = web.accountId()
    const made = await cairn.request('POST', '/connections', { name: 'Unsafe' })
    simulator.addEvents([someRecord({ now: simulator.now() })], { accountId })
    const roleArn = `arn:aws:iam::${accountId}:role/open`
    simulator.putRole({
      arn: roleArn,
      trustPolicy: trust(simulator.vendor.principalArn, undefined),
      policies: [
        { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
      ],
    })
    const page = await web.open(`/integrations/aws/${made.id}`)
    await page.getByRole('textbox', { name: 'Role ARN' }).fill(roleArn)
    await page.getByRole('button', { name: 'Verify role' }).click()
    await state(page, 'Action needed')
    await page
      .getByText(/can be assumed without the external ID\. Nothing has been imported\./)
      .waitFor()
    await line(page, lines[1]!).filter({ hasText: 'Failed' }).waitFor()
    expect((await cairn.request('GET', `/changes?connection=${made.id}`)).items).toEqual([])

    putRole(simulator, { roleArn, externalId: made.externalId })
    await page.getByRole('button', { name: 'Verify now' }).click()
    await state(page, 'Up to date')
    await page.getByRole('link', { name: /ada .*orders/ }).waitFor()
  })

  test('can be imported immediately, paused and resumed, and its lookback extended', async () => {
    const { simulator } = web
    const connected = await web.connect()
    const old = someRecord({
      now: simulator.now(),
      secondsAgo: 4 * 86_400,
      requestParameters: { dBInstanceIdentifier: 'four-days-old' },
    })
    simulator.addEvents([old], { accountId: connected.accountId })
    await web.imported(connected.id)
    const page = await web.open(`/integrations/aws/${connected.id}`, { expected: /503/ })
    await state(page, 'Up to date')
    await page.getByText('No changes yet, except for routine changes').waitFor()

    const fresh = someRecord({
      now: simulator.now(),
      secondsAgo: 3,
      requestParameters: { dBInstanceIdentifier: 'just-now' },
    })
    simulator.addEvents([fresh], { accountId: connected.accountId })
    await page.getByRole('button', { name: 'Import now' }).click()
    await page.getByText(/1 new change from \d regions/).waitFor()
    await page.getByRole('link', { name: /just-now/ }).waitFor()

    // A failed action shows a notification until the next attempt succeeds.
    const one = `**/api/v1/connections/${connected.id}`
    await page.route(one, (route) =>
      route.request().method() === 'PATCH'
        ? route.fulfill({ status: 503, json: { title: 'Away', detail: 'The database is away.' } })
        : route.fallback(),
    )
    await page.getByRole('button', { name: 'Pause' }).press('Enter')
    const toast = page.getByRole('alert').filter({ hasText: 'Cannot pause the connection: Away' })
    await toast.getByText('The database is away.').waitFor()
    await page.unroute(one)
    await page.getByRole('button', { name: 'Pause' }).press('Enter')
    await toast.waitFor({ state: 'hidden' })
    await state(page, 'Paused')
    await hasFocus(page, 'Resume')
    await expect
      .poll(() => page.getByRole('button', { name: 'Import now' }).isDisabled())
      .toBe(true)
    await page.getByText('Resume the connection first.').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await state(page, 'Up to date')

    await page.getByRole('button', { name: /Import settings/ }).click()
    await page.getByLabel('Lookback (days)').fill('6')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.getByRole('link', { name: /four-days-old/ }).waitFor()
  })

  test('can be renamed and assigned to an environment, and its external ID is read-only', async () => {
    const { id, externalId } = await web.connect()
    const page = await web.open(`/integrations/aws/${id}`)
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Payments')
    await page.getByRole('button', { name: 'Save' }).first().click()
    await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor()
    await hasFocus(page, 'Rename')
    await page.keyboard.press('Enter')
    await page.getByLabel('Name', { exact: true }).fill('No name')
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor()
    await hasFocus(page, 'Rename')

    await page
      .getByRole('combobox', { name: 'Environment' })
      .or(page.getByRole('textbox', { name: 'Environment' }))
      .first()
      .click()
    await page.getByRole('option', { name: 'Create environment…' }).click()
    await page.getByLabel('Environment name').fill('Staging')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await expect
      .poll(async () => (await web.cairn.request('GET', `/connections/${id}`)).environmentId)
      .toEqual(expect.any(String))
    await hasFocus(page, 'Environment')

    await isInNoField(page, externalId)
    await page.getByText(externalId, { exact: true }).waitFor()
    await expect(
      web.cairn.request('PATCH', `/connections/${id}`, { externalId: 'chosen' }),
    ).rejects.toThrow(/externalId/)
  })

  test('closes only the topmost layer on Escape, and restores the focus', async () => {
    const { cairn } = web
    for (const name of ['Escape one', 'Escape two'])
      await cairn.request('POST', '/environments', { name })
    const page = await web.open('/integrations')
    await page.getByRole('button', { name: 'Connect account' }).click()
    const connect = page.getByRole('dialog', { name: 'Connect account' })
    await connect.getByLabel('Name').fill('Not yet')
    const choose = async (option: string) => {
      await connect.getByRole('combobox', { name: 'Environment' }).click()
      await page.getByRole('option', { name: option }).click()
    }
    await choose('Create environment…')
    await connect.getByLabel('Environment name').fill('Never made')
    await page.keyboard.press('Escape')
    await connect.getByLabel('Environment name').waitFor({ state: 'detached' })
    await hasFocus(page, 'Environment')

    await choose('Manage environments…')
    const environments = page.getByRole('dialog', { name: 'Environments' })
    await environments.getByRole('button', { name: 'Edit Escape one' }).click()
    await environments.getByLabel('Name', { exact: true }).fill('Never named')
    await page.keyboard.press('Escape')
    await hasFocus(page, 'Edit Escape one')

    // Another user assigns it meanwhile: the dialog shows it.
    const { items } = await cairn.request('GET', '/environments')
    const { id: environmentId } = items.find((one: Named) => one.name === 'Escape two')
    await cairn.request('POST', '/connections', { name: 'Names it', environmentId })
    await environments.getByRole('button', { name: 'Delete Escape two' }).click()
    const confirm = page.getByRole('dialog', { name: 'Delete Escape two?' })
    await confirm.getByText('One connection uses it.').waitFor()
    await page.keyboard.press('Escape')
    await confirm.waitFor({ state: 'hidden' })
    await hasFocus(page, 'Delete Escape two')
    await page.keyboard.press('Enter')
    await confirm.getByRole('button', { name: 'Delete environment' }).press('Enter')
    await confirm.waitFor({ state: 'hidden' })
    await hasFocus(page, 'All environments')

    await page.keyboard.press('Escape')
    await environments.waitFor({ state: 'hidden' })
    await hasFocus(page, 'Environment')
    expect(await connect.getByLabel('Name').inputValue()).toBe('Not yet')
    await page.keyboard.press('Escape')
    await connect.waitFor({ state: 'hidden' })
    await hasFocus(page, 'Connect account')
  })

  test('can be found among a thousand, and Back restores the list', async () => {
    const { id } = await web.connect({ name: 'Shop 617' })
    const page = await web.open('/integrations')
    await page.route('**/api/v1/connections', async (route) => {
      const answered = await (await route.fetch()).json()
      const one = answered.items.find((each: Named) => each.id === id)
      const items = Array.from({ length: 1000 }, (_, n) =>
        n === 617
          ? one
          : {
              ...one,
              id: `${n}`,
              name: `Account ${n}`,
              accountId: String(222200000000 + n),
              status: n % 2 ? 'current' : 'paused',
            },
      )
      await route.fulfill({ json: { items } })
    })
    await page.goto('/integrations/aws')
    await page.getByText('1,000 accounts').waitFor()
    const table = page.getByRole('table', { name: 'AWS accounts' })
    await page.getByRole('button', { name: 'Page 3' }).click()
    await table.getByRole('link', { name: 'Account 203', exact: true }).waitFor()
    expect(page.url()).toContain('page=3')
    await page.setViewportSize({ width: 360, height: 800 })
    await expect.poll(() => overflowOf(page)).toBe(0)
    await page.setViewportSize({ width: 1280, height: 800 })

    const filter = page.getByRole('textbox', { name: /^Filter by/ })
    await filter.pressSequentially('617')
    await page.getByText('1 of 1,000 accounts').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('option', { name: /^Up to date/ }).waitFor()
    await page.keyboard.press('Escape')
    await table.getByRole('link', { name: 'Shop 617' }).press('Enter')
    await page.getByRole('heading', { name: 'Shop 617', level: 1 }).waitFor()
    await page.goBack()
    await page.getByText('1 of 1,000 accounts').waitFor()
    expect(await filter.inputValue()).toBe('617')
  })

  test('lists its unparsed records with their reasons, and each can be downloaded', async () => {
    const accountId = web.accountId()
    const now = web.simulator.now()
    const records = Array.from({ length: 23 }, (_, n) =>
      someRecord({ now, secondsAgo: 1800 + n, recipientAccountId: accountId }),
    )
    web.simulator.addEvents(records, { accountId, envelope: { CloudTrailEvent: 'null' } })
    const { id } = await web.connect({ name: 'Unparsed', accountId })
    await web.imported(id)
    const page = await web.open(`/integrations/aws/${id}`)
    const section = page.getByRole('region', { name: 'Unparsed records' })
    await section.getByText('23 events could not become changes').waitFor()
    const links = section.getByRole('link', { name: 'Download ModifyDBInstance' })
    await expect.poll(() => links.count()).toBe(20)
    await section.getByText('The record is not a JSON object.').first().waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), links.first().click()])
    const saved = JSON.parse(readFileSync(await download.path(), 'utf8'))
    expect(saved).toMatchObject({ EventName: 'ModifyDBInstance', CloudTrailEvent: 'null' })
    await section.getByRole('button', { name: 'Next' }).click()
    await section.getByText('Page 2 of 2').waitFor()
    await expect.poll(() => links.count()).toBe(3)
    await section.getByRole('button', { name: 'Previous' }).click()
    await section.getByText('Page 1 of 2').waitFor()
    await page.setViewportSize({ width: 360, height: 800 })
    await expect.poll(() => overflowOf(page)).toBe(0)
  })

  test('moves to a role of another account only after a confirmation', async () => {
    const { id, accountId, externalId } = await web.connect({ name: 'Moving' })
    const other = web.accountId()
    const roleArn = `arn:aws:iam::${other}:role/cairn-read-only`
    putRole(web.simulator, { roleArn, externalId })
    const account = async () => (await web.cairn.request('GET', `/connections/${id}`)).accountId
    const page = await web.open(`/integrations/aws/${id}`)
    await page.getByRole('button', { name: /^Role ARN/ }).click()
    await page.getByRole('textbox', { name: 'Role ARN' }).fill(roleArn)
    await page.getByRole('button', { name: 'Use this role' }).click()
    const dialog = page.getByRole('dialog', { name: 'Move this connection to another account?' })
    await dialog.getByText(`This role is in account ${other}.`).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(await account()).toBe(accountId)
    await page.getByRole('button', { name: 'Use this role' }).click()
    await dialog.getByRole('button', { name: `Move to ${other}` }).click()
    await expect.poll(account).toBe(other)
    await state(page, 'Up to date')
  })

  test('shows what to remove in AWS after it was deleted', async () => {
    const { id, roleArn } = await web.connect({ name: 'To be deleted' })
    const page = await web.open(`/integrations/aws/${id}`, {
      // The page requests it once more when the server reports a change.
      expected: /404/,
    })
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete this connection?' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete connection' }).click()
    await page.getByRole('heading', { name: 'To be deleted deleted' }).waitFor()
    const name = roleArn.split('/').at(-1)!
    await page
      .getByText(new RegExp(`delete-role .*${name}|delete-stack`))
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'All AWS accounts' }).click()
    await page.getByRole('heading', { name: 'AWS accounts' }).waitFor()
    // It is listed as being deleted until that is done.
    const link = page.getByRole('link', { name: 'To be deleted' })
    await expect.poll(() => link.count(), { timeout: 240_000 }).toBe(0)
  })
})
