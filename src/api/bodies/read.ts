import type { Readable } from 'node:stream'
import { errorCodes, type FastifyRequest } from 'fastify'
import type { App } from '../context.ts'
import { ClientDisconnected } from '../errors.ts'
import { parseBody } from '../json-body.ts'
import { addressBlock } from '../rate-limit.ts'
import type { ByteBudget } from './budget.ts'
import type { BodyMemory } from './memory.ts'

/** The first allocation of a body of unknown length. */
const FIRST_BYTES = 16 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the memory of the body is counted. Null until the body is read. */
    bodyMemory: BodyMemory | null
    /** Limits the JSON that an organization can send. Null until the body is read. */
    jsonBudget: ByteBudget | null
    /** Releases the memory of the body. */
    releaseBody: (() => void) | null
  }
}

/**
 * Counts the bodies of all routes in `memory`, each until its response is sent or its connection
 * closed, and the JSON of known senders in `budget`.
 */
export function countBodies(
  app: App,
  { memory, budget }: { memory: BodyMemory; budget: ByteBudget },
): void {
  app.decorateRequest('bodyMemory', null)
  app.decorateRequest('jsonBudget', null)
  app.decorateRequest('releaseBody', null)
  app.addHook('preParsing', async (request, reply) => {
    // A request that ended meanwhile is not closed again, and would keep its memory.
    if (reply.raw.destroyed || request.raw.socket.destroyed) throw new ClientDisconnected()
    request.bodyMemory = memory
    request.jsonBudget = budget
    reply.raw.once('close', () => request.releaseBody?.())
  })
}

/**
 * Reads the body of a request, for content type parsers. Copies the chunks into one buffer: each
 * chunk is an object, so a body of single bytes would take far more memory than is counted.
 *
 * @throws FST_ERR_CTP_BODY_TOO_LARGE above the limit of the route; Problem 429 if `BodyMemory`
 *   refuses the body; ClientDisconnected
 */
export function readBody(request: FastifyRequest, payload: Readable): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit
  const announced = announcedBytes(request)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  if (announced !== undefined && announced > limit) {
    reject(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    return promise
  }
  const most = announced ?? limit
  let buffer = Buffer.alloc(0)
  let length = 0
  let isOver = false
  const held = request.bodyMemory!.hold(ownerOf(request), fail)
  request.releaseBody = held.release

  function onData(chunk: Buffer): void {
    const needed = length + chunk.length
    if (needed > limit) {
      fail(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
      return
    }
    if (needed > buffer.length) {
      const doubled = Math.min(Math.max(2 * buffer.length, FIRST_BYTES), most)
      const size = Math.max(doubled, needed)
      held.add(size - buffer.length)
      // It was this body that had to be refused.
      if (isOver) return
      const larger = Buffer.allocUnsafeSlow(size)
      buffer.copy(larger, 0, 0, length)
      buffer = larger
    }
    chunk.copy(buffer, length)
    length = needed
  }
  function onEnd(): void {
    if (announced !== undefined && announced !== length) {
      fail(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH())
      return
    }
    stop()
    held.complete()
    resolve(buffer.subarray(0, length))
  }
  function onClose(): void {
    if (!isOver) fail(new ClientDisconnected())
  }
  function stop(): void {
    isOver = true
    payload.off('data', onData).off('end', onEnd).off('close', onClose)
  }
  function fail(error: Error): void {
    stop()
    held.release()
    buffer = Buffer.alloc(0)
    // The rest is discarded. The connection is closed after the response.
    payload.resume()
    reject(error)
  }
  payload.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  return promise
}

/** Reads and parses a JSON body, for content type parsers. Throws what both functions throw. */
export async function readJson(request: FastifyRequest, payload: Readable): Promise<unknown> {
  return parseJson(request, await readBody(request, payload))
}

/**
 * Parses a body that `readBody` has returned.
 *
 * @throws Problem 429 if the organization of the request has sent too much; what `parseBody` throws
 */
export function parseJson(request: FastifyRequest, body: Buffer): unknown {
  const { organizationId } = request
  if (organizationId) request.jsonBudget!.spend(organizationId, body.length)
  return parseBody(body.toString())
}

function announcedBytes({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

function ownerOf({ ip, organizationId, receiver }: FastifyRequest) {
  return {
    address: addressBlock(ip),
    organization: organizationId || receiver?.organizationId,
    integration: receiver?.id,
  }
}
