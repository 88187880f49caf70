import {
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  ListPublicKeysCommand,
  ListTagsCommand,
  type LookupAttributeKey,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { oneSecondRecords, type Simulator, startSimulator } from '../../simulator/index.ts'
import { policy, trust } from '../../testing/roles.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  customer,
  lookUpAll,
  putCustomerRole,
  readOnly,
  simulatedRecord,
} from '../../testing/simulator/support.ts'

const DAY_SECONDS = 86_400

let simulator: Simulator

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
})

afterEach(() => simulator.close())

const ids = (events: { EventId?: string }[]) => events.map(({ EventId }) => EventId)

describe('an event', () => {
  test("has the fields of AWS's events", async () => {
    const stopped = simulatedRecord(simulator, 600)
    simulator.addEvents([stopped])
    const { events } = await lookUpAll(await customer(simulator))
    expect(events).toEqual([
      {
        EventId: stopped.eventID,
        EventName: 'StopInstances',
        ReadOnly: 'false',
        AccessKeyId: 'AKIAEXAMPLEALICE0001',
        EventTime: new Date(String(stopped.eventTime)),
        EventSource: 'ec2.amazonaws.com',
        Username: 'alice',
        Resources: [{ ResourceType: 'AWS::EC2::Instance', ResourceName: 'i-0abc' }],
        CloudTrailEvent: JSON.stringify(stopped),
      },
    ])
  })

  test('omits fields that its record lacks', async () => {
    const { readOnly: _, ...old } = simulatedRecord(simulator, 600, {
      userIdentity: { accountId: '111122223333', invokedBy: 'ec2.amazonaws.com' },
      requestParameters: null,
    })
    simulator.addEvents([old])
    const { events } = await lookUpAll(await customer(simulator))
    expect(Object.keys(events[0]!).sort()).toEqual([
      'CloudTrailEvent',
      'EventId',
      'EventName',
      'EventSource',
      'EventTime',
      'Resources',
    ])
  })

  test('shows its user like the console', async () => {
    const stem = 'arn:aws:sts::111122223333:assumed-role'
    simulator.addEvents([
      simulatedRecord(simulator, 5, { userIdentity: { type: 'Root', accountId: '111122223333' } }),
      simulatedRecord(simulator, 4, {
        userIdentity: { type: 'AssumedRole', arn: `${stem}/deploy/ci-17` },
      }),
      simulatedRecord(simulator, 3, {
        userIdentity: { type: 'AWSService', invokedBy: 'x.amazonaws.com' },
      }),
      simulatedRecord(simulator, 2, { userIdentity: { type: 'SAMLUser', userName: 'eve' } }),
    ])
    const { events } = await lookUpAll(await customer(simulator))
    expect(events.map(({ Username }) => Username)).toEqual(['eve', undefined, 'ci-17', 'root'])
  })

  test('can have content that AWS is not known to return', async () => {
    const envelope = { CloudTrailEvent: '{', EventId: undefined, EventTime: 1 }
    simulator.addEvents([simulatedRecord(simulator, 600)], { envelope })
    const { events } = await lookUpAll(await customer(simulator))
    expect(events[0]).toMatchObject({ CloudTrailEvent: '{', EventTime: new Date(1000) })
    expect(events[0]).not.toHaveProperty('EventId')
  })

  test('is stored once, even if it is added repeatedly, unless configured otherwise', async () => {
    const twice = simulatedRecord(simulator, 600)
    expect(simulator.addEvents([twice])).toEqual({ added: 1, ignored: 0 })
    expect(simulator.addEvents([twice])).toEqual({ added: 0, ignored: 1 })
    expect(simulator.addEvents([twice], { allowDuplicateIds: true }).added).toBe(1)
    const { events } = await lookUpAll(await customer(simulator))
    expect(ids(events)).toEqual([twice.eventID, twice.eventID])
    expect(simulator.ledger.count()).toBe(1)
  })

  test('requires a time', () => {
    const timeless = simulatedRecord(simulator, 0, { eventTime: 'yesterday' })
    expect(() => simulator.addEvents([simulatedRecord(simulator, 1), timeless])).toThrow(
      'eventTime',
    )
    expect(simulator.ledger.count()).toBe(0)
  })
})

