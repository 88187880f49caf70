/** AWS CloudTrail: the input and output of the operations of the JSON 1.1 protocol. */

import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Accounts, Session } from './accounts.ts'
import { AwsError } from './errors.ts'
import { lookupAttributeKeys } from './events.ts'
import type { Ledger, Position } from './ledger.ts'
import type { Settings, TrailSpec } from './types.ts'

const PAGE_SIZE = 50
const RETENTION_SECONDS = 90 * 86_400
/** The last second of a date with a four-digit year. */
const LAST_SECOND = 253_402_300_799

interface JsonRequest {
  input: unknown
  session: Session
  region: string
  /** Epoch milliseconds. */
  now: number
  /** Returns the events of the page oldest first, which AWS does not do. */
  unordered: boolean
}

interface CloudTrailOperation {
  /** Counts against the account's quota in the region. */
  limited?: boolean
  /** Returns the response's JSON text. */
  answer: (request: JsonRequest) => string
}

const lookupEventsInput = z.object({
  StartTime: z.number().nullish(),
  EndTime: z.number().nullish(),
  MaxResults: z.number().int().nullish(),
  NextToken: z.string().nullish(),
  EventCategory: z.string().nullish(),
  LookupAttributes: z
    .array(z.object({ AttributeKey: z.string().nullish(), AttributeValue: z.string().nullish() }))
    .nullish(),
})

/** The state that a NextToken represents. */
interface Chain {
  accountId: string
  region: string
  /** All other parameters of the call, byte for byte. */
  parameters: string
  /** Frozen by the first page, also if the caller passed none. */
  start: number
  end: number
  before: Position
  /** The number of the page that the token is for; the first page has none. */
  page: number
  issuedAt: number
}

/** The operations by name, over one ledger. */
export function cloudTrailOperations(
  accounts: Accounts,
  ledger: Ledger,
  settings: () => Settings,
): Record<string, CloudTrailOperation> {
  /** Newest last; the oldest are removed, because they have expired. */
  const chains = new Map<string, Chain>()

  function lookupEvents({ input, session, region, now, unordered }: JsonRequest): string {
    allow(session, 'LookupEvents', region)
    const { NextToken, ...parameters } = read(lookupEventsInput, input)
    const frozen = JSON.stringify(parameters)
    const { accountId } = session
    const { start, end, limit, attribute, insights } = readLookup(parameters, now)
    const chain = NextToken
      ? resume(NextToken, { accountId, region, parameters: frozen }, now)
      : { start, end, before: undefined, page: 1 }
    const found = ledger.lookup(accountId, region, {
      start: chain.start,
      end: chain.end,
      insights,
      limit,
      ...(attribute && { attribute }),
      ...(chain.before && { before: chain.before }),
    })
    const last = found.events.at(-1)
    const next = {
      accountId,
      region,
      parameters: frozen,
      start: chain.start,
      end: chain.end,
      page: chain.page + 1,
      issuedAt: now,
    }
    const token = found.more && last ? keep({ ...next, before: last }) : undefined
    const events = unordered ? found.events.toReversed() : found.events
    const tail = token ? `,"NextToken":${JSON.stringify(token)}` : ''
    return `{"Events":[${events.map(({ json }) => json).join(',')}]${tail}}`
  }

  function keep(chain: Chain): string {
    const token = createHash('sha512').update(randomUUID()).digest('base64')
    chains.set(token, { ...chain, before: { ...chain.before } })
    if (chains.size > 10_000) chains.delete(chains.keys().next().value!)
    return token
  }

  function resume(token: string, call: Partial<Chain>, now: number): Chain {
    const { tokenLifetimeSeconds, tokenMaxPages } = settings()
    const chain = chains.get(token)
    if (
      !chain ||
      chain.accountId !== call.accountId ||
      chain.region !== call.region ||
      chain.parameters !== call.parameters ||
      now > chain.issuedAt + tokenLifetimeSeconds * 1000 ||
      (tokenMaxPages !== null && chain.page > tokenMaxPages)
    ) {
      throw new AwsError(
        'InvalidNextTokenException',
        'Invalid token or token that was previously used in a request with different parameters.',
      )
    }
    return chain
  }

  function allow(session: Session, operation: string, region: string, resource?: string): void {
    const action = `cloudtrail:${operation}`
    accounts.authorize(session, action, { protocol: 'json', region, ...(resource && { resource }) })
  }

  /** The trails that a region returns: its own and multi-Region trails. */
  function visibleTrails(session: Session, region: string): Required<TrailSpec>[] {
    return accounts
      .account(session.accountId)
      .trails.filter(({ homeRegion, multiRegion }) => multiRegion || homeRegion === region)
  }

  const trailArn = (session: Session, { homeRegion, name }: TrailSpec) =>
    `arn:${accounts.partition.name}:cloudtrail:${homeRegion}:${session.accountId}:trail/${name}`

  function describeTrails({ input, session, region }: JsonRequest): string {
    allow(session, 'DescribeTrails', region)
    const { trailNameList: names } = read(
      z.object({ trailNameList: z.array(z.string()).nullish() }),
      input,
    )
    const trailList = visibleTrails(session, region)
      .map((trail) => ({ ...trail, arn: trailArn(session, trail) }))
      .filter(({ name, arn }) => !names?.length || names.includes(name) || names.includes(arn))
      .map(({ name, arn, homeRegion, multiRegion }) => ({
        Name: name,
        S3BucketName: `${name}-${session.accountId}`,
        IncludeGlobalServiceEvents: true,
        IsMultiRegionTrail: multiRegion,
        HomeRegion: homeRegion,
        TrailARN: arn,
        LogFileValidationEnabled: true,
        HasCustomEventSelectors: false,
        HasInsightSelectors: false,
        IsOrganizationTrail: false,
      }))
    return JSON.stringify({ trailList })
  }

  function findTrail({ session, region }: JsonRequest, name: string, operation: string) {
    const trail = visibleTrails(session, region).find(
      (candidate) => candidate.name === name || trailArn(session, candidate) === name,
    )
    const arn = trail ? trailArn(session, trail) : undefined
    allow(session, operation, region, arn)
    if (!trail || !arn) {
      throw new AwsError(
        'TrailNotFoundException',
        `Unknown trail: ${name} for the user: ${session.accountId}`,
      )
    }
    return { trail, arn }
  }

  function getTrailStatus(request: JsonRequest): string {
    const { Name } = read(z.object({ Name: z.string() }), request.input)
    const { trail } = findTrail(request, Name, 'GetTrailStatus')
    const delivered = Math.floor(request.now / 1000) - 120
    return JSON.stringify({
      IsLogging: trail.logging,
      StartLoggingTime: delivered - RETENTION_SECONDS,
      ...(trail.logging ? { LatestDeliveryTime: delivered } : { StopLoggingTime: delivered }),
    })
  }

  function getEventSelectors(request: JsonRequest): string {
    const { TrailName } = read(z.object({ TrailName: z.string() }), request.input)
    const { arn } = findTrail(request, TrailName, 'GetEventSelectors')
    const selector = { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [] }
    return JSON.stringify({
      TrailARN: arn,
      EventSelectors: [{ ...selector, ExcludeManagementEventSources: [] }],
    })
  }

  function listTags({ input, session, region }: JsonRequest): string {
    allow(session, 'ListTags', region)
    const { ResourceIdList } = read(z.object({ ResourceIdList: z.array(z.string()) }), input)
    return JSON.stringify({
      ResourceTagList: ResourceIdList.map((id) => ({ ResourceId: id, TagsList: [] })),
    })
  }

  function listPublicKeys({ session, region }: JsonRequest): string {
    allow(session, 'ListPublicKeys', region)
    return JSON.stringify({ PublicKeyList: [] })
  }

  return {
    LookupEvents: { limited: true, answer: lookupEvents },
    DescribeTrails: { answer: describeTrails },
    GetTrailStatus: { answer: getTrailStatus },
    GetEventSelectors: { answer: getEventSelectors },
    ListTags: { answer: listTags },
    ListPublicKeys: { answer: listPublicKeys },
  }
}

