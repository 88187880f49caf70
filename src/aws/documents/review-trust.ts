import { isObject, listOf, readRole } from './read-role.ts'
import { trustPolicy } from './trust.ts'

export interface TrustReview {
  /**
   * `safe`: nobody gets in but Cairn's account, with the connection's external ID. `unsafe`:
   * somebody does who should not. `unclear`: the customer has to decide, or Cairn is not let in.
   * `another_role`: the text is of another role than the connection's, and proves nothing of it.
   */
  verdict: 'safe' | 'unsafe' | 'unclear' | 'another_role'
  /** One sentence. */
  summary: string
  /** Everybody that a statement allows to assume the role, in the policy's order. */
  trusted: TrustedParty[]
  notes: string[]
  /**
   * A trust policy for Cairn and nobody else, as JSON. Null when Cairn's part is as it should be,
   * the text is of another role, or it is not certain what Cairn runs as.
   */
  remedy: string | null
}

export interface TrustedParty {
  /** In words. */
  who: string
  /** As the policy names it. */
  principal: string
  /** The condition in words. */
  how: string
  /**
   * `expected`: Cairn, with the connection's external ID. `wider`: Cairn's whole account with it.
   * `dangerous`: Cairn without it, or anybody. `other`: for the customer to judge.
   */
  judgement: 'expected' | 'wider' | 'other' | 'dangerous'
  means: string
  /**
   * What to write instead of the statement, as JSON; its condition alone while it is not certain
   * what Cairn runs as. Null when there is nothing to write for Cairn.
   */
  remedy: string | null
}

export interface ExpectedTrust {
  /** The role or user that Cairn runs as, path included; null while it is not certain. */
  principalArn: string | null
  externalId: string
  /** The connection's role; null before it has one. */
  roleArn: string | null
}

type Judged = Pick<TrustedParty, 'judgement' | 'means'> & { who?: string }

interface Statement {
  effect: 'Allow' | 'Deny'
  principals: Principal[]
  allows(action: string): boolean
  /** The actions as they are written, for people. */
  actions: string
  tests: Test[]
  /** What of it is not as IAM writes statements; nothing that has one is called safe. */
  unreadable: string[]
}

interface Principal {
  kind: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | 'everyone' | 'everyone but' | 'unknown'
  name: string
}

/** One key of one condition operator. All tests of a statement have to hold. */
interface Test {
  /** As written. */
  operator: string
  base: string
  quantifier: string | undefined
  ifExists: boolean
  /** Lower case: condition keys are not case-sensitive. */
  key: string
  values: string[]
}

const assumeRole = 'sts:AssumeRole'
const federatedActions = ['sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity']
const idKey = 'sts:externalid'

/**
 * Judges a role's trust policy from what the customer pasted, without asking AWS, by the rules of
 * IAM's policy evaluation (IAM User Guide: policy evaluation logic, condition operators, AWS JSON
 * policy elements: Principal). When in doubt it judges too hard: what it does not understand is
 * never safe, and a Deny is taken to protect only in the one form that AWS documents for this.
 *
 * Never throws.
 *
 * @returns the review, or in a sentence for the person who pasted it why it cannot be read
 */
