import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/**
 * What a unit test may not call: it neither uses the network nor starts a process. Vitest runs each
 * project's files in workers of their own, so other tests do not notice.
 */
const forbidden: [object: object, names: string[]][] = [
  [net.Server.prototype, ['listen']],
  [net.Socket.prototype, ['connect']],
  [childProcess, ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync']],
]

for (const [object, names] of forbidden) {
  for (const name of names) Object.defineProperty(object, name, { value: refuse(name) })
}
// Named imports of these modules get the functions above.
syncBuiltinESMExports()

function refuse(name: string): () => never {
  return () => {
    throw new Error(
      `A unit test may not call ${name}(). Name a file that uses the network or starts a process *.integration.test.ts.`,
    )
  }
}
