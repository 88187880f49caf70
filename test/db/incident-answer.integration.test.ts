import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import { asOrganization, type Database, type Trx } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { answerIncident, loadCandidates } from '../../src/db/incident-answer.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import type { RankedIncident } from '../../src/incidents/incident.ts'
import { rank } from '../../src/incidents/ranking/rank.ts'
import { translateGitHub } from '../../src/sources/github/translate.ts'
import { aChange, imported, someChange, someResource } from '../../testing/changes.ts'
import { openTestDatabases, type TestDatabases } from '../../testing/database.ts'

let databases: TestDatabases
let db: Database
let system: Database

beforeAll(async () => {
  databases = await openTestDatabases()
  ;({ db, system } = databases)
})
afterAll(() => databases.close())

const noticedAt = new Date('2026-03-02T12:00:00Z')
const minutesBefore = (minutes: number) => new Date(noticedAt.getTime() - minutes * 60_000)
const incident: RankedIncident = {
  title: 'checkout: connection timeouts to the database',
  noticedAt,
  startedAt: null,
  startedAfter: null,
  environmentId: null,
  services: ['checkout'],
}

/** Runs in an organization of its own. */
async function inOrganization<T>(
  name: string,
  work: (trx: Trx, organizationId: string) => Promise<T>,
): Promise<T> {
  const { id } = await ensureOrganization(system, name)
  return asOrganization(db, id, async (trx) => {
    await ensurePartitions(trx, new Date('2026-02-01T00:00:00Z'))
    return work(trx, id)
  })
}

function revoked(group: string) {
  return {
    summary: `ops-admin removed 5432/tcp from security group ${group}`,
    service: 'ec2',
    action: 'RevokeSecurityGroupIngress',
    risks: ['network' as const],
    resources: [someResource('AWS::EC2::SecurityGroup', group)],
  }
}

test('the change that matches the service comes first, with its summary', async () => {
  await inOrganization('first', async (trx, organizationId) => {
    const owner = { organizationId, connectionId: null }
    const culprit = await someChange(trx, owner, {
      ...revoked('checkout-db'),
      occurredAt: minutesBefore(6),
      changeSet: { sessionKey: 'culprit', stream: null, idleTimeoutMs: 0 },
    })
    await someChange(trx, owner, { occurredAt: minutesBefore(3) })
    const answer = await answerIncident(trx, organizationId, incident, { now: noticedAt })
    expect(answer.suspects[0]).toMatchObject({ changeId: culprit })
    expect(answer.sentence).toBe(
      'Most likely: ops-admin removed 5432/tcp from security group checkout-db, 6 minutes before the alert',
    )
    expect(answer.searched).toMatchObject({ candidates: 2, from: minutesBefore(72 * 60) })
  })
})

/** A merged pull request, its push, the next push, and the deploy of that one. */
function mergedAndDeployed(): Change[] {
  const [before, merge, after] = ['a', 'b', 'c'].map((digit) => digit.repeat(40))
  const time = (minutes: number) => minutesBefore(50 * 60 - minutes).toISOString()
  const repository = (minutes: number) => ({
    full_name: 'acme/shop',
    default_branch: 'main',
    pushed_at: time(minutes),
  })
  const pull = { number: 12, title: 'Speed up checkout', merged: true, merged_at: time(1) }
  const push = { ref: 'refs/heads/main', commits: [] }
  const deployment = { id: 1, sha: after, ref: 'main', created_at: time(3) }
  const events: [string, object][] = [
    ['pull_request', { action: 'closed', pull_request: { ...pull, merge_commit_sha: merge } }],
    ['push', { ...push, before, after: merge }],
    ['push', { ...push, before: merge, after, repository: repository(2) }],
    ['deployment', { deployment }],
  ]
  return events.flatMap(([event, body]) =>
    translateGitHub(event, { repository: repository(1), ...body }, noticedAt),
  )
}

test('an old change that matches the incident, or is risky, is a candidate among thousands', async () => {
  const { id: organizationId } = await ensureOrganization(system, 'many')
  const connectionId = null
  const usual = (nth: number, resource: string, occurredAt: Date) =>
    aChange({
      sourceId: `usual-${nth}`,
      occurredAt,
      service: 'wafv2',
      action: 'UpdateIPSet',
      summary: `deploy updated IP set ${resource}`,
      actor: { id: 'deploy', name: 'deploy', kind: 'role', chain: [] },
      resources: [someResource('AWS::WAFv2::IPSet', resource)],
      changeSet: { sessionKey: `usual-${nth}`, stream: null, idleTimeoutMs: 0 },
    })
  const old = usual(0, 'checkout-blocked', minutesBefore(60 * 60))
  const strong = aChange({
    sourceId: 'strong',
    occurredAt: minutesBefore(59 * 60),
    ...revoked('orders-db'),
    changeSet: { sessionKey: 'strong', stream: null, idleTimeoutMs: 0 },
  })
  // In each second, a change that is less likely as well.
  const others = Array.from({ length: 1_200 }, (_, nth) => {
    const likelier = usual(nth + 1, `list-${nth}`, minutesBefore(1 + nth / 60))
    const tagged = { ...likelier, sourceId: `tagged-${nth}`, action: 'TagResource' }
    return [likelier, tagged]
  }).flat()
  await asOrganization(db, organizationId, async (trx) => {
    await ensurePartitions(trx, new Date('2026-02-01T00:00:00Z'))
    const changes = [old, strong, ...mergedAndDeployed(), ...others].map((change) =>
      imported(change),
    )
    const owner = { organizationId, connectionId, sourceAccount: null }
    await storeEvents(trx, owner, { changes, unparsed: [] })
  })
  const load = (searchMs: number) =>
    asOrganization(db, organizationId, (trx) =>
      loadCandidates(trx, organizationId, incident, { now: noticedAt, searchMs }),
    )
  const { candidates, context, searched } = await load(600_000)
  expect(searched.candidates).toBe(2_406)
  expect(candidates.length).toBeLessThan(2_406)
  expect(candidates.map(({ sourceId }) => sourceId)).toContain(old.sourceId)
  // The pushes and the deploy are not among the candidates, and show when the merge was deployed.
  expect(context.code.map(({ action }) => action).sort()).toEqual(['deployment', 'push', 'push'])
  const { suspects } = rank(incident, candidates, context, candidates.length)
  const pull = suspects.find(({ sourceId }) => sourceId === 'pull_request/acme/shop/12')
  expect(pull!.reasons).toContain('A deploy of a later commit that contains it was seen')
  const withoutSearch = (await load(0)).candidates
  expect(withoutSearch).toHaveLength(1_000)
  expect(withoutSearch.map(({ sourceId }) => sourceId)).not.toContain(old.sourceId)
  expect(withoutSearch.map(({ sourceId }) => sourceId)).toContain(strong.sourceId)
})

