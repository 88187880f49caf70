/** Write calls, with the parameters and responses of their APIs. */

import type { Account, Place } from './account.ts'
import type { Random } from './random.ts'
import type { Call } from './script.ts'

export interface Rule {
  groupId: string
  port: number
  /** The allowed source: a network, or the members of another group. */
  from: { cidr: string } | { groupId: string }
  description: string
}

/** Adds or removes an ingress rule; the rule's own id is known when it has one already. */
export function ingress(
  account: Account,
  action: 'Authorize' | 'Revoke',
  rule: Rule,
  ruleId: string,
): Call {
  const { groupId, port, from, description } = rule
  const source =
    'cidr' in from
      ? { groups: {}, ipRanges: { items: [{ cidrIp: from.cidr, description }] } }
      : {
          groups: { items: [{ userId: account.id, groupId: from.groupId, description }] },
          ipRanges: {},
        }
  const permission = { ipProtocol: 'tcp', fromPort: port, toPort: port, ...source }
  const described = {
    groupId,
    securityGroupRuleId: ruleId,
    description,
    isEgress: false,
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    ...('cidr' in from
      ? { cidrIpv4: from.cidr }
      : { referencedGroupInfo: { groupId: from.groupId, userId: account.id } }),
  }
  return {
    service: 'ec2',
    action: `${action}SecurityGroupIngress`,
    request: {
      groupId,
      ipPermissions: { items: [{ ...permission, ipv6Ranges: {}, prefixListIds: {} }] },
    },
    response: {
      _return: true,
      ...(action === 'Authorize'
        ? { securityGroupRuleSet: { items: [{ groupOwnerId: account.id, ...described }] } }
        : {
            unknownIpPermissionSet: {},
            revokedSecurityGroupRuleSet: {
              items: [{ ...described, securityGroupRuleId: ruleId }],
            },
          }),
    },
  }
}

interface Launch {
  instanceId: string
  instanceType: string
  tags: Record<string, string>
  groupId: string
  privateIp: string
  launchedAt: number
}

const tagSet = (tags: Record<string, string>) => ({
  items: Object.entries(tags).map(([key, value]) => ({ key, value })),
})

export function runInstances(
  account: Account,
  place: Place,
  random: Random,
  launch: Launch,
  byTemplate: boolean,
): Call {
  const { instanceId, instanceType, tags, groupId, privateIp, launchedAt } = launch
  const subnetId = random.pick(place.subnetIds)
  const clientToken = random.uuid()
  const availabilityZone = `${place.region}${random.pick(['a', 'b'])}`
  return {
    service: 'ec2',
    action: 'RunInstances',
    request: {
      instancesSet: { items: [{ imageId: place.imageId, minCount: 1, maxCount: 1 }] },
      ...(byTemplate
        ? { launchTemplate: { launchTemplateId: place.launchTemplateId, version: '$Latest' } }
        : { instanceType, groupSet: { items: [{ groupId }] } }),
      blockDeviceMapping: {},
      availabilityZone,
      monitoring: { enabled: false },
      subnetId,
      disableApiTermination: false,
      disableApiStop: false,
      clientToken,
      tagSpecificationSet: {
        items: [{ resourceType: 'instance', tags: tagSet(tags).items }],
      },
    },
    response: {
      reservationId: random.ec2Id('r'),
      ownerId: account.id,
      groupSet: {},
      instancesSet: {
        items: [
          {
            instanceId,
            imageId: place.imageId,
            bootMode: 'uefi-preferred',
            instanceState: { code: 0, name: 'pending' },
            privateDnsName: `ip-${privateIp.replaceAll('.', '-')}.${place.region === 'us-east-1' ? 'ec2' : `${place.region}.compute`}.internal`,
            amiLaunchIndex: 0,
            productCodes: {},
            instanceType,
            launchTime: launchedAt,
            placement: { availabilityZone, tenancy: 'default' },
            monitoring: { state: 'disabled' },
            subnetId,
            vpcId: place.vpcId,
            privateIpAddress: privateIp,
            stateReason: { code: 'pending', message: 'pending' },
            architecture: 'arm64',
            rootDeviceType: 'ebs',
            rootDeviceName: '/dev/xvda',
            blockDeviceMapping: {},
            virtualizationType: 'hvm',
            hypervisor: 'xen',
            tagSet: tagSet(tags),
            clientToken,
            groupSet: { items: [{ groupId }] },
            sourceDestCheck: true,
            ebsOptimized: false,
            enclaveOptions: { enabled: false },
          },
        ],
      },
      ...(byTemplate && { requesterId: '940372691376' }),
    },
  }
}

