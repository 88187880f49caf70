import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processStart } from '../../src/embedded/lock.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
let directory: string
/** Prints the signals it receives, and stops cleanly 1.5 s after the first one. */
let listening: string
/** Prints the signals it receives, and does not stop. */
let stubborn: string
/** `scripts/run.mjs` takes signals of one kind within 500 ms for one key press. */
const ONE_PRESS = 500

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'cairn-run-'))
  const script = (name: string, afterSignal: string) => {
    const file = path.join(directory, `${name}.ts`)
    // The process id is printed last: a test that has read it may send signals.
    writeFileSync(
      file,
      `for (const signal of ['SIGINT', 'SIGTERM'] as const) {
         process.on(signal, () => {
           console.log('heard ' + signal)
           ${afterSignal}
         })
       }
       setInterval(() => {}, 60_000)
       const started: number = process.pid
       console.log('pid ' + started)`,
    )
    return file
  }
  listening = script(
    'listening',
    `setTimeout(() => { console.log('stopped'); process.exit(0) }, 1500)`,
  )
  stubborn = script('stubborn', '')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function run(script: string, args: string[] = [], node = process.execPath) {
  const child = spawn(node, ['scripts/run.mjs', script, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: undefined },
  })
  return { child, output: collect(child) }
}

function collect(child: ChildProcess) {
  const output = { text: '', errors: '' }
  child.stdout!.on('data', (chunk) => {
    output.text += chunk
  })
  child.stderr!.on('data', (chunk) => {
    output.errors += chunk
  })
  return output
}

/** A process closes its output before it is gone. */
const gone = (pid: number) => expect.poll(() => processStart(pid), { interval: 5 }).toBeUndefined()

async function scriptStarted(output: { text: string }): Promise<number> {
  for (;;) {
    const pid = output.text.match(/pid (\d+)/)?.[1]
    if (pid) return Number(pid)
    await sleep(20)
  }
}

test('a script gets its arguments, and its output and exit code are passed on', async () => {
  const script = path.join(directory, 'says.ts')
  writeFileSync(
    script,
    `const args: string[] = process.argv.slice(2)
     console.log(JSON.stringify(args))
     process.exitCode = 7`,
  )
  const { child, output } = run(script, ['--records', 'a file', '--', '$HOME'])
  const [code] = await once(child, 'close')
  expect(output.text).toBe('["--records","a file","--","$HOME"]\n')
  expect(code).toBe(7)
})

const interrupts = (output: { text: string }) => output.text.match(/heard SIGINT/g)?.length ?? 0

test('one Ctrl-C under npm, which is delivered twice, reaches the script once', async () => {
  // On a machine so busy that the second signal is late, it is another key press: tried again.
  for (;;) {
    const { child, output } = run(listening)
    await scriptStarted(output)
    const pressed = performance.now()
    child.kill('SIGINT')
    await expect.poll(() => interrupts(output), { interval: 5 }).toBe(1)
    child.kill('SIGINT')
    const inTime = performance.now() - pressed < ONE_PRESS / 2
    const [code] = await once(child, 'close')
    expect(output.text).toMatch(/stopped\n$/)
    expect(code).toBe(0)
    if (!inTime) continue
    expect(interrupts(output)).toBe(1)
    break
  }
})

test('a second Ctrl-C is forwarded as well, and a third one kills', async () => {
  const { child, output } = run(stubborn)
  const pid = await scriptStarted(output)
  for (const press of [1, 2]) {
    child.kill('SIGINT')
    await expect.poll(() => interrupts(output), { interval: 5 }).toBe(press)
    await sleep(ONE_PRESS + 100)
  }
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(interrupts(output)).toBe(2)
  expect(code).toBe(128 + 9)
  await gone(pid)
})

test('when the terminal is closed, the script is stopped', async () => {
  const { child, output } = run(listening)
  await scriptStarted(output)
  child.kill('SIGHUP')
  await once(child, 'close')
  expect(output.text).toContain('heard SIGTERM\nstopped')
})

test('when its parent is killed the script still ends cleanly', async () => {
  const { child, output } = run(listening)
  const pid = await scriptStarted(output)
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(output.text).toContain('heard SIGTERM\nstopped')
  await gone(pid)
})

test.each([
  ['itself', 'exec node'],
  ['with a shell in between', 'node'],
])('when npm, which started it %s, is killed, the script still ends cleanly', async (_, node) => {
  const npm = spawn(
    process.execPath,
    [
      '--eval',
      `const command = ${JSON.stringify(`${node} scripts/run.mjs "$0"; exit $?`)}
       child_process.spawn('sh', ['-c', command, ${JSON.stringify(listening)}], { stdio: 'inherit' })`,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, npm_lifecycle_event: 'start' },
    },
  )
  const output = collect(npm)
  const pid = await scriptStarted(output)
  npm.kill('SIGKILL')
  await once(npm, 'close')
  expect(output.text).toContain('heard SIGTERM\nstopped')
  expect(output.text.match(/heard/g)).toHaveLength(1)
  await gone(pid)
})

test('an older Node runs the one in the packages', async (context) => {
  const own = path.join(root, 'node_modules', '.bin')
  const older = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((entry) => entry !== own)
    .flatMap((entry) => globSync('node', { cwd: entry }).map(() => path.join(entry, 'node')))
    .at(0)
  if (!older) return context.skip('there is no Node on the PATH besides the one that runs this')
  const script = path.join(directory, 'version.ts')
  writeFileSync(script, 'const version: string = process.version\nconsole.log(version)')
  const { child, output } = run(script, [], older)
  await once(child, 'close')
  expect(output.errors).toBe('')
  expect(Number.parseInt(output.text.slice(1), 10)).toBeGreaterThanOrEqual(24)
})

test('without a script it prints its usage', async () => {
  const child = spawn(process.execPath, ['scripts/run.mjs'], { cwd: root, stdio: 'pipe' })
  const output = collect(child)
  const [code] = await once(child, 'close')
  expect([code, output.errors]).toEqual([2, 'Usage: node scripts/run.mjs SCRIPT.ts [ARGUMENT …]\n'])
})