export function reviewTrust(
  pasted: string,
  expected: ExpectedTrust,
): TrustReview | { problem: string } {
  const role = readRole(pasted)
  if ('problem' in role) return role
  const { document } = role
  const notes: string[] = []
  const unknown = Object.keys(document).filter(
    (name) => !['Version', 'Id', 'Statement'].includes(name),
  )
  if (unknown.length > 0) {
    notes.push(
      `The policy has ${quoteAll(unknown)}, which is not a policy element. It was ignored.`,
    )
  }

  const statements = listOf(document.Statement).map(readStatement)
  const denials = statements.filter(({ effect }) => effect === 'Deny')
  const denied = reviewDenials(denials, expected)
  const trusted: TrustedParty[] = []
  let letsCairnIn = false
  for (const statement of statements) {
    if (statement.effect === 'Deny') continue
    const condition = readCondition(statement.tests, expected.externalId)
    let counts = false
    for (const principal of statement.principals) {
      if (!letsIn(statement, principal)) {
        notes.push(
          `A statement names ${quote(principal.name)} but allows only ${statement.actions}. This does not allow anyone to assume the role.`,
        )
        continue
      }
      counts = true
      const byDenial = !condition.exact && denied.protects(principal)
      const effective = byDenial ? { ...condition, exact: true, unknown: false } : condition
      const judged = judge(principal, statement, effective, expected, role.roleArn)
      const isCairn =
        isCairns(principal, statement, expected) && condition.admitsId && !denied.cairn
      if (isCairn) letsCairnIn = true
      trusted.push(conclude(principal, statement, condition, judged, { byDenial, expected }))
    }
    if (counts) notes.push(...remarks(statement, condition))
  }

  notes.push(...denied.notes())

  const { externalId, principalArn, roleArn } = expected
  if (principalArn === null) {
    notes.push(
      'Cairn cannot determine the principal it runs as, so this review cannot identify the entry for Cairn.',
    )
  } else if (!letsCairnIn) {
    notes.push(
      denied.cairn
        ? `A Deny statement blocks Cairn (${principalArn}), regardless of other statements.`
        : `No statement allows Cairn (${principalArn}) with the external ID of this connection.`,
    )
  }
  if (role.roleArn === null) {
    notes.push(
      `The input does not name its role. Make sure that it is ${roleArn ?? 'the role that you will connect'}.`,
    )
  } else if (roleArn === null) {
    notes.push(`The connection has no role yet. This is the policy of ${shorten(role.roleArn)}.`)
  }

  const isAnother = role.roleArn !== null && roleArn !== null && role.roleArn !== roleArn
  const verdict = isAnother
    ? 'another_role'
    : trusted.some(({ judgement }) => judgement === 'dangerous')
      ? 'unsafe'
      : unknown.length === 0 &&
          principalArn !== null &&
          letsCairnIn &&
          trusted.every(({ judgement }) => judgement !== 'other')
        ? 'safe'
        : 'unclear'
  return {
    verdict,
    summary: summarize(verdict, trusted, { role: role.roleArn, letsCairnIn, expected }),
    trusted,
    notes: [...new Set(notes)],
    remedy:
      (verdict === 'unsafe' || (verdict === 'unclear' && !letsCairnIn)) && principalArn !== null
        ? json(trustPolicy({ principalArn, externalId }))
        : null,
  }
}

function summarize(
  verdict: TrustReview['verdict'],
  trusted: readonly TrustedParty[],
  about: { role: string | null; letsCairnIn: boolean; expected: ExpectedTrust },
): string {
  const count = (judgement: TrustedParty['judgement']) =>
    trusted.filter((party) => party.judgement === judgement).length
  const others = count('other')
  const entries = (number: number) => (number === 1 ? 'one entry' : `${number} entries`)
  switch (verdict) {
    case 'another_role':
      return `This is the trust policy of a different role, ${shorten(about.role ?? '')}, not of ${about.expected.roleArn}.`
    case 'unsafe':
      return `Not safe: ${entries(count('dangerous'))} of the trust policy ${count('dangerous') === 1 ? 'allows' : 'allow'} access beyond Cairn with the external ID of this connection.`
    case 'safe':
      return count('wider') > 0
        ? "Only Cairn's AWS account can assume this role, and only with the external ID of this connection."
        : 'Only Cairn can assume this role, and only with the external ID of this connection.'
    default: {
      const rest = `${entries(others)} ${others === 1 ? 'allows' : 'allow'} another principal. Check whether this is intended`
      if (about.expected.principalArn === null) {
        return 'No dangerous entry was found. Cairn cannot determine the principal it runs as, so it cannot identify its own entry.'
      }
      if (!about.letsCairnIn) {
        return others === 0
          ? 'No dangerous entry was found, but Cairn has no access.'
          : `Cairn has no access, and ${rest}.`
      }
      return others === 0
        ? 'The entry for Cairn is correct, but part of the policy could not be read.'
        : `Cairn has access only with the external ID of this connection, but ${rest}.`
    }
  }
}

