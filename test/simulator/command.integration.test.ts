import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { oneSecondRecords, startSimulator } from '../../simulator/index.ts'
import { quietPort } from '../../testing/ports.ts'

const script = fileURLToPath(new URL('../../scripts/simulator.ts', import.meta.url))

let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Starts the command; `output` gathers what it prints on either stream, `ended` gives its exit code. */
function start(...args: (string | number)[]) {
  const child = spawn(process.execPath, [script, ...args.map(String)])
  children.push(child)
  const started = {
    child,
    output: '',
    ended: once(child, 'close').then(([code]) => code as number),
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      started.output += chunk
    })
  }
  return started
}

test('the command plays records without a quota, prints its usage, and stops on a signal', async () => {
  const file = join(folder, 'records.jsonl')
  await writeFile(
    file,
    oneSecondRecords(3)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  )
  const port = await quietPort()
  const command = start('--port', port, '--records', file)
  const url = `http://127.0.0.1:${port}`
  const ask = async (path: string) => (await fetch(`${url}/_simulator${path}`)).json()
  await vi.waitFor(async () => expect(await ask('/ledger/count')).toEqual({ count: 3 }), {
    timeout: 240_000,
    interval: 100,
  })
  expect(await ask('')).toMatchObject({ settings: { tps: null, latencyMs: 400 } })
  expect(await ask('/env')).toMatchObject({ AWS_ENDPOINT_URL: url })
  await vi.waitFor(
    () => expect(command.output).toContain(`export AWS_ENDPOINT_URL=${url}\n`),
    240_000,
  )
  expect(command.output).toContain('3 events from')
  command.child.kill('SIGTERM')
  expect(await command.ended).toBe(0)
})

test('the command prints its help', async () => {
  const help = start('--help')
  expect(await help.ended).toBe(0)
  expect(help.output).toContain('--records FILE')
})

test('the command reports invalid options', async () => {
  const busy = await startSimulator()
  const attempts = [
    [start('--port', busy.port), 'EADDRINUSE'],
    [start(), '--port needs a whole number'],
    [start('--port', 0, '--tps', 'fast'), '--tps needs a number'],
    [start('--port', 0, '--records', join(folder, 'absent')), 'ENOENT'],
    [start('--port', 0, '--colour'), "Unknown option '--colour'"],
  ] as const
  for (const [attempt, message] of attempts) {
    expect(await attempt.ended).toBe(1)
    expect(attempt.output).toContain(message)
  }
  await busy.close()
})
