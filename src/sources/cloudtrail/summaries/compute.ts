/** Lambda, ECS, ECR, EKS and Auto Scaling: what runs, which version of it, and how many. */

import { counted, listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, HIDDEN, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import type { JsonReader } from '../json-reader.ts'
import { areInternet } from '../networks.ts'
import { principalName } from '../policy.ts'
import { named } from '../resources.ts'
import { serviceName } from '../services.ts'
import type { Summaries, Summary } from '../summary.ts'
import { setPolicy } from './resource-policy.ts'

const FUNCTION = 'AWS::Lambda::Function'

export const lambda: Summaries = {
  CreateFunction: ({ params, resources }) => {
    const made = named(resources, FUNCTION)
    const runtime =
      params.text('runtime') ??
      (params.text('packageType') === 'Image' ? 'a container image' : undefined)
    return made && `create ${made}${runtime ? ` (${spoken(runtime, 40)})` : ''}`
  },
  UpdateFunctionCode: ({ params, response, resources }) => {
    const what = named(resources, FUNCTION)
    const version = params.flag('publish') === true ? response.text('version') : undefined
    const from =
      params.text('imageUri') ??
      (params.text('s3Key') && `s3://${params.text('s3Bucket') ?? ''}/${params.text('s3Key')}`)
    return (
      what && {
        does: `deploy new code to ${what}`,
        verb: 'deploy',
        more: version ? `, published as version ${spoken(version, 20)}` : '',
        edits: edit('code', undefined, from ?? shaOf(response)),
        risks: ['deploy'],
      }
    )
  },
  UpdateFunctionConfiguration: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const edits = editsOf(params, ['functionName', 'environment'])
    if (params.has('environment')) edits.push({ field: 'environment variables', to: HIDDEN })
    const vpc = params.object('vpcConfig')
    if (!vpc.isEmpty && vpc.texts('subnetIds').length === 0)
      edits.push(...edit('subnets', undefined, '(none)'))
    const layers = params.texts('layers').map(arnName)
    if (layers.length > 0 && !edits.some(({ field }) => field === 'layers')) {
      edits.push(...edit('layers', undefined, listed(layers, 5)))
    }
    const isCapacity = params.has('memorySize', 'timeout')
    return (
      what && {
        does: `change the configuration of ${what}`,
        more: spelled(edits),
        edits,
        risks: isCapacity ? ['configuration', 'capacity'] : ['configuration', 'deploy'],
      }
    )
  },
  AddPermission: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const principal = params.text('principal')
    if (what === undefined || principal === undefined) return undefined
    // A principal of `*` is everyone unless something narrows it.
    const isWorld = principal === '*' && !params.has('sourceArn', 'sourceAccount', 'principalOrgID')
    const who = principal === '*' ? everyoneIn(params) : callerName(principal)
    const source = params.text('sourceArn')
    return {
      does: `let ${spoken(who)} ${verbOf(params)} ${what}${source ? ` for ${spoken(arnName(source), 60)}` : ''}`,
      edits: edit('may invoke', undefined, who),
      ...(isWorld && { opens: `${what} to everyone` }),
      risks: ['identity'],
    }
  },
  RemovePermission: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const id = params.text('statementId')
    return (
      what && {
        does: `take away ${id ? `permission ${spoken(id, 60)}` : 'a permission'} on ${what}`,
        risks: ['identity'],
      }
    )
  },
  PublishVersion: ({ response, resources }) => {
    const what = named(resources, FUNCTION)
    const version = response.text('version')
    return what && `publish ${version ? `version ${spoken(version, 20)}` : 'a version'} of ${what}`
  },
  CreateAlias: alias,
  UpdateAlias: alias,
  PutFunctionConcurrency: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const limit = params.text('reservedConcurrentExecutions')
    if (what === undefined || limit === undefined) return undefined
    return {
      does:
        limit === '0'
          ? `stop ${what} from running at all`
          : `limit ${what} to ${spoken(limit, 20)} runs at once`,
      edits: edit('reserved concurrency', undefined, limit),
      risks: ['capacity'],
    }
  },
  DeleteFunctionConcurrency: ({ resources }) => {
    const what = named(resources, FUNCTION)
    return (
      what && { does: `remove the limit on how often ${what} runs at once`, risks: ['capacity'] }
    )
  },
  PutProvisionedConcurrencyConfig: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const count = params.text('provisionedConcurrentExecutions')
    return what && count
      ? {
          does: `keep ${spoken(count, 20)} instances of ${what} warm`,
          edits: edit('provisioned concurrency', undefined, count),
          risks: ['capacity'],
        }
      : undefined
  },
  CreateEventSourceMapping: ({ params, resources }) => {
    const what = named(resources, FUNCTION)
    const source = params.text('eventSourceArn')
    return what && `connect ${what} to ${source ? spoken(arnName(source)) : 'an event source'}`
  },
  UpdateEventSourceMapping: ({ params, response, resources }) => {
    const what = named(resources, FUNCTION) ?? functionIn(response)
    const isOn = params.flag('enabled')
    const source = response.text('eventSourceArn')
    const between = `the event source${source ? ` ${spoken(arnName(source))}` : ''} of ${what ?? 'a function'}`
    if (isOn === undefined)
      return { does: `change ${between}`, edits: editsOf(params, ['uUID', 'functionName']) }
    return {
      does: `turn ${isOn ? 'on' : 'off'} ${between}`,
      edits: edit('enabled', undefined, isOn ? 'yes' : 'no'),
      risks: ['configuration', 'capacity'],
    }
  },
  CreateFunctionUrlConfig: (facts) => functionUrl(facts, 'give a public URL to', 'give a URL to'),
  UpdateFunctionUrlConfig: (facts) =>
    functionUrl(facts, 'make public the URL of', 'change the URL of'),
  DeleteFunctionUrlConfig: ({ resources }) => {
    const what = named(resources, FUNCTION)
    return what && { does: `delete the URL of ${what}`, risks: ['network'] }
  },
}

