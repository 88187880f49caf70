import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { evaluateTrust, parsePolicy } from '../../simulator/policy.ts'
import { trustPolicy } from '../../src/aws/documents/trust.ts'
import { reviewTrust } from '../../src/aws/trust-review/index.ts'
import type { ExpectedTrust, TrustReview } from '../../src/aws/trust-review/types.ts'

const externalId = 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G'
const principalArn = 'arn:aws:iam::999988887777:role/services/cairn'
const cairnAccount = 'arn:aws:iam::999988887777:root'
const roleArn = 'arn:aws:iam::111122223333:role/cairn-read-only'
const expected: ExpectedTrust = { principalArn, externalId, roleArn }
const right = trustPolicy({ principalArn, externalId })

function reviewText(text: string, against: Partial<ExpectedTrust> = {}): TrustReview {
  const review = reviewTrust(text, { ...expected, ...against })
  if ('problem' in review) throw new Error(`${review.problem}\n${text}`)
  return review
}

const getRole = (document: unknown, Arn = roleArn) => ({
  Role: {
    ...{ Path: '/', RoleName: 'cairn-read-only', RoleId: 'AROAEXAMPLEEXAMPLE12', Arn },
    ...{ CreateDate: '2026-03-02T09:12:07+00:00', AssumeRolePolicyDocument: document },
    ...{ MaxSessionDuration: 3600, RoleLastUsed: {} },
  },
})

const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement })
const review = (...statements: unknown[]) =>
  reviewText(JSON.stringify(getRole(policy(...statements))))

interface Fields {
  Principal?: unknown
  Condition?: unknown
  [name: string]: unknown
}
const withId = (operator: string, id: unknown = externalId) => ({
  [operator]: { 'sts:ExternalId': id },
})
/** Cairn's statement as it should be, but for what is given. */
const allow = (fields: Fields = {}) => ({
  Effect: 'Allow',
  Principal: { AWS: principalArn },
  Action: 'sts:AssumeRole',
  Condition: withId('StringEquals'),
  ...fields,
})

describe('what people paste', () => {
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
    ['with the policy URL-encoded, as the API gives it', JSON.stringify(getRole(encoded))],
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
  ])('%s', (_what, text) => {
    expect(reviewText(text)).toMatchObject({ verdict: 'safe', notes: [] })
  })

  test.each<[string, string]>([
    ['the policy alone', JSON.stringify(right, null, 2)],
    ['the policy alone, URL-encoded', encoded],
    ['the policy alone, as a URL-encoded string', JSON.stringify(encoded)],
    ['the policy alone, as YAML', stringify(right)],
  ])('%s does not contain the role, which is reported', (_what, text) => {
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
  ])('is refused, with what would be right: %s', (reason, text) => {
    expect(reviewTrust(text, expected)).toEqual({ problem: expect.stringContaining(reason) })
    expect(reviewTrust(text, expected)).toEqual({ problem: expect.stringContaining('get-role') })
  })
})

describe('whose role it is', () => {
  test('another role is reported, even with a good policy', () => {
    const other = 'arn:aws:iam::111122223333:role/admin'
    const found = reviewText(JSON.stringify(getRole(right, other)))
    expect(found.verdict).toBe('another_role')
    expect(found.summary).toContain(other)
    expect(found.summary).toContain(roleArn)
  })

  test('before the connection has a role, its policy can be judged already', () => {
    const found = reviewText(JSON.stringify(getRole(right)), { roleArn: null })
    expect(found.verdict).toBe('safe')
    expect(found.notes).toEqual([expect.stringContaining(roleArn)])
  })
})

