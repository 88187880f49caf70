// Every npm script starts here: `node scripts/run.mjs SCRIPT.ts [ARGUMENT …]`. It sees to the
// packages and to a Node that runs TypeScript, then runs the script and stands between it and the
// terminal, so that the script hears of each signal once.
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
  // What src/ needs, a production install has; the rest is for development.
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
    // A process group of its own. Ctrl-C goes to everyone in the terminal's group, and npm passes it
    // on once more: a script in that group would take one Ctrl-C for two.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  },
)

/** Signals of one kind within this time are one key press. Milliseconds. */
const ONE_PRESS = 500
/** @type {Map<string, number>} */
const heard = new Map()
let interrupts = 0

/** @param {NodeJS.Signals} signal */
function passOn(signal) {
  const now = Date.now()
  if (now - (heard.get(signal) ?? 0) < ONE_PRESS) return
  heard.set(signal, now)
  if (signal === 'SIGINT') interrupts++
  // The first asks for a clean stop, the second for a hurried one; after that nothing is asked.
  child.kill(interrupts > 2 ? 'SIGKILL' : signal === 'SIGHUP' ? 'SIGTERM' : signal)
}
process.on('SIGINT', passOn)
process.on('SIGTERM', passOn)
process.on('SIGHUP', passOn)
process.on('SIGWINCH', () => child.kill('SIGWINCH'))

// npm outlives its scripts unless it is killed: then nobody is left to stop this one.
if (process.env.npm_lifecycle_event) {
  const started = starters()
  const watch = setInterval(() => {
    if (starters() === started) return
    clearInterval(watch)
    passOn('SIGTERM')
  }, 1000)
  watch.unref()
}

/**
 * Our parent, and its own where that is a shell that npm keeps in between, as dash is. Whoever
 * loses its parent is given another one.
 */
function starters() {
  const parent = process.ppid
  try {
    const [, command, above] =
      readFileSync(`/proc/${parent}/stat`, 'latin1').match(/^\d+ \((.*)\) \S (\d+)/s) ?? []
    if (command?.endsWith('sh')) return `${parent} ${above}`
  } catch {
    // There is no /proc here, or no parent any more.
  }
  return `${parent}`
}

child.on('error', (error) => {
  console.error(`${node} could not be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0))
})
