import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../src/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'
import { runScenario, summarizeResults } from '../testing/outages/run.ts'
import { InvalidScenario, parseScenario } from '../testing/outages/scenario.ts'

let testDatabase: TestDatabase
let db: Database
let system: Database

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  db = openDatabase({ url: testDatabase.url })
  system = openDatabase({ url: testDatabase.url, role: 'cairn_system' })
})

afterAll(async () => {
  await Promise.all([db.destroy(), system.destroy()])
  await testDatabase.drop()
})

function scenarios(name: string) {
  const file = path.join(import.meta.dirname, `../bench/outages/${name}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line, nth) => parseScenario(line, `${name}.jsonl:${nth + 1}`))
}

test('the scenarios of bench/outages rank as the contract requires', {
  timeout: 600_000,
}, async () => {
  const all = [...scenarios('tuning'), ...scenarios('held')]
  const results = []
  for (const scenario of all) {
    const hasCulprit = scenario.culprits.length > 0
    for (const result of await runScenario({ db, system }, scenario, scenario.id)) {
      expect(result.candidates).toBeGreaterThanOrEqual(50)
      results.push({ scenario, result, hasCulprit })
    }
  }
  const summary = summarizeResults(results)
  expect(summary.scenarios).toBeGreaterThanOrEqual(40)
  expect(summary.top1).toBeGreaterThanOrEqual(0.6)
  expect(summary.top3).toBeGreaterThanOrEqual(0.85)
  const baseline = Math.max(summary.baselineTop1, summary.rarityTop1)
  expect(summary.top1 - baseline).toBeGreaterThanOrEqual(0.2)
  expect(summary.falseAccusations).toBeLessThanOrEqual(0.2)
})

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
])('%s is an error that names the line', (_, line, message) => {
  expect(() => parseScenario(line, 'file:3')).toThrow(InvalidScenario)
  expect(() => parseScenario(line, 'file:3')).toThrow(message)
})
