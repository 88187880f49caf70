import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RankedIncident } from '../../../src/incidents/incident.ts'
import type { Candidate } from '../../../src/incidents/ranking/candidate.ts'
import { rank, scoreCandidates, THRESHOLD } from '../../../src/incidents/ranking/rank.ts'
import { someResource } from '../../../testing/changes.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const noticedAt = new Date('2026-03-02T12:00:00Z')
const ago = (ms: number) => new Date(noticedAt.getTime() - ms)
const environment = { id: 'production', name: 'production', dependsOn: ['network'] }
const context = { historySize: 1_000, environment, now: noticedAt, code: [] }

function incident(fields: Partial<RankedIncident> = {}): RankedIncident {
  return {
    title: 'checkout: connections to the database time out',
    noticedAt,
    startedAt: null,
    startedAfter: null,
    environmentId: 'production',
    services: ['checkout'],
    ...fields,
  }
}

let made = 0
function candidate(fields: Partial<Candidate> = {}): Candidate {
  made++
  return {
    changeId: `change-${made}`,
    changeSetId: null,
    source: 'aws.cloudtrail',
    sourceId: `source-${made}`,
    occurredAt: ago(10 * MINUTE_MS),
    effectiveAt: null,
    summary: 'ada changed instance i-1',
    service: 'ec2',
    action: 'ModifyInstanceAttribute',
    actorId: 'ada',
    actorName: 'ada',
    actorKind: 'person',
    tool: 'console',
    outcome: 'succeeded',
    readOnly: false,
    noise: null,
    risks: ['network'],
    publicAccess: null,
    resources: [someResource('AWS::EC2::Instance', `i-${made}`)],
    accountId: '111122223333',
    edits: [],
    environmentIds: ['production'],
    aliases: [],
    code: { repository: null, branch: null, before: null, isForced: false, environments: [] },
    commits: [],
    history: { sameAction: 5, sameActor: 1, sameResource: 0 },
    ...fields,
  } as Candidate
}

const revoked = (fields: Partial<Candidate> = {}) =>
  candidate({
    summary: 'ops-admin removed inbound 5432/tcp on security group checkout-db',
    action: 'RevokeSecurityGroupIngress',
    actorName: 'ops-admin',
    resources: [someResource('AWS::EC2::SecurityGroup', 'checkout-db')],
    ...fields,
  })

/** The score of the first one, ranked beside the others. */
function scoreOf(one: Candidate, ...others: Candidate[]): number {
  const scored = scoreCandidates(incident(), [one, ...others], context)
  return scored.find(({ candidate }) => candidate === one)!.score
}

