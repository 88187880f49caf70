import { describe, expect, test } from 'vitest'
import {
  InvalidPastIncidents,
  MAX_PAST_INCIDENTS,
  parsePastIncidents,
  selectRecent,
} from '../../src/incidents/past-incidents.ts'

const time = new Date('2026-03-02T12:00:00Z')
const incident = {
  time,
  environment: 'production',
  title: 'checkout, down',
  services: [],
  serviceId: null,
  cause: null,
}
const paged = { ...incident, environment: null, services: ['Checkout API'], serviceId: 'PF9KMXH' }

describe('a file of past incidents', () => {
  test.each<[string, string, object]>([
    [
      'CSV',
      'time,environment,title,cause\n2026-03-02T12:00:00Z,production,"checkout, down",\n',
      incident,
    ],
    [
      'CSV of a spreadsheet: a byte order mark, semicolons, other case and order',
      '\uFEFFTitle;Environment;Time\r\ncheckout, down;production;2026-03-02 12:00:00\r\n\r\n',
      incident,
    ],
    [
      'CSV with quotes and a line break in a cell',
      'time\ttitle\tcause\n"2026-03-02T12:00:00Z"\t"say ""hi""\nagain"\tx\n',
      { ...incident, environment: null, title: 'say "hi" again', cause: 'x' },
    ],
    [
      'JSON lines',
      '{"time":"2026-03-02T12:00:00Z","environment":"production","title":"checkout, down"}\n\n',
      incident,
    ],
    [
      'one incident as JSON over several lines',
      JSON.stringify(
        { time: '2026-03-02T12:00:00Z', environment: 'production', title: 'checkout, down' },
        null,
        2,
      ),
      incident,
    ],
    [
      "a page of PagerDuty's REST API",
      JSON.stringify({
        incidents: [
          {
            created_at: '2026-03-02T12:00:00Z',
            title: 'checkout, down',
            summary: '[#1234] checkout, down',
            service: { id: 'PF9KMXH', type: 'service_reference', summary: 'Checkout API' },
          },
        ],
        limit: 25,
      }),
      paged,
    ],
    [
      "PagerDuty's analytics",
      '{"data":[{"created_at":"2026-03-02T13:00:00+01:00","description":"checkout, down","service_id":"PF9KMXH","service_name":"Checkout API"}]}',
      paged,
    ],
    [
      "PagerDuty's incidents report with advanced reporting",
      'id,incident_number,description,service_id,service_name,escalation_policy_id,escalation_policy_name,created_on,resolved_on,seconds_to_first_ack,seconds_to_resolve,auto_resolved,escalation_count,auto_escalation_count,acknowledge_count,assignment_count,acknowledged_by_user_ids,acknowledged_by_user_names,assigned_to_user_ids,assigned_to_user_names,resolved_by_user_id,resolved_by_user_name,urgency\nQ38V2M61ITSKVU,7,"checkout, down",PF9KMXH,Checkout API,P5AGSRY,Default,2026-03-02T13:00:00+01:00,2026-03-02T13:24:02+01:00,,1442,0,0,0,0,1,,,PW28787,Ada,,,low\n',
      paged,
    ],
    [
      "PagerDuty's incidents report without advanced reporting",
      '#,Service,Opened On,Resolved On,Resolve By,Duration,# Escalations\n7,Checkout API,2026-03-02 13:00:00 +0100,2026-03-02 13:24:02 +0100,Not Available,24m,0\n',
      { ...paged, title: 'PagerDuty incident 7', serviceId: null },
    ],
  ])('can be %s', (_, text, expected) => {
    expect(parsePastIncidents(text)).toEqual([expected])
  })

  test('can have several pages, one per line', () => {
    const page = '{"incidents":[{"created_at":"2026-03-02T12:00:00Z","title":"x"}]}'
    expect(parsePastIncidents(`${page}\n${page}\n`)).toHaveLength(2)
  })

  test.each([
    '2026-03-02T12:00Z',
    '2026-03-02T13:00:00+0100',
    '2026-03-02 12:00:00 UTC',
    '2026-03-02T12:00:00',
    '1772452800',
    1772452800,
    1772452800000,
  ])('has the time %s, as UTC without an offset', (written) => {
    expect(parsePastIncidents(JSON.stringify({ time: written, title: 'x' }))[0]!.time).toEqual(time)
  })

  test('can have text of any length on one line', () => {
    const title = `a\u0000b\n${'é'.repeat(500)}`
    const [read] = parsePastIncidents(JSON.stringify({ time: '1772452800', title }))
    expect(read!.title).toBe(`a b ${'é'.repeat(296)}`)
  })
})

test.each([
  ['time,title\nyesterday,x', 'Line 2 has no valid time'],
  ['time,title\n2026-02-30T12:00:00Z,x', 'Line 2 has no valid time'],
  ['time,title\n2026-03-02T25:00:00Z,x', 'Line 2 has no valid time'],
  ['time,title\n2026-03-02T12:00:00Z,"a\nb"\n2026-03-02T12:00:00Z,', 'Line 4 has no title'],
  ['time,title\n2026-03-02T12:00:00Z,a,b', 'Line 2 has 3 cells for 2 columns'],
  ['time,title\n2026-03-02T12:00:00Z,"a', 'Line 2: a quoted cell does not end'],
  ['hello', 'Line 1 has no column time, '],
  ['created_on,service_name\n2026-03-02T12:00:00Z,x', 'Line 1 has no column title, '],
  ['#,Opened On\n,2026-03-02T12:00:00Z', 'Line 2 has no title'],
  ['{"time":"1772452800","title":"x"}\n{"time"', 'Line 2 is not valid JSON'],
  ['[1]', 'Incident 1 is not an incident'],
  ['[{"time":null,"title":"x"}]', 'Incident 1 has no valid time'],
  ['[{"time":"NaN","title":"x"}]', 'Incident 1 has no valid time'],
  ['[]', 'There are no incidents'],
  [' \n', 'empty'],
])('%j is an error with its location', (text, message) => {
  expect(() => parsePastIncidents(text)).toThrow(InvalidPastIncidents)
  expect(() => parsePastIncidents(text)).toThrow(message)
})

test('incidents of up to 90 days are selected', () => {
  const day = 24 * 3_600_000
  const at = (ms: number) => ({ ...incident, time: new Date(time.getTime() + ms) })
  const selected = selectRecent([at(0), at(-90 * day), at(-90 * day - 1), at(1)], time)
  expect(selected).toEqual({ recent: [at(0), at(-90 * day)], older: 1, future: 1 })
  const many = Array.from({ length: MAX_PAST_INCIDENTS + 1 }, () => incident)
  expect(() => selectRecent(many, time)).toThrow('The limit is 1000')
})
