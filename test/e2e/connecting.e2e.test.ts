import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removePostgres } from '../../src/embedded/postgres.ts'
import { type RunningCairn, startCairnProcess } from '../../testing/cairn.ts'
import { eventually } from '../../testing/eventually.ts'
import { parseHcl } from '../../testing/hcl.ts'
import { type Ministack, startMinistack } from '../../testing/ministack.ts'
import { pythonTool } from '../../testing/python.ts'

// A customer connects an account: what Cairn prints is pasted into a shell as it is, with the real AWS CLI, against
// an AWS that others made and that refuses what AWS would refuse. Cairn runs as an operator runs it. Each test has a
// customer's account of its own, so they run side by side: most of their time is waiting.

const VENDOR = '999988887777'
const principalArn = `arn:aws:iam::${VENDOR}:role/platform/cairn`
const root = fileURLToPath(new URL('../..', import.meta.url))

const folder = mkdtempSync(path.join(tmpdir(), 'cairn-connecting-'))
const apiKey = `cairn_${randomUUID()}${randomUUID()}`
let ministack: Ministack
let cairn: RunningCairn
/** Where the AWS CLI is. */
let tools: string
let customers = 0

beforeAll(async () => {
  tools = path.dirname((await pythonTool('boto3')).bin('aws'))
  ministack = await startMinistack()
  cairn = await startCairnProcess({
    dataDir: path.join(folder, 'data'),
    apiKey,
    env: {
      ...(await vendorSession()),
      AWS_REGION: 'us-east-1',
      CAIRN_REGIONS: 'us-east-1,eu-west-1',
    },
  })
  await eventually(
    async () =>
      (await cairn.request('GET', `/connections/${(await connect()).id}/setup`)).principal,
    ({ state }) => state === 'certain',
  )
})
afterAll(async () => {
  await cairn?.end('SIGTERM')
  await ministack?.stop()
  await removePostgres(path.join(folder, 'data'), console)
  rmSync(folder, { recursive: true, force: true })
})

test.concurrent('the setup names the role of Cairn with its path', async () => {
  const { setup } = await connect()
  expect(setup.principal).toMatchObject({ state: 'certain', arn: principalArn })
  expect(setup.policies.trust.Statement[0].Principal).toEqual({ AWS: principalArn })
})

