import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { createRefresher, oneAtATime } from '../../web/src/refresh.ts'

/** A function whose calls end when the test ends them. */
function slow() {
  const calls: PromiseWithResolvers<number>[] = []
  const call = () => {
    const next = Promise.withResolvers<number>()
    calls.push(next)
    return next.promise
  }
  return { call, calls }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('calls during a fetch lead to one more fetch, after it', async () => {
  const { call, calls } = slow()
  const fetch = oneAtATime(call)
  fetch()
  fetch()
  fetch()
  expect(calls).toHaveLength(1)
  calls[0]!.resolve(1)
  await settled()
  expect(calls).toHaveLength(2)
  calls[1]!.resolve(2)
  await settled()
  expect(calls).toHaveLength(2)
  fetch()
  expect(calls).toHaveLength(3)
})

test('events that arrive faster than responses do not keep a page from its data', async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const { call, calls } = slow()
  const observer = new QueryObserver<number>(client, { queryKey: ['list'], queryFn: call })
  const stop = observer.subscribe(() => {})
  const refresh = createRefresher(client)
  const change = () => refresh('list', { queryKey: ['list'] })

  change()
  change()
  expect(calls).toHaveLength(1)
  calls[0]!.resolve(1)
  await settled()
  expect(observer.getCurrentResult().data).toBe(1)

  // The first response may be from before the events.
  for (const [call, value] of [
    [1, 2],
    [2, 3],
  ] as const) {
    expect(calls).toHaveLength(call + 1)
    change()
    change()
    calls[call]!.resolve(value)
    await settled()
    expect(observer.getCurrentResult().data).toBe(value)
  }
  stop()
  client.clear()
})
