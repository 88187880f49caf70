import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { installOnce, run, toolsDir } from '../../src/embedded/tools.ts'

let parent: string
let names = 0
const freshDirectory = () => path.join(parent, `tool-${++names}`)

beforeAll(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'cairn-tools-'))
})
afterAll(() => rmSync(parent, { recursive: true, force: true }))

test('a tool that several processes need concurrently is installed once', async () => {
  const directory = freshDirectory()
  const onWait = vi.fn()
  const install = vi.fn(async () => {
    await sleep(50)
    writeFileSync(path.join(directory, 'tool'), 'whole')
  })
  await Promise.all([1, 2, 3].map(() => installOnce(directory, { install, onWait })))
  await installOnce(directory, { install })
  expect(install).toHaveBeenCalledTimes(1)
  expect(onWait).toHaveBeenCalledTimes(2)
  expect(existsSync(`${directory}.lock`)).toBe(false)
})

test('a failed or interrupted installation starts from the beginning', async () => {
  const directory = freshDirectory()
  mkdirSync(directory)
  writeFileSync(path.join(directory, 'half'), '')
  await expect(
    installOnce(directory, { install: () => Promise.reject(new Error('no network')) }),
  ).rejects.toThrow('no network')
  await installOnce(directory, { install: async () => {} })
  expect(readdirSync(directory)).toEqual(['.installed'])
})

test("tools are stored in the user's cache directory, or in this copy of Cairn", () => {
  vi.stubEnv('XDG_CACHE_HOME', path.join(parent, 'caches'))
  expect(toolsDir()).toBe(path.join(parent, 'caches', 'cairn'))
  writeFileSync(path.join(parent, 'a-file'), '')
  vi.stubEnv('XDG_CACHE_HOME', path.join(parent, 'a-file'))
  expect(toolsDir()).toMatch(/\.cache\/tools$/)
  vi.unstubAllEnvs()
})

test('the error of a failed program contains its command and its output', async () => {
  expect(await run('sh', ['-c', 'echo out'])).toBe('out\n')
  await expect(run('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toThrow(
    '`sh -c echo why >&2; exit 3` failed (3): why',
  )
  await expect(run('no-such-program', ['--version'])).rejects.toThrow(
    /`no-such-program --version` cannot be run/,
  )
})
