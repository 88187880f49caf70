import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseScenario, type Scenario } from './scenario.ts'

/** The files of bench/outages. */
export const SCENARIO_FILES = ['tuning', 'held', 'field', 'unseen'] as const

export function readScenarioFile(name: string): Scenario[] {
  const file = path.join(import.meta.dirname, `../../bench/outages/${name}.jsonl`)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line, nth) => parseScenario(line, `${name}.jsonl:${nth + 1}`))
}
