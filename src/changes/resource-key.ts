/** The canonical key of a resource: unique over all sources. */

export interface ResourceIdentity {
  source: string
  /** Null when no account owns it, or its account is unknown. */
  accountId: string | null
  /** Null when it is global. */
  region: string | null
  /** CloudFormation's spelling where there is one. */
  type: string
  id: string
}

/**
 * `aws.cloudtrail/123456789012/eu-west-1/AWS::Lambda::Function/checkout`. The id comes last and as
 * it is, so that no two resources share a key: the parts before it have their `/` and `%` encoded.
 */
export function resourceKey({ source, accountId, region, type, id }: ResourceIdentity): string {
  return [source, accountId ?? '', region ?? '', type].map(encoded).join('/').concat('/', id)
}

function encoded(part: string): string {
  return /[/%]/.test(part) ? part.replaceAll('%', '%25').replaceAll('/', '%2F') : part
}
