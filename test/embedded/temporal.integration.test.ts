import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { processStart, tryLock } from '../../src/embedded/lock.mjs'
import {
  CLI_VERSION,
  type EmbeddedTemporal,
  ensureTemporal,
  isRecent,
  startLock,
  startTemporal,
} from '../../src/embedded/temporal.ts'
import { run, toolsDir } from '../../src/embedded/tools.ts'
import {
  kill,
  occupy,
  recorder,
  silent,
  startInProcess,
  temporaryDataDir,
} from '../../testing/embedded/support.ts'
import { quietPort } from '../../testing/ports.ts'

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address })
  try {
    return await work(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

const startWorkflow = (address: string, workflowId: string) =>
  withClient(address, (client) =>
    client.workflow.start('waiting', {
      workflowId,
      taskQueue: 'nobody-works-here',
      searchAttributes: { CairnOrganization: ['o'], CairnAccount: ['a'], CairnStatus: ['s'] },
    }),
  )

const status = (address: string, workflowId: string) =>
  withClient(address, async (client) => {
    const description = await client.workflow.getHandle(workflowId).describe()
    return [description.status.name, description.searchAttributes.CairnStatus]
  })

test('a server keeps its workflows and ports, has its UI, and avoids ports in use', async () => {
  const dataDir = temporaryDataDir()
  const [port, uiPort] = [await quietPort(), await quietPort()]
  const first = await startTemporal({ dataDir, log: silent, port, uiPort })
  await startWorkflow(first.address, 'kept')
  // The UI starts beside the server. If it connects first, it repeats that a second later.
  await vi.waitFor(async () => {
    const namespace = await fetch(`${first.uiUrl}/api/v1/namespaces/default`)
    expect(await namespace.json()).toMatchObject({ namespaceInfo: { name: 'default' } })
  }, 240_000)
  await first.stop()
  expect(processStart(first.pid)).toBeUndefined()

  const second = await startTemporal({ dataDir, log: silent })
  expect([second.address, second.uiUrl]).toEqual([first.address, first.uiUrl])
  expect(await status(second.address, 'kept')).toEqual(['RUNNING', ['s']])
  await second.stop()

  await occupy(port)
  await occupy(uiPort)
  const third = await startTemporal({ dataDir, log: silent })
  expect(third.address).not.toBe(second.address)
  expect(third.uiUrl).not.toBe(second.uiUrl)
  expect(await status(third.address, 'kept')).toEqual(['RUNNING', ['s']])
  await third.stop()

  await expect(startTemporal({ dataDir, log: silent, port })).rejects.toThrow(
    `Port ${port}, configured for Temporal, is in use`,
  )
  await expect(startTemporal({ dataDir, log: silent, uiPort })).rejects.toThrow(
    `Port ${uiPort}, configured for Temporal's UI, is in use`,
  )
})

test('after a SIGKILL the next start stops the remaining server and keeps its workflows', async () => {
  const dataDir = temporaryDataDir()
  const { owner, server: left } = await startInProcess<EmbeddedTemporal>('temporal', dataDir)
  await startWorkflow(left.address, 'kept')
  await kill(owner, 'SIGKILL')
  expect(processStart(left.pid)).toBeDefined()

  const { lines, log } = recorder()
  const server = await startTemporal({ dataDir, log })
  expect(processStart(left.pid)).toBeUndefined()
  expect(lines.join()).toContain(`left behind (${left.pid})`)
  expect((await status(server.address, 'kept'))[0]).toBe('RUNNING')
  await server.stop()
})

test('a data directory in use by another Cairn is rejected', async () => {
  const dataDir = temporaryDataDir()
  const { owner, server } = await startInProcess<EmbeddedTemporal>('temporal', dataDir)
  await expect(startTemporal({ dataDir, log: silent })).rejects.toThrow(
    `in use by another Cairn (process ${owner.pid})`,
  )
  await kill(owner, 'SIGTERM')
  expect(processStart(server.pid)).toBeUndefined()
})

test('a start waits for another one of the same user, and reports it', async () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'cairn-cache-'))
  const dataDir = temporaryDataDir()
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(cache, { recursive: true, force: true })
  })
  await ensureTemporal(silent)
  const installed = path.join(toolsDir(), `temporal-${CLI_VERSION}`)
  // Starts of other tests do not wait for this one.
  vi.stubEnv('XDG_CACHE_HOME', cache)
  symlinkSync(installed, path.join(toolsDir(), `temporal-${CLI_VERSION}`))
  expect(startLock()).toBe(path.join(cache, 'cairn', 'temporal-start.lock'))

  const { release } = tryLock(startLock())
  const { lines, log } = recorder()
  const [port, uiPort] = [await quietPort(), await quietPort()]
  const starting = startTemporal({ dataDir, log, port, uiPort })
  const line = `Waiting for process ${process.pid}, which is starting Temporal …`
  await vi.waitFor(() => expect(lines).toContain(line), 240_000)
  release!()
  const server = await starting
  expect(server.address).toBe(`127.0.0.1:${port}`)
  await server.stop()
})