// Reading

function readStatement(raw: unknown): Statement {
  if (!isObject(raw)) {
    return {
      effect: 'Allow',
      principals: [{ kind: 'unknown', name: shown(raw) }],
      allows: () => true,
      actions: '',
      tests: [],
      unreadable: ['it is no object'],
    }
  }
  const unreadable: string[] = []
  const known = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition']
  for (const name of Object.keys(raw)) {
    if (!known.includes(name)) unreadable.push(`${quote(name)} is not a trust policy element`)
  }
  if (raw.Effect !== 'Allow' && raw.Effect !== 'Deny')
    unreadable.push('Effect must be Allow or Deny')

  const patterns = listOf(raw.Action ?? raw.NotAction)
  const actions = patterns.filter((pattern) => typeof pattern === 'string')
  const bothOrNone = (raw.Action === undefined) === (raw.NotAction === undefined)
  if (bothOrNone || actions.length < patterns.length || actions.length === 0) {
    unreadable.push('its actions are not valid')
  }
  const isReadable = unreadable.length === 0
  const negated = raw.Action === undefined
  return {
    effect: raw.Effect === 'Deny' ? 'Deny' : 'Allow',
    principals: readPrincipals(raw, unreadable),
    allows: (action) =>
      !isReadable ||
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) !== negated,
    actions: `${negated ? 'everything but ' : ''}${quoteAll(actions)}`,
    tests: readTests(raw.Condition, unreadable),
    unreadable,
  }
}

function readPrincipals(raw: Record<string, unknown>, unreadable: string[]): Principal[] {
  const { Principal: named, NotPrincipal: excepted } = raw
  if (excepted !== undefined) {
    if (named !== undefined) unreadable.push('it has both Principal and NotPrincipal')
    return [{ kind: 'everyone but', name: shown(excepted) }]
  }
  if (named === '*') return [{ kind: 'everyone', name: '*' }]
  if (!isObject(named)) {
    unreadable.push('its Principal is not as IAM writes it')
    return [{ kind: 'unknown', name: shown(named) }]
  }
  const principals: Principal[] = []
  for (const [kind, names] of Object.entries(named)) {
    // Once each: a policy that says it twice means the same.
    for (const name of new Set(listOf(names))) {
      if (typeof name !== 'string' || !isPrincipalKind(kind)) {
        unreadable.push('its Principal is not as IAM writes it')
        principals.push({ kind: 'unknown', name: shown({ [kind]: name }) })
      } else {
        principals.push({ kind: kind === 'AWS' && name === '*' ? 'everyone' : kind, name })
      }
    }
  }
  return principals
}

function isPrincipalKind(kind: string): kind is 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' {
  return ['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(kind)
}

function readTests(raw: unknown, unreadable: string[]): Test[] {
  if (raw === undefined) return []
  if (!isObject(raw)) {
    unreadable.push('its Condition is not as IAM writes it')
    return []
  }
  return Object.entries(raw).flatMap(([operator, keys]) => {
    if (!isObject(keys)) {
      unreadable.push(`its condition ${quote(operator)} is not as IAM writes it`)
      return []
    }
    const parts = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operator)
    // The same key in two spellings is one key: whichever way IAM takes that, all values count.
    const tests = new Map<string, Test>()
    for (const [name, given] of Object.entries(keys)) {
      const values = listOf(given)
      const key = name.toLowerCase()
      const test = tests.get(key) ?? {
        operator,
        base: parts?.[2] ?? operator,
        quantifier: parts?.[1],
        ifExists: parts?.[3] !== undefined,
        key,
        values: [],
      }
      test.values.push(...values.filter((value) => typeof value === 'string'))
      if (values.some((value) => typeof value !== 'string')) {
        unreadable.push(`its condition on ${quote(name)} is not as IAM writes it`)
      }
      tests.set(key, test)
    }
    return [...tests.values()]
  })
}

// The condition on the external ID

