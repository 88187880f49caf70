import { z } from 'zod'
import { backtestIncident } from '../../db/backtest.ts'
import { readOrganization } from '../../db/database.ts'
import {
  type BacktestMoment,
  type BacktestResult,
  MODELLED_DELAY_MINUTES,
} from '../../incidents/backtest.ts'
import { MAX_DAYS } from '../../incidents/past-incidents.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, problems } from '../problems.ts'
import { text } from '../text.ts'
import { timeInput } from '../time.ts'
import { refuseField, tags } from './requests.ts'
import { completenessExample, windowCompletenessSchema } from './schema.ts'

/** Each takes up to a second at a million changes, and a request must stay short. */
const MAX_INCIDENTS = 20
const MAX_BODY_BYTES = 128 * 1024
const HOUR_MS = 3_600_000
/** A page selects the incidents first, and then sends them in several requests. */
const LIMIT_MS = MAX_DAYS * 24 * HOUR_MS + HOUR_MS

const changeId = '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee63'

const pastExample = {
  time: '2026-03-02T20:45:10Z',
  title: 'checkout: 5xx above 5 %',
  environment: 'production',
  services: ['checkout'],
  serviceId: null,
  cause: 'removed port 5432',
}

const pastSchema = z
  .strictObject({
    time: timeInput.meta({
      description: `When it was noticed. At most ${MAX_DAYS} days ago, and not in the future.`,
    }),
    title: text(300).trim().min(1),
    environment: text(200).trim().min(1).nullable().default(null).meta({
      description: 'The name, ignoring case. Null: service mappings select it, as for an alert.',
    }),
    services: z.array(text(200).trim().min(1)).max(20).default([]),
    serviceId: text(200)
      .trim()
      .min(1)
      .nullable()
      .default(null)
      .meta({ description: "The alert source's ID of the first service, for service mappings." }),
    cause: text(1000).trim().min(1).nullable().default(null).meta({
      description:
        'The change that was the cause: a part of its summary, its `sourceId`, or its ID. Null: unknown.',
    }),
  })
  .meta({ id: 'PastIncident', examples: [pastExample] })

const suspectExample = {
  changeId,
  occurredAt: '2026-03-02T20:39:02.000Z',
  summary: 'ops-admin removed port 5432 from security group sg-1',
  score: 0.93,
  reasons: ['6 minutes before the alert', 'It closes a port'],
}

const momentExample = {
  at: '2026-03-02T20:45:10.000Z',
  answer: 'suspect' as const,
  sentence: `Most likely: ${suspectExample.summary}, 6 minutes before the alert`,
  candidates: 214,
  suspects: [suspectExample],
  causeRank: 1,
  causeSetRank: 1,
  newestFirstRank: 9,
}

const rankOf = (description: string) => z.int().min(1).nullable().meta({ description })

const momentSchema = z
  .object({
    at: z.iso.datetime(),
    answer: z.enum(['suspect', 'none']).meta({
      description: '`none`: no change scores above the threshold.',
    }),
    sentence: z.string(),
    candidates: z
      .int()
      .meta({ description: 'The number of changes that Cairn had received at that time.' }),
    suspects: z
      .array(
        z.object({
          changeId: z.uuid(),
          occurredAt: z.iso.datetime(),
          summary: z.string(),
          score: z.number().meta({ description: '0 to 1.' }),
          reasons: z.array(z.string()),
        }),
      )
      .meta({ description: 'At most three, the most likely first.' }),
    causeRank: rankOf('The place of the cause among all suspects. Null: not named, or unknown.'),
    causeSetRank: rankOf('The place of the first suspect whose change set contains the cause.'),
    newestFirstRank: rankOf(
      "The place of the cause in its environment's changes before the alert, the newest first, without routine changes.",
    ),
  })
  .meta({ id: 'BacktestMoment', examples: [momentExample] })

