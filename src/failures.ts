/**
 * Causes by Postgres' SQLSTATE, with the variable whose login or database it is about.
 * https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const postgresCauses: Record<string, (variable: string) => string> = {
  '28P01': (variable) => `Postgres rejected the password in ${variable}`,
  '28000': (variable) => `Postgres rejected the login in ${variable}`,
  '3D000': (variable) => `The database in ${variable} does not exist`,
  '42501': (variable) => `The login in ${variable} lacks a privilege: it must own Cairn's database`,
  '53300': () => 'Postgres has no free connection slots',
  '57P03': () => 'Postgres is still starting or is shutting down',
}

/** Error codes of the operating system if a server cannot be reached. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
])

/** Errors of these types are bugs, and need their stack trace. */
const bugTypes = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError]

/** A problem to fix before a process can start. The message contains the fix. */
export class StartError extends Error {
  override name = 'StartError'
}

/**
 * Describes why a process could not start or a command failed: one line for every known cause.
 * Only an error that must be a bug keeps its stack trace.
 */
export function explainFailure(error: unknown): string {
  // Several addresses of one host were tried, each with its own error.
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error
  if (!(cause instanceof Error)) return String(cause)
  const { message, code = '', syscall } = cause as NodeJS.ErrnoException
  if (isBug(cause, code)) return cause.stack ?? message
  const known = explainPostgres(code, 'DATABASE_URL')
  if (known) return `${known}: ${message}`
  if (unreachable.has(code) && syscall !== 'listen')
    return `A server that Cairn needs cannot be reached: ${message || code}`
  return message || code || cause.name
}

/**
 * @param variable the name of the variable with the URL that was used
 * @returns undefined for an unknown SQLSTATE
 */
export function explainPostgres(sqlstate: string, variable: string): string | undefined {
  return postgresCauses[sqlstate]?.(variable)
}

function isBug(error: Error, code: string): boolean {
  // An invalid command line option; Node reports it as a TypeError.
  if (code.startsWith('ERR_PARSE_ARGS')) return false
  return error.name === 'AssertionError' || bugTypes.some((type) => error instanceof type)
}
