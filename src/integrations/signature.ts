import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { IntegrationKind } from './integration.ts'

/** The headers of a request, with names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** A secret as it is stored: the secret itself, or the SHA-256 of a bearer token. */
export type StoredSecret = { secret: string } | { tokenHash: Buffer }

/** Signatures of one header that are compared. PagerDuty sends one for each of its secrets. */
const MAX_SIGNATURES = 10

/** Where each kind that signs puts the signature, in hexadecimal after the prefix. */
const SIGNATURES = {
  github: { header: 'x-hub-signature-256', prefix: 'sha256=' },
  pagerduty: { header: 'x-pagerduty-signature', prefix: 'v1=' },
  launchdarkly: { header: 'x-ld-signature', prefix: '' },
} as const

/** The headers that contain a signature or a token. */
export const CREDENTIAL_HEADERS = [
  'authorization',
  ...Object.values(SIGNATURES).map(({ header }) => header),
]

/**
 * Whether one of the secrets has signed the request. Takes the same time for every wrong signature.
 *
 * - GitHub: `X-Hub-Signature-256: sha256=HEX`, HMAC-SHA-256 of the body
 *   (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries)
 * - PagerDuty: `X-PagerDuty-Signature: v1=HEX,v1=HEX`, the same for each secret
 *   (https://developer.pagerduty.com/docs/webhooks/webhook-signatures/)
 * - LaunchDarkly: `X-LD-Signature: HEX` (https://launchdarkly.com/docs/home/infrastructure/webhooks)
 * - Alertmanager does not sign: `Authorization: Bearer TOKEN`
 *
 * @param body the bytes of the request, before anything parses them
 */
export function isSigned(
  kind: IntegrationKind,
  { headers, body, secrets }: { headers: Headers; body: Buffer; secrets: readonly StoredSecret[] },
): boolean {
  if (kind === 'alertmanager') return hasToken(headers, secrets)
  const { header, prefix } = SIGNATURES[kind]
  const given = signaturesOf(headers[header], prefix)
  let isValid = false
  for (const stored of secrets) {
    if (!('secret' in stored)) continue
    const expected = createHmac('sha256', stored.secret).update(body).digest()
    for (const signature of given) isValid = isSame(signature, expected) || isValid
  }
  return isValid
}

/**
 * Whether the headers can be those of a signed request, which is known before its body is read:
 * whether they contain a signature, or for Alertmanager a valid token.
 */
export function canBeSigned(
  kind: IntegrationKind,
  { headers, secrets }: { headers: Headers; secrets: readonly StoredSecret[] },
): boolean {
  if (kind === 'alertmanager') return hasToken(headers, secrets)
  const { header, prefix } = SIGNATURES[kind]
  return signaturesOf(headers[header], prefix).length > 0
}

function signaturesOf(header: string | string[] | undefined, prefix: string): Buffer[] {
  const text = [header ?? []].flat().join(',')
  return text
    .split(',', MAX_SIGNATURES)
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length))
    .filter((hex) => /^[0-9a-fA-F]{64}$/.test(hex))
    .map((hex) => Buffer.from(hex, 'hex'))
}

function hasToken(headers: Headers, secrets: readonly StoredSecret[]): boolean {
  const { authorization } = headers
  const token = /^Bearer +([^\s]+) *$/i.exec([authorization ?? ''].flat()[0] ?? '')?.[1] ?? ''
  const given = tokenHash(token)
  let isValid = false
  for (const stored of secrets) {
    if ('tokenHash' in stored) isValid = isSame(given, stored.tokenHash) || isValid
  }
  return isValid
}

export function tokenHash(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The headers of a request that a secret signs, as the senders do. For test deliveries. */
export function signatureHeaders(
  kind: IntegrationKind,
  { secret, body }: { secret: string; body: Buffer },
): Record<string, string> {
  if (kind === 'alertmanager') return { authorization: `Bearer ${secret}` }
  const { header, prefix } = SIGNATURES[kind]
  return { [header]: prefix + createHmac('sha256', secret).update(body).digest('hex') }
}