function shaOf(response: JsonReader): string | undefined {
  const sha = response.text('codeSha256')
  return sha && `sha256 ${sha}`
}

function functionIn(response: JsonReader): string | undefined {
  const arn = response.text('functionArn')
  return arn && `function ${spoken(arnName(arn), 80)}`
}

function verbOf(params: JsonReader): string {
  const action = params.text('action')
  return action === undefined || /invoke/i.test(action) || action === '*'
    ? 'invoke'
    : `use ${spoken(action, 40)} on`
}

function alias({ params, response, resources }: Facts): Summary | undefined {
  const what = named(resources, FUNCTION)
  const name = params.text('name')
  const version = params.text('functionVersion') ?? response.text('functionVersion')
  if (what === undefined || name === undefined || version === undefined) return undefined
  const weights = params.object('routingConfig').object('additionalVersionWeights').entries()
  const canary = weights.map(
    ([to, weight]) => `${Math.round(Number(weight) * 100)} % to version ${to}`,
  )
  return {
    does: `point alias ${spoken(name, 60)} of ${what} to version ${spoken(version, 20)}`,
    more: canary.length ? `, with ${spoken(listed(canary), 60)}` : '',
    edits: edit(`alias ${spoken(name, 60)}`, undefined, `version ${version}`),
    risks: ['deploy'],
  }
}

function functionUrl(
  { params, resources }: Facts,
  openly: string,
  otherwise: string,
): Summary | undefined {
  const what = named(resources, FUNCTION)
  if (what === undefined) return undefined
  const isOpen = params.text('authType') === 'NONE'
  return {
    does: `${isOpen ? openly : otherwise} ${what}`,
    more: isOpen ? ', with no sign-in' : '',
    edits: edit('sign-in', undefined, params.text('authType')),
    ...(isOpen && { opens: `${what} to the world through a URL` }),
    risks: ['network'],
  }
}

const SERVICE = 'AWS::ECS::Service'

