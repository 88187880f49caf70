/** Pieces of work as people, pipelines and AWS's services do them, each written into a script. */

import {
  containers,
  functions,
  type Person,
  type Place,
  people,
  principalId,
  TERRAFORM_ROLE,
} from './account.ts'
import {
  agents,
  assume,
  consoleOf,
  denial,
  githubJob,
  githubRun,
  handOut,
  iamUser,
  instance,
  onBehalf,
  openConsole,
  service,
  serviceRole,
  signIn,
} from './callers.ts'
import {
  createSecurityGroup,
  createTags,
  deleteSecurityGroup,
  describedFunction,
  ingress,
  modifyDatabase,
  type Rule,
  registerTaskDefinition,
  runInstances,
  settings,
  taskDefinitionArn,
  terminateInstance,
  updateFunctionCode,
  updateService,
} from './changes.ts'
import { Random } from './random.ts'
import { consolePages, refresh, survey } from './reads.ts'
import type { Call, Caller, Script } from './script.ts'

const DAY_MS = 86_400_000

export type Work = (script: Script) => void

const inEnvironment = ({ account, random }: Script, environment: Place['environment']) =>
  random.pick(account.places.filter((place) => place.environment === environment))

/** A new image goes to staging and, when that was well, to production, region by region. */
export function deployContainer(script: Script): void {
  const { account, random } = script
  const name = random.pick(containers)
  const commit = random.hex(40)
  const run = githubRun(script)
  for (const environment of ['staging', 'prod'] as const) {
    const places = account.places.filter((place) => place.environment === environment)
    if (environment === 'prod') {
      if (random.chance(0.25)) return
      script.wait(400, 1500)
    }
    for (const place of environment === 'prod' ? random.some(places, 2) : places) {
      const job = githubJob(script, place.region, `shop-${name}`, run)
      if (environment === 'staging') pushImage(script, job, place, name, commit)
      const image = `${account.id}.dkr.ecr.${place.region}.amazonaws.com/shop-${name}:${commit}`
      rollOut(script, job, place, { service: name, image, memory: 2048 })
    }
  }
}

function pushImage(script: Script, job: Caller, place: Place, name: string, commit: string): void {
  const { account, random } = script
  const repositoryName = `shop-${name}`
  const ecr = (action: string, request: Call['request'], rest: Partial<Call> = {}) =>
    script.call({ ...job, userAgent: agents.docker }, place.region, {
      service: 'ecr',
      action,
      request: request && { ...request, registryId: account.id, repositoryName },
      resources: request
        ? [{ ARN: `arn:aws:ecr:${place.region}:${account.id}:repository/${repositoryName}` }]
        : undefined,
      ...rest,
    })
  script.call(job, place.region, { service: 'ecr', action: 'GetAuthorizationToken' })
  const layerDigest = `sha256:${random.hex(64)}`
  ecr('BatchCheckLayerAvailability', { layerDigests: [layerDigest] })
  const uploadId = random.uuid()
  ecr('InitiateLayerUpload', {}, { response: { uploadId, partSize: 10_485_760 } })
  ecr('UploadLayerPart', { uploadId, partFirstByte: 0, partLastByte: random.integer(1e6, 9e6) })
  ecr('CompleteLayerUpload', { uploadId, layerDigests: [layerDigest] })
  const imageId = { imageDigest: `sha256:${random.hex(64)}`, imageTag: commit }
  ecr(
    'PutImage',
    {
      imageTag: commit,
      imageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    },
    { response: { image: { registryId: account.id, repositoryName, imageId } } },
  )
}

