import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { reviewTrust } from '../../src/aws/trust-review/index.ts'
import { policy } from '../../testing/roles.ts'
import {
  allow,
  cairnAccount,
  expected,
  externalId,
  getRole,
  principalArn,
  review,
  reviewText,
  right,
  roleArn,
  type StatementFields,
  withId,
} from '../../testing/trust-review.ts'

describe('pasted policies', () => {
  const json = JSON.stringify(getRole(right), null, 4)
  const encoded = encodeURIComponent(JSON.stringify(right))
  test.each<[string, string]>([
    ['what the AWS CLI prints', json],
    ['on one line', JSON.stringify(getRole(right))],
    [
      'with tabs and other line ends',
      JSON.stringify(getRole(right), null, '\t').replaceAll('\n', '\r\n'),
    ],
    ['as YAML', stringify(getRole(right))],
    ['with the policy URL-encoded, as the API returns it', JSON.stringify(getRole(encoded))],
    ['with the policy as JSON in JSON', JSON.stringify(getRole(JSON.stringify(right)))],
    ['with --query Role', JSON.stringify(getRole(right).Role)],
    [
      'with a prompt and the command',
      `$ aws iam get-role --role-name cairn-read-only\n${json}\n$ `,
    ],
    [
      'with a long prompt and a command on two lines',
      `[me@laptop ~]$ aws iam get-role \\\n    --role-name cairn-read-only\n\n${json}\n[me@laptop ~]$ `,
    ],
    [
      "with PowerShell's prompt",
      `PS C:\\Users\\me> aws iam get-role --role-name x\n${json}\nPS C:\\Users\\me> `,
    ],
    ["with the pager's end", `${json}\n(END)`],
    [
      'YAML with a prompt',
      `$ aws iam get-role --role-name x --output yaml\n${stringify(getRole(right))}$`,
    ],
    ['with white space around it', `\n\n  ${json}  \n`],
  ])('are accepted: %s', (_what, text) => {
    expect(reviewText(text)).toMatchObject({ verdict: 'safe', notes: [] })
  })

  test.each<[string, string]>([
    ['the policy alone', JSON.stringify(right, null, 2)],
    ['the policy alone, URL-encoded', encoded],
    ['the policy alone, as a URL-encoded string', JSON.stringify(encoded)],
    ['the policy alone, as YAML', stringify(right)],
  ])('without the role get a note about it: %s', (_what, text) => {
    const { verdict, notes } = reviewText(text)
    expect(verdict).toBe('safe')
    expect(notes).toEqual([expect.stringContaining(roleArn)])
  })

  test.each<[string, string]>([
    ['The input is empty', ' \n'],
    ['only an ARN', roleArn],
    ['NoSuchEntity', 'An error occurred (NoSuchEntity) when calling the GetRole operation: no'],
    ['table or text output', '-----\n|  GetRole  |\n+----+'],
    ['a list of roles', JSON.stringify({ Roles: [getRole(right).Role] })],
    ['no trust policy', '{}'],
    ['no trust policy', '{"Role": {"Arn": "x"}}'],
    ['AssumeRolePolicyDocument is not valid', JSON.stringify(getRole('%7B%ZZ'))],
    ['AssumeRolePolicyDocument is not valid', JSON.stringify(getRole([]))],
    ['permissions policy', JSON.stringify(policy({ Effect: 'Allow', Action: '*', Resource: '*' }))],
    ['not JSON or YAML', json.slice(0, -20)],
    ['not JSON or YAML', `${json}\n${json}`],
    ['duplicate keys', json.replace('"Effect"', '"Effect": "Deny",\n"Effect"')],
    ['not JSON or YAML', 'a: &a [1]\nStatement: *a'],
    ['longer than 100 KB', ' '.repeat(102_401)],
    ['not a single role', 'x'.repeat(60_000)],
    ['exceeds the length limit', JSON.stringify(policy(allow({ Sid: 'x'.repeat(20_000) })))],
  ])('are rejected with the expected form: %s', (reason, text) => {
    expect(reviewTrust(text, expected)).toEqual({ problem: expect.stringContaining(reason) })
    expect(reviewTrust(text, expected)).toEqual({ problem: expect.stringContaining('get-role') })
  })
})

