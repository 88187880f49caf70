export interface Partition {
  /** The first part of its ARNs: `aws`. */
  id: string
  /** The region with the events of global services (IAM, sign-in, CloudFront). */
  globalRegion: string
  regions: readonly string[]
}

/**
 * The regions to probe, from the AWS SDK's endpoint data, which is not exported: a test fails when
 * an SDK update adds regions. Probing has no side effects, so opt-in regions are included.
 */
export const partitions: readonly Partition[] = [
  {
    id: 'aws',
    globalRegion: 'us-east-1',
    regions: [
      'af-south-1',
      'ap-east-1',
      'ap-east-2',
      'ap-northeast-1',
      'ap-northeast-2',
      'ap-northeast-3',
      'ap-south-1',
      'ap-south-2',
      'ap-southeast-1',
      'ap-southeast-2',
      'ap-southeast-3',
      'ap-southeast-4',
      'ap-southeast-5',
      'ap-southeast-6',
      'ap-southeast-7',
      'ca-central-1',
      'ca-west-1',
      'eu-central-1',
      'eu-central-2',
      'eu-north-1',
      'eu-south-1',
      'eu-south-2',
      'eu-west-1',
      'eu-west-2',
      'eu-west-3',
      'il-central-1',
      'me-central-1',
      'me-south-1',
      'me-west-1',
      'mx-central-1',
      'sa-east-1',
      'sa-west-1',
      'us-east-1',
      'us-east-2',
      'us-west-1',
      'us-west-2',
    ],
  },
  {
    id: 'aws-us-gov',
    globalRegion: 'us-gov-west-1',
    regions: ['us-gov-east-1', 'us-gov-west-1'],
  },
  {
    id: 'aws-cn',
    // In the China partition, IAM is in Beijing (its only endpoint is iam.cn-north-1).
    globalRegion: 'cn-north-1',
    regions: ['cn-north-1', 'cn-northwest-1'],
  },
]

/** @throws RangeError for a partition that Cairn does not know */
export function partitionOf(id: string): Partition {
  const partition = partitions.find((candidate) => candidate.id === id)
  if (!partition) throw new RangeError(`Unknown AWS partition "${id}"`)
  return partition
}