/** Registers a task definition, points the service to it, and waits until ECS has replaced its tasks. */
export function rollOut(
  script: Script,
  job: Caller,
  place: Place,
  { service: name, image, memory }: { service: string; image: string; memory: number },
): void {
  const { account, random } = script
  const { region, cluster } = place
  const deploy = { ...job, userAgent: agents.githubAction('amazon-ecs-deploy-task-definition') }
  script.call(job, region, {
    service: 'ecs',
    action: 'DescribeTaskDefinition',
    request: { taskDefinition: `${place.name}-${name}`, include: ['TAGS'] },
  })
  const { at, ordinal: revision } = script
  const registered = { service: name, revision, image, memory, at }
  script.call(deploy, region, registerTaskDefinition(account, place, registered))
  const describe: Call = {
    service: 'ecs',
    action: 'DescribeServices',
    request: { cluster, services: [name] },
  }
  script.call(deploy, region, describe)
  const taskDefinition = taskDefinitionArn(account, place, name, revision)
  const desiredCount = place.environment === 'prod' ? 4 : 1
  const change = { service: name, taskDefinition, desiredCount }
  script.call(deploy, region, updateService(account, place, random, change))
  for (let polls = random.integer(3, 6); polls > 0; polls--) {
    script.wait(13, 16)
    if (polls % 3 === 0) replaceTask(script, place)
    script.call(deploy, region, describe)
  }
}

/** ECS starts a task in place of another. */
function replaceTask(script: Script, place: Place): void {
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
      ...{
        subnetId,
        description: `arn:aws:ecs:${region}:${account.id}:attachment/${random.uuid()}`,
      },
      ...{ groupSet: { items: [{ groupId: app }] }, privateIpAddressesSet: {} },
      ...{ clientToken: random.uuid() },
    },
    response: {
      networkInterface: {
        ...{ networkInterfaceId, subnetId, vpcId: place.vpcId, privateIpAddress },
        ...{ ownerId: account.id, requesterManaged: true, status: 'pending' },
        ...{ groupSet: { items: [{ groupId: app, groupName: `${name}-app` }] }, tagSet: {} },
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
    ...{ service: 'elasticloadbalancing', action, request: targets(address), response: {} },
    fields: { apiVersion: '2015-12-01' },
  })
  script.call(scheduler, region, elb('RegisterTargets', privateIpAddress))
  const former = `10.20.${random.integer(0, 15)}.${random.integer(4, 250)}`
  script.call(scheduler, region, elb('DeregisterTargets', former))
}

const ECS_ROLE = 'aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'
const SCALING_ROLE = 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'
const BACKUP_ROLE = 'service-role/AWSBackupDefaultServiceRole'

/** A pipeline puts new code into functions. */
export function deployFunctions(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const { region } = place
  const job = githubJob(script, region, 'shop-functions')
  const commit = random.hex(40)
  const names = random.some(functions, random.integer(1, 3))
  for (const name of names) {
    const functionName = `${place.name}-${name}`
    const describe: Call = {
      ...{ service: 'lambda', action: 'GetFunction20150331v2', request: { functionName } },
    }
    script.call(job, region, describe)
    const { at } = script
    const code = updateFunctionCode(account, place, random, { functionName, commit, at })
    script.call(job, region, code)
    for (let polls = random.integer(2, 4); polls > 0; polls--) {
      script.wait(1, 5)
      script.call(job, region, describe)
    }
    const version = String(script.ordinal)
    script.call(job, region, {
      service: 'lambda',
      action: 'PublishVersion20150331',
      request: { functionName, description: commit.slice(0, 7) },
      response: { ...describedFunction(account, place, functionName), version },
    })
    script.call(job, region, {
      service: 'lambda',
      action: 'UpdateAlias20150331',
      request: { functionName, name: 'live', functionVersion: version },
      response: {
        aliasArn: `arn:aws:lambda:${region}:${account.id}:function:${functionName}:live`,
        ...{ name: 'live', functionVersion: version, description: '', revisionId: random.uuid() },
      },
    })
  }
}

