// Every npm script starts here: `node scripts/run.mjs SCRIPT.ts [ARGUMENT …]`. It installs the
// packages, finds a Node that runs TypeScript, then runs the script and forwards signals to it, so
// that the script receives each signal once.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { findNode, installPackages, root } from './setup.mjs'

const [script, ...args] = process.argv.slice(2)
if (!script) {
  console.error('Usage: node scripts/run.mjs SCRIPT.ts [ARGUMENT …]')
  process.exit(2)
}

let node
try {
  // A production install is sufficient for src/; other scripts need development dependencies.
  const dev = !path.resolve(script).startsWith(path.join(root, 'src'))
  await installPackages({ root, dev, say: (line) => console.error(line) })
  node = findNode(root)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

const child = spawn(
  node,
  ['--import', './scripts/end-with-parent.mjs', path.resolve(script), ...args],
  {
    cwd: root,
    // A separate process group. The terminal sends Ctrl-C to its whole group, and npm forwards it once
    // more: a script in that group would receive one Ctrl-C twice.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      // Halves the time that the script, and each process that it starts, takes to start.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'node'),
      ...process.env,
      PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  },
)

/** Signals of one kind within this time are one key press. Milliseconds. */
const ONE_PRESS = 500
/** @type {Map<string, number>} */
const receivedAt = new Map()
let interrupts = 0

/** @param {NodeJS.Signals} signal */
function forward(signal) {
  const now = Date.now()
  if (now - (receivedAt.get(signal) ?? 0) < ONE_PRESS) return
  receivedAt.set(signal, now)
  if (signal === 'SIGINT') interrupts++
  // The first requests a clean stop, the second an immediate one; the third kills.
  const clean = signal === 'SIGHUP' ? 'SIGTERM' : signal
  child.kill(interrupts > 2 ? 'SIGKILL' : clean)
}
process.on('SIGINT', forward)
process.on('SIGTERM', forward)
process.on('SIGHUP', forward)
process.on('SIGWINCH', () => child.kill('SIGWINCH'))

// npm outlives its scripts unless it is killed. Then nothing else stops this one.
if (process.env.npm_lifecycle_event) {
  const started = starters()
  const watch = setInterval(() => {
    if (starters() === started) return
    clearInterval(watch)
    forward('SIGTERM')
  }, 1000)
  watch.unref()
}

/**
 * The parent process, and its own parent if it is a shell that npm keeps in between, as dash is.
 * A process that loses its parent gets another one.
 */
function starters() {
  const parent = process.ppid
  try {
    const [, command, above] =
      readFileSync(`/proc/${parent}/stat`, 'latin1').match(/^\d+ \((.*)\) \S (\d+)/s) ?? []
    if (command?.endsWith('sh')) return `${parent} ${above}`
  } catch {
    // There is no /proc on this system, or the parent is gone.
  }
  return `${parent}`
}

child.on('error', (error) => {
  console.error(`Cannot start ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0))
})