describe.concurrent('the printed commands', () => {
  test('of CloudFormation create a role that is verified and imported, and remove it', async () => {
    const customer = await connect()
    const roleArn = await customer.paste(customer.setup.cloudFormation.commands)
    expect(roleArn).toBe(`arn:aws:iam::${customer.accountId}:role/cairn-read-only`)
    const { state, checks, notProvable } = await customer.verify(roleArn)
    expect({ state, checks }).toEqual({ state: 'passed', checks: allPassed })
    expect(await customer.review(notProvable)).toMatchObject({
      verdict: 'safe',
      trusted: [{ principal: principalArn, judgment: 'expected' }],
    })
    await eventually(
      customer.importedServices,
      (names) => names.includes('cloudformation'),
      240_000,
    )

    const { cleanUp } = await cairn.request('DELETE', `/connections/${customer.id}`)
    await customer.paste(
      cleanUp.ways.filter(({ way }: { way: string }) => way === 'cloudFormation'),
    )
    await eventually(customer.hasRole, (has) => !has)
  })

  test('of the AWS CLI work with another name and a path', async () => {
    const customer = await connect('?roleName=change-feed&rolePath=/services/observability/')
    const roleArn = await customer.paste(customer.setup.cli.commands)
    expect(roleArn).toBe(
      `arn:aws:iam::${customer.accountId}:role/services/observability/change-feed`,
    )
    expect(await customer.verify(roleArn)).toMatchObject({ state: 'passed', checks: allPassed })

    const { cleanUp } = await cairn.request('DELETE', `/connections/${customer.id}`)
    await customer.paste(cleanUp.ways.filter(({ way }: { way: string }) => way === 'cli'))
    expect(await customer.hasRole('change-feed')).toBe(false)
  })

  test('of CloudFormation work with another name and a path', async () => {
    const customer = await connect('?roleName=change-feed&rolePath=/services/&region=eu-west-1')
    const roleArn = await customer.paste(customer.setup.cloudFormation.commands)
    expect(roleArn).toBe(`arn:aws:iam::${customer.accountId}:role/services/change-feed`)
    expect(await customer.verify(roleArn)).toMatchObject({ state: 'passed' })
  })

  test('are not needed for the downloaded template, which needs no parameters', async () => {
    const customer = await connect()
    const { url, fileName } = customer.setup.cloudFormation.download
    const roleArn = await customer.paste([
      { command: `curl -fsS -H "Authorization: Bearer $CAIRN_API_KEY" '${url}' > ${fileName}` },
      {
        command: `aws cloudformation create-stack --stack-name s --region us-east-1 --template-body file://${fileName} --capabilities CAPABILITY_NAMED_IAM`,
      },
      {
        command: 'aws cloudformation wait stack-create-complete --stack-name s --region us-east-1',
      },
      {
        command:
          "aws cloudformation describe-stacks --stack-name s --region us-east-1 --query 'Stacks[0].Outputs[0].OutputValue' --output text",
      },
    ])
    expect(await customer.verify(roleArn)).toMatchObject({ state: 'passed' })
  })

  test('of Terraform contain the repository module with another trusted principal', async () => {
    const customer = await connect('?rolePath=/services/')
    const { module, commands } = customer.setup.terraform
    writeFileSync(path.join(customer.directory, 'cairn.tf'), module)
    await customer.paste([commands[0]])
    const source = path.join(root, 'infra/terraform/cairn-read-only')
    const target = path.join(customer.directory, 'cairn-read-only')
    const files = globSync('**/*.{tf,md}', { cwd: source }).sort()
    expect(globSync('**/*.*', { cwd: target }).sort()).toEqual(files)
    for (const file of files) {
      const ours = readFileSync(path.join(source, file), 'utf8')
      const theirs = readFileSync(path.join(target, file), 'utf8')
      if (file !== 'variables.tf') expect(theirs).toBe(ours)
    }
    const variables = async (directory: string) => {
      const text = readFileSync(path.join(directory, 'variables.tf'), 'utf8')
      return (await parseHcl('variables.tf', text)).variable
    }
    const [ours, theirs] = [await variables(source), await variables(target)]
    ours.principal_arn[0].default = principalArn
    expect(theirs).toEqual(ours)

    const block = await parseHcl('cairn.tf', module)
    expect(block.module.cairn_read_only[0]).toEqual({
      source: './cairn-read-only',
      external_id: customer.externalId,
      principal_arn: principalArn,
      path: '/services/',
    })
    if (!hasTerraform()) return console.info('No terraform here: its formatting is not checked.')
    await customer.paste([{ command: 'terraform fmt -check -diff -recursive' }])
  })

  test('of Terraform can be applied if its AWS provider can be downloaded', async (context) => {
    context.skip(!hasTerraform(), 'There is no terraform on this machine.')
    const customer = await connect()
    const { module, commands } = customer.setup.terraform
    writeFileSync(path.join(customer.directory, 'cairn.tf'), module)
    // A customer has it already.
    writeFileSync(
      path.join(customer.directory, 'providers.tf'),
      'provider "aws" {\n  region = "us-east-1"\n}\n',
    )
    const [download, , show] = commands
    await customer.paste([download])
    const reason = await customer
      .run('exec terraform init -input=false -no-color', { timeout: 30_000 })
      .then(
        () => null,
        ({ stderr }) =>
          `terraform init cannot get the AWS provider: ${stderr.trim().split('\n')[0]}`,
      )
    context.skip(reason !== null, reason ?? '')
    const roleArn = await customer.paste([{ command: 'terraform apply -auto-approve' }, show])
    expect(await customer.verify(roleArn)).toMatchObject({ state: 'passed' })
  })
})

