/** What calls with many entries act on, where only the entries name it. */

import { isObject } from '../../json.ts'
import type { Facts } from './facts.ts'
import type { JsonReader } from './json-reader.ts'

interface BatchTarget {
  type: string
  /** A name or an ARN. */
  id: string
}

/** The tables of DynamoDB's batches and transactions, and the event buses of PutEvents. */
export function batchTargets({ service, plainAction, params }: Facts): BatchTarget[] {
  if (service === 'dynamodb' && /^(Batch|Transact)(Get|Write)Item/.test(plainAction)) {
    const names = itemsByTable(params).map(({ table }) => table)
    return [...new Set(names)].map((id) => ({ type: 'AWS::DynamoDB::Table', id }))
  }
  if (service === 'events' && plainAction === 'PutEvents') {
    const names = params.objects('entries').flatMap((entry) => entry.text('eventBusName') ?? [])
    return [...new Set(names)].map((id) => ({ type: 'AWS::Events::EventBus', id }))
  }
  return []
}

/**
 * The entries of a batch, `{requestItems: {orders: [{putRequest: {…}}]}}`, or of a transaction,
 * `{transactItems: [{put: {tableName, …}}]}`. The items that a transaction only checks are none.
 */
function itemsByTable(params: JsonReader): { table: string; verb: string }[] {
  const found: { table: string; verb: string }[] = []
  for (const [table, requests] of params.object('requestItems').entries().slice(0, 25)) {
    const entries = Array.isArray(requests) ? requests.filter(isObject) : []
    // BatchGetItem has keys; a record may have no entries.
    if (entries.length === 0) found.push({ table, verb: '' })
    for (const entry of entries) found.push({ table, verb: Object.keys(entry)[0] ?? '' })
  }
  for (const item of params.objects('transactItems').slice(0, 100)) {
    for (const verb of ['put', 'update', 'delete', 'get']) {
      const table = item.object(verb).text('tableName')
      if (table !== undefined) found.push({ table, verb })
    }
  }
  return found
}

/** How many items are written, and whether all of them are deleted. */
export function writtenItems(params: JsonReader): { count: number; areDeleted: boolean } {
  const written = itemsByTable(params).filter(({ verb }) => verb !== '')
  const areDeleted = written.length > 0 && written.every(({ verb }) => /^delete/i.test(verb))
  return { count: written.length, areDeleted }
}
