import { expect, test } from 'vitest'
import { parsePastIncidents } from '../../testing/outages/past-incidents.ts'

const time = new Date('2026-03-02T12:00:00Z')
const incident = {
  time,
  environment: 'production',
  title: 'checkout, down',
  services: [],
  cause: null,
}

test.each<[string, string, object]>([
  [
    'CSV',
    'time,environment,title,cause\n2026-03-02T12:00:00Z,production,"checkout, down",\n',
    incident,
  ],
  [
    'JSON lines',
    '{"time":"2026-03-02T12:00:00Z","environment":"production","title":"checkout, down"}\n',
    incident,
  ],
  [
    'an export of PagerDuty',
    '{"incidents":[{"created_at":"2026-03-02T12:00:00Z","title":"checkout, down","service":{"summary":"checkout"}}]}',
    { ...incident, environment: null, services: ['checkout'] },
  ],
])('%s is read', (_, text, expected) => {
  expect(parsePastIncidents(text)).toEqual([expected])
})

test.each([
  ['time,title\nyesterday,x', 'line 2: no valid time'],
  ['time,title\n2026-03-02T12:00:00Z,', 'line 2: no title'],
  ['', 'empty'],
])('%j is an error that names the line', (text, message) => {
  expect(() => parsePastIncidents(text)).toThrow(message)
})
