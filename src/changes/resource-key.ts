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

/** The id in a key; the text itself when it is no key. */
export function resourceIdOfKey(key: string): string {
  return /^[^/]+\/[^/]*\/[^/]*\/[^/]*\/(.+)$/s.exec(key)?.[1] ?? key
}

/** A resource as a list of resources shows it. */
export interface ListedResource {
  resource_id: string
  type: string
  account_id: string | null
  region: string | null
}

/**
 * The id of each resource, and of those that share an id what tells them apart: `admin`, or
 * `admin (AWS::IAM::Role, 111122223333)`.
 */
export function resourceLabels(resources: readonly ListedResource[]): string[] {
  const sameId = Map.groupBy(resources, ({ resource_id }) => resource_id)
  return resources.map((resource) => {
    const alike = sameId.get(resource.resource_id)!
    const differing = (['type', 'account_id', 'region'] as const).filter(
      (part) => new Set(alike.map((one) => one[part])).size > 1,
    )
    const parts = differing.flatMap((part) => resource[part] ?? [])
    return parts.length === 0
      ? resource.resource_id
      : `${resource.resource_id} (${parts.join(', ')})`
  })
}
