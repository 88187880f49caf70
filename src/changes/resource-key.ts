/** The canonical key of a resource: unique across all sources. */

interface ResourceIdentity {
  source: string
  /** Null if no account owns it, or its account is unknown. */
  accountId: string | null
  /** Null if it is global. */
  region: string | null
  /** In CloudFormation's spelling, if it has the type. */
  type: string
  id: string
}

/**
 * Returns `aws.cloudtrail/123456789012/eu-west-1/AWS::Lambda::Function/checkout`. The ID comes last
 * and is not encoded. The parts before it have `/` and `%` encoded, so that no two resources share
 * a key.
 */
export function resourceKey({ source, accountId, region, type, id }: ResourceIdentity): string {
  return `${encoded(source)}/${encoded(accountId ?? '')}/${encoded(region ?? '')}/${encoded(type)}/${id}`
}

function encoded(part: string): string {
  return /[/%]/.test(part) ? part.replaceAll('%', '%25').replaceAll('/', '%2F') : part
}

/** The ID in a key; other text is returned unchanged. */
export function resourceIdOfKey(key: string): string {
  return /^[^/]+\/[^/]*\/[^/]*\/[^/]*\/(.+)$/s.exec(key)?.[1] ?? key
}

/** A resource as it is shown in lists. */
interface ListedResource {
  resource_id: string
  type: string
  account_id: string | null
  region: string | null
}

/**
 * The label of each resource: its ID, and for resources that share an ID, what distinguishes them:
 * `admin`, or `admin (AWS::IAM::Role, 111122223333)`.
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
