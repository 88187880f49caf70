import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'

const module = new URL('../../testing/chromium.ts', import.meta.url).href

/** Unpacks it in a process of its own, runs it, and resolves with what it printed. */
async function unpackAndRun(env: Record<string, string>): Promise<string> {
  const script = `
    const { execFileSync } = await import('node:child_process')
    const { ensureChromium } = await import(${JSON.stringify(module)})
    const program = await ensureChromium({ info() {} })
    console.log(program, execFileSync(program, ['--no-sandbox', '--version'], { encoding: 'utf8' }))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return out + err
}

test('two processes that need Chromium unpack it once, in the cache, and can run it', async () => {
  const cache = mkdtempSync(path.join(tmpdir(), 'cairn-cache-'))
  const temporary = mkdtempSync(path.join(tmpdir(), 'cairn-tmp-'))
  onTestFinished(() => {
    for (const folder of [cache, temporary]) rmSync(folder, { recursive: true })
  })
  // What a killed process of another program left where the package would unpack to.
  writeFileSync(path.join(temporary, 'chromium'), 'half a program')

  const env = { XDG_CACHE_HOME: cache, TMPDIR: temporary }
  const runs = await Promise.all([unpackAndRun(env), unpackAndRun(env)])
  for (const run of runs) {
    expect(run).toMatch(/chromium-[\d.]+\/chromium Chromium \d+\./)
    expect(existsSync(run.split(' ')[0]!)).toBe(true)
  }
})