describe("Cairn's own statement", () => {
  test.each<[string, Fields]>([
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
      trusted: [{ judgement: 'expected', remedy: null }],
      remedy: null,
    })
  })

  test.each<[string, Fields, string]>([
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
  ])('is right, with a remark: %s', (_what, fields, remark) => {
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
        judgement: 'dangerous',
        means: expect.stringContaining(reason),
      })
      expect(JSON.parse(found.trusted[0]!.remedy!)).toEqual(right.Statement[0])
      expect(JSON.parse(found.remedy!)).toEqual(right)
    }
  })

  test('a whole account is wider than needed, but excludes other customers', () => {
    for (const principal of [cairnAccount, '999988887777']) {
      const found = review(allow({ Principal: { AWS: principal } }))
      expect(found).toMatchObject({ verdict: 'safe', trusted: [{ judgement: 'wider' }] })
      expect(found.summary).toContain("Cairn's AWS account")
      expect(JSON.parse(found.trusted[0]!.remedy!)).toEqual(right.Statement[0])
    }
  })

  test('one session of the role does not last', () => {
    const session = 'arn:aws:sts::999988887777:assumed-role/cairn/i-0123456789abcdef0'
    const found = review(allow({ Principal: { AWS: session } }))
    expect(found).toMatchObject({ verdict: 'unclear', trusted: [{ judgement: 'other' }] })
    const open = review(allow({ Principal: { AWS: session }, Condition: undefined }))
    expect(open.verdict).toBe('unsafe')
  })

  test.each<[string, unknown[]]>([
    ['no statement', []],
    ['only a denial', [{ ...allow({ Condition: undefined }), Effect: 'Deny' }]],
    ['an action that lets nobody in', [allow({ Action: 'sts:TagSession' })]],
    ['a denial beside it', [allow(), { Effect: 'Deny', Principal: '*', Action: '*' }]],
    ['a denial of its ID', [allow(), allow({ Effect: 'Deny' })]],
    [
      'conditions that exclude each other',
      [allow({ Condition: { ...withId('StringEquals'), ...withId('Null', 'true') } })],
    ],
  ])('that excludes Cairn is reported, with a policy that does not: %s', (_what, statements) => {
    const found = review(...statements)
    expect(found.verdict).toBe('unclear')
    expect(found.summary).toContain('no access')
    expect(JSON.parse(found.remedy!)).toEqual(right)
  })
})

describe('anyone else', () => {
  test.each<[string, Fields, string]>([
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
      'everyone but somebody',
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
    const dangerous = found.trusted.filter(({ judgement }) => judgement === 'dangerous')
    expect(dangerous).toEqual([expect.objectContaining({ means: expect.stringContaining(reason) })])
  })

  test.each<[string, Fields, string]>([
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
    expect(found.trusted.map(({ judgement }) => judgement)).toEqual(['expected', 'other'])
    expect(found.trusted[1]!.who).toContain(who)
  })

  test('a principal without access is no risk', () => {
    const found = review(
      allow(),
      allow({ Principal: { AWS: '444455556666' }, Action: 'sts:TagSession', Condition: undefined }),
    )
    expect(found).toMatchObject({ verdict: 'safe', trusted: [{ judgement: 'expected' }] })
    expect(found.notes).toEqual([expect.stringContaining('444455556666')])
  })
})

describe('a Deny', () => {
  const open = allow({ Condition: undefined })
  const classical = (fields: Fields = {}) => ({
    Effect: 'Deny',
    Principal: '*',
    Action: 'sts:AssumeRole',
    Condition: withId('StringNotEquals'),
    ...fields,
  })

  test('for every other external ID protects an Allow without a condition, which is reported', () => {
    for (const principal of ['*', { AWS: '*' }, { AWS: principalArn }]) {
      const found = review(open, classical({ Principal: principal }))
      expect(found.verdict).toBe('safe')
      expect(found.trusted[0]!.how).toContain('Deny')
      expect(found.notes).toEqual([expect.stringContaining('This is safe')])
    }
  })

  test.each<[string, Fields]>([
    ['for somebody else', { Principal: { AWS: '444455556666' } }],
    ['for another action', { Action: 'sts:TagSession' }],
    ['with another operator', { Condition: withId('StringNotLike') }],
    ['that needs an ID to be there', { Condition: withId('StringNotEqualsIfExists') }],
    ['for each of multiple values', { Condition: withId('ForAnyValue:StringNotEquals') }],
    ['of more IDs', { Condition: withId('StringNotEquals', [externalId, 'other']) }],
    [
      'with a second condition',
      { Condition: { ...withId('StringNotEquals'), Bool: { 'aws:SecureTransport': true } } },
    ],
    ['with an element that nobody knows', { Resource: '*' }],
    ['for everyone but somebody', { Principal: undefined, NotPrincipal: { AWS: principalArn } }],
    [
      'without a condition, for somebody else',
      { Principal: { AWS: '444455556666' }, Condition: undefined },
    ],
  ])('makes nothing safe %s', (_what, fields) => {
    const found = review(open, classical(fields))
    expect(found.verdict).toBe('unsafe')
    expect(found.notes).toContainEqual(expect.stringContaining('not counted as protection'))
  })

  test('does not turn everyone into one principal', () => {
    expect(review(allow(), { ...open, Principal: '*' }, classical()).verdict).toBe('unsafe')
  })
})

