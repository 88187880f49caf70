import { Random } from '../simulator/generate/random.ts'
import { generateHistory } from '../simulator/generate.ts'
import type { Simulator } from '../simulator/index.ts'
import { cloudTrailTime } from '../testing/cloudtrail/records.ts'

export const REGIONS = ['us-east-1', 'eu-west-1', 'ap-southeast-2']

const DAY_MS = 24 * 3_600_000
/**
 * New events are at most this old. Cairn reads seconds again until they are 20 minutes old, and then
 * only once more, after a day.
 */
const OLDEST_MS = 14 * 60_000
/** When LookupEvents shows the last of the new events. */
export const LATEST_MS = 20_000
/** More than enough days for the events of one round. */
const SOURCE_DAYS = 14

/** Adds a generated history. */
export function addHistory(simulator: Simulator, seed: number, days: number): void {
  const { accountId } = simulator
  const to = new Date(simulator.now())
  const from = new Date(simulator.now() - days * DAY_MS)
  simulator.addEvents(generateHistory({ seed, accountId, from, to, regions: REGIONS }))
}

/**
 * Adds changes of the last minutes. LookupEvents shows half of them immediately, the others within
 * 20 seconds and out of order.
 *
 * @param count how many, at most
 */
export function addChanges(simulator: Simulator, seed: number, count: number): void {
  const { accountId } = simulator
  const now = simulator.now()
  const random = new Random('changes', seed)
  const [from, to] = [new Date(now - SOURCE_DAYS * DAY_MS), new Date(now)]
  const changes = generateHistory({ seed, accountId, from, to, regions: REGIONS })
    .filter(({ readOnly }) => readOnly === false)
    .slice(-count)
  for (const change of changes) {
    const record = { ...change, eventTime: cloudTrailTime(now - random.integer(0, OLDEST_MS)) }
    const isLate = random.chance(0.5)
    const deliverAt = new Date(now + (isLate ? random.integer(0, LATEST_MS) : 0))
    simulator.addEvents([record], { deliverAt })
  }
}