describe('LookupEvents', () => {
  test('returns the newest events first, in any order of arrival', async () => {
    simulator.addEvents([300, 100, 500, 200, 400].map((ago) => simulatedRecord(simulator, ago)))
    const { events } = await lookUpAll(await customer(simulator))
    const times = events.map(({ EventTime }) => EventTime!.getTime())
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect(times).toHaveLength(5)
  })

  test('includes both ends of its range, in whole seconds', async () => {
    const records = [103, 102, 101, 100].map((ago) => simulatedRecord(simulator, ago))
    simulator.addEvents(records)
    const at = (index: number, ms = 0) =>
      new Date(Date.parse(String(records[index]!.eventTime)) + ms)
    const client = await customer(simulator)
    const between = async (StartTime: Date, EndTime: Date) =>
      ids((await lookUpAll(client, { StartTime, EndTime })).events)
    expect(await between(at(1), at(2))).toEqual([records[2]!.eventID, records[1]!.eventID])
    expect(await between(at(2), at(2))).toEqual([records[2]!.eventID])
    expect(await between(at(1, 700), at(1, 900))).toEqual([records[1]!.eventID])
  })

  test('returns every event once, in pages of at most 50, even if one second fills several pages', async () => {
    const at = new Date(simulator.now() - 600_000).toISOString()
    const crowd = oneSecondRecords(130, { at })
    simulator.addEvents([
      simulatedRecord(simulator, 700),
      ...crowd,
      simulatedRecord(simulator, 500),
    ])
    const client = await customer(simulator)
    const { events, pages } = await lookUpAll(client)
    expect(pages).toEqual([50, 50, 32])
    expect(new Set(ids(events)).size).toBe(132)
    const small = await lookUpAll(client, { MaxResults: 7 })
    expect(small.pages).toHaveLength(19)
    expect(ids(small.events)).toEqual(ids(events))
  })

  test('returns only events of its own region and account', async () => {
    const here = simulatedRecord(simulator, 600)
    const elsewhere = simulatedRecord(simulator, 600, { awsRegion: 'eu-west-1' })
    const nowhere = simulatedRecord(simulator, 600, { awsRegion: undefined })
    simulator.addEvents([here, elsewhere, nowhere])
    simulator.addEvents([simulatedRecord(simulator, 600)], { accountId: '222233334444' })
    const inRegion = async (region: string) =>
      ids((await lookUpAll(await customer(simulator, region))).events)
    expect(await inRegion('us-east-1')).toEqual([nowhere.eventID, here.eventID])
    expect(await inRegion('eu-west-1')).toEqual([elsewhere.eventID])
    expect(await inRegion('eu-west-2')).toEqual([])
  })

  test('returns a record in the account that it names', async () => {
    await simulator.close()
    const accountIds = ['111122223333', '222233334444']
    simulator = await startSimulator({ latencyMs: 0, tps: null, accountIds })
    const second = simulatedRecord(simulator, 600, { recipientAccountId: '222233334444' })
    const stranger = simulatedRecord(simulator, 600, { recipientAccountId: '555555555555' })
    simulator.addEvents([second, stranger])
    expect(simulator.ledger.eventIds({ accountId: '222233334444' })).toEqual([second.eventID])
    const arn = 'arn:aws:iam::222233334444:role/cairn'
    simulator.putRole({ arn, trustPolicy: trust('999988887777'), policies: [readOnly] })
    const session = await assume(simulator, { RoleArn: arn })
    const { events } = await lookUpAll(cloudTrailClient(simulator, session))
    expect(ids(events)).toEqual([second.eventID])
    expect(ids((await lookUpAll(await customer(simulator))).events)).toEqual([stranger.eventID])
  })

  test('returns no events older than 90 days', async () => {
    const kept = simulatedRecord(simulator, 90 * DAY_SECONDS - 3600)
    simulator.addEvents([kept, simulatedRecord(simulator, 90 * DAY_SECONDS + 60)])
    const client = await customer(simulator)
    const StartTime = new Date(simulator.now() - 100 * DAY_SECONDS * 1000)
    expect(ids((await lookUpAll(client, { StartTime })).events)).toEqual([kept.eventID])
    simulator.configure({ clockOffsetMs: 7_200_000, skewToleranceSeconds: null })
    const later = await customer(simulator)
    expect((await lookUpAll(later, { StartTime })).events).toEqual([])
  })

  test('returns an event only after its delivery', async () => {
    simulator.configure({ skewToleranceSeconds: null })
    simulator.addEvents([simulatedRecord(simulator, 60)], { deliveryDelaySeconds: 300 })
    simulator.addEvents([simulatedRecord(simulator, 50)], {
      deliverAt: new Date(simulator.now() + 600_000),
    })
    const client = await customer(simulator)
    const seen = async () => (await lookUpAll(client)).events.length
    expect(await seen()).toBe(0)
    expect(simulator.ledger.count()).toBe(2)
    expect(simulator.ledger.count({ deliveredOnly: true })).toBe(0)
    simulator.configure({ clockOffsetMs: 241_000 })
    expect(await seen()).toBe(1)
    simulator.configure({ clockOffsetMs: 601_000 })
    expect(await seen()).toBe(2)
    expect(simulator.ledger.count({ deliveredOnly: true })).toBe(2)
  })

  test('continues below its page when an event is delivered above it', async () => {
    simulator.addEvents(
      Array.from({ length: 60 }, (_, index) => simulatedRecord(simulator, 600 + index)),
    )
    const client = await customer(simulator)
    const first = await client.send(new LookupEventsCommand({}))
    simulator.addEvents([simulatedRecord(simulator, 610), simulatedRecord(simulator, 655)])
    const second = await client.send(new LookupEventsCommand({ NextToken: first.NextToken }))
    expect(second.Events).toHaveLength(11)
    expect(new Set(ids([...first.Events!, ...second.Events!])).size).toBe(61)
  })

  test('returns Insights events only on request', async () => {
    const insight = simulatedRecord(simulator, 600, { eventCategory: 'Insight' })
    simulator.addEvents([simulatedRecord(simulator, 600), insight])
    const client = await customer(simulator)
    const { events } = await lookUpAll(client, { EventCategory: 'insight' })
    expect(ids(events)).toEqual([insight.eventID])
  })

  test('can return a page oldest first', async () => {
    simulator.addEvents([3, 2, 1].map((ago) => simulatedRecord(simulator, ago)))
    simulator.failNext({ effect: 'unordered' })
    putCustomerRole(simulator)
    const session = await assume(simulator)
    simulator.clearFaults()
    simulator.failNext({ effect: 'unordered', operation: 'LookupEvents' })
    const client = cloudTrailClient(simulator, session)
    const wrong = ids((await lookUpAll(client)).events)
    const right = ids((await lookUpAll(client)).events)
    expect(wrong).toEqual(right.toReversed())
  })

  describe('lookup attributes', () => {
    const mine = {
      EventId: 'the-one',
      EventName: 'CreateUser',
      ReadOnly: 'false',
      Username: 'mallory',
      ResourceType: 'AWS::IAM::User',
      ResourceName: 'intern',
      EventSource: 'iam.amazonaws.com',
      AccessKeyId: 'AKIAEXAMPLEMALLORY01',
    } satisfies Record<LookupAttributeKey, string>

    test.each(Object.entries(mine) as [LookupAttributeKey, string][])(
      '%s returns exactly its events',
      async (AttributeKey, AttributeValue) => {
        simulator.addEvents([
          simulatedRecord(simulator, 30, { readOnly: true }),
          simulatedRecord(simulator, 20, {
            eventID: 'the-one',
            eventName: 'CreateUser',
            eventSource: 'iam.amazonaws.com',
            requestParameters: { userName: 'intern' },
            userIdentity: {
              type: 'IAMUser',
              userName: 'mallory',
              accessKeyId: 'AKIAEXAMPLEMALLORY01',
            },
          }),
          simulatedRecord(simulator, 10, { readOnly: true }),
        ])
        const client = await customer(simulator)
        const find = async (value: string) => {
          const LookupAttributes = [{ AttributeKey, AttributeValue: value }]
          return ids((await lookUpAll(client, { LookupAttributes })).events)
        }
        expect(await find(AttributeValue)).toEqual(['the-one'])
        expect(await find(`${AttributeValue}?`)).toEqual([])
      },
    )

    test('ReadOnly=false omits records without the field', async () => {
      const { readOnly: _, ...silent } = simulatedRecord(simulator, 600)
      const text = simulatedRecord(simulator, 600, { readOnly: 'false' })
      simulator.addEvents([silent, text])
      const LookupAttributes = [{ AttributeKey: 'ReadOnly' as const, AttributeValue: 'false' }]
      const { events } = await lookUpAll(await customer(simulator), { LookupAttributes })
      expect(ids(events)).toEqual([text.eventID])
      expect(simulator.ledger.eventIds({ selection: 'changes' })).toEqual([text.eventID])
    })
  })

  const attribute = { AttributeKey: 'EventId', AttributeValue: 'x' } as const
  const past = new Date('2026-01-01T00:00:00Z')
  test.each<[string, LookupEventsCommandInput, string]>([
    ['an end before the start', { StartTime: new Date(), EndTime: past }, 'InvalidTimeRange'],
    ['a start before 1970', { StartTime: new Date(-1000) }, 'InvalidTimeRange'],
    ['no results', { MaxResults: 0 }, 'InvalidMaxResults'],
    ['51 results', { MaxResults: 51 }, 'InvalidMaxResults'],
    ['two attributes', { LookupAttributes: [attribute, attribute] }, 'InvalidLookupAttributes'],
    [
      'an unknown attribute',
      { LookupAttributes: [{ ...attribute, AttributeKey: 'Colour' as 'EventId' }] },
      'InvalidLookupAttributes',
    ],
    [
      'an attribute without a value',
      { LookupAttributes: [{ ...attribute, AttributeValue: '' }] },
      'InvalidLookupAttributes',
    ],
    ['an unknown category', { EventCategory: 'data' as 'insight' }, 'InvalidEventCategory'],
    ['an unknown token', { NextToken: 'abc' }, 'InvalidNextToken'],
  ])('reject %s', async (_, input, name) => {
    const client = await customer(simulator)
    expect(await awsErrorOf(client.send(new LookupEventsCommand(input)))).toMatchObject({
      name: `${name}Exception`,
      status: 400,
    })
  })
})

