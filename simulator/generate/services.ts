/** Automatic activity of AWS services: scaling, replacing, backing up, rotating. */

import { functions, type Place } from './account.ts'
import { agents, handOut, iamUser, instance, service, serviceRole } from './callers.ts'
import { runInstances, terminateInstance, updateService } from './changes.ts'
import { survey } from './reads.ts'
import { anywhereIn, type Call, type Caller, type Script } from './script.ts'

const DAY_MS = 86_400_000

const ECS_ROLE = 'aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'
const SCALING_ROLE = 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'
const BACKUP_ROLE = 'service-role/AWSBackupDefaultServiceRole'

/** ECS starts a task in place of another. */
export function replaceTask(script: Script, place: Place): void {
  const { account, random } = script
  const { region, name } = place
  const task = random.hex(32)
  const scheduler = serviceRole(script, ECS_ROLE, 'ecs-service-scheduler', 'ecs')
  const networkInterfaceId = random.ec2Id('eni')
  const privateIpAddress = `10.20.${random.integer(0, 15)}.${random.integer(4, 250)}`
  const subnetId = random.pick(place.subnetIds)
  const { app } = place.groups
  const sessions = { role: `${name}-task`, execution: `${name}-task-execution` }
  script.call(serviceRole(script, ECS_ROLE, 'ecs-eni-provisioning', 'ecs'), region, {
    service: 'ec2',
    action: 'CreateNetworkInterface',
    request: {
      subnetId,
      description: `arn:aws:ecs:${region}:${account.id}:attachment/${random.uuid()}`,
      groupSet: { items: [{ groupId: app }] },
      privateIpAddressesSet: {},
      clientToken: random.uuid(),
    },
    response: {
      networkInterface: {
        networkInterfaceId,
        subnetId,
        vpcId: place.vpcId,
        privateIpAddress,
        ownerId: account.id,
        requesterManaged: true,
        status: 'pending',
        groupSet: { items: [{ groupId: app, groupName: `${name}-app` }] },
        tagSet: {},
      },
    },
  })
  handOut(script, region, 'ecs-tasks', sessions.execution, task)
  handOut(script, region, 'ecs-tasks', sessions.role, task)
  const targets = (address: string) => ({
    targetGroupArn: place.targetGroupArn,
    targets: [{ id: address, port: 8080, availabilityZone: `${region}a` }],
  })
  const elb = (action: string, address: string): Call => ({
    service: 'elasticloadbalancing',
    action,
    request: targets(address),
    response: {},
    fields: { apiVersion: '2015-12-01' },
  })
  script.call(scheduler, region, elb('RegisterTargets', privateIpAddress))
  const former = `10.20.${random.integer(0, 15)}.${random.integer(4, 250)}`
  script.call(scheduler, region, elb('DeregisterTargets', former))
}

export function reportToSystemsManager(
  script: Script,
  agent: Caller,
  region: string,
  instanceId: string,
  iPAddress: string,
): void {
  script.call(agent, region, {
    service: 'ssm',
    action: 'UpdateInstanceInformation',
    request: {
      instanceId,
      agentVersion: '3.3.1611.0',
      agentStatus: 'Active',
      iPAddress,
      platformType: 'Linux',
      platformName: 'Amazon Linux',
      platformVersion: '2023',
      computerName: `ip-${iPAddress.replaceAll('.', '-')}.ec2.internal`,
      agentName: 'amazon-ssm-agent',
    },
  })
}

/** The web servers' group grows before noon, and shrinks again when people go home. */
export function followLoad(script: Script): void {
  const { account, random } = script
  const place = anywhereIn(script, 'prod')
  const { region, autoScalingGroup } = place
  const added = Array.from({ length: random.integer(1, 3) }, () => ({
    instanceId: random.ec2Id('i'),
    privateIp: `10.20.${random.integer(32, 47)}.${random.integer(4, 250)}`,
  }))
  const targets = (action: string, instanceId: string): Call => ({
    service: 'elasticloadbalancing',
    action,
    request: { targetGroupArn: place.targetGroupArn, targets: [{ id: instanceId }] },
    response: {},
    fields: { apiVersion: '2015-12-01' },
  })
  handOut(script, region, 'autoscaling', SCALING_ROLE, 'AutoScaling')
  const grows = serviceRole(script, SCALING_ROLE, 'AutoScaling', 'autoscaling')
  for (const { instanceId, privateIp } of added) {
    script.call(grows, region, {
      service: 'ec2',
      action: 'DescribeLaunchTemplateVersions',
      request: {
        DescribeLaunchTemplateVersionsRequest: {
          LaunchTemplateId: place.launchTemplateId,
          LaunchTemplateVersion: { tag: 1, content: '$Latest' },
        },
      },
    })
    const launch = {
      instanceId,
      privateIp,
      instanceType: 'm7g.large',
      groupId: place.groups.app,
      tags: { Name: autoScalingGroup, 'aws:autoscaling:groupName': autoScalingGroup },
      launchedAt: Math.floor(script.at / 1000) * 1000,
    }
    script.call(grows, region, runInstances(account, place, random, launch, true))
    script.wait(10, 30)
    const agent = instance(script, region, `${place.name}-web`, instanceId)
    reportToSystemsManager(script, agent, region, instanceId, privateIp)
    script.call(grows, region, targets('RegisterTargets', instanceId))
    script.wait(20, 60)
  }
  script.wait(2 * 3600, 6 * 3600)
  const shrinks = serviceRole(script, SCALING_ROLE, 'AutoScaling', 'autoscaling')
  for (const { instanceId } of added) {
    script.call(shrinks, region, targets('DeregisterTargets', instanceId))
    script.wait(60, 300)
    script.call(shrinks, region, terminateInstance(instanceId))
    script.wait(120, 900)
  }
}