describe('the reviewed role', () => {
  test('is reported if it is another one, even with a good policy', () => {
    const other = 'arn:aws:iam::111122223333:role/admin'
    const found = reviewText(JSON.stringify(getRole(right, other)))
    expect(found.verdict).toBe('another_role')
    expect(found.summary).toContain(other)
    expect(found.summary).toContain(roleArn)
  })

  test('can be judged before the connection has a role', () => {
    const found = reviewText(JSON.stringify(getRole(right)), { roleArn: null })
    expect(found.verdict).toBe('safe')
    expect(found.notes).toEqual([expect.stringContaining(roleArn)])
  })
})

describe("Cairn's own statement", () => {
  test.each<[string, StatementFields]>([
    ['as Cairn gives it', {}],
    ['with lists of one', { Principal: { AWS: [principalArn] }, Action: ['sts:AssumeRole'] }],
    ['with a list of one ID', { Condition: withId('StringEquals', [externalId]) }],
    [
      'with the key in other letters',
      { Condition: { StringEquals: { 'STS:externalID': externalId } } },
    ],
    ['with the action in other letters', { Action: 'STS:assumerole' }],
    [
      'with a second condition that holds',
      { Condition: { ...withId('StringEquals'), ...withId('StringLike', 'cairn-*') } },
    ],
    [
      'with IfExists, if it has to exist',
      { Condition: { ...withId('StringEqualsIfExists'), ...withId('Null', 'false') } },
    ],
    [
      'with false that is no text',
      { Condition: { ...withId('StringEqualsIfExists'), ...withId('Null', false) } },
    ],
  ])('is right %s', (_what, fields) => {
    expect(review(allow(fields))).toMatchObject({
      verdict: 'safe',
      trusted: [{ judgment: 'expected', remedy: null }],
      remedy: null,
    })
  })

  test.each<[string, StatementFields, string]>([
    ['StringLike without wildcards', { Condition: withId('StringLike') }, 'as strict as'],
    ['ForAnyValue', { Condition: withId('ForAnyValue:StringEquals') }, 'multiple values'],
    ['more actions', { Action: 'sts:*' }, 'sts:TagSession'],
    ['every action', { Action: '*' }, 'sts:TagSession'],
    ['NotAction', { Action: undefined, NotAction: 'iam:*' }, 'sts:TagSession'],
    [
      'an address',
      { Condition: { ...withId('StringEquals'), IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } },
      'address',
    ],
    [
      'MFA',
      { Condition: { ...withId('StringEquals'), Bool: { 'aws:MultiFactorAuthPresent': true } } },
      'no MFA',
    ],
    [
      'an unknown key',
      { Condition: { ...withId('StringEquals'), StringEquals2: { 'aws:x': 'y' } } },
      'block Cairn',
    ],
  ])('is right, with a note: %s', (_what, fields, remark) => {
    const found = review(allow(fields))
    expect(found.verdict).toBe('safe')
    expect(found.notes).toEqual([expect.stringContaining(remark)])
  })

  test.each<[string, unknown, string]>([
    ['no condition', undefined, 'no condition'],
    [
      'a condition on something else',
      { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } },
      'no condition',
    ],
    ['StringLike "*"', withId('StringLike', '*'), 'wildcards'],
    ['StringLike "id*"', withId('StringLike', `${externalId}*`), 'wildcards'],
    ['StringLike with the ID and "*"', withId('StringLike', [externalId, '*']), 'wildcards'],
    ['StringEqualsIgnoreCase', withId('StringEqualsIgnoreCase'), 'ignores the case'],
    ['IfExists', withId('StringEqualsIfExists'), 'no external ID is sent'],
    ['ForAllValues', withId('ForAllValues:StringEquals'), 'no external ID is sent'],
    [
      'ForAnyValue with IfExists',
      withId('ForAnyValue:StringEqualsIfExists'),
      'no external ID is sent',
    ],
    [
      'two IDs',
      withId('StringEquals', [externalId, 'cairn-other']),
      'does not belong to this connection',
    ],
    [
      'two IDs in two spellings of the key',
      { StringEquals: { 'sts:ExternalId': externalId, 'sts:externalid': 'x' } },
      'does not belong to this connection',
    ],
    ['another ID', withId('StringEquals', 'cairn-other'), 'does not belong to this connection'],
    ['a literal "*"', withId('StringEquals', '*'), 'does not belong to this connection'],
    ['no ID in the list', withId('StringEquals', []), 'lists no external ID'],
    ['any ID but one', withId('StringNotEquals', 'x'), 'every external ID except'],
    ['any ID', withId('Null', 'false'), 'not which one'],
    ['no ID', withId('Null', 'true'), 'no external ID is sent'],
  ])('is dangerous with %s', (_what, Condition, reason) => {
    for (const principal of [principalArn, cairnAccount, '999988887777']) {
      const found = review(allow({ Condition, Principal: { AWS: principal } }))
      expect(found.verdict).toBe('unsafe')
      expect(found.trusted).toHaveLength(1)
      expect(found.trusted[0]).toMatchObject({
        judgment: 'dangerous',
        means: expect.stringContaining(reason),
      })
      expect(JSON.parse(found.trusted[0]!.remedy!)).toEqual(right.Statement[0])
      expect(JSON.parse(found.remedy!)).toEqual(right)
    }
  })

  test('excludes other customers if it allows a whole account, which is wider than needed', () => {
    for (const principal of [cairnAccount, '999988887777']) {
      const found = review(allow({ Principal: { AWS: principal } }))
      expect(found).toMatchObject({ verdict: 'safe', trusted: [{ judgment: 'wider' }] })
      expect(found.summary).toContain("Cairn's AWS account")
      expect(JSON.parse(found.trusted[0]!.remedy!)).toEqual(right.Statement[0])
    }
  })

  test('is not sufficient for a single session of the role', () => {
    const session = 'arn:aws:sts::999988887777:assumed-role/cairn/i-0123456789abcdef0'
    const found = review(allow({ Principal: { AWS: session } }))
    expect(found).toMatchObject({ verdict: 'unclear', trusted: [{ judgment: 'other' }] })
    const open = review(allow({ Principal: { AWS: session }, Condition: undefined }))
    expect(open.verdict).toBe('unsafe')
  })

  test.each<[string, unknown[]]>([
    ['no statement', []],
    ['only a denial', [{ ...allow({ Condition: undefined }), Effect: 'Deny' }]],
    ['an action that does not allow assuming the role', [allow({ Action: 'sts:TagSession' })]],
    ['a denial beside it', [allow(), { Effect: 'Deny', Principal: '*', Action: '*' }]],
    ['a denial of its ID', [allow(), allow({ Effect: 'Deny' })]],
    [
      'conditions that exclude each other',
      [allow({ Condition: { ...withId('StringEquals'), ...withId('Null', 'true') } })],
    ],
  ])('is reported if it excludes Cairn, with a corrected policy: %s', (_what, statements) => {
    const found = review(...statements)
    expect(found.verdict).toBe('unclear')
    expect(found.summary).toContain('no access')
    expect(JSON.parse(found.remedy!)).toEqual(right)
  })
})

