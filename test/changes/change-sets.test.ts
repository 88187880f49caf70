import { existsSync, readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import {
  assignChangeSets,
  belongTogether,
  type ChangeSet,
  headline,
  mergeAll,
  openSet,
  spanOf,
} from '../../src/changes/change-sets.ts'
import { credentialStream, mergeStreams } from '../../src/changes/streams.ts'
import { readRecord } from '../../src/sources/cloudtrail/read-record.ts'
import { LABELLED } from '../../testing/cloudtrail/labelled-sessions.ts'
import { read } from '../../testing/cloudtrail/read.ts'
import { call, roleIdentity, TERRAFORM } from '../../testing/cloudtrail/records.ts'
import { requireSharedData, sharedData } from '../../testing/shared-data.ts'

const MINUTE_MS = 60_000

interface Judged {
  label: string
  change: Change
  principal: string
}

const judged: Judged[] = LABELLED.map(({ label, record }) => {
  const identity = record.userIdentity as Record<string, unknown>
  return { label, change: read(record), principal: String(identity.arn ?? identity.invokedBy) }
})

interface Score {
  precision: number
  recall: number
}

/** Of all pairs that were put together, how many belong together, and the reverse. */
function score(groups: readonly string[]): Score {
  let together = 0
  let right = 0
  let wanted = 0
  for (let i = 0; i < judged.length; i++) {
    for (let j = i + 1; j < judged.length; j++) {
      const isTogether = groups[i] === groups[j]
      const isWanted = judged[i]!.label === judged[j]!.label
      if (isTogether) together++
      if (isWanted) wanted++
      if (isTogether && isWanted) right++
    }
  }
  return { precision: right / together, recall: right / wanted }
}

function changeSets(): string[] {
  const sets = assignChangeSets(judged.map(({ change }) => ({ ...change, id: change.sourceId })))
  return judged.map(({ change }) => sets.get(change.sourceId)!)
}

/** The baseline: the same principal, with at most five minutes between two changes. */
function samePrincipalWithinFiveMinutes(): string[] {
  const groups = new Array<string>(judged.length)
  const order = judged
    .map((_, index) => index)
    .sort((a, b) => judged[a]!.change.occurredAt.getTime() - judged[b]!.change.occurredAt.getTime())
  const last = new Map<string, { at: number; group: string }>()
  for (const index of order) {
    const { principal, change } = judged[index]!
    const at = change.occurredAt.getTime()
    const before = last.get(principal)
    const group = before && at - before.at <= 5 * 60_000 ? before.group : `${principal} ${at}`
    last.set(principal, { at, group })
    groups[index] = group
  }
  return groups
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`
const line = (name: string, { precision, recall }: Score) =>
  `${name.padEnd(40)} pair precision ${percent(precision)}, pair recall ${percent(recall)}`

describe('manually labelled sessions', () => {
  it('become change sets, and at least 97 of 100 pairs are right', () => {
    const ours = score(changeSets())
    const baseline = score(samePrincipalWithinFiveMinutes())
    console.log(
      [
        `${judged.length} changes in ${new Set(judged.map(({ label }) => label)).size} pieces of work`,
        line('change sets', ours),
        line('same principal within 5 minutes', baseline),
      ].join('\n'),
    )
    expect(ours.precision).toBeGreaterThanOrEqual(0.97)
    expect(ours.recall).toBeGreaterThanOrEqual(0.97)
  })

  // CDK's three roles and the call that AWS minted credentials for cannot be recognized by identity.
  // What EC2 does for a person in the console does not show that it is for the console.
  const knownSplit = new Set([
    'frank’s cdk deploy',
    'the old build server rolls out',
    'dana sets up an encrypted volume in the console, with a coffee of 20 minutes',
  ])
  const labels = [...new Set(judged.map(({ label }) => label))]

  it.each(labels)('%s', (label) => {
    const groups = changeSets()
    const mine = new Set(groups.filter((_, index) => judged[index]!.label === label))
    const inMine = judged.filter((_, index) => mine.has(groups[index]!))
    expect(new Set(inMine.map((one) => one.label))).toEqual(new Set([label]))
    if (!knownSplit.has(label)) expect(mine.size).toBe(1)
  })
})

const SHARED = sharedData('records/groups/')

describe('the shared examples', () => {
  requireSharedData('records/groups/')

  const read = (name: string): Judged[] =>
    readFileSync(`${SHARED}${name}`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { label, record } = JSON.parse(line)
        const { change } = readRecord(JSON.stringify(record), { region: record.awsRegion })
        return { label: `${name} ${label}`, change: change!, principal: '' }
      })
  const names = existsSync(SHARED)
    ? readdirSync(SHARED).filter((name) => name.endsWith('.jsonl'))
    : ['all of them']

  it.each(names)('%s', (name) => {
    const own = read(name)
    const sets = assignChangeSets(own.map(({ change }) => ({ ...change, id: change.sourceId })))
    const groups = Map.groupBy(own, ({ label }) => label)
    const setsOf = [...groups.values()].map(
      (some) => new Set(some.map(({ change }) => sets.get(change.sourceId))),
    )
    const all = setsOf.flatMap((some) => [...some])
    expect(new Set(all).size).toBe(all.length)
    expect(all).toHaveLength(groups.size)
  })
})

describe('the run of a tool', () => {
  const run = (suffix: string, fields = {}) =>
    read(
      call('ec2', 'CreateSecurityGroup', { groupName: suffix }, null, {
        userAgent: `${TERRAFORM} ${suffix}`,
        userIdentity: roleIdentity({ role: 'ci', session: '0123456789abcdef0123456789abcdef' }),
        ...fields,
      }),
    )

  it('distinguishes two applies with the same credentials', () => {
    const [a, b] = [run('atlantis/shop/infra/12'), run('atlantis/shop/infra/13')]
    expect([a.tool.run, b.tool.run]).toEqual(['atlantis/shop/infra/12', 'atlantis/shop/infra/13'])
    expect(belongTogether(spanOf(a), spanOf(b))).toBe(false)
    expect(belongTogether(spanOf(a), spanOf(run('atlantis/shop/infra/12')))).toBe(true)
  })

  it('is one change set across two accounts and renewed credentials, if it has a unique ID', () => {
    const id = '0f6f0c1e-3f0e-4c8e-9a34-0b3c5b7a1d2e'
    const other = roleIdentity({
      role: 'other',
      session: 'x',
      account: '444455556666',
      began: '2026-03-02T11:00:00Z',
      key: 'ASIAEXAMPLEOTHER0001',
    })
    const [a, b] = [run(id), run(id, { userIdentity: other, recipientAccountId: '444455556666' })]
    expect(belongTogether(spanOf(a), spanOf(b))).toBe(true)
  })

  it.each(['', 'ua/2.1', 'acme-deployer/1.2'])('is not inferred from “%s”', (suffix) => {
    expect(run(suffix).tool).not.toHaveProperty('run')
  })
})

describe('a headline', () => {
  const deploy = (name: string) =>
    read(call('lambda', 'UpdateFunctionCode20150331v2', { functionName: name }))
  const listing = () =>
    read(call('cloudfront', 'ListDistributions', null, null, { readOnly: true }))

  it('names the changed resources', () => {
    const nine = Array.from({ length: 9 }, (_, i) => deploy(`fn-${i}`))
    expect(headline(nine)).toBe(
      'alice, with AWS CLI, deployed fn-0, fn-1 and 7 more Lambda functions',
    )
    expect(headline(nine.slice(0, 1))).toBe('alice, with AWS CLI, deployed Lambda function fn-0')
    expect(headline(nine.slice(0, 2))).toBe(
      'alice, with AWS CLI, deployed Lambda functions fn-0 and fn-1',
    )
  })

  it('names what was started and finished', () => {
    const rotation = (action: string) => {
      const SecretId = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-db-a1b2c3'
      return read(call('secretsmanager', action, null, null, { additionalEventData: { SecretId } }))
    }
    expect(headline([rotation('RotationStarted'), rotation('RotationSucceeded')])).toBe(
      'alice, with AWS CLI, started rotating Secrets Manager secret orders-db and finished rotating Secrets Manager secret orders-db',
    )
  })

  it('is neutral about changes of an earlier reader, which have no verb', () => {
    const { verb, ...earlier } = deploy('fn')
    expect(verb).toBe('deployed')
    expect(headline([earlier])).toBe('alice, with AWS CLI, changed Lambda function fn')
  })

  it('does not read summaries', () => {
    const change = { ...deploy('fn'), summary: 'alice deleted fn' }
    expect(headline([change])).toContain('deployed Lambda function fn')
  })

  it('does not count reads as changes', () => {
    expect(headline([deploy('fn'), listing(), listing()])).toBe(
      'alice, with AWS CLI, deployed Lambda function fn',
    )
    expect(headline([listing(), listing()])).toBe('alice, with AWS CLI, made 2 reads in cloudfront')
  })
})

describe('a change set', () => {
  const at = (time: string, fields = {}) =>
    read(call('ec2', 'CreateTags', null, null, { eventTime: `2026-03-02T${time}Z`, ...fields }))
  const idsOf = (changes: Change[]) => {
    const sets = assignChangeSets(changes.map((change) => ({ ...change, id: change.sourceId })))
    return changes.map((change) => sets.get(change.sourceId))
  }

  it('merges with another one when a late change connects them', () => {
    const [first, late, last] = [at('12:00:00'), at('12:12:00'), at('12:24:00')]
    const [a, b] = idsOf([first, last])
    expect(a).not.toBe(b)
    expect(new Set(idsOf([first, last, late])).size).toBe(1)
  })

  it('keeps the ID of the later one after a merge', () => {
    const [first, late, last] = [at('12:00:00'), at('12:12:00'), at('12:24:00')]
    expect(idsOf([first, last, late])).toEqual([last.sourceId, last.sourceId, last.sourceId])
  })

  it('has a longer idle timeout after slow operations', () => {
    const slow = read(
      call('rds', 'CreateDBInstance', { dBInstanceIdentifier: 'd' }, null, {
        eventTime: '2026-03-02T12:00:00Z',
      }),
    )
    expect(new Set(idsOf([slow, at('12:40:00')])).size).toBe(1)
    expect(new Set(idsOf([at('12:00:00'), at('12:40:00')])).size).toBe(2)
  })

  it('is separated by the run’s ID, if the user agent has one', () => {
    const run = (id: string, agent = TERRAFORM) => at('12:00:00', { userAgent: `${agent} ${id}` })
    const [one, two] = [
      '39f95f43-cd2f-4beb-b69e-be60b6fe1f57',
      '561fe49b-e6b4-44da-a587-f2c718eb578a',
    ]
    const sets = idsOf([run(one), run(one, 'acme-checker/1.0'), run(two)])
    expect(sets[0]).toBe(sets[1])
    expect(sets[0]).not.toBe(sets[2])
  })

  it('has a headline', () => {
    const userIdentity = roleIdentity({
      role: 'deploy-prod',
      session: 'aws-go-sdk-1772449200000000001',
    })
    const calls = [
      call('rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders' }, null, {
        userIdentity,
        userAgent: TERRAFORM,
      }),
      call('ec2', 'CreateVpc', null, null, { userIdentity, userAgent: TERRAFORM }),
      call('ec2', 'CreateVpc', null, null, { userIdentity, userAgent: TERRAFORM }),
      call('ec2', 'CreateVpc', null, null, {
        userIdentity,
        userAgent: TERRAFORM,
        errorCode: 'Client.VpcLimitExceeded',
      }),
    ]
    expect(headline(calls.map((one) => read(one)))).toBe(
      'deploy-prod, with Terraform, changed 3 things (1 more failed) in ec2 and rds',
    )
    expect(headline([])).toBe('')
  })
})

describe('mergeStreams', () => {
  // The texts of later ones sort first.
  const issued = Array.from({ length: 100 }, (_, index) =>
    credentialStream({
      place: String(900 - index),
      credential: 'k',
      issuedAt: Math.floor(index / 2) * 55 * MINUTE_MS,
      renewedAfter: 55 * MINUTE_MS,
      idleTimeoutMs: 20 * MINUTE_MS,
    }),
  )
  const merge = (streams: readonly string[]) =>
    streams.reduce<string | null>(mergeStreams, streams[0]!)

  it('keeps the 64 most recently issued credentials, in any order of merges', () => {
    const newest = merge(issued.slice(-64))
    expect(newest!.match(/@/g)).toHaveLength(64)
    fc.assert(
      fc.property(fc.shuffledSubarray(issued, { minLength: issued.length }), (shuffled) => {
        const half = shuffled.length / 2
        const inTwo = mergeStreams(merge(shuffled.slice(0, half)), merge(shuffled.slice(half)))
        expect([merge(shuffled), inTwo]).toEqual([newest, newest])
      }),
      { numRuns: 20 },
    )
  })
})

describe('change sets', () => {
  // The first two are of one run in two accounts, the next ones are renewed after 15 and 30 minutes.
  const issued = [0, 0, 15, 30, 30].map((at, index) =>
    credentialStream({
      place: index === 1 ? 'q' : 'p',
      credential: `k${index}`,
      issuedAt: at * MINUTE_MS,
      renewedAfter: 15 * MINUTE_MS,
      idleTimeoutMs: 20 * MINUTE_MS,
    }),
  )
  const changes = fc.array(
    fc.record({
      sessionKey: fc.constantFrom('a', 'b'),
      stream: fc.constantFrom('x', 'y', null, ...issued),
      at: fc.nat(100),
      idleTimeoutMs: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 25 },
  )
  const opened = (
    list: { sessionKey: string; stream: string | null; at: number; idleTimeoutMs: number }[],
  ) =>
    list.map(({ sessionKey, stream, at, idleTimeoutMs }, index) =>
      openSet(`c${index}`, {
        occurredAt: new Date(at),
        changeSet: { sessionKey, stream, idleTimeoutMs },
      }),
    )
  /** Which changes are in one set, regardless of the sets' ids. */
  const partition = (sets: readonly { set: ChangeSet; absorbed: string[] }[]) =>
    sets.map(({ set, absorbed }) => [set.id, ...absorbed].sort().join()).sort()

  it('are the same for any order of changes', () => {
    fc.assert(
      fc.property(
        changes.chain((list) => {
          const sets = opened(list)
          return fc.tuple(fc.constant(sets), fc.shuffledSubarray(sets, { minLength: sets.length }))
        }),
        ([sets, shuffled]) => {
          expect(partition(mergeAll(shuffled))).toEqual(partition(mergeAll(sets)))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('are the same when changes arrive one by one and only sets are stored', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const sets = opened(list)
        let kept: { set: ChangeSet; absorbed: string[] }[] = []
        for (const set of sets) {
          const before = new Map(kept.map((one) => [one.set.id, one.absorbed]))
          kept = mergeAll([...kept.map((one) => one.set), set]).map(
            ({ set: merged, absorbed }) => ({
              set: merged,
              absorbed: [merged.id, ...absorbed]
                .flatMap((id) => [id, ...(before.get(id) ?? [])])
                .filter((id) => id !== merged.id),
            }),
          )
        }
        expect(partition(kept)).toEqual(partition(mergeAll(sets)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('never lose a change or contain one twice', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const sets = opened(list)
        const ids = mergeAll(sets).flatMap(({ set, absorbed }) => [set.id, ...absorbed])
        expect(ids.sort()).toEqual(sets.map(({ id }) => id).sort())
      }),
    )
  })
})
