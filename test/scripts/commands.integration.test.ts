import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { tryLock } from '../../src/embedded/lock.mjs'
import { CLI_VERSION } from '../../src/embedded/temporal.ts'
import { childEnvironment } from '../../testing/child-environment.ts'
import { type Fields, record } from '../../testing/cloudtrail/records.ts'
import { DEFAULT_SEED } from '../../testing/property-seed.ts'

// A command that cannot start ends with a reason and a status other than 0, and one that waits ends
// when it is asked to. A script that starts it never waits for ever.

const root = path.resolve(import.meta.dirname, '../..')

let folder: string
const children: ChildProcess[] = []
const file = (name: string) => path.join(folder, name)

const line = (fields: Fields = {}) => JSON.stringify(record(fields))

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cairn-commands-'))
  mkdirSync(file('directory'))
  writeFileSync(file('good'), line())
  writeFileSync(file('empty'), '\n')
  writeFileSync(file('no-event-time'), `${line()}\n${line({ eventTime: undefined })}\n`)
  writeFileSync(file('not-json'), 'eventTime: now\n')
  writeFileSync(file('not-gzip'), Buffer.from([0x1f, 0x8b, 1, 2, 3]))
  writeFileSync(file('cut-off.gz'), gzipSync(line().repeat(100)).subarray(0, 60))
  execFileSync('mkfifo', [file('pipe')])
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a script; nothing of this machine's settings reaches it. */
function start(script: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [path.join('scripts', script), ...args], {
    cwd: root,
    env: { ...childEnvironment(), CAIRN_DATA_DIR: file('data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const started = { child, output: '', errors: '', closed: once(child, 'close') }
  child.stdout.on('data', (chunk) => {
    started.output += chunk
  })
  child.stderr.on('data', (chunk) => {
    started.errors += chunk
  })
  return started
}

type CommandLine = [script: string, args: string[]]
const demo = (...args: string[]): CommandLine => ['demo.ts', args]
const simulator = (...args: string[]): CommandLine => ['simulator.ts', ['--port', '0', ...args]]

describe.concurrent('a failed command ends with a reason', () => {
  test.for<[what: string, command: CommandLine, reason: string]>([
    ['no file', demo('--records', 'FOLDER/absent'), 'absent: ENOENT'],
    ['a directory', demo('--records', 'FOLDER/directory'), 'directory: not a regular file'],
    ['a pipe without a writer', demo('--records', 'FOLDER/pipe'), 'pipe: not a regular file'],
    ['no gzip', demo('--records', 'FOLDER/not-gzip'), 'not-gzip: '],
    [
      'a gzip cut off',
      demo('--records', 'FOLDER/cut-off.gz'),
      'cut-off.gz: unexpected end of file',
    ],
    ['no eventTime', demo('--records', 'FOLDER/no-event-time'), 'line 2 has no eventTime'],
    ['no JSON', demo('--records', 'FOLDER/not-json'), 'line 1 is not a JSON object'],
    ['no records', demo('--records', 'FOLDER/empty'), 'empty contains no records'],
    ['no template', demo('--template', 'FOLDER/absent'), 'ENOENT'],
    ['a pipe as template', demo('--template', 'FOLDER/pipe'), 'pipe is not a regular file'],
    ['a directory for ids', demo('--exit-when-imported', '--write-ids', 'FOLDER'), 'EISDIR'],
    ['a pipe for ids', demo('--exit-when-imported', '--write-ids', 'FOLDER/pipe'), 'ENXIO'],
    ['ids never written', demo('--write-ids', 'FOLDER/ids'), 'needs --exit-when-imported'],
    ['an unknown option', demo('--colour'), "Unknown option '--colour'"],
    ['an option without value', demo('--records'), 'argument missing'],
    ['an argument too many', demo('FOLDER/good'), 'Unexpected argument'],
    ['no rate', demo('--tps', 'fast'), '--tps must be a number greater than 0'],
    ['no records', simulator('--records', 'FOLDER/empty'), 'empty contains no records'],
    ['no eventTime', simulator('--records', 'FOLDER/no-event-time'), 'line 2 has no eventTime'],
    ['half a port', ['simulator.ts', ['--port', '3.5']], '--port needs a whole number'],
    ['no account', simulator('--account', 'mine'), 'mine'],
    ['no row count', ['bench.ts', ['--rows', 'many']], '--rows takes a whole number'],
    ['an unknown option', ['bench.ts', ['--colour']], "Unknown option '--colour'"],
    ['an unknown option', ['screenshots.ts', ['--colour']], "Unknown option '--colour'"],
    ['a file as folder', ['screenshots.ts', ['--out', 'FOLDER/good/x']], 'EEXIST'],
    ['no file', ['changes-table.ts', ['FOLDER/absent']], 'ENOENT'],
    ['no bucket', ['publish-template.ts', ['s3://']], 'is not a valid bucket name'],
    ['no rounds', ['../chaos/main.ts', ['--rounds', '0']], '--rounds takes a whole number, 1'],
    ['half a round', ['../chaos/main.ts', ['--rounds', '1.5']], '--rounds takes a whole number'],
    ['no seed', ['../chaos/main.ts', ['--seed', 'x']], '--seed takes a whole number, 0 at least'],
    ['an unknown option', ['../chaos/main.ts', ['--colour']], "Unknown option '--colour'"],
    ['an unknown option', ['../src/main.ts', ['--port', '80']], "Unknown option '--port'"],
    ['no rounds', ['test-explore.ts', ['many']], 'Usage: npm run test:explore'],
  ])('for %s: %j', async ([, [script, args], reason]) => {
    const command = start(
      script,
      args.map((arg) => arg.replace('FOLDER', folder)),
    )
    const [code] = await command.closed
    expect(command.errors).toContain(reason)
    expect(command.errors).not.toMatch(/^ +at /m)
    expect(code).toBe(1)
  })

  test.for<[what: string, env: Record<string, string>, reason: string]>([
    ['an unknown setting', { CAIRN_COLOUR: 'red' }, 'CAIRN_COLOUR is not a setting of Cairn'],
    ['a port that is none', { PORT: 'http' }, 'PORT must be a port number'],
    ['a file as data directory', { CAIRN_DATA_DIR: 'FOLDER/good' }, 'cannot be used for Cairn'],
    // Where a recursive mkdir of Node never returns, not even for a signal.
    ['a directory in /proc', { CAIRN_DATA_DIR: '/proc/none/data' }, 'cannot be used for Cairn'],
    [
      'a port in use',
      { PORT: 'IN-USE' },
      'is in use. Stop the process that uses it, or set another PORT',
    ],
  ])('for %s: %j', async ([, env, reason]) => {
    const occupier = createServer().listen(0, '127.0.0.1')
    await once(occupier, 'listening')
    const { port } = occupier.address() as { port: number }
    const values = Object.entries(env).map(([name, value]) => [
      name,
      value.replace('FOLDER', folder).replace('IN-USE', `${port}`),
    ])
    // The data directory is the test's own: two demos at once would be another reason.
    const own = { CAIRN_DATA_DIR: file(`data-${crypto.randomUUID()}`) }
    const command = start('demo.ts', ['--records', file('good')], {
      ...own,
      ...Object.fromEntries(values),
    })
    const [code] = await command.closed
    occupier.close()
    expect(command.errors).toContain(reason)
    expect(command.errors).not.toMatch(/^ +at /m)
    expect(code).toBe(1)
  })
})

test('printing the help is not a failure', async () => {
  for (const script of [
    'demo.ts',
    'simulator.ts',
    'bench.ts',
    'screenshots.ts',
    '../chaos/main.ts',
    'admin.ts',
    'publish-template.ts',
    '../src/main.ts',
    '../src/server.ts',
    '../src/worker.ts',
  ]) {
    const command = start(script, ['--help'])
    expect(await command.closed).toEqual([0, null])
    expect(command.output).toMatch(/^Usage:\s+npm (run|start)/)
  }
})

test('npm test prints the seed of the property tests', async () => {
  // No file matches, so no test runs.
  const run = (env: Record<string, string>) => start('test.ts', ['no-such-file'], env)
  const [usual, chosen, invalid] = [
    run({}),
    run({ PROPERTY_SEED: '-7' }),
    run({ PROPERTY_SEED: '1e12' }),
  ]
  for (const command of [usual, chosen, invalid]) expect(await command.closed).toEqual([1, null])
  expect(usual.output).toContain(`Property tests: PROPERTY_SEED=${DEFAULT_SEED}\n`)
  expect(chosen.output).toContain('Property tests: PROPERTY_SEED=-7\n')
  expect(invalid.output).toContain('PROPERTY_SEED must be an integer of 32 bits, not "1e12"\n')
})

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('ends a command that would wait forever', async () => {
    const script = file(`waiting-${signal}.ts`)
    writeFileSync(
      script,
      `import { open } from 'node:fs/promises'
       import { runCommand } from ${JSON.stringify(path.join(root, 'src/command.ts'))}
       runCommand(async () => {
         setTimeout(() => console.log('waiting'), 100)
         await open(${JSON.stringify(file('pipe'))})
       })`,
    )
    const command = start(path.relative(path.join(root, 'scripts'), script), [])
    await vi.waitFor(() => expect(command.output).toContain('waiting'), 240_000)
    command.child.kill(signal)
    expect(await command.closed).toEqual([null, signal])
  })

  test('ends npm run chaos while its servers start', async () => {
    const command = start('../chaos/main.ts', ['--rounds', '1', '--seed', '1'])
    await vi.waitFor(() => expect(command.output).toContain('Seed 1, 1 rounds'), 240_000)
    command.child.kill(signal)
    expect(await command.closed).toEqual([null, signal])
  })

  test('ends npm test while a tool is installed', async () => {
    const cache = file(`cache-${signal}`)
    // As if this process were installing it, and the machine had no other one.
    const { release } = tryLock(path.join(cache, `cairn/temporal-${CLI_VERSION}.lock`))
    onTestFinished(() => release?.())
    const programs = file(`programs-${signal}`)
    mkdirSync(programs)
    writeFileSync(path.join(programs, 'temporal'), '#!/bin/sh\n', { mode: 0o755 })
    const command = start('test.ts', [], {
      XDG_CACHE_HOME: cache,
      PATH: `${programs}${path.delimiter}${process.env.PATH}`,
    })
    await vi.waitFor(() => expect(command.output).toContain('Waiting for process'), 240_000)
    command.child.kill(signal)
    expect(await command.closed).toEqual([1, null])
    expect(command.output).toContain(`Stopped by ${signal} before everything had run.`)
  })

  test('stops a command in order, and a second one ends it immediately', async () => {
    const script = file(`running-${signal}.ts`)
    writeFileSync(
      script,
      `import { aborted, runCommand } from ${JSON.stringify(path.join(root, 'src/command.ts'))}
       runCommand(async (command) => {
         setInterval(() => {}, 60_000)
         const signal = command.stopInOrder()
         console.log('running')
         await aborted(signal)
         console.log('stopping: ' + signal.reason)
         if (process.argv[2] === 'slow') await new Promise(() => {})
       })`,
    )
    const name = path.relative(path.join(root, 'scripts'), script)
    const [quick, slow] = [start(name, []), start(name, ['slow'])]
    for (const command of [quick, slow]) {
      await vi.waitFor(() => expect(command.output).toContain('running'), 240_000)
      command.child.kill(signal)
      await vi.waitFor(() => expect(command.output).toContain(`stopping: ${signal}`), 240_000)
    }
    expect(await quick.closed).toEqual([0, null])
    slow.child.kill(signal)
    expect(await slow.closed).toEqual([null, signal])
  })
})
