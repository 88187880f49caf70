import { type CloudTrailClient, type Event, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import type { Selection } from '../connections/selection.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import { AwsProblem, callAws, incompleteResponse } from './errors.ts'

export interface LookupRequest {
  region: string
  /** The time range [from, to). */
  range: SecondsRange
  selection: Selection
  nextToken?: string
  /** Maximum number of events per page; AWS's default, which is also ours, is 50. */
  limit?: number
}

export interface LookupPage {
  events: Event[]
  nextToken: string | undefined
  /** AWS's clock, from the response's `Date` header, in Unix milliseconds. */
  serverTime: number | undefined
}

/**
 * Requests one page of events.
 *
 * @throws AwsProblem `malformed` also for a response without a list of events
 */
export async function lookupEvents(
  client: CloudTrailClient,
  request: LookupRequest,
  signal?: AbortSignal,
): Promise<LookupPage> {
  const [from, to] = request.range
  const command = new LookupEventsCommand({
    StartTime: new Date(from * 1000),
    // Inclusive, and event times have whole seconds.
    EndTime: new Date((to - 1) * 1000),
    MaxResults: request.limit ?? 50,
    NextToken: request.nextToken,
    ...(request.selection === 'changes' && {
      LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }],
    }),
  })
  let serverTime: number | undefined
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { headers?: Record<string, string> }
      const date = Date.parse(headers?.date ?? '')
      if (!Number.isNaN(date)) serverTime = date
      return result
    },
    { step: 'deserialize', priority: 'low' },
  )
  const page = await callAws(client.send(command, { abortSignal: signal }))
  // If there are no events, AWS returns an empty list. A response without a list proves nothing.
  if (!Array.isArray(page.Events)) throw incompleteResponse('LookupEvents', 'a list of events')
  // AWS would treat an empty token as a request for the first page. The SDK's paginators stop
  // here too.
  const nextToken = page.NextToken || undefined
  if (nextToken !== undefined && nextToken === request.nextToken) {
    throw new AwsProblem(
      'malformed',
      'RepeatedNextToken',
      'LookupEvents returned the NextToken of the request again, so there is no next page and no last one',
    )
  }
  return { events: page.Events.map(readEvent), nextToken, serverTime }
}

/** An event as the SDK declares it. The SDK does not check the types when it parses a response. */
function readEvent(event: unknown): Event {
  if (typeof event !== 'object' || event === null) return {}
  const { EventTime, Resources, ...fields } = event as Event
  return {
    ...readTexts(fields),
    ...(EventTime instanceof Date && { EventTime }),
    ...(Array.isArray(Resources) && {
      Resources: Resources.map((resource) => readTexts(resource ?? {})),
    }),
  }
}

/** The fields that have a value, as text. */
function readTexts(fields: object): Record<string, string> {
  const members = Object.entries(fields).filter(([, value]) => value != null)
  return Object.fromEntries(
    members.map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
