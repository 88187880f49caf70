import { PassThrough } from 'node:stream'
import { z } from 'zod'
import type { Notification } from '../db/notifications.ts'
import { watchAuthorization } from './authenticate.ts'
import type { ApiContext, App } from './context.ts'
import { Problem, problems } from './problems.ts'

/**
 * Many proxies close connections without traffic after 30 or 60 seconds, and a client cannot
 * distinguish a quiet stream from one whose network was lost.
 */
const HEARTBEAT_MS = 15_000
/** Streams end from time to time, which limits the effect of a leak. */
const MAX_STREAM_MS = 15 * 60_000
/** How long a client that does not read keeps its stream after the stream has ended. */
const DRAIN_MS = 10_000
/**
 * The maximum buffer for a client that does not read. Beyond it, the stream is closed; the client
 * reconnects and fetches again.
 */
const MAX_BUFFERED_BYTES = 64 * 1024
const MAX_STREAMS_PER_ORGANIZATION = 100

const description = `A stream of server-sent events. \`changes\`: a connection has new changes, \`{"connectionId":"…","count":12,"noise":3,"newest":"2026-03-02T12:01:14.000Z"}\`, batched over half a second. \`connection\`: the status, verification or coverage of a connection changed, \`{"id":"…"}\`. \`incident\`: an incident or its verdicts changed, \`{"id":"…"}\`. \`missed\`: events may have been lost, \`{}\`. \`heartbeat\`: sent every 15 seconds, \`{}\`; a stream that is silent for longer is lost. Events contain no data: fetch the resources again after an event and after reconnecting. The stream closes after at most 15 minutes, and within a minute after its API key is revoked or its session ends.`

/** The event stream. */
export function eventRoutes(app: App, context: ApiContext): void {
  const { notifications } = context
  const streams = new Map<string, Set<PassThrough>>()
  // Runs before the server waits for open requests, because a stream does not end on its own.
  app.addHook('preClose', async () => {
    for (const each of streams.values()) for (const stream of each) stream.end()
  })

  app.get(
    '/events',
    {
      schema: {
        tags: ['changes'],
        operationId: 'listenToEvents',
        summary: 'Stream events',
        description,
        response: {
          200: {
            description: 'The event stream.',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(401, 429, 503),
        },
      },
    },
    (request, reply) => {
      const { organizationId } = request
      const own = streams.get(organizationId) ?? new Set()
      if (own.size >= MAX_STREAMS_PER_ORGANIZATION) {
        const detail = `The organization has ${own.size} open event streams, which is the limit. Close a stream, or retry later.`
        throw new Problem(429, detail, { headers: { 'retry-after': '60' } })
      }
      streams.set(organizationId, own)
      const stream = new PassThrough()
      own.add(stream)
      const write = (text: string) => {
        if (stream.writableEnded || stream.destroyed) return
        if (stream.readableLength + stream.writableLength > MAX_BUFFERED_BYTES) stream.destroy()
        else stream.write(text)
      }
      const unsubscribe = notifications.subscribe(organizationId, (heard) => write(toEvent(heard)))
      const heartbeat = setInterval(() => write(event('heartbeat', {})), HEARTBEAT_MS)
      const end = () => {
        stream.end()
        setTimeout(() => stream.destroy(), DRAIN_MS).unref()
      }
      const longest = setTimeout(end, MAX_STREAM_MS)
      const stopWatching = watchAuthorization(context, request, end)
      // However it ends: by the server, by the client, or by a shutdown.
      const release = () => {
        unsubscribe()
        clearInterval(heartbeat)
        stopWatching()
        clearTimeout(longest)
        own.delete(stream)
        if (own.size === 0 && streams.get(organizationId) === own) streams.delete(organizationId)
      }
      stream.once('close', release)
      reply.raw.once('close', () => stream.destroy())
      write('retry: 2000\n: listening\n\n')
      reply.header('content-type', 'text/event-stream')
      // Otherwise the server would wait at shutdown for more requests on this connection.
      reply.header('connection', 'close')
      // Prevents nginx from buffering the stream.
      reply.header('x-accel-buffering', 'no')
      return reply.send(stream as never) as never
    },
  )
}

/** JSON contains no line breaks, so one `data` line is sufficient. */
function toEvent(heard: Notification): string {
  switch (heard.kind) {
    case 'changes': {
      const { connectionId, count, noise, newest } = heard
      return event('changes', { connectionId, count, noise, newest: newest.toISOString() })
    }
    case 'connection':
      return event('connection', { id: heard.connectionId })
    case 'incident':
      return event('incident', { id: heard.incidentId })
    case 'missed':
      return event('missed', {})
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
