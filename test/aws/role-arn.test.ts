import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRoleArn, type RoleArn } from '../../src/aws/role-arn.ts'

const partition = fc.constantFrom('aws', 'aws-us-gov', 'aws-cn')
const accountId = fc.stringMatching(/^[0-9]{12}$/)
const name = fc.stringMatching(/^[\w+=,.@-]{1,64}$/)
const segment = fc.stringMatching(/^[!-.0-~]{1,20}$/)
const path = fc.array(segment, { maxLength: 5 }).map((parts) => ['', ...parts, ''].join('/'))
const space = fc.stringMatching(/^[ \t\r\n\u00a0]{0,3}$/)

describe('a role ARN', () => {
  test.each<[string, Omit<RoleArn, 'arn'>]>([
    [
      'arn:aws:iam::123456789012:role/cairn',
      { partition: 'aws', accountId: '123456789012', path: '/', name: 'cairn' },
    ],
    [
      'arn:aws:iam::123456789012:role/services/cairn-read-only',
      { partition: 'aws', accountId: '123456789012', path: '/services/', name: 'cairn-read-only' },
    ],
    [
      'arn:aws-us-gov:iam::000000000001:role/a/b/c@d',
      { partition: 'aws-us-gov', accountId: '000000000001', path: '/a/b/', name: 'c@d' },
    ],
    [
      'arn:aws-cn:iam::123456789012:role/aws-reserved/sso.amazonaws.com/x',
      {
        partition: 'aws-cn',
        accountId: '123456789012',
        path: '/aws-reserved/sso.amazonaws.com/',
        name: 'x',
      },
    ],
  ])('%s', (arn, role) => {
    expect(parseRoleArn(arn)).toEqual({ arn, ...role })
  })

  test('is parsed from its parts, ignoring surrounding whitespace', () => {
    fc.assert(
      fc.property(
        partition,
        accountId,
        path,
        name,
        space,
        space,
        (p, a, where, n, before, after) => {
          const arn = `arn:${p}:iam::${a}:role${where}${n}`
          expect(parseRoleArn(before + arn + after)).toEqual({
            arn,
            partition: p,
            accountId: a,
            path: where,
            name: n,
          })
        },
      ),
    )
  })
})

describe('any other text', () => {
  test.each([
    ['', 'The ARN is missing'],
    ['   ', 'The ARN is missing'],
    ['cairn', 'This is not an ARN'],
    ['123456789012', 'only an account ID'],
    ['"arn:aws:iam::123456789012:role/cairn"', 'Remove the quotes'],
    ['<arn:aws:iam::123456789012:role/cairn>', 'Remove the quotes or brackets'],
    ['arn:aws:iam::123456789012: role/cairn', 'contains spaces'],
    ['ARN:aws:iam::123456789012:role/cairn', 'in lowercase'],
    ['https://console.aws.amazon.com/iam/home#/roles/cairn', 'This is a URL'],
    ['arn:aws:iam::123456789012:user/alice', 'IAM user'],
    ['arn:aws:iam::123456789012:group/admins', 'IAM group'],
    ['arn:aws:iam::123456789012:root', 'the root of the account'],
    ['arn:aws:iam::123456789012:policy/read-only', 'a policy'],
    ['arn:aws:iam::aws:policy/ReadOnlyAccess', 'belongs to AWS'],
    ['arn:aws:iam::123456789012:instance-profile/cairn', 'instance profile'],
    ['arn:aws:iam::123456789012:oidc-provider/token.actions', 'identity provider'],
    ['arn:aws:iam::123456789012:rolex/cairn', 'not the ARN of a role'],
    ['arn:aws:iam::123456789012:role', 'role name is missing'],
    ['arn:aws:iam::123456789012:role/', 'role name is missing'],
    ['arn:aws:iam::123456789012:role/path/', 'role name is missing'],
    ['arn:aws:iam::123456789012:role/*', "A role's name has"],
    ['arn:aws:iam::123456789012:role/a:b', "A role's name has"],
    [`arn:aws:iam::123456789012:role/${'x'.repeat(65)}`, "A role's name has"],
    [`arn:aws:iam::123456789012:role/${'x/'.repeat(300)}y`, "A role's path has"],
    ['arn:aws:iam::123456789012:role/é/y', "A role's path has"],
    ['arn:aws:iam:us-east-1:123456789012:role/cairn', 'no region'],
    ['arn:aws:iam::ACCOUNT_ID:role/cairn', 'Replace "ACCOUNT_ID" with your 12-digit account ID'],
    ['arn:aws:iam::<account>:role/cairn', 'Replace "<account>" with your 12-digit account ID'],
    ['arn:aws:iam:::role/cairn', 'Replace empty with your 12-digit account ID'],
    ['arn:aws:iam::1234-5678-9012:role/cairn', 'must have 12 digits'],
    ['arn:aws:iam::12345678901:role/cairn', 'must have 12 digits'],
    ['arn:aws-nope:iam::123456789012:role/cairn', 'partition'],
    [
      'arn:aws-eusc:iam::123456789012:role/cairn',
      'Cairn does not support the AWS European Sovereign Cloud (aws-eusc)',
    ],
    ['arn:aws-iso:iam::123456789012:role/cairn', 'Cairn does not support the isolated AWS'],
    ['arn:aws-iso-b:iam::123456789012:role/cairn', 'Cairn does not support the isolated AWS'],
    ['arn:aws:s3:::bucket/key', 'ARN of the service "s3"'],
    ['arn:aws:sts::123456789012:federated-user/x', 'ARN of the service "sts"'],
  ])('is rejected with a helpful message: %s', (text, part) => {
    expect(parseRoleArn(text)).toEqual({ problem: expect.stringContaining(part) })
  })

  test("suggests the role if it is a session's ARN", () => {
    expect(parseRoleArn('arn:aws-cn:sts::123456789012:assumed-role/cairn/session')).toEqual({
      problem: expect.stringContaining('arn:aws-cn:iam::123456789012:role/cairn'),
    })
  })

  test('results in a short message, never in an exception', () => {
    const pieces = fc.constantFrom(
      'arn',
      ':',
      '/',
      'aws',
      'iam',
      'sts',
      'role',
      '123456789012',
      '\0',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (given) => {
        const result = parseRoleArn(given)
        if ('problem' in result) expect(result.problem.length).toBeLessThan(400)
        else expect(result.arn).toMatch(/^arn:aws(-cn|-us-gov)?:iam::\d{12}:role\/[!-~]+$/)
      }),
    )
  })
})
