/**
 * `npm run screenshots`: the pages in their states, light and dark, wide and narrow, as pictures to
 * inspect. It uses a simulated AWS whose history has a seed: only the times differ from run to run.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { aborted, type Command, runCommand, Stopped } from '../src/command.ts'
import { loadConfig } from '../src/config.ts'
import { createDirectory } from '../src/embedded/create-directory.mjs'
import { removePostgres } from '../src/embedded/postgres.ts'
import { createLogger } from '../src/log.ts'
import { type Cairn, startCairn } from '../src/process/cairn.ts'
import { launchBrowser } from '../testing/browser.ts'
import { Api } from './api.ts'
import { prepareStory } from './demo-story.ts'
import { compressPng } from './screenshots/compress-png.ts'
import {
  complete,
  empty,
  importing,
  type Picture,
  withoutCredentials,
} from './screenshots/pictures.ts'
import { fillAccounts, PRODUCTION, SceneBuilder, STAGING } from './screenshots/scene.ts'

const usage = `Usage: npm run screenshots -- [options]

  --out DIR      where to write them; default .cache/screenshots
  --only NAMES   those whose names begin with one of these, separated by commas: feed,sign-in
  --docs         take those that the docs show, and write them compressed to docs/images`

const root = path.resolve(import.meta.dirname, '..')
/** What README.md and the documents show. */
const inDocs = [
  'feed-light-wide',
  'feed-dark-wide',
  'incident-light-wide',
  'connection-setup-cloudformation-light-wide',
  'verification-failed-light-wide',
]

const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } }
/** Of the pictures in the docs: below 150 KB each. */
const docsSize = { width: 1200, height: 728 }
const schemes = ['light', 'dark'] as const
const noCredentials = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** For what a page shows after an action. */
const WAIT_MS = 60_000

interface Options {
  out: string
  only: string[] | undefined
  docs: boolean
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
  const options = { out: values.out, only: values.only?.split(','), docs: values.docs }
  const signal = command.stopInOrder()

  const simulator = await startSimulator({
    accountIds: [PRODUCTION, STAGING],
    latencyMs: 0,
    tps: null,
    stackMs: 0,
  })
  const logger = createLogger({ level: 'error' })
  const browser = await launchBrowser()
  try {
    const run = { logger, signal }
    if (isWanted(withoutCredentials, options)) {
      await withCairn(noCredentials, run, (cairn) =>
        take(withoutCredentials, cairn, browser, options),
      )
    }
    const env = { ...simulator.env, CAIRN_PRINCIPAL_ARN: simulator.vendor.principalArn }
    await withCairn(env, run, (cairn) => takeAll(cairn, simulator, browser, options))
  } finally {
    await browser.close()
    await simulator.close()
  }
  if (signal.aborted) throw new Stopped(signal.reason, `Stopped by ${signal.reason}`)
}

/**
 * Runs Cairn with empty data in this environment, regardless of the machine's, until `use` ends or
 * the signal.
 */
async function withCairn(
  env: Record<string, string>,
  { logger, signal }: { logger: ReturnType<typeof createLogger>; signal: AbortSignal },
  use: (cairn: Cairn) => Promise<void>,
): Promise<void> {
  if (signal.aborted) return
  for (const name of Object.keys(process.env)) {
    if (/^(AWS_|DATABASE_|TEMPORAL_|CAIRN_)/.test(name)) delete process.env[name]
  }
  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-screenshots-'))
  Object.assign(process.env, env, { CAIRN_DATA_DIR: dataDir })
  let cairn: Cairn | undefined
  try {
    cairn = await startCairn(loadConfig(process.env), {
      env: process.env,
      logger,
      demoSession: true,
    })
    const used = use(cairn).catch((error) => {
      // What it waits for rejects when the browser is closed.
      if (!signal.aborted) throw error
    })
    await Promise.race([used, aborted(signal)])
  } finally {
    await cairn?.stop()
    await removePostgres(dataDir, logger)
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function takeAll(cairn: Cairn, simulator: Simulator, browser: Browser, options: Options) {
  await take(empty, cairn, browser, options)
  fillAccounts(simulator)
  const story = prepareStory(simulator, PRODUCTION)
  const builder = new SceneBuilder(simulator, new Api(cairn), story)
  const first = await builder.startImport()
  await take(importing(first.connection.id), cairn, browser, options)
  const owner = await browser.newContext({
    baseURL: cairn.url,
    extraHTTPHeaders: { origin: cairn.url },
  })
  await owner.request.get('/api/demo/sign-in')
  const scene = await builder.finish(first, owner.request)
  await owner.close()
  await take(complete(scene), cairn, browser, options)
}

function isWanted(pictures: readonly Picture[], { only, docs }: Options): boolean {
  const isInDocs = (name: string) => inDocs.some((each) => each.startsWith(`${name}-`))
  return pictures.some(({ name }) => matches(name, only) && (!docs || isInDocs(name)))
}

const matches = (name: string, only: string[] | undefined) =>
  only === undefined || only.some((wanted) => name.startsWith(wanted))

/** Takes the wanted pictures. One that fails is reported, and the others are still taken. */
async function take(
  pictures: readonly Picture[],
  cairn: Cairn,
  browser: Browser,
  options: Options,
): Promise<void> {
  if (!isWanted(pictures, options)) return
  for (const scheme of schemes) {
    for (const [size, viewport] of Object.entries(sizes)) {
      const open = async (isSignedIn: boolean) => {
        const context = await browser.newContext({
          baseURL: cairn.url,
          colorScheme: scheme,
          reducedMotion: 'reduce',
          viewport: options.docs ? docsSize : viewport,
          timezoneId: eveningZone(),
          locale: 'en-GB',
        })
        context.setDefaultTimeout(WAIT_MS)
        const page = await context.newPage()
        if (isSignedIn) await page.goto('/api/demo/sign-in')
        return page
      }
      const [signedIn, signedOut] = [await open(true), await open(false)]
      for (const picture of pictures) {
        if (!matches(picture.name, options.only)) continue
        if (picture.only !== undefined && picture.only !== size) continue
        const name = `${picture.name}-${scheme}-${size}`
        if (options.docs && !inDocs.includes(name)) continue
        const page = picture.signedIn === false ? signedOut : signedIn
        await takeOne(picture, page, name, options)
      }
      await Promise.all([signedIn, signedOut].map((page) => page.context().close()))
    }
  }
}

async function takeOne(picture: Picture, page: Page, name: string, { out, docs }: Options) {
  const file = path.join(out, `${name}.png`)
  try {
    await page.goto(picture.to)
    await picture.prepare(page)
    await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)')
    const clip = await picture.part?.(page).boundingBox()
    await page.screenshot({
      path: file,
      fullPage: (picture.whole ?? false) && (!docs || picture.part !== undefined),
      caret: 'hide',
      ...(clip && { clip }),
    })
    console.log(path.relative(process.cwd(), file))
  } catch (error) {
    process.exitCode = 1
    console.error(`${name}: ${(error as Error).message}`)
    return
  } finally {
    await picture.after?.(page)
  }
  if (docs) {
    const images = path.join(root, 'docs/images')
    mkdirSync(images, { recursive: true })
    writeFileSync(path.join(images, `${name}.png`), compressPng(readFileSync(file)))
  }
}

/** Where it is six in the evening: most of what the last day brought is today's. */
function eveningZone(): string {
  const east = ((18 - new Date().getUTCHours() + 36) % 24) - 12
  // POSIX counts to the west.
  return `Etc/GMT${east > 0 ? '-' : '+'}${Math.abs(east)}`
}

runCommand(main)
