import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateHistory, startLiveActivity } from '../../simulator/generate.ts'
import { type CloudTrailRecord, type Simulator, startSimulator } from '../../simulator/index.ts'
import { sharedData } from '../../testing/shared-data.ts'
import { customer, lookUpAll } from '../../testing/simulator/support.ts'

const accountId = '111122223333'
/** Monday to Monday. */
const week = { from: new Date('2026-06-01T00:00:00Z'), to: new Date('2026-06-08T00:00:00Z') }
const history = generateHistory({ seed: 1, accountId, ...week })

// biome-ignore lint/suspicious/noExplicitAny: a record is any JSON object, and the tests look deep into it.
type Any = any

const identityOf = (record: CloudTrailRecord): Any => record.userIdentity
const nameOf = (record: CloudTrailRecord) => `${record.eventSource} ${record.eventName}`
const named = (eventName: string, records = history): Any[] =>
  records.filter((record) => record.eventName === eventName)
const idsOf = (records: readonly CloudTrailRecord[]) => records.map(({ eventID }) => eventID)
const timeOf = ({ eventTime }: CloudTrailRecord) => Date.parse(String(eventTime))

describe('a generated history', () => {
  it('is the same for the same seed, and different for another one', () => {
    expect(generateHistory({ seed: 1, accountId, ...week })).toEqual(history)
    const ids = new Set(idsOf(history))
    const other = generateHistory({ seed: 2, accountId, ...week })
    expect(idsOf(other).filter((id) => ids.has(id))).toEqual([])
  })

  it('has the same parts, wherever it is split', () => {
    const middle = new Date('2026-06-03T09:41:07Z')
    const before = generateHistory({ seed: 1, accountId, from: week.from, to: middle })
    const after = generateHistory({ seed: 1, accountId, from: middle, to: week.to })
    expect([...before, ...after]).toEqual(history)
    expect(before.length).toBeGreaterThan(100)
    expect(after.length).toBeGreaterThan(100)
  })

  it('stays within its time range, oldest first, with unique event IDs', () => {
    const times = history.map(timeOf)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times[0]).toBeGreaterThanOrEqual(week.from.getTime())
    expect(times.at(-1)).toBeLessThan(week.to.getTime())
    expect(new Set(idsOf(history)).size).toBe(history.length)
  })

  it.each([1, 2, 3, 4, 5])(
    'has a realistic size with seed %i: mostly reads, some failures',
    (seed) => {
      const records = generateHistory({ seed, accountId, ...week })
      expect(records.length).toBeGreaterThan(3_000)
      expect(records.length).toBeLessThan(9_000)
      const changes = records.filter(({ readOnly }) => readOnly === false).length
      expect(changes / records.length).toBeGreaterThan(0.12)
      expect(changes / records.length).toBeLessThan(0.28)
      const failed = records.filter(({ errorCode }) => errorCode !== undefined).length
      expect(failed / records.length).toBeGreaterThan(0.005)
      expect(failed / records.length).toBeLessThan(0.1)
    },
  )

  it('covers 90 days, with unique event IDs', () => {
    const from = new Date(week.to.getTime() - 90 * 86_400_000)
    const records = generateHistory({ seed: 1, accountId, from, to: week.to })
    expect(new Set(idsOf(records)).size).toBe(records.length)
    expect(records.slice(-history.length)).toEqual(history)
  })

  it('follows office hours', () => {
    const changesIn = (from: string, to: string) =>
      history.filter(
        (record) =>
          record.readOnly === false &&
          timeOf(record) >= Date.parse(from) &&
          timeOf(record) < Date.parse(to),
      ).length
    const wednesday = changesIn('2026-06-03T08:00:00Z', '2026-06-03T14:00:00Z')
    const night = changesIn('2026-06-03T20:00:00Z', '2026-06-04T02:00:00Z')
    const sunday = changesIn('2026-06-07T18:00:00Z', '2026-06-08T00:00:00Z')
    expect(wednesday).toBeGreaterThan(5 * night)
    expect(wednesday).toBeGreaterThan(5 * sunday)
  })

  it('is recorded in its regions, and global services only in us-east-1', () => {
    expect([...new Set(history.map(({ awsRegion }) => awsRegion))].sort()).toEqual([
      'ap-southeast-2',
      'eu-west-1',
      'us-east-1',
    ])
    const isGlobal = /^(iam|route53|cloudfront|signin|health)\./
    const global = history.filter(({ eventSource }) => isGlobal.test(String(eventSource)))
    expect(new Set(global.map(({ awsRegion }) => awsRegion))).toEqual(new Set(['us-east-1']))
    const elsewhere = generateHistory({ seed: 1, accountId, ...week, regions: ['eu-central-1'] })
    expect(new Set(elsewhere.map(({ awsRegion }) => awsRegion))).toEqual(
      new Set(['eu-central-1', 'us-east-1']),
    )
    expect(
      elsewhere
        .filter(({ awsRegion }) => awsRegion === 'us-east-1')
        .every(({ eventSource }) => isGlobal.test(String(eventSource))),
    ).toBe(true)
  })

  it('rejects invalid arguments', () => {
    expect(() => generateHistory({ seed: 1, accountId, ...week, regions: [] })).toThrow(
      'at least one region',
    )
    expect(() =>
      generateHistory({ seed: 1, accountId, from: new Date('soon'), to: week.to }),
    ).toThrow('must be times')
  })
})

