import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, onTestFinished } from 'vitest'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { removePostgres } from '../src/embedded/postgres.ts'
import { fileIn, sharedBrowser } from './browser.ts'
import { type RunningCairn, startCairnProcess } from './cairn.ts'
import { cloudTrailTime, type Fields, record, userIdentity } from './cloudtrail/records.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { eventually } from './eventually.ts'
import { putRole } from './roles.ts'

/** What a loaded machine may take to show what an action led to. */
const SHOWN_WITHIN_MS = 180_000

interface OpenOptions {
  /** Whether the page has the owner's session. Default true. */
  signedIn?: boolean
  /** Pixels; default 1280 × 800. */
  width?: number
  height?: number
  dark?: boolean
  /** Console errors that the test brings about; all others make it fail. */
  expected?: RegExp
}

export interface ConnectedAccount {
  id: string
  externalId: string
  accountId: string
  roleArn: string
}

interface Web {
  simulator: Simulator
  cairn: RunningCairn
  browser: Browser
  owner: { name: string; email: string; password: string }
  /** The one-time link that the start has printed. */
  invitationUrl: string
  /**
   * A page in a browser of its own, closed when the test ends. The test fails with what the page
   * complained of: errors in its console, exceptions, violations of the content security policy.
   */
  open(to: string, options?: OpenOptions): Promise<Page>
  /** Creates the owner that opened pages are signed in as, unless the test used the link. */
  makeOwner(): Promise<void>
  /** An account that no other test uses. */
  accountId(): string
  /** A connection with its role, which exists and is correct. */
  connect(options?: { name?: string; accountId?: string }): Promise<ConnectedAccount>
  /** Waits until all events that the account has at this moment are imported. */
  imported(id: string): Promise<void>
}

/**
 * `npm start` in a process of its own beside a simulated AWS, and a browser: one for each test
 * file, made before its tests and ended after them. It has a database of its own in the run's
 * Postgres, and the run's Temporal.
 *
 * @param options.regions what the accounts have; fewer are imported sooner
 * @param options.env more of Cairn's settings
 * @param options.embedded whether it starts a Postgres and a Temporal of its own
 */
