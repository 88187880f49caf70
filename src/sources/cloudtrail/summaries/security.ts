/** KMS, Secrets Manager, Systems Manager, CloudTrail, GuardDuty and Config. */

import { listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, HIDDEN, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { principalName } from '../policy.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'
import { setPolicy } from './resource-policy.ts'

const KEY = 'AWS::KMS::Key'

export const kms: Summaries = {
  ScheduleKeyDeletion: ({ params, response, resources }) => {
    const key = named(resources, KEY)
    const on = response.text('deletionDate')
    const days = params.text('pendingWindowInDays')
    const delay = days ? ` in ${spoken(days, 10)} days` : ''
    const when = on ? ` on ${spoken(on, 40)}` : delay
    return (
      key && {
        does: `schedule the deletion of ${key}${when}`,
        edits: edit('deletion', undefined, on ?? (days && `in ${days} days`)),
        risks: ['data'],
      }
    )
  },
  CancelKeyDeletion: (facts) => ofKey(facts, 'cancel the deletion of'),
  DisableKey: (facts) => ofKey(facts, 'disable'),
  EnableKey: (facts) => ofKey(facts, 'enable'),
  DeleteKey: (facts) => ofKey(facts, 'delete'),
  DisableKeyRotation: (facts) => ofKey(facts, 'turn off the rotation of'),
  EnableKeyRotation: (facts) => ofKey(facts, 'turn on the rotation of'),
  RotateKey: (facts) => ofKey(facts, 'rotate'),
  PutKeyPolicy: ({ params, resources }) => {
    const key = named(resources, KEY)
    return key && setPolicy(key, params.get('policy'), 'data')
  },
  CreateGrant: ({ params, resources }) => {
    const key = named(resources, KEY)
    const who = params.text('granteePrincipal')
    const operations = params.texts('operations').map((operation) => spoken(operation, 40))
    return (
      key && {
        does: `grant ${who ? principalName(who) : 'someone'} the use of ${key}`,
        edits: edit('may', undefined, operations.length ? listed(operations, 8) : undefined),
        risks: ['identity'],
      }
    )
  },
  CreateAlias: (facts) => alias(facts, 'give the alias'),
  UpdateAlias: (facts) => alias(facts, 'move the alias'),
}

function ofKey({ resources }: Facts, phrase: string): Summary | undefined {
  const key = named(resources, KEY)
  return key === undefined ? undefined : { does: `${phrase} ${key}`, risks: ['data', 'identity'] }
}

function alias({ params }: Facts, verb: string): Summary | undefined {
  const name = params.text('aliasName')
  const key = params.text('targetKeyId')
  if (name === undefined || key === undefined) return undefined
  return {
    does: `${verb} ${spoken(name)} to key ${spoken(arnName(key), 60)}`,
    edits: edit(spoken(name), undefined, arnName(key)),
  }
}

const SECRET = 'AWS::SecretsManager::Secret'

export const secretsmanager: Summaries = {
  CreateSecret: (facts) => ofSecret(facts, 'create'),
  PutSecretValue: (facts) =>
    ofSecret(facts, 'store a new value in', [{ field: 'value', to: HIDDEN }]),
  UpdateSecret: (facts) => ofSecret(facts, 'change', [{ field: 'value', to: HIDDEN }]),
  DeleteSecret: ({ params, ...facts }) => {
    const days = params.text('recoveryWindowInDays')
    const isFinal = params.flag('forceDeleteWithoutRecovery') === true
    const recoverable = days ? `, recoverable for ${spoken(days, 10)} days` : ''
    const how = isFinal ? ', with no way back' : recoverable
    const summary = ofSecret({ params, ...facts }, 'delete')
    return summary && { ...summary, more: how }
  },
  RestoreSecret: (facts) => ofSecret(facts, 'restore'),
  RotateSecret: (facts) => ofSecret(facts, 'rotate'),
  CancelRotateSecret: (facts) => ofSecret(facts, 'cancel the rotation of'),
  RotationStarted: (facts) => rotation(facts, 'start rotating'),
  RotationSucceeded: (facts) => rotation(facts, 'finish rotating'),
  RotationFailed: (facts) => {
    const summary = ofSecret(facts, 'rotate')
    return summary && { ...summary, did: `failed to ${summary.does}` }
  },
  StartSecretVersionDelete: (facts) => secretVersion(facts, 'start deleting'),
  EndSecretVersionDelete: (facts) => secretVersion(facts, 'finish deleting'),
  PutResourcePolicy: ({ params, resources }) => {
    const secret = named(resources, SECRET)
    return secret && setPolicy(secret, params.get('resourcePolicy'), 'data')
  },
}

function ofSecret({ resources }: Facts, phrase: string, edits: Edit[] = []): Summary | undefined {
  const secret = named(resources, SECRET)
  return secret === undefined
    ? undefined
    : { does: `${phrase} ${secret}`, edits, risks: ['identity', 'data'] }
}

function rotation(facts: Facts, verb: string): Summary | undefined {
  const summary = ofSecret(facts, verb)
  return summary && { ...summary, verb }
}

function secretVersion({ resources }: Facts, phrase: string): Summary {
  const secret = named(resources, SECRET)
  return { does: `${phrase} an old version of ${secret ?? 'a secret'}`, risks: ['data'] }
}

const PARAMETER = 'AWS::SSM::Parameter'
const INSTANCE = 'AWS::EC2::Instance'

export const ssm: Summaries = {
  PutParameter: ({ params, response, resources }) => {
    const name = parameter(params.text('name'), resources)
    if (name === undefined) return undefined
    const version = response.text('version')
    const isNew = version === '1' || (version === undefined && params.flag('overwrite') === false)
    const type = params.text('type')
    return {
      verb: isNew ? 'create' : 'change',
      does: `${isNew ? 'create' : 'change'} ${name}${type === 'SecureString' ? ' (encrypted)' : ''}`,
      edits: [{ field: 'value', to: HIDDEN }, ...edit('version', undefined, version)],
    }
  },
  DeleteParameter: ({ params, resources }) => {
    const name = parameter(params.text('name'), resources)
    return name && `delete ${name}`
  },
  DeleteParameters: ({ params }) => {
    const names = params.texts('names').map((name) => spoken(name, 80))
    return names.length > 0 ? `delete parameters ${listed(names)}` : undefined
  },
  SendCommand: ({ params, resources }) => {
    const document = params.text('documentName')
    const ids = params.texts('instanceIds').map((id) => spoken(id, 40))
    const targets = params
      .objects('targets')
      .map((target) => `${target.text('key') ?? ''} ${listed(target.texts('values'))}`.trim())
    const others = targets.length ? spoken(listed(targets)) : named(resources, INSTANCE)
    const where = ids.length
      ? `${ids.length === 1 ? 'instance' : 'instances'} ${listed(ids)}`
      : others
    return (
      document && {
        verb: 'run',
        does: `run ${spoken(arnName(document))}${where ? ` on ${where}` : ''}`,
        edits: [{ field: 'parameters', to: HIDDEN }],
        risks: ['deploy', 'configuration'],
      }
    )
  },
  StartSession: ({ params, resources }) => {
    const target = params.text('target')
    const document = params.text('documentName')
    return (
      target && {
        does: `${document && !/SSM-SessionManagerRunShell/.test(document) ? `open a session (${spoken(document, 60)})` : 'open a shell'} on ${named(resources, INSTANCE) ?? spoken(target, 80)}`,
        risks: ['identity', 'configuration'],
      }
    )
  },
  TerminateSession: ({ params }) => {
    const id = params.text('sessionId')
    return `end the session${id ? ` ${spoken(id, 80)}` : ''}`
  },
  StartAutomationExecution: ({ params }) => {
    const document = params.text('documentName')
    return (
      document && {
        does: `start automation ${spoken(arnName(document))}`,
        verb: 'start',
        risks: ['deploy'],
      }
    )
  },
  ModifyDocumentPermission: ({ params }) => {
    const name = params.text('name')
    const to = params.texts('accountIdsToAdd')
    const isWorld = to.includes('all')
    return name && to.length > 0
      ? {
          verb: 'share',
          does: `share document ${spoken(name)} with ${isWorld ? 'everyone' : listed(to.map((id) => `account ${spoken(id, 20)}`))}`,
          ...(isWorld && { opens: `document ${spoken(name)}` }),
          risks: ['identity'],
        }
      : undefined
  },
  UpdateInstanceInformation: () => reported('that it is alive'),
  UpdateInstanceAssociationStatus: () => reported('how an association went'),
  PutInventory: () => reported('its inventory'),
  PutComplianceItems: () => reported('its compliance'),
}

function parameter(name: string | undefined, resources: Facts['resources']): string | undefined {
  if (name !== undefined) return `parameter ${spoken(arnName(name), 100)}`
  return named(resources, PARAMETER)
}

function reported(what: string): string {
  return `report to Systems Manager ${what}`
}

const TRAIL = 'AWS::CloudTrail::Trail'

export const cloudtrail: Summaries = {
  StopLogging: (facts) =>
    ofTrail(facts, 'turn off the logging of', [{ field: 'logging', from: 'on', to: 'off' }]),
  StartLogging: (facts) =>
    ofTrail(facts, 'turn on the logging of', [{ field: 'logging', to: 'on' }]),
  CreateTrail: ({ params, ...facts }) => {
    const bucket = params.text('s3BucketName')
    const summary = ofTrail({ params, ...facts }, 'create')
    return (
      summary && {
        ...summary,
        more: bucket ? `, writing to bucket ${spoken(bucket)}` : '',
      }
    )
  },
  DeleteTrail: (facts) => ofTrail(facts, 'delete'),
  UpdateTrail: (facts) => {
    const edits = editsOf(facts.params, ['name'])
    const summary = ofTrail(facts, 'change', edits)
    return summary && { ...summary, more: spelled(edits) }
  },
  PutEventSelectors: ({ params, ...facts }) => {
    const selectors = params.objects('eventSelectors', 'advancedEventSelectors')
    const without =
      selectors.length > 0 &&
      selectors.every((selector) => selector.flag('includeManagementEvents') === false)
    const kinds = selectors
      .map((selector) => selector.text('readWriteType'))
      .filter((kind) => kind !== undefined)
    const summary = ofTrail({ params, ...facts }, 'change which events are logged by')
    return (
      summary && {
        ...summary,
        more: without ? ': no more management events' : '',
        edits: edit(
          'events',
          undefined,
          kinds.length ? `${listed(kinds)}${without ? ', no management events' : ''}` : undefined,
        ),
      }
    )
  },
}

function ofTrail(
  { resources, params }: Facts,
  phrase: string,
  edits: Edit[] = [],
): Summary | undefined {
  const name = params.text('name', 'trailName')
  const trail = named(resources, TRAIL) ?? (name && `trail ${spoken(arnName(name))}`)
  return trail === undefined
    ? undefined
    : { does: `${phrase} ${trail}`, edits, risks: ['configuration'] }
}

export const guardduty: Summaries = {
  DeleteDetector: () => 'turn off GuardDuty',
  UpdateDetector: ({ params }) => {
    const isOn = params.flag('enable')
    return isOn === undefined ? undefined : `turn ${isOn ? 'on' : 'off'} GuardDuty`
  },
}

export const config: Summaries = {
  StopConfigurationRecorder: () => 'stop recording configurations with AWS Config',
  StartConfigurationRecorder: () => 'start recording configurations with AWS Config',
  PutEvaluations: () => 'report evaluations to AWS Config',
}
