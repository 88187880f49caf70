import type { IdCondition } from './external-id.ts'
import type { ConditionTest, PolicyPrincipal, Statement } from './parse.ts'
import { limitsOf, relationOf, relationToLimit } from './relation.ts'
import { accountOf, hasWildcard, quoteAll, shorten } from './text.ts'
import type { ExpectedTrust, Judged } from './types.ts'

export function reviewStatement(
  principal: PolicyPrincipal,
  statement: Statement,
  condition: IdCondition,
  expected: ExpectedTrust,
  pastedArn: string | null,
): Judged {
  const judged = judgePrincipal(principal, statement, condition, expected, pastedArn)
  const isRight = judged.judgment === 'expected' || judged.judgment === 'wider'
  if (isRight && statement.unreadable.length > 0) {
    return {
      ...judged,
      judgment: 'other',
      means: `This statement cannot be evaluated: ${[...new Set(statement.unreadable)].join('; ')}.`,
    }
  }
  return judged
}

function judgePrincipal(
  { kind, name }: PolicyPrincipal,
  statement: Statement,
  condition: IdCondition,
  expected: ExpectedTrust,
  pastedArn: string | null,
): Judged {
  switch (kind) {
    case 'everyone':
      return judgeEveryone(statement.tests, condition, expected)
    case 'everyone but':
      return {
        judgment: 'dangerous',
        who: `anyone in AWS but ${shorten(name)}`,
        means: 'An Allow with NotPrincipal allows every principal that it does not list.',
      }
    case 'AWS':
      return judgeAws(name, condition, expected, pastedArn)
    case 'Service':
      if (hasWildcard(name)) {
        return {
          judgment: 'dangerous',
          who: 'any AWS service',
          means: 'It does not name a service. Name the intended service, or remove the statement.',
        }
      }
      return {
        judgment: 'other',
        who: `the service ${shorten(name)}`,
        means:
          'The service can use this role when a principal passes the role to it. Cairn does not need this.',
      }
    case 'Federated':
      return judgeFederated(name, statement)
    case 'CanonicalUser':
      return {
        judgment: 'other',
        who: `the account with the canonical user ID ${shorten(name)}`,
        means: 'Canonical user IDs are for S3 and have no effect in a trust policy.',
      }
    default:
      return {
        judgment: 'other',
        who: `unknown principal: ${shorten(name)}`,
        means: `This statement cannot be evaluated: ${[...new Set(statement.unreadable)].join('; ')}.`,
      }
  }
}

function judgeAws(
  name: string,
  condition: IdCondition,
  { principalArn }: ExpectedTrust,
  pastedArn: string | null,
): Judged {
  const relation = relationOf(name, principalArn)
  if (relation === 'other') return { judgment: 'other', ...describeOther(name, pastedArn) }
  if (relation === 'unknown') {
    const { who, means } = describeOther(name, pastedArn)
    if (
      condition.tests.length > 0 &&
      !condition.exact &&
      condition.admitsId &&
      !condition.unknown
    ) {
      return {
        judgment: 'dangerous',
        who,
        means: `It accepts the external ID of this connection, so it may be intended for Cairn, but the condition is too broad: ${condition.faults.join('; ')}.`,
      }
    }
    return condition.exact
      ? {
          judgment: 'other',
          who,
          means:
            'The condition is correct. Cairn cannot confirm that this is its own principal: compare it with the principal that Cairn runs as.',
        }
      : { judgment: 'other', who, means: `${means} If this is Cairn, the condition is wrong.` }
  }
  const who = {
    itself: `Cairn's own principal ${name}`,
    session: `one session of Cairn's role: ${shorten(name)}`,
    account: `every principal of Cairn's account ${accountOf(name)} with permission for sts:AssumeRole`,
  }[relation]
  if (!condition.exact) {
    return {
      judgment: condition.unknown ? 'other' : 'dangerous',
      who,
      means: condition.unknown
        ? `This cannot be evaluated: ${condition.faults.join('; ')}.`
        : `Anyone who can make Cairn assume this role gets access without the external ID of this connection: ${condition.faults.join('; ')}.`,
    }
  }
  if (relation === 'itself') {
    return {
      judgment: 'expected',
      who,
      means: 'Cairn can assume the role only with the external ID of this connection.',
    }
  }
  return relation === 'account'
    ? {
        judgment: 'wider',
        who,
        means:
          "The external ID blocks other customers. However, every principal in Cairn's account that is allowed to assume roles has access with it. Name Cairn's own role instead.",
      }
    : {
        judgment: 'other',
        who,
        means: "Session names change, and Cairn then loses access. Name Cairn's role instead.",
      }
}

