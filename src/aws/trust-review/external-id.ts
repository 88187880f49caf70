import { type ConditionTest, idKey } from './parse.ts'
import { hasWildcard, matches, quote } from './text.ts'

/** What a statement's conditions require of the external ID. */
export interface IdCondition {
  /** Only the exact ID of the connection satisfies them. */
  exact: boolean
  /** They apply an operator to the external ID that Cairn does not support. */
  unknown: boolean
  /** Whether the connection's ID satisfies them; also true if that is unknown. */
  admitsId: boolean
  /** What is wrong, one clause each. */
  faults: string[]
  /** Correct, but misleading. */
  remarks: string[]
  tests: ConditionTest[]
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

export function readCondition(all: readonly ConditionTest[], id: string): IdCondition {
  const tests = all.filter(({ key }) => key === idKey)
  const isKnown = ({ base, ifExists }: ConditionTest) =>
    base === 'Null' ? !ifExists : operators.has(base)
  return {
    // One test can contain the value and another one can require that there is one: both must be
    // satisfied.
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

/** Whether `id` is the only ID that satisfies the test. */
function onlyTakes({ base, values }: ConditionTest, id: string): boolean {
  const isExact = base === 'StringEquals' || (base === 'StringLike' && !hasWildcard(id))
  return isExact && values.length > 0 && values.every((value) => value === id)
}

/** Whether a request without an external ID fails the test. */
function needsOne({ base, quantifier, ifExists, values }: ConditionTest): boolean {
  if (base === 'Null') return values.length > 0 && values.every((value) => value === 'false')
  if (ifExists || quantifier === 'ForAllValues') return false
  return quantifier === 'ForAnyValue' || !operators.get(base)!.negated
}

function holds({ base, values }: ConditionTest, id: string): boolean {
  if (base === 'Null') return values.includes('false')
  const { test, negated = false } = operators.get(base)!
  return values.some((wanted) => test(id, wanted)) !== negated
}

function faultsOf(test: ConditionTest, id: string): string[] {
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

function remarksOf({ operator, base, quantifier, values }: ConditionTest, id: string): string[] {
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