describe("while Cairn's principal is not certain", () => {
  const judge = (...statements: unknown[]) =>
    reviewText(JSON.stringify(getRole(policy(...statements))), { principalArn: null })

  test('nothing is called safe, with the reason', () => {
    const found = judge(allow())
    expect(found).toMatchObject({ verdict: 'unclear', trusted: [{ judgement: 'other' }] })
    expect(found.trusted[0]!.means).toContain('The condition is correct')
    expect(found.notes).toContainEqual(expect.stringContaining('cannot determine'))
    expect(found.remedy).toBeNull()
  })

  test('a risk for any principal is found', () => {
    expect(judge(allow({ Principal: '*' })).verdict).toBe('unsafe')
    const wide = judge(allow({ Condition: withId('StringLike', 'cairn-*') }))
    expect(wide.verdict).toBe('unsafe')
    expect(JSON.parse(wide.trusted[0]!.remedy!)).toEqual({ Condition: withId('StringEquals') })
  })
})

// Everything that IAM would take and the simulator can evaluate, and often almost right.
const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: odd })
const oneOrMany = (item: fc.Arbitrary<string>) =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
const strangerArn = 'arn:aws:iam::444455556666:role/stranger'
const awsPrincipal = rarely(
  fc.constantFrom(principalArn, cairnAccount, '999988887777'),
  fc.constantFrom('*', strangerArn, '444455556666', 'arn:aws:iam::444455556666:root', roleArn),
)
const idValue = rarely(
  fc.constant(externalId),
  fc.constantFrom('*', 'cairn-*', `${externalId}*`, '?*', externalId.toLowerCase(), 'other'),
)
const idOperator = rarely(
  fc.constant('StringEquals'),
  fc
    .tuple(
      fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
      fc.constantFrom(
        ...['StringEquals', 'StringLike', 'StringEqualsIgnoreCase', 'StringNotEquals'],
        ...['StringNotLike', 'StringNotEqualsIgnoreCase'],
      ),
      fc.constantFrom('', '', 'IfExists'),
    )
    .map((parts) => parts.join('')),
)
const idKey = fc.constantFrom('sts:ExternalId', 'sts:externalid', 'STS:EXTERNALID')
const idTest = fc.tuple(idOperator, idKey, oneOrMany(idValue))
const nullTest = fc.tuple(fc.constant('Null'), idKey, fc.constantFrom('true', 'false'))
const principalTest = fc.oneof(
  fc.tuple(
    fc.constantFrom('ArnEquals', 'ArnLike', 'StringEquals', 'StringLike', 'ArnLikeIfExists'),
    fc.constant('aws:PrincipalArn'),
    oneOrMany(fc.constantFrom(principalArn, strangerArn, 'arn:aws:iam::*:role/*')),
  ),
  fc.tuple(
    fc.constantFrom('StringEquals', 'StringNotEquals'),
    fc.constant('aws:PrincipalAccount'),
    oneOrMany(fc.constantFrom('999988887777', '444455556666')),
  ),
)
const conditionOf = (tests: fc.Arbitrary<[string, string, string | string[]]>) =>
  fc.array(tests, { maxLength: 3 }).map((list) => {
    const condition: Record<string, Record<string, string | string[]>> = {}
    for (const [operator, key, values] of list) {
      const keys = condition[operator] ?? {}
      // IAM does not say what the same key in two spellings means.
      if (Object.keys(keys).some((other) => other.toLowerCase() === key.toLowerCase())) continue
      condition[operator] = { ...keys, [key]: values }
    }
    return condition
  })
const idCondition = conditionOf(fc.oneof({ weight: 5, arbitrary: idTest }, nullTest))
const anyCondition = conditionOf(
  fc.oneof({ weight: 4, arbitrary: idTest }, nullTest, principalTest),
)
const statementOf = (Condition: fc.Arbitrary<object>) =>
  fc.record(
    {
      Effect: rarely(fc.constant('Allow'), fc.constant('Deny')),
      Principal: fc.oneof(
        fc.constant('*'),
        ...Array.from({ length: 5 }, () => fc.record({ AWS: oneOrMany(awsPrincipal) })),
      ),
      Action: oneOrMany(
        rarely(
          fc.constant('sts:AssumeRole'),
          fc.constantFrom('*', 'sts:*', 'sts:Assume*', 'sts:TagSession', 'STS:assumerole', 'iam:*'),
        ),
      ),
      Condition,
    },
    { requiredKeys: ['Effect', 'Principal', 'Action'] },
  )