export const ecs: Summaries = {
  ExecuteCommand: ({ params, resources }) => {
    const task = named(resources, 'AWS::ECS::Task')
    const cluster = named(resources, 'AWS::ECS::Cluster')
    return (
      task && {
        does: `run a command in ${task}${cluster ? ` of ${cluster}` : ''}`,
        edits: edit('command', undefined, params.text('command')),
        risks: ['identity', 'configuration'],
      }
    )
  },
  CreateService: ({ params, resources }) => {
    const service = named(resources, SERVICE)
    const task = taskName(params.text('taskDefinition'))
    const count = params.text('desiredCount')
    return (
      service && {
        does: `create ${service}${inCluster(resources)}`,
        more: task
          ? `, running ${task}${count ? ` ${count === '1' ? 'once' : `${spoken(count, 10)} times`}` : ''}`
          : '',
        risks: ['deploy', 'capacity'],
      }
    )
  },
  UpdateService: updateService,
  DeleteService: ({ params, resources }) => {
    const service = named(resources, SERVICE)
    const forced = params.flag('force') === true ? ', forced' : ''
    return (
      service && {
        does: `delete ${service}${inCluster(resources)}`,
        more: forced,
        risks: ['deploy', 'capacity'],
      }
    )
  },
  RegisterTaskDefinition: ({ params, response }) => {
    const made = response.object('taskDefinition')
    const family = params.text('family') ?? made.text('family')
    if (family === undefined) return undefined
    const revision = made.text('revision')
    const containers =
      params.objects('containerDefinitions').length > 0
        ? params.objects('containerDefinitions')
        : made.objects('containerDefinitions')
    const images = containers
      .map((container) => container.text('image'))
      .filter((image) => image !== undefined)
    return {
      does: `register ${revision ? `revision ${spoken(revision, 20)} of ` : ''}task definition ${spoken(family)}${
        images.length
          ? ` with ${listed(
              images.map((image) => spoken(image.split('/').at(-1) ?? image, 80)),
              2,
            )}`
          : ''
      }`,
      edits: containers
        .slice(0, 20)
        .flatMap((container) =>
          edit(
            `image of ${container.text('name') ?? 'a container'}`,
            undefined,
            container.text('image'),
          ),
        ),
      risks: ['deploy'],
    }
  },
  DeregisterTaskDefinition: ({ params }) => {
    const task = taskName(params.text('taskDefinition'))
    return task && `deregister task definition ${task}`
  },
  RunTask: ({ params, resources }) => {
    const task = taskName(params.text('taskDefinition'))
    const count = params.number('count') ?? 1
    return (
      task && {
        does: `run ${count === 1 ? 'a task' : counted(count, 'task')} of ${task}${inCluster(resources)}`,
        risks: ['capacity'],
      }
    )
  },
  StopTask: ({ params, resources }) => {
    const why = params.text('reason')
    const task = params.text('task')
    return {
      does: `stop task ${task ? spoken(arnName(task).split('/').at(-1) ?? task, 60) : '(unknown)'}${inCluster(resources)}`,
      more: why ? `: “${spoken(why, 60)}”` : '',
      risks: ['capacity'],
    }
  },
}

function taskName(task: string | undefined): string | undefined {
  return task === undefined ? undefined : spoken(arnName(task), 80)
}

function inCluster(resources: Facts['resources']): string {
  const cluster = named(resources, 'AWS::ECS::Cluster')
  return cluster ? ` in ${cluster}` : ''
}

