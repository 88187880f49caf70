import { describe, expect, test } from 'vitest'
import type { Change, Suspect } from '../../web/src/client.ts'
import {
  arrangeSuspects,
  arrivedLater,
  conclude,
  distance,
  moveWindow,
  toTimeline,
} from '../../web/src/pages/incident/arrange.ts'
import { overallState } from '../../web/src/pages/incident/completeness.tsx'
import { reportToMarkdown, toSlack } from '../../web/src/pages/incident/report.ts'
import { validatePreview } from '../../web/src/pages/incident/search.ts'

const suspect = (changeId: string, over: Partial<Suspect> = {}): Suspect => ({
  change: null,
  changeId,
  occurredAt: '2026-03-02T20:39:10Z',
  changeSetId: null,
  changesInSet: 1,
  summary: `change ${changeId}`,
  score: 0.5,
  reasons: [],
  ...over,
})
const verdict = (changeId: string, kind: 'caused' | 'dismissed' | 'fixed' | 'suspect') => ({
  changeId,
  verdict: kind,
  by: null,
  at: '2026-03-02T21:00:00Z',
})
const ids = (items: readonly { changeId: string }[]) => items.map(({ changeId }) => changeId)
const change = (id: string, at: string, changeSetId: string | null = null) =>
  ({ id, occurredAt: at, importedAt: at, changeSetId }) as Change

describe('suspects', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((id) => suspect(id))

  test('are three at most', () => {
    expect(ids(arrangeSuspects(five, []).shown)).toEqual(['a', 'b', 'c'])
  })

  test('that are dismissed or fixed make room for others', () => {
    const arranged = arrangeSuspects(five, [verdict('a', 'dismissed'), verdict('c', 'fixed')])
    expect(ids(arranged.shown)).toEqual(['b', 'd', 'e'])
    expect(arranged).toMatchObject({ dismissed: 1, cause: undefined })
  })

  test('that are marked as the cause come first, from any rank', () => {
    const arranged = arrangeSuspects(five, [verdict('e', 'caused'), verdict('b', 'suspect')])
    expect(ids(arranged.shown)).toEqual(['e', 'a', 'b'])
    expect(arranged.cause?.changeId).toBe('e')
  })
})

test('the sentence follows the verdicts', () => {
  const answer = {
    answer: 'suspect' as const,
    sentence: 'Most likely: change a, 6 minutes before the alert',
    suspects: [suspect('a'), suspect('b')],
  }
  expect(conclude(answer, [])).toEqual({ sentence: answer.sentence, isExplained: true })
  expect(conclude(answer, [verdict('b', 'dismissed')]).sentence).toBe(answer.sentence)
  expect(conclude(answer, [verdict('b', 'caused')])).toEqual({
    sentence: 'Cause: change b',
    isExplained: true,
  })
  expect(conclude(answer, [verdict('a', 'dismissed')])).toEqual({
    sentence: 'The most likely change was dismissed: change a',
    isExplained: false,
  })
})

test.each([
  ['2026-03-02T20:39:10Z', '6 minutes before the alert'],
  ['2026-03-02T20:45:09Z', '1 second before the alert'],
  ['2026-03-02T20:45:10Z', 'at the time of the alert'],
  ['2026-03-02T20:50:10Z', '5 minutes after the alert'],
  ['2026-03-02T14:45:10Z', '6 hours before the alert'],
  ['2026-02-27T20:45:10Z', '3 days before the alert'],
])('the time %s is shown as %s', (occurredAt, text) => {
  expect(distance(occurredAt, '2026-03-02T20:45:10Z')).toBe(text)
})

test('a change that was stored after the page was opened is marked, unless it is new', () => {
  const opened = '2026-03-02T20:50:00Z'
  const at = (occurredAt: string, importedAt: string) =>
    arrivedLater({ ...change('a', occurredAt), importedAt }, opened)
  expect(at('2026-03-02T20:40:00Z', '2026-03-02T20:55:00Z')).toBe(true)
  expect(at('2026-03-02T20:40:00Z', '2026-03-02T20:45:00Z')).toBe(false)
  expect(at('2026-03-02T20:52:00Z', '2026-03-02T20:55:00Z')).toBe(false)
})