describe.concurrent('a changed connection', () => {
  test('keeps imported changes when its role is deleted, and resumes once the role exists', async () => {
    const customer = await connect('?roleName=change-feed&rolePath=/services/')
    await customer.act('ssm put-parameter --name p --value v --type String')
    const roleArn = await customer.paste(customer.setup.cli.commands)
    await customer.verify(roleArn)
    await eventually(customer.importedServices, (names) => names.includes('ssm'))
    const before = await customer.get()

    await customer.deleteRole('change-feed')
    await customer.act('logs create-log-group --log-group-name g')
    const { state, checks } = await customer.verify()
    expect(state).toBe('failed')
    expect(failedOf(checks)).toEqual([
      expect.objectContaining({
        id: 'assume_with_id',
        remedy: expect.stringContaining(`exist under exactly this ARN`),
      }),
    ])
    const broken = await customer.get()
    expect(broken).toMatchObject({
      status: 'action_needed',
      statusReason: expect.stringContaining('assume_with_id'),
    })
    expect(Date.parse(broken.since)).toBeGreaterThan(Date.parse(before.since))
    await customer.verify()
    expect((await customer.get()).since).toBe(broken.since)
    const imported = await customer.importedServices()
    expect(imported).toContain('ssm')
    expect(imported).not.toContain('logs')

    // The setup uses the connection's role name and path.
    const { cli } = await cairn.request('GET', `/connections/${customer.id}/setup`)
    expect(await customer.paste(cli.commands)).toBe(roleArn)
    expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
    // Changes from while the role could not be assumed.
    await eventually(customer.importedServices, (names) => names.includes('logs'))
    await eventually(customer.get, ({ status }) => status !== 'action_needed')
  })

  test('waits for a role that does not exist yet, and verifies it automatically', async () => {
    const customer = await connect()
    const roleArn = `arn:aws:iam::${customer.accountId}:role/cairn-read-only`
    const { state, checks } = await customer.verify(roleArn)
    expect(state).toBe('waiting')
    expect(checks.at(-1)).toMatchObject({ id: 'assume_with_id', state: 'waiting' })
    expect(await customer.get()).toMatchObject({ status: 'waiting_for_aws' })

    await customer.createRole()
    await eventually(customer.verification, ({ state }) => state === 'passed')
  })

  test('verifies a new ARN regardless of the earlier result', async () => {
    const customer = await connect()
    const first = await customer.createRole()
    expect(await customer.verify(first)).toMatchObject({ state: 'passed' })

    const trust = structuredClone(customer.setup.policies.trust)
    delete trust.Statement[0].Condition
    const second = await customer.createRole({ trust, name: 'second' })
    await customer.giveRole(second)
    expect((await customer.verification()).state).not.toBe('passed')
    await eventually(customer.verification, ({ state }) => state === 'failed')
    expect(await customer.get()).toMatchObject({ status: 'action_needed', roleArn: second })

    await customer.giveRole(first)
    await eventually(customer.verification, ({ state }) => state === 'passed')
    await eventually(customer.get, ({ status }) => status !== 'action_needed')
  })

  test('is rejected if its account is already connected', async () => {
    const customer = await connect()
    await customer.verify(await customer.createRole())
    const roleArn = await customer.createRole({ name: 'second' })
    const { id } = await cairn.request('POST', '/connections', { name: 'again' })
    const again = cairn.request('PATCH', `/connections/${id}`, { roleArn })
    await expect(again).rejects.toThrow(
      new RegExp(`"status":409.*Account ${customer.accountId} is already connected`),
    )
    expect(await cairn.request('GET', `/connections/${id}`)).toMatchObject({
      status: 'awaiting_role',
    })
  })

  test.each([
    ["Cairn's own role", principalArn, /"status":422.*the role that Cairn runs as/],
    [
      'a role in GovCloud',
      'arn:aws-us-gov:iam::111122223333:role/cairn-read-only',
      /"status":422.*partition aws-us-gov.*AWS does not allow access across partitions/,
    ],
    [
      'a role in China',
      'arn:aws-cn:iam::111122223333:role/cairn-read-only',
      /"status":422.*partition aws-cn.*AWS does not allow access across partitions/,
    ],
  ])('rejects %s', async (_, roleArn, said) => {
    const customer = await connect()
    await expect(customer.giveRole(roleArn)).rejects.toThrow(said)
    expect(await customer.get()).toMatchObject({ status: 'awaiting_role', roleArn: null })
  })
})

