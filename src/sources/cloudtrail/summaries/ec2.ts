/** EC2 and VPC. */

import { counted, listed, spoken, withArticle } from '../../../changes/text.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, HIDDEN, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { JsonReader } from '../json-reader.ts'
import { isInternet, reachOf } from '../networks.ts'
import { label, named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'
import { ec2Associations } from './ec2-associations.ts'
import { receiver } from './sharing.ts'

const INSTANCE = 'AWS::EC2::Instance'
const WORLD = /^(0\.0\.0\.0\/0|::\/0)$/

export const ec2: Summaries = {
  ...ec2Associations,
  RunInstances: launch,
  CreateFleet: (facts) => ({
    does: `request a fleet of instances${idList(facts, INSTANCE)}`,
    risks: ['capacity'],
  }),
  TerminateInstances: (facts) => changeState(facts, 'terminate'),
  StopInstances: (facts) => changeState(facts, 'stop'),
  StartInstances: (facts) => changeState(facts, 'start'),
  RebootInstances: (facts) => changeState(facts, 'reboot'),

  AuthorizeSecurityGroupIngress: (facts) => allow(facts, 'in'),
  AuthorizeSecurityGroupEgress: (facts) => allow(facts, 'out'),
  RevokeSecurityGroupIngress: (facts) => revoke(facts, 'in'),
  RevokeSecurityGroupEgress: (facts) => revoke(facts, 'out'),
  ModifySecurityGroupRules: modifyRules,

  CreateRoute: (facts) => route(facts, 'route', 'in'),
  ReplaceRoute: (facts) => route(facts, 'reroute', 'in'),
  DeleteRoute: ({ params, resources }) => {
    const table = named(resources, 'AWS::EC2::RouteTable')
    const to = destination(params)
    return table && to && { does: `delete the route to ${to} from ${table}` }
  },
  AssociateRouteTable: ({ resources }) => {
    const table = named(resources, 'AWS::EC2::RouteTable')
    const other =
      named(resources, 'AWS::EC2::Subnet') ?? named(resources, 'AWS::EC2::InternetGateway')
    return table && other && `put ${other} on ${table}`
  },
  DisassociateRouteTable: ({ params, resources }) => {
    const id = params.text('associationId')
    const from = named(resources, 'AWS::EC2::Subnet')
    return from
      ? `take ${from} off its route table`
      : id && `take a subnet off its route table (${spoken(id)})`
  },
  CreateNetworkAclEntry: aclEntry,
  ReplaceNetworkAclEntry: aclEntry,
  DeleteNetworkAclEntry: ({ params, resources }) => {
    const acl = named(resources, 'AWS::EC2::NetworkAcl')
    const number = params.text('ruleNumber')
    const way = params.flag('egress') ? 'outbound' : 'inbound'
    return acl && number && `delete ${way} rule ${spoken(number)} from ${acl}`
  },

  CreateVpc: (facts) => {
    const vpc = named(facts.resources, 'AWS::EC2::VPC')
    return `create ${withRange(vpc ?? 'a VPC', facts.params)}`
  },
  CreateSubnet: ({ params, resources }) => {
    const subnet = named(resources, 'AWS::EC2::Subnet') ?? 'a subnet'
    const vpc = named(resources, 'AWS::EC2::VPC')
    return `create ${withRange(subnet, params)}${vpc ? ` in ${vpc}` : ''}`
  },
  CreateRouteTable: (facts) => inVpc(facts, 'AWS::EC2::RouteTable', 'a route table'),
  CreateSecurityGroup: (facts) => inVpc(facts, 'AWS::EC2::SecurityGroup', 'a security group'),
  AttachInternetGateway: ({ resources }) => {
    const gateway = named(resources, 'AWS::EC2::InternetGateway')
    const vpc = named(resources, 'AWS::EC2::VPC')
    return gateway && vpc && `attach ${gateway} to ${vpc}`
  },
  DetachInternetGateway: ({ resources }) => {
    const gateway = named(resources, 'AWS::EC2::InternetGateway')
    const vpc = named(resources, 'AWS::EC2::VPC')
    return gateway && vpc && `detach ${gateway} from ${vpc}`
  },
  CreateNetworkInterface: ({ resources }) => {
    const made = named(resources, 'AWS::EC2::NetworkInterface') ?? 'a network interface'
    const subnet = named(resources, 'AWS::EC2::Subnet')
    return `create ${made}${subnet ? ` in ${subnet}` : ''}`
  },
  CreateNatGateway: ({ resources }) => {
    const made = named(resources, 'AWS::EC2::NatGateway') ?? 'a NAT gateway'
    const subnet = named(resources, 'AWS::EC2::Subnet')
    return `create ${made}${subnet ? ` in ${subnet}` : ''}`
  },
  DetachNetworkInterface: ({ params, resources }) => {
    const id = params.text('attachmentId')
    const eni = named(resources, 'AWS::EC2::NetworkInterface') ?? 'a network interface'
    const from = named(resources, INSTANCE)
    const attachment = id ? ` (${spoken(id)})` : ''
    return `detach ${eni}${from ? ` from ${from}` : attachment}`
  },
  AllocateAddress: ({ response, resources }) => {
    const address = response.text('publicIp')
    const name = resources.find(({ type }) => type === 'AWS::EC2::EIP')?.name
    const shown = [address, name && address ? `(${spoken(name)})` : undefined].filter(Boolean)
    const what = shown.length === 0 ? 'an Elastic IP' : `Elastic IP ${shown.join(' ')}`
    return { does: `allocate ${what}`, verb: 'allocate' }
  },
  ReleaseAddress: ({ params, resources }) => {
    const address = params.text('publicIp')
    const named_ = address ? `Elastic IP ${spoken(address)}` : named(resources, 'AWS::EC2::EIP')
    return named_ && { does: `release ${named_}`, verb: 'release' }
  },
  AssociateAddress: ({ params, resources }) => {
    const address = params.text('publicIp')
    const ip = address ? `Elastic IP ${spoken(address)}` : named(resources, 'AWS::EC2::EIP')
    const to = named(resources, INSTANCE) ?? named(resources, 'AWS::EC2::NetworkInterface')
    return ip && to && `give ${ip} to ${to}`
  },
  CreateFlowLogs: ({ params, resources }) => {
    const [first] = params.items('ResourceId')
    const id = typeof first === 'string' ? first : JsonReader.of(first).text('content')
    const of = resources.find((resource) => resource.id === id)
    return `turn on flow logs${of ? ` for ${label(of)}` : ''}`
  },
  DeleteFlowLogs: (facts) => `turn off the flow logs${idList(facts, 'AWS::EC2::FlowLog')}`,

  ModifyInstanceAttribute: modifyInstance,
  ModifyNetworkInterfaceAttribute: ({ params, resources }) =>
    intoGroups(named(resources, 'AWS::EC2::NetworkInterface'), params),
  ApplySecurityGroupsToClientVpnTargetNetwork: ({ params, resources }) => {
    const endpoint = named(resources, 'AWS::EC2::ClientVpnEndpoint')
    const groups = params.texts('SecurityGroupId', 'SecurityGroupIds')
    const vpc = named(resources, 'AWS::EC2::VPC')
    if (endpoint === undefined || vpc === undefined) return undefined
    return {
      does: `put ${endpoint} in ${vpc} into security ${groups.length === 1 ? 'group' : 'groups'} ${listed(groups.map((id) => spoken(id, 40)))}`,
      edits: edit('security groups', undefined, listed(groups, 10)),
      risks: ['network'],
    }
  },
  ModifyVpcAttribute: (facts) => attributes(facts, 'AWS::EC2::VPC', ['vpcId']),
  ModifySubnetAttribute: (facts) => {
    const summary = attributes(facts, 'AWS::EC2::Subnet', ['subnetId'])
    const subnet = named(facts.resources, 'AWS::EC2::Subnet')
    const isPublic = facts.params.flag('mapPublicIpOnLaunch')
    if (summary === undefined || subnet === undefined || isPublic === undefined) return summary
    return {
      ...summary,
      does: `make ${subnet} ${isPublic ? 'give' : 'stop giving'} public addresses to what is launched in it`,
    }
  },
  ModifyInstanceMetadataOptions: ({ params, resources }) => {
    const instance = named(resources, INSTANCE)
    const edits = editsOf(params, ['instanceId'])
    const tokens = params.text('httpTokens')
    if (instance === undefined) return undefined
    if (tokens === 'optional')
      return { does: `allow version 1 of the metadata service on ${instance}`, edits }
    if (tokens === 'required')
      return { does: `require version 2 of the metadata service on ${instance}`, edits }
    return { does: `change the metadata options of ${instance}`, edits }
  },
  ModifyImageAttribute: (facts) => share(facts, 'AWS::EC2::Image', 'launchPermission'),
  ModifySnapshotAttribute: (facts) => share(facts, 'AWS::EC2::Snapshot', 'createVolumePermission'),
  ModifyVolume: ({ params, response, resources }) => {
    const volume = named(resources, 'AWS::EC2::Volume')
    const change = response.object('volumeModification')
    const edits: Edit[] = [
      ...edit(
        'size',
        gigabytes(change.text('originalSize')),
        gigabytes(change.text('targetSize') ?? params.text('size')),
      ),
      ...edit(
        'type',
        change.text('originalVolumeType'),
        change.text('targetVolumeType') ?? params.text('volumeType'),
      ),
      ...edit(
        'IOPS',
        change.text('originalIops'),
        change.text('targetIops') ?? params.text('iops'),
      ),
    ]
    if (volume === undefined) return undefined
    return {
      does: `change ${volume}`,
      more: spelled(edits),
      edits,
      risks: ['capacity', 'data'],
    }
  },
  AttachVolume: ({ resources }) => {
    const volume = named(resources, 'AWS::EC2::Volume')
    const instance = named(resources, INSTANCE)
    return volume && instance && `attach ${volume} to ${instance}`
  },
  DetachVolume: ({ resources }) => {
    const volume = named(resources, 'AWS::EC2::Volume')
    const instance = named(resources, INSTANCE)
    return volume && `detach ${volume}${instance ? ` from ${instance}` : ''}`
  },
  CreateSnapshot: ({ params, resources }) => {
    const made = named(resources, 'AWS::EC2::Snapshot') ?? 'a snapshot'
    const volume = params.text('volumeId')
    return `take ${made}${volume ? ` of volume ${spoken(volume)}` : ''}`
  },
  CreateVolume: ({ params, response, resources }) => {
    const made = named(resources, 'AWS::EC2::Volume') ?? 'a volume'
    const size = gigabytes(response.text('size') ?? params.text('size'))
    const from = params.text('snapshotId')
    return `create ${size ? withDetail(made, size) : made}${from ? ` from snapshot ${spoken(from)}` : ''}`
  },
  RegisterImage: ({ resources }) => {
    const image = named(resources, 'AWS::EC2::Image')
    return image && `register ${image}`
  },
  CreateTags: (facts) => tags(facts, 'tag', 'with'),
  DeleteTags: (facts) => tags(facts, 'remove tags from', ':'),
  CreateLaunchTemplateVersion: ({ response, params, resources }) => {
    const template = named(resources, 'AWS::EC2::LaunchTemplate')
    const version = response.object('launchTemplateVersion').text('versionNumber')
    const data = response.object('launchTemplateVersion').object('launchTemplateData')
    const given = data.isEmpty ? params.object('launchTemplateData') : data
    const edits = editsOf(given, [])
    return (
      template && {
        does: `create version ${version ?? '(unknown)'} of ${template}`,
        edits,
        risks: ['deploy'],
      }
    )
  },
  ModifyLaunchTemplate: ({ params, resources }) => {
    const template = named(resources, 'AWS::EC2::LaunchTemplate')
    const version = params.text('setDefaultVersion', 'defaultVersion')
    return (
      template &&
      version && {
        does: `make version ${spoken(version)} the default of ${template}`,
        edits: edit('default version', undefined, version),
        risks: ['deploy'],
      }
    )
  },
  AssociateIamInstanceProfile: ({ params, resources }) => {
    const profile = params.object('iamInstanceProfile').text('name', 'arn')
    const instance = named(resources, INSTANCE)
    return (
      profile &&
      instance && {
        does: `give instance profile ${spoken(profile)} to ${instance}`,
        risks: ['identity'],
      }
    )
  },
  CreateVpcEndpoint: ({ params, resources }) => {
    const made = named(resources, 'AWS::EC2::VPCEndpoint') ?? 'a VPC endpoint'
    const service = params.text('serviceName')
    return `create ${made}${service ? ` to ${spoken(service)}` : ''}`
  },
  AcceptVpcPeeringConnection: ({ resources }) => {
    const peering = named(resources, 'AWS::EC2::VPCPeeringConnection')
    return peering && `accept ${peering}`
  },
  DisableEbsEncryptionByDefault: () => 'turn off the encryption of new volumes',
  EnableEbsEncryptionByDefault: () => 'turn on the encryption of new volumes',
  DisableSnapshotBlockPublicAccess: () => ({
    does: 'allow snapshots to be shared with everyone',
    risks: ['data'],
  }),
  GetPasswordData: ({ resources }) => {
    const instance = named(resources, INSTANCE)
    return (
      instance && {
        does: `read the administrator’s password of ${instance}`,
        risks: ['identity'],
      }
    )
  },
  BidEvicted: ({ resources }) => {
    const instances = resources.filter(({ type }) => type === INSTANCE).map(label)
    const noun = instances.length === 1 ? 'Spot instance' : 'Spot instances'
    return {
      does:
        instances.length > 0
          ? `interrupt ${noun} ${listed(instances)}`
          : 'interrupt a Spot instance',
      verb: 'interrupt',
      risks: ['capacity'],
    }
  },
  SharedSnapshotVolumeCreated: ({ resources }) => ({
    does: 'report that a volume was made from a snapshot that this account shared',
    did: `reported that a volume was made from ${named(resources, 'AWS::EC2::Snapshot') ?? 'a snapshot'}`,
    more: ', which this account shares',
    risks: ['data'],
  }),
  SharedSnapshotCopyInitiated: ({ resources }) => ({
    does: 'report that a snapshot that this account shared is copied',
    did: `reported that ${named(resources, 'AWS::EC2::Snapshot') ?? 'a snapshot'} is being copied`,
    more: ', which this account shares',
    risks: ['data'],
  }),
}

export const instanceConnect: Summaries = {
  SendSSHPublicKey: (facts) => sshKey(facts, 'an SSH key'),
  SendSerialConsoleSSHPublicKey: (facts) => sshKey(facts, 'an SSH key for the serial console'),
}

function sshKey({ params, resources }: Facts, what: string): Summary | undefined {
  const instance = named(resources, INSTANCE)
  const user = params.text('instanceOSUser')
  if (instance === undefined) return undefined
  return {
    does: `send ${what}${user ? ` for ${spoken(user, 60)}` : ''} to ${instance}`,
    edits: edit('user', undefined, user),
    risks: ['identity'],
  }
}

function launch({ params, response, resources }: Facts): Summary {
  const made = response.objects('instancesSet', 'instances')
  const asked = params.objects('instancesSet', 'instances')[0] ?? params
  const count = made.length || asked.number('minCount') || 1
  const type = made[0]?.text('instanceType') ?? params.text('instanceType')
  const image = made[0]?.text('imageId') ?? asked.text('imageId')
  const noun = type ? `${spoken(type, 40)} instance` : 'instance'
  const what = count === 1 ? withArticle(noun) : counted(count, noun)
  const instances = resources.filter((resource) => resource.type === INSTANCE)
  const ids = instances.map(({ id }) => spoken(id, 40))
  const name = instances[0]?.name
  const from = image ? ` from image ${spoken(image, 40)}` : ''
  return {
    does: `launch ${what}${name ? ` named ${spoken(name, 80)}` : ''}${ids.length ? ` (${listed(ids)})` : ''}${from}`,
    verb: 'launch',
    edits: [...edit('instance type', undefined, type), ...edit('image', undefined, image)],
    risks: ['capacity'],
  }
}

function changeState(facts: Facts, verb: string): Summary | undefined {
  const instances = named(facts.resources, INSTANCE)
  if (instances === undefined) return undefined
  const edits = facts.response.objects('instancesSet', 'instances').flatMap((instance) => {
    const id = instance.text('instanceId')
    const from = instance.object('previousState').text('name')
    const to = instance.object('currentState').text('name')
    return id === undefined ? [] : edit(`state of ${id}`, from, to)
  })
  return { does: `${verb} ${instances}`, edits: edits.slice(0, 30), risks: ['capacity'] }
}

function idList({ resources }: Facts, type: string): string {
  const ids = resources.filter((resource) => resource.type === type).map(label)
  return ids.length === 0 ? '' : ` (${listed(ids)})`
}

interface SecurityGroupRule {
  /** What the rule says that it is for. */
  description?: string
  ports: string
  peers: string[]
  isWorld: boolean
}

function portWords(json: JsonReader): string {
  const protocol = json.text('ipProtocol', 'protocol') ?? '-1'
  if (protocol === '-1' || protocol === 'all') return 'all traffic'
  const name = { '6': 'tcp', '17': 'udp', '1': 'icmp' }[protocol] ?? spoken(protocol, 20)
  const from = json.number('fromPort', 'from')
  const to = json.number('toPort', 'to')
  if (from === undefined || to === undefined || from < 0) return `all ${name}`
  if (name.startsWith('icmp')) return name
  if (from === 0 && to === 65_535) return `all ${name} ports`
  return from === to ? `${from}/${name}` : `${from}–${to}/${name}`
}

function peersOf(json: JsonReader): string[] {
  return [
    ...json.objects('ipRanges').map((range) => range.text('cidrIp', 'cidrIpv4')),
    ...json.objects('ipv6Ranges').map((range) => range.text('cidrIpv6')),
    ...json
      .objects('groups', 'userIdGroupPairs')
      .map((group) => group.text('groupId', 'groupName')),
    ...json.objects('prefixListIds').map((list) => list.text('prefixListId')),
    json.text('cidrIp', 'cidrIpv4'),
    json.text('cidrIpv6'),
    json.object('referencedGroupInfo').text('groupId') ?? json.text('referencedGroupId'),
    json.text('prefixListId'),
    json.text('sourceSecurityGroupName'),
  ].filter((peer) => peer !== undefined)
}

function descriptionOf(json: JsonReader): string | undefined {
  const inside = ['ipRanges', 'ipv6Ranges', 'groups', 'userIdGroupPairs', 'prefixListIds']
  const found = inside
    .flatMap((name) => json.objects(name))
    .map((range) => range.text('description'))
    .find((text) => text !== undefined)
  const text = found ?? json.text('description')
  return text === undefined ? undefined : spoken(text, 60)
}

function ruleOf(json: JsonReader): SecurityGroupRule {
  const peers = peersOf(json)
  const reach = reachOf(peers)
  const others = peers
    .filter((peer) => reach?.cidrs.includes(peer) !== true)
    .map((peer) => spoken(peer, 60))
  const description = descriptionOf(json)
  return {
    ports: portWords(json),
    peers: reach === undefined ? others : [reach.words, ...others],
    isWorld: reach !== undefined,
    ...(description !== undefined && { description }),
  }
}

function rulesOf(params: JsonReader, responseRules: JsonReader[]): SecurityGroupRule[] {
  const given = params.objects('ipPermissions').filter((json) => json.has('ipProtocol', 'fromPort'))
  const flat = params.has('ipProtocol', 'cidrIp', 'fromPort') ? [params] : []
  const readers = [given, flat, responseRules].find((rules) => rules.length > 0) ?? []
  return readers.slice(0, 60).map(ruleOf)
}

/** `22/tcp and 443/tcp to the world`: the peer of an open rule that is the internet is its first. */
function openWords(open: readonly SecurityGroupRule[]): string {
  const ports = listed([...new Set(open.map(({ ports }) => ports))])
  return `${ports} to ${open[0]!.peers[0]!}`
}

/** ` (postgres)`: what the rules say that they are for. */
function purposes(rules: readonly SecurityGroupRule[]): string {
  const texts = [...new Set(rules.flatMap(({ description }) => description ?? []))]
  return texts.length === 0 ? '' : ` (${listed(texts, 2)})`
}

/** `22/tcp and 443/tcp to the world`, `5432/tcp to sg-1` …, rules with the same peers together. */
function ruleWords(rules: readonly SecurityGroupRule[], joint: 'to' | 'from'): string {
  const byPeers = new Map<string, string[]>()
  for (const { ports, peers } of rules) {
    const key = peers.length === 0 ? '' : listed(peers)
    byPeers.set(key, [...(byPeers.get(key) ?? []), ports])
  }
  const parts = [...byPeers].map(([peers, ports]) => {
    const unique = [...new Set(ports)]
    return peers === '' ? listed(unique) : `${listed(unique)} ${joint} ${peers}`
  })
  return parts.length <= 2 ? parts.join(' and ') : `${parts[0]} and ${parts.length - 1} more rules`
}

function ruleEdits(
  rules: readonly SecurityGroupRule[],
  way: 'in' | 'out',
  isAdded: boolean,
): Edit[] {
  const field = way === 'in' ? 'inbound rule' : 'outbound rule'
  return rules.slice(0, 30).map(({ ports, peers, description }) => {
    const text = peers.length
      ? `${ports} ${way === 'in' ? 'from' : 'to'} ${listed(peers, 5)}`
      : ports
    const note = description === undefined ? {} : { note: description }
    return isAdded ? { field, to: text, ...note } : { field, from: text, ...note }
  })
}

function allow({ params, response, resources }: Facts, way: 'in' | 'out'): Summary | undefined {
  const group = named(resources, 'AWS::EC2::SecurityGroup')
  const rules = rulesOf(params, response.objects('securityGroupRuleSet'))
  if (group === undefined || rules.length === 0) return undefined
  const edits = ruleEdits(rules, way, true)
  if (way === 'out') {
    return {
      does: `allow ${ruleWords(rules, 'to')} from ${group}${purposes(rules)}`,
      edits,
      risks: ['network'],
    }
  }
  const open = rules.filter(({ isWorld }) => isWorld)
  if (open.length === 0) {
    const does = `allow ${ruleWords(rules, 'from')} into ${group}${purposes(rules)}`
    return { does, edits, risks: ['network'] }
  }
  const opens = openWords(open)
  const does = `open ${ruleWords(rules, 'to')} on ${group}${purposes(rules)}`
  return { does, edits, opens, risks: ['network'] }
}

function revoke({ params, response, resources }: Facts, way: 'in' | 'out'): Summary | undefined {
  const group = named(resources, 'AWS::EC2::SecurityGroup')
  const rules = rulesOf(params, response.objects('revokedSecurityGroupRuleSet'))
  if (group === undefined) return undefined
  const edits = ruleEdits(rules, way, false)
  if (rules.length === 0) {
    const count = params.items('securityGroupRuleIds').length || 1
    return {
      does: `remove ${counted(count, way === 'in' ? 'inbound rule' : 'outbound rule')} from ${group}`,
      edits,
      risks: ['network'],
    }
  }
  const words = ruleWords(rules, way === 'in' ? 'from' : 'to')
  const hasPeers = rules.some(({ peers }) => peers.length > 0)
  const where = hasPeers ? 'on' : 'from'
  const direction = way === 'in' ? 'inbound' : 'outbound'
  const what = words.startsWith('all ')
    ? `all ${direction} ${words.slice(4)}`
    : `${direction} ${words}`
  const does = `remove ${what} ${where} ${group}${purposes(rules)}`
  return { does, edits, risks: ['network'] }
}

function modifyRules({ params, resources }: Facts): Summary | undefined {
  const group = named(resources, 'AWS::EC2::SecurityGroup')
  if (group === undefined) return undefined
  const rules = params
    .objects('securityGroupRule', 'securityGroupRules')
    .map((outer) =>
      outer.object('securityGroupRule').isEmpty ? outer : outer.object('securityGroupRule'),
    )
    .map(ruleOf)
  const open = rules.filter(({ isWorld }) => isWorld)
  const words = rules.length ? ` to ${ruleWords(rules, 'from')}` : ''
  return {
    does: `change ${rules.length === 1 ? 'a rule' : 'rules'} of ${group}${words}`,
    edits: rules.slice(0, 30).map(({ ports, peers }) => ({
      field: 'rule',
      to: `${ports}${peers.length ? `, ${listed(peers, 5)}` : ''}`,
    })),
    // The record does not show whether rules are inbound or outbound: assume the worse.
    ...(open.length > 0 && { opens: openWords(open) }),
    risks: ['network'],
  }
}

function destination(params: JsonReader): string | undefined {
  const to = params.text(
    'destinationCidrBlock',
    'destinationIpv6CidrBlock',
    'destinationPrefixListId',
  )
  if (to === undefined) return undefined
  return WORLD.test(to) ? `the internet (${to})` : spoken(to, 60)
}

function route({ params, resources }: Facts, verb: string, where: string): Summary | undefined {
  const table = named(resources, 'AWS::EC2::RouteTable')
  const to = destination(params)
  const through = params.text(
    'gatewayId',
    'natGatewayId',
    'transitGatewayId',
    'vpcPeeringConnectionId',
    'networkInterfaceId',
    'instanceId',
    'egressOnlyInternetGatewayId',
    'vpcEndpointId',
    'localTarget',
  )
  if (table === undefined || to === undefined) return undefined
  return {
    does: `${verb} ${to}${through ? ` through ${spoken(through, 60)}` : ''} ${where} ${table}`,
    edits: through
      ? edit(`route to ${params.text('destinationCidrBlock') ?? to}`, undefined, through)
      : [],
    risks: ['network'],
  }
}

function aclEntry({ params, resources }: Facts): Summary | undefined {
  const acl = named(resources, 'AWS::EC2::NetworkAcl')
  const action = params.text('ruleAction')
  const cidr = params.text('cidrBlock', 'ipv6CidrBlock')
  if (acl === undefined || action === undefined || cidr === undefined) return undefined
  const isOut = params.flag('egress') === true
  const range = params.object('portRange')
  const protocol = params.text('aclProtocol', 'protocol')
  const unlimited = protocol === '-1' ? 'all traffic' : portWords(params)
  const ports = range.isEmpty
    ? unlimited
    : portWords(JsonReader.of({ ...range.raw, ipProtocol: protocol ?? '6' }))
  const peer = reachOf([cidr])?.words ?? spoken(cidr, 60)
  const text = `${ports} ${isOut ? 'to' : 'from'} ${peer}`
  const isOpen = !isOut && action === 'allow' && isInternet(cidr)
  return {
    does: `${action === 'allow' ? 'allow' : 'deny'} ${text} in ${acl}`,
    edits: edit(`rule ${params.text('ruleNumber') ?? ''}`.trim(), undefined, `${action} ${text}`),
    ...(isOpen && { opens: `${ports} to ${peer}` }),
    risks: ['network'],
  }
}

function withRange(what: string, params: JsonReader): string {
  const cidr = params.text('cidrBlock')
  return cidr === undefined ? what : withDetail(what, spoken(cidr, 40))
}

/** `VPC main (vpc-1, 10.0.0.0/16)` */
function withDetail(what: string, detail: string): string {
  return what.endsWith(')') ? `${what.slice(0, -1)}, ${detail})` : `${what} (${detail})`
}

function inVpc({ resources }: Facts, type: string, otherwise: string): string {
  const vpc = named(resources, 'AWS::EC2::VPC')
  return `create ${named(resources, type) ?? otherwise}${vpc ? ` in ${vpc}` : ''}`
}

function gigabytes(size: string | undefined): string | undefined {
  return size === undefined ? undefined : `${size} GB`
}

function modifyInstance({ params, resources }: Facts): Summary | undefined {
  const instance = named(resources, INSTANCE)
  if (instance === undefined) return undefined
  const flag = (name: string) => params.object(name).flag('value') ?? params.flag(name)
  const protection = flag('disableApiTermination')
  if (protection !== undefined) {
    return {
      does: `turn ${protection ? 'on' : 'off'} the termination protection of ${instance}`,
      edits: edit('termination protection', undefined, protection ? 'on' : 'off'),
    }
  }
  const type = params.text('instanceType')
  if (type !== undefined) {
    return {
      does: `change the type of ${instance} to ${spoken(type, 40)}`,
      edits: edit('instance type', undefined, type),
      risks: ['capacity'],
    }
  }
  if (params.has('userData')) {
    return {
      does: `change the user data of ${instance}`,
      edits: [{ field: 'user data', to: HIDDEN }],
      risks: ['deploy'],
    }
  }
  const grouped = intoGroups(instance, params)
  if (grouped !== undefined) return grouped
  const edits = editsOf(params, ['instanceId', 'attribute'])
  return { does: `change ${instance}`, more: spelled(edits), edits }
}

function intoGroups(what: string | undefined, params: JsonReader): Summary | undefined {
  const groups = params.objects('groupSet').flatMap((group) => group.text('groupId') ?? [])
  if (what === undefined || groups.length === 0) return undefined
  return {
    does: `put ${what} into ${groups.length === 1 ? 'security group' : 'security groups'} ${listed(groups.map((id) => spoken(id, 40)))}`,
    edits: edit('security groups', undefined, listed(groups, 10)),
    risks: ['network'],
  }
}

function attributes(
  { params, resources }: Facts,
  type: string,
  except: string[],
): Summary | undefined {
  const thing = named(resources, type)
  const edits = editsOf(params, except)
  if (thing === undefined) return undefined
  return {
    does: `change ${thing}`,
    more: spelled(edits),
    edits,
    risks: ['network'],
  }
}

/** Who may launch an image or make volumes of a snapshot. */
function share(
  { params, resources }: Facts,
  type: string,
  permission: string,
): Summary | undefined {
  const thing = named(resources, type)
  if (thing === undefined) return undefined
  const change = params.object(permission)
  const receivers = (name: string) =>
    change
      .objects(name)
      .map((who) =>
        who.text('group') === 'all'
          ? 'everyone'
          : receiver(who.text('userId', 'organizationArn', 'organizationalUnitArn') ?? '(unknown)'),
      )
  const added = receivers('add')
  const removed = receivers('remove')
  if (added.length > 0) {
    const isWorld = added.includes('everyone')
    return {
      does: `share ${thing} with ${listed(added)}`,
      verb: 'share',
      edits: edit('shared with', undefined, listed(added, 10)),
      ...(isWorld && { opens: `${thing} to the world` }),
      risks: ['data'],
    }
  }
  if (removed.length > 0) {
    return {
      does: `stop sharing ${thing} with ${listed(removed)}`,
      verb: 'stop sharing',
      edits: edit('shared with', listed(removed, 10), undefined),
      risks: ['data'],
    }
  }
  return undefined
}

function tags({ params, resources }: Facts, verb: string, joint: string): Summary | undefined {
  const given = params.objects('tagSet', 'tags', 'tag')
  const things = resources.slice(0, 20).map(label)
  if (things.length === 0) return undefined
  const pairs = given.map((tag) => ({ key: tag.text('key') ?? '', value: tag.text('value') }))
  const edits = pairs
    .slice(0, 30)
    .flatMap(({ key, value }) => edit(`tag ${spoken(key, 60)}`, undefined, value ?? '(empty)'))
  const keys = listed(pairs.map(({ key }) => spoken(key, 40)))
  const what =
    verb === 'tag'
      ? `tag ${listed(things)}${keys ? ` ${joint} ${keys}` : ''}`
      : `remove ${keys ? `${pairs.length === 1 ? 'tag' : 'tags'} ${keys}` : 'all tags'} from ${listed(things)}`
  return verb === 'tag' ? { does: what, verb, edits } : { does: what, verb: 'change', edits: [] }
}
