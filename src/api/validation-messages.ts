import { z } from 'zod'

const types: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const formats: Record<string, string> = {
  uuid: 'a UUID',
  url: 'a URL',
  email: 'an email address',
  datetime: 'a time in RFC 3339, such as 2026-03-01T12:00:00Z',
  date: 'a date, such as 2026-03-01',
}

/** The unit of a size, by the kind of value. */
const units: Record<string, string> = {
  string: ' characters',
  array: ' items',
  set: ' items',
  file: ' bytes',
}

/**
 * The error message for a value whose schema does not define one. zod's own messages are for
 * programmers.
 */
function describeIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'Required'
        : `Must be ${types[issue.expected] ?? 'of another type'}`
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'Must not be empty'
      return bound(
        issue.origin,
        issue.inclusive === false ? 'more than' : 'at least',
        issue.minimum,
      )
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)
    case 'invalid_value':
      return `Must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'invalid_format':
      return formats[issue.format] ? `Must be ${formats[issue.format]}` : 'Has the wrong format'
    case 'not_multiple_of':
      return `Must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `Unknown field: ${issue.keys.join(', ')}`
    case 'invalid_union':
      return 'Has the wrong type or format'
    default:
      return 'Not valid'
  }
}

function bound(origin: string, relation: string, size: number | bigint): string {
  const unit = units[origin]
  return unit ? `Must have ${relation} ${size}${unit}` : `Must be ${relation} ${size}`
}

/** Sets these messages for all schemas without their own, in the whole process. */
export function useValidationMessages(): void {
  z.config({ customError: describeIssue })
}