/** Containers follow the load of an hour. */
export function scaleService(script: Script): void {
  const { account, random } = script
  const place = anywhereIn(script, 'prod')
  const role =
    'aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService'
  const caller = serviceRole(
    script,
    role,
    'AutoScaling-UpdateDesiredCapacity',
    'ecs.application-autoscaling',
  )
  const name = random.pick(['api', 'search'])
  script.call(caller, place.region, {
    service: 'ecs',
    action: 'DescribeServices',
    request: { cluster: place.cluster, services: [name] },
  })
  const change = { service: name, desiredCount: random.integer(4, 12) }
  script.call(caller, place.region, updateService(account, place, random, change))
  script.wait(15, 40)
  for (let tasks = random.integer(1, 2); tasks > 0; tasks--) replaceTask(script, place)
}

/** Automatic activity in every hour of the day. */
export function hum(script: Script): void {
  const { account, random } = script
  const began = script.at
  // Each after a while of its own within the hour.
  const later = () => {
    script.at = began + random.fraction() * 3_500_000
  }
  for (const place of account.places) {
    const { region, name, keyArn, environment } = place
    const keys = [{ type: 'AWS::KMS::Key', ARN: keyArn }]
    later()
    const watcher = iamUser(account, 'metrics-reader', agents.boto3)
    if (random.chance(0.6)) {
      for (const call of survey(place, random)) script.call(watcher, region, call)
    }
    if (environment === 'staging' || random.chance(0.35)) continue
    later()
    script.call(service('cloudtrail'), region, {
      service: 's3',
      action: 'GetBucketAcl',
      request: {
        bucketName: account.trailBucket,
        Host: `${account.trailBucket}.s3.${account.homeRegion}.amazonaws.com`,
        acl: '',
      },
    })
    later()
    script.call(service('cloudtrail'), region, {
      service: 'kms',
      action: 'GenerateDataKey',
      request: {
        encryptionContext: {
          'aws:cloudtrail:arn': `arn:aws:cloudtrail:${account.homeRegion}:${account.id}:trail/management-events`,
          'aws:s3:arn': `arn:aws:s3:::${account.trailBucket}/AWSLogs/${account.id}/CloudTrail/${region}`,
        },
        keyId: keyArn,
        keySpec: 'AES_256',
      },
      resources: keys,
    })
    later()
    const functionName = `${name}-${random.pick(functions)}`
    const role = `${name}-functions`
    const opened = handOut(script, region, 'lambda', role, functionName)
    const running = serviceRole(script, role, functionName, 'lambda', opened)
    script.call(running, region, {
      service: 'kms',
      action: 'Decrypt',
      request: {
        encryptionContext: {
          'aws:lambda:FunctionArn': `arn:aws:lambda:${region}:${account.id}:function:${functionName}`,
        },
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      resources: keys,
    })
    if (random.chance(0.35)) {
      script.call(running, region, {
        service: 'logs',
        action: 'CreateLogStream',
        request: {
          logGroupName: `/aws/lambda/${functionName}`,
          logStreamName: `${new Date(script.at).toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${random.hex(32)}`,
        },
        fields: { apiVersion: '20140328' },
      })
    }
    if (random.chance(0.2)) {
      later()
      const config = serviceRole(
        script,
        'aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig',
        'AWSConfig-Describe',
        'config',
      )
      for (const call of survey(place, random)) script.call(config, region, call)
    }
    if (random.chance(0.12)) {
      later()
      script.call(serviceRole(script, ECS_ROLE, 'ecs-eni-provisioning', 'ecs'), region, {
        service: 'ec2',
        action: 'DeleteNetworkInterface',
        request: { networkInterfaceId: random.ec2Id('eni') },
        response: { _return: true },
      })
    }
  }
}

/** Backups, and what is tidied up beside them. */
export function backUp(script: Script): void {
  const { account } = script
  // A snapshot's name contains the day, so that the night that removes it can derive it.
  const snapshotOf = (place: Place, at: number) =>
    `awsbackup:job-${place.name}-${new Date(at).toISOString().slice(0, 10)}`
  for (const place of account.places) {
    const { region, database } = place
    const caller = serviceRole(
      script,
      BACKUP_ROLE,
      'AWSBackup-AWSBackupDefaultServiceRole',
      'backup',
    )
    const rds = (action: string, id: string) => {
      const snapshot = { dBSnapshotIdentifier: id, dBInstanceIdentifier: database }
      script.call(caller, region, {
        service: 'rds',
        action,
        request: action === 'CreateDBSnapshot' ? snapshot : { dBSnapshotIdentifier: id },
        response: {
          ...snapshot,
          engine: 'postgres',
          snapshotType: 'manual',
          encrypted: true,
          dBSnapshotArn: `arn:aws:rds:${region}:${account.id}:snapshot:${id}`,
          status: action === 'CreateDBSnapshot' ? 'creating' : 'deleted',
        },
      })
    }
    const describe: Call = {
      service: 'rds',
      action: 'DescribeDBInstances',
      request: { dBInstanceIdentifier: database },
    }
    script.call(caller, region, describe)
    const job = { backupJobId: script.random.uuid().toUpperCase() }
    rds('CreateDBSnapshot', snapshotOf(place, script.at))
    script.call(serviceEvent(script, 'backup'), region, {
      service: 'backup',
      action: 'BackupJobStarted',
      ...asServiceEvent({ ...job, state: 'CREATED' }),
    })
    script.wait(300, 900)
    script.call(serviceEvent(script, 'backup'), region, {
      service: 'backup',
      action: 'BackupJobCompleted',
      ...asServiceEvent({ ...job, state: 'COMPLETED', percentDone: 100 }),
    })
    rds('DeleteDBSnapshot', snapshotOf(place, script.at - 7 * DAY_MS))
    script.wait(60, 300)
  }
}

/** Secrets Manager rotates a database's password by its function. */
export function rotateSecret(script: Script): void {
  const { random } = script
  const { region, name, secretArn } = anywhereIn(script, 'prod')
  const token = random.uuid()
  const event = (action: string) =>
    script.call(serviceEvent(script, 'secretsmanager'), region, {
      service: 'secretsmanager',
      action,
      readOnly: false,
      fields: {
        additionalEventData: { SecretId: secretArn, ClientRequestToken: token },
        eventType: 'AwsServiceEvent',
      },
    })
  event('RotationStarted')
  const role = `${name}-rotation`
  const functionName = `${name}-rotate-orders-db`
  const opened = handOut(script, region, 'lambda', role, functionName)
  const worker = serviceRole(script, role, functionName, 'lambda', opened)
  const { invokedBy: _, ...userIdentity } = worker.userIdentity
  const caller: Caller = {
    userIdentity,
    sourceIPAddress: '198.51.100.201',
    userAgent: agents.boto3,
  }
  const call = (action: string, request: Call['request'], response?: Call['response']) =>
    script.call(caller, region, { service: 'secretsmanager', action, request, response })
  call('DescribeSecret', { secretId: secretArn })
  call('GetSecretValue', { secretId: secretArn, versionStage: 'AWSCURRENT' })
  call(
    'PutSecretValue',
    { secretId: secretArn, clientRequestToken: token, versionStages: ['AWSPENDING'] },
    { arn: secretArn, versionId: token },
  )
  call(
    'UpdateSecretVersionStage',
    { secretId: secretArn, versionStage: 'AWSCURRENT', moveToVersionId: token },
    { arn: secretArn },
  )
  event('RotationSucceeded')
}

/** An event of the service itself, without a caller. */
function serviceEvent({ account }: Script, name: string): Caller {
  const principal = `${name}.amazonaws.com`
  return {
    userIdentity: { accountId: account.id, invokedBy: principal },
    sourceIPAddress: principal,
    userAgent: () => principal,
  }
}

function asServiceEvent(serviceEventDetails: Record<string, unknown>): Partial<Call> {
  return { readOnly: false, fields: { eventType: 'AwsServiceEvent', serviceEventDetails } }
}