describe('generated records', () => {
  it('have the fields and formats of CloudTrail records', () => {
    const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
    for (const record of history) {
      expect(record).toMatchObject({
        eventVersion: expect.stringMatching(/^1\.(08|09|10|11)$/),
        eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        eventSource: expect.stringMatching(/^[\w-]+\.amazonaws\.com$/),
        eventName: expect.stringMatching(/^[A-Z]\w+$/),
        eventID: expect.stringMatching(uuid),
        readOnly: expect.any(Boolean),
        eventType: expect.stringMatching(/^Aws(ApiCall|ServiceEvent|ConsoleSignIn)$/),
        managementEvent: true,
        recipientAccountId: accountId,
        eventCategory: 'Management',
      })
      expect(String(record.userAgent)).not.toBe('')
      expect(record).toHaveProperty('requestParameters')
      expect(record).toHaveProperty('responseElements')
      // It contains nothing that JSON would omit.
      expect(JSON.parse(JSON.stringify(record))).toEqual(record)
    }
  })

  it('use example.com and addresses reserved for documentation', () => {
    const addresses = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$|^[\w.-]+\.amazonaws\.com$/
    for (const { sourceIPAddress } of history) expect(sourceIPAddress).toMatch(addresses)
    const mail = JSON.stringify(history).matchAll(/[\w.+-]+@([\w-]+(?:\.[\w-]+)+)/g)
    expect(new Set([...mail].map(([, domain]) => domain))).toEqual(new Set(['example.com']))
  })

  it('have only fields and callers that real records have', ({ skip }) => {
    const file = sharedData('cloudtrail/invictus.jsonl.gz')
    skip(!existsSync(file), 'shared/data/cloudtrail/ is not on this machine')
    const real: Any[] = gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const fieldsOf = (records: Any[], part: (record: Any) => object | undefined) =>
      new Set(records.flatMap((record) => Object.keys(part(record) ?? {})))
    const typeOf = (record: Any) => String(record.userIdentity.type)

    const fields = fieldsOf(real, (record) => record)
    expect([...fieldsOf(history, (record) => record)].filter((key) => !fields.has(key))).toEqual([])

    const realByType = Map.groupBy(real, typeOf)
    for (const [type, records] of Map.groupBy(history as Any[], typeOf)) {
      // The data set has no users of identity providers. AWS documents their fields.
      const seen = /^(SAML|WebIdentity)User$/.test(type)
        ? new Set(['type', 'principalId', 'userName', 'identityProvider'])
        : fieldsOf(realByType.get(type)!, ({ userIdentity }) => userIdentity)
      const own = fieldsOf(records, ({ userIdentity }) => userIdentity)
      expect([type, ...[...own].filter((key) => !seen.has(key))]).toEqual([type])
    }
    const context = fieldsOf(real, ({ userIdentity }) => userIdentity.sessionContext)
    const own = fieldsOf(history, ({ userIdentity }) => userIdentity.sessionContext)
    expect([...own].filter((key) => !context.has(key))).toEqual([])

    // What only reads there only reads here.
    const reads = new Map(real.map((record) => [nameOf(record), record.readOnly]))
    const common = history.filter((record) => reads.has(nameOf(record)))
    expect(new Set(common.map(nameOf)).size).toBeGreaterThan(40)
    expect(common.filter((record) => reads.get(nameOf(record)) !== record.readOnly)).toEqual([])
  })

  it('come from all kinds of callers in an account', () => {
    const agents = history.map(({ userAgent }) => String(userAgent))
    for (const tool of [
      /Terraform\//,
      /aws-cli\//,
      /Boto3\//,
      /aws-cdk-cli\//,
      /Mozilla/,
      /docker\//,
    ]) {
      expect(agents.filter((agent) => tool.test(agent)).length).toBeGreaterThan(0)
    }
    const invokers = new Set(history.map((record) => identityOf(record).invokedBy))
    for (const service of [
      'autoscaling',
      'ecs',
      'cloudformation',
      'lambda',
      'backup',
      'cloudtrail',
    ]) {
      expect(invokers).toContain(`${service}.amazonaws.com`)
    }
    const codes = new Set(history.map(({ errorCode }) => errorCode))
    for (const code of ['AccessDenied', 'Client.UnauthorizedOperation', 'ValidationException']) {
      expect(codes).toContain(code)
    }
    expect(history.some((record) => record.sessionCredentialFromConsole === 'true')).toBe(true)
  })
})

