import { describe, expect, it } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { ACCOUNT, call, roleIdentity, ssoIdentity } from '../../../testing/cloudtrail/records.ts'

const US = { awsRegion: 'us-east-1' }
const LB = `arn:aws:elasticloadbalancing:eu-west-1:${ACCOUNT}`
const PUBLIC_POLICY = (action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: action, Resource: '*' }],
  })

type Case = [Record<string, unknown>, string]

const sentences: Record<string, Case[]> = {
  'EC2 and VPC': [
    [
      call(
        'ec2',
        'RunInstances',
        {
          instancesSet: { items: [{ imageId: 'ami-0123456789abcdef0', minCount: 2, maxCount: 2 }] },
          instanceType: 'm6i.large',
          userData: '<sensitiveDataRemoved>',
        },
        {
          instancesSet: {
            items: [{ instanceId: 'i-0123456789abcdef0' }, { instanceId: 'i-0123456789abcdef1' }],
          },
        },
      ),
      'alice launched 2 m6i.large instances (i-0123456789abcdef0 and i-0123456789abcdef1) from image ami-0123456789abcdef0 in eu-west-1',
    ],
    [
      call('ec2', 'AuthorizeSecurityGroupIngress', {
        groupId: 'sg-0123456789abcdef0',
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: 22,
              toPort: 22,
              ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] },
            },
          ],
        },
      }),
      'alice opened 22/tcp to the world on security group sg-0123456789abcdef0 in eu-west-1',
    ],
    [
      call('ec2', 'AuthorizeSecurityGroupIngress', {
        groupId: 'sg-0123456789abcdef0',
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: 5432,
              toPort: 5432,
              groups: { items: [{ groupId: 'sg-0fedcba9876543210' }] },
            },
          ],
        },
      }),
      'alice allowed 5432/tcp from sg-0fedcba9876543210 into security group sg-0123456789abcdef0 in eu-west-1',
    ],
    [
      call(
        'ec2',
        'ModifyVolume',
        { ModifyVolumeRequest: { VolumeId: 'vol-0123456789abcdef0', Size: 200 } },
        {
          ModifyVolumeResponse: {
            volumeModification: {
              volumeId: 'vol-0123456789abcdef0',
              originalSize: 100,
              targetSize: 200,
            },
          },
        },
      ),
      'alice changed volume vol-0123456789abcdef0 in eu-west-1: size from 100 GB to 200 GB',
    ],
    [
      call('ec2', 'CreateRoute', {
        routeTableId: 'rtb-0123456789abcdef0',
        destinationCidrBlock: '0.0.0.0/0',
        gatewayId: 'igw-0123456789abcdef0',
      }),
      'alice routed the internet (0.0.0.0/0) through igw-0123456789abcdef0 in route table rtb-0123456789abcdef0 in eu-west-1',
    ],
  ],
  IAM: [
    [
      call(
        'iam',
        'AttachRolePolicy',
        { roleName: 'app', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
        null,
        US,
      ),
      'alice attached policy AdministratorAccess to role app',
    ],
    [
      call(
        'iam',
        'UpdateAssumeRolePolicy',
        {
          roleName: 'app',
          policyDocument: JSON.stringify({
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::210987654321:root' },
                Action: 'sts:AssumeRole',
              },
            ],
          }),
        },
        null,
        US,
      ),
      'alice changed who may assume role app: now account 210987654321',
    ],
    [
      call(
        'iam',
        'CreateAccessKey',
        { userName: 'ci' },
        { accessKey: { accessKeyId: 'AKIAEXAMPLE000000001', userName: 'ci' } },
        US,
      ),
      'alice created an access key for user ci',
    ],
  ],
  S3: [
    [
      call('s3', 'PutBucketPolicy', {
        bucketName: 'shop-assets',
        bucketPolicy: JSON.parse(PUBLIC_POLICY('s3:GetObject')),
      }),
      'alice opened bucket shop-assets to the world with its policy in eu-west-1: s3:GetObject',
    ],
    [
      call('s3', 'DeleteBucketPublicAccessBlock', { bucketName: 'shop-assets' }),
      'alice removed the public access block of bucket shop-assets in eu-west-1',
    ],
  ],
  RDS: [
    [
      call(
        'rds',
        'ModifyDBInstance',
        {
          dBInstanceIdentifier: 'orders',
          dBInstanceClass: 'db.m6g.xlarge',
          applyImmediately: true,
        },
        {
          dBInstanceIdentifier: 'orders',
          dBInstanceClass: 'db.m6g.large',
          pendingModifiedValues: { dBInstanceClass: 'db.m6g.xlarge' },
        },
      ),
      'alice changed database instance orders in eu-west-1: DB instance class from db.m6g.large to db.m6g.xlarge, at once',
    ],
    [
      call('rds', 'DeleteDBCluster', { dBClusterIdentifier: 'orders', skipFinalSnapshot: true }),
      'alice deleted database cluster orders in eu-west-1, without a final snapshot',
    ],
  ],
  Lambda: [
    [
      call(
        'lambda',
        'UpdateFunctionCode20150331v2',
        { functionName: 'resize', publish: true, dryRun: false },
        {
          functionName: 'resize',
          functionArn: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:resize:8`,
          version: '8',
          codeSha256: 'Pt1c8vVaBygmNtAeSyjlpdy7r8nHRqJAAL++HEGlQkc=',
        },
      ),
      'alice deployed new code to function resize in eu-west-1, published as version 8',
    ],
    [
      call('lambda', 'UpdateFunctionConfiguration20150331v2', {
        functionName: 'resize',
        memorySize: 1024,
      }),
      'alice changed the configuration of function resize in eu-west-1: memory size to 1024',
    ],
  ],
  'ECS, EKS and ECR': [
    [
      call(
        'ecs',
        'UpdateService',
        { cluster: 'prod', service: 'web', taskDefinition: 'web:42', desiredCount: 4 },
        {
          service: {
            serviceArn: `arn:aws:ecs:eu-west-1:${ACCOUNT}:service/prod/web`,
            deployments: [
              {
                status: 'PRIMARY',
                taskDefinition: `arn:aws:ecs:eu-west-1:${ACCOUNT}:task-definition/web:42`,
                desiredCount: 4,
              },
              {
                status: 'ACTIVE',
                taskDefinition: `arn:aws:ecs:eu-west-1:${ACCOUNT}:task-definition/web:41`,
                desiredCount: 2,
              },
            ],
          },
        },
      ),
      'alice updated service web in cluster prod in eu-west-1: task definition from web:41 to web:42 and desired count from 2 to 4',
    ],
    [
      call('eks', 'UpdateClusterVersion', { name: 'prod', version: '1.31' }),
      'alice upgraded cluster prod to Kubernetes 1.31 in eu-west-1',
    ],
    [
      call('ecr', 'PutImage', { repositoryName: 'shop/web', imageTag: 'v42' }),
      'alice pushed image v42 to repository shop/web in eu-west-1',
    ],
  ],
  'ELB, Route 53 and CloudFront': [
    [
      call('elasticloadbalancing', 'ModifyListener', {
        listenerArn: `${LB}:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2`,
        defaultActions: [
          {
            type: 'forward',
            forwardConfig: {
              targetGroups: [
                { targetGroupArn: `${LB}:targetgroup/blue/73e2d6bc24d8a067`, weight: 10 },
                { targetGroupArn: `${LB}:targetgroup/green/73e2d6bc24d8a068`, weight: 90 },
              ],
            },
          },
        ],
      }),
      'alice changed listener web in eu-west-1 to send traffic to blue (weight 10) and green (weight 90)',
    ],
    [
      call(
        'route53',
        'ChangeResourceRecordSets',
        {
          hostedZoneId: 'Z1D633PJN98FT9',
          changeBatch: {
            changes: [
              {
                action: 'UPSERT',
                resourceRecordSet: {
                  name: 'www.example.com.',
                  type: 'A',
                  tTL: 60,
                  resourceRecords: [{ value: '192.0.2.1' }],
                },
              },
            ],
          },
        },
        null,
        US,
      ),
      'alice pointed www.example.com (A) to 192.0.2.1 in hosted zone Z1D633PJN98FT9',
    ],
    [
      call(
        'cloudfront',
        'CreateInvalidation2020_05_31',
        {
          distributionId: 'E2EXAMPLE12345',
          invalidationBatch: { paths: { quantity: 1, items: ['/*'] } },
        },
        null,
        US,
      ),
      'alice invalidated /* of distribution E2EXAMPLE12345',
    ],
  ],
  'CloudFormation, KMS, secrets and parameters': [
    [
      call('cloudformation', 'UpdateStack', {
        stackName: 'shop',
        parameters: [{ parameterKey: 'Password', parameterValue: 'hunter2' }],
      }),
      'alice started updating stack shop in eu-west-1',
    ],
    [
      call('kms', 'ScheduleKeyDeletion', {
        keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
        pendingWindowInDays: 7,
      }),
      'alice scheduled the deletion of key 1234abcd-12ab-34cd-56ef-1234567890ab in 7 days in eu-west-1',
    ],
    [
      call('secretsmanager', 'DeleteSecret', {
        secretId: 'prod/db',
        forceDeleteWithoutRecovery: true,
      }),
      'alice deleted secret prod/db in eu-west-1, with no way back',
    ],
    [
      call(
        'ssm',
        'PutParameter',
        {
          name: '/app/url',
          value: 'HIDDEN_DUE_TO_SECURITY_REASONS',
          type: 'SecureString',
          overwrite: true,
        },
        { version: 3 },
      ),
      'alice changed parameter /app/url (encrypted) in eu-west-1',
    ],
  ],
  'Auto Scaling, DynamoDB, CloudWatch': [
    [
      call('autoscaling', 'SetDesiredCapacity', {
        autoScalingGroupName: 'web',
        desiredCapacity: 6,
      }),
      'alice set the desired capacity of Auto Scaling group web to 6 in eu-west-1',
    ],
    [
      call(
        'dynamodb',
        'UpdateTable',
        {
          tableName: 'orders',
          provisionedThroughput: { readCapacityUnits: 100, writeCapacityUnits: 50 },
        },
        {
          tableDescription: {
            provisionedThroughput: { readCapacityUnits: 10, writeCapacityUnits: 50 },
          },
        },
      ),
      'alice changed table orders in eu-west-1: read capacity from 10 to 100',
    ],
    [
      call('monitoring', 'DisableAlarmActions', { alarmNames: ['cpu', 'disk'] }),
      'alice silenced alarms cpu and disk in eu-west-1',
    ],
  ],
  'SQS, SNS, Organizations': [
    [
      call('sqs', 'PurgeQueue', {
        queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/jobs`,
      }),
      'alice deleted all messages in queue jobs in eu-west-1',
    ],
    [
      call('sns', 'Subscribe', {
        topicArn: `arn:aws:sns:eu-west-1:${ACCOUNT}:alerts`,
        protocol: 'email',
        endpoint: 'ops@example.com',
      }),
      'alice subscribed an email endpoint to topic alerts in eu-west-1',
    ],
    [
      call(
        'organizations',
        'AttachPolicy',
        { policyId: 'p-1a2b3c4d', targetId: 'ou-ab12-cd34ef56' },
        null,
        US,
      ),
      'alice attached the organization’s policy p-1a2b3c4d to ou-ab12-cd34ef56',
    ],
  ],
  'any other service': [
    [
      call(
        'rolesanywhere',
        'CreateTrustAnchor',
        { name: 'onprem' },
        {
          trustAnchor: { name: 'onprem', trustAnchorId: '49e25ec3-bdfe-4150-8683-b4ea4ee85cfd' },
        },
      ),
      'alice created trust anchor onprem (49e25ec3-bdfe-4150-8683-b4ea4ee85cfd) in eu-west-1',
    ],
    [
      call('batch', 'UpdateComputeEnvironment', { computeEnvironment: 'prod', state: 'DISABLED' }),
      'alice updated compute environment prod in eu-west-1: state to DISABLED',
    ],
    [
      call('bedrock', 'PutModelInvocationLoggingConfiguration', { loggingConfig: {} }),
      'alice set the model invocation logging configuration in eu-west-1',
    ],
    [
      call('quantumledger', 'FrobnicateThing', { thingId: 't-1' }),
      'alice called FrobnicateThing of quantumledger on thing t-1 in eu-west-1',
    ],
    [call('somethingnew', 'CreateWidget'), 'alice created a widget in eu-west-1'],
  ],
}

