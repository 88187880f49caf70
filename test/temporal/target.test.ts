import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { explainFailure } from '../../src/failures.ts'
import { temporalFromEnvironment } from '../../src/temporal/target.ts'

function errorOf(env: Record<string, string>): string {
  try {
    temporalFromEnvironment(env)
  } catch (error) {
    return explainFailure(error)
  }
  throw new Error('the environment was accepted')
}

function configFile(content: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'cairn-temporal-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'temporal.toml')
  writeFileSync(file, content)
  return file
}

test.each([
  'http://temporal:7233',
  'localhost:7233/',
  '::1',
  '[::1]:x',
  'temporal:0',
  'temporal:65536',
  'a temporal server',
])('the address %s is rejected with the expected form', (address) => {
  const expected = /^TEMPORAL_ADDRESS, or `address` .* must be a host or host:port/
  expect(errorOf({ TEMPORAL_ADDRESS: address })).toMatch(expected)
  const file = configFile(`[profile.default]\naddress = "${address}"\n`)
  expect(errorOf({ TEMPORAL_CONFIG_FILE: file })).toMatch(expected)
})

test.each(['temporal', 'temporal:7233', 'my_host.example.com:443', '127.0.0.1:1', '[::1]:7233'])(
  'the address %s is accepted',
  (address) => {
    expect(temporalFromEnvironment({ TEMPORAL_ADDRESS: address })?.connection.address).toBe(address)
    const file = configFile(`[profile.default]\naddress = "${address}"\n`)
    // An empty variable counts as unset.
    const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_ADDRESS: '' }
    expect(temporalFromEnvironment(env)?.connection.address).toBe(address)
  },
)

test.each([
  ['[profile.default]\napi_key = "hunter2"\naddress = ', /^[^\n]*Invalid TOML document: [^\n]*$/],
  ['address = "temporal:7233"', /^[^\n]*has no table \[profile\.NAME\]$/],
  ['[profile.default]\nnamespace = "cairn"', /^TEMPORAL_ADDRESS, or `address` /],
])('a file without a usable profile is described in one line: %j', (content, line) => {
  const error = errorOf({ TEMPORAL_CONFIG_FILE: configFile(content) })
  expect(error).toMatch(line)
  expect(error).not.toContain('hunter2')
})

test('a configured file must exist', () => {
  const missing = path.join(tmpdir(), 'cairn-temporal-none', 'temporal.toml')
  expect(errorOf({ TEMPORAL_CONFIG_FILE: missing })).toContain(`'${missing}'`)
})

test('an empty header removes the header of the profile', () => {
  const profile =
    '[profile.default]\naddress = "temporal"\n[profile.default.grpc_meta]\nteam = "a"\n'
  const env = { TEMPORAL_CONFIG_FILE: configFile(profile) }
  expect(temporalFromEnvironment(env)?.connection.metadata).toEqual({ team: 'a' })
  const without = temporalFromEnvironment({ ...env, TEMPORAL_GRPC_META_TEAM: '' })
  expect(without?.connection.metadata ?? {}).toEqual({})
})
