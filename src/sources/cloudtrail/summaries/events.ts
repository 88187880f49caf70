/** SQS, SNS, EventBridge, CloudWatch and its logs. */

import { counted, listed, spoken, words } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import { edit, editsOf, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { JsonReader } from '../json-reader.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'
import { setPolicy } from './resource-policy.ts'

const QUEUE = 'AWS::SQS::Queue'

export const sqs: Summaries = {
  SendMessageBatch: ({ params, resources }) => {
    const queue = named(resources, QUEUE)
    const count = params.items('entries').length
    return queue && `send ${count === 0 ? 'messages' : counted(count, 'message')} to ${queue}`
  },
  DeleteMessageBatch: ({ params, resources }) => {
    const queue = named(resources, QUEUE)
    const count = params.items('entries').length
    return queue && `delete ${count === 0 ? 'messages' : counted(count, 'message')} from ${queue}`
  },
  PurgeQueue: ({ resources }) => {
    const queue = named(resources, QUEUE)
    return queue && { does: `delete all messages in ${queue}`, risks: ['data'] }
  },
  SetQueueAttributes: ({ params, resources }) =>
    attributes(named(resources, QUEUE), params.object('attributes')),
}

const TOPIC = 'AWS::SNS::Topic'

export const sns: Summaries = {
  PublishBatch: ({ params, resources }) => {
    const topic = named(resources, TOPIC)
    const count = params.items('publishBatchRequestEntries').length
    const more = count === 0 ? '' : `: ${counted(count, 'message')}`
    return topic && { does: `publish to ${topic}`, more }
  },
  CreateTopic: ({ params, resources }) => {
    const name = params.text('name')
    return named(resources, TOPIC)
      ? `create ${named(resources, TOPIC)}`
      : name && `create topic ${spoken(name)}`
  },
  Subscribe: ({ params, resources }) => {
    const topic = named(resources, TOPIC)
    const protocol = params.text('protocol')
    const endpoint = params.text('endpoint')
    // An address is personal and may hold a token; an ARN is neither.
    const to = endpoint?.startsWith('arn:') ? arnName(endpoint) : undefined
    const article = protocol === undefined || /^[aeiou]/.test(protocol) ? 'an' : 'a'
    const kind = protocol ? `${spoken(protocol, 20)} endpoint` : 'endpoint'
    return topic && `subscribe ${to ? spoken(to) : `${article} ${kind}`} to ${topic}`
  },
  Unsubscribe: ({ resources }) => {
    const subscription = named(resources, 'AWS::SNS::Subscription')
    return subscription && `end ${subscription}`
  },
  SetTopicAttributes: ({ params, resources }) => {
    const name = params.text('attributeName')
    return name === undefined
      ? undefined
      : attributes(named(resources, TOPIC), JsonReader.of({ [name]: params.get('attributeValue') }))
  },
}

function attributes(what: string | undefined, given: JsonReader): Summary | undefined {
  if (what === undefined) return undefined
  const policy = given.get('Policy')
  if (policy !== undefined) {
    const summary = setPolicy(what, policy, 'data')
    if (summary.opens !== undefined) return summary
  }
  const edits = editsOf(given, ['Policy'])
  if (policy !== undefined) edits.unshift({ field: 'policy', to: 'changed' })
  return { does: `change ${what}`, more: spelled(edits), edits }
}

const RULE = 'AWS::Events::Rule'

export const events: Summaries = {
  PutEvents: ({ resources }) => {
    const bus = named(resources, 'AWS::Events::EventBus')
    return `put events into ${bus ?? 'the default event bus'}`
  },
  PutRule: ({ params, resources }) => {
    const rule = named(resources, RULE) ?? nameOf(params, 'rule')
    const schedule = params.text('scheduleExpression')
    const isOff = params.text('state') === 'DISABLED'
    return (
      rule && {
        does: `set ${rule}${schedule ? ` to run at ${spoken(schedule, 60)}` : ''}`,
        more: isOff ? ', disabled' : '',
        edits: [
          ...edit('schedule', undefined, schedule),
          ...edit('state', undefined, params.text('state')?.toLowerCase()),
        ],
      }
    )
  },
  PutTargets: ({ params, resources }) => {
    const rule = named(resources, RULE)
    const targets = params
      .objects('targets')
      .map((target) => target.text('arn'))
      .filter((arn) => arn !== undefined)
    return (
      rule && {
        does: `make ${rule} call ${targets.length ? listed(targets.map((arn) => spoken(arnName(arn), 60))) : 'a target'}`,
        edits: edit('targets', undefined, listed(targets.map(arnName), 8)),
      }
    )
  },
  RemoveTargets: ({ resources }) => {
    const rule = named(resources, RULE)
    return rule && `remove targets from ${rule}`
  },
  DisableRule: ({ params, resources }) =>
    onOff('disable', named(resources, RULE) ?? nameOf(params, 'rule')),
  EnableRule: ({ params, resources }) =>
    onOff('enable', named(resources, RULE) ?? nameOf(params, 'rule')),
  DeleteRule: ({ params, resources }) =>
    onOff('delete', named(resources, RULE) ?? nameOf(params, 'rule')),
}

function nameOf(params: JsonReader, noun: string): string | undefined {
  const name = params.text('name')
  return name && `${noun} ${spoken(name)}`
}

function onOff(verb: string, what: string | undefined): Summary | undefined {
  return what === undefined ? undefined : { does: `${verb} ${what}` }
}

const ALARM = 'AWS::CloudWatch::Alarm'
const COMPARISONS: Record<string, string> = {
  GreaterThanThreshold: 'over',
  GreaterThanOrEqualToThreshold: 'at or over',
  LessThanThreshold: 'under',
  LessThanOrEqualToThreshold: 'at or under',
}

export const monitoring: Summaries = {
  PutMetricAlarm: ({ params, resources }) => {
    const alarm = named(resources, ALARM)
    const metric = params.text('metricName')
    const comparison = params.text('comparisonOperator') ?? ''
    const threshold = params.text('threshold')
    const when =
      metric && threshold && Object.hasOwn(COMPARISONS, comparison)
        ? ` for ${spoken(words(metric), 60)} ${COMPARISONS[comparison]} ${spoken(threshold, 20)}`
        : ''
    return (
      alarm && {
        does: `set ${alarm}${when}`,
        more: params.flag('actionsEnabled') === false ? ', with its actions off' : '',
        edits: editsOf(params, ['alarmName']).slice(0, 15),
      }
    )
  },
  DeleteAlarms: (facts) => alarms(facts, 'delete'),
  DisableAlarmActions: (facts) => alarms(facts, 'silence'),
  EnableAlarmActions: (facts) => alarms(facts, 'turn on the actions of'),
  SetAlarmState: ({ params, resources }) => {
    const alarm = named(resources, ALARM)
    const state = params.text('stateValue')
    return alarm && state
      ? {
          does: `set ${alarm} to ${spoken(state, 30)} by hand`,
          edits: edit('state', undefined, state),
        }
      : undefined
  },
}

function alarms({ resources }: Facts, verb: string): Summary | undefined {
  const which = named(resources, ALARM)
  return which === undefined ? undefined : { does: `${verb} ${which}`, verb }
}

const GROUP = 'AWS::Logs::LogGroup'

export const logs: Summaries = {
  PutRetentionPolicy: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const days = params.text('retentionInDays')
    return group && days
      ? {
          does: `keep the logs of ${group} for ${days === '1' ? '1 day' : `${spoken(days, 10)} days`}`,
          edits: edit('retention', undefined, `${days} days`),
          risks: ['data'],
        }
      : undefined
  },
  DeleteRetentionPolicy: ({ resources }) => {
    const group = named(resources, GROUP)
    return group && `keep the logs of ${group} for ever`
  },
  DeleteLogGroup: ({ resources }) => {
    const group = named(resources, GROUP)
    return group && { does: `delete ${group} and its logs`, risks: ['data'] }
  },
  PutSubscriptionFilter: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const to = params.text('destinationArn')
    return group && `send the logs of ${group} to ${to ? spoken(arnName(to)) : 'a destination'}`
  },
  CreateLogStream: ({ params, resources }) => {
    const group = named(resources, GROUP)
    const stream = params.text('logStreamName')
    return group && `create log stream ${stream ? `${spoken(stream, 60)} ` : ''}in ${group}`
  },
}