/** A pipeline publishes the web site: what it uploads are data events, so only the frame is seen. */
export function deployWebsite(script: Script): void {
  const { account, random } = script
  const place = inEnvironment(script, 'prod')
  const job = githubJob(script, place.region, 'shop-web')
  const s3 = (action: string, query: string) =>
    script.call(job, place.region, {
      service: 's3',
      action,
      request: {
        bucketName: place.bucket,
        Host: `${place.bucket}.s3.${place.region}.amazonaws.com`,
        [query]: '',
      },
    })
  s3('GetBucketLocation', 'location')
  s3('GetBucketVersioning', 'versioning')
  script.wait(20, 70)
  const id = `I${random.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 25)}`
  const batch = {
    paths: { quantity: 1, items: ['/*'] },
    callerReference: `cli-${Math.floor(script.at / 1000)}-${random.integer(100_000, 999_999)}`,
  }
  script.call(job, place.region, {
    service: 'cloudfront',
    action: 'CreateInvalidation2020_05_31',
    request: { distributionId: account.distributionId, invalidationBatch: batch },
    response: {
      location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${account.distributionId}/invalidation/${id}`,
      invalidation: { id, status: 'InProgress', invalidationBatch: batch },
    },
    fields: { apiVersion: '2020_05_31' },
  })
  script.call(job, place.region, {
    service: 'cloudfront',
    action: 'GetInvalidation2020_05_31',
    request: { distributionId: account.distributionId, id },
    fields: { apiVersion: '2020_05_31' },
  })
}

/** A stack is brought up to date by CloudFormation, in the name of the pipeline that asked for it. */
export function deployStack(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const job = githubJob(script, place.region, 'shop-billing')
  const stack = changeStack(script, job, place, `${place.name}-billing`)
  const onItsBehalf = onBehalf(job, 'cloudformation')
  const functionName = `${place.name}-invoice-mailer`
  script.call(onItsBehalf, place.region, {
    ...{ service: 'lambda', action: 'GetFunction20150331v2', request: { functionName } },
  })
  const code = { functionName, commit: random.hex(40), at: script.at }
  script.call(onItsBehalf, place.region, updateFunctionCode(account, place, random, code))
  script.wait(5, 20)
  script.call(onItsBehalf, place.region, {
    service: 'events',
    action: 'PutRule',
    request: {
      name: `${place.name}-billing-nightly`,
      scheduleExpression: random.pick(['cron(0 3 * * ? *)', 'cron(30 2 * * ? *)']),
      state: 'ENABLED',
    },
    response: {
      ruleArn: `arn:aws:events:${place.region}:${account.id}:rule/${place.name}-billing-nightly`,
    },
  })
  stack.finish()
}

/** `cdk deploy`, by a person: CloudFormation then works in the role that the CDK gave it. */
export function deployWithCdk(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const { region } = place
  const person = random.pick(people)
  const name = `aws-cdk-${person.email.split('@')[0]}`
  const stem = `cdk-hnb659fds`
  const own = { ...signIn(script, person), userAgent: agents.cdk(person.os) }
  script.call(own, region, { service: 'sts', action: 'GetCallerIdentity' })
  const role = `${stem}-deploy-role-${account.id}-${region}`
  const deployer = assume(script, own, region, { role, name })
  script.call(deployer, region, {
    ...{ service: 'ssm', action: 'GetParameter' },
    request: { name: `/cdk-bootstrap/hnb659fds/version` },
  })
  const stack = changeStack(script, deployer, place, `${place.name}-search-index`)
  const execution = `${stem}-cfn-exec-role-${account.id}-${region}`
  handOut(script, region, 'cloudformation', execution, 'AWSCloudFormation')
  const worker = serviceRole(script, execution, 'AWSCloudFormation', 'cloudformation')
  const queueName = `${place.name}-search-index-updates`
  const queueUrl = `https://sqs.${region}.amazonaws.com/${account.id}/${queueName}`
  script.call(worker, region, {
    service: 'sqs',
    action: 'SetQueueAttributes',
    request: { queueUrl, attributes: { VisibilityTimeout: random.pick(['60', '120', '300']) } },
  })
  script.wait(2, 8)
  const functionName = `${place.name}-search-index`
  script.call(worker, region, {
    ...{ service: 'lambda', action: 'GetFunction20150331v2', request: { functionName } },
  })
  const code = { functionName, commit: random.hex(40), at: script.at }
  script.call(worker, region, updateFunctionCode(account, place, random, code))
  script.call(worker, region, {
    service: 'iam',
    action: 'PutRolePolicy',
    request: {
      roleName: `${place.name}-search-index-role`,
      policyName: 'default',
      policyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
            Resource: `arn:aws:sqs:${region}:${account.id}:${queueName}`,
          },
        ],
      }),
    },
  })
  stack.finish()
}

