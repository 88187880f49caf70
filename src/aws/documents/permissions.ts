/** One action that the customer's role allows. */
interface GrantedAction {
  action: string
  /** What Cairn uses it for, for the person who grants it. */
  purpose: string
  /** Whether Cairn uses it today. The session policy excludes actions that it does not use. */
  used: boolean
}

/**
 * All permissions of the role: reading events, and what shows whether they are complete and
 * authentic. All actions are read-only, and none of them reads data that is stored in the account.
 */
export const grantedActions: readonly GrantedAction[] = [
  {
    action: 'cloudtrail:LookupEvents',
    purpose: "Reads the account's events. Required for every import.",
    used: true,
  },
  {
    action: 'cloudtrail:DescribeTrails',
    purpose:
      'Lists trails and their home regions. Cairn also imports home regions that it does not know yet.',
    used: true,
  },
  {
    action: 'cloudtrail:GetTrailStatus',
    purpose: 'Checks whether a trail delivers events, for accounts that are imported from a trail.',
    used: false,
  },
  {
    action: 'cloudtrail:GetEventSelectors',
    purpose: 'Reads which events a trail records, for accounts that are imported from a trail.',
    used: false,
  },
  {
    action: 'cloudtrail:ListTags',
    purpose: "Reads a trail's tags, which identify its owner.",
    used: false,
  },
  {
    action: 'cloudtrail:ListPublicKeys',
    purpose: "Reads the public keys that verify the integrity of a trail's files.",
    used: false,
  },
  {
    action: 'sts:GetCallerIdentity',
    purpose: 'Confirms that a session belongs to the role.',
    used: true,
  },
]

export interface PolicyDocument {
  Version: '2012-10-17'
  Statement: Record<string, unknown>[]
}

/**
 * The permission policy of the customer's role. Its actions cannot be limited to a resource
 * (Service Authorization Reference: AWS CloudTrail, AWS STS), or the names of the trails are
 * unknown.
 */
export const permissionPolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'ReadEvents',
      Effect: 'Allow',
      Action: grantedActions.map(({ action }) => action),
      Resource: '*',
    },
  ],
}

/**
 * The inline policy of each AssumeRole call. It can only reduce permissions: even with a role that
 * allows more, Cairn can use only these actions.
 */
export const sessionPolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'UsedToday',
      Effect: 'Allow',
      Action: grantedActions.filter(({ used }) => used).map(({ action }) => action),
      Resource: '*',
    },
  ],
}
