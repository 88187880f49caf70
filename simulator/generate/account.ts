/** The contents of the generated account: its people, its environments and their resources. */

import { Random } from './random.ts'

export interface Person {
  email: string
  /** The permission set that this person works with. */
  permissionSet: 'AdministratorAccess' | 'PowerUserAccess'
  sourceIPAddress: string
  /** The machine's `uname`, as user agents contain it. */
  os: 'macos' | 'linux'
}

/** One environment in one region. */
export interface Place {
  region: string
  environment: 'prod' | 'staging'
  /** `shop-prod`: the prefix of the names of its resources. */
  name: string
  vpcId: string
  subnetIds: string[]
  groups: { app: string; database: string; balancer: string }
  bastionId: string
  imageId: string
  launchTemplateId: string
  autoScalingGroup: string
  cluster: string
  targetGroupArn: string
  listenerArn: string
  database: string
  parameterGroup: string
  keyArn: string
  table: string
  queueUrl: string
  topicArn: string
  bucket: string
  secretArn: string
}

export interface Account {
  seed: number
  id: string
  places: Place[]
  hostedZoneId: string
  distributionId: string
  trailBucket: string
  samlProvider: string
  /** The region of IAM Identity Center, which is in the names of the roles that it creates. */
  homeRegion: string
}

// example.com and the networks of RFC 5737, which are reserved for documentation.
export const people: Person[] = [
  person('ana.lopes', 'AdministratorAccess', '203.0.113.17', 'macos'),
  person('jonas.berg', 'PowerUserAccess', '203.0.113.17', 'linux'),
  person('mei.tanaka', 'PowerUserAccess', '203.0.113.17', 'macos'),
  person('priya.nair', 'PowerUserAccess', '198.51.100.24', 'macos'),
  person('sam.okafor', 'AdministratorAccess', '198.51.100.91', 'linux'),
]

/** Services that run as containers, each with a repository of its own. */
export const containers = ['api', 'checkout', 'search', 'worker'] as const
/** Functions, deployed from one repository. */
export const functions = ['image-resizer', 'order-events', 'invoice-mailer', 'sitemap'] as const

export const TERRAFORM_ROLE = 'terraform-apply'
export const CI_ROLE = 'github-deploy'

export function createAccount(seed: number, id: string, regions: readonly string[]): Account {
  const random = new Random(seed, id, 'account')
  const homeRegion = regions[0]!
  return {
    seed,
    id,
    homeRegion,
    places: [
      ...regions.map((region) => createPlace(seed, id, region, 'prod')),
      createPlace(seed, id, regions[1] ?? homeRegion, 'staging'),
    ],
    hostedZoneId: `Z0${random.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 19)}`,
    distributionId: `E${random.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 13)}`,
    trailBucket: `shop-cloudtrail-${id}`,
    samlProvider: `AWSSSO_${random.hex(16)}_DO_NOT_DELETE`,
  }
}

/** The unique identifier of a role or user in IAM. */
export function principalId(account: Account, kind: 'AROA' | 'AIDA', name: string): string {
  return new Random(account.seed, account.id, kind, name).iamId(kind)
}

/** The name of the role that IAM Identity Center keeps for a permission set. */
export function permissionSetRole(account: Account, permissionSet: string): string {
  const suffix = new Random(account.seed, account.id, 'permission set', permissionSet).hex(16)
  return `AWSReservedSSO_${permissionSet}_${suffix}`
}

function person(
  name: string,
  permissionSet: Person['permissionSet'],
  sourceIPAddress: string,
  os: Person['os'],
): Person {
  return { email: `${name}@example.com`, permissionSet, sourceIPAddress, os }
}

function createPlace(
  seed: number,
  id: string,
  region: string,
  environment: Place['environment'],
): Place {
  const random = new Random(seed, id, 'place', region, environment)
  const name = `shop-${environment}`
  const balancer = `${name}/${random.hex(16)}`
  return {
    region,
    environment,
    name,
    vpcId: random.ec2Id('vpc'),
    subnetIds: [random.ec2Id('subnet'), random.ec2Id('subnet')],
    groups: {
      app: random.ec2Id('sg'),
      database: random.ec2Id('sg'),
      balancer: random.ec2Id('sg'),
    },
    bastionId: random.ec2Id('i'),
    imageId: random.ec2Id('ami'),
    launchTemplateId: random.ec2Id('lt'),
    autoScalingGroup: `${name}-web`,
    cluster: name,
    targetGroupArn: `arn:aws:elasticloadbalancing:${region}:${id}:targetgroup/${name}-api/${random.hex(16)}`,
    listenerArn: `arn:aws:elasticloadbalancing:${region}:${id}:listener/app/${balancer}/${random.hex(16)}`,
    database: `${name}-orders`,
    parameterGroup: `${name}-postgres16`,
    keyArn: `arn:aws:kms:${region}:${id}:key/${random.uuid()}`,
    table: `${name}-carts`,
    queueUrl: `https://sqs.${region}.amazonaws.com/${id}/${name}-order-events`,
    topicArn: `arn:aws:sns:${region}:${id}:${name}-alerts`,
    bucket: `${name}-assets-${region}`,
    secretArn: `arn:aws:secretsmanager:${region}:${id}:secret:${name}/orders-db-${random.text('ABCDEFabcdef123456', 6)}`,
  }
}