describe.concurrent('an unsafe trust policy fails the verification, and its remedy fixes it', () => {
  const withCondition = (condition: object) => (trust: Policy) => {
    trust.Statement[0]!.Condition = condition
  }
  test.each<[string, string, RegExp, (trust: Policy, externalId: string) => void]>([
    [
      'without a condition',
      'refused_without_id',
      /without the external ID/,
      (trust) => {
        delete trust.Statement[0]!.Condition
      },
    ],
    [
      'with StringLike "*"',
      'refused_wrong_id',
      /"StringLike": "\*"/,
      withCondition({ StringLike: { 'sts:ExternalId': '*' } }),
    ],
    [
      'with StringLike and "*" at the end',
      'refused_wrong_id',
      /"StringLike" with "\*" at the end/,
      (trust, id) => withCondition({ StringLike: { 'sts:ExternalId': `${id}*` } })(trust),
    ],
    [
      'with StringEqualsIgnoreCase',
      'refused_wrong_id',
      /"StringEqualsIgnoreCase"/,
      (trust, id) => withCondition({ StringEqualsIgnoreCase: { 'sts:ExternalId': id } })(trust),
    ],
    [
      'with StringEqualsIfExists',
      'refused_without_id',
      /without the external ID/,
      (trust, id) => withCondition({ StringEqualsIfExists: { 'sts:ExternalId': id } })(trust),
    ],
  ])('%s', async (_, id, means, spoil) => {
    const customer = await connect()
    const trust = structuredClone(customer.setup.policies.trust)
    spoil(trust, customer.externalId)
    const roleArn = await customer.createRole({ trust })
    const { state, checks } = await customer.verify(roleArn)
    expect(state).toBe('failed')
    const failed = failedOf(checks)
    expect(failed.map((check) => check.id)).toContain(id)
    const check = failed.find((check) => check.id === id)!
    expect(check.saw).toMatch(/^AWS returned a session for/)
    expect(check.means).toMatch(means)
    expect(check.remedy).toContain(`{"StringEquals": {"sts:ExternalId": "${customer.externalId}"}}`)
    expect(await customer.get()).toMatchObject({ status: 'action_needed' })
    expect(await customer.importedServices()).toEqual([])

    const [json] = check.snippets.filter(({ language }) => language === 'json')
    expect(JSON.parse(json!.text)).toEqual(customer.setup.policies.trust)
    await customer.paste([bashOf(check)])
    expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
  })

  test('with another external ID, the role cannot be assumed', async () => {
    const customer = await connect()
    // AWS has known the role before: a new one would be waited for.
    await customer.verify(await customer.createRole())
    const trust = structuredClone(customer.setup.policies.trust)
    trust.Statement[0].Condition.StringEquals['sts:ExternalId'] = `${customer.externalId}-2`
    await customer.createRole({ trust })

    const { state, checks } = await customer.verify()
    expect(state).toBe('failed')
    const [check, ...others] = failedOf(checks)
    expect(others).toEqual([])
    expect(check).toMatchObject({
      id: 'assume_with_id',
      saw: expect.stringMatching(/^AccessDenied/),
    })
    expect(check!.remedy).toContain(`{"sts:ExternalId": "${customer.externalId}"}`)

    await customer.paste([bashOf(check)])
    expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
  })
})

test.concurrent('a role without the permission to read events fails, and the remedy fixes it', async () => {
  const customer = await connect()
  const permissions = structuredClone(customer.setup.policies.permissions)
  permissions.Statement[0].Action = ['cloudtrail:DescribeTrails', 'sts:GetCallerIdentity']
  const { state, checks } = await customer.verify(await customer.createRole({ permissions }))
  expect(state).toBe('failed')
  const [check, ...others] = failedOf(checks)
  expect(others).toEqual([])
  expect(check).toMatchObject({ id: 'lookup_events', region: 'us-east-1' })
  expect(check!.remedy).toContain('cloudtrail:LookupEvents')
  expect(await customer.importedServices()).toEqual([])

  await customer.paste([bashOf(check)])
  expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
})

