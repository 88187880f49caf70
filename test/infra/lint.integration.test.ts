import { execFile, spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPolicy } from '../../scripts/publish-template.ts'
import { permissionPolicy, sessionPolicy } from '../../src/aws/documents/permissions.ts'
import { trustPolicy } from '../../src/aws/documents/trust.ts'
import { pythonTool } from '../../testing/python.ts'
import {
  evaluate,
  infra,
  type Json,
  read,
  readModule,
  readTemplate,
  tableBelow,
} from './support.ts'

const run = promisify(execFile)

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lint-'))
  await Promise.all([pythonTool('cfn-lint'), pythonTool('parliament')])
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('cfn-lint', () => {
  /** The ids of the rules that a template breaks, those included that only inform. */
  async function lint(file: string): Promise<string[]> {
    const { bin } = await pythonTool('cfn-lint')
    // In an empty folder: it reads a configuration where it stands.
    const args = ['--include-checks', 'I', '--format', 'json', '--template', file]
    const { stdout } = await run(bin('cfn-lint'), args, { cwd: folder }).catch((error) => {
      if (typeof error.code !== 'number') throw error
      return error
    })
    return JSON.parse(stdout).map(({ Rule }: Json) => `${Rule.Id} ${Rule.ShortDescription}`)
  }

  const templates = globSync('**/*.yaml', { cwd: infra }).sort()

  test('finds both templates', () => {
    expect(templates).toEqual([
      'cloudformation/cairn-read-only.yaml',
      'operator/cairn-principal/cloudformation.yaml',
    ])
  })

  test.each(templates)('finds no problem in %s', async (file) => {
    expect(await lint(path.join(infra, file))).toEqual([])
  })

  test('reports an error', async () => {
    const file = path.join(folder, 'broken.yaml')
    const text = read(templates[0]!).replace('RoleName: !Ref RoleName', 'RolName: !Ref RolePath')
    await writeFile(file, text)
    expect((await lint(file)).map((rule) => rule.slice(0, 5))).toEqual(
      expect.arrayContaining(['E3002', 'W2001']),
    )
  })
})

describe('parliament', () => {
  const customer = 'arn:aws:iam::111122223333:role/cairn-read-only'

  /** A trust policy as a policy of the role that it stands on, which it leaves out. */
  const onRole = (document: Json): Json => ({
    ...document,
    Statement: document.Statement.map((statement: Json) => ({ ...statement, Resource: customer })),
  })

  async function findings(documents: Json[]): Promise<{ issue: string; detail: Json }[][]> {
    const { python } = await pythonTool('parliament')
    const script = fileURLToPath(new URL('parliament_findings.py', import.meta.url))
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(JSON.stringify(documents))
    return (await json(child.stdout)) as Json
  }

  const trust = trustPolicy({
    principalArn: 'arn:aws:iam::123456789012:role/cairn',
    externalId: 'cairn-kVxXf48F2ZByCcds9teC5nuZ',
  })

  // Two of the actions could be limited to trails. Their names are not known, and trails of an
  // organization belong to another account: a pattern of all trails would only look narrower, and
  // parliament says that of it too.
  const accepted = {
    issue: 'RESOURCE_STAR',
    severity: 'LOW',
    detail: ['cloudtrail:GetEventSelectors', 'cloudtrail:GetTrailStatus'],
  }

  test("reports no further problem in the customer's policies", async () => {
    expect(await findings([permissionPolicy, sessionPolicy, onRole(trust)])).toEqual([
      [accepted],
      [],
      [],
    ])
  })

  test("reports no problem in the operator's policies", async () => {
    const template = readTemplate('operator/cairn-principal/cloudformation.yaml')
    const documents = (['ec2', 'ecs', 'eks-pod-identity', 'principals'] as const).flatMap(
      (RunsOn) => {
        const role = evaluate(template, template.Resources.Role.Properties, {
          RunsOn,
          PrincipalArns: ['arn:aws:iam::123456789012:role/engineer'],
          'AWS::Partition': 'aws',
          'AWS::AccountId': '123456789012',
          'AWS::URLSuffix': 'amazonaws.com',
        })
        return [onRole(role.AssumeRolePolicyDocument), role.Policies[0].PolicyDocument]
      },
    )
    const bucket = readPolicy({ bucket: 'cairn-templates', key: 'cairn.yaml' }, 'eu-west-1')
    // Left out is eks-irsa: parliament knows OIDC providers of no cluster.
    expect((await findings([...documents, bucket])).flat()).toEqual([])
  })

  test('reports an error', async () => {
    const broken = (document: object, from: string, to: string) =>
      JSON.parse(JSON.stringify(document).replace(from, to))
    const issues = await findings([
      broken(permissionPolicy, 'LookupEvents', 'LookupEvent'),
      onRole(broken(trust, 'sts:ExternalId', 'sts:ExternlId')),
      onRole(broken(trust, '123456789012', '12345678901')),
    ])
    expect(issues.map(([first]) => first?.issue)).toEqual([
      'UNKNOWN_ACTION',
      'UNKNOWN_CONDITION_FOR_ACTION',
      'UNKNOWN_PRINCIPAL',
    ])
  })
})