describe('a generated account', () => {
  it('has one session for each temporary key, which began earlier', () => {
    const owners = new Map<string, string>()
    for (const record of history) {
      const { accessKeyId, sessionContext, arn } = identityOf(record)
      if (!accessKeyId?.startsWith('ASIA')) continue
      const { creationDate } = sessionContext.attributes
      expect(Date.parse(creationDate)).toBeLessThanOrEqual(timeOf(record))
      const owner = owners.get(accessKeyId) ?? arn
      owners.set(accessKeyId, arn)
      expect(arn).toBe(owner)
    }
    expect(owners.size).toBeGreaterThan(100)
  })

  it('records how the sessions of a pipeline and of a terminal user began', () => {
    const issued = new Map<string, { arn: string; at: number }>()
    for (const record of history as Any[]) {
      const { credentials, assumedRoleUser } = record.responseElements ?? {}
      if (!credentials || !assumedRoleUser) continue
      issued.set(credentials.accessKeyId, { arn: assumedRoleUser.arn, at: timeOf(record) })
    }
    const worked = history.filter((record) => {
      const { arn, invokedBy } = identityOf(record)
      return !invokedBy && /:assumed-role\/(github-deploy|terraform-apply)\//.test(arn)
    })
    expect(worked.length).toBeGreaterThan(200)
    for (const record of worked) {
      const { accessKeyId, arn, sessionContext } = identityOf(record)
      const at = Date.parse(sessionContext.attributes.creationDate)
      expect(issued.get(accessKeyId)).toEqual({ arn, at })
    }
  })

  it('keeps the identifier of a role or user', () => {
    const ids = new Map<string, Set<string>>()
    for (const record of history) {
      const issuer = identityOf(record).sessionContext?.sessionIssuer
      if (!issuer) continue
      expect(identityOf(record).principalId.split(':')[0]).toBe(issuer.principalId)
      ids.set(issuer.arn, (ids.get(issuer.arn) ?? new Set()).add(issuer.principalId))
    }
    expect(ids.size).toBeGreaterThan(10)
    expect([...ids].filter(([, known]) => known.size > 1)).toEqual([])
  })

  it('terminates exactly what it launched', () => {
    const launched = new Map<string, number>()
    const idOf = (record: Any) => record.responseElements.instancesSet.items[0].instanceId
    const succeeded = (eventName: string) =>
      named(eventName).filter(({ errorCode }) => errorCode === undefined)
    for (const record of succeeded('RunInstances')) launched.set(idOf(record), timeOf(record))
    expect(launched.size).toBeGreaterThan(5)
    const terminated = succeeded('TerminateInstances')
    expect(terminated.length).toBeGreaterThan(5)
    // Instances that were launched earlier are not in it.
    const own = terminated.filter((record) => timeOf(record) > week.from.getTime() + 86_400_000)
    for (const record of own) {
      expect(launched.get(idOf(record))).toBeLessThan(timeOf(record))
    }
  })

  it('increments the revisions of a task definition', () => {
    const revisions = new Map<string, number[]>()
    for (const { awsRegion, responseElements } of named('RegisterTaskDefinition')) {
      const { family, revision } = responseElements.taskDefinition
      const key = `${awsRegion} ${family}`
      revisions.set(key, [...(revisions.get(key) ?? []), revision])
    }
    expect(revisions.size).toBeGreaterThan(5)
    for (const list of revisions.values()) {
      expect(new Set(list).size).toBe(list.length)
    }
  })

  it('has two users in Terraform’s role at the same time', () => {
    const spans = new Map<string, { from: number; to: number }>()
    for (const record of history) {
      const { arn, accessKeyId } = identityOf(record)
      if (!arn?.includes(':assumed-role/terraform-apply/')) continue
      const at = timeOf(record)
      const span = spans.get(accessKeyId)
      spans.set(accessKeyId, { from: span?.from ?? at, to: at })
    }
    const all = [...spans.values()]
    const overlap = all.some((a, i) => all.slice(i + 1).some((b) => b.from < a.to && a.from < b.to))
    expect(overlap).toBe(true)
  })
})

