/** The actions that Cairn uses today, of those that the customer's role allows. */
export const actionsUsed = [
  'cloudtrail:LookupEvents',
  'cloudtrail:DescribeTrails',
  'sts:GetCallerIdentity',
] as const

/**
 * Inline policy sent with each AssumeRole. It can only narrow: a role that was given more than
 * it should have still lets Cairn do nothing else.
 */
export const sessionPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actionsUsed, Resource: '*' }],
})