describe('Terraform', () => {
  test('would not reformat any file', async (context) => {
    const terraform = (...args: string[]) => run('terraform', args, { cwd: infra })
    try {
      await terraform('version')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      context.skip('there is no terraform on the PATH to run `terraform fmt -check` with')
    }
    const check = async (where: string) =>
      (await terraform('fmt', '-check', '-recursive', where).catch((error) => error)).stdout
    expect(await check('.')).toBe('')
    await writeFile(path.join(folder, 'crooked.tf'), 'locals {\n    a =   1\n}\n')
    expect(await check(folder)).toContain('crooked.tf')
  })

  const modules = ['terraform/cairn-read-only', 'operator/cairn-principal/terraform']
  const examples = globSync('terraform/*/examples/*', { cwd: infra }).sort()

  test.each(modules)('accepts %s: its README matches its files', async (module) => {
    const { variable, output, resource, data = {}, terraform } = await readModule(module)
    const readme = read(`${module}/README.md`)
    const plain = (text: string) => text.replaceAll('|', '\\|')
    const expectedInputs = Object.entries<Json>(variable).map(([name, [declared]]) => {
      const optional = 'default' in declared
      // The one that has a default for the sake of the copy that Cairn serves.
      const usual = optional ? 'no' : 'yes'
      const needed = name === 'principal_arn' ? 'yes, unless filled in' : usual
      return [
        name,
        plain(declared.description),
        `\`${declared.type.replaceAll(/^\$\{|\}$/g, '')}\``,
        optional ? `\`${JSON.stringify(declared.default)}\`` : 'n/a',
        needed,
      ]
    })
    expect(tableBelow(readme, 'Inputs').sort()).toEqual(expectedInputs.sort())
    expect(tableBelow(readme, 'Outputs').sort()).toEqual(
      Object.entries<Json>(output)
        .map(([name, [declared]]) => [name, declared.description])
        .sort(),
    )
    const listed = (blocks: Json, kind: string) =>
      Object.entries<Json>(blocks).flatMap(([type, named]) =>
        Object.keys(named).map((name) => [`${type}.${name}`, kind]),
      )
    expect(tableBelow(readme, 'Resources').sort()).toEqual(
      [...listed(resource, 'resource'), ...listed(data, 'data source')].sort(),
    )
    const [{ required_version, required_providers }] = terraform
    expect(tableBelow(readme, 'Requirements')).toEqual([
      ['terraform', required_version],
      ['aws', required_providers[0].aws.version],
    ])
  })

  test.each(examples)('accepts %s with the installed provider', async (example) => {
    const { module = {}, resource = {} } = await readModule(example)
    const { variable, output } = await readModule('terraform/cairn-read-only')
    const template = readTemplate('cloudformation/cairn-read-only.yaml')
    for (const [{ source, ...inputs }] of Object.values<Json>(module)) {
      expect(source).toBe('../..')
      expect(Object.keys(variable)).toEqual(expect.arrayContaining(Object.keys(inputs)))
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(['external_id', 'principal_arn']))
      expect(output).toHaveProperty('role_arn')
    }
    const sets = Object.values<Json>(resource.aws_cloudformation_stack_set ?? {}).flat()
    for (const { parameters } of sets) {
      expect(Object.keys(template.Parameters)).toEqual(
        expect.arrayContaining(Object.keys(parameters)),
      )
    }
    expect(Object.keys(module).length + sets.length).toBe(1)
  })

  test('accepts an example that sets every variable', async () => {
    const { module } = await readModule('terraform/cairn-read-only/examples/complete')
    const { variable } = await readModule('terraform/cairn-read-only')
    const [{ source, ...inputs }] = module.cairn_read_only
    expect(Object.keys(inputs).sort()).toEqual(Object.keys(variable).sort())
  })
})
