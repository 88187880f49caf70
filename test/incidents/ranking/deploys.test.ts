import { expect, test } from 'vitest'
import type { Change } from '../../../src/changes/change.ts'
import { columnsRead } from '../../../src/db/change-columns.ts'
import { toCandidate } from '../../../src/db/incident-answer.ts'
import type { Candidate } from '../../../src/incidents/ranking/candidate.ts'
import { deployEvidence, withDeploys } from '../../../src/incidents/ranking/deploys.ts'
import { readReport } from '../../../src/sources/deploy/change.ts'
import type { Report } from '../../../src/sources/deploy/detail.ts'
import { translateGitHub } from '../../../src/sources/github/translate.ts'
import { aChange, someDetail } from '../../../testing/changes.ts'

const start = Date.parse('2026-03-02T10:00:00Z')
/** Minutes after the start. */
const at = (minutes: number) => new Date(start + minutes * 60_000)
const production = { id: 'production', name: 'production', dependsOn: ['shared'] }

/** Full commits by short names. */
const sha = (name: string) => Buffer.from(name.padEnd(20, '#')).toString('hex')
const base = sha('base')
const merge = sha('merge')
const next = sha('next')
const last = sha('last')
const side = sha('side')

function toRead(change: Change, environmentIds: string[] = []): Candidate {
  const id = change.sourceId
  const row = {
    ...columnsRead(change, []),
    id,
    change_set_id: null,
    source: change.source,
    source_id: id,
    occurred_at: change.occurredAt,
  }
  const history = { sameAction: 0, sameActor: 0, sameResource: 0 }
  return toCandidate(row, { environmentIds, aliases: [], history })
}

const repository = (name = 'acme/shop') => ({ full_name: name, default_branch: 'main' })

function github(event: string, body: object, environmentIds?: string[]): Candidate {
  const all = { repository: repository(), sender: { login: 'ada' }, ...body }
  return toRead(translateGitHub(event, all, at(0))[0]!, environmentIds)
}

function pull(minutes = 0, commit = merge, number = 12): Candidate {
  return github('pull_request', {
    action: 'closed',
    pull_request: {
      number,
      title: 'Change the pool size',
      merged: true,
      merged_at: at(minutes).toISOString(),
      merge_commit_sha: commit,
      base: { ref: 'main' },
    },
  })
}

function push(before: string, commits: string[], fields: object = {}): Candidate {
  return github('push', {
    ref: 'refs/heads/main',
    before,
    after: commits.at(-1),
    commits: commits.map((id) => ({ id, message: 'x', author: { name: 'ada' } })),
    ...fields,
  })
}

interface Place {
  name?: string
  linked?: string[]
  of?: string
}

function deployment(minutes: number, commit: string, place: Place = {}): Candidate {
  const { name = 'production', linked = ['production'], of } = place
  const created_at = at(minutes).toISOString()
  const own = { id: minutes, sha: commit, ref: 'main', environment: name, created_at }
  return github('deployment', { deployment: own, repository: repository(of) }, linked)
}

function run(minutes: number, commit: string, name: string): Candidate {
  const started = at(minutes).toISOString()
  const own = { id: minutes, name, head_sha: commit, conclusion: 'success', event: 'push' }
  return github('workflow_run', {
    action: 'completed',
    workflow_run: { ...own, created_at: started, run_started_at: started },
  })
}

function report(minutes: number, fields: Partial<Report>): Candidate {
  const common = { receivedAs: 'changes' as const, idempotencyKey: `report-${minutes}` }
  return toRead(readReport({ ...common, summary: 'x', startsAt: at(minutes), ...fields }, at(0)))
}

/** When the first candidate took effect, in minutes, and the reason from its deploy. */
function deployOf(...candidates: Candidate[]) {
  const [first] = withDeploys(candidates, { environment: production, code: [] })
  const effect = first!.effectiveAt
  const [evidence] = deployEvidence(first!)
  return [effect && (effect.getTime() - start) / 60_000, evidence!.reason]
}

const own = 'A deploy of its commit was seen'
const later = 'A deploy of a later commit that contains it was seen'
const unseen = 'It was not seen deployed'
const unclear = 'A later deploy of acme/shop was seen, but not whether it contains its commit'