export function terminateInstance(instanceId: string): Call {
  return {
    service: 'ec2',
    action: 'TerminateInstances',
    request: { instancesSet: { items: [{ instanceId }] } },
    response: {
      instancesSet: {
        items: [
          {
            instanceId,
            currentState: { code: 32, name: 'shutting-down' },
            previousState: { code: 16, name: 'running' },
          },
        ],
      },
    },
  }
}

export function createTags(resourceId: string, tags: Record<string, string>): Call {
  return {
    service: 'ec2',
    action: 'CreateTags',
    request: { resourcesSet: { items: [{ resourceId }] }, tagSet: tagSet(tags) },
    response: { _return: true },
  }
}

export function createSecurityGroup(
  account: Account,
  place: Place,
  { groupId, groupName }: { groupId: string; groupName: string },
): Call {
  const tags = { Name: groupName, environment: place.environment }
  return {
    service: 'ec2',
    action: 'CreateSecurityGroup',
    request: {
      groupName,
      groupDescription: 'Managed by Terraform',
      vpcId: place.vpcId,
      tagSpecificationSet: {
        items: [{ resourceType: 'security-group', tags: tagSet(tags).items }],
      },
    },
    response: {
      _return: true,
      groupId,
      tagSet: tagSet(tags),
      securityGroupArn: `arn:aws:ec2:${place.region}:${account.id}:security-group/${groupId}`,
    },
  }
}

export function deleteSecurityGroup(groupId: string): Call {
  return {
    service: 'ec2',
    action: 'DeleteSecurityGroup',
    request: { groupId },
    response: { _return: true, groupId },
  }
}

/** The registered definition's revision increases with time: it identifies the deploy. */
export function registerTaskDefinition(
  account: Account,
  place: Place,
  task: { service: string; revision: number; image: string; memory: number; at: number },
): Call {
  const { service, revision, image, memory } = task
  const family = `${place.name}-${service}`
  const role = `arn:aws:iam::${account.id}:role/${place.name}-task`
  const container = {
    name: service,
    image,
    cpu: 0,
    essential: true,
    portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: 'tcp' }],
    environment: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    secrets: [{ name: 'DATABASE_URL', valueFrom: place.secretArn }],
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': `/ecs/${family}`,
        'awslogs-region': place.region,
        'awslogs-stream-prefix': service,
      },
    },
  }
  const definition = {
    family,
    taskRoleArn: role,
    executionRoleArn: `${role}-execution`,
    networkMode: 'awsvpc',
    containerDefinitions: [container],
    requiresCompatibilities: ['FARGATE'],
    cpu: '1024',
    memory: String(memory),
  }
  return {
    service: 'ecs',
    action: 'RegisterTaskDefinition',
    request: definition,
    response: {
      taskDefinition: {
        ...definition,
        taskDefinitionArn: taskDefinitionArn(account, place, service, revision),
        revision,
        status: 'ACTIVE',
        compatibilities: ['EC2', 'FARGATE'],
        registeredAt: task.at,
        volumes: [],
        placementConstraints: [],
      },
    },
  }
}

export function taskDefinitionArn(
  account: Account,
  { region, name }: Place,
  service: string,
  revision: number,
): string {
  return `arn:aws:ecs:${region}:${account.id}:task-definition/${name}-${service}:${revision}`
}

