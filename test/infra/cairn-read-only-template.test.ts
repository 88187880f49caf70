import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { permissionPolicy } from '../../src/aws/documents/permissions.ts'
import { externalIdPattern, trustPolicy } from '../../src/aws/documents/trust.ts'
import { evaluate, infra, readTemplate, takes } from './support.ts'
import { externalIds, principals } from './values.ts'

const template = readTemplate('cloudformation/cairn-read-only.yaml')
const parameters = template.Parameters
const principalArn = 'arn:aws:iam::123456789012:role/platform/cairn'
const externalId = 'cairn-kVxXf48F2ZByCcds9teC5nuZ'
const given = { ExternalId: externalId, CairnPrincipalArn: principalArn }
const role = (more: Record<string, string> = {}) =>
  evaluate(template, template.Resources.Role.Properties, { ...given, ...more })

test('the template is the only file in its folder', () => {
  expect(readdirSync(`${infra}/cloudformation`)).toEqual(['cairn-read-only.yaml'])
})

test('the template creates one role, with the trust and the permissions of the documents', () => {
  expect(Object.values(template.Resources)).toMatchObject([{ Type: 'AWS::IAM::Role' }])
  expect(role()).toEqual({
    RoleName: 'cairn-read-only',
    Path: '/',
    Description: expect.any(String),
    AssumeRolePolicyDocument: trustPolicy({ principalArn, externalId }),
    Policies: [{ PolicyName: 'cairn-read-only', PolicyDocument: permissionPolicy }],
    Tags: expect.any(Array),
  })
})

test('name, path and boundary are configurable', () => {
  const boundary = 'arn:aws-cn:iam::111122223333:policy/boundary'
  expect(
    role({ RoleName: 'reader', RolePath: '/services/', PermissionsBoundaryArn: boundary }),
  ).toMatchObject({ RoleName: 'reader', Path: '/services/', PermissionsBoundary: boundary })
})

test('the output is the ARN', () => {
  expect(template.Outputs).toEqual({
    RoleArn: { Description: expect.any(String), Value: { 'Fn::GetAtt': 'Role.Arn' } },
  })
})

test('only the external ID and the principal are required, and shown', () => {
  const without = Object.keys(parameters).filter((name) => !('Default' in parameters[name]))
  expect(without).toEqual(['ExternalId', 'CairnPrincipalArn'])
  expect(JSON.stringify(parameters)).not.toContain('NoEcho')
})

test('the console shows each parameter once, in a group and with a label', () => {
  const { ParameterGroups, ParameterLabels } = template.Metadata['AWS::CloudFormation::Interface']
  const names = Object.keys(parameters)
  expect(ParameterGroups.flatMap(({ Parameters }: { Parameters: string[] }) => Parameters)).toEqual(
    names,
  )
  expect(Object.keys(ParameterLabels)).toEqual(names)
})

describe('input validation', () => {
  test('accepts the external IDs that AWS accepts', () => {
    const agrees = (id: string) => takes(parameters.ExternalId, id) === externalIdPattern.test(id)
    fc.assert(fc.property(externalIds, agrees))
  })

  test.each(Object.entries(principals))('validates the principal: %s', (arn, right) => {
    expect(takes(parameters.CairnPrincipalArn, arn)).toBe(right)
  })

  test('accepts its own defaults', () => {
    for (const [name, parameter] of Object.entries<{ Default?: string }>(parameters)) {
      if (parameter.Default === undefined) continue
      expect([name, takes(parameter, parameter.Default)]).toEqual([name, true])
    }
  })

  test.each([
    ['RoleName', 'a/b', false],
    ['RoleName', 'a'.repeat(65), false],
    ['RolePath', '/services/team/', true],
    ['RolePath', 'services', false],
    ['RolePath', '/services', false],
    ['RolePath', '/ser vices/', false],
    ['PermissionsBoundaryArn', 'arn:aws:iam::aws:policy/ReadOnlyAccess', true],
    ['PermissionsBoundaryArn', 'arn:aws:iam::111122223333:role/boundary', false],
  ])('validates %s: %s: %s', (name, value, right) => {
    expect(takes(parameters[name], value)).toBe(right)
  })
})
