/**
 * `npm run screenshots`: the pages in their states, light and dark, wide and narrow, as pictures to
 * inspect. It uses a simulated AWS whose history has a seed: only the times differ from run to run.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Locator, Page } from 'playwright-core'
import { generateHistory } from '../simulator/generate.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { aborted, type Command, runCommand, Stopped } from '../src/command.ts'
import { loadConfig } from '../src/config.ts'
import { createDirectory } from '../src/embedded/create-directory.mjs'
import { removePostgres } from '../src/embedded/postgres.ts'
import { createLogger } from '../src/log.ts'
import { type Cairn, startCairn } from '../src/process/cairn.ts'
import { launchBrowser } from '../testing/browser.ts'
import { eventually } from '../testing/eventually.ts'
import { putRole } from '../testing/roles.ts'
import { Api } from './api.ts'

const usage = `Usage: npm run screenshots -- [options]

  --out DIR      where to write them; default .cache/screenshots
  --only NAMES   some of them, separated by commas: feed,sign-in
  --docs         copy those that the docs show to docs/images`

const root = path.resolve(import.meta.dirname, '..')
/** What README.md shows. */
const inDocs = ['feed-light-wide', 'feed-dark-wide', 'verification-failed-light-wide']

const PRODUCTION = '111122223333'
const STAGING = '444455556666'
const DAY_MS = 24 * 3_600_000

const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } }
const schemes = ['light', 'dark'] as const

interface Connection {
  id: string
  externalId: string
  status: string
}

/** A page, how to bring it into its state, and how to recognize that state. */
interface Picture {
  name: string
  to: string
  signedIn?: boolean
  /** More than what fits on the screen. */
  whole?: boolean
  prepare(page: Page): Promise<unknown>
  /** What of the page is shown. */
  part?(page: Page): Locator
}

async function main(command: Command): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, '.cache/screenshots') },
      only: { type: 'string' },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(usage)
  createDirectory(values.out)
  const signal = command.stopInOrder()

  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-screenshots-'))
  const simulator = await startSimulator({
    ...{ accountIds: [PRODUCTION, STAGING], latencyMs: 0, tps: null, stackMs: 0 },
  })
  const logger = createLogger({ level: 'warn' })
  // As in the demo: this AWS is the simulator, regardless of the environment.
  for (const name of Object.keys(process.env)) {
    if (/^(AWS_|DATABASE_|TEMPORAL_|CAIRN_)/.test(name)) delete process.env[name]
  }
  Object.assign(process.env, simulator.env, {
    CAIRN_PRINCIPAL_ARN: simulator.vendor.principalArn,
    CAIRN_DATA_DIR: dataDir,
  })
  let cairn: Cairn | undefined
  let browser: Browser | undefined
  try {
    cairn = await startCairn(loadConfig(process.env), {
      ...{ env: process.env, logger, demoSession: true },
    })
    browser = await launchBrowser()
    const taken = takePictures(cairn, browser, simulator, {
      out: values.out,
      only: values.only?.split(','),
      docs: values.docs,
    }).catch((error) => {
      // What it waits for rejects when the browser is closed.
      if (!signal.aborted) throw error
    })
    await Promise.race([taken, aborted(signal)])
  } finally {
    await browser?.close()
    await cairn?.stop()
    await simulator.close()
    await removePostgres(dataDir, logger)
    rmSync(dataDir, { recursive: true, force: true })
  }
  if (signal.aborted) throw new Stopped(signal.reason, `Stopped by ${signal.reason}`)
}

async function takePictures(
  cairn: Cairn,
  browser: Browser,
  simulator: Simulator,
  options: { out: string; only: string[] | undefined; docs: boolean },
): Promise<void> {
  const { out, only, docs } = options
  const pictures = await setTheScene(simulator, new Api(cairn))
  for (const scheme of schemes) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const open = async (signedIn: boolean) => {
        const context = await browser.newContext({
          ...{ baseURL: cairn.url, viewport, colorScheme: scheme, reducedMotion: 'reduce' },
          ...{ timezoneId: eveningZone(), locale: 'en-GB' },
        })
        const page = await context.newPage()
        if (signedIn) await page.goto('/api/demo/sign-in')
        return page
      }
      const pages = { in: await open(true), out: await open(false) }
      for (const picture of pictures) {
        if (only && !only.includes(picture.name)) continue
        const page = picture.signedIn === false ? pages.out : pages.in
        const name = `${picture.name}-${scheme}-${size}`
        const file = path.join(out, `${name}.png`)
        await page.goto(picture.to)
        await picture.prepare(page)
        await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)')
        const clip = await picture.part?.(page).boundingBox()
        await page.screenshot({
          ...{ path: file, fullPage: picture.whole ?? false, caret: 'hide' },
          ...(clip && { clip }),
        })
        console.log(path.relative(process.cwd(), file))
        if (docs && inDocs.includes(name)) {
          const images = path.join(root, 'docs/images')
          mkdirSync(images, { recursive: true })
          copyFileSync(file, path.join(images, `${name}.png`))
        }
      }
      await Promise.all(Object.values(pages).map((page) => page.context().close()))
    }
  }
}