/** A change set is made and executed; `finish` waits for its end, as every client does. */
function changeStack(script: Script, caller: Caller, place: Place, stackName: string) {
  const { account, random } = script
  const { region } = place
  const call = (action: string, request: Call['request'], response?: Call['response']) =>
    script.call(caller, region, { service: 'cloudformation', action, request, response })
  const stackId = `arn:aws:cloudformation:${region}:${account.id}:stack/${stackName}/${new Random(account.seed, region, stackName).uuid()}`
  const changeSetName = `deploy-${Math.floor(script.at / 1000)}`
  const id = `arn:aws:cloudformation:${region}:${account.id}:changeSet/${changeSetName}/${random.uuid()}`
  call('DescribeStacks', { stackName })
  call('GetTemplate', { stackName, templateStage: 'Original' })
  call(
    'CreateChangeSet',
    {
      ...{ stackName, changeSetName, changeSetType: 'UPDATE' },
      templateURL: `https://s3.${region}.amazonaws.com/shop-build-artifacts-${region}/${random.hex(64)}.json`,
      capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
    },
    { id, stackId },
  )
  for (const seconds of [3, 5]) {
    script.wait(seconds)
    call('DescribeChangeSet', { stackName, changeSetName })
  }
  call('ExecuteChangeSet', { stackName, changeSetName, clientRequestToken: random.uuid() })
  script.wait(3, 9)
  return {
    finish() {
      for (let polls = random.integer(3, 6); polls > 0; polls--) {
        script.wait(4, 6)
        call('DescribeStackEvents', { stackName })
      }
      call('DescribeStacks', { stackName })
    },
  }
}

/** A person in a terminal, signed in, in the role that Terraform works in. */
function terraformer(script: Script, person: Person, region: string): Caller {
  const own = { ...signIn(script, person), userAgent: agents.terraform(person.os) }
  script.call(own, region, { service: 'sts', action: 'GetCallerIdentity' })
  // Some name their sessions in their profile; otherwise the SDK makes up a name.
  const name =
    person.permissionSet === 'AdministratorAccess'
      ? person.email
      : `aws-go-sdk-${Math.floor(script.at)}${script.random.text('0123456789', 6)}`
  return assume(script, own, region, { role: TERRAFORM_ROLE, name })
}

function refreshState(script: Script, caller: Caller, place: Place, share: number): void {
  const calls = refresh(script.account, place)
  for (const call of script.random.some(calls, Math.ceil(calls.length * share))) {
    const { at } = script
    script.call(caller, place.region, call)
    // Terraform asks ten things at a time.
    script.at = at + (script.at - at) / 5
  }
}

/** `terraform plan`, for a pull request or by hand: nothing but reads. */
export function planTerraform(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const caller = random.chance(0.6)
    ? { ...githubJob(script, place.region, 'shop-infra'), userAgent: agents.terraform() }
    : terraformer(script, random.pick(people), place.region)
  refreshState(script, caller, place, 0.35 + random.fraction() * 0.4)
}

/** `terraform apply`, by one person or by a pipeline. */
export function applyTerraform(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  if (random.chance(0.3)) {
    // Merged to main: the pipeline applies it.
    const job = githubJob(script, place.region, 'shop-infra')
    apply(script, place, { ...job, userAgent: agents.terraform() })
  } else {
    apply(script, place, terraformer(script, random.pick(people), place.region))
  }
}

/** Two people at once, in one role. */
export function applyTerraformTwice(script: Script): void {
  const { account, random } = script
  const [one, other] = random.some(people, 2)
  const [here, there] = random.some(account.places, 2)
  const { at } = script
  apply(script, here!, terraformer(script, one!, here!.region))
  const end = script.at
  script.at = at + random.integer(5, 90) * 1000
  const place = there ?? here!
  apply(script, place, terraformer(script, other!, place.region))
  script.at = Math.max(script.at, end)
}

