/** Changes of settings and access: branch protection, rulesets, keys, collaborators, visibility. */

import type { z } from 'zod'
import type { Change } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { stringifyJson } from '../deep-json.ts'
import {
  actorOf,
  buildChange,
  type EventParts,
  NoChange,
  nameOf,
  payloadDigest,
  repositoryResource,
  resource,
  settingsSet,
} from './build.ts'
import type * as payload from './payload.ts'
import type { GitHubUser, Repository } from './payload.ts'

const SETTING_VERBS: ReadonlyMap<string, string> = new Map([
  ['added', 'added'],
  ['archived', 'archived'],
  ['created', 'created'],
  ['deleted', 'deleted'],
  ['edited', 'changed'],
  ['removed', 'removed'],
  ['renamed', 'renamed'],
  ['transferred', 'transferred'],
  ['unarchived', 'unarchived'],
])

interface Setting {
  event: string
  action: string | null | undefined
  repository: Repository
  sender: GitHubUser | null | undefined
  payload: unknown
  occurredAt: Date
  phrase: string
  /** What was done to the target itself. */
  verb?: string | undefined
  target: EventParts['resources'][number]
  risks: Change['risks']
  edits?: { field: string; from?: string; to?: string }[]
  publicAccess?: string
  links?: EventParts['links']
  branch?: string
}

function setting(options: Setting): Change {
  const { event, action, repository, sender, target } = options
  const actor = actorOf(sender)
  return buildChange(repository, {
    sourceId: `${event}/${repository.full_name}/${action}/${payloadDigest(options.payload)}`,
    occurredAt: options.occurredAt,
    actor,
    phrase: options.phrase,
    verb: options.verb,
    action: indexable(`${event}.${action}`, 200),
    resources:
      target.type === 'GitHub::Repository' ? [target] : [target, repositoryResource(repository)],
    risks: options.risks,
    publicAccess: options.publicAccess,
    changeSet: settingsSet(repository, actor),
    attributes: options.branch === undefined ? {} : { branch: indexable(options.branch) },
    links: options.links ?? [],
    detail: { event, edits: options.edits ?? [] },
  })
}

function verbOf(action: string | null | undefined): string {
  const verb = SETTING_VERBS.get(action ?? '')
  if (verb === undefined) throw new NoChange(`Not a change: ${action}.`)
  return verb
}

/** The old values in `changes`, with the new ones of the object that they belong to. */
function editsOf(
  changes: Record<string, unknown> | null | undefined,
  now: Record<string, unknown>,
) {
  return Object.entries(changes ?? {})
    .slice(0, 50)
    .flatMap(([field, change]) => {
      if (typeof change !== 'object' || change === null || !('from' in change)) return []
      const to = 'to' in change ? change.to : now[field]
      return [
        {
          field: indexable(field, 200),
          from: valueText(change.from),
          ...(to !== undefined && { to: valueText(to) }),
        },
      ]
    })
}

function valueText(value: unknown): string {
  return indexable(typeof value === 'string' ? value : stringifyJson(value), 500)
}

export function readBranchProtectionRule(
  body: z.output<typeof payload.branchProtectionRule>,
  receivedAt: Date,
): Change {
  const { repository, rule, action, sender } = body
  const name = spoken(rule.name, 100)
  return setting({
    event: 'branch_protection_rule',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: action === 'deleted' ? receivedAt : (rule.updated_at ?? receivedAt),
    phrase: `${verbOf(action)} the branch protection of ${name}`,
    verb: verbOf(action),
    target: resource('BranchProtectionRule', `${repository.full_name}/${rule.name}`, name),
    risks: ['identity', 'configuration'],
    edits: editsOf(body.changes, rule),
    branch: rule.name,
  })
}

export function readBranchProtectionConfiguration(
  body: z.output<typeof payload.repositoryEvent>,
  receivedAt: Date,
): Change {
  const { repository, action, sender } = body
  if (action !== 'enabled' && action !== 'disabled') throw new NoChange(`Not a change: ${action}.`)
  return setting({
    event: 'branch_protection_configuration',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: receivedAt,
    phrase: `${action} all branch protections`,
    target: repositoryResource(repository),
    risks: ['identity', 'configuration'],
  })
}

