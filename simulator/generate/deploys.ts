/** Deploys, by pipelines and by hand: containers, functions, the web site, stacks. */

import { containers, functions, type Place, people } from './account.ts'
import {
  agents,
  assume,
  githubJob,
  githubRun,
  handOut,
  onBehalf,
  serviceRole,
  signIn,
} from './callers.ts'
import {
  describedFunction,
  registerTaskDefinition,
  taskDefinitionArn,
  updateFunctionCode,
  updateService,
} from './changes.ts'
import { Random } from './random.ts'
import { anywhereIn, type Call, type Caller, type Script } from './script.ts'
import { replaceTask } from './services.ts'

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
      service: 'lambda',
      action: 'GetFunction20150331v2',
      request: { functionName },
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
        name: 'live',
        functionVersion: version,
        description: '',
        revisionId: random.uuid(),
      },
    })
  }
}

/** A pipeline publishes the web site: what it uploads are data events, so only the frame is seen. */
export function deployWebsite(script: Script): void {
  const { account, random } = script
  const place = anywhereIn(script, 'prod')
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

/** CloudFormation updates a stack on behalf of the pipeline that requested it. */
export function deployStack(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const job = githubJob(script, place.region, 'shop-billing')
  const stack = changeStack(script, job, place, `${place.name}-billing`)
  const onItsBehalf = onBehalf(job, 'cloudformation')
  const functionName = `${place.name}-invoice-mailer`
  script.call(onItsBehalf, place.region, {
    service: 'lambda',
    action: 'GetFunction20150331v2',
    request: { functionName },
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

/** `cdk deploy`, by a person: CloudFormation then uses the role that the CDK passed to it. */
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
    service: 'ssm',
    action: 'GetParameter',
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
    service: 'lambda',
    action: 'GetFunction20150331v2',
    request: { functionName },
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

/** A change set is created and executed; `finish` waits for its end, as every client does. */
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
      stackName,
      changeSetName,
      changeSetType: 'UPDATE',
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