export function updateService(
  account: Account,
  place: Place,
  random: Random,
  change: { service: string; taskDefinition?: string; desiredCount: number; force?: boolean },
): Call {
  const { region, cluster } = place
  const { service, taskDefinition, desiredCount, force } = change
  const request = {
    cluster,
    service,
    desiredCount,
    ...(taskDefinition && { taskDefinition }),
    ...(force && { forceNewDeployment: true }),
  }
  return {
    service: 'ecs',
    action: 'UpdateService',
    request,
    response: {
      service: {
        serviceArn: `arn:aws:ecs:${region}:${account.id}:service/${cluster}/${service}`,
        serviceName: service,
        clusterArn: `arn:aws:ecs:${region}:${account.id}:cluster/${cluster}`,
        loadBalancers: [
          {
            targetGroupArn: place.targetGroupArn,
            containerName: service,
            containerPort: 8080,
          },
        ],
        status: 'ACTIVE',
        desiredCount,
        runningCount: desiredCount,
        pendingCount: 0,
        launchType: 'FARGATE',
        platformVersion: 'LATEST',
        ...(taskDefinition && { taskDefinition }),
        deployments: [
          {
            id: `ecs-svc/${random.text('0123456789', 19)}`,
            status: 'PRIMARY',
            desiredCount,
            pendingCount: 0,
            ...(taskDefinition && { taskDefinition }),
            runningCount: 0,
            launchType: 'FARGATE',
            rolloutState: 'IN_PROGRESS',
          },
        ],
      },
    },
  }
}

export function modifyParameter(
  place: Place,
  parameterName: string,
  parameterValue: string,
  applyMethod: 'immediate' | 'pending-reboot',
): Call {
  return {
    service: 'rds',
    action: 'ModifyDBParameterGroup',
    request: {
      dBParameterGroupName: place.parameterGroup,
      parameters: [{ parameterName, parameterValue, applyMethod, isModifiable: false }],
    },
    response: { dBParameterGroupName: place.parameterGroup },
  }
}

function describedDatabase(account: Account, place: Place) {
  return {
    dBInstanceIdentifier: place.database,
    dBInstanceClass: 'db.r7g.xlarge',
    engine: 'postgres',
    engineVersion: '16.6',
    multiAZ: place.environment === 'prod',
    dBInstanceArn: `arn:aws:rds:${place.region}:${account.id}:db:${place.database}`,
    dBParameterGroups: [
      { dBParameterGroupName: place.parameterGroup, parameterApplyStatus: 'in-sync' },
    ],
    vpcSecurityGroups: [{ vpcSecurityGroupId: place.groups.database, status: 'active' }],
    storageEncrypted: true,
    kmsKeyId: place.keyArn,
    publiclyAccessible: false,
    allocatedStorage: 400,
    storageType: 'gp3',
    backupRetentionPeriod: 7,
    masterUsername: 'shop',
    deletionProtection: true,
    dBSubnetGroup: { dBSubnetGroupName: `${place.name}-data`, vpcId: place.vpcId },
  }
}

export function rebootDatabase(account: Account, place: Place): Call {
  return {
    service: 'rds',
    action: 'RebootDBInstance',
    request: { dBInstanceIdentifier: place.database },
    response: { ...describedDatabase(account, place), dBInstanceStatus: 'rebooting' },
  }
}

export function modifyDatabase(
  account: Account,
  place: Place,
  change: Record<string, unknown>,
): Call {
  return {
    service: 'rds',
    action: 'ModifyDBInstance',
    request: {
      dBInstanceIdentifier: place.database,
      ...change,
      applyImmediately: true,
      allowMajorVersionUpgrade: false,
    },
    response: {
      ...describedDatabase(account, place),
      dBInstanceStatus: 'available',
      pendingModifiedValues: change,
    },
  }
}

export function updateFunctionCode(
  account: Account,
  place: Place,
  random: Random,
  { functionName, commit, at }: { functionName: string; commit: string; at: number },
): Call {
  const s3Key = `${functionName}/${commit}.zip`
  return {
    service: 'lambda',
    action: 'UpdateFunctionCode20150331v2',
    request: {
      functionName,
      s3Bucket: `shop-build-artifacts-${place.region}`,
      s3Key,
      publish: false,
      dryRun: false,
    },
    response: {
      ...describedFunction(account, place, functionName),
      codeSha256: `${random.hex(43)}=`,
      codeSize: random.integer(400_000, 9_000_000),
      lastModified: `${new Date(at).toISOString().slice(0, 19)}.000+0000`,
      revisionId: random.uuid(),
      version: '$LATEST',
      state: 'Active',
      lastUpdateStatus: 'InProgress',
      lastUpdateStatusReason: 'The function is being created.',
    },
  }
}

