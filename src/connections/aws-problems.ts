/*
 * The kinds of failures of AWS calls. Pure and without dependencies: they are stored with a region,
 * returned by the API and shown by the web app.
 */

/**
 * - `throttled`: the quota is used up, by Cairn or by another client of the account
 * - `denied`: a policy denies the call
 * - `not_enabled`: the region does not recognize the credentials: an opt-in region that is off, or
 *   credentials whose role was deleted
 * - `expired`: the session has expired
 * - `invalid_token`: AWS rejects the NextToken
 * - `no_credentials`: Cairn itself has no AWS credentials
 * - `unreachable`: no response: name resolution, connection, timeout
 * - `unavailable`: AWS returned a server error (5xx)
 * - `malformed`: a response that is not from AWS, such as a proxy's page, or that lacks what AWS
 *   always sends
 * - `rejected`: AWS rejects the request
 */
export const awsProblemKinds = [
  'throttled',
  'denied',
  'not_enabled',
  'expired',
  'invalid_token',
  'no_credentials',
  'unreachable',
  'unavailable',
  'malformed',
  'rejected',
] as const
export type AwsProblemKind = (typeof awsProblemKinds)[number]
