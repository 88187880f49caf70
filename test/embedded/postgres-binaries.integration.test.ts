import { cpSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hydrate, packagedBinaries } from '../../src/embedded/postgres-binaries.ts'

test('library links are created if the install script was skipped', () => {
  const parent = mkdtempSync(path.join(tmpdir(), 'cairn-binaries-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const native = path.join(parent, 'native')
  mkdirSync(path.join(native, 'lib'), { recursive: true })
  writeFileSync(path.join(native, 'lib', 'libpq.so.5.18'), '')
  writeFileSync(
    path.join(native, 'pg-symlinks.json'),
    JSON.stringify([
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
    ]),
  )
  writeFileSync(path.join(parent, 'package.json'), '{"type":"module"}')
  const scripts = path.join(path.dirname(packagedBinaries().native), 'scripts')
  cpSync(scripts, path.join(parent, 'scripts'), { recursive: true })

  hydrate(native)
  hydrate(native)
  for (const link of ['libpq.so.5', 'libpq.so']) {
    expect(readlinkSync(path.join(native, 'lib', link))).toBe('libpq.so.5.18')
  }
})