describe('the timeline', () => {
  test('shows a set once, with its suspect, and the moments between the changes', () => {
    const changes = [
      change('d', '2026-03-02T20:50:00Z'),
      change('c', '2026-03-02T20:40:03Z', 's'),
      change('b', '2026-03-02T20:40:02Z', 's'),
      change('a', '2026-03-02T20:40:01Z', 's'),
    ]
    const moments = [{ at: '2026-03-02T20:45:10Z', label: 'Alert' }]
    const entries = toTimeline(changes, moments, new Set(['b']))
    expect(
      entries.map((entry) =>
        entry.kind === 'moment' ? entry.label : [entry.named.id, entry.setId, entry.others.length],
      ),
    ).toEqual([['d', null, 0], 'Alert', ['b', 's', 2]])
  })

  test('divides a set at the alert', () => {
    const changes = [
      change('b', '2026-03-02T20:46:00Z', 's'),
      change('a', '2026-03-02T20:40:00Z', 's'),
    ]
    const moments = [{ at: '2026-03-02T20:45:10Z', label: 'Alert' }]
    const entries = toTimeline(changes, moments, new Set(['a']))
    expect(
      entries.map((entry) => (entry.kind === 'moment' ? entry.label : entry.named.id)),
    ).toEqual(['b', 'Alert', 'a'])
  })

  test('moves by half of its length, and is extended on both sides', () => {
    const window = {
      from: '2026-03-02T19:00:00.000Z',
      to: '2026-03-02T21:00:00.000Z',
      items: [],
      nextCursor: null,
    }
    expect(moveWindow(window, 'earlier')).toEqual({
      from: '2026-03-02T18:00:00.000Z',
      to: '2026-03-02T20:00:00.000Z',
    })
    expect(moveWindow(window, 'later').from).toBe('2026-03-02T20:00:00.000Z')
    expect(moveWindow(window, 'wider')).toEqual({
      from: '2026-03-02T18:00:00.000Z',
      to: '2026-03-02T22:00:00.000Z',
    })
  })
})

test('the URL of a preview keeps only valid values', () => {
  const environment = '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75'
  expect(
    validatePreview({ at: '2026-03-02T21:45:00+01:00', environment, noise: 'shown', x: 1 }),
  ).toEqual({ at: '2026-03-02T20:45:00.000Z', environment, noise: 'shown' })
  expect(validatePreview({ at: 'yesterday', environment: '../x', from: 5, noise: 'all' })).toEqual(
    {},
  )
})

describe('a report', () => {
  const report = {
    title: 'checkout: 5xx',
    noticedAt: '2026-03-02T20:45:10Z',
    environment: 'Production',
    url: 'https://cairn.example.com/incidents/1',
    answer: {
      sentence: 'Most likely: x, 6 minutes before the alert',
      completeness: { isComplete: true, sentence: 'All changes are imported.', sources: [] },
      responses: [
        {
          change: null,
          changeId: 'r',
          occurredAt: '2026-03-02T20:50:10Z',
          reverses: null,
          summary: 'ada rolled back',
          reason: '',
        },
      ],
      searched: { from: '2026-02-27T20:45:10.000Z', to: '2026-03-02T21:00:00.000Z', candidates: 7 },
    },
    suspects: [
      suspect('s', { summary: 'eve [deleted](http://evil.example) *orders*', reasons: ['Rare.'] }),
    ],
  }

  test('as Markdown has links to the changes, and no markup of untrusted text', () => {
    expect(reportToMarkdown(report).split('\n')).toEqual([
      '## checkout: 5xx',
      '',
      'Noticed 2026-03-02T20:45:10Z in Production. [Open in Cairn](https://cairn.example.com/incidents/1)',
      '',
      '**Most likely: x, 6 minutes before the alert**',
      '',
      '1. [eve \\[deleted\\]\\(http\\://evil.example\\) \\*orders\\*](https://cairn.example.com/changes/s), 6 minutes before the alert',
      '   - Rare.',
      '',
      'After the alert:',
      '- [ada rolled back](https://cairn.example.com/changes/r), 5 minutes after the alert',
      '',
      'All changes are imported. Searched 7 changes from 2026-02-27 20:45 to 2026-03-02 21:00 UTC.',
    ])
  })

  test('without a suspect contains what was searched and what Cairn cannot see', () => {
    const searched = { ...report.answer.searched, candidates: 1 }
    const text = toSlack({ ...report, answer: { ...report.answer, searched }, suspects: [] })
    expect(text).toContain('Searched 1 change from 2026-02-27 20:45 to 2026-03-02 21:00 UTC.')
    expect(text).toContain('Cairn cannot see traffic, failures of AWS or other providers')
  })

  test('for Slack uses its own markup, and mentions no users', () => {
    const text = toSlack({ ...report, title: '<!channel> a&b' })
    expect(text).toContain('*&lt;!channel&gt; a&amp;b*')
    expect(text).toContain('<https://cairn.example.com/incidents/1|Open in Cairn>')
    expect(text).toContain('<https://cairn.example.com/changes/s|eve [deleted]')
    expect(text).not.toContain('<!channel>')
  })
})

describe('the state of all sources', () => {
  const of = (
    isComplete: boolean,
    ...states: ('complete' | 'arriving' | 'silent' | 'incomplete')[]
  ) =>
    overallState({
      isComplete,
      sentence: '',
      sources: states.map((state) => ({ id: '1', kind: 'github', name: '', state, sentence: '' })),
    })

  test('is complete only if all of them are', () => {
    expect(of(true, 'complete', 'complete')).toBe('complete')
    // A source that is silent proves nothing.
    expect(of(true, 'complete', 'silent')).toBe('silent')
    expect(of(false, 'silent', 'arriving')).toBe('arriving')
    expect(of(false, 'arriving', 'complete', 'incomplete')).toBe('incomplete')
    expect(of(false)).toBeUndefined()
  })
})
