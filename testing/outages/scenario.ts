/** Outage scenarios, see bench/outages/README.md: JSON lines, one scenario a line. */

import { z } from 'zod'
import { MATCH_KEYS } from '../../src/changes/environment-rules.ts'

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const arrivesAt = time.optional()
const patterns = z.array(z.string())

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('aws.cloudtrail'),
    record: z.record(z.string(), z.unknown()),
    arrivesAt,
  }),
  z.object({
    type: z.literal('github'),
    event: z.string(),
    payload: z.record(z.string(), z.unknown()),
    arrivesAt,
  }),
  z.object({
    type: z.literal('change'),
    body: z.record(z.string(), z.unknown()),
    arrivesAt,
  }),
])

const scenarioSchema = z.object({
  id: z.string().min(1),
  title: z.string().optional(),
  environments: z.array(
    z.object({
      name: z.string().min(1),
      match: z.partialRecord(z.enum(MATCH_KEYS), patterns).default({}),
      dependsOn: z.array(z.string()).default([]),
    }),
  ),
  incident: z.object({
    title: z.string(),
    noticedAt: time,
    startedAt: time.nullish(),
    startedAfter: time.nullish(),
    environment: z.string().nullish(),
    services: z.array(z.string()).default([]),
    pagerduty: z.unknown().optional(),
    alertmanager: z.unknown().optional(),
  }),
  askAt: z.array(time).nullish(),
  events: z.array(eventSchema),
  culprits: z.array(z.string()).default([]),
})

export type Scenario = z.output<typeof scenarioSchema>
export type ScenarioEvent = Scenario['events'][number]

/** The text is not a scenario. */
export class InvalidScenario extends Error {
  override readonly name = 'InvalidScenario'
}

/**
 * @param place for the message: `file.jsonl:3`
 * @throws InvalidScenario
 */
export function parseScenario(line: string, place: string): Scenario {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch (error) {
    throw new InvalidScenario(`${place}: not JSON: ${(error as Error).message}`)
  }
  const result = scenarioSchema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InvalidScenario(`${place}: ${issue!.path.join('.') || 'scenario'}: ${issue!.message}`)
}
