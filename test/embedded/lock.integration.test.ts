import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { identify, isAlive, processStart, tryLock, waitForLock } from '../../src/embedded/lock.mjs'
import { kill } from '../../testing/embedded/support.ts'

let directory: string
let names = 0
const freshFile = () => path.join(directory, `lock-${++names}`)

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'cairn-lock-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A process that takes the lock and keeps it. */
async function holderOf(file: string) {
  const lockModule = fileURLToPath(new URL('../../src/embedded/lock.mjs', import.meta.url))
  const holder = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { tryLock } from ${JSON.stringify(lockModule)}
     tryLock(${JSON.stringify(file)})
     console.log('has it')
     setInterval(() => {}, 60_000)`,
  ])
  await once(holder.stdout, 'data')
  return holder
}

describe('a lock', () => {
  test('is held by one process at a time, and by the next one after its release', async () => {
    const file = freshFile()
    const first = tryLock(file)
    expect(tryLock(file).holder?.pid).toBe(process.pid)
    first.release!()
    const second = tryLock(file)
    expect(second.release).toBeDefined()
    second.release!()
  })

  test('is kept by a living process, and is free after a SIGKILL', async () => {
    const file = freshFile()
    const holder = await holderOf(file)
    expect(tryLock(file).holder?.pid).toBe(holder.pid)
    let waitedFor: number | undefined
    const waiting = waitForLock(file, ({ pid }) => {
      waitedFor = pid
    })
    await kill(holder, 'SIGKILL')
    const release = await waiting
    expect(waitedFor).toBe(holder.pid)
    release()
  })

  test('is free if another process has reused its pid', () => {
    const file = freshFile()
    writeFileSync(file, JSON.stringify({ ...identify(process.pid), start: 'another time' }))
    expect(tryLock(file).release).toBeDefined()
  })

  test.each(['', '{', 'null', '{"pid":"1"}'])('is free if it contains %j', (content) => {
    const file = freshFile()
    writeFileSync(file, content)
    expect(tryLock(file).release).toBeDefined()
  })

  test('cannot be released by its former holder after another process took it over', () => {
    const file = freshFile()
    const former = tryLock(file)
    const others = JSON.stringify({ ...identify(process.pid), start: 'somebody else' })
    writeFileSync(file, others)
    former.release!()
    expect(readFileSync(file, 'utf8')).toBe(others)
  })

  test('of a dead process is taken over by one waiting process after the other', async () => {
    const file = freshFile()
    const journal = path.join(directory, 'journal')
    const dead = await holderOf(file)
    await kill(dead, 'SIGKILL')
    const lockModule = fileURLToPath(new URL('../../src/embedded/lock.mjs', import.meta.url))
    const contenders = Array.from({ length: 6 }, () =>
      spawn(process.execPath, [
        '--input-type=module',
        '--eval',
        `import { appendFileSync } from 'node:fs'
         import { waitForLock } from ${JSON.stringify(lockModule)}
         const release = await waitForLock(${JSON.stringify(file)})
         appendFileSync(${JSON.stringify(journal)}, 'in ' + process.pid + '\\n')
         await new Promise((resolve) => setTimeout(resolve, 30))
         appendFileSync(${JSON.stringify(journal)}, 'out ' + process.pid + '\\n')
         release()`,
      ]),
    )
    await Promise.all(contenders.map((contender) => once(contender, 'exit')))
    const lines = readFileSync(journal, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(12)
    for (let n = 0; n < lines.length; n += 2) {
      expect(lines[n + 1]).toBe(lines[n]!.replace('in', 'out'))
    }
  })
})

test('a living process is distinguished from a dead one', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 60_000)'])
  await once(child, 'spawn')
  const identity = identify(child.pid!)
  expect(isAlive(identity)).toBe(true)
  await kill(child, 'SIGKILL')
  expect(isAlive(identity)).toBe(false)
  expect(processStart(child.pid!)).toBeUndefined()
})
