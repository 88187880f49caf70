/** AWS's query protocol: the input of an operation, and how its parameters are parsed and validated. */

import type { Accounts, Session } from './accounts.ts'
import { AwsError } from './errors.ts'

/** One call that changed something, as CloudTrail records it. */
export interface Trace {
  /** `iam`, `cloudformation` */
  service: string
  action: string
  region: string
  session: Session
  /** The service that called on behalf of the session, `cloudformation.amazonaws.com`. */
  invokedBy?: string
  request: Record<string, unknown>
  response: Record<string, unknown> | null
}

/** The caller, its address, and where the call is recorded. */
export interface Call {
  session: Session
  region: string
  accounts: Accounts
  invokedBy?: string
  trace: (trace: Trace) => void
}

export interface QueryRequest extends Call {
  parameters: URLSearchParams
}

/** Returns the content of its `…Result` element. */
export type QueryOperation = (request: QueryRequest) => string

/** The members of a list of texts. */
export function members(parameters: URLSearchParams, name: string): string[] {
  return indices(parameters, name).map((index) => parameters.get(`${name}.member.${index}`) ?? '')
}

/** The members of a list of structures, each with its present fields. */
export function structures(parameters: URLSearchParams, name: string): Record<string, string>[] {
  return indices(parameters, name).map((index) => {
    const prefix = `${name}.member.${index}.`
    const fields = [...parameters].filter(([key]) => key.startsWith(prefix))
    return Object.fromEntries(fields.map(([key, value]) => [key.slice(prefix.length), value]))
  })
}

function indices(parameters: URLSearchParams, name: string): number[] {
  const prefix = `${name}.member.`
  const found = [...parameters.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => Number.parseInt(key.slice(prefix.length), 10))
    .filter((index) => index > 0)
  return [...new Set(found)].sort((a, b) => a - b)
}

type Problem = string | undefined

/** Reports all problems together, as AWS does. */
export function validate(...checks: Problem[]): void {
  const problems = checks.filter((problem) => problem !== undefined)
  if (problems.length === 0) return
  const count = `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected`
  throw new AwsError('ValidationError', `${count}: ${problems.join('; ')}`)
}

export function text(
  name: string,
  value: string | null,
  limits: { required?: boolean; min: number; max: number; pattern?: string },
): Problem {
  const failed = (constraint: string) =>
    `Value ${value === null ? 'null' : `'${value}'`} at '${name}' failed to satisfy constraint: Member must ${constraint}`
  if (value === null) return limits.required ? failed('not be null') : undefined
  if (value.length < limits.min) {
    return failed(`have length greater than or equal to ${limits.min}`)
  }
  if (value.length > limits.max) return failed(`have length less than or equal to ${limits.max}`)
  if (limits.pattern && !new RegExp(`^${limits.pattern}$`).test(value)) {
    return failed(`satisfy regular expression pattern: ${limits.pattern}`)
  }
  return undefined
}

export function whole(
  name: string,
  value: string | null,
  limits: { min: number; max: number },
): Problem {
  if (value === null) return undefined
  const failed = (constraint: string) =>
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must ${constraint}`
  if (!/^-?\d+$/.test(value)) return failed('be a whole number')
  if (Number(value) < limits.min) {
    return failed(`have value greater than or equal to ${limits.min}`)
  }
  if (Number(value) > limits.max) return failed(`have value less than or equal to ${limits.max}`)
  return undefined
}