describe.each(Object.entries(sentences))('%s', (_, cases) => {
  it.each(cases.map(([record, sentence]) => [sentence, record] as const))(
    '%s',
    (sentence, record) => {
      expect(read(record).summary).toBe(sentence)
    },
  )
})

describe('failed calls', () => {
  it('are summarized as attempts', () => {
    const change = read(
      call('s3', 'DeleteBucket', { bucketName: 'logs' }, null, {
        errorCode: 'BucketNotEmpty',
        errorMessage: 'The bucket you tried to delete is not empty',
      }),
    )
    expect(change.outcome).toBe('failed')
    expect(change.summary).toBe(
      'alice tried to delete bucket logs in eu-west-1, but it failed: the bucket you tried to delete is not empty',
    )
  })

  it('name the policy type that denied them, if AWS reports it', () => {
    const change = read(
      call('organizations', 'LeaveOrganization', null, null, {
        ...US,
        errorCode: 'AccessDeniedException',
        errorMessage:
          'User: arn:aws:iam::123456789012:user/alice is not authorized to perform: organizations:LeaveOrganization with an explicit deny in a service control policy',
      }),
    )
    expect(change.outcome).toBe('denied')
    expect(change.summary).toBe(
      'alice tried to take account 123456789012 out of its organization and was denied by a service control policy',
    )
    expect(change.detail.error?.code).toBe('AccessDeniedException')
  })

  it('are summarized even without an error message', () => {
    const change = read(
      call('ec2', 'DeleteVpc', { vpcId: 'vpc-0123456789abcdef0' }, null, {
        errorCode: 'DependencyViolation',
      }),
    )
    expect(change.summary).toMatch(/, but it failed: DependencyViolation$/)
    expect(change.detail.error).toEqual({ code: 'DependencyViolation' })
  })

  it('do not claim that access was opened', () => {
    const attempt = {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [{ ipProtocol: '-1', ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }],
      },
    }
    expect(read(call('ec2', 'AuthorizeSecurityGroupIngress', attempt)).publicAccess).toBe(
      'all traffic to the world',
    )
    const denied = call('ec2', 'AuthorizeSecurityGroupIngress', attempt, null, {
      errorCode: 'Client.UnauthorizedOperation',
    })
    expect(read(denied).publicAccess).toBeUndefined()
    expect(read(denied).outcome).toBe('denied')
  })

  it('omit the encoded authorization message, and shorten ARNs', () => {
    const change = read(
      call('ecs', 'DeleteCluster', { cluster: 'prod' }, null, {
        errorCode: 'ClusterContainsServicesException',
        errorMessage: `Cluster arn:aws:ecs:eu-west-1:${ACCOUNT}:cluster/prod is busy. Encoded authorization failure message: ${'A'.repeat(2_000)}`,
      }),
    )
    expect(change.summary).toBe(
      'alice tried to delete cluster prod in eu-west-1, but it failed: cluster prod is busy',
    )
  })
})

