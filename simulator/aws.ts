/** Handles one AWS request from its bytes to its response: signature, operation, faults. */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Accounts, Session } from './accounts.ts'
import { cloudFormationOperations, type Stacks } from './cloudformation.ts'
import { cloudTrailOperations } from './cloudtrail.ts'
import { AwsError, commonError, INVALID_TOKEN, type Protocol } from './errors.ts'
import type { Faults } from './faults.ts'
import { iamOperations } from './iam.ts'
import type { Ledger } from './ledger.ts'
import type { Call, QueryOperation } from './query.ts'
import { Quota } from './quota.ts'
import { authenticate, readSignature, type Signature, type SignedRequest } from './sigv4.ts'
import { stsOperations } from './sts.ts'
import type { FaultSpec, Settings } from './types.ts'
import { xml } from './xml.ts'

interface AwsAnswer {
  status: number
  headers: Record<string, string>
  body: string
  /** Sent without a `Date`. */
  undated?: boolean
}

/** Instead of a response: a closed connection, or no response at all. */
type NoAnswer = 'drop' | 'hang'

export interface AwsParts {
  accounts: Accounts
  ledger: Ledger
  faults: Faults
  stacks: Stacks
  /** Records what a call changed. */
  trace: Call['trace']
  settings: () => Settings
  /** Epoch milliseconds. */
  now: () => number
}

/** The unverified properties of a request. */
interface Asked {
  protocol: Protocol
  service: string
  operation: string
  parameters: URLSearchParams
}

/** The services of the query protocol, and the namespace of their XML. */
const namespaces: Record<string, string> = {
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
}

/** The part of the simulator that AWS clients talk to. */
export function createAws({ accounts, ledger, faults, stacks, trace, settings, now }: AwsParts) {
  const cloudTrail = cloudTrailOperations(accounts, ledger, settings)
  const queryServices: Record<string, Record<string, QueryOperation>> = {
    cloudformation: cloudFormationOperations(stacks),
    iam: iamOperations,
    sts: stsOperations,
  }
  const quota = new Quota()

  return async function answer(request: SignedRequest): Promise<AwsAnswer | NoAnswer> {
    const requestId = randomUUID()
    const signature = readSignature(request.headers.authorization)
    const asked = readRequest(request, signature)
    let session: Session | undefined
    const count = (errorCode?: string) => {
      if (!session || !signature) return
      const { service, operation } = asked
      const { accountId } = session
      ledger.countRequest({ service, operation, accountId, region: signature.region }, errorCode)
    }
    try {
      if (!signature) throw unsigned(request, asked.protocol)
      session = await authenticate(request, signature, {
        accounts,
        now: now(),
        protocol: asked.protocol,
        toleranceSeconds: settings().skewToleranceSeconds,
      })
      const { accountId } = session
      const fault = faults.take({ ...asked, region: signature.region, accountId })
      if (fault?.effect === 'drop' || fault?.effect === 'hang') {
        count(fault.effect)
        return fault.effect
      }
      if (fault?.effect === 'answer') {
        count(fault.effect)
        const { status = 200, body = '' } = fault
        return { status, body, headers: { 'content-type': 'text/html' } }
      }
      const body = await perform(
        request,
        asked,
        { session, region: signature.region, requestId },
        fault,
      )
      count()
      const answer = toAnswer(asked.protocol, requestId, 200, body)
      return fault?.effect === 'undated' ? { ...answer, undated: true } : answer
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      count(error.code)
      return toAnswer(asked.protocol, requestId, error.status, errorBody(asked, error, requestId))
    }
  }

  /** The body of a successful response. */
  async function perform(
    request: SignedRequest,
    { protocol, service, operation, parameters }: Asked,
    { session, region, requestId }: { session: Session; region: string; requestId: string },
    fault: FaultSpec | undefined,
  ): Promise<string> {
    if (fault?.effect === 'delay') await sleep(fault.delayMs ?? 0)
    if (fault?.effect === 'error') throw injected(fault, protocol)
    if (!accounts.account(session.accountId).regions.has(region)) {
      // AWS rejects the account's keys in a region that is not enabled.
      throw commonError(protocol, 'unknownKey', INVALID_TOKEN)
    }
    if (protocol === 'query') {
      const known = Object.hasOwn(queryServices, service) ? queryServices[service] : undefined
      if (!known || !Object.hasOwn(known, operation)) {
        const message = `Could not find operation ${operation} for ${service}`
        throw new AwsError('InvalidAction', message)
      }
      await answerTime(settings().latencyMs)
      const result = known[operation]!({ parameters, session, region, accounts, trace })
      const metadata = xml({ ResponseMetadata: { RequestId: requestId } })
      const inside = result && `<${operation}Result>${result}</${operation}Result>`
      return `<${operation}Response xmlns="${namespaces[service]}">${inside}${metadata}</${operation}Response>`
    }
    if (service !== 'cloudtrail' || !Object.hasOwn(cloudTrail, operation)) {
      throw new AwsError('UnknownOperationException', `There is no operation ${operation}`)
    }
    const { limited, answer } = cloudTrail[operation]!
    if (limited && !quota.take(`${session.accountId} ${region}`, settings().tps)) {
      throw new AwsError('ThrottlingException', 'Rate exceeded')
    }
    await answerTime(settings().latencyMs)
    const unordered = fault?.effect === 'unordered'
    return answer({ input: readJson(request.body), session, region, now: now(), unordered })
  }
}

