/** IAM policies in words: which principals they allow, and whether that is everyone. */

import { listed, spoken } from '../../changes/text.ts'
import { arnName, parseArn } from './arn.ts'
import { JsonReader } from './json-reader.ts'
import { areInternet } from './networks.ts'
import { serviceName } from './services.ts'

const MAX_POLICY_LENGTH = 131_072

/** A policy document as records have it: an object, JSON text, or URL-encoded JSON text. */
export function readPolicy(value: unknown): JsonReader {
  if (typeof value !== 'string') return JsonReader.of(value)
  if (value.length > MAX_POLICY_LENGTH) return JsonReader.empty
  try {
    return JsonReader.of(JSON.parse(value.startsWith('%') ? decodeURIComponent(value) : value))
  } catch {
    return JsonReader.empty
  }
}

function statements(policy: JsonReader): JsonReader[] {
  return policy.objects('Statement').slice(0, 200)
}

function allows(statement: JsonReader): boolean {
  return statement.text('Effect')?.toLowerCase() === 'allow'
}

/** Condition keys that limit who is allowed: by origin or by owner. */
const LIMITING =
  /^(aws:(source(arn|account|vpc|vpce|owner|orgid|orgpaths|ip)|vpcsourceip|principal(arn|account|orgid|orgpaths|tag.*|type|servicename|isawsservice)|userid|username|calledvia.*|viaawsservice)|kms:(calleraccount|viaservice|grantisforawsresource)|sns:(endpoint|protocol)|s3:(dataaccesspoint\w*|accessgrants\w*)|lambda:sourcefunctionarn|elasticfilesystem:accesspointarn|saml:.*|cognito-identity.*|token\..*|.*:(sub|aud|amr))$/i

/** Whether it allows everyone, without a condition that limits who that is. */
function isPublic(statement: JsonReader): boolean {
  if (!allows(statement) || isLimited(statement.object('Condition'))) return false
  // Everyone but some is everyone.
  if (statement.has('NotPrincipal')) return true
  const principal = statement.get('Principal')
  return principal === '*' || JsonReader.of(principal).texts('AWS').some(isEveryone)
}

function isEveryone(principal: string): boolean {
  return principal === '*' || /^arn:[\w-]+:iam::\*:root$/.test(principal)
}

function isLimited(condition: JsonReader): boolean {
  return condition.entries().some(([operator, keys]) => {
    // A negated condition only leaves someone out.
    if (/Not(Equals|Like|IpAddress|Match)|Null$/i.test(operator)) return false
    const values = JsonReader.of(keys)
    return values.entries().some(([key]) => {
      if (!LIMITING.test(key)) return false
      const texts = values.texts(key)
      return !(texts.includes('*') || areInternet(texts))
    })
  })
}

/** What a resource policy allows everyone: `s3:GetObject`; undefined when nothing. */
export function openedByPolicy(policy: JsonReader): string | undefined {
  const open = statements(policy).filter(isPublic)
  if (open.length === 0) return undefined
  const actions = [...new Set(open.flatMap((statement) => statement.texts('Action')))]
  if (actions.length === 0 || actions.some((action) => action === '*' || action.endsWith(':*'))) {
    return 'everything'
  }
  return listed(actions.map((action) => spoken(action, 60)))
}

/** Which principals a policy allows: `EC2`, `account 123456789012`, `everyone`. */
export function letIn(policy: JsonReader): string[] {
  const names = new Set<string>()
  for (const statement of statements(policy).filter(allows)) {
    const principal = statement.get('Principal')
    if (principal === '*') names.add('everyone')
    const kinds = JsonReader.of(principal)
    for (const text of kinds.texts('AWS')) names.add(awsPrincipal(text))
    for (const text of kinds.texts('Service')) names.add(serviceName(text))
    for (const text of kinds.texts('Federated')) names.add(arnName(text))
  }
  return [...names].map((name) => spoken(name, 80))
}

/** `role ops of account 123456789012`, `account 123456789012`, `everyone`. */
function awsPrincipal(text: string): string {
  if (text === '*') return 'everyone'
  if (/^\d{12}$/.test(text)) return `account ${text}`
  const arn = parseArn(text)
  if (arn === undefined) return text
  if (arn.resource === 'root') return `account ${arn.account}`
  const kind = arn.resource.split('/')[0]
  return `${kind} ${arnName(text)} of account ${arn.account}`
}

/** `role ops` for an identity's ARN; other texts stay as they are. */
export function principalName(text: string): string {
  const kind = /^(role|user|group|assumed-role)\//.exec(parseArn(text)?.resource ?? '')?.[1]
  if (kind === undefined) return spoken(arnName(text), 80)
  return `${kind === 'assumed-role' ? 'session' : kind} ${spoken(arnName(text), 80)}`
}

/** Whether it allows every action on every resource. */
export function allowsEverything(policy: JsonReader): boolean {
  return statements(policy).some(
    (statement) =>
      allows(statement) &&
      statement.texts('Action').some((action) => action === '*' || action === '*:*') &&
      statement.texts('Resource').includes('*'),
  )
}

/** What an identity's policy allows: `ec2:Describe* and s3:GetObject`. */
export function allowedActions(policy: JsonReader): string | undefined {
  if (allowsEverything(policy)) return 'everything'
  const actions = [
    ...new Set(
      statements(policy)
        .filter(allows)
        .flatMap((s) => s.texts('Action')),
    ),
  ]
  return actions.length === 0 ? undefined : listed(actions.map((action) => spoken(action, 60)))
}

/** What a policy denies: `s3:*`; undefined when nothing, or only under a condition. */
export function deniedActions(policy: JsonReader): string | undefined {
  const denying = statements(policy).filter(
    (statement) =>
      statement.text('Effect')?.toLowerCase() === 'deny' && statement.object('Condition').isEmpty,
  )
  const actions = [...new Set(denying.flatMap((statement) => statement.texts('Action')))]
  if (denying.length === 0) return undefined
  if (actions.length === 0 || actions.includes('*')) return 'everything'
  return listed(actions.map((action) => spoken(action, 60)))
}