test.concurrent('a role without the permission to read trails passes, and the missing permission is shown', async () => {
  const customer = await connect()
  const permissions = structuredClone(customer.setup.policies.permissions)
  permissions.Statement[0].Action = ['cloudtrail:LookupEvents', 'sts:GetCallerIdentity']
  const { state, checks } = await customer.verify(await customer.createRole({ permissions }))
  expect(state).toBe('passed')
  const trails = checks.find(({ id }) => id === 'trails')
  expect(trails).toMatchObject({ state: 'skipped' })
  expect(trails!.remedy).toContain('cloudtrail:DescribeTrails')

  await customer.paste([bashOf(trails)])
  expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
})

test.concurrent('trust of the whole account passes, and a pasted policy shows what a probe cannot', async () => {
  const customer = await connect()
  const trust = structuredClone(customer.setup.policies.trust)
  trust.Statement[0].Principal.AWS = `arn:aws:iam::${VENDOR}:root`
  const roleArn = await customer.createRole({ trust })
  const { state, checks, notProvable } = await customer.verify(roleArn)
  expect({ state, checks }).toEqual({ state: 'passed', checks: allPassed })
  expect(notProvable).toEqual([expect.objectContaining({ id: 'who_else' })])

  expect(await customer.review(notProvable)).toMatchObject({
    verdict: 'safe',
    trusted: [{ principal: `arn:aws:iam::${VENDOR}:root`, judgment: 'wider' }],
  })

  // No probe can detect this: another account has access.
  trust.Statement.push({
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::555566667777:root' },
    Action: 'sts:AssumeRole',
  })
  await customer.createRole({ trust })
  expect(await customer.verify()).toMatchObject({ state: 'passed', checks: allPassed })
  const { verdict, trusted } = await customer.review(notProvable)
  expect(verdict).toBe('unclear')
  expect(trusted.map(({ judgment }: { judgment: string }) => judgment)).toEqual(['wider', 'other'])
})

interface Policy {
  Version: string
  Statement: Record<string, unknown>[]
}

interface Check {
  id: string
  state: string
  saw: string
  means: string
  remedy: string | null
  snippets: { language: string; text: string }[]
}

const allPassed = [
  'arn_format',
  'account_unused',
  'assume_with_id',
  'refused_without_id',
  'refused_wrong_id',
  'identity',
  'lookup_events',
  'trails',
].map((id) => expect.objectContaining({ id, state: 'passed', remedy: null, snippets: [] }))

function failedOf(checks: Check[]): Check[] {
  return checks.filter(({ state }) => state === 'failed')
}

/** The command in the remedy of a failed check. There is one. */
function bashOf(check: Check | undefined): { command: string } {
  const [bash, ...others] = check?.snippets.filter(({ language }) => language === 'bash') ?? []
  expect(others).toEqual([])
  return { command: bash!.text }
}

/**
 * A connection, and a customer with an account, a shell and administrator's rights.
 *
 * @param setupQuerySchema the query of the set-up
 */
