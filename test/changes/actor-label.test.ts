import { expect, test } from 'vitest'
import { actorLabels } from '../../src/changes/actor-label.ts'

const actor = (id: string, name: string, ...accountIds: string[]) => ({ id, name, accountIds })

test('an actor is shown by name', () => {
  expect(actorLabels([actor('a', 'ada', '1'), actor('b', 'bob', '1')])).toEqual(['ada', 'bob'])
})

test('actors with one name are distinguished by their accounts', () => {
  expect(actorLabels([actor('a', 'deploy', '1'), actor('b', 'deploy', '3', '2')])).toEqual([
    'deploy in 1',
    'deploy in 2, 3',
  ])
})

test.each([
  ['in the same account', [actor('a', 'deploy', '1'), actor('b', 'deploy', '1')]],
  ['one of them without an account', [actor('a', 'deploy', '1'), actor('b', 'deploy')]],
])('actors with one name %s by their IDs', (_what, actors) => {
  expect(actorLabels(actors)).toEqual(['deploy (a)', 'deploy (b)'])
})
