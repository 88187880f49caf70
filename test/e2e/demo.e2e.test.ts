import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Locator } from 'playwright-core'
import { type TestContext, test, vi } from 'vitest'
import { removePostgres } from '../../src/embedded/postgres.ts'
import { stopLeftBehindTemporal } from '../../src/embedded/temporal.ts'
import { sharedBrowser } from '../../testing/browser.ts'
import { childEnvironment } from '../../testing/child-environment.ts'
import { ACCOUNT, record } from '../../testing/cloudtrail/records.ts'
import { silent } from '../../testing/embedded/support.ts'
import { quietPort } from '../../testing/ports.ts'

const root = path.resolve(import.meta.dirname, '../..')
const template = readFileSync(path.join(root, 'infra/cloudformation/cairn-read-only.yaml'), 'utf8')

const recordAt = (second: number) =>
  JSON.stringify(
    record({
      eventTime: `2026-01-01T12:00:0${second}Z`,
      eventName: 'StopInstances',
      userIdentity: { type: 'Root', accountId: ACCOUNT },
    }),
  )

/** A folder that the user may pass through that PostgreSQL runs as when we are root. */
function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-demo-'))
  chmodSync(folder, 0o711)
  return folder
}

/** `npm run demo` on an account of three events, with its stack created from `text`. */
async function demoWith(
  text: string,
  { onTestFinished }: TestContext,
): Promise<{ code: number; output: string }> {
  const folder = newFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, content: string) => {
    writeFileSync(path.join(folder, name), content)
    return path.join(folder, name)
  }
  const records = [1, 2, 3].map(recordAt)
  const args = [
    ...['scripts/demo.ts', '--exit-when-imported'],
    ...['--records', file('records.jsonl', records.join('\n'))],
    ...['--template', file('template.yaml', text)],
  ]
  const env = { ...childEnvironment(), CAIRN_DATA_DIR: path.join(folder, 'data') }
  const running = promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 600_000 })
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, output: stdout + stderr }),
  )
}

test.concurrent('the demo creates its role from the unchanged template, which passes verification', async (context) => {
  const { expect } = context
  const { code, output } = await demoWith(template, context)
  expect(output).toContain('"held":3,"wanted":3,"imported":3,"missing":0,"duplicate":0')
  expect(code).toBe(0)
})

test.concurrent("without the template's condition, the demo's verification fails", async (context) => {
  const { expect } = context
  const condition = /\n +Condition:\n +StringEquals:\n +sts:ExternalId: !Ref ExternalId(?=\n)/
  const { code, output } = await demoWith(template.replace(condition, ''), context)
  expect(template).toMatch(condition)
  expect(output).toMatch(/action_needed \(Not safe: .*refused_without_id/)
  expect(output).not.toContain('"imported"')
  expect(code).not.toBe(0)
})

/** Starts the demo on one recorded event. Ended by force when the test is over. */
function startDemo(context: TestContext, args: string[] = []) {
  const folder = newFolder()
  const records = path.join(folder, 'records.jsonl')
  writeFileSync(records, recordAt(1))
  return spawnDemo(context, folder, { args: ['--records', records, ...args] })
}

function spawnDemo(
  { onTestFinished }: TestContext,
  folder: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> },
) {
  const dataDir = path.join(folder, 'data')
  const child = spawn(
    process.execPath,
    ['scripts/demo.ts', ...args],
    // SIGTERM is sent only to the script, as `npm run` does.
    { cwd: root, env: { ...env, ...childEnvironment(), CAIRN_DATA_DIR: dataDir }, stdio: 'pipe' },
  )
  const demo = {
    child,
    dataDir: path.join(dataDir, 'demo'),
    output: '',
    closed: once(child, 'close'),
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      demo.output += chunk
    })
  }
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await demo.closed
    await stopLeftBehindTemporal(demo.dataDir, silent)
    await removePostgres(demo.dataDir, silent)
    rmSync(folder, { recursive: true, force: true })
  })
  return demo
}

/** The command lines of the servers of a data directory that still run. */
function serversOf(dataDir: string): string[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(dataDir))
}

type Phase = [what: string, sight: string, signal: NodeJS.Signals, ended: unknown[], args: string[]]

