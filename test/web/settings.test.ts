import { describe, expect, test } from 'vitest'
import { moveItem } from '../../web/src/components/move-item.ts'
import { passwordError } from '../../web/src/components/password.ts'
import { validateSettingsSearch } from '../../web/src/pages/settings/search.ts'

describe('the URL of the settings', () => {
  test.each([
    [{ tab: 'members' }, { tab: 'members' }],
    [{ tab: 'environments' }, {}],
    [{ tab: 'billing' }, {}],
    [{ tab: ['profile'] }, {}],
    [{}, {}],
  ])('%j is parsed as %j', (search, read) => expect(validateSettingsSearch(search)).toEqual(read))
})

describe('moving an environment', () => {
  const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }))
  const order = (id: string, position: number) =>
    moveItem(items, id, position)
      .map((item) => item.id)
      .join('')

  test.each([
    ['b', 0, 'bacd'],
    ['b', 2, 'acbd'],
    ['a', 3, 'bcda'],
    ['d', 0, 'dabc'],
    ['c', 2, 'abcd'],
    ['a', 99, 'bcda'],
    ['gone', 1, 'abcd'],
  ])('moves %s to %i: %s', (id, position, after) => expect(order(id, position)).toBe(after))
})

describe('a new password', () => {
  test.each(['ten chars.', 'x'.repeat(128)])('is accepted with the right length', (password) =>
    expect(passwordError(password)).toBeNull(),
  )
  test.each(['', 'nine char', 'x'.repeat(129)])('is rejected with another length', (password) =>
    expect(passwordError(password)).toMatch(/characters/),
  )
})