/** A service's response lists its deployments: PRIMARY is the new one, ACTIVE those it replaces. */
function updateService({ params, response, resources }: Facts): Summary | undefined {
  const service = named(resources, SERVICE)
  if (service === undefined) return undefined
  const deployments = response.object('service').objects('deployments')
  const old = deployments.find((deployment) => deployment.text('status') === 'ACTIVE')
  const oldTask = taskName(old?.text('taskDefinition'))
  const newTask = taskName(params.text('taskDefinition'))
  const count = params.text('desiredCount')
  const edits: Edit[] = [
    ...edit('task definition', newTask === undefined ? undefined : oldTask, newTask),
    ...edit('desired count', count === undefined ? undefined : old?.text('desiredCount'), count),
    ...editsOf(params, [
      'service',
      'cluster',
      'taskDefinition',
      'desiredCount',
      'forceNewDeployment',
    ]),
  ]
  const where = inCluster(resources)
  const isDeploy = newTask !== undefined || params.flag('forceNewDeployment') === true
  const scaling: Summary['risks'] = count === undefined ? ['configuration'] : ['capacity']
  const risks: Summary['risks'] = isDeploy ? ['deploy'] : scaling
  if (isDeploy && count !== undefined) risks.push('capacity')
  if (edits.length === 0) {
    return {
      does: `${params.flag('forceNewDeployment') === true ? 'redeploy' : 'update'} ${service}${where}`,
      edits,
      risks,
    }
  }
  if (newTask !== undefined && edits.length === 1) {
    return {
      does: `deploy ${newTask} to ${service}${where}`,
      more: oldTask && oldTask !== newTask ? `, replacing ${oldTask}` : '',
      edits,
      risks,
    }
  }
  return { does: `update ${service}${where}`, more: spelled(edits), edits, risks }
}

export const ecr: Summaries = {
  PutImage: ({ params, resources }) => {
    const repository = named(resources, 'AWS::ECR::Repository')
    const tag = params.text('imageTag')
    return (
      repository && {
        does: `push ${tag ? `image ${spoken(tag, 80)}` : 'an image'} to ${repository}`,
        edits: edit('image', undefined, tag),
        risks: ['deploy'],
      }
    )
  },
  BatchDeleteImage: ({ params, resources }) => {
    const repository = named(resources, 'AWS::ECR::Repository')
    const count = params.items('imageIds').length
    return (
      repository && {
        does: `delete ${count ? counted(count, 'image') : 'images'} from ${repository}`,
        risks: ['deploy', 'data'],
      }
    )
  },
  SetRepositoryPolicy: ({ params, resources }) => {
    const repository = named(resources, 'AWS::ECR::Repository')
    return repository && setPolicy(repository, params.get('policyText'), 'deploy')
  },
}

const CLUSTER = 'AWS::EKS::Cluster'

export const eks: Summaries = {
  UpdateClusterVersion: ({ params, resources }) => {
    const cluster = named(resources, CLUSTER)
    const version = params.text('version')
    return cluster && version
      ? {
          does: `upgrade ${cluster} to Kubernetes ${spoken(version, 20)}`,
          verb: 'upgrade',
          edits: edit('Kubernetes version', undefined, version),
          risks: ['deploy'],
        }
      : undefined
  },
  UpdateNodegroupVersion: ({ params, resources }) => {
    const group = named(resources, 'AWS::EKS::Nodegroup')
    const version = params.text('version', 'releaseVersion')
    return (
      group && {
        does: `upgrade ${group}${version ? ` to ${spoken(version, 40)}` : ''}${ofCluster(resources)}`,
        verb: 'upgrade',
        edits: edit('version', undefined, version),
        risks: ['deploy', 'capacity'],
      }
    )
  },
  UpdateNodegroupConfig: ({ params, resources }) => {
    const group = named(resources, 'AWS::EKS::Nodegroup')
    const scaling = params.object('scalingConfig')
    const edits = editsOf(scaling, [])
    return (
      group && {
        does: `change ${group}${ofCluster(resources)}`,
        more: spelled(edits),
        edits,
        risks: scaling.isEmpty ? ['configuration'] : ['capacity'],
      }
    )
  },
  UpdateClusterConfig: ({ params, resources }) => {
    const cluster = named(resources, CLUSTER)
    const vpc = params.object('resourcesVpcConfig')
    const cidrs = vpc.texts('publicAccessCidrs')
    const isOpen =
      vpc.flag('endpointPublicAccess') === true && (cidrs.length === 0 || areInternet(cidrs))
    const edits = [
      ...editsOf(vpc, []),
      ...editsOf(params, ['name', 'resourcesVpcConfig']).map(({ field, ...rest }) => ({
        field: field.replace(/^logging cluster logging /, 'logging '),
        ...rest,
      })),
    ]
    return (
      cluster && {
        does: isOpen ? `open the API endpoint of ${cluster} to the world` : `change ${cluster}`,
        more: isOpen ? '' : spelled(edits),
        edits,
        ...(isOpen && { opens: `the API endpoint of ${cluster}` }),
        risks: vpc.isEmpty ? ['configuration'] : ['network'],
      }
    )
  },
  CreateAddon: addon,
  UpdateAddon: addon,
  CreateAccessEntry: ({ params, resources }) => {
    const who = params.text('principalArn')
    return (
      who && {
        does: `let ${principalName(who)} into${named(resources, CLUSTER) ? ` ${named(resources, CLUSTER)}` : ' a cluster'}`,
        risks: ['identity'],
      }
    )
  },
  AssociateAccessPolicy: ({ params, resources }) => {
    const who = params.text('principalArn')
    const policy = params.text('policyArn')
    return who && policy
      ? {
          does: `give ${spoken(arnName(policy))} to ${principalName(who)}${ofCluster(resources, 'in')}`,
          edits: edit('access policy', undefined, arnName(policy)),
          risks: ['identity'],
        }
      : undefined
  },
}

