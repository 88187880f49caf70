/** EC2's associations, and copies of images and snapshots. */

import { listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import { edit } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { label, named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'

const INSTANCE = 'AWS::EC2::Instance'
const IMAGE = 'AWS::EC2::Image'
const SNAPSHOT = 'AWS::EC2::Snapshot'

export const ec2Associations: Summaries = {
  DisassociateIamInstanceProfile: ({ response, resources }) => {
    const instance = named(resources, INSTANCE)
    const profile = profileOf(response.object('iamInstanceProfileAssociation'))
    return (
      instance && {
        does: `remove ${profile ? `instance profile ${profile}` : 'the instance profile'} from ${instance}`,
        edits: profile === undefined ? [] : edit('instance profile', profile, undefined),
        risks: ['identity'],
      }
    )
  },
  ReplaceIamInstanceProfileAssociation: ({ params, resources }) => {
    const instance = named(resources, INSTANCE)
    const profile = profileOf(params)
    return profile === undefined
      ? undefined
      : {
          does: `replace the instance profile of ${instance ?? 'an instance'} with ${profile}`,
          edits: edit('instance profile', undefined, profile),
          risks: ['identity'],
        }
  },
  DisassociateVpcCidrBlock: (facts) => removeRange(facts, 'AWS::EC2::VPC'),
  DisassociateSubnetCidrBlock: (facts) => removeRange(facts, 'AWS::EC2::Subnet'),
  ReplaceNetworkAclAssociation: (facts) => replaceAssociation(facts, 'AWS::EC2::NetworkAcl'),
  ReplaceRouteTableAssociation: (facts) => replaceAssociation(facts, 'AWS::EC2::RouteTable'),
  CreateImage: ({ params, resources }) => {
    const image = named(resources, IMAGE) ?? 'an image'
    const instance = named(resources, INSTANCE)
    return {
      does: `create ${image}${instance ? ` from ${instance}` : ''}`,
      more: params.flag('noReboot') === false ? ', rebooting it' : '',
      risks: ['data'],
    }
  },
  CopySnapshot: (facts) => copy(facts, SNAPSHOT, 'sourceSnapshotId'),
  CopyImage: (facts) => copy(facts, IMAGE, 'sourceImageId'),
  UpdateSecurityGroupRuleDescriptionsIngress: (facts) => describeRules(facts, 'inbound'),
  UpdateSecurityGroupRuleDescriptionsEgress: (facts) => describeRules(facts, 'outbound'),
  DisableImageBlockPublicAccess: () => ({
    does: 'allow images to be shared with everyone',
    risks: ['data'],
  }),
}

function profileOf(association: Facts['params']): string | undefined {
  const profile = association.object('iamInstanceProfile').text('name', 'arn')
  return profile === undefined ? undefined : spoken(arnName(profile), 80)
}

/** An association stays with its subnet: what it is with is replaced. */
function replaceAssociation({ params, resources }: Facts, type: string): Summary | undefined {
  const now = named(resources, type)
  const association = params.text('associationId')
  if (now === undefined || association === undefined) return undefined
  return { does: `move association ${spoken(association, 60)} to ${now}`, risks: ['network'] }
}

function removeRange({ response, resources }: Facts, type: string): Summary | undefined {
  const from = named(resources, type)
  const range = ['cidrBlockAssociation', 'ipv6CidrBlockAssociation']
    .map((name) => response.object(name).text('cidrBlock', 'ipv6CidrBlock'))
    .find((text) => text !== undefined)
  if (from === undefined) return undefined
  return {
    does: `remove ${range ? spoken(range, 60) : 'an address range'} from ${from}`,
    edits: edit('address range', range, undefined),
    risks: ['network'],
  }
}

function copy({ params, resources }: Facts, type: string, source: string): Summary | undefined {
  const from = params.text(source)
  const copies = resources.filter((resource) => resource.type === type && resource.id !== from)
  const region = params.text('sourceRegion')
  if (from === undefined) return undefined
  const noun = type === IMAGE ? 'image' : 'snapshot'
  const to = copies.length > 0 ? ` to ${listed(copies.map(label))}` : ''
  return {
    does: `copy ${noun} ${spoken(from, 60)}${region ? ` of ${spoken(region, 40)}` : ''}${to}`,
    edits: edit('encrypted', undefined, params.text('encrypted')),
    risks: ['data'],
  }
}

function describeRules({ params, resources }: Facts, way: string): Summary | undefined {
  const group = named(resources, 'AWS::EC2::SecurityGroup')
  const texts = params
    .objects('ipPermissions')
    .flatMap((rule) =>
      ['ipRanges', 'ipv6Ranges', 'groups', 'userIdGroupPairs', 'prefixListIds'].flatMap((name) =>
        rule.objects(name),
      ),
    )
    .concat(params.objects('securityGroupRuleDescriptions', 'securityGroupRuleDescription'))
    .map((range) => range.text('description'))
    .filter((text) => text !== undefined)
  if (group === undefined) return undefined
  return {
    does: `describe ${way} rules of ${group}${texts.length ? ` as ${listed(texts.map((text) => spoken(text, 60)))}` : ''}`,
    edits: edit('description', undefined, texts.length ? listed(texts) : undefined),
    risks: ['configuration'],
  }
}
