import { z } from 'zod'
import type { Source } from '../source.ts'
import { CLOUDTRAIL, eventParts } from './detail.ts'
import { withHistory } from './history.ts'
import { READER_VERSION, rereadRecord } from './reader.ts'
import { resourceOfArn } from './resources.ts'

export const cloudtrail: Source = {
  id: CLOUDTRAIL,
  name: 'AWS CloudTrail',
  detailSchema: z
    .object({
      source: z.literal(CLOUDTRAIL),
      eventId: z.string(),
      edits: z
        .array(
          z.object({
            field: z.string(),
            from: z.string().optional(),
            fromHistory: z.boolean().optional().meta({
              description:
                'True if `from` is what an earlier change of the resource set. Only where one change is requested.',
            }),
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
          source: CLOUDTRAIL,
          eventId: '5f1b3c1e-0c5e-4b1a-9d0f-3a2b1c4d5e6f',
          edits: [{ field: 'ingress', to: '22/tcp from 0.0.0.0/0' }],
          sourceIp: '203.0.113.7',
          userAgent: 'console.amazonaws.com',
          requestId: '0c5e5f1b-3c1e-4b1a-9d0f-3a2b1c4d5e6f',
          session: { startedAt: '2026-03-02T11:40:00.000Z', accessKeyId: 'ASIAIOSFODNN7EXAMPLE' },
        },
      ],
    }),
  example: {
    id: '019cae21-a3d0-8b51-9f2c-6d0e4f5a7b18',
    source: CLOUDTRAIL,
    sourceId: '5f1b3c1e-0c5e-4b1a-9d0f-3a2b1c4d5e6f',
    occurredAt: '2026-03-02T12:01:14.000Z',
    endedAt: null,
    importedAt: '2026-03-02T12:06:41.207Z',
    summary: 'alice@example.com opened 22/tcp to the internet in sg-0a1b2c3d',
    subject: 'alice@example.com',
    actor: { kind: 'person', name: 'alice@example.com', id: 'alice@example.com', chain: [] },
    tool: { name: 'console', title: 'the console', label: 'the console' },
    service: 'ec2',
    action: 'AuthorizeSecurityGroupIngress',
    resources: [
      {
        type: 'AWS::EC2::SecurityGroup',
        id: 'sg-0a1b2c3d',
        accountId: '123456789012',
        region: 'eu-west-1',
        key: 'aws.cloudtrail/123456789012/eu-west-1/AWS::EC2::SecurityGroup/sg-0a1b2c3d',
      },
    ],
    outcome: 'succeeded',
    region: 'eu-west-1',
    accountId: '123456789012',
    environments: [],
    changeSetId: null,
    noise: null,
    readOnly: false,
    risks: ['public_access', 'network'],
    publicAccess: '22/tcp to the world',
    links: [],
    connectionId: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
    detail: {
      source: CLOUDTRAIL,
      eventId: '5f1b3c1e-0c5e-4b1a-9d0f-3a2b1c4d5e6f',
      edits: [{ field: 'ingress', to: '22/tcp from 0.0.0.0/0' }],
      sourceIp: '203.0.113.7',
      session: { startedAt: null, accessKeyId: null },
    },
  },
  resourceKey: (text) => resourceOfArn(text)?.key,
  readRecord: (record) => ({ ...eventParts(record) }),
  withHistory,
  reader: { version: READER_VERSION, reread: rereadRecord },
}
