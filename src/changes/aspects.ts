/** What kinds of harm a change could do, for ranking suspects and for colour. */

import type { Aspect } from './change.ts'
import type { Facts } from './facts.ts'
import { serviceAspect } from './services.ts'
import type { Telling } from './telling.ts'

const EC2: [RegExp, Aspect][] = [
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

/** The most telling first, without repetition; never empty. */
export function aspectsOf(telling: Telling, { service, plainAction }: Facts): Aspect[] {
  const found = new Set<Aspect>(telling.aspects)
  if (found.size === 0) {
    if (/^(Tag|Untag)|(Tags|Tagging)$/.test(plainAction)) found.add('configuration')
    else if (service === 'ec2') {
      found.add(EC2.find(([pattern]) => pattern.test(plainAction))?.[1] ?? 'configuration')
    } else found.add(serviceAspect(service))
  }
  // A resource's own policy is about who may, whatever the service is about.
  if (/^(Put|Set|Delete|Add|Remove).*(ResourcePolicy|Permission|AccessPolicy)$/.test(plainAction)) {
    found.add('identity')
  }
  return [...found]
}
