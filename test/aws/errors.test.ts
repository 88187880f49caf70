import { expect, test } from 'vitest'
import { AwsProblem, toAwsProblem } from '../../src/aws/errors.ts'

const token = 'IQoJb3JpZ2luX2VjEXAMPLETOKEN'

test.each([
  ['ENOTFOUND', 'Error', 'getaddrinfo ENOTFOUND sts.amazonaws.com', 'could not be resolved'],
  ['ECONNREFUSED', 'Error', 'connect ECONNREFUSED 127.0.0.1:1', 'refused'],
  ['ECONNRESET', 'Error', 'socket hang up', 'closed before AWS responded'],
  [
    undefined,
    'TimeoutError',
    '@smithy/node-http-handler - [ERROR] a request has exceeded',
    'in time',
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'Error', 'self-signed certificate in certificate chain', 'TLS'],
  // Node's error after it has tried several addresses of a host.
  ['ECONNREFUSED', 'AggregateError', 'connect ECONNREFUSED ::1:1', 'refused'],
  ['ERR_INVALID_URL', 'TypeError', 'Invalid URL', 'AWS did not respond'],
  [undefined, 'Error', 'something of the SDK', 'AWS did not respond'],
  ['HPE_INVALID_CONSTANT', 'Error', 'Parse Error: Expected HTTP/', 'AWS did not respond'],
  [undefined, 'SyntaxError', "Unexpected token '<'", 'AWS did not respond'],
  [
    undefined,
    'TypeError',
    "Cannot read properties of undefined (reading 'x')",
    'AWS did not respond',
  ],
])("a missing response is described in Cairn's own words: %s %s", (code, name, message, part) => {
  const error = Object.assign(new Error(message), { name, ...(code && { code }) })
  const problem = toAwsProblem(error) as AwsProblem
  // Without a code, only an SDK's own name is one that operators can search for.
  const shown = code ?? (name === 'TimeoutError' ? name : 'NoAnswer')
  expect(problem).toMatchObject({ kind: 'unreachable', code: shown })
  expect(problem.message).toContain(part)
  expect(problem.message).not.toContain(message)
})

test.each([
  [
    'an access key',
    'The key ASIAEXAMPLEEXAMPLE00 is not valid.',
    'The key (access key) is not valid.',
  ],
  [
    'a session token in the request that AWS expected',
    `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:${token}\n'`,
    'The request signature we calculated does not match the signature you provided.',
  ],
  [
    "a credential process' arguments",
    `Command failed: /bin/credentials --secret ${token}\nboom`,
    'The credential process failed.',
  ],
])('an error does not contain %s', (_what, message, kept) => {
  const problem = toAwsProblem(Object.assign(new Error(message), { name: 'SomeException' }))
  expect(problem).toBeInstanceOf(AwsProblem)
  expect((problem as AwsProblem).message).toBe(kept)
})

test('a message with long runs of spaces is read', () => {
  const message = `${' '.repeat(300_000)}<html>`
  const error = Object.assign(new Error(message), { name: 'SomeException' })
  expect(toAwsProblem(error)).toBeInstanceOf(AwsProblem)
})