interface IdCondition {
  /** Nothing but the very ID of the connection satisfies it. */
  exact: boolean
  /** An operator that Cairn does not know is applied to the external ID. */
  unknown: boolean
  /** Whether the connection's ID satisfies it; true as well when that is not known. */
  admitsId: boolean
  /** What is wrong with it, a clause each. */
  faults: string[]
  /** Right, but not what it seems. */
  remarks: string[]
  tests: Test[]
}

interface Operator {
  negated?: boolean
  test(value: string, wanted: string): boolean
}

const sameIgnoringCase = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
const operators = new Map<string, Operator>([
  ['StringEquals', { test: (value, wanted) => value === wanted }],
  ['StringNotEquals', { negated: true, test: (value, wanted) => value === wanted }],
  ['StringEqualsIgnoreCase', { test: sameIgnoringCase }],
  ['StringNotEqualsIgnoreCase', { negated: true, test: sameIgnoringCase }],
  ['StringLike', { test: (value, wanted) => matches(wanted, value) }],
  ['StringNotLike', { negated: true, test: (value, wanted) => matches(wanted, value) }],
])

const hasWildcard = (text: string) => /[*?]/.test(text)

function readCondition(all: readonly Test[], id: string): IdCondition {
  const tests = all.filter(({ key }) => key === idKey)
  const isKnown = ({ base, ifExists }: Test) => (base === 'Null' ? !ifExists : operators.has(base))
  return {
    // One test may hold the value and another one that there is one: both have to be satisfied.
    exact:
      tests.some((test) => isKnown(test) && onlyTakes(test, id)) &&
      tests.some((test) => isKnown(test) && needsOne(test)),
    unknown: tests.some((test) => !isKnown(test)),
    admitsId: tests.every((test) => !isKnown(test) || holds(test, id)),
    faults:
      tests.length === 0
        ? ['it has no condition on sts:ExternalId']
        : tests.flatMap((test) => faultsOf(test, id)),
    remarks: tests.flatMap((test) => remarksOf(test, id)),
    tests,
  }
}

/** Whether, of all IDs that can be sent, only `id` satisfies the test. */
function onlyTakes({ base, values }: Test, id: string): boolean {
  const isExact = base === 'StringEquals' || (base === 'StringLike' && !hasWildcard(id))
  return isExact && values.length > 0 && values.every((value) => value === id)
}

/** Whether a request without any external ID fails the test. */
function needsOne({ base, quantifier, ifExists, values }: Test): boolean {
  if (base === 'Null') return values.length > 0 && values.every((value) => value === 'false')
  if (ifExists || quantifier === 'ForAllValues') return false
  return quantifier === 'ForAnyValue' || !operators.get(base)!.negated
}

function holds({ base, values }: Test, id: string): boolean {
  if (base === 'Null') return values.includes('false')
  const { test, negated = false } = operators.get(base)!
  return values.some((wanted) => test(id, wanted)) !== negated
}

function faultsOf(test: Test, id: string): string[] {
  const { operator, base, quantifier, ifExists, values } = test
  const faults: string[] = []
  if (base === 'Null') {
    if (values.includes('true')) faults.push('"Null" requires that no external ID is sent')
    else faults.push('"Null" checks only whether an external ID is sent, not which one')
    return faults
  }
  if (!operators.has(base)) return [`${quote(operator)} is not supported for sts:ExternalId`]
  if (operators.get(base)!.negated) {
    return [`${quote(operator)} accepts every external ID except those it lists`]
  }
  if (ifExists) faults.push(`${quote(operator)} also matches when no external ID is sent`)
  if (quantifier === 'ForAllValues') {
    faults.push('"ForAllValues" also matches when no external ID is sent')
  }
  if (base === 'StringEqualsIgnoreCase') {
    faults.push('"StringEqualsIgnoreCase" ignores the case of the ID')
  }
  if (base === 'StringLike' && values.some(hasWildcard)) {
    faults.push('"StringLike" accepts every ID that matches the wildcards')
  }
  if (values.length === 0) faults.push('it lists no external ID')
  else if (values.some((value) => value !== id && !(base === 'StringLike' && hasWildcard(value)))) {
    faults.push('it accepts an external ID that does not belong to this connection')
  }
  return faults
}

