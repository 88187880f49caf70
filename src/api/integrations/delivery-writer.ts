import { asOrganization, type Database } from '../../db/database.ts'
import { insertDeliveries, type NewDelivery } from '../../db/deliveries.ts'
import type { Workflows } from '../../temporal/workflows.ts'
import { coalesceSignals } from '../coalesce.ts'

/** Of one transaction. A body has at most 25 MB. */
const BATCH = { deliveries: 200, bytes: 32 * 1024 * 1024 }

interface Waiting {
  delivery: NewDelivery
  resolve: (isStored: boolean) => void
  reject: (error: unknown) => void
}

/** Stores deliveries. */
export interface DeliveryWriter {
  /**
   * Resolves when the delivery is stored, also if it was stored before. False: its integration no
   * longer exists.
   *
   * @throws Postgres' errors
   */
  store(organizationId: string, delivery: NewDelivery): Promise<boolean>
  /**
   * Signals the organization's workflow that there is work which was not stored here, such as a
   * replayed delivery. Signals are coalesced, and not waited for.
   */
  signal(organizationId: string): void
}

/**
 * Stores deliveries in batches: what arrives while a transaction of the organization runs is stored
 * by the next one. So a burst takes few transactions, and each organization has one at a time.
 *
 * The workflow that translates them is signalled after, and not waited for: a delivery that is
 * stored is translated later if Temporal is unavailable.
 *
 * @param options.database a pool of the role `cairn_system` for these transactions only
 */
export function createDeliveryWriter(options: {
  database: Database
  workflows: Pick<Workflows, 'deliver'>
}): DeliveryWriter {
  const { database, workflows } = options
  const queues = new Map<string, Waiting[]>()
  const signal = coalesceSignals((organizationId) => workflows.deliver(organizationId))

  async function writeAll(organizationId: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch(queue)
      const deliveries = batch.map(({ delivery }) => delivery)
      try {
        const existing = await asOrganization(database, organizationId, (trx) =>
          insertDeliveries(trx, organizationId, deliveries),
        )
        for (const { delivery, resolve } of batch) resolve(existing.has(delivery.integrationId))
        signal(organizationId)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    queues.delete(organizationId)
  }

  return {
    store(organizationId, delivery) {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>()
      const queue = queues.get(organizationId)
      const waiting = { delivery, resolve, reject }
      if (queue) queue.push(waiting)
      else {
        const created = [waiting]
        queues.set(organizationId, created)
        void writeAll(organizationId, created)
      }
      return promise
    },
    signal,
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  let bytes = 0
  return takeInTurns(queue, {
    keyOf: ({ delivery }) => delivery.integrationId,
    fits({ delivery }, count) {
      bytes += delivery.body.length
      return count === 0 || (count < BATCH.deliveries && bytes <= BATCH.bytes)
    },
  })
}

/**
 * Removes items from a queue: the oldest of each key, then the second of each, until one does not
 * fit. A burst of one key does not delay the others.
 *
 * @param options.fits called with the number of items that are taken already
 */
export function takeInTurns<Item>(
  queue: Item[],
  options: { keyOf: (item: Item) => string; fits: (item: Item, count: number) => boolean },
): Item[] {
  const turns = new Map<string, number>()
  const ordered = queue
    .map((item) => {
      const key = options.keyOf(item)
      const turn = turns.get(key) ?? 0
      turns.set(key, turn + 1)
      return { item, turn }
    })
    .sort((a, b) => a.turn - b.turn)
  const end = ordered.findIndex(({ item }, index) => !options.fits(item, index))
  const taken = ordered.slice(0, end < 0 ? ordered.length : end).map(({ item }) => item)
  const removed = new Set(taken)
  queue.splice(0, queue.length, ...queue.filter((item) => !removed.has(item)))
  return taken
}