describe('public access', () => {
  it.each([
    [
      call('lambda', 'AddPermission20150331v2', {
        functionName: 'f',
        statementId: 's',
        action: 'lambda:InvokeFunction',
        principal: '*',
      }),
      'function f to everyone',
    ],
    [
      call('lambda', 'CreateFunctionUrlConfig', { functionName: 'f', authType: 'NONE' }),
      'function f to the world through a URL',
    ],
    [
      call('s3', 'PutBucketAcl', { bucketName: 'b', 'x-amz-acl': 'public-read' }),
      'bucket b: everyone may read',
    ],
    [
      call('ec2', 'ModifySnapshotAttribute', {
        snapshotId: 'snap-0123456789abcdef0',
        createVolumePermission: { add: { items: [{ group: 'all' }] } },
      }),
      'snapshot snap-0123456789abcdef0 to the world',
    ],
    [
      call('rds', 'ModifyDBSnapshotAttribute', {
        dBSnapshotIdentifier: 's',
        attributeName: 'restore',
        valuesToAdd: ['all'],
      }),
      'database snapshot s to the world',
    ],
    [
      call('rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'd', publiclyAccessible: true }),
      'database instance d to the internet',
    ],
    [
      call('sqs', 'SetQueueAttributes', {
        queueUrl: 'https://sqs/1/q',
        attributes: { Policy: PUBLIC_POLICY('sqs:*') },
      }),
      'queue q: everything',
    ],
    [
      call(
        'iam',
        'CreateRole',
        { roleName: 'r', assumeRolePolicyDocument: PUBLIC_POLICY('sts:AssumeRole') },
        null,
        US,
      ),
      'the role to everyone',
    ],
    [
      call('kms', 'PutKeyPolicy', { keyId: 'k', policy: PUBLIC_POLICY('kms:Decrypt') }),
      'key k: kms:Decrypt',
    ],
    [
      call('eks', 'UpdateClusterConfig', {
        name: 'c',
        resourcesVpcConfig: { endpointPublicAccess: true },
      }),
      'the API endpoint of cluster c',
    ],
  ])('is reported: %#', (record, words) => {
    expect(read(record).publicAccess).toBe(words)
  })

  it.each([
    call('lambda', 'AddPermission20150331v2', {
      functionName: 'f',
      principal: 'events.amazonaws.com',
      action: 'lambda:InvokeFunction',
    }),
    call('lambda', 'AddPermission20150331v2', {
      functionName: 'f',
      principal: '*',
      action: 'lambda:InvokeFunction',
      sourceAccount: ACCOUNT,
    }),
    call('s3', 'PutBucketPolicy', {
      bucketName: 'b',
      bucketPolicy: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
          },
          { Effect: 'Deny', Principal: '*', Action: 's3:*' },
        ],
      },
    }),
    call('ec2', 'AuthorizeSecurityGroupEgress', {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [{ ipProtocol: '-1', ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] } }],
      },
    }),
  ])('is not reported: %#', (record) => {
    expect(read(record).publicAccess).toBeUndefined()
  })
})

