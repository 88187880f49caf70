import { z } from 'zod'
import { OUTCOMES } from '../../changes/change.ts'
import { listSources } from '../../sources/index.ts'

/** Defined by each source. Changes of a source that is no longer registered can have any shape. */
const detailSchema = z.union([
  ...listSources().map((source) => source.detailSchema),
  z.looseObject({ source: z.string() }),
])

export const changeSchema = z
  .object({
    id: z.uuid(),
    source: z.string(),
    sourceId: z.string().meta({ description: 'The ID in the source, such as an event ID.' }),
    occurredAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable().meta({
      description: 'Set only for changes that take time, once their end is known.',
    }),
    importedAt: z.iso.datetime(),
    summary: z.string().meta({
      description: 'The change in one sentence. Contains untrusted text from the source.',
    }),
    subject: z.string().optional().meta({
      description: 'The first words of `summary`, when they name the actor.',
    }),
    actor: z.looseObject({ kind: z.string(), name: z.string(), id: z.string() }).meta({
      description:
        '`id` is the same for one identity in all its sessions; `name` is the display name.',
    }),
    tool: z.looseObject({
      name: z.string(),
      title: z.string(),
      label: z.string(),
      run: z.string().optional().meta({ description: 'The ID of the run in the tool.' }),
    }),
    service: z.string(),
    action: z.string(),
    resources: z.array(
      z.looseObject({
        type: z.string(),
        id: z.string(),
        accountId: z.string().nullable(),
        region: z.string().nullable(),
        key: z.string().meta({ description: 'Identifies the resource in every change.' }),
      }),
    ),
    outcome: z.enum(OUTCOMES),
    region: z.string().nullable(),
    accountId: z.string().nullable(),
    environments: z
      .array(z.uuid())
      .meta({ description: 'IDs of its environments, in list order.' }),
    changeSetId: z.string().nullable(),
    noise: z.string().nullable().meta({
      description:
        'The name of the rule that marks the change as routine. Null if it is not routine.',
    }),
    readOnly: z.boolean().meta({
      description: 'True if the source reports that nothing was changed.',
    }),
    risks: z.array(z.string()),
    publicAccess: z.string().optional(),
    links: z.array(z.object({ label: z.string(), url: z.string() })),
    connectionId: z.uuid().nullable(),
    detail: detailSchema.meta({
      description: 'The fields of the source. `source` determines the schema.',
    }),
  })
  .meta({
    id: 'Change',
    examples: listSources().flatMap(({ example }) => example ?? []),
  })

/** How complete a response is, across the connections that match its filters. */
export const completenessSchema = {
  completeThrough: z.iso.datetime().nullable().meta({
    description:
      'The feed is up to date as of this time, across all matching connections that have started to import. Null while one of their active regions has imported nothing. Earlier gaps are possible, except after `completeFrom`.',
  }),
  completeFrom: z.iso.datetime().nullable().meta({
    description:
      'From this time to `completeThrough`, all active regions of the matching connections are imported without a gap. Null if no such time exists.',
  }),
}

export const pageSchema = z
  .object({
    items: z.array(changeSchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
    ...completenessSchema,
  })
  .meta({ id: 'ChangePage' })

export const changeWithRecordSchema = changeSchema
  .extend({ record: z.unknown().meta({ description: 'The original record from the source.' }) })
  .meta({ id: 'ChangeWithRecord' })

const changeSetSchema = z
  .object({
    id: z.uuid().meta({ description: 'The ID stays the same when changes join the set.' }),
    headline: z.string().meta({ description: 'The change set in one sentence.' }),
    subject: z.string().meta({ description: 'The first words of `headline`: the actor.' }),
    from: z.iso.datetime().meta({ description: 'When the first change occurred.' }),
    to: z.iso.datetime().meta({ description: 'When the last change occurred.' }),
    changes: z.int().meta({ description: 'The number of changes that match the filters.' }),
    failures: z.int().meta({ description: 'The number of changes that failed or were denied.' }),
    denied: z.int().meta({ description: 'The number of `failures` that were denied.' }),
    actors: z.array(z.string()),
    sources: z.array(z.string()).meta({ description: 'The sources of the changes.' }),
    tools: z.array(z.string()),
    services: z.array(z.string()),
    accounts: z.array(z.string()).meta({ description: 'The IDs of the accounts.' }),
    regions: z.array(z.string()),
    environments: changeSchema.shape.environments,
    publicAccess: z.array(z.string()).meta({ description: 'What was made public.' }),
    risks: changeSchema.shape.risks,
    only: changeSchema.nullable().meta({
      description: 'The change, if only one matches the filters.',
    }),
  })
  .meta({
    id: 'ChangeSet',
    examples: [
      {
        id: '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee63',
        headline:
          'acme/shop (GitHub Actions), with Terraform 1.9.5, changed 14 things in rds and ec2',
        subject: 'acme/shop (GitHub Actions)',
        from: '2026-03-02T12:01:14.000Z',
        to: '2026-03-02T12:04:02.000Z',
        changes: 14,
        failures: 0,
        denied: 0,
        actors: ['acme/shop (GitHub Actions)'],
        sources: ['aws.cloudtrail'],
        tools: ['Terraform 1.9.5'],
        services: ['rds', 'ec2'],
        accounts: ['123456789012'],
        regions: ['eu-west-1'],
        environments: [],
        publicAccess: [],
        risks: ['data', 'network'],
        only: null,
      },
    ],
  })

export const changeSetPageSchema = z
  .object({
    items: z.array(changeSetSchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
    ...completenessSchema,
  })
  .meta({ id: 'ChangeSetPage' })