describe('any other principal', () => {
  test.each<[string, StatementFields, string]>([
    ['everyone', { Principal: '*' }, 'not a secret'],
    ['everyone, as an AWS principal', { Principal: { AWS: '*' } }, 'not a secret'],
    ['everyone, in a list', { Principal: { AWS: [principalArn, '*'] } }, 'not a secret'],
    ['everyone, without the ID', { Principal: '*', Condition: undefined }, 'no condition'],
    [
      'everyone in an account that is a wildcard',
      {
        Principal: '*',
        Condition: {
          ...withId('StringEquals'),
          ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/cairn' },
        },
      },
      'not a secret',
    ],
    [
      'everyone who has no organization',
      {
        Principal: '*',
        Condition: { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-abcdefghij' } },
      },
      'no condition',
    ],
    [
      "everyone in Cairn's account, without the ID",
      { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalAccount': '999988887777' } } },
      'no condition',
    ],
    [
      'everyone who is Cairn, without the ID',
      { Principal: '*', Condition: { ArnEquals: { 'aws:PrincipalArn': principalArn } } },
      'no condition',
    ],
    [
      'all principals except one',
      { Principal: undefined, NotPrincipal: { AWS: cairnAccount } },
      'NotPrincipal',
    ],
    ['any service', { Principal: { Service: '*' } }, 'does not name a service'],
    [
      'any identity provider',
      { Principal: { Federated: '*' }, Action: 'sts:*' },
      'does not name a provider',
    ],
    [
      'everybody on GitHub',
      {
        Principal: {
          Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
        },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' },
        },
      },
      'Anyone can create an account',
    ],
    [
      'every repository on GitHub',
      {
        Principal: {
          Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
        },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:*' } },
      },
      'Anyone can create an account',
    ],
  ])('is dangerous: %s', (_what, fields, reason) => {
    const found = review(allow(), allow(fields))
    expect(found.verdict).toBe('unsafe')
    const dangerous = found.trusted.filter(({ judgment }) => judgment === 'dangerous')
    expect(dangerous).toEqual([expect.objectContaining({ means: expect.stringContaining(reason) })])
  })

  test.each<[string, StatementFields, string]>([
    [
      "a role of the customer's",
      { Principal: { AWS: 'arn:aws:iam::111122223333:role/ops' }, Condition: undefined },
      'your own account 111122223333',
    ],
    [
      'another account',
      { Principal: { AWS: '444455556666' } },
      'every principal of account 444455556666',
    ],
    [
      'the root of another account',
      { Principal: { AWS: 'arn:aws:iam::444455556666:root' } },
      'every principal of account 444455556666',
    ],
    [
      "another role in Cairn's account",
      { Principal: { AWS: 'arn:aws:iam::999988887777:role/other' } },
      'account 999988887777',
    ],
    ['a deleted role', { Principal: { AWS: 'AROAEXAMPLEEXAMPLE12' } }, 'was deleted'],
    ['a deleted user', { Principal: { AWS: 'AIDAEXAMPLEEXAMPLE12' } }, 'was deleted'],
    [
      'a service',
      { Principal: { Service: 'ec2.amazonaws.com' }, Condition: undefined },
      'the service ec2.amazonaws.com',
    ],
    [
      'a SAML provider',
      {
        Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/corp' },
        Action: 'sts:AssumeRoleWithSAML',
      },
      'saml-provider/corp',
    ],
    [
      'one repository on GitHub',
      {
        Principal: {
          Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
        },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:acme/shop:*' },
        },
      },
      'githubusercontent',
    ],
    ['a canonical user', { Principal: { CanonicalUser: 'abc' } }, 'canonical user'],
    [
      'an organization',
      { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } } },
      'o-abcdefghij',
    ],
    [
      'a wildcard in an ARN',
      { Principal: { AWS: 'arn:aws:iam::999988887777:role/*' } },
      'not an AWS principal',
    ],
    ['what is no principal', { Principal: { AWS: 'cairn' } }, 'not an AWS principal'],
    ['an unknown kind', { Principal: { aws: principalArn } }, 'unknown principal'],
    ['no principal', { Principal: undefined }, 'unknown principal'],
    ['an unknown element', { condition: {} }, "Cairn's own principal"],
    ['an unknown operator', { Condition: withId('stringequals') }, "Cairn's own principal"],
  ])('is for the customer to judge: %s', (_what, fields, who) => {
    const found = review(allow(), allow(fields))
    expect(found.verdict).toBe('unclear')
    expect(found.trusted.map(({ judgment }) => judgment)).toEqual(['expected', 'other'])
    expect(found.trusted[1]!.who).toContain(who)
  })

  test('without access is no risk', () => {
    const found = review(
      allow(),
      allow({ Principal: { AWS: '444455556666' }, Action: 'sts:TagSession', Condition: undefined }),
    )
    expect(found).toMatchObject({ verdict: 'safe', trusted: [{ judgment: 'expected' }] })
    expect(found.notes).toEqual([expect.stringContaining('444455556666')])
  })
})

