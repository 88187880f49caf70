/** IAM policy documents: parses them as strictly as IAM does, and evaluates them for one request. */

import { z } from 'zod'
import { AwsError } from './errors.ts'
import type { PolicyDocument } from './types.ts'

/** The caller, in the terms of IAM policies. */
export interface Caller {
  accountId: string
  /** As GetCallerIdentity returns it: `…:user/NAME` or `…:assumed-role/NAME/SESSION`. */
  arn: string
  /** The user's ARN, or the role's own with its path: the value of `aws:PrincipalArn`. */
  principalArn: string
}

export interface PolicyRequest {
  /** `sts:AssumeRole` */
  action: string
  /** The ARN of the resource; `*` for actions without resources. */
  resource: string
  caller: Caller
  /** Condition keys in lower case; an absent one is absent from the request. */
  keys: Readonly<Record<string, string | undefined>>
}

type Verdict = 'allow' | 'deny' | 'none'

export type Policy = Statement[]

interface Statement {
  effect: 'Allow' | 'Deny'
  /** Of a trust policy only. */
  principals: string[]
  action: { not: boolean; patterns: string[] }
  resource: { not: boolean; patterns: string[] }
  conditions: Condition[]
}

interface Condition {
  operator: Operator
  quantifier?: 'ForAllValues' | 'ForAnyValue'
  ifExists: boolean
  /** Lower case. */
  key: string
  values: string[]
}

const operators = {
  StringEquals: { negated: false, test: (value: string, wanted: string) => value === wanted },
  StringEqualsIgnoreCase: {
    negated: false,
    test: (value: string, wanted: string) => value.toLowerCase() === wanted.toLowerCase(),
  },
  StringLike: { negated: false, test: (value: string, wanted: string) => matches(wanted, value) },
  StringNotEquals: { negated: true, test: (value: string, wanted: string) => value === wanted },
  StringNotEqualsIgnoreCase: {
    negated: true,
    test: (value: string, wanted: string) => value.toLowerCase() === wanted.toLowerCase(),
  },
  StringNotLike: { negated: true, test: (value: string, wanted: string) => matches(wanted, value) },
  ArnEquals: { negated: false, test: arnMatches },
  ArnLike: { negated: false, test: arnMatches },
  ArnNotEquals: { negated: true, test: arnMatches },
  ArnNotLike: { negated: true, test: arnMatches },
  Bool: {
    negated: false,
    test: (value: string, wanted: string) => value.toLowerCase() === wanted.toLowerCase(),
  },
  Null: { negated: false, test: () => false },
} as const

type Operator = keyof typeof operators

const oneOrMany = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item)]).transform((value) => (Array.isArray(value) ? value : [value]))
const strings = oneOrMany(z.string())
const conditionValues = oneOrMany(z.union([z.string(), z.boolean(), z.number()]))

const documentSchema = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: oneOrMany(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.enum(['Allow', 'Deny']),
      Principal: z
        .union([
          z.literal('*').transform(() => ({ AWS: ['*'] })),
          z.partialRecord(z.enum(['AWS', 'Service', 'Federated', 'CanonicalUser']), strings),
        ])
        .optional(),
      Action: strings.optional(),
      NotAction: strings.optional(),
      Resource: strings.optional(),
      NotResource: strings.optional(),
      Condition: z.record(z.string(), z.record(z.string(), conditionValues)).optional(),
    }),
  ),
})

/** The kinds of principal in an `AWS` entry. IAM replaces a deleted principal by its unique ID. */
const principalForms =
  /^(\*|\d{12}|arn:aws[\w-]*:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)|arn:aws[\w-]*:sts::\d{12}:(assumed-role|federated-user)\/[\w+=,.@/-]+|A[A-Z0-9]{15,})$/

/**
 * Reads a policy document. A `trust` policy names principals and no resources, an `identity` policy (a session
 * or service control policy too) the reverse.
 *
 * Not simulated, and refused rather than misjudged: NotPrincipal, policy variables, and the numeric, date, IP
 * address and binary operators.
 *
 * @throws AwsError MalformedPolicyDocument
 */
