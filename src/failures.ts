/** Postgres' SQLSTATE classes and codes. https://www.postgresql.org/docs/18/errcodes-appendix.html */
const postgresCauses: Record<string, string> = {
  '28P01': 'Postgres rejected the password in DATABASE_URL',
  '28000': 'Postgres rejected the login in DATABASE_URL',
  '3D000': 'The database in DATABASE_URL does not exist',
  '42501': "The login in DATABASE_URL lacks a privilege: it must own Cairn's database",
  '53300': 'Postgres has no free connection slots',
  '57P03': 'Postgres is still starting or is shutting down',
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
  const known = postgresCauses[code]
  if (known) return `${known}: ${message}`
  if (unreachable.has(code) && syscall !== 'listen')
    return `A server that Cairn needs cannot be reached: ${message || code}`
  return message || code || cause.name
}

function isBug(error: Error, code: string): boolean {
  // An invalid command line option; Node reports it as a TypeError.
  if (code.startsWith('ERR_PARSE_ARGS')) return false
  return error.name === 'AssertionError' || bugTypes.some((type) => error instanceof type)
}