describe('a NextToken', () => {
  const first: LookupEventsCommandInput = {
    StartTime: new Date('2026-01-01T00:00:00Z'),
    EndTime: new Date('2099-01-01T00:00:00Z'),
    LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }],
    MaxResults: 10,
  }

  beforeEach(() => {
    const at = (index: number) => simulatedRecord(simulator, 600 + index)
    simulator.addEvents(Array.from({ length: 60 }, (_, index) => at(index)))
    simulator.addEvents([simulatedRecord(simulator, 600, { awsRegion: 'eu-west-1' })])
  })

  test('is opaque, and can be used again', async () => {
    const client = await customer(simulator)
    const { NextToken } = await client.send(new LookupEventsCommand(first))
    expect(Buffer.from(NextToken!, 'base64').toString()).not.toMatch(/event|2026|us-east/)
    const again = () => client.send(new LookupEventsCommand({ ...first, NextToken }))
    expect(ids((await again()).Events!)).toEqual(ids((await again()).Events!))
  })

  test.each<[string, Partial<LookupEventsCommandInput>]>([
    ['start', { StartTime: new Date('2026-01-01T00:00:01Z') }],
    ['end', { EndTime: new Date('2099-01-01T00:00:01Z') }],
    ['end left out', { EndTime: undefined }],
    ['attributes', { LookupAttributes: undefined }],
    ['page size', { MaxResults: 11 }],
    ['category', { EventCategory: 'insight' }],
  ])('is rejected with another %s', async (_, change) => {
    const client = await customer(simulator)
    const { NextToken } = await client.send(new LookupEventsCommand(first))
    const call = client.send(new LookupEventsCommand({ ...first, ...change, NextToken }))
    expect((await awsErrorOf(call)).name).toBe('InvalidNextTokenException')
  })

  test('is rejected in another region and in another account', async () => {
    const client = await customer(simulator)
    const { NextToken } = await client.send(new LookupEventsCommand(first))
    const elsewhere = await customer(simulator, 'eu-west-1')
    const next = new LookupEventsCommand({ ...first, NextToken })
    expect((await awsErrorOf(elsewhere.send(next))).name).toBe('InvalidNextTokenException')
    const RoleArn = 'arn:aws:iam::222233334444:role/cairn'
    putCustomerRole(simulator, RoleArn)
    const other = cloudTrailClient(simulator, await assume(simulator, { RoleArn }))
    expect((await awsErrorOf(other.send(next))).name).toBe('InvalidNextTokenException')
  })

  test('expires after its time', async () => {
    simulator.configure({ tokenLifetimeSeconds: 60, skewToleranceSeconds: null })
    const client = await customer(simulator)
    const { NextToken } = await client.send(new LookupEventsCommand(first))
    const next = () => client.send(new LookupEventsCommand({ ...first, NextToken }))
    simulator.configure({ clockOffsetMs: 30_000 })
    await next()
    simulator.configure({ clockOffsetMs: 120_000 })
    expect((await awsErrorOf(next())).name).toBe('InvalidNextTokenException')
  })

  test('expires after a number of pages', async () => {
    simulator.configure({ tokenMaxPages: 3 })
    const client = await customer(simulator)
    let NextToken: string | undefined
    for (let page = 1; page <= 3; page++) {
      const answer = await client.send(new LookupEventsCommand({ ...first, NextToken }))
      expect(answer.Events).toHaveLength(10)
      NextToken = answer.NextToken
    }
    const fourth = client.send(new LookupEventsCommand({ ...first, NextToken }))
    expect((await awsErrorOf(fourth)).name).toBe('InvalidNextTokenException')
  })

  test('keeps the time of its first page if the end is open', async () => {
    simulator.configure({ skewToleranceSeconds: null })
    const client = await customer(simulator)
    const { NextToken } = await client.send(new LookupEventsCommand({ MaxResults: 50 }))
    simulator.configure({ clockOffsetMs: 60_000 })
    simulator.addEvents([simulatedRecord(simulator, 1)])
    const { Events } = await client.send(new LookupEventsCommand({ MaxResults: 50, NextToken }))
    expect(Events).toHaveLength(10)
  })
})