export function parsePolicy(document: PolicyDocument, kind: 'trust' | 'identity'): Policy {
  const parsed = documentSchema.safeParse(
    typeof document === 'string' ? parseJson(document) : document,
  )
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw malformed(`Syntax errors in policy: ${issue.path.join('.')}: ${issue.message}`)
  }
  return parsed.data.Statement.map((statement) => {
    const { Principal, Action, NotAction, Resource, NotResource } = statement
    if (!Action === !NotAction) throw malformed('Policy statement must contain actions.')
    for (const action of Action ?? NotAction ?? []) {
      if (action !== '*' && !/^[\w*?-]+:[\w*?]+$/.test(action)) {
        throw malformed(
          'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
        )
      }
    }
    if (kind === 'trust') {
      if (!Principal) throw malformed('Missing required field Principal')
      if (Resource || NotResource) throw malformed('Has prohibited field Resource')
      for (const principal of Principal.AWS ?? []) {
        if (!principalForms.test(principal)) {
          throw malformed(`Invalid principal in policy: "AWS":"${principal}"`)
        }
      }
    } else {
      if (Principal) throw malformed('Policy document should not specify a principal.')
      if (!Resource === !NotResource) {
        throw malformed('Policy statement must contain resources.')
      }
    }
    return {
      effect: statement.Effect,
      principals: Principal?.AWS ?? [],
      action: { not: Boolean(NotAction), patterns: Action ?? NotAction ?? [] },
      resource: { not: Boolean(NotResource), patterns: Resource ?? NotResource ?? ['*'] },
      conditions: Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
        Object.entries(keys).map(([key, values]) => parseCondition(operator, key, values)),
      ),
    }
  })
}

/** The result of identity, session or service control policies: a Deny overrides every Allow. */
export function evaluate(policies: readonly Policy[], request: PolicyRequest): Verdict {
  const effects = policies.flatMap((policy) =>
    policy.filter((statement) => applies(statement, request)).map(({ effect }) => effect),
  )
  if (effects.includes('Deny')) return 'deny'
  return effects.includes('Allow') ? 'allow' : 'none'
}

/**
 * The result of a trust policy for the caller. `allow-account` is an Allow that names the caller's whole account: then
 * the account itself decides, by the caller's own identity policies.
 */
export function evaluateTrust(policy: Policy, request: PolicyRequest): Verdict | 'allow-account' {
  let verdict: Verdict | 'allow-account' = 'none'
  for (const statement of policy) {
    const named = statement.principals.map((principal) => namesCaller(principal, request.caller))
    if (!named.some(Boolean) || !applies(statement, request)) continue
    if (statement.effect === 'Deny') return 'deny'
    if (named.includes('itself')) verdict = 'allow'
    else if (verdict === 'none') verdict = 'allow-account'
  }
  return verdict
}

function namesCaller(principal: string, caller: Caller): 'itself' | 'account' | undefined {
  if (principal === '*' || principal === caller.arn || principal === caller.principalArn) {
    return 'itself'
  }
  const account = /^(\d{12})$|^arn:aws[\w-]*:iam::(\d{12}):root$/.exec(principal)
  return account && (account[1] ?? account[2]) === caller.accountId ? 'account' : undefined
}

function applies(statement: Statement, request: PolicyRequest): boolean {
  const { action, resource, conditions } = statement
  const actionNamed = action.patterns.some((pattern) =>
    matches(pattern.toLowerCase(), request.action.toLowerCase()),
  )
  const resourceNamed = resource.patterns.some((pattern) => matches(pattern, request.resource))
  return (
    actionNamed !== action.not &&
    resourceNamed !== resource.not &&
    conditions.every((condition) => holds(condition, request.keys[condition.key]))
  )
}

function holds(condition: Condition, value: string | undefined): boolean {
  const { operator, quantifier, ifExists, values } = condition
  if (operator === 'Null') return values.includes(String(value === undefined))
  const { negated, test } = operators[operator]
  if (value === undefined) {
    return ifExists || (quantifier ? quantifier === 'ForAllValues' : negated)
  }
  return values.some((wanted) => test(value, wanted)) !== negated
}

function parseCondition(
  name: string,
  key: string,
  values: (string | number | boolean)[],
): Condition {
  const parts = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name)
  const operator = parts?.[2]
  if (!operator || !Object.hasOwn(operators, operator) || (operator === 'Null' && parts[3])) {
    throw malformed(`Syntax errors in policy: unknown or not simulated condition ${name}`)
  }
  if (!/^[\w-]+:[\w/.-]+$/.test(key)) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  }
  if (values.some((value) => String(value).includes('${'))) {
    throw malformed('Syntax errors in policy: policy variables are not simulated')
  }
  return {
    operator: operator as Operator,
    ...(parts[1] && { quantifier: parts[1] as 'ForAllValues' | 'ForAnyValue' }),
    ifExists: Boolean(parts[3]),
    key: key.toLowerCase(),
    values: values.map(String),
  }
}

const wildcards: Record<string, string> = { '*': '.*', '?': '.' }

/** `*` matches any text, `?` any one character, and every other character itself. */
function matches(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text
  const source = pattern
    .split(/([*?])/)
    .map((part) => wildcards[part] ?? RegExp.escape(part))
    .join('')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** The six parts of an ARN are matched separately: a wildcard does not match the colons between them. */
function arnMatches(value: string, pattern: string): boolean {
  const values = splitArn(value)
  const patterns = splitArn(pattern)
  return (
    values.length === patterns.length &&
    patterns.every((part, index) => matches(part, values[index]!))
  )
}

function splitArn(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, 5), parts.slice(5).join(':')]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('This policy contains invalid Json')
  }
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message)
}
