/**
 * Pieces of work labelled by hand: who did what belongs together, as the people would say it.
 *
 * Each record has the fields that CloudTrail writes, in the shapes seen in real accounts: the
 * console with a key for each of its services but one creation date, forward access sessions with
 * keys of their own, GitHub's jobs with credentials each, long-lived keys without a session.
 */

import {
  ACCOUNT,
  ALICE,
  AWS_CLI,
  BROWSER,
  record,
  roleIdentity,
  ssoIdentity,
  TERRAFORM,
} from './records.ts'

interface Labelled {
  /** The change set that it belongs to, as a person would label it. */
  label: string
  record: Record<string, unknown>
}

type Fields = Record<string, unknown>
/** `at` is a time of DAY, or a complete time. */
type Call = [at: string, service: string, action: string, fields?: Fields]

const BOTO3 =
  'Boto3/1.35.76 md/Botocore#1.35.76 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.35.76'
const GITHUB = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`
const DAY = '2026-03-02'

/** The calls of one piece of work, each with what they have in common. */
function work(label: string, common: Fields, calls: Call[]): Labelled[] {
  return calls.map(([at, service, action, fields]) => ({
    label,
    record: record({
      eventTime: at.includes('T') ? at : `${DAY}T${at}Z`,
      eventSource: `${service}.amazonaws.com`,
      eventName: action,
      ...common,
      ...fields,
    }),
  }))
}

/** Calls at even distances: an apply makes dozens. */
function many(
  from: string,
  count: number,
  seconds: number,
  kinds: [string, string][],
  fields?: (index: number) => Fields,
): Call[] {
  const start = Date.parse(`${DAY}T${from}Z`)
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(start + index * seconds * 1_000).toISOString().slice(11, 19)
    const [service, action] = kinds[index % kinds.length]!
    return [at, service, action, fields?.(index)]
  })
}

const NETWORK: [string, string][] = [
  ['ec2', 'CreateSubnet'],
  ['ec2', 'CreateRouteTable'],
  ['ec2', 'CreateRoute'],
  ['ec2', 'CreateSecurityGroup'],
  ['ec2', 'AuthorizeSecurityGroupIngress'],
  ['iam', 'CreateRole'],
  ['iam', 'AttachRolePolicy'],
]
const APPLICATION: [string, string][] = [
  ['lambda', 'UpdateFunctionCode20150331v2'],
  ['lambda', 'UpdateFunctionConfiguration20150331v2'],
  ['dynamodb', 'UpdateTable'],
  ['sqs', 'SetQueueAttributes'],
]

/** Two people who assume the same role, for the same hour. */
function twoPeopleInOneRole(): Labelled[] {
  const alice = roleIdentity({
    role: 'Admin',
    session: 'alice',
    key: 'ASIAEXAMPLEADMIN0001',
    began: `${DAY}T09:00:02Z`,
  })
  const bob = roleIdentity({
    role: 'Admin',
    session: 'bob',
    key: 'ASIAEXAMPLEADMIN0002',
    began: `${DAY}T09:01:40Z`,
  })
  return [
    ...work('alice scales the web tier by hand', { userIdentity: alice }, [
      ['09:02:10', 'autoscaling', 'UpdateAutoScalingGroup'],
      ['09:03:30', 'autoscaling', 'SetDesiredCapacity'],
      ['09:11:05', 'elasticloadbalancing', 'ModifyTargetGroup'],
      ['09:14:50', 'autoscaling', 'SetDesiredCapacity'],
    ]),
    ...work('bob fixes a security group', { userIdentity: bob, sourceIPAddress: '203.0.113.20' }, [
      ['09:02:40', 'ec2', 'RevokeSecurityGroupIngress'],
      ['09:03:10', 'ec2', 'AuthorizeSecurityGroupIngress'],
      [
        '09:12:00',
        'ec2',
        'AuthorizeSecurityGroupIngress',
        { errorCode: 'Client.InvalidPermission.Duplicate' },
      ],
      ['09:12:45', 'ec2', 'ModifyInstanceAttribute'],
    ]),
    // Bob again, three hours later: another session of the same role under the same name.
    ...work(
      'bob restarts a database after lunch',
      {
        userIdentity: roleIdentity({
          role: 'Admin',
          session: 'bob',
          key: 'ASIAEXAMPLEADMIN0003',
          began: `${DAY}T12:10:00Z`,
        }),
      },
      [
        ['12:11:00', 'rds', 'RebootDBInstance'],
        ['12:25:00', 'rds', 'ModifyDBInstance'],
      ],
    ),
  ]
}

/** Terraform in two directories at once, from one pipeline host, with one role. */
function parallelApplies(): Labelled[] {
  const apply = (session: string, key: string, began: string) => ({
    userIdentity: roleIdentity({ role: 'terraform-prod', session, key, began }),
    userAgent: TERRAFORM,
  })
  return [
    ...work(
      'apply of the network',
      apply('aws-go-sdk-1772449200000000001', 'ASIAEXAMPLEAPPLY0001', `${DAY}T11:00:00Z`),
      many('11:00:04', 40, 4, NETWORK),
    ),
    ...work(
      'apply of the application',
      apply('aws-go-sdk-1772449200000000002', 'ASIAEXAMPLEAPPLY0002', `${DAY}T11:00:01Z`),
      many('11:00:05', 24, 6, APPLICATION),
    ),
    // With a session name from the configuration, and begun within the same second.
    ...work(
      'apply of staging, east',
      apply('terraform', 'ASIAEXAMPLEAPPLY0003', `${DAY}T14:00:00Z`),
      many('14:00:03', 20, 5, APPLICATION),
    ),
    ...work(
      'apply of staging, west',
      apply('terraform', 'ASIAEXAMPLEAPPLY0004', `${DAY}T14:00:00Z`),
      [
        ...many('14:00:04', 15, 7, NETWORK),
        ['14:02:30', 'rds', 'CreateDBInstance'],
        // The database takes its time.
        ['14:19:40', 'route53', 'ChangeResourceRecordSets', { awsRegion: 'us-east-1' }],
        ['14:19:50', 'ssm', 'PutParameter'],
      ],
    ),
  ]
}

/** GitHub Actions: each job of a run gets credentials of its own. */
function ciThroughOidc(): Labelled[] {
  const job = (session: string, key: string, began: string, role = 'deploy-prod') =>
    roleIdentity({ role, session, key, began, federatedProvider: GITHUB })
  const shopBuild = job('shop-13577902461', 'ASIAEXAMPLEGITHUB001', `${DAY}T10:00:05Z`, 'build')
  const shopDeploy = job('shop-13577902461', 'ASIAEXAMPLEGITHUB002', `${DAY}T10:06:30Z`)
  const api = job('api-13577902488', 'ASIAEXAMPLEGITHUB003', `${DAY}T10:05:00Z`)
  return [
    ...work('run 13577902461 of acme/shop', { userIdentity: shopBuild }, [
      ['10:03:10', 'ecr', 'PutImage'],
      ['10:03:12', 'ecr', 'PutImage'],
    ]),
    ...work(
      'run 13577902461 of acme/shop',
      { userIdentity: shopDeploy, userAgent: TERRAFORM },
      many('10:06:40', 12, 5, APPLICATION),
    ),
    ...work('run 13577902461 of acme/shop', { userIdentity: shopDeploy }, [
      ['10:09:00', 'ecs', 'RegisterTaskDefinition'],
      ['10:09:04', 'ecs', 'UpdateService'],
      ['10:14:30', 'cloudfront', 'CreateInvalidation2020_05_31', { awsRegion: 'us-east-1' }],
    ]),
    ...work('run 13577902488 of acme/api', { userIdentity: api }, [
      ['10:06:50', 'ecs', 'RegisterTaskDefinition'],
      ['10:06:55', 'ecs', 'UpdateService'],
      ['10:07:20', 'ssm', 'PutParameter'],
    ]),
    // With the action's own default for the session's name, as most have it.
    ...work(
      'run of acme/site, 15:00',
      { userIdentity: job('GitHubActions', 'ASIAEXAMPLEGITHUB004', `${DAY}T15:00:00Z`) },
      [
        ['15:00:30', 's3', 'PutBucketPolicy'],
        ['15:00:45', 'cloudfront', 'UpdateDistribution2020_05_31', { awsRegion: 'us-east-1' }],
        ['15:06:20', 'cloudfront', 'CreateInvalidation2020_05_31', { awsRegion: 'us-east-1' }],
      ],
    ),
    ...work(
      'run of acme/site, 15:03',
      { userIdentity: job('GitHubActions', 'ASIAEXAMPLEGITHUB005', `${DAY}T15:03:10Z`) },
      [
        ['15:03:40', 'lambda', 'UpdateFunctionCode20150331v2'],
        ['15:03:50', 'lambda', 'PublishVersion20150331'],
        ['15:03:52', 'lambda', 'UpdateAlias20150331'],
      ],
    ),
  ]
}

/** The console gives each of its services a key of its own, and calls KMS on the person's behalf. */
function consoleWithPause(): Labelled[] {
  const began = `${DAY}T16:00:12Z`
  const dana = (key: string, options = {}) =>
    ssoIdentity('dana@example.com', { key, began, ...options })
  const label = 'dana sets up an encrypted volume in the console, with a coffee of 20 minutes'
  const inConsole = { userAgent: 'AWS Internal', sessionCredentialFromConsole: 'true' }
  const signIn = ssoIdentity('dana@example.com', { key: '', began })
  return [
    ...work(label, { ...inConsole, userIdentity: dana('ASIAEXAMPLECONSOLE01') }, [
      ['16:03:00', 'ec2', 'CreateVolume'],
      ['16:05:20', 'ec2', 'AttachVolume'],
    ]),
    ...work(
      label,
      {
        userIdentity: dana('ASIAEXAMPLECONSOLE02', { invokedBy: 'ec2.amazonaws.com' }),
        userAgent: 'ec2.amazonaws.com',
        sourceIPAddress: 'ec2.amazonaws.com',
      },
      [['16:03:01', 'kms', 'CreateGrant']],
    ),
    ...work(
      label,
      {
        ...inConsole,
        userIdentity: dana('ASIAEXAMPLECONSOLE03'),
        userAgent:
          '[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.225 OpenJDK_64-Bit_Server_VM/25.372]',
      },
      [
        ['16:26:10', 's3', 'PutBucketVersioning'],
        ['16:27:00', 's3', 'PutBucketLifecycle'],
      ],
    ),
    ...work(
      label,
      { ...inConsole, userIdentity: dana('ASIAEXAMPLECONSOLE04'), userAgent: BROWSER },
      [
        ['16:29:00', 'iam', 'AttachRolePolicy', { awsRegion: 'us-east-1' }],
        ['16:30:30', 'iam', 'PutRolePolicy', { awsRegion: 'us-east-1' }],
      ],
    ),
    ...work(label, { userIdentity: signIn, userAgent: BROWSER }, [
      [
        '16:00:12',
        'signin',
        'ConsoleLogin',
        {
          awsRegion: 'us-east-1',
          eventType: 'AwsConsoleSignIn',
          responseElements: { ConsoleLogin: 'Success' },
        },
      ],
    ]),
    // The same person's terminal meanwhile, with credentials of the morning.
    ...work(
      'dana’s terraform in a terminal',
      {
        userIdentity: ssoIdentity('dana@example.com', {
          key: 'ASIAEXAMPLETERMINAL1',
          began: `${DAY}T08:30:00Z`,
        }),
        userAgent: TERRAFORM,
      },
      many('16:04:00', 18, 9, NETWORK),
    ),
    // And in the morning with the same credentials: another piece of work.
    ...work(
      'dana’s terraform in the morning',
      {
        userIdentity: ssoIdentity('dana@example.com', {
          key: 'ASIAEXAMPLETERMINAL1',
          began: `${DAY}T08:30:00Z`,
        }),
        userAgent: TERRAFORM,
      },
      many('08:31:00', 9, 11, APPLICATION),
    ),
    // An IAM user in the console, who signed in just before.
    ...work(
      'erin’s session in the console',
      {
        userIdentity: {
          ...ALICE,
          principalId: 'AIDAEXAMPLEERIN00001',
          userName: 'erin',
          arn: `arn:aws:iam::${ACCOUNT}:user/erin`,
          accessKeyId: undefined,
        },
        userAgent: BROWSER,
      },
      [
        [
          '17:00:00',
          'signin',
          'ConsoleLogin',
          {
            awsRegion: 'us-east-1',
            eventType: 'AwsConsoleSignIn',
            responseElements: { ConsoleLogin: 'Success' },
          },
        ],
      ],
    ),
    ...['ASIAEXAMPLEERIN00001', 'ASIAEXAMPLEERIN00002'].flatMap((accessKeyId, index) =>
      work(
        'erin’s session in the console',
        {
          userIdentity: {
            ...ALICE,
            principalId: 'AIDAEXAMPLEERIN00001',
            userName: 'erin',
            arn: `arn:aws:iam::${ACCOUNT}:user/erin`,
            accessKeyId,
            sessionContext: {
              attributes: { creationDate: `${DAY}T17:00:00Z`, mfaAuthenticated: 'true' },
            },
          },
          userAgent: 'AWS Internal',
          sessionCredentialFromConsole: 'true',
        },
        [[`17:${index === 0 ? '06' : '28'}:00`, 'rds', 'ModifyDBInstance']],
      ),
    ),
  ]
}

/** Providers for three regions, one set of credentials. */
function oneApplyOverThreeRegions(): Labelled[] {
  const regions = ['eu-west-1', 'us-east-1', 'ap-southeast-2']
  const userIdentity = roleIdentity({
    role: 'terraform-global',
    session: 'aws-go-sdk-1772456400000000009',
    key: 'ASIAEXAMPLEGLOBAL001',
    began: `${DAY}T13:00:00Z`,
  })
  return work(
    'one apply over three regions',
    { userIdentity, userAgent: TERRAFORM },
    many('13:00:05', 45, 5, NETWORK, (index) => ({ awsRegion: regions[index % 3] })),
  )
}

/** One IAM user whose keys are with two programs. */
function sameUserTwoKeys(): Labelled[] {
  const ci = {
    ...ALICE,
    principalId: 'AIDAEXAMPLECIUSER001',
    userName: 'ci',
    arn: `arn:aws:iam::${ACCOUNT}:user/ci`,
  }
  const server = { ...ci, accessKeyId: 'AKIAEXAMPLECIKEY0001' }
  const laptop = { ...ci, accessKeyId: 'AKIAEXAMPLECIKEY0002' }
  return [
    ...work(
      'the old build server rolls out',
      { userIdentity: server, userAgent: BOTO3 },
      many('18:00:00', 16, 40, APPLICATION),
    ),
    ...work(
      'someone repairs by hand with the other key',
      { userIdentity: laptop, sourceIPAddress: '198.51.100.9' },
      [
        ['18:01:10', 'ec2', 'StopInstances'],
        ['18:04:30', 'ec2', 'ModifyInstanceAttribute'],
        ['18:05:00', 'ec2', 'StartInstances'],
        ['18:13:40', 'ec2', 'CreateTags'],
      ],
    ),
    // Made for one call, by AWS, of the first key's rights: a key and a beginning of its own.
    ...work(
      'the old build server rolls out',
      {
        userIdentity: {
          ...ci,
          accessKeyId: 'ASIAEXAMPLEFORWARD01',
          sessionContext: {
            attributes: { creationDate: `${DAY}T18:03:20Z`, mfaAuthenticated: 'false' },
          },
          invokedBy: 'dynamodb.amazonaws.com',
        },
        userAgent: 'dynamodb.amazonaws.com',
        sourceIPAddress: 'dynamodb.amazonaws.com',
      },
      [['18:03:20', 'kms', 'CreateGrant']],
    ),
    // The server again, 50 minutes after it had finished.
    ...work(
      'the old build server rolls back',
      { userIdentity: server, userAgent: BOTO3 },
      many('19:01:00', 6, 30, APPLICATION),
    ),
  ]
}

/** Alice's key with Terraform: she waits 18 minutes for a database, and applies once more later. */
function slowApplyWithKey(): Labelled[] {
  return [
    ...work('alice’s apply with a database', { userIdentity: ALICE, userAgent: TERRAFORM }, [
      ...many('20:00:00', 10, 6, NETWORK),
      ['20:01:10', 'rds', 'CreateDBInstance'],
      ['20:19:30', 'route53', 'ChangeResourceRecordSets', { awsRegion: 'us-east-1' }],
      ['20:19:40', 'ssm', 'PutParameter'],
    ]),
    ...work(
      'alice’s apply in the evening',
      { userIdentity: ALICE, userAgent: TERRAFORM },
      many('21:30:00', 8, 6, APPLICATION),
    ),
  ]
}

/** CDK: a role to publish, one to deploy, and CloudFormation with a third. */
function cdkDeploy(): Labelled[] {
  const label = 'frank’s cdk deploy'
  const cdk = 'aws-sdk-js/3.699.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#22.11.0 aws-cdk/2.172.0'
  const role = (kind: string, session: string, key: string, options = {}) =>
    roleIdentity({
      role: `cdk-hnb659fds-${kind}-role-${ACCOUNT}-eu-west-1`,
      session,
      key,
      began: `${DAY}T07:00:01Z`,
      ...options,
    })
  return [
    ...work(
      label,
      { userIdentity: role('deploy', 'aws-cdk-frank', 'ASIAEXAMPLECDK000001'), userAgent: cdk },
      [
        ['07:00:10', 'cloudformation', 'CreateChangeSet'],
        ['07:00:25', 'cloudformation', 'ExecuteChangeSet'],
      ],
    ),
    ...work(
      label,
      {
        userIdentity: role('cfn-exec', 'AWSCloudFormation', 'ASIAEXAMPLECDK000002', {
          began: `${DAY}T07:00:26Z`,
          invokedBy: 'cloudformation.amazonaws.com',
        }),
        userAgent: 'cloudformation.amazonaws.com',
        sourceIPAddress: 'cloudformation.amazonaws.com',
      },
      many('07:00:30', 8, 12, APPLICATION),
    ),
  ]
}

/** Background activity. */
function background(): Labelled[] {
  const scaling = (began: string) =>
    roleIdentity({
      role: 'AWSServiceRoleForAutoScaling',
      path: '/aws-service-role/autoscaling.amazonaws.com/',
      session: 'AutoScaling',
      key: '',
      began,
      invokedBy: 'autoscaling.amazonaws.com',
    })
  const byScaling = {
    userAgent: 'autoscaling.amazonaws.com',
    sourceIPAddress: 'autoscaling.amazonaws.com',
  }
  const instance = roleIdentity({
    role: 'web',
    session: 'i-0123456789abcdef0',
    key: 'ASIAEXAMPLEINSTANCE1',
    began: `${DAY}T06:00:00Z`,
    fields: {},
  })
  return [
    ...work(
      'Auto Scaling adds instances, 11:01',
      { ...byScaling, userIdentity: scaling(`${DAY}T11:01:00Z`) },
      many('11:01:01', 6, 2, [
        ['ec2', 'RunInstances'],
        ['ec2', 'CreateTags'],
      ]),
    ),
    ...work(
      'Auto Scaling removes instances, 11:40',
      { ...byScaling, userIdentity: scaling(`${DAY}T11:40:00Z`) },
      many('11:40:01', 4, 3, [['ec2', 'TerminateInstances']]),
    ),
    ...work(
      'the application of instance i-0123456789abcdef0 writes a parameter',
      { userIdentity: instance, userAgent: BOTO3 },
      [['11:02:00', 'ssm', 'PutParameter']],
    ),
    ...work(
      'Secrets Manager tidies up',
      {
        userIdentity: { accountId: ACCOUNT, invokedBy: 'secretsmanager.amazonaws.com' },
        userAgent: 'secretsmanager.amazonaws.com',
        sourceIPAddress: 'secretsmanager.amazonaws.com',
        eventType: 'AwsServiceEvent',
      },
      [
        ['11:03:00', 'secretsmanager', 'StartSecretVersionDelete'],
        ['11:03:01', 'secretsmanager', 'EndSecretVersionDelete'],
      ],
    ),
    // A person who did one thing in the middle of everything.
    ...work(
      'gina denies herself',
      {
        userIdentity: ssoIdentity('gina@example.com', {
          key: 'ASIAEXAMPLEGINA00001',
          began: `${DAY}T10:59:00Z`,
        }),
        userAgent: AWS_CLI,
      },
      [['11:00:20', 'iam', 'CreateUser', { errorCode: 'AccessDenied', awsRegion: 'us-east-1' }]],
    ),
  ]
}

/** Two pull requests that one Atlantis applies at once, with one set of credentials. */
function atlantisTask(): Labelled[] {
  const userIdentity = roleIdentity({
    role: 'atlantis',
    session: '0123456789abcdef0123456789abcdef',
    key: 'ASIAEXAMPLEATLANTIS1',
    began: `${DAY}T05:00:00Z`,
  })
  return [12, 13].flatMap((pull) =>
    work(
      `atlantis applies pull request ${pull}`,
      { userIdentity, userAgent: `${TERRAFORM} atlantis/shop/infra/${pull}` },
      many(`05:10:0${pull - 12}`, 10, 4, APPLICATION),
    ),
  )
}

/** Providers with roles in two accounts: each has its own session, named by the SDK. */
function oneRunOverTwoAccounts(): Labelled[] {
  return ['123456789012', '444455556666'].flatMap((account, index) =>
    work(
      'one apply over two accounts',
      {
        userIdentity: roleIdentity({
          role: 'tf-landing-zone',
          session: `aws-go-sdk-177241320000000000${index}`,
          key: `ASIAEXAMPLEACCOUNT0${index}`,
          began: `${DAY}T04:00:0${2 * index}Z`,
          account,
        }),
        recipientAccountId: account,
        userAgent: TERRAFORM,
      },
      many(`04:00:1${index}`, 12, 7, NETWORK),
    ),
  )
}

/** An apply of more than an hour, whose credentials expire in the middle. */
function renewedCredentials(): Labelled[] {
  const session = (role: string, nth: number, began: string) =>
    roleIdentity({
      role,
      session: `aws-go-sdk-177240960000000000${nth}`,
      key: `ASIAEXAMPLERENEWED0${nth}`,
      began,
    })
  const apply = (label: string, role: string, nth: number, userAgent: string) => [
    ...work(
      label,
      { userIdentity: session(role, nth, `${DAY}T03:00:00Z`), userAgent },
      many('03:00:10', 6, 540, [['rds', 'CreateDBInstance']]),
    ),
    ...work(
      label,
      { userIdentity: session(role, nth + 1, `${DAY}T03:55:00Z`), userAgent },
      many('03:56:10', 3, 60, APPLICATION),
    ),
  ]
  return [
    ...apply(
      'a long apply with a run ID',
      'tf-with-run',
      1,
      `${TERRAFORM} 0f6f0c1e-3f0e-4c8e-9a34-0b3c5b7a1d2e`,
    ),
    ...apply('a long apply without a run ID', 'tf-without-run', 3, TERRAFORM),
    ...namedRenewal(),
    ...hourlyApplies(),
  ]
}

/** A session with a name from the configuration, whose apply waits for a cluster past the renewal. */
function namedRenewal(): Labelled[] {
  const session = (nth: number, began: string) => ({
    userIdentity: roleIdentity({
      role: 'tf-platform',
      session: 'platform-pipeline',
      key: `ASIAEXAMPLEPIPELINE${nth}`,
      began: `${DAY}T${began}Z`,
    }),
    userAgent: TERRAFORM,
  })
  return [
    ...work('an apply of a named session', session(1, '08:00:00'), [
      ...many('08:00:20', 8, 9, NETWORK),
      ['08:20:00', 'eks', 'CreateCluster'],
      ['08:48:00', 'eks', 'CreateNodegroup'],
    ]),
    ...work('an apply of a named session', session(2, '08:55:12'), [
      ['08:56:00', 'eks', 'CreateAddon'],
      ['08:56:10', 'ssm', 'PutParameter'],
    ]),
  ]
}

/** A scheduled apply: each hour the same role, name and host, but no work in between. */
function hourlyApplies(): Labelled[] {
  return ['19', '20', '21'].flatMap((hour, nth) =>
    work(
      `the scheduled apply at ${hour}:00`,
      {
        userIdentity: roleIdentity({
          role: 'tf-scheduled',
          session: `aws-go-sdk-177248640000000000${nth}`,
          key: `ASIAEXAMPLEHOURLY00${nth}`,
          began: `${DAY}T${hour}:00:0${nth}Z`,
        }),
        userAgent: TERRAFORM,
      },
      many(`${hour}:00:05`, 6, 8, APPLICATION),
    ),
  )
}

/** CloudFormation with the rights of the person who called it, and with a role of its own. */
function stacks(): Labelled[] {
  const began = `${DAY}T02:00:00Z`
  const byCloudFormation = {
    userAgent: 'cloudformation.amazonaws.com',
    sourceIPAddress: 'cloudformation.amazonaws.com',
  }
  const henry = ssoIdentity('henry@example.com', { key: 'ASIAEXAMPLEHENRY0001', began })
  const irene = ssoIdentity('irene@example.com', { key: 'ASIAEXAMPLEIRENE0001', began })
  const role = `arn:aws:iam::${ACCOUNT}:role/stack-deploy`
  return [
    ...work('henry updates a stack', { userIdentity: henry, userAgent: AWS_CLI }, [
      ['02:01:00', 'cloudformation', 'UpdateStack', { requestParameters: { stackName: 'shop' } }],
    ]),
    ...work(
      'henry updates a stack',
      {
        ...byCloudFormation,
        userIdentity: { ...henry, invokedBy: 'cloudformation.amazonaws.com' },
      },
      many('02:01:05', 8, 6, APPLICATION),
    ),
    ...work('irene updates a stack that has a role', { userIdentity: irene, userAgent: AWS_CLI }, [
      [
        '02:10:20',
        'cloudformation',
        'UpdateStack',
        { requestParameters: { stackName: 'pay', roleARN: role } },
      ],
    ]),
    ...work(
      'irene updates a stack that has a role',
      {
        ...byCloudFormation,
        userIdentity: roleIdentity({
          role: 'stack-deploy',
          session: 'AWSCloudFormation',
          key: 'ASIAEXAMPLESTACK0001',
          began: `${DAY}T02:10:22Z`,
          invokedBy: 'cloudformation.amazonaws.com',
        }),
      },
      many('02:10:25', 8, 6, APPLICATION),
    ),
  ]
}

/** One person in two accounts, another with the same permission set, and one across midnight. */
function peopleOfIdentityCenter(): Labelled[] {
  const inConsole = { userAgent: 'AWS Internal', sessionCredentialFromConsole: 'true' }
  const at = (person: string, key: string, account: string = ACCOUNT) => ({
    ...inConsole,
    userIdentity: ssoIdentity(person, { key, began: `${DAY}T22:00:00Z`, account }),
    recipientAccountId: account,
  })
  return [
    ...work('jana in production', at('jana@example.com', 'ASIAEXAMPLEJANA00001'), [
      ['22:05:00', 'ec2', 'ModifyInstanceAttribute'],
      ['22:07:00', 'rds', 'ModifyDBInstance'],
    ]),
    ...work('jana in staging', at('jana@example.com', 'ASIAEXAMPLEJANA00002', '444455556666'), [
      ['22:06:00', 'ec2', 'ModifyInstanceAttribute'],
      ['22:08:00', 'rds', 'ModifyDBInstance'],
    ]),
    ...work('karl in production', at('karl@example.com', 'ASIAEXAMPLEKARL00001'), [
      ['22:05:30', 'ec2', 'StopInstances'],
      ['22:06:30', 'ec2', 'StartInstances'],
    ]),
    ...work('lena across midnight', at('lena@example.com', 'ASIAEXAMPLELENA00001'), [
      [`${DAY}T23:40:00Z`, 'iam', 'AttachRolePolicy'],
      ['2026-03-03T00:20:00Z', 'iam', 'PutRolePolicy'],
    ]),
  ]
}

export const LABELLED: Labelled[] = [
  ...twoPeopleInOneRole(),
  ...parallelApplies(),
  ...ciThroughOidc(),
  ...consoleWithPause(),
  ...oneApplyOverThreeRegions(),
  ...sameUserTwoKeys(),
  ...slowApplyWithKey(),
  ...cdkDeploy(),
  ...background(),
  ...atlantisTask(),
  ...oneRunOverTwoAccounts(),
  ...renewedCredentials(),
  ...stacks(),
  ...peopleOfIdentityCenter(),
]