describe('evidence', () => {
  test('ranks a matching change of 6 hours ago above an unrelated one of 3 minutes ago', () => {
    const old = revoked({ occurredAt: ago(6 * HOUR_MS) })
    const recent = candidate({ occurredAt: ago(3 * MINUTE_MS) })
    expect(scoreOf(old, recent)).toBeGreaterThan(scoreOf(recent, old))
  })

  test.each<[string, Partial<Candidate>]>([
    ['it was denied', { outcome: 'denied' }],
    ['it only reads', { readOnly: true }],
    ['it is noise', { noise: 'routine' }],
    ['it is in another environment', { environmentIds: ['staging'] }],
    ['it is not linked', { environmentIds: [] }],
    ['its environment is shared', { environmentIds: ['network'] }],
    ['its action is usual', { history: { sameAction: 900, sameActor: 1, sameResource: 0 } }],
    [
      'its actor does this all the time',
      { history: { sameAction: 5, sameActor: 5, sameResource: 5 } },
    ],
    ['AWS itself did it', { actorKind: 'service' }],
    [
      'it names another service',
      { resources: [someResource('AWS::EC2::SecurityGroup', 'other')], summary: 'x' },
    ],
    ['it adds something', { action: 'AuthorizeSecurityGroupIngress' }],
    ['it sets tags', { action: 'CreateTags' }],
    [
      'it is about something else',
      {
        service: 'ses',
        action: 'DeleteIdentity',
        resources: [],
        summary: 'ops-admin deleted identity checkout-db',
      },
    ],
  ])('is weaker where %s', (_, fields) => {
    const strong = revoked({ history: { sameAction: 5, sameActor: 0, sameResource: 0 } })
    expect(scoreOf(revoked(fields))).toBeLessThan(scoreOf(strong))
  })

  test('is weaker for a shared environment than for the same one, and stronger than for another or none', () => {
    const scores = [['production'], ['network'], [], ['staging']].map((environmentIds) =>
      scoreOf(revoked({ environmentIds })),
    )
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    const [suspect] = rank(incident(), [revoked({ environmentIds: ['network'] })], context).suspects
    expect(suspect!.reasons).toContain('Its environment is shared with production')
  })

  test('counts a deferred change from when it takes effect', () => {
    const requestedAt = ago(50 * HOUR_MS)
    const deferred = revoked({ occurredAt: requestedAt, effectiveAt: ago(5 * MINUTE_MS) })
    expect(scoreOf(deferred)).toBeGreaterThan(scoreOf(revoked({ occurredAt: requestedAt })))
    expect(rank(incident(), [deferred], context).sentence).toContain(
      'which took effect 5 minutes before the alert',
    )
  })

  test('excludes a change that was reverted before the incident', () => {
    const first = revoked({ occurredAt: ago(5 * HOUR_MS) })
    const restored = revoked({
      occurredAt: ago(4 * HOUR_MS),
      action: 'AuthorizeSecurityGroupIngress',
    })
    expect(scoreOf(first, restored)).toBeLessThan(scoreOf(first))
    expect(rank(incident(), [first, restored], context).responses).toEqual([])
  })

  test('is stronger for a change that was reverted after the alert', () => {
    const culprit = revoked()
    const fix = revoked({
      occurredAt: ago(-8 * MINUTE_MS),
      action: 'AuthorizeSecurityGroupIngress',
    })
    expect(scoreOf(culprit, fix)).toBeGreaterThan(scoreOf(culprit))
    const answer = rank(incident(), [culprit, fix], context)
    expect(answer.responses).toMatchObject([{ changeId: fix.changeId, reverses: culprit.changeId }])
    expect(answer.suspects.map(({ changeId }) => changeId)).toEqual([culprit.changeId])
  })

  test('of a merged pull request counts from its deploy, or is marked as not deployed', () => {
    const commit = 'a'.repeat(40)
    const merge = candidate({
      source: 'github',
      service: 'github',
      action: 'pull_request.merged',
      commits: [commit],
      summary: 'ada merged #12 Change pool size in acme/checkout',
      occurredAt: ago(20 * HOUR_MS),
      resources: [],
    })
    const deploy = candidate({
      source: 'deploy',
      service: 'checkout',
      action: 'deploy',
      commits: [commit.slice(0, 9)],
      summary: 'Deployed checkout',
      occurredAt: ago(10 * MINUTE_MS),
      resources: [],
    })
    const alone = rank(incident(), [merge], context).suspects[0]!
    expect(alone.reasons).toContain('It was not seen deployed')
    const deployed = rank(incident(), [merge, deploy], context).suspects.find(
      ({ changeId }) => changeId === merge.changeId,
    )!
    expect(deployed.score).toBeGreaterThan(alone.score)
    expect(deployed.reasons).toContain(
      'It took effect 10 minutes before the alert: it was requested 20 hours earlier',
    )
  })

  test('is required for a change to be named', () => {
    const answer = rank(
      incident(),
      [candidate({ action: 'CreateTags', occurredAt: ago(9 * HOUR_MS) })],
      context,
    )
    expect(answer.answer).toBe('none')
    expect(answer.sentence).toBe('No recorded change explains this')
  })

  test('excludes changes after a known start, and changes after the notice are responses', () => {
    const late = revoked({ occurredAt: ago(10 * MINUTE_MS) })
    const response = revoked({ occurredAt: ago(-10 * MINUTE_MS) })
    const answer = rank(incident({ startedAt: ago(30 * MINUTE_MS) }), [late, response], context)
    expect(answer.suspects).toEqual([])
    expect(answer.responses.map(({ changeId }) => changeId)).toEqual([response.changeId])
  })
})

describe('properties', () => {
  const actions = fc.constantFrom(
    'RevokeSecurityGroupIngress',
    'CreateTags',
    'ModifyDBInstance',
    'UpdateService',
  )
  const some = fc
    .record({
      action: actions,
      minutes: fc.integer({ min: 0, max: 72 * 60 }),
      set: fc.constantFrom('a', 'b', null),
    })
    .map(({ action, minutes, set }) =>
      candidate({ action, changeSetId: set, occurredAt: ago(minutes * MINUTE_MS) }),
    )

  test('the order of arrival does not matter', () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 20 }), (candidates) => {
        const answer = rank(incident(), candidates, context)
        expect(rank(incident(), candidates.toReversed(), context)).toEqual(answer)
      }),
    )
  })

  test('a set scores like its best member, regardless of its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
        const members = Array.from({ length: size }, () =>
          candidate({ changeSetId: 'set', action: 'CreateTags' }),
        )
        const best = revoked({ changeSetId: 'set' })
        const { suspects } = rank(incident(), [...members, best], context)
        const scored = scoreCandidates(incident(), [...members, best], context)
        expect(suspects).toHaveLength(1)
        expect(suspects[0]).toMatchObject({
          changeId: best.changeId,
          changesInSet: size + 1,
          score: scored[0]!.score,
        })
      }),
    )
  })

  test('with a known start, a later change is never less suspect than the same one earlier', () => {
    const started = incident({ startedAt: noticedAt })
    fc.assert(
      fc.property(fc.nat(72 * 60), fc.nat(72 * 60), (one, other) => {
        const [near, far] = [Math.min(one, other), Math.max(one, other)]
        const score = (minutes: number) =>
          scoreCandidates(started, [revoked({ occurredAt: ago(minutes * MINUTE_MS) })], context)[0]!
            .score
        expect(score(near)).toBeGreaterThanOrEqual(score(far))
      }),
    )
  })

  test('scores are between 0 and 1, and the threshold decides', () => {
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 10 }), (candidates) => {
        const { answer, suspects } = rank(incident(), candidates, context)
        for (const { score } of suspects) expect(score > 0 && score < 1).toBe(true)
        expect(answer === 'suspect').toBe(suspects[0]!.score >= THRESHOLD)
      }),
    )
  })
})