function ofCluster(resources: Facts['resources'], joint: string = 'of'): string {
  const cluster = named(resources, CLUSTER)
  return cluster ? ` ${joint} ${cluster}` : ''
}

function addon({ params, resources, plainAction }: Facts): Summary | undefined {
  const what = named(resources, 'AWS::EKS::Addon')
  const version = params.text('addonVersion')
  const verb = plainAction.startsWith('Create') ? 'install' : 'update'
  if (what === undefined) return undefined
  const to = version ? ` ${verb === 'update' ? 'to ' : ''}${spoken(version, 40)}` : ''
  return {
    does: `${verb} ${what}${to}${ofCluster(resources)}`,
    edits: edit('version', undefined, version),
    risks: ['deploy'],
  }
}

const GROUP = 'AWS::AutoScaling::AutoScalingGroup'

export const autoscaling: Summaries = {
  UpdateAutoScalingGroup: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const template = params.object('launchTemplate')
    const edits = [
      ...editsOf(params, ['autoScalingGroupName', 'launchTemplate', 'vPCZoneIdentifier']),
      ...edit('launch template', undefined, templateName(template)),
      ...edit('subnets', undefined, params.text('vPCZoneIdentifier')),
    ]
    const isCapacity = params.has('minSize', 'maxSize', 'desiredCapacity')
    return (
      group && {
        does: `change ${group}`,
        more: spelled(edits),
        edits,
        risks: isCapacity ? ['capacity'] : ['deploy', 'capacity'],
      }
    )
  },
  SetDesiredCapacity: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const count = params.text('desiredCapacity')
    return group && count
      ? {
          does: `set the desired capacity of ${group} to ${spoken(count, 20)}`,
          edits: edit('desired capacity', undefined, count),
          risks: ['capacity'],
        }
      : undefined
  },
  TerminateInstanceInAutoScalingGroup: ({ params }) => {
    const id = params.text('instanceId')
    const fewer = params.flag('shouldDecrementDesiredCapacity') === true
    return (
      id && {
        does: `terminate instance ${spoken(id, 40)} of its Auto Scaling group`,
        more: fewer ? ', without replacing it' : '',
        risks: ['capacity'],
      }
    )
  },
  SuspendProcesses: (facts) => processes(facts, 'suspend'),
  ResumeProcesses: (facts) => processes(facts, 'resume'),
  StartInstanceRefresh: ({ resources }) => {
    const group = named(resources, GROUP)
    return (
      group && {
        does: `start replacing all instances of ${group}`,
        risks: ['deploy', 'capacity'],
      }
    )
  },
  EnterStandby: (facts) => standby(facts, 'move', 'into standby in'),
  ExitStandby: (facts) => standby(facts, 'move', 'out of standby in'),
  CreateAutoScalingGroup: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const [min, max] = [params.text('minSize'), params.text('maxSize')]
    return (
      group && {
        does: `create ${group}${min && max ? ` of ${spoken(min, 10)} to ${spoken(max, 10)} instances` : ''}`,
        risks: ['capacity'],
      }
    )
  },
  PutScheduledUpdateGroupAction: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const action = params.text('scheduledActionName')
    return (
      group && {
        does: `schedule ${action ? `${spoken(action)} for ` : 'a change of '}${group}`,
        edits: editsOf(params, ['autoScalingGroupName', 'scheduledActionName']),
        risks: ['capacity'],
      }
    )
  },
  PutScalingPolicy: (facts) => scalingPolicy(facts, named(facts.resources, GROUP)),
}

