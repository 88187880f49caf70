import { describe, expect, test } from 'vitest'
import type { PolicyDocument } from '../../simulator/index.ts'
import { evaluate, evaluateTrust, type PolicyRequest, parsePolicy } from '../../simulator/policy.ts'
import { policy } from '../../testing/roles.ts'

const request = (changes: Partial<PolicyRequest> = {}): PolicyRequest => ({
  action: 'cloudtrail:LookupEvents',
  resource: '*',
  caller: {
    accountId: '999988887777',
    arn: 'arn:aws:sts::999988887777:assumed-role/cairn/session',
    principalArn: 'arn:aws:iam::999988887777:role/platform/cairn',
  },
  keys: { 'aws:requestedregion': 'eu-west-1', 'aws:securetransport': 'true' },
  ...changes,
})

const decide = (statement: object, changes?: Partial<PolicyRequest>) =>
  evaluate(
    [
      parsePolicy(
        policy({ Effect: 'Allow', Action: '*', Resource: '*', ...statement }),
        'identity',
      ),
    ],
    request(changes),
  )

describe('an identity policy', () => {
  test.each([
    ['cloudtrail:LookupEvents', 'allow'],
    ['CloudTrail:lookupevents', 'allow'],
    ['cloudtrail:Lookup*', 'allow'],
    ['cloudtrail:?ookupEvents', 'allow'],
    ['*', 'allow'],
    ['cloudtrail:Lookup', 'none'],
    ['cloudtrail:LookupEvents?', 'none'],
    ['cloudtraiX:*', 'none'],
  ])('that allows %s returns %s', (Action, verdict) => {
    expect(decide({ Action })).toBe(verdict)
  })

  test('with NotAction and NotResource allows everything else', () => {
    expect(decide({ Action: undefined, NotAction: 'cloudtrail:Get*' })).toBe('allow')
    expect(decide({ Action: undefined, NotAction: 'cloudtrail:L*' })).toBe('none')
    const elsewhere = { Resource: undefined, NotResource: 'arn:aws:s3:::logs' }
    expect(decide(elsewhere, { resource: 'arn:aws:s3:::data' })).toBe('allow')
    expect(decide(elsewhere, { resource: 'arn:aws:s3:::logs' })).toBe('none')
  })

  test('for one resource does not allow actions without resources', () => {
    expect(decide({ Resource: 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/a' })).toBe('none')
  })

  test('with a Deny overrides every Allow', () => {
    const allow = parsePolicy(policy({ Effect: 'Allow', Action: '*', Resource: '*' }), 'identity')
    const deny = parsePolicy(
      policy({ Effect: 'Deny', Action: 'cloudtrail:*', Resource: '*' }),
      'identity',
    )
    expect(evaluate([allow, deny, allow], request())).toBe('deny')
    expect(evaluate([], request())).toBe('none')
  })

  test.each<[object, string]>([
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, 'allow'],
    [{ StringEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] } }, 'allow'],
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-*' } }, 'none'],
    [{ StringLike: { 'aws:RequestedRegion': 'eu-west-*' } }, 'allow'],
    [{ StringNotEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] } }, 'none'],
    [{ StringNotLike: { 'aws:RequestedRegion': 'eu-*' } }, 'none'],
    [{ StringEqualsIgnoreCase: { 'aws:RequestedRegion': 'EU-WEST-1' } }, 'allow'],
    [{ StringNotEqualsIgnoreCase: { 'aws:RequestedRegion': 'EU-WEST-1' } }, 'none'],
    [{ Bool: { 'aws:SecureTransport': true } }, 'allow'],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, 'none'],
    [{ StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'none'],
    [{ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'allow'],
    [{ StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }, 'allow'],
    [{ Null: { 'aws:PrincipalOrgID': 'true' } }, 'allow'],
    [{ Null: { 'aws:PrincipalOrgID': false } }, 'none'],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } }, 'allow'],
    [{ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'team' } }, 'none'],
    [{ 'ForAnyValue:StringLike': { 'aws:RequestedRegion': 'eu-*' } }, 'allow'],
    [
      {
        StringLike: { 'aws:RequestedRegion': 'eu-*' },
        Bool: { 'aws:SecureTransport': 'false' },
      },
      'none',
    ],
  ])('under %j returns %s', (Condition, verdict) => {
    expect(decide({ Condition })).toBe(verdict)
  })

  test("keeps an ARN pattern's wildcards within its parts", () => {
    const keys = { 'aws:principalarn': 'arn:aws:iam::111122223333:role/a:b/c' }
    const like = (pattern: string) =>
      decide({ Condition: { ArnLike: { 'aws:PrincipalArn': pattern } } }, { keys })
    expect(like('arn:aws:iam::*:role/*')).toBe('allow')
    expect(like('arn:aws:*:role/*')).toBe('none')
    expect(like('arn:*')).toBe('none')
  })
})

