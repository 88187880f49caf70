import { HttpError } from '@oazapfts/runtime'
import { onlineManager } from '@tanstack/react-query'
import { afterEach, describe, expect, test } from 'vitest'
import { toApiError } from '../../web/src/api.ts'
import { queryClient } from '../../web/src/query-client.ts'
import { serverNow, skewOf, updateServerTime } from '../../web/src/server-time.ts'

afterEach(() => {
  onlineManager.setOnline(true)
  queryClient.clear()
})

test('without a network, queries and actions fail immediately', async () => {
  onlineManager.setOnline(false)
  const unreachable = () => Promise.reject(new TypeError('Failed to fetch'))
  const query = { queryKey: ['x'], queryFn: unreachable, retry: false }
  await expect(queryClient.fetchQuery(query)).rejects.toThrow('Failed to fetch')
  const mutation = queryClient.getMutationCache().build(queryClient, { mutationFn: unreachable })
  await expect(mutation.execute(undefined)).rejects.toThrow('Failed to fetch')
  expect(toApiError(new TypeError('Failed to fetch'))).toMatchObject({ status: 0 })
})

test.each([
  [429, true],
  [503, true],
  [404, false],
])('whether a query is repeated after the status %i: %s', async (status, isRepeated) => {
  let calls = 0
  const queryFn = async () => {
    calls += 1
    if (calls === 1) throw new HttpError(status, {}, new Headers())
    return 'loaded'
  }
  const query = queryClient.fetchQuery({ queryKey: [status], queryFn, retryDelay: 0 })
  if (isRepeated) expect(await query).toBe('loaded')
  else await expect(query).rejects.toMatchObject({ status })
  expect(calls).toBe(isRepeated ? 2 : 1)
})

describe("the server's time", () => {
  const sent = Date.parse('2026-03-02T12:00:00.200Z')
  test.each<[string, string | null, number, number | undefined]>([
    ['no header', null, 100, undefined],
    ['no time', 'yesterday', 100, undefined],
    ['the same time', 'Mon, 02 Mar 2026 12:00:00 GMT', 100, 0],
    ['a few seconds', 'Mon, 02 Mar 2026 12:00:20 GMT', 100, 0],
    ['an hour ahead', 'Mon, 02 Mar 2026 13:00:00 GMT', 100, 3_600_250],
    ['an hour behind', 'Mon, 02 Mar 2026 11:00:00 GMT', 100, -3_599_750],
    ['a minute that the answer took', 'Mon, 02 Mar 2026 12:01:00 GMT', 60_000, 0],
  ])('is derived from a response: %s', (_, date, took, expected) => {
    expect(skewOf(date, sent, sent + took)).toBe(expected)
  })

  test('is used once it is known', () => {
    const hourAhead = new Date(Date.now() + 3_600_000).toUTCString()
    updateServerTime(hourAhead, Date.now(), Date.now())
    expect(Math.abs(serverNow() - Date.now() - 3_600_000)).toBeLessThan(2_000)
    updateServerTime(null, Date.now(), Date.now())
    expect(serverNow() - Date.now()).toBeGreaterThan(3_000_000)
    updateServerTime(new Date().toUTCString(), Date.now(), Date.now())
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(2_000)
  })
})
