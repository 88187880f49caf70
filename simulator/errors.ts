/** An error as AWS returns it: `code` is its name on the wire, `status` the HTTP status. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.name = 'AwsError'
    this.code = code
    this.status = status
  }
}

/** A request to the simulator's controls that cannot be fulfilled. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
}

/**
 * The errors that every service has, under the names of the two protocols: STS and IAM (query) answer 403 with one
 * name, CloudTrail (JSON 1.1) 400 with another.
 */
const commonErrors = {
  missing: ['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
  incomplete: ['IncompleteSignature', 'IncompleteSignatureException'],
  unknownKey: ['InvalidClientTokenId', 'UnrecognizedClientException'],
  signature: ['SignatureDoesNotMatch', 'InvalidSignatureException'],
  expired: ['ExpiredToken', 'ExpiredTokenException'],
  denied: ['AccessDenied', 'AccessDeniedException'],
} as const

export type Protocol = 'query' | 'json'

export const INVALID_TOKEN = 'The security token included in the request is invalid.'

export function commonError(
  protocol: Protocol,
  kind: keyof typeof commonErrors,
  message: string,
): AwsError {
  const [query, json] = commonErrors[kind]
  if (protocol === 'json') return new AwsError(json, message, 400)
  return new AwsError(query, message, kind === 'incomplete' ? 400 : 403)
}