test.concurrent.for<Phase>([
  ['while its servers start', 'Starting Cairn', 'SIGTERM', [null, 'SIGTERM'], []],
  [
    'in the import',
    '% of the lookback',
    'SIGINT',
    [null, 'SIGINT'],
    ['--exit-when-imported', '--tps', '0.2'],
  ],
])('signal %s ends the demo and its servers', async ([, sight, signal, ended, args], context) => {
  const { expect } = context
  const demo = startDemo(context, args)
  const limits = { timeout: 600_000, interval: 20 }
  await vi.waitFor(() => expect(demo.output).toContain(sight), limits)
  await vi.waitFor(() => expect(serversOf(demo.dataDir)).not.toEqual([]), limits)
  demo.child.kill(signal)
  expect(await demo.closed).toEqual(ended)
  expect(demo.output).not.toMatch(/^ +at /m)
  // A start that is cut off does not wait for the servers, which stop all the same.
  await vi.waitFor(() => expect(serversOf(demo.dataDir)).toEqual([]), 600_000)
})

/** The files that others than its user can read. */
function openFilesOf(dataDir: string): string[] {
  const names = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => {
    const stat = lstatSync(path.join(dataDir, name), { throwIfNoEntry: false })
    return stat !== undefined && (stat.mode & 0o077) !== 0
  })
}

/** A demo imports a week of events, on a machine that does other things as well. */
const waiting = { timeout: 600_000, interval: 500 }

// One demo for all of it: a start and an import cost more than the rest of the test.
test("the demo's incident names the change in the console, its files are private, and a signal ends it", async (context) => {
  const { expect } = context
  const key = 'a-key-of-the-demo-for-its-test'
  const port = await quietPort()
  const env = { PORT: String(port), CAIRN_API_KEY: key }
  const demo = spawnDemo(context, newFolder(), { env })
  const get = async (route: string) => {
    const headers = { authorization: `Bearer ${key}` }
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${route}`, { headers })
    // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of the body
    return response.json() as Promise<any>
  }
  const id = await vi.waitFor(() => {
    const [, found] = /\/incidents\/([0-9a-f-]{36})/.exec(demo.output) ?? []
    expect(found, demo.output).toBeDefined()
    return found!
  }, waiting)
  await vi.waitFor(async () => {
    const answer = await get(`/incidents/${id}/changes`)
    expect(answer.suspects[0]?.summary).toMatch(/^sam\.okafor.* removed inbound 5432\/tcp/)
    expect(answer.sentence).toMatch(/^Most likely: sam\.okafor/)
    const { items } = await get('/changes?environment=production&limit=500')
    const sources = new Set(items.map(({ source }: { source: string }) => source))
    expect([...sources].sort()).toEqual(['aws.cloudtrail', 'deploy', 'github'])
  }, waiting)
  const deploy = await get('/changes?environment=production&source=deploy')
  expect(deploy.items).toMatchObject([{ outcome: 'succeeded', endedAt: expect.any(String) }])

  // The same without knowing the incident: from the start page, with the time from a message.
  const { noticedAt } = await get(`/incidents/${id}`)
  const browser = await sharedBrowser()
  const page = await browser.newPage({
    baseURL: `http://127.0.0.1:${port}`,
    locale: 'en-US',
    timezoneId: 'UTC',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.onTestFinished(() => page.close())
  page.setDefaultTimeout(waiting.timeout)
  await page.goto('/')
  await page.getByRole('list', { name: 'Changes', exact: true }).waitFor()
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(noticedAt)})`)
  const actions: string[] = []
  const act = async (action: string, run: () => Promise<void>) => {
    actions.push(action)
    await run()
  }
  await act('open the box', () => page.keyboard.press('b'))
  const field = page.getByRole('textbox', { name: 'Incident time' })
  await vi.waitFor(async () => expect(await isFocused(field)).toBe(true), waiting)
  await act('paste the time', () => page.keyboard.press('ControlOrMeta+v'))
  // Its date comes first when midnight was since.
  const chosen = new RegExp(`^Show what changed before .*${noticedAt.slice(11, 19)}`)
  await page.getByRole('button', { name: chosen }).waitFor()
  await act('show', () => page.keyboard.press('Enter'))
  const first = page.getByRole('list', { name: 'Suspects' }).locator(':scope > li').first()
  await first.getByText(/sam\.okafor.* removed inbound 5432\/tcp/).waitFor()
  expect(new URL(page.url()).searchParams.get('at')).toBe(noticedAt)
  expect(actions.length).toBeLessThanOrEqual(3)

  expect(openFilesOf(demo.dataDir)).toEqual([])
  await vi.waitFor(() => expect(demo.output).toContain('Recent and new changes'), waiting)
  expect(serversOf(demo.dataDir)).not.toEqual([])
  demo.child.kill('SIGTERM')
  expect(await demo.closed).toEqual([0, null])
  expect(demo.output).not.toMatch(/^ +at /m)
  await vi.waitFor(() => expect(serversOf(demo.dataDir)).toEqual([]), waiting)
})

const isFocused = (element: Locator) =>
  element.evaluate((input) => input === input.ownerDocument.activeElement)
