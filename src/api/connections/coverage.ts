import { z } from 'zod'
import { partitionOf } from '../../aws/regions.ts'
import { awsProblemKinds } from '../../connections/aws-problems.ts'
import { regionExcluders, regionStates } from '../../connections/status.ts'
import { refreshStatus } from '../../db/connection-status.ts'
import { lockConnection, updateDesiredState } from '../../db/connections.ts'
import { setExcluded } from '../../db/coverage-regions.ts'
import type { Trx } from '../../db/database.ts'
import { coverageRows, type RegionCoverage, regionCoverage } from '../../db/region-coverage.ts'
import type { SecondsRange } from '../../db/schema/column-types.ts'
import { countUnparsed } from '../../db/unparsed-records.ts'
import type { ApiContext, App } from '../context.ts'
import { requireCurrentOwner, requireOwner } from '../permissions.ts'
import { jsonResponse, notFound, Problem, problems } from '../problems.ts'
import { time } from '../time.ts'
import { beingDeleted, connectionParams, readConnection, withConnection } from './find.ts'
import { signalChange } from './signal.ts'

const rangeSchema = z.tuple([time, time])

const regionSchema = z
  .object({
    region: z.string(),
    state: z.enum(regionStates).meta({
      description:
        '`unknown`: AWS has not responded yet. `denied`, `not_enabled`: as AWS responded. `excluded`: excluded by an owner or by CAIRN_REGIONS.',
    }),
    counts: z.boolean().meta({
      description:
        'Whether `completeThrough` of the connection covers the region. False for excluded regions and for regions that AWS has denied from the start.',
    }),
    excludedAt: time.nullable(),
    excludedBy: z.enum(regionExcluders).nullable(),
    completeThrough: time.nullable().meta({
      description:
        'Imports in this region are up to date as of this time, except for the listed gaps.',
    }),
    settled: z
      .array(rangeSchema)
      .meta({ description: 'Imported ranges. Half-open [from, to), in whole seconds.' }),
    gaps: z.array(rangeSchema).meta({ description: 'Ranges that are not imported yet.' }),
    lost: z.array(rangeSchema).meta({
      description: 'Ranges that were not imported and are past the retention of CloudTrail.',
    }),
    setAside: z.array(rangeSchema).meta({
      description:
        'Skipped ranges: they could not be read completely after several attempts. The next verification retries them.',
    }),
    backfill: z.object({ percent: z.int(), etaSeconds: z.int().nullable() }),
    events: z.int(),
    requests: z.int(),
    throttled: z.int(),
    lateEvents: z.int(),
    unparsed: z.int().meta({
      description: 'Events that could not become changes. See `unparsed-records`.',
    }),
    lastError: z.string().nullable().meta({
      description: 'The error of the last import attempt. Null if it succeeded.',
    }),
    lastErrorKind: z.enum(awsProblemKinds).nullable().meta({
      description:
        'The kind of `lastError`. `throttled`: the request quota is used up. `denied`: a policy denies the call. `not_enabled`: the region does not accept the credentials. `expired`: the session has expired. `invalid_token`: AWS rejects the page token. `no_credentials`: Cairn has no AWS credentials. `unreachable`: no response. `unavailable`: AWS returned a server error. `malformed`: the response is not from AWS or is incomplete. `rejected`: AWS rejects the request. Null without an error, or if an earlier version of Cairn stored the error.',
    }),
    nextPollAt: time,
  })
  .meta({
    id: 'RegionCoverage',
    examples: [
      {
        region: 'eu-west-1',
        state: 'active',
        counts: true,
        excludedAt: null,
        excludedBy: null,
        completeThrough: '2026-03-02T12:03:00.000Z',
        settled: [['2026-02-23T09:12:07.000Z', '2026-03-02T12:03:00.000Z']],
        gaps: [],
        lost: [],
        setAside: [],
        backfill: { percent: 100, etaSeconds: 0 },
        events: 574,
        requests: 31,
        throttled: 0,
        lateEvents: 2,
        unparsed: 0,
        lastError: null,
        lastErrorKind: null,
        nextPollAt: '2026-03-02T12:24:10.000Z',
      },
    ],
  })

const coverageSchema = z.object({ regions: z.array(regionSchema) }).meta({
  id: 'Coverage',
  examples: [{ regions: [] }],
})