function remarksOf({ operator, base, quantifier, values }: Test, id: string): string[] {
  const remarks: string[] = []
  if (base === 'StringLike' && values.every((value) => value === id)) {
    remarks.push(
      '"StringLike" without wildcards is as strict as "StringEquals". Use "StringEquals", so that no one adds a wildcard later.',
    )
  }
  if (quantifier === 'ForAnyValue') {
    remarks.push(
      `${quote(operator)} is for keys with multiple values, and an external ID is a single value. Remove "ForAnyValue:".`,
    )
  }
  return remarks
}

// Denials

interface Denials {
  /** Cairn is kept out, with the right external ID too. */
  cairn: boolean
  /** Whether one refuses every other external ID, and none, to the principal. */
  protects(principal: Principal): boolean
  /** To be read after all principals were asked about. */
  notes(): string[]
}

function reviewDenials(
  denials: readonly Statement[],
  { externalId, principalArn }: ExpectedTrust,
): Denials {
  const reaching = denials.filter(
    (denial) => denial.unreadable.length === 0 && denial.allows(assumeRole),
  )
  const protectors = reaching.filter(
    ({ tests: [test, ...more] }) =>
      test?.operator === 'StringNotEquals' && onlyNames(test, externalId) && more.length === 0,
  )
  const used = new Set<Statement>()
  return {
    cairn: reaching.some(({ tests, principals }) => {
      const condition = readCondition(tests, externalId)
      const isCertain = tests.length === condition.tests.length && !condition.unknown
      const namesCairn = principals.some(
        ({ kind, name }) =>
          kind === 'everyone' ||
          (kind === 'AWS' && ['itself', 'account'].includes(relationOf(name, principalArn))),
      )
      return isCertain && condition.admitsId && namesCairn
    }),
    protects: (principal) => {
      const found = protectors.filter(({ principals }) =>
        principals.some(
          ({ kind, name }) =>
            kind === 'everyone' || (kind === principal.kind && name === principal.name),
        ),
      )
      for (const denial of found) used.add(denial)
      return found.length > 0
    },
    notes: () =>
      denials.map((denial) => {
        if (used.has(denial)) {
          return 'A Deny with "StringNotEquals" on sts:ExternalId blocks requests with another external ID or without one. This is safe, but a condition in the Allow statement is easier to see and harder to remove by accident.'
        }
        const names = denial.principals.map(({ kind, name }) =>
          kind === 'everyone but' ? `everyone but ${shorten(name)}` : quote(name),
        )
        return protectors.includes(denial)
          ? `A Deny blocks other external IDs for ${names.join(', ')}. It is not counted as protection, because no matching entry needs it.`
          : `A Deny for ${names.join(', ') || 'no principal'} is not counted as protection, because its conditions cannot be evaluated here. It may block Cairn.`
      }),
  }
}

function onlyNames({ key, values }: Test, id: string): boolean {
  return key === idKey && values.length > 0 && values.every((value) => value === id)
}

// Judging

type Relation = 'itself' | 'session' | 'account' | 'other' | 'unknown'

/** How what an `AWS` principal names relates to what Cairn runs as. */
function relationOf(name: string, principalArn: string | null): Relation {
  if (principalArn === null) return 'unknown'
  if (name === principalArn) return 'itself'
  const [, partition, , , account, resource = ''] = principalArn.split(':')
  if (name === account || name === `arn:${partition}:iam::${account}:root`) return 'account'
  const session = `arn:${partition}:sts::${account}:assumed-role/${resource.split('/').at(-1)}/`
  return name.startsWith(session) ? 'session' : 'other'
}

/** Whether a statement lets the principal assume the role at all, in the way that it would. */
function letsIn(statement: Statement, { kind }: Principal): boolean {
  const ways =
    kind === 'Federated'
      ? federatedActions
      : kind === 'AWS' || kind === 'Service'
        ? [assumeRole]
        : [assumeRole, ...federatedActions]
  return ways.some((action) => statement.allows(action))
}

