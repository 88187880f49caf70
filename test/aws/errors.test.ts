import { expect, test } from 'vitest'
import { AwsProblem, toAwsProblem } from '../../src/aws/errors.ts'

const token = 'IQoJb3JpZ2luX2VjEXAMPLETOKEN'

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
])('a problem does not repeat %s', (_what, message, kept) => {
  const problem = toAwsProblem(Object.assign(new Error(message), { name: 'SomeException' }))
  expect(problem).toBeInstanceOf(AwsProblem)
  expect((problem as AwsProblem).message).toBe(kept)
})
