import { describe, expect, it } from 'vitest'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { read, seenOf } from '../../../testing/cloudtrail/read.ts'
import { ACCOUNT, call, record } from '../../../testing/cloudtrail/records.ts'

const SEEN = { eventId: 'e-1', eventTime: new Date('2026-03-02T12:00:00Z'), region: 'eu-west-1' }

describe('reading a record', () => {
  it('reads identity, time and region from LookupEvents and the record', () => {
    const raw = record({ eventTime: '2026-03-02T12:34:56Z', awsRegion: 'xx-invented-7' })
    const change = read(raw)
    expect(change).toMatchObject({
      source: 'aws.cloudtrail',
      sourceId: raw.eventID,
      occurredAt: new Date('2026-03-02T12:34:56Z'),
      service: 'ec2',
      action: 'CreateVpc',
      region: 'xx-invented-7',
      accountId: ACCOUNT,
      outcome: 'succeeded',
    })
  })

  it('dates the change by LookupEvents’ EventTime', () => {
    const change = read(record({ eventTime: '2026-03-02T12:34:56Z' }), {
      eventTime: new Date('2026-03-02T12:34:57Z'),
    })
    expect(change.occurredAt).toEqual(new Date('2026-03-02T12:34:57Z'))
  })

  it('falls back to the record where LookupEvents has no value', () => {
    const raw = record()
    const { change } = readRecord(JSON.stringify(raw), { region: 'eu-west-1' })
    expect(change).toMatchObject({
      sourceId: raw.eventID,
      occurredAt: new Date(raw.eventTime as string),
    })
  })

  it('falls back to LookupEvents where the record has no value', () => {
    const { change } = readRecord('{}', {
      ...SEEN,
      eventName: 'DeleteBucket',
      eventSource: 's3.amazonaws.com',
      resources: [{ resourceType: 'AWS::S3::Bucket', resourceName: 'logs' }],
    })
    expect(change?.summary).toBe('Someone deleted bucket logs in eu-west-1')
    expect(change?.resources).toMatchObject([{ type: 'AWS::S3::Bucket', id: 'logs' }])
  })

  it.each([
    ['not_json', 'this is not JSON', {}],
    ['not_json', '', {}],
    ['not_json', '{"a":1', {}],
    ['not_an_object', 'null', {}],
    ['not_an_object', '[]', {}],
    ['not_an_object', '"text"', {}],
    ['not_an_object', '7', {}],
    ['no_event_id', '{}', { eventId: undefined }],
    ['no_event_id', '{"eventID":""}', { eventId: '' }],
    ['no_event_time', '{}', { eventTime: undefined }],
    ['no_event_time', '{"eventTime":"yesterday"}', { eventTime: new Date(Number.NaN) }],
    ['no_event_time', '{"eventTime":"1066-10-14T00:00:00Z"}', { eventTime: undefined }],
    ['no_event_time', '{"eventTime":"+010000-01-01T00:00:00Z"}', { eventTime: undefined }],
    ['no_event_name', '{"eventSource":"ec2.amazonaws.com"}', {}],
    ['no_event_name', '{"eventName":{"a":1}}', {}],
  ])('returns %s for %s', (reason, raw, seen) => {
    const reading = readRecord(raw, { ...SEEN, ...seen })
    expect(reading.unparsed?.reason).toBe(reason)
    expect(reading.unparsed?.detail).not.toBe('')
  })

  it('reads old versions, which lack readOnly and other fields', () => {
    const { change } = readRecord(
      JSON.stringify({
        eventVersion: '1.0',
        userIdentity: { type: 'IAMUser', userName: 'alice' },
        eventTime: '2014-03-24T21:11:59Z',
        eventSource: 'iam.amazonaws.com',
        eventName: 'CreateUser',
        awsRegion: 'us-east-1',
        requestParameters: { userName: 'bob' },
      }),
      { eventId: 'old', region: 'us-east-1' },
    )
    expect(change?.summary).toBe('alice created user bob')
  })

  it('reads service events, whose identity has no type', () => {
    const change = read(
      call('secretsmanager', 'EndSecretVersionDelete', null, null, {
        userIdentity: { accountId: ACCOUNT, invokedBy: 'secretsmanager.amazonaws.com' },
        eventType: 'AwsServiceEvent',
        additionalEventData: {
          SecretId: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:prod/db-a1b2c3`,
        },
      }),
    )
    expect(change.summary).toBe(
      'Secrets Manager finished deleting an old version of secret prod/db in eu-west-1',
    )
    expect(change.actor.kind).toBe('service')
  })

  it('reads Insights events, which have no top-level fields', () => {
    const { change } = readRecord(
      JSON.stringify({
        eventVersion: '1.08',
        eventTime: '2026-03-02T12:00:00Z',
        awsRegion: 'eu-west-1',
        eventID: 'insight',
        eventType: 'AwsCloudTrailInsight',
        recipientAccountId: ACCOUNT,
        insightDetails: {
          state: 'Start',
          eventSource: 'autoscaling.amazonaws.com',
          eventName: 'CompleteLifecycleAction',
          insightType: 'ApiCallRateInsight',
        },
        eventCategory: 'Insight',
      }),
      { eventTime: SEEN.eventTime, region: 'eu-west-1' },
    )
    expect(change?.summary).toBe(
      'CloudTrail reported that an unusual API call rate of CompleteLifecycleAction of Auto Scaling began in eu-west-1',
    )
  })

  it('links to the event in the console of its partition', () => {
    const url = (region: string) =>
      read(record({ eventID: 'a b', awsRegion: region })).links[0]?.url
    expect(url('eu-west-1')).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/a%20b',
    )
    expect(url('cn-north-1')).toMatch(/^https:\/\/cn-north-1\.console\.amazonaws\.cn\//)
    expect(url('us-gov-west-1')).toMatch(
      /^https:\/\/us-gov-west-1\.console\.amazonaws-us-gov\.com\//,
    )
    expect(url('evil.example/#')).toBeUndefined()
  })

  it('recognizes a failed sign-in, which has no errorCode, and hides possible passwords', () => {
    const change = read(
      record({
        eventSource: 'signin.amazonaws.com',
        eventName: 'ConsoleLogin',
        eventType: 'AwsConsoleSignIn',
        awsRegion: 'us-east-1',
        userIdentity: {
          type: 'IAMUser',
          accountId: ACCOUNT,
          accessKeyId: '',
          userName: 'HIDDEN_DUE_TO_SECURITY_REASONS',
        },
        errorMessage: 'No username found in supplied account',
        responseElements: { ConsoleLogin: 'Failure' },
      }),
    )
    expect(change.outcome).toBe('failed')
    expect(change.summary).toBe(
      'Someone tried to sign in to the console, but it failed: no username found in supplied account',
    )
    expect(change.noise).toBeNull()
  })

  it('distinguishes edits from parameters that only name the resource', () => {
    const change = read(
      call('sqs', 'SetQueueAttributes', {
        queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/jobs`,
        attributes: { VisibilityTimeout: '60' },
      }),
    )
    expect(change.detail.edits).toEqual([{ field: 'visibility timeout', to: '60' }])
  })

  it('returns the same change for the same record', () => {
    const raw = record()
    expect(readRecord(JSON.stringify(raw), seenOf(raw))).toEqual(
      readRecord(JSON.stringify(raw), seenOf(raw)),
    )
  })
})