/** The parameters of LookupEvents, in whole seconds, both ends included. */
function readLookup(input: Omit<z.infer<typeof lookupEventsInput>, 'NextToken'>, now: number) {
  const end = Math.floor(input.EndTime ?? now / 1000)
  const start = Math.floor(input.StartTime ?? now / 1000 - RETENTION_SECONDS)
  if (start > end || start < 0 || end > LAST_SECOND) {
    throw new AwsError(
      'InvalidTimeRangeException',
      'Occurs if the timestamp values are not valid. Either the start time occurs after the end time, or the time range is outside the range of possible values.',
    )
  }
  const limit = input.MaxResults ?? PAGE_SIZE
  if (limit < 1 || limit > PAGE_SIZE) {
    throw new AwsError(
      'InvalidMaxResultsException',
      `A max results value of ${limit} is invalid. Specify max results between 1 and ${PAGE_SIZE}.`,
    )
  }
  const category = input.EventCategory ?? undefined
  if (category !== undefined && category !== 'insight') {
    throw new AwsError('InvalidEventCategoryException', `Event category ${category} is invalid.`)
  }
  const attributes = input.LookupAttributes ?? []
  const invalid = (why: string) => new AwsError('InvalidLookupAttributesException', why)
  if (attributes.length > 1) throw invalid('Currently only one lookup attribute is supported.')
  const [first] = attributes
  const key = lookupAttributeKeys.find((candidate) => candidate === first?.AttributeKey)
  if (first && !key) throw invalid(`Lookup attribute key ${first.AttributeKey} is invalid.`)
  const value = first?.AttributeValue ?? ''
  if (first && (value.length < 1 || value.length > 2000)) {
    throw invalid('A lookup attribute value has 1 to 2000 characters.')
  }
  return {
    start,
    end,
    limit,
    insights: category === 'insight',
    attribute: key && { key, value },
  }
}

function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new AwsError('SerializationException', `${path.join('.')}: ${message}`)
}
