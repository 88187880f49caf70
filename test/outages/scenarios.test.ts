/** The scenarios are as hard as they have to be, or their results prove nothing. Ranked in memory. */

import { describe, expect, test } from 'vitest'
import { wordsOf } from '../../src/incidents/ranking/words.ts'
import { readScenarioFile, SCENARIO_FILES } from '../../testing/outages/files.ts'
import { type Ranked, rankScenario, readScenario } from '../../testing/outages/memory.ts'
import { summarizeResults } from '../../testing/outages/result.ts'
import type { Scenario } from '../../testing/outages/scenario.ts'

const HOUR_MS = 3_600_000
interface Case {
  file: string
  scenario: Scenario
  /** At each time that is asked. */
  read: Ranked[]
  /** At the last one. */
  ranked: Ranked
}
const cases = SCENARIO_FILES.flatMap((file) =>
  readScenarioFile(file).map((scenario): Case => {
    const read = readScenario(scenario)
    return { file, scenario, read, ranked: read.at(-1)! }
  }),
)
const guilty = cases.filter(({ scenario }) => scenario.culprits.length > 0)

const culpritOf = ({ scenario, ranked }: Case) =>
  ranked.candidates.find(({ sourceId }) => scenario.culprits.includes(sourceId))!
const share = <T>(items: readonly T[], test: (item: T) => boolean) =>
  items.filter(test).length / items.length

/** Words of names that many resources share name none of them. */
const PARTS = new Set(
  'api prod production app core main service web db data table queue topic group role policy key task'.split(
    ' ',
  ),
)

function namesResource(each: Case): boolean {
  const { title, services } = each.scenario.incident
  const named = new Set([title, ...services].flatMap(wordsOf))
  const culprit = culpritOf(each)
  const texts = culprit.resources.flatMap(({ id, name }) => [id, name ?? ''])
  return texts.flatMap(wordsOf).some((word) => named.has(word) && !PARTS.has(word))
}

test('there are at least 40 scenarios of 15 kinds', () => {
  expect(cases.length).toBeGreaterThanOrEqual(40)
  const kinds = new Set(cases.map(({ scenario }) => scenario.title?.split(':')[0]))
  expect(kinds.size).toBeGreaterThanOrEqual(15)
  expect(new Set(guilty.map((each) => culpritOf(each).action)).size).toBeGreaterThanOrEqual(15)
})

test('every culprit is a candidate', () => {
  expect(guilty.filter((each) => culpritOf(each) === undefined)).toEqual([])
})

describe('each scenario', () => {
  test('has at least 50 candidates', () => {
    const few = cases.filter(({ ranked }) => ranked.candidates.length < 50)
    expect(few.map(({ scenario }) => scenario.id)).toEqual([])
  })

  test('has at least five accounts, some of them for networks and DNS', () => {
    for (const { scenario, ranked } of cases) {
      const accounts = new Set(ranked.candidates.flatMap(({ accountId }) => accountId ?? []))
      expect(accounts.size, scenario.id).toBeGreaterThanOrEqual(5)
      const production = scenario.environments.find(({ name }) => name === 'production')
      expect(production?.dependsOn).toEqual(expect.arrayContaining(['network', 'dns']))
    }
  })
})

test('more than half of the culprits’ actions occur at least three times in the account', () => {
  expect(share(guilty, (each) => culpritOf(each).history.sameAction >= 2)).toBeGreaterThan(0.5)
})

test('a third of the causes are 1 to 24 hours older than the start', () => {
  const isOld = (each: Case) => {
    const { incident } = each.scenario
    const start = (incident.startedAt ?? incident.noticedAt).getTime()
    const age = start - culpritOf(each).occurredAt.getTime()
    return age >= HOUR_MS && age <= 24 * HOUR_MS
  }
  expect(share(guilty, isOld)).toBeGreaterThanOrEqual(0.33)
})

test('in half of the scenarios, neither title nor services name the changed resource', () => {
  expect(share(guilty, (each) => !namesResource(each))).toBeGreaterThanOrEqual(0.5)
})

test('at least 20 % of the scenarios have no culprit', () => {
  expect(share(cases, ({ scenario }) => scenario.culprits.length === 0)).toBeGreaterThanOrEqual(0.2)
})

test('the same action occurs in staging, and changes arrive late', () => {
  const inStaging = (each: Case) =>
    each.ranked.candidates.some(
      ({ action, environmentIds }) =>
        action === culpritOf(each).action && environmentIds.includes('staging'),
    )
  expect(guilty.filter(inStaging).length).toBeGreaterThanOrEqual(20)
  const late = cases.filter(({ scenario }) =>
    scenario.events.some(({ arrivesAt }) => arrivesAt !== undefined),
  )
  expect(late.length).toBe(cases.length)
})

const results = cases.flatMap(({ file, scenario, read }) => {
  const hasCulprit = scenario.culprits.length > 0
  return rankScenario(scenario, read).map((result) => ({ file, scenario, result, hasCulprit }))
})

test.each(SCENARIO_FILES)(
  'the scenarios of %s.jsonl are ranked as the contract requires',
  (name) => {
    // A file has some twenty scenarios with a culprit, so a single one is 5 %.
    const summary = summarizeResults(results.filter(({ file }) => file === name))
    expect(summary.top1).toBeGreaterThanOrEqual(0.68)
    expect(summary.top3).toBeGreaterThanOrEqual(0.8)
    const baseline = Math.max(summary.baselineTop1, summary.rarityTop1)
    expect(summary.top1 - baseline).toBeGreaterThanOrEqual(0.2)
    expect(summary.falseAccusations).toBeLessThanOrEqual(0.2)
  },
)

test('all scenarios together are ranked with a margin', () => {
  const summary = summarizeResults(results)
  expect(summary.top1).toBeGreaterThanOrEqual(0.75)
  expect(summary.top3).toBeGreaterThanOrEqual(0.9)
  expect(summary.falseAccusations).toBeLessThanOrEqual(0.12)
  expect(summary.falseAbstentions).toBeLessThanOrEqual(0.45)
})