test('the frequency of the same action on the same resource is known', async () => {
  await inOrganization('routine', async (trx, organizationId) => {
    const owner = { organizationId, connectionId: null, sourceAccount: null }
    const changes = ['sg-1', 'sg-1', 'sg-1', 'sg-2'].map((id, nth) =>
      imported(
        aChange({
          sourceId: `${id}-${nth}`,
          occurredAt: minutesBefore(10 + nth),
          resources: [someResource('AWS::EC2::SecurityGroup', id)],
        }),
      ),
    )
    await storeEvents(trx, owner, { changes, unparsed: [] })
    const { candidates } = await loadCandidates(trx, organizationId, incident, { now: noticedAt })
    const counts = candidates.map(({ sourceId, history }) => [sourceId, history.sameResource])
    expect(Object.fromEntries(counts)).toEqual({
      'sg-1-0': 2,
      'sg-1-1': 2,
      'sg-1-2': 2,
      'sg-2-3': 0,
    })
  })
})

test('changes of another organization are no candidates', async () => {
  await inOrganization('neighbor', (trx, organizationId) =>
    someChange(
      trx,
      { organizationId, connectionId: null },
      { ...revoked('checkout-db'), occurredAt: minutesBefore(6) },
    ),
  )
  await inOrganization('alone', async (trx, organizationId) => {
    const answer = await answerIncident(trx, organizationId, incident, { now: noticedAt })
    expect(answer).toMatchObject({
      answer: 'none',
      sentence: 'No recorded change explains this',
      suspects: [],
      searched: { candidates: 0 },
    })
  })
})

test('a change that arrived later is not read for an earlier answer', async () => {
  await inOrganization('late', async (trx, organizationId) => {
    await someChange(
      trx,
      { organizationId, connectionId: null },
      { ...revoked('checkout-db'), occurredAt: minutesBefore(6) },
    )
    const now = noticedAt
    const before = await answerIncident(trx, organizationId, incident, { now, arrivedBy: now })
    expect(before.suspects).toEqual([])
    const after = await answerIncident(trx, organizationId, incident, { now })
    expect(after.suspects).toHaveLength(1)
  })
})

test('a change after the notice is a response, and references what it reverses', async () => {
  await inOrganization('responses', async (trx, organizationId) => {
    const owner = { organizationId, connectionId: null }
    const culprit = await someChange(trx, owner, {
      ...revoked('checkout-db'),
      occurredAt: minutesBefore(6),
    })
    const fix = await someChange(trx, owner, {
      ...revoked('checkout-db'),
      summary: 'ops-admin allowed 5432/tcp in security group checkout-db',
      action: 'AuthorizeSecurityGroupIngress',
      occurredAt: minutesBefore(-9),
    })
    const answer = await answerIncident(trx, organizationId, incident, { now: minutesBefore(-30) })
    expect(answer.responses).toMatchObject([{ changeId: fix, reverses: culprit }])
    expect(answer.suspects.map(({ changeId }) => changeId)).toEqual([culprit])
    expect(answer.suspects[0]!.reasons.join()).toContain(
      'It was reversed 9 minutes after the alert',
    )
  })
})

test('a change from weeks ago that takes effect now is a candidate', async () => {
  await inOrganization('deferred', async (trx, organizationId) => {
    const deferred = await someChange(
      trx,
      { organizationId, connectionId: null },
      {
        ...revoked('checkout-db'),
        occurredAt: minutesBefore(20 * 24 * 60),
        effectiveAt: minutesBefore(4),
      },
    )
    const answer = await answerIncident(trx, organizationId, incident, { now: noticedAt })
    expect(answer.suspects[0]).toMatchObject({ changeId: deferred })
    expect(answer.sentence).toContain('which took effect 4 minutes before the alert')
  })
  // The function that finds it bypasses the policy.
  await inOrganization('not deferred', async (trx, organizationId) => {
    const { candidates } = await loadCandidates(trx, organizationId, incident, { now: noticedAt })
    expect(candidates).toEqual([])
  })
})