/** Connects accounts by the template: one that is well, one whose trust is spoilt, one to come. */
async function setTheScene(simulator: Simulator, api: Api): Promise<Picture[]> {
  const now = simulator.now()
  for (const [index, accountId] of [PRODUCTION, STAGING].entries()) {
    const from = new Date(now - 7 * DAY_MS)
    const history = generateHistory({ seed: index + 1, accountId, from, to: new Date(now) })
    simulator.addEvents(history, { accountId })
  }
  const environment = async (name: string, color: string) =>
    (await api.request<{ id: string }>('POST', '/environments', { name, color })).id
  const [production, staging] = [
    await environment('Production', 'red'),
    await environment('Staging', 'blue'),
  ]
  const make = (name: string, environmentId: string) =>
    api.request<Connection>('POST', '/connections', { name, environmentId, lookbackDays: 7 })
  const connect = async ({ id, externalId }: Connection, accountId: string) => {
    const roleArn = `arn:aws:iam::${accountId}:role/cairn-read-only`
    putRole(simulator, { roleArn, externalId })
    await api.request('PATCH', `/connections/${id}`, { roleArn })
    await eventually(
      () => api.request<Connection>('GET', `/connections/${id}`),
      ({ status }) => status === 'current',
    )
    return roleArn
  }
  const complete = await make('Shop production', production)
  await connect(complete, PRODUCTION)
  const failed = await make('Shop staging', staging)
  const spoilt = await connect(failed, STAGING)
  putRole(simulator, {
    roleArn: spoilt,
    externalId: failed.externalId,
    condition: { StringLike: { 'sts:ExternalId': '*' } },
  })
  await api.request('POST', `/connections/${failed.id}/verify`)
  const awaiting = await make('Data platform', production)

  const from = new Date(now - 2 * DAY_MS).toISOString()
  const { items } = await api.request<{
    items: { id: string; detail: { edits?: unknown[] } }[]
  }>(
    'GET',
    `/changes?connection=${complete.id}&noise=false&outcome=succeeded&limit=200&from=${from}`,
  )
  const editsOf = ({ detail }: (typeof items)[number]) => detail.edits?.length ?? 0
  const largest = items.toSorted((a, b) => editsOf(b) - editsOf(a))[0]!

  const connection = ({ id }: Connection) => `/integrations/aws/${id}`
  return [
    {
      ...{ name: 'sign-in', to: '/sign-in', signedIn: false },
      prepare: (page) => page.getByRole('heading', { name: 'Sign in' }).waitFor(),
    },
    {
      ...{ name: 'feed', to: '/' },
      async prepare(page) {
        const list = page.getByRole('list', { name: 'Changes', exact: true })
        await list.getByRole('button').first().click()
        await list.getByRole('listitem').getByRole('listitem').first().waitFor()
        await settled(page)
      },
    },
    {
      ...{ name: 'change', to: `/changes/${largest.id}`, whole: true },
      async prepare(page) {
        await page.getByRole('button', { name: 'Show event' }).click()
        await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
        await settled(page)
      },
    },
    {
      ...{ name: 'integrations', to: '/integrations' },
      prepare: (page) => page.getByText('3 accounts').waitFor(),
    },
    {
      ...{ name: 'connections', to: '/integrations/aws' },
      prepare: (page) => page.getByRole('link', { name: 'Data platform' }).waitFor(),
    },
    {
      ...{ name: 'connection-role-awaited', to: connection(awaiting), whole: true },
      async prepare(page) {
        await page.getByRole('tab', { name: 'CloudFormation' }).click()
        await page.getByRole('tabpanel', { name: 'CloudFormation' }).waitFor()
        await settled(page)
      },
    },
    {
      ...{ name: 'connection-failed', to: connection(failed), whole: true },
      async prepare(page) {
        await page.getByText('How to fix:').first().waitFor()
        await settled(page)
      },
    },
    {
      ...{ name: 'verification-failed', to: connection(failed), whole: true },
      async prepare(page) {
        await page.getByText('How to fix:').first().waitFor()
        await settled(page)
      },
      part: (page) => page.getByRole('region', { name: /^Verification/ }),
    },
    {
      ...{ name: 'connection-complete', to: connection(complete), whole: true },
      async prepare(page) {
        await page.getByRole('region', { name: 'Imported' }).waitFor()
        await settled(page)
      },
    },
    {
      ...{ name: 'settings', to: '/settings' },
      async prepare(page) {
        await page.getByRole('tabpanel').getByText('Production').first().waitFor()
      },
    },
  ]
}

/** Where it is six in the evening: most of what the last day brought is today's. */
function eveningZone(): string {
  const east = ((18 - new Date().getUTCHours() + 36) % 24) - 12
  // POSIX counts to the west.
  return `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`
}

/** Until nothing loads any more: no skeleton, no spinner that stands for a page's part. */
async function settled(page: Page): Promise<void> {
  const loading = page.locator('[aria-busy=true], .mantine-Skeleton-root, .mantine-Loader-root')
  await eventually(
    () => loading.count(),
    (count) => count === 0,
  )
}

runCommand(main)