async function connect(setupQuerySchema = '') {
  customers += 1
  const accountId = String(111_100_000_000 + customers)
  const directory = mkdtempSync(path.join(folder, 'customer-'))
  const { id, externalId } = await cairn.request('POST', '/connections', {
    name: accountId,
    pollIntervalSeconds: 30,
  })
  const route = `/connections/${id}`
  const setup = await cairn.request('GET', `${route}/setup${setupQuerySchema}`)
  const iam = iamOf(accountId)

  const run = async (command: string, limit?: { timeout: number }): Promise<string> => {
    const running = promisify(execFile)('bash', ['-euo', 'pipefail'], {
      ...limit,
      cwd: directory,
      env: {
        PATH: `${tools}:${process.env.PATH}`,
        HOME: directory,
        CAIRN_API_KEY: apiKey,
        // An empty directory: commands must not depend on files.
        AWS_DEFAULT_REGION: 'ap-southeast-2',
        ...ministack.account(accountId),
      },
    })
    running.child.stdin!.end(`${command}\n`)
    return (await running).stdout.trim()
  }
  const get = () => cairn.request('GET', route)
  const giveRole = (roleArn: string) => cairn.request('PATCH', route, { roleArn })
  const hasRole = (RoleName = 'cairn-read-only') =>
    iam.send(new GetRoleCommand({ RoleName })).then(
      () => true,
      (error) => {
        if (error.name === 'NoSuchEntityException') return false
        throw error
      },
    )
  const deleteRole = async (RoleName = 'cairn-read-only') => {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'cairn-read-only' }))
    await iam.send(new DeleteRoleCommand({ RoleName }))
  }
  return {
    id,
    externalId,
    accountId,
    directory,
    setup,
    run,
    get,
    giveRole,
    hasRole,
    deleteRole,
    /** Runs the commands in a shell, and returns the output of the last one. */
    async paste(commands: { command: string }[]): Promise<string> {
      expect(commands.length).toBeGreaterThan(0)
      let output = ''
      for (const { command } of commands) output = await run(command)
      return output
    },
    /** Creates the role with the policies of the setup and these changes. Replaces an existing one. */
    async createRole({
      trust = setup.policies.trust as Policy,
      permissions = setup.policies.permissions as Policy,
      name = 'cairn-read-only',
    } = {}): Promise<string> {
      if (await hasRole(name)) await deleteRole(name)
      const AssumeRolePolicyDocument = JSON.stringify(trust)
      const made = await iam.send(
        new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }),
      )
      await iam.send(
        new PutRolePolicyCommand({
          RoleName: name,
          PolicyName: 'cairn-read-only',
          PolicyDocument: JSON.stringify(permissions),
        }),
      )
      return made.Role!.Arn!
    },
    verification: () => cairn.request('GET', `${route}/verification`),
    /** Sets the ARN, if there is a new one, and waits for the verdict. */
    async verify(roleArn?: string): Promise<{
      state: string
      checks: Check[]
      notProvable: { command: string }[]
    }> {
      if (roleArn) await giveRole(roleArn)
      return cairn.request('POST', `${route}/verify`)
    },
    /** Runs the command of the trust policy review, and submits its output. */
    async review(notProvable: { command: string }[]) {
      const role = await this.paste(notProvable)
      return cairn.request('POST', `${route}/trust-review`, { role })
    },
    /** Causes a change in an imported region. */
    act: (command: string) => run(`aws ${command} --region us-east-1`),
    async importedServices(): Promise<string[]> {
      const { items } = await cairn.request('GET', `/changes?connection=${id}&limit=500`)
      return items.map(({ service }: { service: string }) => service)
    },
  }
}

/** The vendor's account: a role with a path, and what it takes to run as it. */
async function vendorSession() {
  const iam = iamOf(VENDOR)
  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } })
  const Action = 'sts:AssumeRole'
  const allowed = document({ Action: [Action, 'iam:GetRole'], Resource: '*' })
  const AssumeRolePolicyDocument = document({
    Principal: { AWS: `arn:aws:iam::${VENDOR}:root` },
    Action,
  })
  await iam.send(
    new CreateRoleCommand({ RoleName: 'cairn', Path: '/platform/', AssumeRolePolicyDocument }),
  )
  const policy = { PolicyName: 'policy', PolicyDocument: allowed }
  await iam.send(new PutRolePolicyCommand({ RoleName: 'cairn', ...policy }))
  await iam.send(new CreateUserCommand({ UserName: 'operator' }))
  await iam.send(new PutUserPolicyCommand({ UserName: 'operator', ...policy }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'operator' }))
  const sts = new STSClient({
    endpoint: ministack.url,
    region: 'us-east-1',
    credentials: {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
    },
  })
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: principalArn, RoleSessionName: 'worker' }),
  )
  return {
    AWS_ENDPOINT_URL: ministack.url,
    AWS_ACCESS_KEY_ID: Credentials!.AccessKeyId!,
    AWS_SECRET_ACCESS_KEY: Credentials!.SecretAccessKey!,
    AWS_SESSION_TOKEN: Credentials!.SessionToken!,
  }
}

function iamOf(accountId: string): IAMClient {
  const env = ministack.account(accountId)
  return new IAMClient({
    endpoint: env.AWS_ENDPOINT_URL,
    region: 'us-east-1',
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    },
  })
}

function hasTerraform(): boolean {
  return spawnSync('terraform', ['version'], { stdio: 'ignore' }).status === 0
}