/** A target header means the JSON protocol, its absence the query protocol; the signature contains the service. */
function readRequest(request: SignedRequest, signature: Signature | undefined): Asked {
  const target = request.headers['x-amz-target']
  if (target !== undefined) {
    const operation = target.slice(target.lastIndexOf('.') + 1)
    const service = signature?.service ?? 'cloudtrail'
    return { protocol: 'json', service, operation, parameters: new URLSearchParams() }
  }
  const query = new URL(request.url, 'http://localhost').search
  const parameters = new URLSearchParams(request.method === 'GET' ? query : request.body.toString())
  const operation = parameters.get('Action') ?? ''
  return { protocol: 'query', service: signature?.service ?? 'sts', operation, parameters }
}

function unsigned({ headers }: SignedRequest, protocol: Protocol): AwsError {
  return headers.authorization === undefined
    ? commonError(protocol, 'missing', 'Request is missing Authentication Token')
    : commonError(protocol, 'incomplete', 'The Authorization header has no Signature Version 4.')
}

function injected({ code = 'InternalFailure', message, status }: FaultSpec, protocol: Protocol) {
  return new AwsError(
    code,
    message ?? 'Injected by the simulator',
    status ?? usualStatus(code, protocol),
  )
}

function usualStatus(code: string, protocol: Protocol): number {
  if (code.startsWith('Internal')) return 500
  if (code.startsWith('ServiceUnavailable')) return 503
  const isForbidden = /^(AccessDenied|Expired|InvalidClientToken|RegionDisabled)/.test(code)
  return protocol === 'query' && isForbidden ? 403 : 400
}

/** Waits for a log-normally distributed time: one response in a hundred takes more than twice the median. */
async function answerTime(medianMs: number): Promise<void> {
  if (medianMs <= 0) return
  // Box–Muller: a normally distributed number from two uniformly distributed ones.
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  await sleep(medianMs * Math.exp(0.3 * normal))
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString() || '{}')
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON')
  }
}

function toAnswer(protocol: Protocol, requestId: string, status: number, body: string): AwsAnswer {
  const contentType = protocol === 'json' ? 'application/x-amz-json-1.1' : 'text/xml'
  return { status, body, headers: { 'content-type': contentType, 'x-amzn-RequestId': requestId } }
}

function errorBody({ protocol, service }: Asked, error: AwsError, requestId: string): string {
  const { code, message, status } = error
  if (protocol === 'json') {
    // AWS writes this one member with a capital letter where a policy decided.
    const member = code === 'AccessDeniedException' ? 'Message' : 'message'
    return JSON.stringify({ __type: code, [member]: message })
  }
  const namespace = Object.hasOwn(namespaces, service) ? namespaces[service] : namespaces.sts
  const type = status >= 500 ? 'Receiver' : 'Sender'
  const inside = xml({ Error: { Type: type, Code: code, Message: message }, RequestId: requestId })
  return `<ErrorResponse xmlns="${namespace}">${inside}</ErrorResponse>`
}