export function describedFunction(account: Account, place: Place, functionName: string) {
  return {
    functionName,
    functionArn: `arn:aws:lambda:${place.region}:${account.id}:function:${functionName}`,
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    packageType: 'Zip',
    role: `arn:aws:iam::${account.id}:role/${place.name}-functions`,
    timeout: 30,
    memorySize: 512,
    architectures: ['arm64'],
    environment: {},
  }
}

/** The changes that Terraform makes when people change settings, by name: each a handful of calls. */
export function settings(
  account: Account,
  place: Place,
  random: Random,
  version: number,
): Call[][] {
  const { region, name, bucket } = place
  const functionName = `${name}-order-events`
  const policyArn = `arn:aws:iam::${account.id}:policy/${name}-task`
  const record = `${random.pick(['api', 'www', 'img', 'status'])}.shop.example.com`
  const alarm = `${name}-${random.pick(['api-5xx', 'orders-db-cpu', 'queue-age', 'checkout-latency'])}`
  const statement = (actions: string[], resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: resource }],
    })
  return [
    [
      {
        service: 'monitoring',
        action: 'PutMetricAlarm',
        request: {
          alarmName: alarm,
          namespace: 'AWS/ApplicationELB',
          metricName: 'HTTPCode_Target_5XX_Count',
          comparisonOperator: 'GreaterThanThreshold',
          statistic: 'Sum',
          period: 60,
          threshold: random.pick([5, 10, 25, 50]),
          evaluationPeriods: random.integer(1, 5),
          actionsEnabled: true,
          alarmActions: [place.topicArn],
          treatMissingData: 'notBreaching',
        },
      },
    ],
    [
      {
        service: 's3',
        action: 'PutBucketLifecycle',
        request: {
          bucketName: bucket,
          lifecycle: '',
          Host: `${bucket}.s3.${region}.amazonaws.com`,
          LifecycleConfiguration: {
            xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
            Rule: {
              ID: 'expire-uploads',
              Status: 'Enabled',
              Filter: { Prefix: 'uploads/' },
              Expiration: { Days: random.pick([14, 30, 60, 90]) },
            },
          },
        },
      },
      {
        service: 's3',
        action: 'PutBucketTagging',
        request: {
          bucketName: bucket,
          tagging: '',
          Host: `${bucket}.s3.${region}.amazonaws.com`,
          Tagging: {
            xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
            TagSet: { Tag: { Key: 'environment', Value: place.environment } },
          },
        },
      },
    ],
    [
      {
        service: 'iam',
        action: 'CreatePolicyVersion',
        request: {
          policyArn,
          policyDocument: statement(
            random.some(
              ['s3:GetObject', 's3:PutObject', 'sqs:SendMessage', 'dynamodb:Query', 'kms:Decrypt'],
              3,
            ),
            `arn:aws:s3:::${bucket}/*`,
          ),
          setAsDefault: true,
        },
        response: {
          policyVersion: { versionId: `v${version}`, isDefaultVersion: true },
        },
      },
      {
        service: 'iam',
        action: 'DeletePolicyVersion',
        request: { policyArn, versionId: `v${version - 5}` },
      },
    ],
    [
      {
        service: 'iam',
        action: 'PutRolePolicy',
        request: {
          roleName: `${name}-task`,
          policyName: 'queues',
          policyDocument: statement(
            ['sqs:SendMessage', 'sqs:ReceiveMessage'],
            `arn:aws:sqs:${region}:${account.id}:${name}-*`,
          ),
        },
      },
    ],
    [
      modifyParameter(
        place,
        'log_min_duration_statement',
        random.pick(['250', '500', '1000']),
        'immediate',
      ),
    ],
    [modifyDatabase(account, place, { allocatedStorage: random.pick([450, 500, 600]) })],
    [
      {
        service: 'dynamodb',
        action: 'UpdateTable',
        request: {
          tableName: place.table,
          provisionedThroughput: {
            readCapacityUnits: random.pick([50, 100, 200]),
            writeCapacityUnits: random.pick([25, 50, 100]),
          },
        },
        response: {
          tableDescription: {
            tableName: place.table,
            tableStatus: 'UPDATING',
            tableArn: `arn:aws:dynamodb:${region}:${account.id}:table/${place.table}`,
          },
        },
        resources: [
          {
            type: 'AWS::DynamoDB::Table',
            ARN: `arn:aws:dynamodb:${region}:${account.id}:table/${place.table}`,
          },
        ],
      },
    ],
    [
      {
        service: 'sqs',
        action: 'SetQueueAttributes',
        request: {
          queueUrl: place.queueUrl,
          attributes: { VisibilityTimeout: random.pick(['30', '60', '120']) },
        },
      },
    ],
    [
      {
        service: 'ssm',
        action: 'PutParameter',
        request: {
          name: `/${name}/feature-flags`,
          value: 'HIDDEN_DUE_TO_SECURITY_REASONS',
          type: 'SecureString',
          overwrite: true,
          tier: 'Standard',
        },
        response: { version, tier: 'Standard' },
        resources: [{ ARN: `arn:aws:ssm:${region}:${account.id}:parameter/${name}/feature-flags` }],
      },
    ],
    [
      {
        service: 'lambda',
        action: 'UpdateFunctionConfiguration20150331v2',
        request: {
          functionName,
          memorySize: random.pick([512, 1024, 1769]),
          timeout: random.pick([30, 60]),
          environment: {},
        },
        response: {
          ...describedFunction(account, place, functionName),
          revisionId: random.uuid(),
          lastUpdateStatus: 'InProgress',
        },
      },
    ],
    [
      {
        service: 'route53',
        action: 'ChangeResourceRecordSets',
        request: {
          hostedZoneId: account.hostedZoneId,
          changeBatch: {
            comment: 'Managed by Terraform',
            changes: [
              {
                action: 'UPSERT',
                resourceRecordSet: {
                  name: record,
                  type: 'CNAME',
                  tTL: random.pick([60, 300]),
                  resourceRecords: [{ value: `${name}.${region}.elb.amazonaws.com` }],
                },
              },
            ],
          },
        },
        response: {
          changeInfo: {
            id: `/change/C0${random.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 19)}`,
            status: 'PENDING',
            comment: 'Managed by Terraform',
          },
        },
        fields: { apiVersion: '2013-04-01' },
      },
    ],
    [
      {
        service: 'elasticloadbalancing',
        action: 'ModifyTargetGroupAttributes',
        request: {
          targetGroupArn: place.targetGroupArn,
          attributes: [
            { key: 'deregistration_delay.timeout_seconds', value: random.pick(['15', '30', '60']) },
          ],
        },
        response: {
          attributes: [{ key: 'stickiness.enabled', value: 'false' }],
        },
        fields: { apiVersion: '2015-12-01' },
      },
    ],
    [
      {
        service: 'ec2',
        action: 'CreateLaunchTemplateVersion',
        request: {
          CreateLaunchTemplateVersionRequest: {
            LaunchTemplateId: place.launchTemplateId,
            LaunchTemplateData: { ImageId: place.imageId, InstanceType: 'm7g.large' },
          },
        },
        response: {
          CreateLaunchTemplateVersionResponse: {
            launchTemplateVersion: {
              launchTemplateId: place.launchTemplateId,
              versionNumber: version,
              launchTemplateName: place.autoScalingGroup,
              defaultVersion: false,
            },
          },
        },
      },
      {
        service: 'autoscaling',
        action: 'UpdateAutoScalingGroup',
        request: {
          autoScalingGroupName: place.autoScalingGroup,
          launchTemplate: {
            launchTemplateId: place.launchTemplateId,
            version: '$Latest',
          },
          minSize: 2,
          maxSize: random.pick([8, 10, 12]),
        },
      },
    ],
  ]
}
