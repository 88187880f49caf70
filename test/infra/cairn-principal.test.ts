import { describe, expect, test } from 'vitest'
import { parseHcl } from '../../testing/hcl.ts'
import { evaluate, type Json, readModule, readTemplate } from './support.ts'

const template = readTemplate('operator/cairn-principal/cloudformation.yaml')
const module = await readModule('operator/cairn-principal/terraform')
const locals = Object.assign({}, ...module.locals)
const kinds: string[] = template.Parameters.RunsOn.AllowedValues

const issuer = 'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE'
const engineer = 'arn:aws:iam::111122223333:role/engineer'
const aws = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
}
const evaluateRole = (more: Record<string, unknown>) =>
  evaluate(template, template.Resources.Role.Properties, {
    ...aws,
    OidcIssuer: issuer,
    PrincipalArns: [engineer],
    ...more,
  })

/** The one statement of the trust policy that the template makes. */
function trustOf(kind: string): Json {
  const { AssumeRolePolicyDocument: document } = evaluateRole({ RunsOn: kind })
  const { Version, Statement } = typeof document === 'string' ? JSON.parse(document) : document
  expect([Version, Statement.length]).toEqual(['2012-10-17', 1])
  return Statement[0]
}

/** The same of the module, with the values that the template was given. */
async function moduleTrustOf(kind: string): Promise<Json> {
  const [, object] = /^\$\{jsonencode\((.+)\)\}$/s.exec(locals.trust_statements[kind])!
  const parsed = await parseHcl('statement.tf', `locals {\n  statement = ${object}\n}\n`)
  const values: Record<string, string> = {
    'data.aws_partition.current.dns_suffix': 'amazonaws.com',
    'local.partition': 'aws',
    'local.account_id': '123456789012',
    'local.oidc_issuer': issuer,
    'var.service_account': 'cairn:cairn',
  }
  const text = JSON.stringify(parsed.locals[0].statement)
    .replace(`"\${var.principal_arns}"`, JSON.stringify([engineer]))
    .replaceAll(/\$\{([\w.]+)\}/g, (_, name) => values[name] ?? `no value for ${name}`)
  return JSON.parse(text)
}

describe('the principals that can use the role', () => {
  const expected: Record<string, Json> = {
    ec2: { Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ecs: {
      Principal: { Service: 'ecs-tasks.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
    },
    'eks-pod-identity': {
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
    'eks-irsa': {
      Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${issuer}:sub`]: 'system:serviceaccount:cairn:cairn',
          [`${issuer}:aud`]: 'sts.amazonaws.com',
        },
      },
    },
    principals: { Principal: { AWS: [engineer] }, Action: 'sts:AssumeRole' },
  }

  test('are five kinds, the same in the template and in the module', () => {
    expect(kinds).toEqual(Object.keys(expected))
    expect(Object.keys(locals.trust_statements)).toEqual(expect.arrayContaining(kinds))
    const [{ condition }] = module.variable.runs_on[0].validation
    expect(condition).toContain(kinds.map((kind) => `"${kind}"`).join(', '))
  })

  test.each(kinds)('are restricted by their trust policy: %s', async (kind) => {
    const statement = { Sid: expect.any(String), Effect: 'Allow', ...expected[kind] }
    expect(trustOf(kind)).toEqual(statement)
    expect(await moduleTrustOf(kind)).toEqual(trustOf(kind))
  })

  test('get an instance profile only for EC2', () => {
    const { Condition } = template.Resources.InstanceProfile
    const has = (kind: string) =>
      evaluate(template, template.Conditions[Condition], { ...aws, RunsOn: kind })
    expect(kinds.filter(has)).toEqual(['ec2'])
    expect(module.resource.aws_iam_instance_profile.this[0].count).toContain('"ec2" ? 1 : 0')
  })

  test.each([
    ['eks-irsa', { OidcIssuer: '' }],
    ['principals', { PrincipalArns: [''] }],
  ])('need their parameters: %s without one is rejected', (kind, more) => {
    const holds = (values: Record<string, unknown>) =>
      Object.values<Json>(template.Rules)
        .filter((rule) => evaluate(template, rule.RuleCondition, values))
        .flatMap((rule) => rule.Assertions)
        .every(({ Assert }) => evaluate(template, Assert, values))
    const right = { RunsOn: kind, OidcIssuer: issuer, PrincipalArns: [engineer] }
    expect(holds(right)).toBe(true)
    expect(holds({ ...right, ...more })).toBe(false)
  })
})

describe('the permissions of the role', () => {
  const statement = (more: Record<string, unknown> = {}) => {
    const [policy, ...others] = evaluateRole({ RunsOn: 'ecs', ...more }).Policies
    expect(others).toEqual([])
    return policy.PolicyDocument.Statement
  }

  // A condition on the external ID would make Cairn's probes prove nothing.
  test('allow assuming roles, without a condition', () => {
    const allowed = { Sid: 'AssumeCustomersRoles', Effect: 'Allow', Action: 'sts:AssumeRole' }
    expect(statement()).toEqual([{ ...allowed, Resource: 'arn:aws:iam::*:role/*' }])
    const everyRole = `["arn:\${local.partition}:iam::*:role/*"]`
    const Resource = `\${length(var.customer_role_arns) > 0 ? var.customer_role_arns : ${everyRole}}`
    expect(locals.permission_policy.Statement).toEqual([{ ...allowed, Resource }])
  })

  test('can be limited to some roles', () => {
    const Resource = 'arn:aws:iam::*:role/cairn-read-only'
    expect(statement({ CustomerRoles: 'cairn-read-only' })).toMatchObject([{ Resource }])
  })
})

test('the template and the module protect the role from accidental deletion', () => {
  const { DeletionPolicy, UpdateReplacePolicy } = template.Resources.Role
  expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
  expect(module.resource.aws_iam_role.this[0].lifecycle[0].prevent_destroy).toBe(true)
})

test('each output names its setting', () => {
  expect(template.Outputs.PrincipalArn.Description).toContain('CAIRN_PRINCIPAL_ARN')
  expect(module.output.principal_arn[0].description).toContain('CAIRN_PRINCIPAL_ARN')
})

test('the console shows each parameter once, in a group and with a label', () => {
  const { ParameterGroups, ParameterLabels } = template.Metadata['AWS::CloudFormation::Interface']
  const names = Object.keys(template.Parameters).sort()
  const grouped = ParameterGroups.flatMap(({ Parameters }: Json) => Parameters)
  expect(grouped.sort()).toEqual(names)
  expect(Object.keys(ParameterLabels).sort()).toEqual(names)
})