describe('in the simulator', () => {
  let simulator: Simulator
  afterEach(() => {
    vi.useRealTimers()
    return simulator.close()
  })

  it('records are looked up with the AWS SDK as they were generated', async () => {
    simulator = await startSimulator({ latencyMs: 0, tps: null })
    const to = new Date(simulator.now() - 60_000)
    const from = new Date(to.getTime() - 2 * 86_400_000)
    const records = generateHistory({ seed: 7, accountId, from, to })
    expect(simulator.addEvents(records)).toEqual({ added: records.length, ignored: 0 })
    const { events } = await lookUpAll(await customer(simulator, 'eu-west-1'), { MaxResults: 50 })
    const expected = records.filter(({ awsRegion }) => awsRegion === 'eu-west-1')
    expect(events.length).toBe(expected.length)
    const returned = new Map(
      events.map(({ EventId, CloudTrailEvent }) => [EventId, CloudTrailEvent]),
    )
    for (const record of expected) {
      expect(JSON.parse(returned.get(String(record.eventID))!)).toEqual(record)
    }
  })

  /** A simulator whose clock only the test moves. */
  async function atNoon(): Promise<Simulator> {
    vi.useFakeTimers({
      toFake: ['Date', 'setInterval', 'clearInterval'],
      now: new Date('2026-06-03T12:00:00Z'),
    })
    return startSimulator({ latencyMs: 0, tps: null })
  }

  it('live activity continues the history, and delivers events late and out of order', async () => {
    simulator = await atNoon()
    const began = simulator.now()
    const live = startLiveActivity(simulator, { seed: 1 })
    const shownAt = new Map<string, number>()
    for (let minutes = 0; minutes < 120; minutes++) {
      vi.advanceTimersByTime(60_000)
      for (const id of simulator.ledger.eventIds({ deliveredOnly: true })) {
        if (!shownAt.has(id)) shownAt.set(id, simulator.now())
      }
    }
    live.stop()
    const expected = generateHistory({
      seed: 1,
      accountId,
      from: new Date(began),
      to: new Date(began + 100 * 60_000),
    })
    expect(expected.length).toBeGreaterThan(50)
    const delays = expected.map((record) => shownAt.get(String(record.eventID))! - timeOf(record))
    const sorted = delays.toSorted((a, b) => a - b)
    expect(sorted[0]).toBeGreaterThanOrEqual(40_000)
    // A minute more, as the test looks once a minute.
    expect(sorted.at(-1)).toBeLessThanOrEqual(16 * 60_000)
    const median = sorted[sorted.length >> 1]!
    expect(median).toBeGreaterThan(2 * 60_000)
    expect(median).toBeLessThan(6 * 60_000)
    const shown = expected.map((record) => shownAt.get(String(record.eventID))!)
    expect(shown.some((at, i) => at < (shown[i - 1] ?? 0))).toBe(true)

    const held = simulator.ledger.count()
    vi.advanceTimersByTime(30 * 60_000)
    expect(simulator.ledger.count()).toBe(held)
  })

  it('a story breaks something within a minute, among routine work', async () => {
    simulator = await atNoon()
    const from = new Date(simulator.now())
    const live = startLiveActivity(simulator, { seed: 1, story: true })
    const client = await customer(simulator)
    const seen: string[] = []
    for (let steps = 0; steps < 12; steps++) {
      vi.advanceTimersByTime(5_000)
      const { events } = await lookUpAll(client, { StartTime: from })
      const ids = events.toReversed().map(({ EventId }) => EventId!)
      // New events come after those that were seen before.
      expect(ids.slice(0, seen.length)).toEqual(seen)
      seen.splice(0, seen.length, ...ids)
    }
    const { events } = await lookUpAll(client, { StartTime: from })
    const names = events.toReversed().map(({ EventName }) => EventName)
    const broken = names.indexOf('RevokeSecurityGroupIngress')
    expect(broken).toBeGreaterThan(0)
    const revoked = JSON.parse(events.toReversed()[broken]!.CloudTrailEvent!)
    const { fromPort } = revoked.requestParameters.ipPermissions.items[0]
    expect([fromPort, revoked.sessionCredentialFromConsole]).toEqual([5432, 'true'])
    expect(names.filter((name) => name === 'RevokeSecurityGroupIngress').length).toBe(1)
    live.stop()
  })

  it('a story is fixed, and followed by others', async () => {
    simulator = await atNoon()
    const from = new Date(simulator.now())
    const live = startLiveActivity(simulator, { seed: 1, story: true })
    for (let minutes = 0; minutes < 150; minutes++) vi.advanceTimersByTime(60_000)
    live.stop()
    const { events } = await lookUpAll(await customer(simulator), {
      StartTime: from,
      LookupAttributes: [{ AttributeKey: 'ReadOnly', AttributeValue: 'false' }],
    })
    const records: Any[] = events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!))
    const database = (record: Any) =>
      record.requestParameters?.ipPermissions?.items?.[0]?.fromPort === 5432
    expect(records.filter(database).map(({ eventName }) => eventName)).toEqual([
      'AuthorizeSecurityGroupIngress',
      'RevokeSecurityGroupIngress',
    ])
    const connections = named('ModifyDBParameterGroup', records)
      .flatMap(({ requestParameters }) => requestParameters.parameters)
      .filter(({ parameterName }: Any) => parameterName === 'max_connections')
    expect(connections.map(({ parameterValue }: Any) => parameterValue)).toEqual(['800', '60'])
    const memory = named('RegisterTaskDefinition', records).map(
      ({ requestParameters }) => requestParameters.memory,
    )
    expect(memory).toContain('512')
  })
})

