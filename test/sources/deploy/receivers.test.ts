import { describe, expect, test } from 'vitest'
import { readCdEvent } from '../../../src/sources/deploy/cdevents.ts'
import { readCloudEvent } from '../../../src/sources/deploy/cloudevents.ts'
import { readPagerDutyChange } from '../../../src/sources/deploy/pagerduty.ts'

const reportOf = (reading: ReturnType<typeof readCloudEvent>) =>
  'report' in reading ? reading.report : reading

describe('a change event of PagerDuty', () => {
  const change = (payload: object, rest: object = {}) =>
    reportOf(readPagerDutyChange({ payload: { summary: 'Deployed', ...payload }, ...rest }))

  test.each([
    // PagerDuty's own example.
    ['2020-07-17T08:42:58.315+0000', '2020-07-17T08:42:58.315Z'],
    ['2020-07-17T08:42:58Z', '2020-07-17T08:42:58.000Z'],
    ['2020-07-17T08:42:58', '2020-07-17T08:42:58.000Z'],
    ['2020-07-17T10:42+02:00', '2020-07-17T08:42:00.000Z'],
    ['2020-07-17T10:42:58.123456789+02', '2020-07-17T08:42:58.123Z'],
  ])('can have the time %s', (timestamp, time) => {
    expect(change({ timestamp })).toMatchObject({ startsAt: new Date(time) })
  })

  test.each(['yesterday', '2020-07-17', '2020-13-17T08:42:58Z', '2020-07-17T08:42:58+99:00', ''])(
    'cannot have the time %j',
    (timestamp) => {
      expect(change({ timestamp })).toHaveProperty('errors')
    },
  )

  test('can have null in place of optional fields', () => {
    const fields = { timestamp: null, source: null, custom_details: null }
    expect(change(fields, { links: null, images: null })).toMatchObject({
      summary: 'Deployed',
      startsAt: undefined,
      links: [],
    })
  })
})

describe('a CloudEvent', () => {
  const event = (fields: object) =>
    reportOf(
      readCloudEvent({
        specversion: '1.0',
        id: '1',
        source: '/ci',
        type: 'com.example.deployed',
        ...fields,
      }),
    )

  test('that is sent after the end of a change does not set its start after its end', () => {
    const read = event({
      time: '2026-03-02T12:00:05Z',
      data: { endsAt: '2026-03-02T12:00:00Z' },
    })
    expect(read).toMatchObject({ startsAt: undefined, endsAt: new Date('2026-03-02T12:00:00Z') })
  })

  test('cannot end before it starts', () => {
    const data = { startsAt: '2026-03-02T12:00:04Z', endsAt: '2026-03-02T12:00:00Z' }
    expect(event({ data })).toEqual({ errors: ['data.endsAt: Must not be before `startsAt`.'] })
  })

  test('can contain its data as bytes', () => {
    const data = { summary: 'Deployed checkout', environments: ['production'] }
    const data_base64 = Buffer.from(JSON.stringify(data)).toString('base64')
    expect(event({ data_base64 })).toMatchObject(data)
    expect(event({ data_base64: 'AAAA', subject: 'checkout' })).toMatchObject({
      summary: 'com.example.deployed of checkout',
    })
  })
})

test('CDEvents: a merged change is in the repository that it names', () => {
  const reading = readCdEvent({
    context: {
      version: '0.4.1',
      id: '271069a8',
      source: '/git/acme',
      type: 'dev.cdevents.change.merged.0.2.0',
      timestamp: '2026-03-02T12:00:00Z',
    },
    subject: {
      id: 'checkout/pull/12',
      source: '/git/acme',
      type: 'change',
      content: { repository: { id: 'acme/checkout', source: '/git/acme' } },
    },
  })
  expect(reading).toMatchObject({
    report: {
      summary: 'Merged the change checkout/pull/12 into acme/checkout',
      action: 'change merged',
      repository: 'acme/checkout',
      services: ['checkout'],
      startsAt: new Date('2026-03-02T12:00:00Z'),
    },
  })
})
