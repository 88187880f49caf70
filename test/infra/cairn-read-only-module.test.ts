import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { permissionPolicy } from '../../src/aws/documents/permissions.ts'
import { withPrincipal } from '../../src/aws/documents/terraform.ts'
import { externalIdPattern, trustPolicy } from '../../src/aws/documents/trust.ts'
import { read, readModule } from './support.ts'
import { externalIds, principals } from './values.ts'

const folder = 'terraform/cairn-read-only'
const module = await readModule(folder)
const { variable, resource } = module

test("the module's policies match the documents", () => {
  const locals = Object.assign({}, ...module.locals)
  expect(locals).toEqual({
    trust_policy: trustPolicy({
      principalArn: asText('var.principal_arn'),
      externalId: asText('var.external_id'),
    }),
    permission_policy: permissionPolicy,
  })
})

test('the module creates the role and its inline policy, and nothing else', () => {
  expect(resource).toEqual({
    aws_iam_role: {
      this: [
        {
          name: asText('var.name'),
          path: asText('var.path'),
          description: expect.any(String),
          assume_role_policy: asText('jsonencode(local.trust_policy)'),
          permissions_boundary: asText('var.permissions_boundary'),
          tags: asText('var.tags'),
        },
      ],
    },
    aws_iam_role_policy: {
      this: [
        {
          name: 'cairn-read-only',
          role: asText('aws_iam_role.this.name'),
          policy: asText('jsonencode(local.permission_policy)'),
        },
      ],
    },
  })
  expect(module).not.toHaveProperty('data')
})

test('only the external ID is required if the principal has a default', () => {
  const required = Object.keys(variable).filter((name) => !('default' in variable[name][0]))
  expect(required).toEqual(['external_id'])
  expect(variable.principal_arn[0].default).toBeNull()
})

test('a default principal changes one line', () => {
  const before = read(`${folder}/variables.tf`).split('\n')
  expect(before.filter((line) => line === '  default = null')).toHaveLength(1)
  const after = withPrincipal(before.join('\n'), 'arn:aws:iam::123456789012:role/cairn').split('\n')
  const expected = before.map((line) =>
    line === '  default = null' ? '  default = "arn:aws:iam::123456789012:role/cairn"' : line,
  )
  expect(after).toEqual(expected)
})

describe('input validation', () => {
  test('accepts the external IDs that AWS accepts', () => {
    const [{ condition }] = variable.external_id[0].validation
    const [, pattern, longest] =
      /^\$\{can\(regex\("(.+)", var\.external_id\)\) && length\(var\.external_id\) <= (\d+)\}$/.exec(
        condition,
      )!
    // Terraform's expressions repeat at most 1,000 times, so the length is a rule of its own.
    expect(pattern).not.toMatch(/\d{4}/)
    const takes = (id: string) => new RegExp(pattern!).test(id) && id.length <= Number(longest)
    fc.assert(fc.property(externalIds, (id) => takes(id) === externalIdPattern.test(id)))
  })

  test.each(Object.entries(principals))('validates the principal: %s', (arn, right) => {
    const [missing, { condition }] = variable.principal_arn[0].validation
    expect(missing.condition).toBe(asText('var.principal_arn != null'))
    const [, pattern] = /regex\("(.+)", var\.principal_arn\)/.exec(condition)!
    expect(new RegExp(pattern!).test(arn)).toBe(right)
  })
})

/** An expression, as HashiCorp's parser leaves it. */
function asText(expression: string): string {
  return `\${${expression}}`
}
