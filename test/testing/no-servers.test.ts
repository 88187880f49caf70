import { execFile, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'

describe('a unit test', () => {
  test.each<[string, () => unknown]>([
    ['listen', () => createServer().listen(0)],
    ['connect', () => connect(1)],
    ['fetch', () => fetch('http://127.0.0.1:9999/')],
    ['spawn', () => spawn('true')],
    ['execFile', () => execFile('true')],
    ['a database client', () => new pg.Client({ host: '127.0.0.1', port: 1 }).connect()],
  ])('cannot use %s', async (_name, use) => {
    const attempt = (async () => use())()
    // fetch() puts the reason into `cause`.
    const reason = attempt.then(String, (error: Error) => String(error.cause ?? error))
    expect(await reason).toContain('A unit test may not call')
  })

  test('has no servers', () => {
    expect(inject('postgresUrl')).toBeUndefined()
    expect(inject('temporalAddress')).toBeUndefined()
  })
})
