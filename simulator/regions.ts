/** The regions of AWS's partitions, and which are enabled by default. */

import { ControlError } from './errors.ts'

export interface Partition {
  /** `aws`, `aws-us-gov`, `aws-cn` */
  name: string
  /** The region in which IAM and other global services record their events. */
  globalRegion: string
  /** Enabled in every account. */
  enabled: readonly string[]
  /** Enabled only on request. */
  optIn: readonly string[]
}

const partitions: Partition[] = [
  {
    name: 'aws',
    globalRegion: 'us-east-1',
    enabled: [
      'ap-northeast-1',
      'ap-northeast-2',
      'ap-northeast-3',
      'ap-south-1',
      'ap-southeast-1',
      'ap-southeast-2',
      'ca-central-1',
      'eu-central-1',
      'eu-north-1',
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
      'sa-east-1',
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
    ],
    optIn: [
      'af-south-1',
      'ap-east-1',
      'ap-east-2',
      'ap-south-2',
      'ap-southeast-3',
      'ap-southeast-4',
      'ap-southeast-5',
      'ap-southeast-6',
      'ap-southeast-7',
      'ca-west-1',
      'eu-central-2',
      'eu-south-1',
      'eu-south-2',
      'il-central-1',
      'me-central-1',
      'me-south-1',
      'mx-central-1',
    ],
  },
  {
    name: 'aws-us-gov',
    globalRegion: 'us-gov-west-1',
    enabled: ['us-gov-east-1', 'us-gov-west-1'],
    optIn: [],
  },
  {
    name: 'aws-cn',
    globalRegion: 'cn-northwest-1',
    enabled: ['cn-north-1', 'cn-northwest-1'],
    optIn: [],
  },
]

export function partitionNamed(name: string): Partition {
  const partition = partitions.find((candidate) => candidate.name === name)
  if (!partition) throw new ControlError(`There is no partition ${name}`)
  return partition
}

/**
 * Stand-ins for region names that the partition does not have: in alphabetical order, each gets the next of
 * the partition's always-enabled regions that `used` does not contain, wrapping around when there are more of them.
 */
export function standIns(used: Iterable<string>, partition: Partition): Record<string, string> {
  const names = [...new Set(used)].sort()
  const real = new Set([...partition.enabled, ...partition.optIn])
  const free = partition.enabled.filter((region) => !names.includes(region))
  const targets = free.length > 0 ? free : partition.enabled
  const invented = names.filter((name) => !real.has(name))
  return Object.fromEntries(invented.map((name, i) => [name, targets[i % targets.length]!]))
}