describe('secrets', () => {
  const SECRET = 'hunter2-correct-horse'

  it.each([
    call('rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'd', masterUserPassword: SECRET }),
    call('lambda', 'UpdateFunctionConfiguration20150331v2', {
      functionName: 'f',
      environment: { variables: { TOKEN: SECRET } },
    }),
    call('ec2', 'ModifyInstanceAttribute', {
      instanceId: 'i-0123456789abcdef0',
      userData: { value: SECRET },
    }),
    call('ec2', 'RunInstances', { instanceType: 't3.micro', userData: SECRET }),
    call('ec2', 'CreateLaunchTemplateVersion', {
      CreateLaunchTemplateVersionRequest: {
        LaunchTemplateId: 'lt-0123456789abcdef0',
        LaunchTemplateData: { UserData: SECRET },
      },
    }),
    call('secretsmanager', 'PutSecretValue', { secretId: 's', secretString: SECRET }),
    call('secretsmanager', 'UpdateSecret', {
      secretId: 's',
      secretString: SECRET,
      secretBinary: SECRET,
    }),
    call('ssm', 'PutParameter', { name: 'p', value: SECRET, type: 'String' }),
    call('ssm', 'SendCommand', {
      documentName: 'AWS-RunShellScript',
      parameters: { commands: [SECRET] },
      instanceIds: ['i-0123456789abcdef0'],
    }),
    call('cloudformation', 'CreateStack', {
      stackName: 's',
      parameters: [{ parameterKey: 'P', parameterValue: SECRET }],
    }),
    call('ecs', 'RegisterTaskDefinition', {
      family: 'f',
      containerDefinitions: [
        { name: 'c', image: 'i', environment: [{ name: 'T', value: SECRET }] },
      ],
    }),
    call('elasticache', 'ModifyReplicationGroup', { replicationGroupId: 'r', authToken: SECRET }),
    call('iam', 'CreateLoginProfile', { userName: 'u', password: SECRET }, null, US),
    call('iam', 'ChangePassword', { oldPassword: SECRET, newPassword: SECRET }, null, US),
    call('codebuild', 'UpdateProject', {
      name: 'p',
      environment: { environmentVariables: [{ name: 'T', value: SECRET }] },
    }),
    call('anything', 'UpdateThing', {
      thingId: 't',
      apiKey: SECRET,
      clientSecret: SECRET,
      accessToken: SECRET,
      dbPassword: SECRET,
      privateKey: SECRET,
    }),
    call('anything', 'UpdateThing', {
      thingId: 't',
      url: `https://user:${SECRET}@example.com/`,
      note: `-----BEGIN PRIVATE KEY-----\n${SECRET}`,
    }),
    call('events', 'UpdateConnection', {
      name: 'c',
      authParameters: { apiKeyAuthParameters: { apiKeyValue: SECRET } },
    }),
    call('sns', 'Subscribe', {
      topicArn: `arn:aws:sns:eu-west-1:${ACCOUNT}:t`,
      protocol: 'https',
      endpoint: `https://hooks.example.com/${SECRET}`,
    }),
  ])('are not in any text of a change: %#', (record) => {
    expect(JSON.stringify(read(record))).not.toContain(SECRET)
  })
})

describe('the subject of a summary', () => {
  it('is the service if it calls on someone’s behalf', () => {
    const change = read(
      call('s3', 'CreateBucket', { bucketName: 'assets' }, null, {
        userIdentity: ssoIdentity('bob@example.com', { invokedBy: 'cloudformation.amazonaws.com' }),
        userAgent: 'cloudformation.amazonaws.com',
      }),
    )
    expect(change.summary).toBe(
      'bob@example.com, through CloudFormation, created bucket assets in eu-west-1',
    )
  })

  it('is the role if the record does not show its user', () => {
    const userIdentity = roleIdentity({
      role: 'deploy-prod',
      session: 'aws-go-sdk-1688990515440126480',
    })
    expect(
      read(call('dynamodb', 'DeleteTable', { tableName: 'orders' }, null, { userIdentity }))
        .summary,
    ).toBe('deploy-prod deleted table orders in eu-west-1')
  })
})