describe('a Deny', () => {
  const open = allow({ Condition: undefined })
  const classical = (fields: StatementFields = {}) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: 'sts:AssumeRole',
    Condition: withId('StringNotEquals'),
    ...fields,
  })

  test('for every other external ID protects an Allow without a condition, and is reported', () => {
    for (const principal of ['*', { AWS: '*' }, { AWS: principalArn }]) {
      const found = review(open, classical({ Principal: principal }))
      expect(found.verdict).toBe('safe')
      expect(found.trusted[0]!.how).toContain('Deny')
      expect(found.notes).toEqual([expect.stringContaining('This is safe')])
    }
  })

  test.each<[string, StatementFields]>([
    ['for another principal', { Principal: { AWS: '444455556666' } }],
    ['for another action', { Action: 'sts:TagSession' }],
    ['with another operator', { Condition: withId('StringNotLike') }],
    ['that needs an ID to be there', { Condition: withId('StringNotEqualsIfExists') }],
    ['for each of multiple values', { Condition: withId('ForAnyValue:StringNotEquals') }],
    ['of more IDs', { Condition: withId('StringNotEquals', [externalId, 'other']) }],
    [
      'with a second condition',
      { Condition: { ...withId('StringNotEquals'), Bool: { 'aws:SecureTransport': true } } },
    ],
    ['with an unknown element', { Resource: '*' }],
    [
      'for all principals except one',
      { Principal: undefined, NotPrincipal: { AWS: principalArn } },
    ],
    [
      'without a condition, for another principal',
      { Principal: { AWS: '444455556666' }, Condition: undefined },
    ],
  ])('does not make a policy safe %s', (_what, fields) => {
    const found = review(open, classical(fields))
    expect(found.verdict).toBe('unsafe')
    expect(found.notes).toContainEqual(expect.stringContaining('not counted as protection'))
  })

  test('does not reduce all principals to one', () => {
    expect(review(allow(), { ...open, Principal: '*' }, classical()).verdict).toBe('unsafe')
  })
})

describe("while Cairn's principal is uncertain", () => {
  const judge = (...statements: unknown[]) =>
    reviewText(JSON.stringify(getRole(policy(...statements))), { principalArn: null })

  test('no policy is reported as safe, and the reason is included', () => {
    const found = judge(allow())
    expect(found).toMatchObject({ verdict: 'unclear', trusted: [{ judgment: 'other' }] })
    expect(found.trusted[0]!.means).toContain('The condition is correct')
    expect(found.notes).toContainEqual(expect.stringContaining('cannot determine'))
    expect(found.remedy).toBeNull()
  })

  test('a risk for any principal is detected', () => {
    expect(judge(allow({ Principal: '*' })).verdict).toBe('unsafe')
    const wide = judge(allow({ Condition: withId('StringLike', 'cairn-*') }))
    expect(wide.verdict).toBe('unsafe')
    expect(JSON.parse(wide.trusted[0]!.remedy!)).toEqual({ Condition: withId('StringEquals') })
  })
})
