import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Webhooks } from '@octokit/webhooks'
import { describe, expect, test } from 'vitest'
import { isSigned, signatureHeaders, tokenHash } from '../../src/integrations/signature.ts'

const run = promisify(execFile)

/** Secrets and bodies that an implementation which treats either as text would sign differently. */
const vectors: [secret: string, body: Buffer][] = [
  ['It is a secret to everyone', Buffer.from('Hello, World!')],
  ['', Buffer.from('{}')],
  ['käse 🧀', Buffer.from('{"title":"Größe 🚀"}')],
  ['x'.repeat(500), Buffer.alloc(100_000, 'a')],
  ['secret', Buffer.alloc(0)],
  ['secret', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a, 0x0d])],
  ['secret', Buffer.from('{"a": 1}\n')],
]

const PYTHON = `
import base64, hashlib, hmac, json, sys
for secret, body in json.load(sys.stdin):
    print(hmac.new(secret.encode(), base64.b64decode(body), hashlib.sha256).hexdigest())
`

/** What Python's hmac computes. */
async function pythonDigests(): Promise<string[]> {
  const python = run('python3', ['-c', PYTHON])
  const input = vectors.map(([secret, body]) => [secret, body.toString('base64')])
  python.child.stdin!.end(JSON.stringify(input))
  return (await python).stdout.trim().split('\n')
}

test("signatures of Python's hmac are accepted, and those of another body or secret are rejected", async () => {
  const digests = await pythonDigests()
  expect(digests).toHaveLength(vectors.length)
  for (const [index, [secret, body]] of vectors.entries()) {
    const hex = digests[index]!
    const github = { 'x-hub-signature-256': `sha256=${hex}` }
    const pagerduty = { 'x-pagerduty-signature': `v1=${'0'.repeat(64)},v1=${hex}` }
    const secrets = [{ secret: 'an older one' }, { secret }]
    expect(isSigned('github', { headers: github, body, secrets })).toBe(true)
    expect(isSigned('pagerduty', { headers: pagerduty, body, secrets })).toBe(true)
    const other = Buffer.concat([body, Buffer.from(' ')])
    expect(isSigned('github', { headers: github, body: other, secrets })).toBe(false)
    expect(isSigned('pagerduty', { headers: pagerduty, body: other, secrets })).toBe(false)
    const wrong = [{ secret: `${secret}x` }]
    expect(isSigned('github', { headers: github, body, secrets: wrong })).toBe(false)
    // The header of one kind does not count for the other.
    expect(isSigned('github', { headers: pagerduty, body, secrets })).toBe(false)
  }
})

test("@octokit/webhooks and Cairn accept each other's signatures", async () => {
  for (const [secret, body] of vectors) {
    const text = body.toString('utf8')
    // It signs text only, and no empty text.
    if (secret === '' || text === '' || !Buffer.from(text).equals(body)) continue
    const octokit = new Webhooks({ secret })
    const headers = { 'x-hub-signature-256': await octokit.sign(text) }
    expect(isSigned('github', { headers, body, secrets: [{ secret }] })).toBe(true)
    const own = signatureHeaders('github', { secret, body })['x-hub-signature-256']!
    expect(await octokit.verify(text, own)).toBe(true)
    expect(await octokit.verify(`${text} `, own)).toBe(false)
  }
})

describe('an invalid signature', () => {
  const body = Buffer.from('{}')
  const secret = 'secret'
  const valid = signatureHeaders('github', { secret, body })['x-hub-signature-256']!
  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['only its prefix', 'sha256='],
    ['a shorter one', valid.slice(0, -2)],
    ['a longer one', `${valid}00`],
    ['one of SHA-1', valid.replace('sha256', 'sha1')],
    ['no hexadecimal digits', `sha256=${'g'.repeat(64)}`],
  ])('is rejected: %s', (_name, header) => {
    const headers = { 'x-hub-signature-256': header }
    expect(isSigned('github', { headers, body, secrets: [{ secret }] })).toBe(false)
  })

  test('is rejected without any secret', () => {
    expect(
      isSigned('github', { headers: { 'x-hub-signature-256': valid }, body, secrets: [] }),
    ).toBe(false)
  })
})

test('Alertmanager is authenticated by its bearer token, whose hash is stored', () => {
  const body = Buffer.from('{}')
  const secrets = [{ tokenHash: tokenHash('old') }, { tokenHash: tokenHash('token') }]
  const accepts = (authorization: string | undefined) =>
    isSigned('alertmanager', { headers: { authorization }, body, secrets })
  expect(accepts('Bearer token')).toBe(true)
  expect(accepts('bearer old')).toBe(true)
  for (const wrong of [undefined, '', 'Bearer', 'Bearer ', 'Bearer tokens', 'Basic token', 'token'])
    expect(accepts(wrong)).toBe(false)
})