function describeOther(name: string, pastedArn: string | null): { who: string; means: string } {
  if (/^A[A-Z0-9]{15,}$/.test(name)) {
    return {
      who: `a principal that was deleted: ${shorten(name)}`,
      means:
        "IAM shows a unique ID for a deleted role or user. No principal matches it, not even a new one with the same name. If it was Cairn's, save the policy again with the role ARN.",
    }
  }
  const account = accountOf(name)
  if (account === undefined || hasWildcard(name)) {
    return {
      who: `not an AWS principal: ${shorten(name)}`,
      means: 'IAM does not support this principal, or wildcards in a principal.',
    }
  }
  const own =
    pastedArn !== null && account === accountOf(pastedArn) ? 'your own account' : 'account'
  const whole = name === account || name.endsWith(':root')
  return {
    who: whole
      ? `every principal of ${own} ${account} with permission for sts:AssumeRole`
      : `${shorten(name)} of ${own} ${account}`,
    means: 'This is not Cairn. Check whether its access to the role is intended.',
  }
}

function judgeEveryone(
  tests: readonly ConditionTest[],
  condition: IdCondition,
  { principalArn }: ExpectedTrust,
): Judged {
  const limits = limitsOf(tests)
  if (!limits) {
    return {
      judgment: 'dangerous',
      who: 'anyone in AWS',
      means: condition.exact
        ? 'Every AWS account has access with the external ID, which is not a secret: templates, state files and logs contain it.'
        : `Every AWS account can use this role: ${condition.faults.join('; ')}.`,
    }
  }
  const who = `anyone in AWS within ${quoteAll(limits)}`
  const relations = limits.map((limit) => relationToLimit(limit, principalArn))
  if (relations.includes('account')) {
    if (condition.unknown && !condition.exact) {
      return {
        judgment: 'other',
        who,
        means: `This cannot be evaluated: ${condition.faults.join('; ')}.`,
      }
    }
    if (!condition.exact) {
      return {
        judgment: 'dangerous',
        who,
        means: `It includes Cairn, without requiring the external ID of this connection: ${condition.faults.join('; ')}.`,
      }
    }
    if (relations.includes('other')) {
      return { judgment: 'other', who, means: 'It includes Cairn and other principals.' }
    }
    return {
      judgment: 'wider',
      who,
      means:
        "Only the other condition blocks all other AWS accounts. Name Cairn's own role as the principal instead.",
    }
  }
  return {
    judgment: 'other',
    who,
    means:
      'Only the condition blocks other AWS accounts. Check whether the principals it allows are intended.',
  }
}

/**
 * Identity providers where anyone can create an account, and the condition keys that identify the
 * token's owner.
 */
const sharedIssuers: Record<string, RegExp> = {
  'token.actions.githubusercontent.com': /:(sub|repository|repository_id|repository_owner_id)$/,
  'gitlab.com': /:sub$/,
  'app.terraform.io': /:sub$/,
  'accounts.google.com': /:(aud|sub|oaud)$/,
  'cognito-identity.amazonaws.com': /:(aud|sub)$/,
  'www.amazon.com': /:(app_id|user_id)$/,
  'graph.facebook.com': /:(app_id|id)$/,
}

function judgeFederated(name: string, { tests }: Statement): Judged {
  if (hasWildcard(name)) {
    return {
      judgment: 'dangerous',
      who: 'any identity provider',
      means: 'It does not name a provider. Name the intended provider, or remove the statement.',
    }
  }
  const who = `users of the identity provider ${shorten(name)}`
  const issuer = name.replace(/^arn:[^/]*:oidc-provider\//, '').toLowerCase()
  const identifying = Object.hasOwn(sharedIssuers, issuer) ? sharedIssuers[issuer] : undefined
  const isLimited = tests.some(
    ({ base, quantifier, ifExists, key, values }) =>
      ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].includes(base) &&
      quantifier !== 'ForAllValues' &&
      !ifExists &&
      key.startsWith(`${issuer}:`) &&
      identifying?.test(key) &&
      values.every((value) => !/^(repo:)?[*?]|^$/.test(value)),
  )
  return identifying && !isLimited
    ? {
        judgment: 'dangerous',
        who,
        means:
          'Anyone can create an account with this provider, and no condition limits whose tokens are accepted. Add a condition, or remove the statement.',
      }
    : {
        judgment: 'other',
        who,
        means: 'This is not Cairn. Check whether access through this provider is intended.',
      }
}