function apply(script: Script, place: Place, caller: Caller): void {
  const { account, random } = script
  refreshState(script, caller, place, 0.3 + random.fraction() * 0.3)
  script.wait(20, 150)
  for (const calls of random.some(
    settings(account, place, random, script.ordinal),
    random.integer(1, 4),
  )) {
    for (const call of calls) {
      if (random.chance(0.04)) {
        script.call(caller, place.region, {
          ...{ service: call.service, action: call.action },
          error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        })
        script.wait(1, 3)
      }
      script.call(caller, place.region, call)
    }
    script.wait(0.5, 4)
  }
}

/** A stand to try something on: made in the morning with Terraform, taken down hours later. */
export function tryOut(script: Script): void {
  const { account, random } = script
  const place = inEnvironment(script, 'staging')
  const { region } = place
  const person = random.pick(people)
  const groupName = `preview-${random.integer(100, 999)}`
  const groupId = random.ec2Id('sg')
  const instanceId = random.ec2Id('i')
  const ruleId = random.ec2Id('sgr')
  const cidr = `${person.sourceIPAddress}/32`
  const rule: Rule = { groupId, port: 443, from: { cidr }, description: person.email }
  const launch = {
    ...{ instanceId, instanceType: 't4g.small', groupId },
    tags: { Name: groupName, environment: place.environment, owner: person.email },
    privateIp: `10.20.${random.integer(16, 31)}.${random.integer(4, 250)}`,
  }
  const waitFor: Call = {
    service: 'ec2',
    action: 'DescribeInstances',
    request: { instancesSet: { items: [{ instanceId }] }, filterSet: {} },
  }
  const up = terraformer(script, person, region)
  refreshState(script, up, place, 0.15)
  script.call(up, region, createSecurityGroup(account, place, { groupId, groupName }))
  script.call(up, region, ingress(account, 'Authorize', rule, ruleId))
  if (random.chance(0.3)) {
    script.call(up, region, {
      ...ingress(account, 'Authorize', rule, ruleId),
      error: {
        code: 'Client.InvalidPermission.Duplicate',
        message: `the specified rule "peer: ${cidr}, TCP, from port: 443, to port: 443, ALLOW" already exists`,
      },
    })
  }
  const launched = { ...launch, launchedAt: Math.floor(script.at / 1000) * 1000 }
  script.call(up, region, runInstances(account, place, random, launched, false))
  script.wait(8, 12)
  script.call(up, region, waitFor)
  script.call(up, region, createTags(instanceId, { 'preview-until': 'tonight' }))
  const agent = instance(script, region, `${place.name}-web`, instanceId)
  reportToSystemsManager(script, agent, region, instanceId, launch.privateIp)

  script.wait(2 * 3600, 7 * 3600)
  const down = terraformer(script, person, region)
  refreshState(script, down, place, 0.15)
  if (random.chance(0.4)) {
    script.call(down, region, {
      ...deleteSecurityGroup(groupId),
      error: {
        code: 'Client.DependencyViolation',
        message: `resource ${groupId} has a dependent object`,
      },
    })
  }
  script.call(down, region, terminateInstance(instanceId))
  script.wait(20, 40)
  script.call(down, region, waitFor)
  script.call(down, region, ingress(account, 'Revoke', rule, ruleId))
  script.call(down, region, deleteSecurityGroup(groupId))
}

function reportToSystemsManager(
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
      ...{ instanceId, agentVersion: '3.3.1611.0', agentStatus: 'Active', iPAddress },
      ...{ platformType: 'Linux', platformName: 'Amazon Linux', platformVersion: '2023' },
      computerName: `ip-${iPAddress.replaceAll('.', '-')}.ec2.internal`,
      ...{ agentName: 'amazon-ssm-agent' },
    },
  })
}