function isCairns(
  { kind, name }: Principal,
  { tests, allows }: Statement,
  { principalArn }: ExpectedTrust,
): boolean {
  if (!allows(assumeRole)) return false
  if (kind === 'AWS') return ['itself', 'account'].includes(relationOf(name, principalArn))
  if (kind !== 'everyone') return false
  const limits = limitsOf(tests)
  return !limits || limits.some((limit) => relationToLimit(limit, principalArn) !== 'other')
}

function judge(
  principal: Principal,
  statement: Statement,
  condition: IdCondition,
  expected: ExpectedTrust,
  pastedArn: string | null,
): Judged {
  const judged = judgePrincipal(principal, statement, condition, expected, pastedArn)
  const isRight = judged.judgement === 'expected' || judged.judgement === 'wider'
  if (isRight && statement.unreadable.length > 0) {
    return {
      ...judged,
      judgement: 'other',
      means: `This statement cannot be evaluated: ${[...new Set(statement.unreadable)].join('; ')}.`,
    }
  }
  return judged
}

function judgePrincipal(
  { kind, name }: Principal,
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
        judgement: 'dangerous',
        who: `anyone in AWS but ${shorten(name)}`,
        means: 'An Allow with NotPrincipal allows every principal that it does not list.',
      }
    case 'AWS':
      return judgeAws(name, condition, expected, pastedArn)
    case 'Service':
      if (hasWildcard(name)) {
        return {
          judgement: 'dangerous',
          who: 'any AWS service',
          means: 'It does not name a service. Name the intended service, or remove the statement.',
        }
      }
      return {
        judgement: 'other',
        who: `the service ${shorten(name)}`,
        means:
          'The service can use this role when a principal passes the role to it. Cairn does not need this.',
      }
    case 'Federated':
      return judgeFederated(name, statement)
    case 'CanonicalUser':
      return {
        judgement: 'other',
        who: `the account with the canonical user ID ${shorten(name)}`,
        means: 'Canonical user IDs are for S3 and have no effect in a trust policy.',
      }
    default:
      return {
        judgement: 'other',
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
  if (relation === 'other') return { judgement: 'other', ...describeOther(name, pastedArn) }
  if (relation === 'unknown') {
    const { who, means } = describeOther(name, pastedArn)
    if (
      condition.tests.length > 0 &&
      !condition.exact &&
      condition.admitsId &&
      !condition.unknown
    ) {
      return {
        judgement: 'dangerous',
        who,
        means: `It accepts the external ID of this connection, so it may be intended for Cairn, but the condition is too broad: ${condition.faults.join('; ')}.`,
      }
    }
    return condition.exact
      ? {
          judgement: 'other',
          who,
          means:
            'The condition is correct. Cairn cannot confirm that this is its own principal: compare it with the principal that Cairn runs as.',
        }
      : { judgement: 'other', who, means: `${means} If this is Cairn, the condition is wrong.` }
  }
  const who = {
    itself: `Cairn's own principal ${name}`,
    session: `one session of Cairn's role: ${shorten(name)}`,
    account: `every principal of Cairn's account ${accountOf(name)} with permission for sts:AssumeRole`,
  }[relation]
  if (!condition.exact) {
    return {
      judgement: condition.unknown ? 'other' : 'dangerous',
      who,
      means: condition.unknown
        ? `This cannot be evaluated: ${condition.faults.join('; ')}.`
        : `Anyone who can make Cairn assume this role gets access without the external ID of this connection: ${condition.faults.join('; ')}.`,
    }
  }
  if (relation === 'itself') {
    return {
      judgement: 'expected',
      who,
      means: 'Cairn can assume the role only with the external ID of this connection.',
    }
  }
  return relation === 'account'
    ? {
        judgement: 'wider',
        who,
        means:
          "The external ID blocks other customers. However, every principal in Cairn's account that is allowed to assume roles has access with it. Name Cairn's own role instead.",
      }
    : {
        judgement: 'other',
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
  tests: readonly Test[],
  condition: IdCondition,
  { principalArn }: ExpectedTrust,
): Judged {
  const limits = limitsOf(tests)
  if (!limits) {
    return {
      judgement: 'dangerous',
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
        judgement: 'other',
        who,
        means: `This cannot be evaluated: ${condition.faults.join('; ')}.`,
      }
    }
    return condition.exact && !relations.includes('other')
      ? {
          judgement: 'wider',
          who,
          means:
            "Only the other condition blocks all other AWS accounts. Name Cairn's own role as the principal instead.",
        }
      : condition.exact
        ? { judgement: 'other', who, means: 'It includes Cairn and other principals.' }
        : {
            judgement: 'dangerous',
            who,
            means: `It includes Cairn, without requiring the external ID of this connection: ${condition.faults.join('; ')}.`,
          }
  }
  return {
    judgement: 'other',
    who,
    means:
      'Only the condition blocks other AWS accounts. Check whether the principals it allows are intended.',
  }
}

