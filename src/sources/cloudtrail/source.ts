import { z } from 'zod'
import type { Source } from '../source.ts'
import { eventParts, SOURCE } from './detail.ts'

export const cloudtrail: Source = {
  id: SOURCE,
  name: 'AWS CloudTrail',
  detailSchema: z
    .object({
      source: z.literal(SOURCE),
      eventId: z.string(),
      edits: z
        .array(
          z.object({
            field: z.string(),
            from: z.string().optional(),
            to: z.string().optional(),
            note: z.string().optional(),
          }),
        )
        .meta({ description: 'Which field of the request changed, from what to what.' }),
      error: z.object({ code: z.string(), message: z.string().optional() }).optional(),
      sourceIp: z
        .string()
        .optional()
        .meta({ description: 'An IP address, or the AWS service that made the call.' }),
      userAgent: z.string().optional(),
      requestId: z.string().optional(),
      session: z.object({
        startedAt: z.iso.datetime().nullable(),
        accessKeyId: z.string().nullable(),
      }),
      request: z.unknown().optional().meta({ description: 'Only where one change is requested.' }),
      response: z.unknown().optional().meta({ description: 'Only where one change is requested.' }),
      other: z
        .unknown()
        .optional()
        .meta({ description: 'The other fields of the CloudTrail event.' }),
    })
    .meta({
      id: 'CloudTrailDetail',
      examples: [
        {
          source: SOURCE,
          eventId: '5f1b3c1e-0c5e-4b1a-9d0f-3a2b1c4d5e6f',
          edits: [{ field: 'ingress', to: '22/tcp from 0.0.0.0/0' }],
          sourceIp: '203.0.113.7',
          userAgent: 'console.amazonaws.com',
          requestId: '0c5e5f1b-3c1e-4b1a-9d0f-3a2b1c4d5e6f',
          session: { startedAt: '2026-03-02T11:40:00.000Z', accessKeyId: 'ASIAIOSFODNN7EXAMPLE' },
        },
      ],
    }),
  readRecord: (record) => ({ ...eventParts(record) }),
}
