import { describe, expect, test } from 'vitest'
import { moveItem } from '../../web/src/components/move-item.ts'
import { passwordError } from '../../web/src/components/password.ts'
import { validateSettingsSearch } from '../../web/src/pages/settings/search.ts'

describe("the settings' address", () => {
  test.each([
    [{ tab: 'members' }, { tab: 'members' }],
    [{ tab: 'environments' }, {}],
    [{ tab: 'billing' }, {}],
    [{ tab: ['profile'] }, {}],
    [{}, {}],
  ])('%j is read as %j', (search, read) => expect(validateSettingsSearch(search)).toEqual(read))
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
  ])('puts %s at %i: %s', (id, position, after) => expect(order(id, position)).toBe(after))
})

describe('a new password', () => {
  test.each(['ten chars.', 'x'.repeat(128)])('of the right length passes', (password) =>
    expect(passwordError(password)).toBeNull(),
  )
  test.each(['', 'nine char', 'x'.repeat(129)])('of another length is reported', (password) =>
    expect(passwordError(password)).toMatch(/characters/),
  )
})