describe('the command', () => {
  const script = fileURLToPath(new URL('../../scripts/simulator.ts', import.meta.url))

  function start(...args: string[]) {
    const child = spawn(process.execPath, [script, ...args])
    const started = { child, output: '' }
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        started.output += chunk
      })
    }
    return started
  }

  it('generates an account without records', async () => {
    const command = start('--port', '0', '--days', '2', '--seed', '3')
    try {
      const listens = /listens on (http\S+?)\. /
      await vi.waitFor(() => expect(command.output).toMatch(listens), { timeout: 240_000 })
      const [, events] = /^(\d+) generated events from 2 days/m.exec(command.output)!
      const url = listens.exec(command.output)![1]
      const { count } = (await (await fetch(`${url}/_simulator/ledger/count`)).json()) as Any
      expect(Number(events)).toBeGreaterThan(200)
      expect(count).toBeGreaterThanOrEqual(Number(events))
    } finally {
      command.child.kill('SIGTERM')
      expect(await once(command.child, 'exit')).toEqual([0, null])
    }
  })

  it('rejects more days than CloudTrail keeps', async () => {
    const command = start('--port', '0', '--days', '91')
    // Its output is complete.
    expect(await once(command.child, 'close')).toEqual([1, null])
    expect(command.output).toContain('--days needs a whole number from 0 to 90')
  })
})