/** A person looks around in the console, thinks, and now and then changes something. */
export function useConsole(script: Script): void {
  const { account, random } = script
  const person = random.pick(people)
  const place = random.pick(account.places)
  const { region } = place
  const session = openConsole(script, person)
  const call = (what: Call) => script.call(consoleOf(script, session, what.service), region, what)
  for (const page of random.some(consolePages(account, place), random.integer(2, 6))) {
    script.wait(5, 60)
    for (const read of page) call(asAllowed(read, session, person))
    // Someone asks something, or lunch is there.
    if (random.chance(0.15)) script.wait(600, 1800)
  }
  for (const change of random.some(clicks(script, person, place), random.count(1.1))) {
    script.wait(15, 90)
    for (const what of change) {
      call(asAllowed(what, session, person))
      script.wait(5, 120)
    }
    if (random.chance(0.1)) script.wait(600, 1500)
  }
}

/** PowerUserAccess lets nobody see or change IAM, but for the list of roles. */
function asAllowed(call: Call, caller: Caller, { permissionSet }: Person): Call {
  if (permissionSet !== 'PowerUserAccess' || call.service !== 'iam') return call
  if (call.action === 'ListRoles') return call
  const { accountId } = caller.userIdentity
  const role = call.request?.roleName
  const resource = role === undefined ? '*' : `arn:aws:iam::${accountId}:role/${role}`
  return { ...call, error: denial(caller, `iam:${call.action}`, resource) }
}

