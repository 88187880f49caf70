/** The HTTP server: AWS's protocols on every path except `/_simulator`, which serves the controls. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AwsParts, createAws } from './aws.ts'
import { control } from './controls.ts'
import type { Simulator } from './types.ts'

const MAX_AWS_BODY = 1024 * 1024
const MAX_CONTROL_BODY = 256 * 1024 * 1024
const KEEP_ALIVE_MS = 10 * 60_000

export function createHttpServer(parts: AwsParts & { simulator: Simulator }): Server {
  const answerAws = createAws(parts)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    // The simulator's clock, for clients that use AWS's `Date` header.
    response.setHeader('Date', new Date(parts.now()).toUTCString())
    if (url.split('?')[0]!.startsWith('/_simulator')) {
      const body = await readBody(request, MAX_CONTROL_BODY)
      const { status, result } = await control(parts.simulator, { method, url, body })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(result, null, 2)}\n`)
      return
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    const body = await readBody(request, MAX_AWS_BODY)
    const answer = await answerAws({ method, url, headers, body })
    if (answer === 'hang') return
    if (answer === 'drop') {
      request.socket.destroy()
      return
    }
    response.setHeader('Date', new Date(parts.now()).toUTCString())
    if (answer.undated) {
      response.removeHeader('Date')
      response.sendDate = false
    }
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }

  // Far longer than clients leave a connection unused: with the default of 5 s, a request can arrive
  // at the moment that the server closes its connection.
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A client that disconnected is no error. Anything else is the simulator's own error and must be visible.
      if (response.destroyed || response.headersSent) return
      response.writeHead(error instanceof TooLarge ? 413 : 500, { 'content-type': 'text/plain' })
      response.end(`Simulator: ${error instanceof Error ? error.stack : error}\n`)
    })
  })
}

class TooLarge extends Error {}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw new TooLarge(`The request's body is longer than ${limit} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
