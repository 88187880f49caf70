import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { expect, test } from 'vitest'
import { headline } from '../../../src/changes/change-sets.ts'
import { recurrenceId } from '../../../src/changes/recurrence.ts'
import { github } from '../../../src/sources/github/source.ts'
import { readGitHub, TRANSLATED_EVENTS } from '../../../src/sources/github/translate.ts'
import { pullRequestMerged } from '../../../testing/github.ts'

const receivedAt = new Date('2026-03-02T12:00:00Z')

interface Example {
  event: string
  payload: { action?: string; pull_request?: { merged?: boolean } }
}

const all: Example[] = (examples as unknown as { name: string; examples: object[] }[])
  .filter(({ name }) => TRANSLATED_EVENTS.includes(name))
  .flatMap(({ name, examples: payloads }) => payloads.map((payload) => ({ event: name, payload })))

test("GitHub's own examples of each translated event become changes, or are ignored with a reason", () => {
  expect(all.length).toBeGreaterThan(80)
  const sentences = all.map(({ event, payload }) => {
    const { changes, reason } = readGitHub(event, payload, receivedAt)
    const action = payload.action ? `.${payload.action}` : ''
    if (changes.length === 0) return `${event}${action}: (${reason})`
    const [change] = changes
    expect(changes).toHaveLength(1)
    expect(change!.source).toBe('github')
    expect(change!.sourceId).not.toMatch(/undefined|null|NaN/)
    expect(change!.summary).not.toMatch(/undefined|null|NaN|\s\s/)
    expect(Number.isNaN(change!.occurredAt.getTime())).toBe(false)
    expect(change!.attributes?.repository).toMatch(/^[^/]+\/[^/]+$/)
    expect(change!.changeSet.sessionKey).toHaveLength(22)
    return `${event}${action}: ${change!.summary}`
  })
  expect([...new Set(sentences)].sort()).toMatchSnapshot()
})

test.each([
  ['deploy_key', 'created', /added deploy key \S+$/],
  ['branch_protection_rule', 'deleted', /deleted branch protection rule \S+$/],
  ['workflow_run', 'completed', /ran workflow .+$/],
  // A push to a repository is more than a word.
  ['push', undefined, /changed repository \S+$/],
])('the headline of %s %s', (name, action, words) => {
  const texts = all
    .filter(({ event, payload }) => event === name && payload.action === action)
    .flatMap(({ event, payload }) => readGitHub(event, payload, receivedAt).changes)
    .filter(({ outcome }) => outcome === 'succeeded')
    .map((change) => headline([change]))
  expect(texts.length).toBeGreaterThan(0)
  for (const text of texts) expect(text).toMatch(words)
})

test('other events are ignored', () => {
  const others = (examples as unknown as { name: string; examples: object[] }[]).filter(
    ({ name }) => !TRANSLATED_EVENTS.includes(name),
  )
  expect(others.length).toBeGreaterThan(20)
  for (const { name, examples: payloads } of others)
    for (const payload of payloads)
      expect(readGitHub(name, payload, receivedAt)).toEqual({
        changes: [],
        reason: `The event ${name} is not a change.`,
      })
})

test('a later change with the content of an earlier one can be read again', () => {
  const { event, payload } = all.find((each) => each.event === 'member')!
  const [change] = readGitHub(event, payload, receivedAt).changes
  const read = github.reader!.reread({
    record: JSON.stringify(payload),
    context: { event, receivedAt: receivedAt.toISOString() },
    sourceId: recurrenceId(change!.sourceId, receivedAt),
    occurredAt: receivedAt,
  })
  expect(read?.summary).toBe(change!.summary)
})

test('a push without a time has the same ID, regardless of when it arrives', () => {
  const { event, payload } = all.find(
    (each) => each.event === 'push' && readGitHub(each.event, each.payload, receivedAt).changes[0],
  )!
  const { repository } = payload as { repository?: object }
  const untimed = { ...payload, repository: { ...repository, pushed_at: undefined } }
  const ids = [receivedAt, new Date(receivedAt.getTime() + 1_000)].map(
    (time) => readGitHub(event, untimed, time).changes[0]!.sourceId,
  )
  expect(new Set(ids).size).toBe(1)
})

test('at most 100 labels of a pull request are read', () => {
  const payload = pullRequestMerged(1, receivedAt)
  const labels = Array.from({ length: 200 }, (_, index) => ({ name: `label ${index}` }))
  const body = { ...payload, pull_request: { ...payload.pull_request, labels } }
  const [change] = readGitHub('pull_request', body, receivedAt).changes
  expect(change?.attributes?.labels).toHaveLength(100)
})

test('the name of a workflow that deploys is limited', () => {
  const { payload } = all.find(({ event }) => event === 'deployment')!
  const workflow_run = { id: 1, name: 'x'.repeat(10_000) }
  const body = { ...payload, workflow: null, workflow_run }
  const [change] = readGitHub('deployment', body, receivedAt).changes
  const { run } = change!.detail as unknown as { run: { workflow: string } }
  expect(run.workflow.length).toBeLessThanOrEqual(200)
})
