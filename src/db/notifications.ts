import pg from 'pg'
import { z } from 'zod'
import { PROBE_CLIENT, PROBE_SERVER } from './lost-connections.ts'

/** The channel that the triggers of the migrations notify. */
const CHANNEL = 'cairn'
/** Notifications within this time are combined into one per listener. Milliseconds. */
const COALESCE_MS = 500
const MAX_WAIT_MS = 15_000

/** An event of an organization, combined over half a second. */
export type Notification =
  /** New changes of one connection; `noise` of them are routine. */
  | { kind: 'changes'; connectionId: string | null; count: number; noise: number; newest: Date }
  /** A connection's row, verification or coverage was written. */
  | { kind: 'connection'; connectionId: string }
  /** An incident or a verdict on one of its changes was written. */
  | { kind: 'incident'; incidentId: string }
  /** Postgres was unavailable: notifications in the meantime were lost. */
  | { kind: 'missed' }

type Listener = (notification: Notification) => void

export interface Notifications {
  /** @returns a function that ends the subscription */
  subscribe(organizationId: string, listener: Listener): () => void
  close(): Promise<void>
}

const payloadSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('changes'),
    organization: z.string(),
    connection: z.string().nullable(),
    count: z.number(),
    noise: z.number(),
    newest: z.coerce.date(),
  }),
  z.object({ kind: z.literal('connection'), organization: z.string(), connection: z.string() }),
  z.object({ kind: z.literal('incident'), organization: z.string(), incident: z.string() }),
])

function toNotification(payload: z.output<typeof payloadSchema>): Notification {
  if (payload.kind === 'incident') return { kind: 'incident', incidentId: payload.incident }
  const { organization: _, connection, ...rest } = payload
  return { ...rest, connectionId: connection } as Notification
}

/** The pending events of one organization. */
class Outbox {
  readonly listeners = new Set<Listener>()
  #pending = new Map<string, Notification>()
  #timer: NodeJS.Timeout | undefined

  add(notification: Notification): void {
    const key = JSON.stringify([
      notification.kind,
      'connectionId' in notification && notification.connectionId,
      'incidentId' in notification && notification.incidentId,
    ])
    const before = this.#pending.get(key)
    if (before?.kind === 'changes' && notification.kind === 'changes') {
      before.count += notification.count
      before.noise += notification.noise
      if (notification.newest > before.newest) before.newest = notification.newest
    } else {
      this.#pending.set(key, notification)
    }
    // Never immediately, because the notifications of one batch arrive separately.
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS)
  }

  #flush(): void {
    this.#timer = undefined
    const due = [...this.#pending.values()]
    this.#pending.clear()
    for (const listener of this.listeners) for (const each of due) listener(each)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.listeners.clear()
  }
}

/**
 * Passes on the database's notifications from a separate connection. It is opened for the first
 * listener, and reopened with growing delays when it is lost: then all listeners are notified that
 * they may have missed something.
 *
 * @param options.onError called when listening to Postgres fails; it is retried
 */
export function openNotifications(options: {
  /** `postgres://…` */
  url: string
  onError?: (error: Error) => void
}): Notifications {
  const outboxes = new Map<string, Outbox>()
  let client: pg.Client | undefined
  let connecting: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let waitMs = 0
  let closed = false

  const onNotification = ({ payload }: pg.Notification) => {
    let json: unknown
    try {
      json = JSON.parse(payload ?? '')
    } catch {
      return
    }
    const parsed = payloadSchema.safeParse(json)
    if (!parsed.success) return
    outboxes.get(parsed.data.organization)?.add(toNotification(parsed.data))
  }

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: options.url,
      connectionTimeoutMillis: 10_000,
      ...PROBE_SERVER,
      application_name: 'cairn notifications',
      // It reads no table, so the role with the fewest privileges is sufficient.
      options: ['-c role=cairn_api', ...PROBE_CLIENT].join(' '),
    })
    // One of these events is sufficient to detect the end; both may occur.
    let over = false
    const lost = (error?: Error) => {
      if (over) return
      over = true
      next.removeAllListeners('notification')
      next.end().catch(() => {})
      if (client === next) client = undefined
      if (closed) return
      options.onError?.(error ?? new Error('The connection that listens has ended'))
      again()
    }
    next.on('error', lost)
    next.on('end', () => lost())
    next.on('notification', onNotification)
    try {
      await next.connect()
      await next.query(`LISTEN ${CHANNEL}`)
    } catch (error) {
      lost(error as Error)
      return
    }
    if (over) return
    if (closed) {
      await next.end()
      return
    }
    client = next
    waitMs = 0
    // Listeners that subscribed before this moment have received nothing yet, also at the first connect.
    for (const outbox of outboxes.values()) outbox.add({ kind: 'missed' })
  }

  function again(): void {
    // So that not all processes reconnect at the same moment.
    waitMs = Math.min(MAX_WAIT_MS, Math.max(250, waitMs * 2))
    retry = setTimeout(start, waitMs * (0.5 + Math.random()))
  }

  function start(): void {
    retry = undefined
    connecting = connect().finally(() => {
      connecting = undefined
    })
  }

  return {
    subscribe(organizationId, listener) {
      const outbox = outboxes.get(organizationId) ?? new Outbox()
      outboxes.set(organizationId, outbox)
      // A new object each time, because the same function may subscribe twice.
      const own: Listener = (notification) => listener(notification)
      outbox.listeners.add(own)
      if (!client && !connecting && !retry) start()
      return () => {
        outbox.listeners.delete(own)
        if (outbox.listeners.size > 0) return
        outbox.close()
        if (outboxes.get(organizationId) === outbox) outboxes.delete(organizationId)
      }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      for (const outbox of outboxes.values()) outbox.close()
      outboxes.clear()
      await connecting
      await client?.end().catch(() => {})
    },
  }
}
