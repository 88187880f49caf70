import { expect, test } from 'vitest'
import { readAccountIds } from '../../web/src/pages/connections/account-ids.ts'

test('account IDs are found in any text, each once', () => {
  const pasted = `shop\t111122223333\n{"Id": "444455556666", "Name": "2024 sandbox"}, 4444-5555-6666`
  expect(readAccountIds(pasted)).toEqual({ accountIds: ['111122223333', '444455556666'] })
})

test('a number of the wrong length is reported', () => {
  expect(readAccountIds('11112222333 444455556666')).toEqual({
    accountIds: ['444455556666'],
    problem: '11112222333 has 11 digits instead of 12.',
  })
  expect(readAccountIds('11112222333 4444555566667').problem).toBe(
    '11112222333, 4444555566667 do not have 12 digits.',
  )
})

test('empty input is accepted, and text without an ID is reported', () => {
  expect(readAccountIds(' \n')).toEqual({ accountIds: [] })
  expect(readAccountIds('production').problem).toBe(
    'No account ID found. An account ID has 12 digits.',
  )
})

test('more IDs than the server accepts in one request are reported', () => {
  const ids = Array.from({ length: 1001 }, (_, index) => String(100_000_000_000 + index))
  expect(readAccountIds(ids.join('\n')).problem).toBe('1001 account IDs. The limit is 1,000.')
})