/** What people change by hand. */
function clicks(script: Script, person: Person, place: Place): Call[][] {
  const { account, random } = script
  const { bastionId, name } = place
  const cidr = `${person.sourceIPAddress}/32`
  const rule: Rule = {
    ...{ groupId: place.groups.app, port: 22, from: { cidr }, description: 'temporary' },
  }
  const ruleId = random.ec2Id('sgr')
  const instancesSet = { items: [{ instanceId: bastionId }] }
  const change = { service: 'worker', desiredCount: random.integer(3, 8), force: true }
  return [
    [
      {
        service: 'ec2',
        action: 'RebootInstances',
        request: { instancesSet },
        response: { _return: true },
      },
    ],
    [
      ingress(account, 'Authorize', rule, ruleId),
      {
        service: 'ec2',
        action: 'DescribeInstances',
        request: { instancesSet, filterSet: {} },
      },
      ingress(account, 'Revoke', rule, ruleId),
    ],
    [updateService(account, place, random, change)],
    [modifyDatabase(account, place, { backupRetentionPeriod: random.pick([7, 14]) })],
    [
      {
        service: 'iam',
        action: 'AttachRolePolicy',
        request: {
          roleName: `${name}-functions`,
          policyArn: `arn:aws:iam::aws:policy/${random.pick(['AmazonSQSFullAccess', 'AmazonS3ReadOnlyAccess'])}`,
        },
      },
    ],
    [createTags(bastionId, { 'patch-group': random.pick(['monday', 'thursday']) })],
    [
      {
        service: 'monitoring',
        action: random.pick(['DisableAlarmActions', 'EnableAlarmActions']),
        request: { alarmNames: [`${name}-api-5xx`] },
      },
    ],
    [
      {
        service: 'secretsmanager',
        action: 'PutSecretValue',
        request: { secretId: place.secretArn, clientRequestToken: random.uuid() },
        response: { arn: place.secretArn },
      },
    ],
    [
      {
        service: 'lambda',
        action: 'UpdateFunctionConfiguration20150331v2',
        request: { functionName: `${name}-sitemap`, timeout: random.pick([30, 60, 120]) },
        response: describedFunction(account, place, `${name}-sitemap`),
      },
    ],
    [
      {
        ...terminateInstance(bastionId),
        error: {
          code: 'Client.OperationNotPermitted',
          message: `The instance '${bastionId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        },
      },
    ],
  ]
}

/** An old account's user with an AWS CLI, who is now and then refused. */
export function useCli(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const { region } = place
  const caller = iamUser(account, 'henrik', agents.cli('linux'))
  for (const call of random.some(consolePages(account, place).flat(), random.integer(4, 12))) {
    script.call(caller, region, call)
    script.wait(4, 60)
  }
  const { queueUrl, secretArn } = place
  const refused = (call: Call, permission: string, resource: string): Call => ({
    ...call,
    error: denial(caller, permission, resource),
  })
  const changes: Call[] = [
    { service: 'sqs', action: 'PurgeQueue', request: { queueUrl } },
    {
      service: 'ecs',
      action: 'StopTask',
      request: { cluster: place.cluster, task: random.hex(32) },
    },
    {
      service: 'logs',
      action: 'PutRetentionPolicy',
      request: { logGroupName: `/ecs/${place.name}-api`, retentionInDays: random.pick([14, 30]) },
    },
    refused(
      terminateInstance(place.bastionId),
      'ec2:TerminateInstances',
      `arn:aws:ec2:${region}:${account.id}:instance/${place.bastionId}`,
    ),
    refused(
      { service: 'secretsmanager', action: 'GetSecretValue', request: { secretId: secretArn } },
      'secretsmanager:GetSecretValue',
      secretArn,
    ),
    refused(
      {
        service: 'iam',
        action: 'AttachUserPolicy',
        request: {
          userName: 'henrik',
          policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
        },
      },
      'iam:AttachUserPolicy',
      `arn:aws:iam::${account.id}:user/henrik`,
    ),
    {
      service: 'dynamodb',
      action: 'UpdateTable',
      request: null,
      error: {
        code: 'ValidationException',
        message:
          'One or more parameter values were invalid: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
      },
    },
  ]
  for (const call of random.some(changes, random.count(1.2))) {
    script.call(caller, region, call)
    script.wait(5, 40)
  }
}

/** The web servers' group grows before noon, and shrinks again when people go home. */
export function followLoad(script: Script): void {
  const { account, random } = script
  const place = inEnvironment(script, 'prod')
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
      ...{ instanceId, privateIp, instanceType: 'm7g.large', groupId: place.groups.app },
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
  const place = inEnvironment(script, 'prod')
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

/** What happens in every hour of the day, by itself. */
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
        ...{ keyId: keyArn, keySpec: 'AES_256' },
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
  // A snapshot's name tells the day, so that the night that removes it knows it.
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
        ...{ service: 'rds', action },
        request: action === 'CreateDBSnapshot' ? snapshot : { dBSnapshotIdentifier: id },
        response: {
          ...{ ...snapshot, engine: 'postgres', snapshotType: 'manual', encrypted: true },
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
  const { region, name, secretArn } = inEnvironment(script, 'prod')
  const token = random.uuid()
  const event = (action: string) =>
    script.call(serviceEvent(script, 'secretsmanager'), region, {
      ...{ service: 'secretsmanager', action, readOnly: false },
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

/** Someone forgets how to sign in; and someone is not allowed what they want. */
export function failToSignIn(script: Script): void {
  const { account, random } = script
  const userIdentity = {
    type: 'IAMUser',
    principalId: principalId(account, 'AIDA', 'henrik'),
    ...{ accountId: account.id, accessKeyId: '', userName: 'henrik' },
  }
  for (let attempts = random.integer(1, 3); attempts > 0; attempts--) {
    script.call(
      {
        userIdentity,
        sourceIPAddress: `198.51.100.${random.integer(2, 90)}`,
        userAgent: () => 'Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0',
      },
      'us-east-1',
      {
        service: 'signin',
        action: 'ConsoleLogin',
        // Unlike other failures, a failed sign-in has an answer: it says so in both places.
        fields: {
          ...{
            errorMessage: 'Failed authentication',
            responseElements: { ConsoleLogin: 'Failure' },
          },
          additionalEventData: {
            LoginTo: 'https://console.aws.amazon.com/console/home',
            ...{ MobileVersion: 'No', MFAUsed: 'No' },
          },
          eventType: 'AwsConsoleSignIn',
        },
      },
    )
    script.wait(8, 40)
  }
}

/** What a service records of itself: nobody called. */
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