export function useWeb({
  regions = ['us-east-1', 'eu-west-1'],
  env = {},
  embedded = false,
}: {
  regions?: string[]
  env?: Record<string, string>
  embedded?: boolean
} = {}): Web {
  const web = {} as Web
  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-web-'))
  const owner = {
    name: 'Ada Owner',
    email: 'ada@example.com',
    password: randomBytes(12).toString('base64url'),
  }
  const accounts = Array.from({ length: 24 }, (_, n) => String(111122223333 + n))
  let session: Promise<BrowserContextOptions['storageState']> | undefined
  let database: TestDatabase | undefined

  beforeAll(async () => {
    const [simulator, browser] = await Promise.all([
      startSimulator({
        latencyMs: 20,
        tps: null,
        stackMs: 0,
        recordsCalls: false,
        accountIds: accounts,
        regions,
      }),
      sharedBrowser(),
    ])
    Object.assign(web, { simulator, browser })
    if (!embedded) database = await createTestDatabase()
    web.cairn = await startCairnProcess({
      dataDir,
      apiKey: `cairn_${randomUUID()}${randomUUID()}`,
      env: {
        ...simulator.env,
        CAIRN_PRINCIPAL_ARN: simulator.vendor.principalArn,
        CAIRN_REGIONS: regions.join(),
        ...(database && {
          DATABASE_URL: database.url,
          TEMPORAL_ADDRESS: inject('temporalAddress'),
        }),
        ...env,
      },
    })
    const [, invitationUrl] = await eventually(
      async () => /(http\S+\/accept-invitation\?token=\S+)/.exec(web.cairn.output()) ?? [],
      ([found]) => found !== undefined,
    )
    web.invitationUrl = invitationUrl!
  })

  afterAll(async () => {
    await web.cairn?.end('SIGTERM')
    await web.simulator?.close()
    await database?.drop()
    if (embedded) await removePostgres(dataDir, console)
    rmSync(dataDir, { recursive: true, force: true })
  })

  let owned: Promise<void> | undefined
  const post = async (route: string, body: object) => {
    const context = await web.browser.newContext()
    const answer = await context.request.post(`${web.cairn.url}${route}`, {
      data: body,
      headers: { origin: web.cairn.url },
    })
    if (!answer.ok()) throw new Error(`POST ${route}: ${await answer.text()}`)
    const state = await context.storageState()
    await context.close()
    return state
  }

  return Object.assign(web, {
    owner,
    makeOwner() {
      owned ??= (async () => {
        const token = new URL(web.invitationUrl).searchParams.get('token')!
        const link = await fetch(`${web.cairn.url}/api/invitation?token=${token}`)
        if (!link.ok) return
        session = post('/api/invitation', { token, ...owner })
        await session
      })()
      return owned
    },
    async open(to: string, options: OpenOptions = {}) {
      const { signedIn = true, width = 1280, height = 800, dark, expected } = options
      const { email, password } = owner
      if (signedIn) session ??= post('/api/auth/sign-in/email', { email, password })
      const context = await web.browser.newContext({
        baseURL: web.cairn.url,
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        reducedMotion: 'reduce',
        // Otherwise those of the machine that runs the tests.
        locale: 'en-US',
        timezoneId: 'UTC',
        permissions: ['clipboard-read', 'clipboard-write'],
        ...(signedIn && { storageState: await session }),
      })
      context.setDefaultTimeout(SHOWN_WITHIN_MS)
      const page = await context.newPage()
      const problems = watch(page, expected)
      onTestFinished(async ({ task }) => {
        const folder = process.env.CAIRN_PICTURES
        if (folder && task.result?.state === 'fail') {
          const name = `${task.name.replaceAll(/\W+/g, '-').slice(0, 60)}-${Date.now()}.png`
          await page.screenshot({ path: fileIn(folder, name), fullPage: true })
        }
        // A route handler may still wait for a response.
        await page.unrouteAll({ behavior: 'ignoreErrors' })
        await context.close()
        expect(problems, `what the page ${to} complained of`).toEqual([])
      })
      await page.goto(to)
      return page
    },
    accountId() {
      const next = accounts.pop()
      if (!next) throw new Error('There are no more accounts in the simulator.')
      return next
    },
    async connect({
      name,
      accountId = web.accountId(),
    }: {
      name?: string
      accountId?: string
    } = {}) {
      const { id, externalId } = await web.cairn.request('POST', '/connections', {
        name: name ?? `Account ${accountId}`,
        lookbackDays: 1,
        pollIntervalSeconds: 3600,
      })
      const roleArn = `arn:aws:iam::${accountId}:role/cairn-read-only`
      putRole(web.simulator, { roleArn, externalId })
      await web.cairn.request('PATCH', `/connections/${id}`, { roleArn })
      return { id, externalId, accountId, roleArn }
    },
    async imported(id: string) {
      await eventually(
        () => web.cairn.request('GET', `/connections/${id}`),
        ({ status }) => status === 'current',
      )
    },
  })
}

/** Collects the console errors, exceptions and dialogs of a page. */
function watch(page: Page, expected: RegExp | undefined): string[] {
  const problems: string[] = []
  const report = (text: string) => {
    if (!expected?.test(text)) problems.push(text)
  }
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    // On a busy machine, an organization's requests can exceed its queue. Pages repeat them.
    if (/\bstatus of 429\b/.test(message.text())) return
    report(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => report(`exception: ${error.message}`))
  page.on('dialog', async (dialog) => {
    report(`dialog: ${dialog.message()}`)
    await dialog.dismiss()
  })
  return problems
}

/** How many pixels the page can be scrolled sideways. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
}

export function clipboardOf(page: Page): Promise<string> {
  return page.evaluate('navigator.clipboard.readText()')
}

/** A record of a user who changes a database, `secondsAgo` before `now`. */
export function someRecord(fields: { secondsAgo?: number; now: number } & Fields): Fields {
  const { secondsAgo = 60, now, ...rest } = fields
  return record({
    eventTime: cloudTrailTime(now - secondsAgo * 1000),
    eventSource: 'rds.amazonaws.com',
    eventName: 'ModifyDBInstance',
    userIdentity: userIdentity('ada', '111122223333'),
    recipientAccountId: '111122223333',
    requestParameters: { dBInstanceIdentifier: 'orders', allocatedStorage: 200 },
    ...rest,
  })
}