/**
 * What a condition limits a `*` to: ARNs, accounts or organizations. Undefined when none does:
 * a wildcard for the account, or a test that holds where the key is absent, limits nothing.
 */
function limitsOf(tests: readonly Test[]): string[] | undefined {
  // The narrowest first.
  const forms: Record<string, RegExp> = {
    'aws:principalarn': /^arn:aws[\w-]*:(iam|sts)::\d{12}:[^:]+$/,
    'aws:principalaccount': /^\d{12}$/,
    'aws:principalorgid': /^o-[a-z0-9]{10,32}$/,
    'aws:principalorgpaths': /^o-[a-z0-9]{10,32}\//,
  }
  const keys = Object.keys(forms)
  return tests
    .filter(
      ({ base, quantifier, ifExists, key, values }) =>
        ['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike'].includes(base) &&
        quantifier !== 'ForAllValues' &&
        !ifExists &&
        values.length > 0 &&
        Object.hasOwn(forms, key) &&
        values.every((value) => forms[key]!.test(value)),
    )
    .sort(
      (a, b) => keys.indexOf(a.key) - keys.indexOf(b.key) || (a.operator < b.operator ? -1 : 1),
    )[0]?.values
}

function relationToLimit(limit: string, principalArn: string | null): 'account' | 'other' {
  if (principalArn === null) return 'other'
  const [partition, account] = [principalArn.split(':')[1], accountOf(principalArn)]
  const isOfAccount =
    accountOf(limit) === account && (limit === account || limit.split(':')[1] === partition)
  const isAnother = !hasWildcard(limit) && relationOf(limit, principalArn) === 'other'
  return isOfAccount && !isAnother ? 'account' : 'other'
}

/** Issuers that the whole world has accounts with, and what tells whose a token is. */
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
      judgement: 'dangerous',
      who: 'any identity provider',
      means: 'It does not name a provider. Name the intended provider, or remove the statement.',
    }
  }
  const who = `users of the identity provider ${shorten(name)}`
  const issuer = name.replace(/^arn:[^/]*:oidc-provider\//, '').toLowerCase()
  const tells = Object.hasOwn(sharedIssuers, issuer) ? sharedIssuers[issuer] : undefined
  const isLimited = tests.some(
    ({ base, quantifier, ifExists, key, values }) =>
      ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].includes(base) &&
      quantifier !== 'ForAllValues' &&
      !ifExists &&
      key.startsWith(`${issuer}:`) &&
      tells?.test(key) &&
      values.every((value) => !/^(repo:)?[*?]|^$/.test(value)),
  )
  return tells && !isLimited
    ? {
        judgement: 'dangerous',
        who,
        means:
          'Anyone can create an account with this provider, and no condition limits whose tokens are accepted. Add a condition, or remove the statement.',
      }
    : {
        judgement: 'other',
        who,
        means: 'This is not Cairn. Check whether access through this provider is intended.',
      }
}

