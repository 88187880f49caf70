import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { removePostgres } from '../../src/embedded/postgres.ts'
import { stopLeftBehindTemporal } from '../../src/embedded/temporal.ts'

export const silent = { info() {}, warn() {} }

/** Records the lines that are logged. */
export function recorder() {
  const lines: string[] = []
  const keep = (line: string) => void lines.push(line)
  return { lines, log: { info: keep, warn: keep } }
}

/** A data directory. When the test ends, its servers are stopped and it is removed. */
export function temporaryDataDir(mode = 0o711): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'cairn-embedded-'))
  chmodSync(parent, mode)
  const dataDir = path.join(parent, 'data')
  onTestFinished(async () => {
    await stopLeftBehindTemporal(dataDir, silent)
    await removePostgres(dataDir, silent)
    rmSync(parent, { recursive: true, force: true })
  })
  return dataDir
}

/** How a process starts, and the port that its server is configured with. */
type LaunchOptions = SpawnOptions & { port?: number }

/** Starts a server in a process of its own, and waits until it reports its address. */
export async function startInProcess<T>(
  kind: 'postgres' | 'temporal',
  dataDir: string,
  options: LaunchOptions = {},
): Promise<{ owner: ChildProcess; server: T }> {
  const owner = launch(kind, dataDir, options)
  let errors = ''
  owner.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const server = await new Promise<T>((resolve, reject) => {
    owner.stdout?.once('data', (chunk) => resolve(JSON.parse(String(chunk))))
    owner.once('exit', (code) => reject(new Error(`it ended with ${code}: ${errors}`)))
  })
  return { owner, server }
}

export function launch(
  kind: 'postgres' | 'temporal',
  dataDir: string,
  { port, ...options }: LaunchOptions = {},
): ChildProcess {
  const script = fileURLToPath(new URL('./server-process.ts', import.meta.url))
  const args = [script, kind, dataDir, ...(port === undefined ? [] : [`${port}`])]
  return spawn(process.execPath, args, { stdio: 'pipe', ...options })
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

/** Takes a port until the test ends. Port 0 is any. */
export async function occupy(port: number): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}