export const applicationAutoscaling: Summaries = {
  RegisterScalableTarget: ({ params }) => {
    const what = params.text('resourceId')
    const edits = [
      ...edit('minimum', undefined, params.text('minCapacity')),
      ...edit('maximum', undefined, params.text('maxCapacity')),
    ]
    return (
      what && {
        does: `set the scaling limits of ${spoken(what)}`,
        more: spelled(edits),
        edits,
        risks: ['capacity'],
      }
    )
  },
  DeregisterScalableTarget: ({ params }) => {
    const what = params.text('resourceId')
    return what && { does: `stop scaling ${spoken(what)}`, risks: ['capacity'] }
  },
  PutScalingPolicy: (facts) =>
    scalingPolicy(
      facts,
      facts.params.text('resourceId') && spoken(facts.params.text('resourceId')!),
    ),
}

function standby({ resources }: Facts, verb: string, where: string): Summary | undefined {
  const group = named(resources, GROUP)
  const instances = named(resources, 'AWS::EC2::Instance') ?? 'instances'
  if (group === undefined) return undefined
  return { does: `${verb} ${instances} ${where} ${group}`, risks: ['capacity'] }
}

function templateName(template: JsonReader): string | undefined {
  const name = template.text('launchTemplateName', 'launchTemplateId')
  const version = template.text('version')
  return name && (version ? `${name} version ${version}` : name)
}

function processes({ params, resources }: Facts, verb: string): Summary | undefined {
  const group = named(resources, GROUP)
  const which = params.texts('scalingProcesses').map((name) => spoken(name, 30))
  return group === undefined
    ? undefined
    : {
        does: `${verb} ${which.length ? listed(which) : 'all scaling'} of ${group}`,
        risks: ['capacity'],
      }
}

function scalingPolicy({ params }: Facts, group: string | undefined): Summary | undefined {
  const policy = params.text('policyName')
  if (group === undefined || policy === undefined) return undefined
  const tracking = params.object('targetTrackingConfiguration').has('targetValue')
    ? params.object('targetTrackingConfiguration')
    : params.object('targetTrackingScalingPolicyConfiguration')
  const target = tracking.text('targetValue')
  return {
    does: `set scaling policy ${spoken(policy)} of ${group}${target ? ` to a target of ${spoken(target, 20)}` : ''}`,
    edits: edit('target', undefined, target),
    risks: ['capacity'],
  }
}

/** Everyone, unless the permission is limited to one account or organization. */
function everyoneIn(params: Facts['params']): string {
  const account = params.text('sourceAccount')
  const organization = params.text('principalOrgID')
  if (account !== undefined) return `account ${account}`
  return organization === undefined ? 'everyone' : `everyone in organization ${organization}`
}

function callerName(principal: string): string {
  if (/\.amazonaws\.com$/.test(principal)) return serviceName(principal)
  return /^\d{12}$/.test(principal) ? `account ${principal}` : arnName(principal)
}
