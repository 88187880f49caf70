/** One action that the customer's role allows. */
export interface GrantedAction {
  action: string
  /** What Cairn does with it, for the person who grants it. */
  purpose: string
  /** Whether Cairn calls it today. What it does not call, the session policy takes away again. */
  used: boolean
}

/**
 * Everything that the role allows, and nothing else: reading events, and what tells whether they
 * are complete and genuine. All of it reads; none of it reaches what is in the account.
 */
export const grantedActions: readonly GrantedAction[] = [
  {
    action: 'cloudtrail:LookupEvents',
    purpose: "Reads the account's events. Every import is made of it.",
    used: true,
  },
  {
    action: 'cloudtrail:DescribeTrails',
    purpose: 'Names the trails and their home regions, which are imported even if they are new.',
    used: true,
  },
  {
    action: 'cloudtrail:GetTrailStatus',
    purpose: 'Tells whether a trail delivers, for accounts whose events are read from a trail.',
    used: false,
  },
  {
    action: 'cloudtrail:GetEventSelectors',
    purpose: 'Tells which events a trail records, for accounts whose events are read from a trail.',
    used: false,
  },
  {
    action: 'cloudtrail:ListTags',
    purpose: "Reads a trail's tags, which tell whose it is.",
    used: false,
  },
  {
    action: 'cloudtrail:ListPublicKeys',
    purpose: "Reads the public keys that prove that a trail's files were not altered.",
    used: false,
  },
  {
    action: 'sts:GetCallerIdentity',
    purpose: 'Confirms that a session is of the role that was given.',
    used: true,
  },
]

export interface PolicyDocument {
  Version: '2012-10-17'
  Statement: Record<string, unknown>[]
}

/**
 * The permission policy of the customer's role. None of its actions can be limited to a resource
 * (Service Authorization Reference: AWS CloudTrail, AWS STS), or the trails' names are not known.
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
 * Inline policy sent with each AssumeRole. It can only narrow: a role that was given more than
 * it should have still lets Cairn do nothing but what Cairn does today.
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
