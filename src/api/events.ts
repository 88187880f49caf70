import { PassThrough } from 'node:stream'
import { z } from 'zod'
import type { Notification } from '../db/notifications.ts'
import { isStillLetIn } from './authenticate.ts'
import type { ApiContext, App } from './context.ts'
import { Problem, problems } from './problems.ts'

/** Short enough for proxies that end what is silent, many of them after 30 or 60 seconds. */
const HEARTBEAT_MS = 15_000
/** Who listens is asked again who it is: a revoked key listens no longer. */
const ASK_AGAIN_MS = 60_000
/** Streams end now and then, so that what leaks ends as well. */
const LONGEST_MS = 15 * 60_000
/** What a client that does not read has left of its stream when that has ended. */
const UNREAD_MS = 10_000
/** What may wait for a client that does not read. It is let go, and catches up when it returns. */
const MOST_WAITING_BYTES = 64 * 1024
const MOST_PER_ORGANIZATION = 100

const description = `A stream of server-sent events. \`changes\`: a connection has new changes, \`{"connectionId":"…","count":12,"noise":3,"newest":"2026-03-02T12:01:14.000Z"}\`, batched over half a second. \`connection\`: the status, verification or coverage of a connection changed, \`{"id":"…"}\`. \`missed\`: events may have been lost, \`{}\`. Events contain no data: fetch the resources again after an event and after reconnecting. A comment is sent every 15 seconds as a heartbeat. The stream closes after at most 15 minutes, and within a minute after its API key is revoked or its session ends.`

/** What happens, as it happens. */
export function eventRoutes(app: App, context: ApiContext): void {
  const { notifications } = context
  const streams = new Map<string, Set<PassThrough>>()
  // Before the server waits for what is under way, for a stream would never end by itself.
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
      if (own.size >= MOST_PER_ORGANIZATION) {
        const detail = `The organization has ${own.size} open event streams, which is the limit. Close a stream, or retry later.`
        throw new Problem(429, detail, { headers: { 'retry-after': '60' } })
      }
      streams.set(organizationId, own)
      const stream = new PassThrough()
      own.add(stream)
      const write = (text: string) => {
        if (stream.writableEnded || stream.destroyed) return
        if (stream.readableLength + stream.writableLength > MOST_WAITING_BYTES) stream.destroy()
        else stream.write(text)
      }
      const unsubscribe = notifications.subscribe(organizationId, (heard) => write(toEvent(heard)))
      const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS)
      const end = () => {
        stream.end()
        setTimeout(() => stream.destroy(), UNREAD_MS).unref()
      }
      const longest = setTimeout(end, LONGEST_MS)
      const asking = setInterval(async () => {
        // Where the database does not answer, nothing is told either.
        const stays = await isStillLetIn(context, request).catch(() => true)
        if (!stays) end()
      }, ASK_AGAIN_MS)
      // However it ends: by us, by the client, with the server.
      const release = () => {
        unsubscribe()
        clearInterval(heartbeat)
        clearInterval(asking)
        clearTimeout(longest)
        own.delete(stream)
        if (own.size === 0 && streams.get(organizationId) === own) streams.delete(organizationId)
      }
      stream.once('close', release)
      reply.raw.once('close', () => stream.destroy())
      write('retry: 2000\n: listening\n\n')
      reply.header('content-type', 'text/event-stream')
      // Or the server, when it ends, would wait for what else comes this way.
      reply.header('connection', 'close')
      // nginx would keep it back otherwise.
      reply.header('x-accel-buffering', 'no')
      return reply.send(stream as never) as never
    },
  )
}

/** JSON has no line break, so one `data` line holds it. */
function toEvent(heard: Notification): string {
  switch (heard.kind) {
    case 'changes': {
      const { connectionId, count, noise, newest } = heard
      return event('changes', { connectionId, count, noise, newest: newest.toISOString() })
    }
    case 'connection':
      return event('connection', { id: heard.connectionId })
    case 'missed':
      return event('missed', {})
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
