import { z } from 'zod'
import { YES_NO } from '../../changes/filters.ts'
import { INCIDENT_ANSWERS } from '../../incidents/answer.ts'
import { MAX_SERVICES } from '../../incidents/combine.ts'
import { SOURCE_STATES } from '../../incidents/completeness.ts'
import {
  ALERT_SOURCES,
  CHANGE_VERDICTS,
  INCIDENT_SOURCES,
  INCIDENT_STATES,
} from '../../incidents/incident.ts'
import { changeSchema } from '../changes/schema.ts'
import { idInput } from '../ids.ts'
import { text } from '../text.ts'
import { timeInput } from '../time.ts'

const changeId = '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee63'
export const incidentId = '019cae21-a3d0-7d54-8ed0-4d5e1ce6ee70'
const environmentId = '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75'

const alertExample = {
  id: '019cae21-a3d0-7d54-8ed0-4d5e1ce6ee72',
  source: 'pagerduty' as const,
  sourceId: 'PGR0VU2',
  title: 'checkout: 5xx above 5 %',
  state: 'open' as const,
  noticedAt: '2026-03-02T20:45:10.000Z',
  reportedAt: '2026-03-02T20:45:11.169Z',
  resolvedAt: null,
  services: [{ id: 'PF9KMXH', name: 'Checkout API' }],
  labels: { urgency: 'high' },
  url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
}

const verdictExample = {
  changeId,
  verdict: 'caused' as const,
  by: 'ada@example.com',
  at: '2026-03-02T21:10:04.000Z',
}

const incidentExample = {
  id: incidentId,
  title: 'checkout: 5xx above 5 %',
  source: 'pagerduty' as const,
  state: 'open' as const,
  noticedAt: '2026-03-02T20:45:10.000Z',
  startedAt: null,
  startedAfter: null,
  resolvedAt: null,
  environmentId,
  services: ['checkout'],
  createdBy: null,
  createdAt: '2026-03-02T20:45:12.310Z',
  mergedInto: null,
}

const alertSchema = z
  .object({
    id: z.uuid(),
    source: z.enum(ALERT_SOURCES),
    sourceId: z.string(),
    title: z.string(),
    state: z.enum(INCIDENT_STATES),
    noticedAt: z.iso.datetime(),
    reportedAt: z.iso.datetime().meta({ description: 'When the source reported this state.' }),
    resolvedAt: z.iso.datetime().nullable(),
    services: z
      .array(z.object({ id: z.string(), name: z.string() }))
      .meta({ description: 'As the source reported them.' }),
    labels: z.record(z.string(), z.string()),
    url: z.string().nullable().meta({ description: 'The page at the source.' }),
  })
  .meta({ id: 'IncidentAlert', examples: [alertExample] })

export const incidentSchema = z
  .object({
    id: z.uuid(),
    title: z.string().meta({ description: 'Untrusted text if an alert source reported it.' }),
    source: z.enum(INCIDENT_SOURCES),
    state: z.enum(INCIDENT_STATES),
    noticedAt: z.iso.datetime().meta({ description: 'When the incident was noticed.' }),
    startedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When it started. Null if that is unknown.' }),
    startedAfter: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'It started after this time. Null if that is unknown.' }),
    resolvedAt: z.iso.datetime().nullable(),
    environmentId: z.uuid().nullable(),
    services: z
      .array(z.string())
      .meta({ description: `At most ${MAX_SERVICES}, those of the first alerts.` }),
    createdBy: z.string().nullable().meta({ description: 'The email address of its creator.' }),
    createdAt: z.iso.datetime(),
    mergedInto: z
      .uuid()
      .nullable()
      .meta({ description: 'The incident that it was merged into. Null if it was not merged.' }),
  })
  .meta({
    id: 'Incident',
    examples: [incidentExample],
  })