export function readRuleset(body: z.output<typeof payload.ruleset>, receivedAt: Date): Change {
  const { repository, repository_ruleset: ruleset, action, sender } = body
  const name = spoken(ruleset.name ?? String(ruleset.id), 100)
  return setting({
    event: 'repository_ruleset',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: action === 'deleted' ? receivedAt : (ruleset.updated_at ?? receivedAt),
    phrase: `${verbOf(action)} the ruleset ${name}`,
    verb: verbOf(action),
    target: resource('Ruleset', `${repository.full_name}/${ruleset.id ?? name}`, name),
    risks: ['identity', 'configuration'],
    edits: editsOf(body.changes, ruleset),
  })
}

export function readMember(body: z.output<typeof payload.member>, receivedAt: Date): Change {
  const { repository, member, action, sender } = body
  const name = nameOf(member) ?? 'someone'
  const phrase = memberPhrase(action, spoken(name, 100))
  return setting({
    event: 'member',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: receivedAt,
    phrase,
    verb: verbOf(action),
    target: resource('Collaborator', `${repository.full_name}/${name}`, name),
    risks: ['identity'],
    edits: editsOf(body.changes, {}),
  })
}

function memberPhrase(action: string | null | undefined, name: string): string {
  switch (action) {
    case 'added':
      return `added ${name} as a collaborator`
    case 'removed':
      return `removed the collaborator ${name}`
    case 'edited':
      return `changed the permissions of ${name}`
    default:
      throw new NoChange(`Not a change: ${action}.`)
  }
}

export function readDeployKey(body: z.output<typeof payload.deployKey>, receivedAt: Date): Change {
  const { repository, key, action, sender } = body
  const title = spoken(key.title ?? 'without a title', 100)
  const access = action === 'created' && key.read_only === false ? ', which can write' : ''
  const verb = action === 'created' ? 'added' : verbOf(action)
  return setting({
    event: 'deploy_key',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: receivedAt,
    phrase: `${verb} the deploy key ${title}${access}`,
    verb,
    target: resource('DeployKey', `${repository.full_name}/${key.id ?? title}`, title),
    risks: ['identity'],
  })
}

const ALERT_VERBS: ReadonlyMap<string, string> = new Map([
  ['created', 'pushed a secret, which GitHub has found'],
  ['publicly_leaked', 'leaked a secret to the public'],
  ['resolved', 'closed the alert about a secret'],
  ['reopened', 'reopened the alert about a secret'],
])

export function readSecretAlert(
  body: z.output<typeof payload.secretAlert>,
  receivedAt: Date,
): Change {
  const { repository, alert, action, sender } = body
  const secret = spoken(alert.secret_type_display_name ?? alert.secret_type ?? 'a secret', 100)
  const verb = ALERT_VERBS.get(action ?? '')
  if (verb === undefined) throw new NoChange(`Not a change: ${action}.`)
  return setting({
    event: 'secret_scanning_alert',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: receivedAt,
    phrase: `${verb}: ${secret}`,
    target: resource('SecretScanningAlert', `${repository.full_name}/${alert.number}`, secret),
    risks: ['identity'],
    links: [['Alert', alert.html_url]],
  })
}

const VISIBILITY_PHRASES: ReadonlyMap<string, string> = new Map([
  ['publicized', 'made the repository public'],
  ['privatized', 'made the repository private'],
])

export function readRepository(
  event: 'repository' | 'public',
  body: z.output<typeof payload.repositoryEvent>,
  receivedAt: Date,
): Change {
  const { repository, sender } = body
  const action = event === 'public' ? 'publicized' : body.action
  const isPublic = action === 'publicized'
  const phrase = VISIBILITY_PHRASES.get(action ?? '')
  return setting({
    event: 'repository',
    action,
    repository,
    sender,
    payload: body,
    occurredAt: receivedAt,
    phrase: phrase ?? `${verbOf(action)} the repository`,
    verb: phrase === undefined ? verbOf(action) : undefined,
    target: repositoryResource(repository),
    risks: isPublic ? ['public_access', 'data'] : ['configuration'],
    ...(isPublic && { publicAccess: 'the repository to everyone' }),
  })
}
