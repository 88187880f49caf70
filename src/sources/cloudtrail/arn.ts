/** Amazon Resource Names: `arn:partition:service:region:account:resource`. */

interface Arn {
  partition: string
  service: string
  region: string
  account: string
  /** Everything after the account: `role/admin`, `db:orders`, `my-bucket/key`. */
  resource: string
}

export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith('arn:')) return undefined
  const whole = text.slice(0, 2_048)
  const parts: string[] = []
  let start = 4
  for (let n = 0; n < 4; n++) {
    const end = whole.indexOf(':', start)
    if (end < 0) return undefined
    parts.push(whole.slice(start, end))
    start = end + 1
  }
  const [partition = '', service = '', region = '', account = ''] = parts
  const resource = whole.slice(start)
  return resource === '' ? undefined : { partition, service, region, account, resource }
}

/** What an ARN calls the thing itself, without its type and path: `admin` of `…:role/ops/admin`. */
export function arnName(text: string): string {
  const arn = parseArn(text)
  if (arn === undefined) return text
  const { service, resource } = arn
  switch (service) {
    case 's3':
    case 'sns':
    case 'sqs':
      return resource
    case 'lambda':
      return resource.replace(/^(function|layer|event-source-mapping|code-signing-config):/, '')
    case 'logs':
      return resource.replace(/^log-group:/, '').replace(/:\*$/, '')
    case 'ssm':
      return resource.startsWith('parameter/') ? resource.slice('parameter'.length) : tail(resource)
    case 'secretsmanager':
      // AWS appends a hyphen and six random characters to a secret's name.
      return resource.replace(/^secret:/, '').replace(/-[A-Za-z0-9]{6}$/, '')
    case 'elasticloadbalancing':
      return loadBalancingName(resource)
    case 'eks':
      // cluster/NAME, but nodegroup/CLUSTER/NAME/ID and addon/CLUSTER/NAME/ID
      return resource.split('/')[resource.startsWith('cluster/') ? 1 : 2] ?? tail(resource)
    case 'cloudformation':
      return resource.split('/')[1] ?? resource
    case 'kafka':
      // cluster/NAME/UUID
      return resource.split('/')[1] ?? resource
    case 'wafv2':
      // regional/webacl/NAME/UUID
      return resource.split('/')[2] ?? resource
    case 'dynamodb':
      // table/NAME, but table/NAME/backup/ID
      return (
        resource.split('/')[/^table\/[^/]+\/(backup|export|import)\//.test(resource) ? 3 : 1] ??
        resource
      )
    case 'autoscaling':
      return resource.split('/').at(-1) ?? resource
    default:
      return tail(resource)
  }
}

function tail(resource: string): string {
  // service/NAME/ID, as App Runner and others have it
  const named = /^[\w-]+\/([^/]+)\/(?:[0-9a-f]{16,}|\d{13}|[0-9a-f]{8}-[0-9a-f-]{20,})$/.exec(
    resource,
  )?.[1]
  if (named !== undefined) return named
  const slash = resource.lastIndexOf('/')
  if (slash >= 0 && slash < resource.length - 1) return resource.slice(slash + 1)
  const colon = resource.indexOf(':')
  return colon >= 0 && colon < resource.length - 1 ? resource.slice(colon + 1) : resource
}

// loadbalancer/app/NAME/ID, targetgroup/NAME/ID, listener/app/NAME/ID/ID, loadbalancer/NAME
function loadBalancingName(resource: string): string {
  const parts = resource.split('/')
  const hasKind = parts[1] === 'app' || parts[1] === 'net' || parts[1] === 'gwy'
  return (hasKind ? parts[2] : parts[1]) ?? resource
}

/** The partition that a region belongs to, by the prefixes that AWS gives its regions. */
export function partitionOfRegion(region: string | null): string {
  if (region === null) return 'aws'
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  if (region.startsWith('us-isob-')) return 'aws-iso-b'
  if (region.startsWith('us-isof-')) return 'aws-iso-f'
  if (region.startsWith('us-iso-')) return 'aws-iso'
  if (region.startsWith('eu-isoe-')) return 'aws-iso-e'
  if (region.startsWith('eusc-')) return 'aws-eusc'
  return 'aws'
}

/** Where the partition's console is, without the region in front. */
export function consoleDomain(partition: string): string | undefined {
  switch (partition) {
    case 'aws':
      return 'console.aws.amazon.com'
    case 'aws-cn':
      return 'console.amazonaws.cn'
    case 'aws-us-gov':
      return 'console.amazonaws-us-gov.com'
    default:
      return undefined
  }
}