function conclude(
  { kind, name }: Principal,
  { tests }: Statement,
  condition: IdCondition,
  { judgement, means, who = name }: Judged,
  { byDenial, expected }: { byDenial: boolean; expected: ExpectedTrust },
): TrustedParty {
  const others = tests.filter(({ key }) => key !== idKey)
  const inWords = [...condition.tests, ...others].map(
    ({ operator, key, values }) =>
      `${key === idKey ? 'sts:ExternalId' : shorten(key)} ${shorten(operator)} ${quoteAll(values, ' or ')}`,
  )
  if (byDenial) inWords.push(`a Deny for every other external ID than "${expected.externalId}"`)
  const isCairns =
    judgement === 'wider' ||
    judgement === 'dangerous' ||
    (kind === 'AWS' && relationOf(name, expected.principalArn) === 'session') ||
    (judgement === 'expected' && (condition.remarks.length > 0 || byDenial))
  return {
    who,
    principal: shorten(name),
    how: inWords.length === 0 ? 'without any condition' : inWords.join(', and '),
    judgement,
    means,
    remedy: isCairns ? remedyFor(kind, expected) : null,
  }
}

function remedyFor(
  kind: Principal['kind'],
  { principalArn, externalId }: ExpectedTrust,
): string | null {
  // Not Cairn's to write.
  if (kind === 'Service' || kind === 'Federated') return null
  const [statement] = trustPolicy({ principalArn: principalArn ?? '', externalId }).Statement
  return json(principalArn === null ? { Condition: statement!.Condition } : statement)
}

/** What is to be known of a statement that lets somebody in, besides the judgement. */
function remarks({ tests, allows }: Statement, condition: IdCondition): string[] {
  const found = [...condition.remarks]
  const keys = new Set(tests.filter(({ key }) => key !== idKey).map(({ key }) => key))
  for (const key of keys) {
    found.push(`A condition on ${shorten(key)} may block Cairn${lockOuts[key] ?? '.'}`)
  }
  const more = ['sts:TagSession', 'sts:SetSourceIdentity', ...federatedActions].filter(allows)
  if (more.length > 0 && allows(assumeRole)) {
    found.push(`A statement allows ${more.join(', ')} as well. Cairn needs only sts:AssumeRole.`)
  }
  return found
}

/** Why a condition that other roles often have does not go with Cairn. */
const lockOuts: Record<string, string> = {
  'aws:sourceip': ': it must match the address that Cairn calls AWS from.',
  'aws:sourcevpc': ': it matches only calls through an endpoint in that VPC.',
  'aws:sourcevpce': ': it matches only calls through that endpoint.',
  'aws:multifactorauthpresent': ': Cairn is a machine and has no MFA.',
  'aws:multifactorauthage': ': Cairn is a machine and has no MFA.',
  'aws:principalorgid': ": Cairn's account is rarely in the customer's organization.",
  'aws:principalorgpaths': ": Cairn's account is rarely in the customer's organization.",
  'sts:rolesessionname': ': its session names contain the connection ID.',
  'sts:sourceidentity': ': it sends no source identity.',
  'sts:transitivetagkeys': ': it sends no session tags.',
}

// Words

function accountOf(name: string): string | undefined {
  return /^(?:arn:aws[\w-]*:(?:iam|sts)::)?(\d{12})(?::|$)/.exec(name)?.[1]
}

/**
 * IAM's wildcards: `*` is any text, `?` any one character. Takes time in proportion to both
 * lengths at the worst, which a regular expression made of many `*` does not.
 */
function matches(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      from = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++from
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

const json = (value: unknown) => JSON.stringify(value, null, 2)
const shown = (value: unknown) =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
/** Escapes in JSON can make half of a surrogate pair, which nothing else has to cope with. */
const shorten = (text: string) =>
  (text.length > 200 ? `${text.slice(0, 200)}…` : text).toWellFormed()
const quote = (text: string) => `"${shorten(text)}"`
const quoteAll = (texts: readonly string[], between = ', ') =>
  texts.slice(0, 5).map(quote).join(between) +
  (texts.length > 5 ? ` and ${texts.length - 5} more` : '')
