import { expect, test } from 'vitest'
import { rereadSentence } from '../../web/src/components/reread-progress.tsx'

test('the progress of re-reading is one sentence, and only while it is needed', () => {
  const running = { state: 'running' as const, reread: 12_000, total: 90_000, lastError: null }
  expect(rereadSentence(running)).toBe('Re-reading 12,000 of 90,000 changes with the new reader')
  const none = { reread: 0, total: null, lastError: null }
  expect(rereadSentence({ state: 'waiting', ...none })).toMatch(/starts within minutes/)
  expect(rereadSentence({ state: 'current', ...none })).toBeUndefined()
})
