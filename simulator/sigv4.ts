/** Authentication: recomputes each request's Signature Version 4 from the key that the simulator issued. */

import { createHash, createHmac, type Hash, type Hmac, timingSafeEqual } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Accounts, Session } from './accounts.ts'
import { commonError, INVALID_TOKEN, type Protocol } from './errors.ts'

export interface SignedRequest {
  method: string
  /** The unchanged path and query. */
  url: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: Buffer
}

/** The unverified content of an Authorization header. */
export interface Signature {
  accessKeyId: string
  date: string
  region: string
  service: string
  signedHeaders: string[]
  signature: string
}

export function readSignature(authorization: string | undefined): Signature | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization ?? '',
    )
  if (!match) return undefined
  const [, accessKeyId, date, region, service, signedHeaders, signature] =
    match as unknown as string[]
  return {
    accessKeyId: accessKeyId!,
    date: date!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!.split(';'),
    signature: signature!,
  }
}

/**
 * Who signed the request.
 *
 * @param toleranceSeconds how far the signing time may be from `now`; null accepts any
 * @throws AwsError for an unknown key or token, a wrong signature, one too old or too new, an expired session
 */
export async function authenticate(
  request: SignedRequest,
  claimed: Signature,
  {
    accounts,
    now,
    toleranceSeconds,
    protocol,
  }: {
    accounts: Accounts
    /** Epoch milliseconds. */
    now: number
    toleranceSeconds: number | null
    protocol: Protocol
  },
): Promise<Session> {
  const fail = (kind: Parameters<typeof commonError>[1], message: string) =>
    commonError(protocol, kind, message)

  const longDate = request.headers['x-amz-date'] ?? ''
  const signedAt = parseDate(longDate)
  if (signedAt === undefined || !longDate.startsWith(claimed.date)) {
    throw fail('incomplete', "Authorization header requires existence of a valid 'X-Amz-Date'.")
  }
  const session = accounts.session(claimed.accessKeyId)
  const token = request.headers['x-amz-security-token']
  if (!session || !accounts.isAlive(session) || session.credentials.sessionToken !== token) {
    throw fail('unknownKey', INVALID_TOKEN)
  }
  const isNotSigned = (name: string) => !claimed.signedHeaders.includes(name)
  if (
    isNotSigned('host') ||
    isNotSigned('x-amz-date') ||
    (token && isNotSigned('x-amz-security-token'))
  ) {
    throw fail(
      'signature',
      "'Host', 'X-Amz-Date' and 'X-Amz-Security-Token' must be signed headers.",
    )
  }
  const expected = await sign(request, claimed, session, signedAt)
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(claimed.signature))) {
    throw fail(
      'signature',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
  if (toleranceSeconds !== null) {
    const minutes = `${Math.round(toleranceSeconds / 60)} min.`
    const tolerated = toleranceSeconds * 1000
    const [theirs, ours] = [longDate, formatDate(now)]
    if (signedAt < now - tolerated) {
      const edge = formatDate(now - tolerated)
      const message = `Signature expired: ${theirs} is now earlier than ${edge} (${ours} - ${minutes})`
      throw fail('signature', message)
    }
    if (signedAt > now + tolerated) {
      const edge = formatDate(now + tolerated)
      const message = `Signature not yet current: ${theirs} is still later than ${edge} (${ours} + ${minutes})`
      throw fail('signature', message)
    }
  }
  if (session.expiresAt !== undefined && session.expiresAt <= now) {
    throw fail('expired', 'The security token included in the request is expired')
  }
  return session
}

/** Computes the signature over exactly the headers that the client signed; 64 hexadecimal digits. */
async function sign(
  request: SignedRequest,
  { region, service, signedHeaders }: Signature,
  session: Session,
  signedAt: number,
): Promise<string> {
  const signer = new SignatureV4({
    credentials: session.credentials,
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  })
  const url = new URL(request.url, 'http://localhost')
  const signable = new Set(signedHeaders)
  const headers = Object.fromEntries(
    signedHeaders.map((name) => [name, request.headers[name] ?? '']),
  )
  // The payload hash that the client sends must not be trusted instead of the payload.
  if (headers['x-amz-content-sha256']) {
    headers['x-amz-content-sha256'] = createHash('sha256').update(request.body).digest('hex')
  }
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers,
      body: request.body,
    },
    { signingDate: new Date(signedAt), signableHeaders: signable },
  )
  return signed.headers.authorization!.slice(-64)
}

/** Node's SHA-256 or HMAC, with the interface that the signer requires. */
class Sha256 {
  readonly #key: Uint8Array | undefined
  #hash: Hash | Hmac

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#key = key === undefined ? undefined : Buffer.from(key as Uint8Array)
    this.#hash = this.#fresh()
  }

  update(data: Uint8Array): void {
    this.#hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#fresh()
  }

  #fresh(): Hash | Hmac {
    return this.#key ? createHmac('sha256', this.#key) : createHash('sha256')
  }
}

/** `20260131T235959Z` → epoch milliseconds. */
function parseDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}

function formatDate(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}
