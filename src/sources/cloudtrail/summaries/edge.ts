/** Load balancing, Route 53, CloudFront, API Gateway: how traffic finds its way. */

import { counted, listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import type { JsonReader } from '../json-reader.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'

const BALANCERS = [
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancing::LoadBalancer',
]
const TARGETS = 'AWS::ElasticLoadBalancingV2::TargetGroup'
const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener'
const RULE = 'AWS::ElasticLoadBalancingV2::ListenerRule'

export const elasticloadbalancing: Summaries = {
  CreateLoadBalancer: ({ params, response, resources }) => {
    const what = balancer(resources) ?? nameOf(params, 'load balancer')
    const scheme = params.text('scheme') ?? response.objects('loadBalancers')[0]?.text('scheme')
    return (
      what && {
        does: `create ${what}`,
        more: scheme === 'internet-facing' ? ', facing the internet' : '',
        edits: edit('scheme', undefined, scheme),
      }
    )
  },
  CreateTargetGroup: ({ params, resources }) => {
    const what = nameOf(params, 'target group') ?? named(resources, TARGETS)
    return what && `create ${what}`
  },
  RegisterTargets: (facts) => targets(facts, 'register', 'with'),
  DeregisterTargets: (facts) => targets(facts, 'take', 'out of'),
  RegisterInstancesWithLoadBalancer: (facts) => instances(facts, 'register', 'with'),
  DeregisterInstancesFromLoadBalancer: (facts) => instances(facts, 'take', 'out of'),
  CreateListener: (facts) => listener(facts, 'create a listener on', balancer(facts.resources)),
  ModifyListener: (facts) => listener(facts, 'change', named(facts.resources, LISTENER)),
  CreateRule: (facts) => listener(facts, 'add a rule to', named(facts.resources, LISTENER)),
  ModifyRule: (facts) => listener(facts, 'change', named(facts.resources, RULE)),
  ModifyLoadBalancerAttributes: (facts) => attributes(facts, balancer(facts.resources)),
  ModifyTargetGroupAttributes: (facts) => attributes(facts, named(facts.resources, TARGETS)),
  ModifyTargetGroup: ({ params, resources }) => {
    const what = named(resources, TARGETS)
    const edits = editsOf(params, ['targetGroupArn'])
    return what && { does: `change ${what}`, more: spelled(edits), edits }
  },
  SetSecurityGroups: securityGroups,
  ApplySecurityGroupsToLoadBalancer: securityGroups,
  SetSubnets: ({ params, resources }) => {
    const what = balancer(resources)
    const subnets = params.texts('subnets').map((id) => spoken(id, 40))
    return (
      what && {
        does: `move ${what} to ${counted(subnets.length, 'subnet')}`,
        edits: edit('subnets', undefined, listed(subnets, 10)),
      }
    )
  },
}

function securityGroups({ params, resources }: Facts): Summary | undefined {
  const what = balancer(resources)
  const groups = params.texts('securityGroups').map((id) => spoken(id, 40))
  if (what === undefined || groups.length === 0) return undefined
  return {
    does: `put ${what} into security ${groups.length === 1 ? 'group' : 'groups'} ${listed(groups)}`,
    edits: edit('security groups', undefined, listed(groups, 10)),
    risks: ['network'],
  }
}

function balancer(resources: Facts['resources']): string | undefined {
  return BALANCERS.map((type) => named(resources, type)).find((found) => found !== undefined)
}

function nameOf(params: JsonReader, noun: string): string | undefined {
  const name = params.text('name', 'loadBalancerName')
  return name && `${noun} ${spoken(name)}`
}

function targets({ params, resources }: Facts, verb: string, joint: string): Summary | undefined {
  const group = named(resources, TARGETS)
  const ids = params.objects('targets').map((target) => {
    const id = target.text('id') ?? '(unknown)'
    const port = target.text('port')
    const address = port ? `${id}:${port}` : id
    return spoken(id.startsWith('arn:') ? arnName(id) : address, 60)
  })
  if (group === undefined) return undefined
  return {
    does: `${verb} ${ids.length ? listed(ids) : 'targets'} ${joint} ${group}`,
    risks: ['network', 'capacity'],
  }
}

function instances({ params, resources }: Facts, verb: string, joint: string): Summary | undefined {
  const what = balancer(resources)
  const ids = params
    .objects('instances')
    .map((instance) => spoken(instance.text('instanceId') ?? '(unknown)', 40))
  if (what === undefined) return undefined
  return {
    does: `${verb} ${ids.length ? listed(ids) : 'instances'} ${joint} ${what}`,
    risks: ['network', 'capacity'],
  }
}

function listener(
  { params, response }: Facts,
  verb: string,
  what: string | undefined,
): Summary | undefined {
  if (what === undefined) return undefined
  const actions = params.objects('defaultActions', 'actions')
  const to = actions.map(actionWords).filter((text) => text !== undefined)
  const port = params.text('port') ?? response.objects('listeners')[0]?.text('port')
  const protocol = params.text('protocol')
  const edits: Edit[] = [
    ...edit('sends traffic to', undefined, to.length ? listed(to) : undefined),
    ...edit('port', undefined, params.text('port')),
    ...edit('protocol', undefined, protocol),
    ...edit('TLS policy', undefined, params.text('sslPolicy')),
  ]
  const on =
    verb.startsWith('create') && port
      ? ` (${protocol ? `${spoken(protocol, 10)} ` : ''}${spoken(port, 10)})`
      : ''
  return {
    does: `${verb} ${what}${on}`,
    more: to.length ? ` to send traffic to ${listed(to)}` : '',
    edits,
    risks: ['network', 'deploy'],
  }
}

function actionWords(action: JsonReader): string | undefined {
  const single = action.text('targetGroupArn')
  const weighted = action.object('forwardConfig').objects('targetGroups')
  if (weighted.length > 1) {
    return listed(
      weighted.map(
        (group) =>
          `${spoken(arnName(group.text('targetGroupArn') ?? '(unknown)'), 60)} (weight ${group.text('weight') ?? '1'})`,
      ),
    )
  }
  const arn = single ?? weighted[0]?.text('targetGroupArn')
  if (arn !== undefined) return spoken(arnName(arn), 60)
  const type = action.text('type')
  if (type === 'redirect') return 'a redirect'
  if (type === 'fixed-response')
    return `a fixed response${action.object('fixedResponseConfig').text('statusCode') ? ` (${action.object('fixedResponseConfig').text('statusCode')})` : ''}`
  return type && spoken(type, 40)
}

function attributes({ params }: Facts, what: string | undefined): Summary | undefined {
  const edits = params
    .objects('attributes')
    .slice(0, 30)
    .flatMap((attribute) =>
      edit(
        spoken(attribute.text('key') ?? '(unknown)', 80),
        undefined,
        attribute.text('value') ?? '(empty)',
      ),
    )
  return what === undefined
    ? undefined
    : {
        does: `change ${what}`,
        more: spelled(edits),
        edits,
        risks: ['network', 'configuration'],
      }
}

export const route53: Summaries = {
  ChangeResourceRecordSets: ({ params, resources }) => {
    const zone = named(resources, 'AWS::Route53::HostedZone')
    const changes = params.object('changeBatch').objects('changes')
    if (zone === undefined || changes.length === 0) return undefined
    const summaries = changes.map(recordChange)
    const first = summaries[0]!
    const more = summaries.length - 1
    return {
      does: `${first.does} in ${zone}`,
      more: more > 0 ? `, and ${counted(more, 'more record')}` : '',
      edits: summaries.slice(0, 30).map((one) => one.edit),
      risks: ['network'],
    }
  },
  CreateHostedZone: ({ params, response }) => {
    const name = params.text('name') ?? response.object('hostedZone').text('name')
    const isPrivate =
      response.object('hostedZone').object('config').flag('privateZone') === true ||
      params.has('vPC')
    return name && `create the ${isPrivate ? 'private ' : ''}hosted zone ${spoken(name)}`
  },
}

function recordChange(change: JsonReader): { does: string; edit: Edit } {
  const set = change.object('resourceRecordSet')
  const name = spoken((set.text('name') ?? '(unknown)').replace(/\.$/, ''), 100)
  const type = spoken(set.text('type') ?? '', 10)
  const values = set
    .objects('resourceRecords')
    .map((record) => record.text('value'))
    .filter((value) => value !== undefined)
  const aliasTo = set.object('aliasTarget').text('dNSName')
  const shown = values.length ? listed(values.map((value) => spoken(value, 60))) : undefined
  const to = aliasTo ? aliasTo.replace(/\.$/, '') : shown
  const weight = set.text('weight')
  const share = weight === undefined ? '' : ` with weight ${spoken(weight, 10)}`
  const field = `${type} ${name}`.trim()
  if (change.text('action') === 'DELETE') {
    return {
      does: `delete the ${type} record ${name}`.replace('  ', ' '),
      edit: { field, ...(to && { from: to }) },
    }
  }
  return {
    does: to
      ? `point ${name} (${type}) to ${spoken(to, 120)}${share}`
      : `set the ${type} record ${name}${share}`,
    edit: { field, to: `${to ?? '(set)'}${share}` },
  }
}

export const cloudfront: Summaries = {
  CreateInvalidation: ({ params, resources }) => {
    const what = named(resources, 'AWS::CloudFront::Distribution')
    const paths = params
      .object('invalidationBatch')
      .object('paths')
      .texts('items')
      .map((path) => spoken(path, 60))
    return (
      what && {
        does: `invalidate ${paths.length ? listed(paths) : 'cached files'} of ${what}`,
        risks: ['deploy'],
      }
    )
  },
  UpdateDistribution: ({ params, resources }) => {
    const what =
      named(resources, 'AWS::CloudFront::Distribution') ??
      (params.text('id') && `distribution ${spoken(params.text('id')!)}`)
    const isOn = params.object('distributionConfig').flag('enabled')
    return (
      what && {
        does: `update ${what}`,
        more: isOn === false ? ', turning it off' : '',
        edits: isOn === false ? edit('enabled', undefined, 'no') : [],
        risks: ['network', 'deploy'],
      }
    )
  },
}

export const apigateway: Summaries = {
  CreateDeployment: ({ params, resources }) => {
    const api = named(resources, 'AWS::ApiGateway::RestApi')
    const stage =
      params.text('stageName') ?? params.object('createDeploymentInput').text('stageName')
    return (
      api && {
        does: `deploy ${api}${stage ? ` to stage ${spoken(stage, 60)}` : ''}`,
        risks: ['deploy'],
      }
    )
  },
}
