import type { AwsProblemKind } from '../connections/aws-problems.ts'

/** A classified AWS failure. The message contains no credentials. */
export class AwsProblem extends Error {
  override readonly name = 'AwsProblem'
  readonly kind: AwsProblemKind
  /** AWS's error code, the SDK's name of the error, or the code of the operating system. */
  readonly code: string

  constructor(kind: AwsProblemKind, code: string, message: string) {
    super(message)
    this.kind = kind
    this.code = code
  }
}

// From the API models of STS and CloudTrail and AWS's list of common errors. CloudTrail throttles
// with HTTP 400, so the status does not identify throttling.
const kinds: Record<string, AwsProblemKind> = {
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  SlowDown: 'throttled',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  UnauthorizedOperation: 'denied',
  OperationNotPermittedException: 'denied',
  UnrecognizedClientException: 'not_enabled',
  InvalidClientTokenId: 'not_enabled',
  InvalidClientTokenIdException: 'not_enabled',
  OptInRequired: 'not_enabled',
  SubscriptionRequiredException: 'not_enabled',
  RegionDisabledException: 'not_enabled',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  RequestExpired: 'expired',
  InvalidNextTokenException: 'invalid_token',
  InvalidNextToken: 'invalid_token',
  CredentialsProviderError: 'no_credentials',
  TokenProviderError: 'no_credentials',
  TimeoutError: 'unreachable',
  NetworkingError: 'unreachable',
}

/** Kinds after which a request may be repeated: they are unrelated to the role and the region. */
const transient: readonly AwsProblemKind[] = ['unreachable', 'unavailable', 'malformed']

/** Whether the same request may succeed after a short pause. The pacer handles throttling. */
export function isTransient({ kind }: AwsProblem): boolean {
  return transient.includes(kind)
}

/**
 * Classifies an error of an AWS client. An abort is not a failure and is returned unchanged,
 * because the caller requested it.
 */
export function toAwsProblem(error: unknown): unknown {
  if (error instanceof AwsProblem) return error
  if (!(error instanceof Error) || error.name === 'AbortError') return error
  const { $metadata, $response, code } = error as {
    $metadata?: { httpStatusCode?: number }
    $response?: { statusCode?: number }
    code?: string
  }
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const known = kinds[error.name]
  if (status === undefined) {
    // Without a response, nothing was denied, regardless of the error's name.
    const isOwn = known === 'no_credentials' || known === 'expired'
    const name = isGeneric(error) ? code || 'NoAnswer' : error.name
    if (isOwn) return new AwsProblem(known, name, withoutSecrets(error.message || name))
    return new AwsProblem('unreachable', name, noAnswer(error, code))
  }
  if (known) return new AwsProblem(known, error.name, withoutSecrets(error.message || error.name))
  if (isGeneric(error)) return notFromAws(status)
  return new AwsProblem(
    status >= 500 ? 'unavailable' : 'rejected',
    error.name,
    withoutSecrets(error.message || error.name),
  )
}

/**
 * Names that mean nothing to an operator: JavaScript's own errors, which parsers of a response throw
 * and Node throws with a `code`, and the SDK's `Unknown` for an error without a code.
 */
const genericNames = new Set([
  'Error',
  'AggregateError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Unknown',
  'UnknownError',
])

const isGeneric = ({ name }: Error) => genericNames.has(name)

/** Error names of Node and OpenSSL, with messages for operators. */
const noAnswers: [names: RegExp, meaning: string][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, "AWS's host name could not be resolved. Check DNS"],
  [/^ECONNREFUSED$/, 'the connection was refused. Check the endpoint and proxies'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'the connection was closed before AWS responded'],
  [/^(EHOSTUNREACH|ENETUNREACH)$/, 'there is no network route to AWS'],
  [/^(ETIMEDOUT|TimeoutError)$/, 'AWS did not respond in time'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/,
    'the TLS connection failed. A proxy between Cairn and AWS may use its own certificate',
  ],
]

/** The message for an error without a response, which comes from Node, the SDK or a parser. */
function noAnswer(error: Error, code = ''): string {
  const { name, message } = error
  for (const [names, meaning] of noAnswers) if (names.test(code) || names.test(name)) return meaning
  const isForeign = code !== '' || isGeneric(error)
  return isForeign ? 'AWS did not respond' : withoutSecrets(message || name)
}

function notFromAws(status: number): AwsProblem {
  return new AwsProblem(
    status >= 500 ? 'unavailable' : 'malformed',
    `HTTP ${status}`,
    'the response is not from AWS. A proxy or firewall between Cairn and AWS may have sent it',
  )
}

/**
 * Removes what histories and logs must not contain: the caller's access key, which AWS includes in
 * some messages; the request that AWS expected instead of one with a wrong signature, including its
 * session token; and the command line of a credential process.
 */
function withoutSecrets(message: string): string {
  return message
    .replace(/The Canonical String for this request should have been.*/s, '')
    .trimEnd()
    .replace(/^Command failed.*/s, 'The credential process failed.')
    .replaceAll(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '(access key)')
    .slice(0, 1000)
}

/** Awaits a call of the SDK. @throws AwsProblem; an aborted call rejects with its `AbortError` */
export async function callAws<T>(response: Promise<T>): Promise<T> {
  try {
    return await response
  } catch (error) {
    throw toAwsProblem(error)
  }
}

/** The error for a response that is well-formed but lacks what AWS always sends. */
export function incompleteResponse(operation: string, what: string): AwsProblem {
  return new AwsProblem(
    'malformed',
    'IncompleteAnswer',
    `${operation} answered without ${what}. A proxy or firewall between Cairn and AWS may have sent the answer`,
  )
}
