/** What kinds of harm a change could do, for ranking suspects and for color. */

import type { Risk } from '../../changes/change.ts'
import type { Facts } from './facts.ts'
import { endsProtection } from './protection.ts'
import { serviceRisk } from './services.ts'
import type { Summary } from './summary.ts'

const EC2: [RegExp, Risk][] = [
  [/Tags$/, 'configuration'],
  [/KeyPair|IamInstanceProfile|PasswordData/, 'identity'],
  [
    /Vpc|VPC|Subnet|Route|Gateway|SecurityGroup|NetworkAcl|NetworkInterface|Address|Vpn|Peering|Endpoint|Dhcp|FlowLog|PrefixList/,
    'network',
  ],
  [/Snapshot|Volume|Image|Ebs/, 'data'],
  [/LaunchTemplate/, 'deploy'],
  [/Instance|Fleet|Spot|Host|Reservation/, 'capacity'],
]

/** The most significant first, without repetition; never empty. */
export function risksOf(
  summary: Summary,
  facts: Facts,
  { isPublic, hasSucceeded }: { isPublic: boolean; hasSucceeded: boolean },
): Risk[] {
  const { service, plainAction } = facts
  const found = new Set<Risk>(summary.risks)
  if (found.size === 0) {
    if (/^(Tag|Untag)|(Tags|Tagging)$/.test(plainAction)) found.add('configuration')
    else if (service === 'ec2') {
      found.add(EC2.find(([pattern]) => pattern.test(plainAction))?.[1] ?? 'configuration')
    } else found.add(serviceRisk(service))
  }
  // A resource policy decides who has access, in every service.
  if (/^(Put|Set|Delete|Add|Remove).*(ResourcePolicy|Permission|AccessPolicy)$/.test(plainAction)) {
    found.add('identity')
  }
  const most: Risk[] = []
  // What failed opened nothing and switched nothing off.
  if (isPublic) most.push('public_access')
  if (hasSucceeded && endsProtection(facts, summary.edits ?? [])) most.push('protection')
  return [...most, ...found]
}