describe('the quota', () => {
  test('is two requests a second per account and region, and throttling has status 400', async () => {
    await simulator.close()
    simulator = await startSimulator({ latencyMs: 0 })
    const client = await customer(simulator)
    const burst = (size: number, region?: string) =>
      Promise.all(
        Array.from({ length: size }, () =>
          awsErrorOf(
            (region ? elsewhere : client).send(new LookupEventsCommand({ MaxResults: 1 })),
          ),
        ),
      )
    const elsewhere = await customer(simulator, 'eu-west-1')
    const throttled = (answers: Awaited<ReturnType<typeof burst>>) =>
      answers.filter(({ name }) => name === 'ThrottlingException')
    const refused = throttled(await burst(20))
    // Two at once and, should the burst take long, one more for each half second.
    expect(refused.length).toBeGreaterThan(5)
    expect(refused[0]).toEqual({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      status: 400,
    })
    expect(throttled(await burst(2, 'eu-west-1'))).toEqual([])
    const [here] = simulator.ledger.requests({ operation: 'LookupEvents', region: 'us-east-1' })
    expect(here).toMatchObject({ requests: 20, throttled: refused.length })
  })

  test('is shared by all clients of the account', async () => {
    await simulator.close()
    simulator = await startSimulator({ latencyMs: 0, tps: 0.001 })
    const one = await customer(simulator)
    const other = await customer(simulator)
    await one.send(new LookupEventsCommand({}))
    const second = other.send(new LookupEventsCommand({}))
    expect((await awsErrorOf(second)).name).toBe('ThrottlingException')
    await other.send(new DescribeTrailsCommand({}))
  })
})

