import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from './child-environment.ts'

export interface RunningCairn {
  process: ChildProcess
  url: string
  /** Everything that it has written so far. */
  output(): string
  /** Repeats verifications and imports that a busy machine did not complete in time. */
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of the body
  request(method: string, route: string, body?: unknown): Promise<any>
  /** Stops it like an operator, or kills it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const START_LIMIT_MS = 240_000
const GATEWAY_TIMEOUT = 504
const MAX_ATTEMPTS = 5

/**
 * `npm start` in a process of its own, with embedded Postgres and Temporal unless its environment
 * names others.
 */
export async function startCairnProcess(options: {
  dataDir: string
  apiKey: string
  env: Record<string, string>
}): Promise<RunningCairn> {
  const child = spawn(process.execPath, [main], {
    env: {
      ...childEnvironment(),
      CAIRN_DATA_DIR: options.dataDir,
      CAIRN_API_KEY: options.apiKey,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const found = async (pattern: RegExp) => {
    for (const began = Date.now(); Date.now() - began < START_LIMIT_MS; await sleep(50)) {
      const match = pattern.exec(output)
      if (match) return match[1]!
      if (child.exitCode !== null || child.signalCode) break
    }
    child.kill('SIGKILL')
    throw new Error(`Cairn did not start:\n${output}`)
  }
  const url = await found(/The API is at (http\S+?)\/api\/v1/)
  return {
    process: child,
    url,
    output: () => output,
    async request(method, route, body) {
      for (let attempt = 1; ; attempt++) {
        const response = await fetch(`${url}/api/v1${route}`, {
          method,
          headers: {
            authorization: `Bearer ${options.apiKey}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        })
        const answer = await response.json()
        if (response.ok) return answer
        // The work continues, and can be requested again.
        const isRepeatable = method === 'POST' && /\/(?:verify|import)$/.test(route)
        const isTimeout = response.status === GATEWAY_TIMEOUT
        if (isRepeatable && isTimeout && attempt < MAX_ATTEMPTS) continue
        throw new Error(`${method} ${route}: ${JSON.stringify(answer)}`)
      }
    },
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
}