test.each<[string, Candidate[], [number | null, string]]>([
  ['its own commit', [deployment(5, merge)], [5, own]],
  ['an abbreviation of its commit', [report(5, { version: merge.slice(0, 7) })], [5, own]],
  ['what `git describe` shows', [report(5, { version: `v1.4-2-g${merge.slice(0, 8)}` })], [5, own]],
  [
    'a commit of a later push',
    [push(base, [merge]), push(merge, [next]), push(next, [last]), deployment(9, last)],
    [9, later],
  ],
  [
    'a commit of a later push, by a report with a short commit',
    [push(base, [merge]), push(merge, [next]), report(9, { version: `shop:${next.slice(0, 8)}` })],
    [9, later],
  ],
  [
    'the last commit of the push of a merge queue',
    [push(base, [side, merge, next]), deployment(9, next)],
    [9, later],
  ],
  [
    'a later merge in the push of a merge queue',
    [push(base, [merge, next, last]), pull(1, next, 13), deployment(9, next)],
    [9, later],
  ],
  [
    'several, of which the first counts',
    [push(merge, [next]), deployment(9, next), deployment(4, merge), deployment(7, next)],
    [4, own],
  ],
  [
    'pushes that arrived in another order',
    [push(next, [last]), push(merge, [next]), push(base, [merge]), deployment(9, last)],
    [9, later],
  ],
  ['a run that deploys', [run(3, merge, 'CI'), run(6, merge, 'Build and deploy')], [6, own]],
  ['seconds before GitHub reports the merge', [deployment(-0.1, merge)], [null, own]],
  ['before it was merged', [deployment(-5, merge)], [null, unseen]],
  [
    'to staging first',
    [deployment(2, merge, { linked: ['staging'] }), deployment(8, merge)],
    [8, own],
  ],
  ['to an environment of production', [deployment(2, merge, { linked: ['shared'] })], [2, own]],
  [
    'to staging only',
    [deployment(2, merge, { name: 'staging', linked: ['staging'] })],
    [null, 'It was seen deployed to staging, not to production'],
  ],
  [
    'to an environment that is not linked',
    [deployment(2, merge, { name: 'prod', linked: [] })],
    [null, 'It was seen deployed to prod, not to production'],
  ],
])('a merged pull request that is deployed with %s', (_, others, expected) => {
  expect(deployOf(pull(), ...others)).toEqual(expected)
})

const forced = { forced: true }
test.each<[string, Candidate[], string]>([
  ['nothing was deployed', [push(base, [merge]), run(5, merge, 'Unit tests')], unseen],
  ['an older commit was deployed', [push(base, [merge]), deployment(5, base)], unseen],
  [
    'an earlier merge of its push was deployed',
    [push(base, [side, merge]), pull(-1, side, 11), deployment(5, side)],
    unseen,
  ],
  ['pushes are not recorded', [deployment(5, next)], unclear],
  ['a push is missing', [push(base, [merge]), push(next, [last]), deployment(5, last)], unclear],
  [
    'a force push may have removed it',
    [push(base, [merge]), push(merge, [next], forced), deployment(5, next)],
    unclear,
  ],
  [
    'a commit of a branch that was merged later was deployed',
    [push(base, [merge]), push(merge, [side, next]), deployment(5, side)],
    unclear,
  ],
  [
    'a service of its name was deployed',
    [report(5, { version: next, services: ['shop'] })],
    unclear,
  ],
  ['another repository was deployed', [deployment(5, next, { of: 'acme/web' })], unseen],
  [
    'another repository has a commit that starts the same',
    [report(5, { repository: 'acme/web', version: merge.slice(0, 7) })],
    unseen,
  ],
  [
    'a report names its commit as removed',
    [report(5, { version: merge, action: 'removed' })],
    unseen,
  ],
])('no deploy is claimed where %s', (_, others, reason) => {
  expect(deployOf(pull(), ...others)).toEqual([null, reason])
})

test('an image tag is deployed by the change that sets it, not by the one that replaces it', () => {
  const update = (minutes: number, from: string, to: string) =>
    toRead(
      aChange({
        sourceId: `update-${minutes}`,
        occurredAt: at(minutes),
        summary: `ada changed image from shop:${from.slice(0, 7)} to shop:${to.slice(0, 7)}`,
        detail: someDetail({
          edits: [
            { field: 'image', from: `shop:${from.slice(0, 7)}`, to: `shop:${to.slice(0, 7)}` },
          ],
        }),
      }),
    )
  expect(deployOf(pull(), update(5, merge, base))).toEqual([null, unseen])
  expect(deployOf(pull(), update(5, base, merge))).toEqual([5, own])
})
