import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findNode, installPackages, missingPackages } from '../../scripts/setup.mjs'

let parent: string
let names = 0

/** A project with one package for production and one for development, from files: no registry. */
beforeAll(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'cairn-packages-'))
  const template = path.join(parent, 'template')
  for (const name of ['used', 'tested']) {
    const source = path.join(parent, name)
    mkdirSync(source)
    writeJson(path.join(source, 'package.json'), { name, version: '1.0.0' })
    npm(parent, 'pack', source)
  }
  mkdirSync(template)
  writeJson(path.join(template, 'package.json'), {
    name: 'project',
    version: '1.0.0',
    dependencies: { used: 'file:../used-1.0.0.tgz' },
    devDependencies: { tested: 'file:../tested-1.0.0.tgz' },
  })
  npm(template, 'install', '--package-lock-only')
})
afterAll(() => rmSync(parent, { recursive: true, force: true }))

function freshProject(): string {
  const root = path.join(parent, `project-${++names}`)
  cpSync(path.join(parent, 'template'), root, { recursive: true })
  return root
}

function npm(cwd: string, ...args: string[]): void {
  const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value))
}

function listener() {
  const lines: string[] = []
  return { lines, say: (line: string) => void lines.push(line) }
}

test('a fresh clone gets its packages, and the second start installs nothing', async () => {
  const root = freshProject()
  const { lines, say } = listener()
  await installPackages({ root, dev: true, say })
  expect(existsSync(path.join(root, 'node_modules/tested'))).toBe(true)
  expect(lines).toHaveLength(2)
  await installPackages({ root, dev: true, say })
  expect(lines).toHaveLength(2)
})

test('a production install is sufficient for production scripts, and completed for others', async () => {
  const root = freshProject()
  npm(root, 'ci', '--omit=dev')
  expect(missingPackages(root, false)).toEqual([])
  expect(missingPackages(root, true)).toEqual(['tested 1.0.0'])
  await installPackages({ root, dev: true, say: () => {} })
  expect(missingPackages(root, true)).toEqual([])
})

test('packages that differ from the lockfile, or were interrupted, are installed again', async () => {
  const root = freshProject()
  await installPackages({ root, dev: true, say: () => {} })
  const note = path.join(root, 'node_modules', '.package-lock.json')
  writeJson(note, { packages: { 'node_modules/used': { version: '0.9.0' } } })
  const { lines, say } = listener()
  await installPackages({ root, dev: true, say })
  expect(lines[0]).toContain('tested 1.0.0, used 1.0.0')

  rmSync(note)
  await installPackages({ root, dev: true, say })
  expect(lines).toHaveLength(4)
  expect(missingPackages(root, true)).toEqual([])
})

test('of two concurrent first starts, one installs and the other waits for it', async () => {
  const root = freshProject()
  const setup = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))
  const starts = [1, 2].map(() =>
    spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { installPackages } from ${JSON.stringify(setup)}
       await installPackages({ root: ${JSON.stringify(root)}, dev: true, say: console.log })`,
    ]),
  )
  const said = await Promise.all(
    starts.map(async (start) => {
      let output = ''
      start.stdout.on('data', (chunk) => {
        output += chunk
      })
      await once(start, 'close')
      return output
    }),
  )
  expect(said.join('').match(/Packages installed/g)).toHaveLength(1)
  expect(said.join('')).toMatch(/Waiting for process \d+/)
})

test('when npm fails, its output and the fix are printed', async () => {
  const root = freshProject()
  rmSync(path.join(root, 'package.json'))
  await expect(installPackages({ root, dev: true, say: () => {} })).rejects.toThrow(
    /npm (error|ERR!).*`npm ci .*failed.*npm config get registry/s,
  )
})

test('a directory without a lockfile is rejected', () => {
  expect(() => missingPackages(parent, true)).toThrow(/no package-lock\.json/)
})

test('the Node that runs the tests can run TypeScript, so it is used', () => {
  expect(findNode(parent)).toBe(process.execPath)
})
