import { expect, test } from 'vitest'
import { REFUSALS } from '../../src/incidents/completeness.ts'
import type { Integration } from '../../web/src/client.ts'
import { healthOf } from '../../web/src/pages/integrations/health.ts'

const healthWith = (fields: Partial<Integration>) =>
  healthOf({
    lastDeliveryAt: '2026-03-02T11:00:00Z',
    lastRefusal: null,
    lastWeek: { received: 0, failed: 0 },
    ...fields,
  } as Integration)

test.each(REFUSALS)('a refusal (%s) is shown with its fix, until a later delivery', (reason) => {
  const lastRefusal = { at: '2026-03-02T12:00:00Z', reason }
  const { state, detail } = healthWith({ lastRefusal })
  expect(state).toBe('Refused')
  expect(detail).toMatch(/^A delivery was refused: [a-z][^.]+\. [A-Z][^.]+\.$/)
  expect(healthWith({ lastRefusal, lastDeliveryAt: '2026-03-02T12:00:01Z' }).state).toBe(
    'Receiving',
  )
})