const resultSchema = z
  .object({
    time: z.iso.datetime(),
    title: z.string(),
    environment: z.string().nullable(),
    environmentId: z.uuid().nullable().meta({
      description: 'Null: unknown, or no environment has this name. Then all count the same.',
    }),
    services: z.array(z.string()),
    cause: z.string().nullable(),
    causeMatches: z.int().meta({
      description:
        'The number of stored changes of the window that match the cause. 0: it is not imported. More than 1: the ranks are of the first that matches.',
    }),
    completeness: windowCompletenessSchema,
    atAlert: momentSchema,
    after15Minutes: momentSchema.nullable().meta({ description: 'Null: it is in the future.' }),
  })
  .meta({
    id: 'BacktestResult',
    examples: [
      {
        time: '2026-03-02T20:45:10.000Z',
        title: pastExample.title,
        environment: 'production',
        environmentId: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75',
        services: [],
        cause: pastExample.cause,
        causeMatches: 1,
        completeness: completenessExample,
        atAlert: momentExample,
        after15Minutes: momentExample,
      },
    ],
  })

const backtestSchema = z
  .strictObject({ incidents: z.array(pastSchema).min(1).max(MAX_INCIDENTS) })
  .meta({ id: 'Backtest', examples: [{ incidents: [pastExample] }] })

/** Ranks past incidents on the imported history. `scripts/backtest.ts` is the same as a command. */
export function backtestRoutes(app: App, { database }: ApiContext): void {
  app.post(
    '/incidents/backtest',
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        tags,
        operationId: 'backtestIncidents',
        summary: 'Rank past incidents',
        description: `The answer at the alert and 15 minutes later, on the changes that Cairn had received at that time. Stores nothing. Cairn received a change when it stored it, except for imported history: an event that occurred before the first read of its AWS connection counts as received ${MODELLED_DELAY_MINUTES} minutes after it occurred, the average delay of CloudTrail. Environments and noise rules are those of today.`,
        body: backtestSchema,
        response: {
          200: jsonResponse(
            'One result per incident, in the same order.',
            z.object({ items: z.array(resultSchema) }),
          ),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    async (request) => {
      const { organizationId, body } = request
      const now = new Date()
      const incidents = body.incidents.map((each) => ({ ...each, time: new Date(each.time) }))
      for (const [nth, { time }] of incidents.entries()) refuseTime(`/incidents/${nth}`, time, now)
      const items: ReturnType<typeof toResult>[] = []
      // A transaction each, so that other requests get their turn.
      for (const past of incidents) {
        const result = await readOrganization(database, request, (trx) =>
          backtestIncident(trx, organizationId, past, now),
        )
        items.push(toResult(result))
      }
      return { items }
    },
  )
}

/** @throws Problem 422 */
function refuseTime(pointer: string, time: Date, now: Date): void {
  if (time > now) refuseField(`${pointer}/time`, 'Must not be in the future.')
  if (now.getTime() - time.getTime() > LIMIT_MS) {
    refuseField(`${pointer}/time`, `Must be at most ${MAX_DAYS} days ago.`)
  }
}

function toResult(result: BacktestResult) {
  const { after15Minutes: later } = result
  return {
    time: result.time.toISOString(),
    title: result.title,
    environment: result.environment,
    environmentId: result.environmentId,
    services: result.services,
    cause: result.cause,
    causeMatches: result.causeMatches,
    completeness: result.completeness,
    atAlert: toMoment(result.atAlert),
    after15Minutes: later && toMoment(later),
  }
}

function toMoment(moment: BacktestMoment) {
  return {
    at: moment.at.toISOString(),
    answer: moment.answer,
    sentence: moment.sentence,
    candidates: moment.candidates,
    suspects: moment.suspects.map((suspect) => ({
      changeId: suspect.changeId,
      occurredAt: suspect.occurredAt.toISOString(),
      summary: suspect.summary,
      score: suspect.score,
      reasons: suspect.reasons,
    })),
    causeRank: moment.causeRank,
    causeSetRank: moment.causeSetRank,
    newestFirstRank: moment.newestFirstRank,
  }
}
