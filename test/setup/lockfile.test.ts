import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { absentFromLockfile, entryFor } from '../../scripts/complete-lockfile.mjs'

const lockfile = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
)

test('the lockfile has the packages of every platform, so that `npm ci` works on each', () => {
  const absent = absentFromLockfile(lockfile.packages).map(({ name }) => name)
  expect(absent, 'run `node scripts/complete-lockfile.mjs`').toEqual([])
})

test('the lockfile and .npmrc name no registry', () => {
  const npmrc = readFileSync(new URL('../../.npmrc', import.meta.url), 'utf8')
  expect(`${JSON.stringify(lockfile)}${npmrc}`).not.toMatch(/"resolved"|registry=/)
})

const packages = {
  'node_modules/tool': {
    dev: true,
    optionalDependencies: { 'tool-linux-x64-gnu': '1.2.3', inner: '1.0.0', outer: '1.0.0' },
  },
  'node_modules/tool/node_modules/inner': { version: '1.0.0' },
  'node_modules/outer': { version: '1.0.0' },
}

test('absent packages are reported, but not those in a nested or parent folder', () => {
  expect(absentFromLockfile(packages)).toEqual([
    { of: 'node_modules/tool', name: 'tool-linux-x64-gnu', range: '1.2.3' },
  ])
})

test.each([
  ['tool-linux-x64-gnu', { os: ['linux'], cpu: ['x64'], libc: ['glibc'] }],
  ['tool-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
  ['@tool/core-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@tool/cli-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  ['@tool/core-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
])('the platform is found in the name %s', (name, platform) => {
  const entry = entryFor(packages, { of: 'node_modules/tool', name, range: '1.2.3' })
  expect(entry).toEqual({ version: '1.2.3', dev: true, optional: true, ...platform })
})

test.each([
  ['tool-linux-x64', '^1.2.3'],
  ['tool-wasm', '1.2.3'],
])('%s %s cannot be added automatically', (name, range) => {
  expect(() => entryFor(packages, { of: 'node_modules/tool', name, range })).toThrow('by hand')
})
