import { describe, expect, it } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import {
  ACCOUNT,
  AWS_CLI,
  call,
  roleIdentity,
  ssoIdentity,
} from '../../../testing/cloudtrail/records.ts'

const actorOf = (userIdentity: unknown, fields = {}) =>
  read(call('ec2', 'CreateVpc', null, null, { userIdentity, ...fields })).actor
const chain = (userIdentity: unknown, fields = {}) =>
  actorOf(userIdentity, fields).chain.map(({ kind, name, how }) =>
    [kind, name, how].filter(Boolean).join(': '),
  )

const GITHUB = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`

describe('the actor', () => {
  it('is the root user', () => {
    const actor = actorOf({
      type: 'Root',
      principalId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      accountId: ACCOUNT,
    })
    expect(actor).toMatchObject({
      kind: 'root',
      name: 'the root user',
      id: `arn:aws:iam::${ACCOUNT}:root`,
    })
  })

  it('is a user of IAM Identity Center, not the role of their permission set', () => {
    const actor = actorOf(ssoIdentity('bob@example.com'))
    expect(actor).toMatchObject({
      kind: 'person',
      name: 'bob@example.com',
      id: 'identity-center:bob@example.com',
    })
    expect(chain(ssoIdentity('bob@example.com'))).toEqual([
      'person: bob@example.com',
      'identity-provider: IAM Identity Center: signed in through',
      'role: permission set PowerUser: given',
    ])
  })

  it('is the source identity, which is the same for all roles assumed later', () => {
    const identity = roleIdentity({ role: 'ops', session: 'x', sourceIdentity: 'carol' })
    expect(actorOf(identity)).toMatchObject({
      kind: 'person',
      name: 'carol',
      id: 'source-identity:carol',
    })
  })

  it('is a job of GitHub Actions, with a label for the repository that the record does not name', () => {
    const identity = roleIdentity({
      role: 'deploy-prod',
      session: 'shop-13577902461',
      federatedProvider: GITHUB,
    })
    expect(actorOf(identity)).toMatchObject({ kind: 'ci', name: 'deploy-prod (GitHub Actions)' })
    expect(chain(identity)).toEqual([
      'ci: GitHub Actions run 13577902461',
      'missing: which repository: recorded where the role was assumed',
      'identity-provider: GitHub Actions: signed in through',
      'role: deploy-prod: assumed',
      'session: shop-13577902461: session',
    ])
  })

  it('is the repository where the role is assumed', () => {
    const actor = actorOf({
      type: 'WebIdentityUser',
      principalId: `${GITHUB}:sts.amazonaws.com:repo:acme/shop:ref:refs/heads/main`,
      userName: 'repo:acme/shop:ref:refs/heads/main',
      identityProvider: GITHUB,
    })
    expect(actor).toMatchObject({ kind: 'ci', name: 'acme/shop (GitHub Actions)' })
    expect(actor.chain[0]?.name).toBe('acme/shop, branch main')
  })

  it('is a workload: an instance, a function, a task, a pod', () => {
    const kinds = [
      roleIdentity({ role: 'web', session: 'i-0123456789abcdef0' }),
      roleIdentity({ role: 'web', session: '0123456789abcdef0123456789abcdef' }),
      roleIdentity({
        role: 'dns',
        session: 'botocore-session-1',
        federatedProvider: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC`,
      }),
      roleIdentity({
        role: 'job',
        session: 'x',
        fields: {
          inScopeOf: {
            issuerType: 'AWS::Lambda::Function',
            credentialsIssuedTo: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:nightly`,
          },
        },
      }),
    ].map((identity) => actorOf(identity))
    expect(kinds.map(({ kind }) => kind)).toEqual(Array(4).fill('workload'))
    expect(kinds.map(({ name }) => name)).toEqual([
      'web on instance i-0123456789abcdef0',
      'web on task 0123456789abcdef0123456789abcdef',
      'dns (Kubernetes)',
      'job on Lambda nightly',
    ])
  })

  it('is a service, with or without its service-linked role', () => {
    const linked = roleIdentity({
      role: 'AWSServiceRoleForAutoScaling',
      path: '/aws-service-role/autoscaling.amazonaws.com/',
      session: 'AutoScaling',
      invokedBy: 'autoscaling.amazonaws.com',
    })
    expect(actorOf(linked)).toMatchObject({
      kind: 'service',
      name: 'Auto Scaling',
      id: 'service:autoscaling',
    })
    expect(actorOf({ type: 'AWSService', invokedBy: 'rds.amazonaws.com' })).toMatchObject({
      kind: 'service',
      name: 'RDS',
    })
    expect(actorOf({ accountId: ACCOUNT, invokedBy: 'secretsmanager.amazonaws.com' }).name).toBe(
      'Secrets Manager',
    )
  })

  it('remains the caller when a service acts on their behalf, and the chain shows it', () => {
    const identity = ssoIdentity('bob@example.com', { invokedBy: 'cloudformation.amazonaws.com' })
    expect(actorOf(identity).name).toBe('bob@example.com')
    expect(chain(identity).at(-1)).toBe('service: CloudFormation: acting on their behalf')
  })

  it('is CloudFormation with its service role, and a label shows that the caller is unknown', () => {
    const identity = roleIdentity({
      role: 'stack-role',
      session: 'AWSCloudFormation',
      invokedBy: 'cloudformation.amazonaws.com',
    })
    expect(actorOf(identity)).toMatchObject({
      kind: 'service',
      name: 'CloudFormation as stack-role',
    })
    expect(actorOf(identity).chain[0]?.kind).toBe('missing')
  })

  it.each([
    ['aws-go-sdk-1688990515440126480', 'ops', 'role'],
    ['botocore-session-1700000000', 'ops', 'role'],
    ['GitHubActions', 'ops', 'role'],
    ['alice', 'alice as ops', 'role'],
    ['alice@example.com', 'alice@example.com', 'person'],
    ['aws-cdk-alice', 'alice as ops', 'role'],
  ])('of a role session named %s is %s', (session, name, kind) => {
    const actor = actorOf(roleIdentity({ role: 'ops', session }))
    expect(actor).toMatchObject({ name, kind })
  })

  it('has the same ID in all sessions of an identity', () => {
    const ids = ['aws-go-sdk-1', 'aws-go-sdk-2'].map(
      (session) => actorOf(roleIdentity({ role: 'ops', session, path: '/team/' })).id,
    )
    expect(new Set(ids)).toEqual(new Set([`arn:aws:iam::${ACCOUNT}:role/team/ops`]))
  })

  it('is derived for federated, SAML, directory, foreign and unnamed callers', () => {
    const named = [
      {
        type: 'FederatedUser',
        arn: `arn:aws:sts::${ACCOUNT}:federated-user/dave`,
        principalId: `${ACCOUNT}:dave`,
        sessionContext: { sessionIssuer: { type: 'IAMUser', userName: 'broker' } },
      },
      {
        type: 'SAMLUser',
        principalId: 'x:dave@example.com',
        userName: 'dave@example.com',
        identityProvider: 'okta',
      },
      {
        type: 'IdentityCenterUser',
        accountId: ACCOUNT,
        onBehalfOf: {
          userId: 'u-1',
          identityStoreArn: 'arn:aws:identitystore::1:identitystore/d-1',
        },
      },
      { type: 'AWSAccount', accountId: '210987654321', principalId: 'AROAEXAMPLE:eve' },
      { type: 'Unknown' },
      { type: 'IAMUser', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      'not even an object',
    ].map((identity) => actorOf(identity))
    expect(named.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'person dave',
      'person dave@example.com',
      'person Identity Center user u-1',
      'account eve of account 210987654321',
      'unknown someone',
      'unknown someone',
      'unknown someone',
    ])
  })
})

describe('the tool', () => {
  const toolOf = (userAgent: string, fields = {}) =>
    read(call('ec2', 'CreateVpc', null, null, { userAgent, ...fields })).tool

  it.each([
    [
      'APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/1.44.157 (go1.19.3; linux; amd64) HashiCorp-terraform-exec/0.17.3',
      'terraform',
      'Terraform 1.1.2',
    ],
    [
      '[APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.80.0]',
      'terraform',
      'Terraform 1.9.5',
    ],
    ['APN/1.0 Pulumi/1.0 PulumiAws/6.60.0', 'pulumi', 'Pulumi'],
    [AWS_CLI, 'aws-cli', 'AWS CLI 2.22.7'],
    [
      'aws-cli/2.22.7 Python/3.12.6 Linux/6.1 exec-env/CloudShell exe/x86_64.amzn.2023',
      'cloudshell',
      'CloudShell',
    ],
    [
      'Boto3/1.26.165 Python/3.10.6 Linux/5.19.0-46-generic Botocore/1.29.165',
      'boto3',
      'Boto3 1.26.165',
    ],
    ['aws-sdk-go-v2/1.17.0 os/linux lang/go/1.19.3', 'aws-sdk-go', 'AWS SDK for Go 1.17.0'],
    ['aws-sdk-nodejs/2.1691.0 linux/v20.0 aws-cdk/2.172.0', 'cdk', 'CDK 2.172.0'],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
      'console',
      'the console',
    ],
    ['console.amazonaws.com', 'console', 'the console'],
    ['[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488]', 'console', 'the console'],
    ['cloudformation.amazonaws.com', 'cloudformation', 'CloudFormation'],
    ['autoscaling.amazonaws.com', 'aws', 'Auto Scaling'],
    ['aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/', 'ssm-agent', 'SSM Agent'],
    [
      'aws-sdk-js/3.738.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#20.18.1 configure-aws-credentials-for-github-actions',
      'github-actions',
      'GitHub Actions',
    ],
    [
      'stratus-red-team_39f95f43-cd2f-4beb-b69e-be60b6fe1f57',
      'stratus-red-team',
      'stratus-red-team',
    ],
    ['acme-deployer/1.4.2 (linux)', 'acme-deployer', 'acme-deployer 1.4.2'],
    ['', 'unknown', 'an unknown tool'],
    ['???', 'unknown', 'an unknown tool'],
  ])('of %s is %s', (userAgent, name, label) => {
    expect(toolOf(userAgent)).toMatchObject({ name, label })
  })

  it('is the console when the credentials came from there, for any user agent', () => {
    expect(toolOf('AWS Internal', { sessionCredentialFromConsole: 'true' }).name).toBe('console')
    expect(toolOf('AWS Internal', { userIdentity: ssoIdentity('bob@example.com') }).name).toBe(
      'console',
    )
  })

  it('is the CDK when CloudFormation acts with the CDK’s role', () => {
    const userIdentity = roleIdentity({
      role: `cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`,
      session: 'AWSCloudFormation',
      invokedBy: 'cloudformation.amazonaws.com',
    })
    expect(toolOf('cloudformation.amazonaws.com', { userIdentity })).toEqual({
      name: 'cdk',
      title: 'CDK, through CloudFormation',
      label: 'CDK, through CloudFormation',
    })
  })
})