describe('a trust policy', () => {
  const trusts = (statement: object) =>
    evaluateTrust(
      parsePolicy(policy({ Effect: 'Allow', Action: 'sts:*', ...statement }), 'trust'),
      request({ action: 'sts:AssumeRole' }),
    )

  test('distinguishes an Allow for the caller from one for its account', () => {
    expect(trusts({ Principal: '*' })).toBe('allow')
    expect(trusts({ Principal: { AWS: request().caller.principalArn } })).toBe('allow')
    expect(trusts({ Principal: { AWS: request().caller.arn } })).toBe('allow')
    expect(trusts({ Principal: { AWS: '999988887777' } })).toBe('allow-account')
    const root = 'arn:aws:iam::999988887777:root'
    expect(trusts({ Principal: { AWS: ['111122223333', root] } })).toBe('allow-account')
    expect(trusts({ Principal: { AWS: '111122223333' } })).toBe('none')
    expect(trusts({ Principal: { AWS: 'arn:aws:iam::999988887777:role/cairn' } })).toBe('none')
    expect(trusts({ Principal: { Service: 'ec2.amazonaws.com' } })).toBe('none')
    expect(trusts({ Principal: '*', Effect: 'Deny' })).toBe('deny')
  })
})

describe('a malformed policy is rejected', () => {
  const allow = { Effect: 'Allow', Action: 'sts:AssumeRole' }
  test.each<[string, 'trust' | 'identity', PolicyDocument]>([
    ['no JSON', 'trust', '{'],
    ['no statement', 'trust', { Version: '2012-10-17' }],
    ['an unknown version', 'trust', { Version: '2020-01-01', Statement: [] }],
    ['an unknown element', 'trust', policy({ ...allow, Principal: '*', Principals: '*' })],
    ['an unknown effect', 'trust', policy({ ...allow, Principal: '*', Effect: 'Maybe' })],
    ['trust without a principal', 'trust', policy(allow)],
    ['trust with a resource', 'trust', policy({ ...allow, Principal: '*', Resource: '*' })],
    ['a principal with a wildcard', 'trust', policy({ ...allow, Principal: { AWS: 'arn:aws:*' } })],
    [
      'a principal of eleven digits',
      'trust',
      policy({ ...allow, Principal: { AWS: '1'.repeat(11) } }),
    ],
    ['permission without a resource', 'identity', policy(allow)],
    [
      'permission with a principal',
      'identity',
      policy({ ...allow, Principal: '*', Resource: '*' }),
    ],
    ['no action', 'identity', policy({ Effect: 'Allow', Resource: '*' })],
    [
      'an action without a service',
      'identity',
      policy({ ...allow, Action: 'Read', Resource: '*' }),
    ],
    ['action and NotAction', 'identity', policy({ ...allow, NotAction: 'a:b', Resource: '*' })],
    [
      'an unknown operator',
      'identity',
      policy({ ...allow, Resource: '*', Condition: { StringIs: { 'a:b': 'c' } } }),
    ],
    [
      'an operator that is not simulated',
      'identity',
      policy({ ...allow, Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '::1' } } }),
    ],
    [
      'NullIfExists',
      'identity',
      policy({ ...allow, Resource: '*', Condition: { NullIfExists: { 'a:b': 'true' } } }),
    ],
    [
      'a policy variable',
      'identity',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how IAM writes a variable
      policy({ ...allow, Resource: '*', Condition: { StringEquals: { 'a:b': '${aws:userid}' } } }),
    ],
  ])('because of %s', (_, kind, document) => {
    expect(() => parsePolicy(document, kind)).toThrow(
      expect.objectContaining({ code: 'MalformedPolicyDocument', status: 400 }),
    )
  })
})