describe('the permission', () => {
  test('can be missing', async () => {
    simulator.putRole({
      arn: 'arn:aws:iam::111122223333:role/blind',
      trustPolicy: trust('999988887777'),
      policies: [policy({ Effect: 'Allow', Action: 'cloudtrail:Describe*', Resource: '*' })],
    })
    const RoleArn = 'arn:aws:iam::111122223333:role/blind'
    const client = cloudTrailClient(simulator, await assume(simulator, { RoleArn }))
    await client.send(new DescribeTrailsCommand({}))
    expect(await awsErrorOf(client.send(new LookupEventsCommand({})))).toEqual({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::111122223333:assumed-role/blind/cairn is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action',
      status: 400,
    })
  })

  test('can be denied in single regions by a service control policy', async () => {
    simulator.denyLookupEvents(['eu-west-1'])
    await lookUpAll(await customer(simulator, 'us-east-1'))
    const denied = await awsErrorOf(lookUpAll(await customer(simulator, 'eu-west-1')))
    expect(denied.name).toBe('AccessDeniedException')
    expect(denied.message).toContain('with an explicit deny in a service control policy')
    simulator.denyLookupEvents([])
    await lookUpAll(await customer(simulator, 'eu-west-1'))
  })

  test('does not apply in a region that is not enabled', async () => {
    const client = await customer(simulator, 'ap-east-1')
    expect(await awsErrorOf(lookUpAll(client))).toEqual({
      name: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
      status: 400,
    })
    simulator.enableRegion('ap-east-1')
    await lookUpAll(client)
    simulator.disableRegion('ap-east-1')
    expect((await awsErrorOf(lookUpAll(client))).name).toBe('UnrecognizedClientException')
  })
})

