import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { openTestDatabases, type TestDatabases } from '../../testing/database.ts'
import { readScenarioFile } from '../../testing/outages/files.ts'
import { rankScenario } from '../../testing/outages/memory.ts'
import type { ScenarioResult } from '../../testing/outages/result.ts'
import { runScenario } from '../../testing/outages/run.ts'
import { InvalidScenario, parseScenario } from '../../testing/outages/scenario.ts'

let databases: TestDatabases
let db: Database
let system: Database

beforeAll(async () => {
  databases = await openTestDatabases()
  ;({ db, system } = databases)
})
afterAll(() => databases.close())

/** Without what depends on the order of changes of the same second. */
function decisive({ answer, rank, lineRank, candidates, reasons, askedAt, top }: ScenarioResult) {
  const [first] = top
  return { answer, rank, lineRank, candidates, reasons, askedAt, first }
}

// All scenarios are ranked in memory, in test/outages/scenarios.test.ts.
test.each([
  ['tuning', 2],
  ['field', 0],
  ['unseen', 1],
])(
  'scenario %s %i ranks in the database as in memory',
  { timeout: 600_000 },
  async (name, place) => {
    const scenario = readScenarioFile(name)[place]!
    const stored = await runScenario({ db, system }, scenario, `${name} ${place}`)
    expect(stored.map(decisive)).toEqual(rankScenario(scenario).map(decisive))
    expect(stored.length).toBe(scenario.askAt?.length ?? 1)
  },
)

test.each<[string, string, string]>([
  ['a line that is not JSON', '{"id":', 'file:3: not JSON'],
  [
    'a missing field',
    '{"id":"a","environments":[],"incident":{"title":"x"},"events":[]}',
    'file:3: incident.noticedAt',
  ],
  [
    'an unknown kind of event',
    '{"id":"a","environments":[],"incident":{"title":"x","noticedAt":"2026-03-02T12:00:00Z"},"events":[{"type":"x"}]}',
    'file:3: events.0.type',
  ],
])('%s is an error with the line', (_, line, message) => {
  expect(() => parseScenario(line, 'file:3')).toThrow(InvalidScenario)
  expect(() => parseScenario(line, 'file:3')).toThrow(message)
})