const regionPatchSchema = z
  .strictObject({
    excluded: z.boolean().meta({
      description:
        'Whether the region is excluded. An excluded region is not imported and does not count toward `completeThrough`. When you include it again, Cairn imports the missed time.',
    }),
  })
  .meta({ id: 'RegionSettings', examples: [{ excluded: true }] })

const tags = ['connections']

/** The routes for the import coverage of each region, and for excluding regions. */
export function coverageRoutes(app: App, context: ApiContext): void {
  const { database } = context

  app.get(
    '/connections/:id/coverage',
    {
      schema: {
        tags,
        operationId: 'getCoverage',
        summary: 'Get import coverage',
        description:
          'Returns the time ranges that are imported, missing, or past the retention of CloudTrail, by region.',
        params: connectionParams,
        response: {
          200: jsonResponse('The coverage, by region.', coverageSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) =>
      readConnection(database, request, async (trx, row) => {
        const regions = await regionCoverage(trx, row, new Date())
        const unparsed = await countUnparsed(trx, row)
        return { regions: regions.map((region) => toCoverage(region, unparsed)) }
      }),
  )

  app.patch(
    '/connections/:id/coverage/:region',
    {
      schema: {
        tags,
        operationId: 'updateRegion',
        summary: 'Exclude or include a region',
        description:
          'Exclude a region that a policy denies permanently. Until then, the status of the connection is `behind`, and its `completeThrough` stays at the last import of that region. Requires a signed-in owner.',
        security: [{ session: [] }],
        params: connectionParams.extend({
          region: z.string().meta({ description: 'The AWS region, as listed in the coverage.' }),
        }),
        body: regionPatchSchema,
        response: {
          200: jsonResponse('The updated region.', regionSchema),
          ...problems(401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      requireOwner(request)
      const { row, answer } = await withConnection(database, request, async (trx, { id }) => {
        await requireCurrentOwner(trx, request)
        const { row, region } = await updateRegion(
          trx,
          id,
          request.params.region,
          request.body.excluded,
        )
        return { row, answer: toCoverage(region, await countUnparsed(trx, row)) }
      })
      await signalChange(context, row)
      return answer
    },
  )
}

/**
 * Excludes a region of the connection or includes it again, and increments the version, so that the
 * workflow reads the row and polls the region immediately.
 *
 * @throws Problem 404 for a region that the connection does not have; 409 while the connection is
 *   being deleted, or if `CAIRN_REGIONS` excludes the region; 422 for the partition's global region
 */
async function updateRegion(trx: Trx, id: string, region: string, excluded: boolean) {
  const row = await lockConnection(trx, id, 'update')
  if (!row || row.deleted_at) throw beingDeleted()
  const before = (await coverageRows(trx, row)).find((known) => known.region === region)
  if (!before) throw notFound('region')
  const isGlobal = partitionOf(row.partition!).globalRegion === region
  if (excluded && isGlobal) {
    const detail = `${region} contains changes to IAM and other global services, so it cannot be excluded.`
    throw new Problem(422, detail, { errors: [{ pointer: '/excluded', detail }] })
  }
  if (!excluded && before.excluded_by === 'configuration') {
    throw new Problem(
      409,
      `CAIRN_REGIONS does not list ${region}. Add it there, and restart Cairn.`,
    )
  }
  const differs = excluded !== (before.excluded_at !== null)
  if (differs) await setExcluded(trx, row, [region], excluded ? 'owner' : null)
  const after = differs ? ((await updateDesiredState(trx, id, {})) ?? row) : row
  const { regions } = await refreshStatus(trx, after, new Date())
  return { row: after, region: regions.find((known) => known.region === region)! }
}

function toRange([from, to]: SecondsRange): [string, string] {
  return [new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString()]
}

function toCoverage(region: RegionCoverage, unparsed: Map<string, number>) {
  const { gapSeconds: _gap, setAsideSeconds: _setAside, ...shown } = region
  return {
    ...shown,
    unparsed: unparsed.get(region.region) ?? 0,
    excludedAt: region.excludedAt?.toISOString() ?? null,
    completeThrough: region.completeThrough?.toISOString() ?? null,
    settled: region.settled.map(toRange),
    gaps: region.gaps.map(toRange),
    lost: region.lost.map(toRange),
    setAside: region.setAside.map(toRange),
    nextPollAt: region.nextPollAt.toISOString(),
  }
}