describe('other calls', () => {
  test('return short and valid responses', async () => {
    const client = await customer(simulator)
    const { trailList } = await client.send(new DescribeTrailsCommand({}))
    const arn = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/management-events'
    expect(trailList).toMatchObject([{ TrailARN: arn, HomeRegion: 'us-east-1' }])
    const status = await client.send(new GetTrailStatusCommand({ Name: arn }))
    expect(status.IsLogging).toBe(true)
    expect(status.LatestDeliveryTime).toBeInstanceOf(Date)
    const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: arn }))
    expect(selectors.EventSelectors).toHaveLength(1)
    const tags = await client.send(new ListTagsCommand({ ResourceIdList: [arn] }))
    expect(tags.ResourceTagList).toEqual([{ ResourceId: arn, TagsList: [] }])
    expect((await client.send(new ListPublicKeysCommand({}))).PublicKeyList).toEqual([])
  })

  test('return the trails of the account', async () => {
    simulator.setTrails([
      { name: 'local', homeRegion: 'eu-west-1', multiRegion: false, logging: false },
      { name: 'global', homeRegion: 'us-west-2' },
    ])
    const names = async (region: string, trailNameList?: string[]) => {
      const client = await customer(simulator, region)
      const { trailList } = await client.send(new DescribeTrailsCommand({ trailNameList }))
      return trailList!.map(({ Name }) => Name)
    }
    expect(await names('us-east-1')).toEqual(['global'])
    expect(await names('eu-west-1')).toEqual(['local', 'global'])
    expect(await names('eu-west-1', ['local'])).toEqual(['local'])
    const there = await customer(simulator, 'eu-west-1')
    const status = await there.send(new GetTrailStatusCommand({ Name: 'local' }))
    expect(status.IsLogging).toBe(false)
    const here = await customer(simulator)
    const unknown = here.send(new GetTrailStatusCommand({ Name: 'local' }))
    expect((await awsErrorOf(unknown)).name).toBe('TrailNotFoundException')
  })
})

describe('the response time', () => {
  test('is near the configured one, for every call', async () => {
    const client = await customer(simulator)
    simulator.configure({ latencyMs: 200 })
    // Answer times vary at random. This draw makes each one 140 ms.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
    onTestFinished(() => random.mockRestore())
    const time = async (call: () => Promise<unknown>) => {
      const start = performance.now()
      await call()
      return performance.now() - start
    }
    expect(await time(() => client.send(new LookupEventsCommand({})))).toBeGreaterThan(130)
    expect(await time(() => client.send(new DescribeTrailsCommand({})))).toBeGreaterThan(130)
    expect(await time(() => assume(simulator))).toBeGreaterThan(130)
  })
})