const statement = statementOf(anyCondition)
const statements = fc.array(statement, { minLength: 1, maxLength: 3 })

function caller(arn: string) {
  const [, , , , accountId = '', resource = ''] = arn.split(':')
  const session = `arn:aws:sts::${accountId}:assumed-role/${resource.split('/').at(-1)}/session`
  return { accountId, arn: session, principalArn: arn }
}

/** Whether the simulator, which has an evaluator of its own, lets somebody in. */
function getsIn(list: object[], arn: string, id: string | undefined): boolean {
  const who = caller(arn)
  const verdict = evaluateTrust(parsePolicy(policy(...list) as never, 'trust'), {
    ...{ action: 'sts:AssumeRole', resource: '*', caller: who },
    keys: {
      ...{ 'sts:externalid': id, 'aws:principalarn': arn, 'aws:principalaccount': who.accountId },
    },
  })
  return verdict === 'allow' || verdict === 'allow-account'
}

const swapCase = (id: string) =>
  id.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
const wrongIds = [undefined, 'a-random-id', `${externalId}x`, swapCase(externalId), 'other']

describe("compared with the simulator's evaluation", () => {
  test('a safe policy allows only Cairn with its ID, and no outsider', () => {
    let safe = 0
    fc.assert(
      fc.property(statements, (list) => {
        if (review(...list).verdict !== 'safe') return
        safe++
        for (const id of wrongIds) expect(getsIn(list, principalArn, id), id).toBe(false)
        for (const id of [undefined, externalId]) expect(getsIn(list, strangerArn, id)).toBe(false)
      }),
      { numRuns: 2000 },
    )
    expect(safe).toBeGreaterThan(50)
  })

  test('a policy that allows Cairn without its ID, or everyone, is unsafe', () => {
    let open = 0
    const anyone = 'arn:aws:iam::777766665555:role/anyone'
    fc.assert(
      fc.property(statements, (list) => {
        const isOpen =
          wrongIds.some((id) => getsIn(list, principalArn, id)) ||
          getsIn(list, anyone, undefined) ||
          getsIn(list, anyone, externalId)
        if (!isOpen) return
        open++
        expect(review(...list).verdict).toBe('unsafe')
      }),
      { numRuns: 2000 },
    )
    expect(open).toBeGreaterThan(50)
  })

  test('an outsider with access is never missed', () => {
    fc.assert(
      fc.property(statements, (list) => {
        if (![undefined, externalId].some((id) => getsIn(list, strangerArn, id))) return
        expect(review(...list).verdict).not.toBe('safe')
      }),
      { numRuns: 1000 },
    )
  })

  test('with a condition on the external ID only, Cairn has access exactly as reported', () => {
    fc.assert(
      fc.property(fc.array(statementOf(idCondition), { minLength: 1, maxLength: 3 }), (list) => {
        const { notes } = review(...list)
        const said = !notes.some((note) => /^No statement allows Cairn|blocks Cairn/.test(note))
        expect(said).toBe(getsIn(list, principalArn, externalId))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('what changes nothing, or only for the worse', () => {
  const shuffled = <T>(list: T[]) => fc.shuffledSubarray(list, { minLength: list.length })
  const severity = { safe: 0, unclear: 1, unsafe: 2, another_role: 3 }

  test('the order of statements, of lists and of members', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed).reverse()
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .map(([name, inner]) => [name, reversed(inner)])
                .reverse(),
            )
          : value
    fc.assert(
      fc.property(
        statements.chain((list) => fc.tuple(fc.constant(list), shuffled(list))),
        ([list, otherwise]) => {
          const { verdict } = review(...list)
          expect(review(...otherwise).verdict).toBe(verdict)
          expect(review(...(reversed(list) as object[])).verdict).toBe(verdict)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('one statement for each principal instead of a list', () => {
    fc.assert(
      fc.property(statements, (list) => {
        const apart = list.flatMap((each) =>
          typeof each.Principal === 'string'
            ? [each]
            : [each.Principal.AWS].flat().map((AWS) => ({ ...each, Principal: { AWS } })),
        )
        expect(review(...apart).verdict).toBe(review(...list).verdict)
      }),
      { numRuns: 1000 },
    )
  })

  test('another Allow removes no access, so it is never safer', () => {
    fc.assert(
      fc.property(statements, statement, (list, more) => {
        const before = review(...list)
        const after = review(...list, { ...more, Effect: 'Allow' })
        expect(after.trusted.slice(0, before.trusted.length)).toEqual(before.trusted)
        // All but one thing: that Cairn was not let in can be mended by it.
        const bad = before.trusted.some(({ judgement }) => /other|dangerous/.test(judgement))
        if (bad) expect(severity[after.verdict]).toBeGreaterThanOrEqual(severity[before.verdict])
      }),
      { numRuns: 1000 },
    )
  })

  test('the form that it is pasted in', () => {
    fc.assert(
      fc.property(statements, (list) => {
        const document = policy(...list)
        const found = review(...list)
        expect(reviewText(stringify(getRole(document)))).toEqual(found)
        const encoded = encodeURIComponent(JSON.stringify(document))
        expect(reviewText(JSON.stringify(getRole(encoded)))).toEqual(found)
      }),
      { numRuns: 300 },
    )
  })
})

describe('any pasted text', () => {
  /** Answers in words that can be sent and shown, and is never safe by accident. */
  function survives(text: string) {
    const found = reviewTrust(text, expected)
    expect(JSON.stringify(found).isWellFormed()).toBe(true)
    const words = JSON.parse(JSON.stringify(found))
    for (const value of JSON.stringify(words).match(/\\ud[89a-f][0-9a-f]{2}/gi) ?? [])
      expect.unreachable(value)
    if ('verdict' in found) expect(found.verdict).not.toBe('safe')
  }

  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), survives))
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), survives))
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
    fc.assert(fc.property(units, (codes) => survives(String.fromCharCode(...codes))))
  })

  test('any JSON in any place of a policy', () => {
    // String() throws for an object whose own `toString` is not a function, as in {"toString": null}.
    const nameOf = (odd: unknown) => (typeof odd === 'string' ? odd : JSON.stringify(odd))
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
      fc.constantFrom('\ud800', '__proto__', {}, [], null),
    )
    const names = ['Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition', 'x']
    fc.assert(
      fc.property(fc.constantFrom(...names), value, value, (name, odd, other) => {
        survives(JSON.stringify(getRole(policy(allow({ [name]: odd, Sid2: other })))))
        survives(JSON.stringify(getRole(policy(allow(), odd))))
        survives(
          JSON.stringify(getRole(policy(allow(), allow({ Principal: { AWS: odd } })))).replace(
            principalArn,
            'x',
          ),
        )
        survives(JSON.stringify(getRole(odd)))
        survives(JSON.stringify(odd))
        survives(JSON.stringify({ Role: odd, Statement: other }))
        survives(JSON.stringify({ Statement: odd }))
        survives(JSON.stringify(getRole(policy(allow({ Condition: { StringLike: odd } })))))
        survives(
          JSON.stringify(
            getRole(policy(allow({ Condition: { [nameOf(odd)]: { 'sts:ExternalId': other } } }))),
          ),
        )
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, string]>([
    ['brackets', '['.repeat(47_000)],
    ['braces', '{"Statement":'.repeat(3_500)],
    ['a policy that is nested deeply', `{"Statement":${'['.repeat(500)}${']'.repeat(500)}}`],
    ['dashes', '- '.repeat(47_000)],
    ['tags', '!!map '.repeat(7_000)],
    [
      'aliases',
      Array.from({ length: 2_000 }, (_, i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`).join('\n'),
    ],
    [
      'wildcards',
      JSON.stringify(
        policy(
          allow({
            Action: '*a'.repeat(4_000),
            Condition: withId('StringLike', '*n'.repeat(3_000)),
          }),
        ),
      ),
    ],
    [
      'many principals',
      JSON.stringify(
        policy(allow({ Principal: { AWS: Array.from({ length: 2_000 }, (_, i) => `x${i}`) } })),
      ),
    ],
    ['prompts', '$ '.repeat(40_000)],
    ['many prompts', '$\n'.repeat(40_000)],
    [
      'a list of many members',
      `{${Array.from({ length: 4_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
    ],
  ])('hostile text: %s', (_what, text) => survives(text))
})
