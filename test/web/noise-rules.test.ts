import { expect, test, vi } from 'vitest'
import { refreshWhenApplied } from '../../web/src/noise-rules.ts'

test('open lists of changes are fetched again after a new noise rule is applied', async () => {
  const steps: string[] = []
  const answers = [async () => false, () => Promise.reject(new Error('offline')), async () => true]
  const client = {
    invalidateQueries: async (filters?: object) => {
      steps.push(JSON.stringify(filters))
    },
  }
  refreshWhenApplied(
    client,
    () => answers.shift()!(),
    async () => {
      steps.push('wait')
    },
  )
  await vi.waitFor(() => expect(steps).toHaveLength(3), 240_000)
  // Not `refetchType: 'none'`: the lists that are open are fetched.
  expect(steps).toEqual(['wait', 'wait', '{"queryKey":["changes"]}'])
})