test('a database that cannot be opened is kept, and the server starts with a new one', async () => {
  const dataDir = temporaryDataDir()
  const first = await startTemporal({ dataDir, log: silent })
  await first.stop()
  writeFileSync(path.join(dataDir, 'temporal.db'), 'not a database '.repeat(100))

  const { lines, log } = recorder()
  const second = await startTemporal({ dataDir, log })
  const aside = readdirSync(dataDir).find((name) => name.startsWith('temporal.db.damaged-'))
  expect(lines.join()).toContain(`could not be opened and was moved to ${dataDir}/${aside}`)
  await startWorkflow(second.address, 'new')
  await second.stop()
})

test('a crash is reported', async () => {
  const server = await startTemporal({ dataDir: temporaryDataDir(), log: silent })
  process.kill(server.pid, 'SIGKILL')
  expect((await server.exited).message).toMatch(/^The Temporal server ended \(SIGKILL\)/)
  await server.stop()
})

describe('without an installed `temporal`', () => {
  let cache: string
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'cairn-cache-'))
    vi.stubEnv('XDG_CACHE_HOME', cache)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
    rmSync(cache, { recursive: true, force: true })
  })

  test("of a new enough version, it is downloaded once from Temporal's site", async () => {
    const bin = path.join(cache, 'bin')
    mkdirSync(bin)
    const old = '#!/bin/sh\necho "temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)"\n'
    writeFileSync(path.join(bin, 'temporal'), old, { mode: 0o755 })
    vi.stubEnv('PATH', `${bin}${path.delimiter}${process.env.PATH}`)
    const script = '#!/bin/sh\necho temporal version of the test\n'
    writeFileSync(path.join(cache, 'temporal'), script, { mode: 0o755 })
    const archive = path.join(cache, 'archive.tar.gz')
    await run('tar', ['-czf', archive, '-C', cache, 'temporal'])
    const download = vi.fn(async (_url: string) => new Response(readFileSync(archive)))
    vi.stubGlobal('fetch', download)

    const binary = await ensureTemporal(silent)
    expect(await run(binary, ['--version'])).toBe('temporal version of the test\n')
    expect(await ensureTemporal(silent)).toBe(binary)
    expect(download).toHaveBeenCalledTimes(1)
    expect(download.mock.calls[0]![0]).toMatch(/platform=(linux|darwin)&arch=(amd64|arm64)$/)
  })

  test('and without a way to install it, the error lists the attempts and the alternatives', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 503 }))
    vi.stubEnv('PATH', cache)
    const failure = ensureTemporal(silent)
    await expect(failure).rejects.toThrow('could not be downloaded: HTTP status 503')
    await expect(failure).rejects.toThrow(/python3 -m venv .* cannot be run.*\n.*python3-venv/)
    await expect(failure).rejects.toThrow('set TEMPORAL_ADDRESS')
  })
})

test.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', true],
  ['temporal version 1.6.0 (Server 1.30.0, UI 2.45.0)', true],
  ['temporal version 3.0.0 (Server 2.0.0, UI 3.0.0)', true],
  ['temporal version 1.1.0 (Server 1.25.0, UI 2.30.3)', false],
  ['temporal version 0.0.0-DEV', false],
  ['', false],
])('the `temporal` on the PATH is used if its server is new enough: %j', (version, recent) => {
  expect(isRecent(version)).toBe(recent)
})