const verdictSchema = z
  .object({
    changeId: z.uuid(),
    verdict: z.enum(CHANGE_VERDICTS),
    by: z.string().nullable().meta({ description: 'The email address. Null for an API key.' }),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Verdict', examples: [verdictExample] })

export const incidentWithAlertsSchema = incidentSchema
  .extend({ alerts: z.array(alertSchema), verdicts: z.array(verdictSchema) })
  .meta({
    id: 'IncidentWithAlerts',
    examples: [{ ...incidentExample, alerts: [alertExample], verdicts: [verdictExample] }],
  })

const serviceName = text(200).trim().min(1)

const fields = {
  title: text(300).trim().min(1),
  noticedAt: timeInput,
  startedAt: timeInput.nullable(),
  startedAfter: timeInput.nullable(),
  environmentId: idInput().nullable(),
  services: z.array(serviceName).max(MAX_SERVICES),
  state: z.enum(INCIDENT_STATES),
}

export const createIncidentSchema = z
  .strictObject({
    ...fields,
    noticedAt: timeInput.optional().meta({ description: 'Default: now.' }),
    startedAt: fields.startedAt.optional(),
    startedAfter: fields.startedAfter.optional(),
    environmentId: fields.environmentId.optional(),
    services: fields.services.default([]),
    state: fields.state.default('open'),
    idempotencyKey: text(200).min(1).optional().meta({
      description: 'Chosen by the client, unique for each incident that it creates.',
    }),
  })
  .meta({
    id: 'NewIncident',
    examples: [
      { title: 'Checkout is slow', noticedAt: '2026-03-02T20:45:00Z', environmentId, services: [] },
    ],
  })

export const patchIncidentSchema = z
  .strictObject(fields)
  .partial()
  .meta({
    id: 'IncidentSettings',
    examples: [{ startedAfter: '2026-03-02T20:10:00Z' }, { state: 'resolved' }],
  })

const suspectExample = {
  change: null,
  changeId,
  occurredAt: '2026-03-02T20:39:02.000Z',
  changeSetId: null,
  changesInSet: 1,
  summary: 'ops-admin removed port 5432 from security group sg-1',
  score: 0.93,
  reasons: ['6 minutes before the alert.', 'It closes a port.'],
}

const responseExample = {
  change: null,
  changeId: '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee64',
  occurredAt: '2026-03-02T20:58:40.000Z',
  summary: 'ops-admin allowed port 5432 in security group sg-1',
  reverses: changeId,
  reason: 'It restores what was removed.',
}

export const completenessExample = {
  isComplete: false,
  sentence: 'Events of the last 9 minutes may still arrive. Everything before is imported.',
  sources: [
    {
      id: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a70',
      kind: 'aws.cloudtrail',
      name: 'Production',
      state: 'arriving' as const,
      sentence: 'Events of the last 9 minutes may still arrive.',
    },
  ],
}

const suspectSchema = z
  .object({
    change: changeSchema.nullable().meta({ description: 'Null if it is no longer stored.' }),
    changeId: z.uuid(),
    occurredAt: z.iso.datetime(),
    changeSetId: z.uuid().nullable(),
    changesInSet: z
      .int()
      .meta({ description: 'The number of changes in the set that are candidates.' }),
    summary: z.string(),
    score: z.number().meta({ description: '0 to 1.' }),
    reasons: z.array(z.string()).meta({ description: 'One sentence each.' }),
  })
  .meta({ id: 'Suspect', examples: [suspectExample] })

const responseSchema = z
  .object({
    change: changeSchema.nullable(),
    changeId: z.uuid(),
    occurredAt: z.iso.datetime(),
    summary: z.string(),
    reverses: z.uuid().nullable().meta({ description: 'The change that it reverses.' }),
    reason: z.string(),
  })
  .meta({ id: 'IncidentResponse', examples: [responseExample] })

export const windowCompletenessSchema = z
  .object({
    isComplete: z
      .boolean()
      .meta({ description: 'Whether every connection has imported the time to its end.' }),
    sentence: z.string(),
    sources: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        name: z.string(),
        state: z.enum(SOURCE_STATES),
        sentence: z.string(),
      }),
    ),
  })
  .meta({ id: 'WindowCompleteness', examples: [completenessExample] })

export const answerSchema = z
  .object({
    completeness: windowCompletenessSchema,
    answer: z.enum(INCIDENT_ANSWERS).meta({
      description: '`none`: no recorded change scores above the threshold.',
    }),
    sentence: z.string(),
    suspects: z.array(suspectSchema).meta({ description: 'The most likely first.' }),
    responses: z.array(responseSchema).meta({ description: 'Changes after the notice.' }),
    searched: z.object({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      candidates: z.int().meta({ description: 'The number of changes in this time.' }),
    }),
    timeline: z.object({
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      items: z.array(changeSchema),
      nextCursor: z.string().nullable(),
    }),
  })
  .meta({
    id: 'IncidentAnswer',
    examples: [
      {
        completeness: completenessExample,
        answer: 'suspect',
        sentence: `Most likely: ${suspectExample.summary}, 6 minutes before the alert`,
        suspects: [suspectExample],
        responses: [responseExample],
        searched: {
          from: '2026-02-27T20:45:10.000Z',
          to: '2026-03-02T21:12:00.000Z',
          candidates: 214,
        },
        timeline: {
          from: '2026-03-02T18:45:10.000Z',
          to: '2026-03-02T21:12:00.000Z',
          items: [],
          nextCursor: null,
        },
      },
    ],
  })

export const timelineQuerySchema = z.strictObject({
  from: timeInput.optional().meta({
    description: 'The start of the timeline. Default: two hours before the earliest start.',
  }),
  to: timeInput.optional().meta({
    description: 'The end of the timeline. Default: an hour after the notice, or now.',
  }),
  noise: z.enum(YES_NO).optional().meta({
    description: '`false` leaves routine changes out of the timeline. Suspects include them.',
  }),
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({
    description: 'The maximum number of changes on a page of the timeline.',
  }),
  cursor: z.string().max(1000).optional().meta({
    description: '`nextCursor` of the previous page. Requires the same time range.',
  }),
})

export const previewQuerySchema = timelineQuerySchema.extend({
  at: timeInput.meta({ description: 'When it was noticed.' }),
  environment: idInput().optional().meta({ description: 'The environment ID.' }),
  service: z
    .union([serviceName, z.array(serviceName).max(50)])
    .transform((given): string[] => [given].flat())
    .optional()
    .meta({ description: 'The names of services. May be repeated.' }),
  title: text(300)
    .optional()
    .meta({ description: 'What is wrong. Words in it count as evidence.' }),
})
