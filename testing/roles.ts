import type { PolicyDocument, Simulator } from '../simulator/index.ts'

/** A policy document of these statements. */
export function policy(...Statement: unknown[]): PolicyDocument {
  return { Version: '2012-10-17', Statement }
}

/** The trust policy of a role that `principal` may assume. Without a condition it is unsafe. */
export function trust(principal: string, condition?: object): PolicyDocument {
  return policy({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    ...(condition && { Condition: condition }),
  })
}

/** The permission policy of a role that Cairn may read events with. */
export const readEvents = policy({
  Effect: 'Allow',
  Action: ['cloudtrail:LookupEvents', 'cloudtrail:DescribeTrails'],
  Resource: '*',
})

/** The correct role of a customer, or one with another trust condition or other permissions. */
export function putRole(
  simulator: Simulator,
  role: {
    roleArn: string
    externalId: string
    /** Default: the external ID is required. `null` is no condition. */
    condition?: object | null
    policies?: Record<string, unknown>[]
  },
): void {
  const { condition = { StringEquals: { 'sts:ExternalId': role.externalId } } } = role
  simulator.putRole({
    arn: role.roleArn,
    trustPolicy: trust(simulator.vendor.principalArn, condition ?? undefined),
    policies: role.policies ?? [readEvents],
  })
}
