/** Summarizes any call of any service by its name and what it acted on. */

import type { Resource } from '../../../changes/change.ts'
import { spoken, withArticle, words } from '../../../changes/text.ts'
import { editsOf } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { isKnownNoun, nounOf } from '../kinds.ts'
import { label, named } from '../resources.ts'
import { serviceName } from '../services.ts'
import type { Summary } from '../summary.ts'

interface Verb {
  /** The verb as people use it. */
  says: string
  /** Between what is done and what it is done to. */
  to: string
}

const verb = (says: string, to: string = 'of'): Verb => ({ says, to })

// The first words of AWS's action names that are verbs. What is not here is called by its name.
const VERBS: Record<string, Verb> = {
  Abort: verb('abort'),
  Accept: verb('accept', 'for'),
  Acknowledge: verb('acknowledge'),
  Activate: verb('activate'),
  Add: verb('add', 'to'),
  Admin: verb('administer'),
  Allocate: verb('allocate', 'for'),
  Apply: verb('apply', 'to'),
  Approve: verb('approve'),
  Archive: verb('archive'),
  Assign: verb('assign', 'to'),
  Associate: verb('associate', 'with'),
  Attach: verb('attach', 'to'),
  Authorize: verb('authorize', 'for'),
  Begin: verb('begin', 'for'),
  Bundle: verb('bundle'),
  Cancel: verb('cancel'),
  Change: verb('change'),
  Check: verb('check'),
  Claim: verb('claim'),
  Clear: verb('clear'),
  Close: verb('close'),
  Complete: verb('complete'),
  Configure: verb('configure', 'for'),
  Confirm: verb('confirm'),
  Connect: verb('connect', 'to'),
  Continue: verb('continue'),
  Copy: verb('copy', 'to'),
  Create: verb('create', 'for'),
  Deactivate: verb('deactivate'),
  Decline: verb('decline'),
  Decrease: verb('decrease'),
  Decrypt: verb('decrypt', 'with'),
  Define: verb('define', 'for'),
  Delete: verb('delete'),
  Deploy: verb('deploy', 'to'),
  Deprecate: verb('deprecate'),
  Deprovision: verb('deprovision'),
  Deregister: verb('deregister', 'from'),
  Describe: verb('look at'),
  Detach: verb('detach', 'from'),
  Disable: verb('disable', 'for'),
  Disassociate: verb('dissociate', 'from'),
  Disconnect: verb('disconnect', 'from'),
  Discover: verb('discover'),
  Dismiss: verb('dismiss'),
  Download: verb('download'),
  Enable: verb('enable', 'for'),
  Encrypt: verb('encrypt', 'with'),
  Enroll: verb('enroll'),
  Enter: verb('enter'),
  Evaluate: verb('evaluate'),
  Execute: verb('execute', 'on'),
  Exit: verb('exit'),
  Expire: verb('expire'),
  Export: verb('export', 'from'),
  Extend: verb('extend'),
  Failover: verb('fail over'),
  Filter: verb('filter'),
  Flush: verb('flush'),
  Generate: verb('generate', 'for'),
  Get: verb('read'),
  Grant: verb('grant', 'for'),
  Head: verb('look at'),
  Import: verb('import', 'into'),
  Increase: verb('increase'),
  Initialize: verb('initialize'),
  Initiate: verb('initiate', 'for'),
  Install: verb('install', 'on'),
  Invite: verb('invite', 'to'),
  Invoke: verb('invoke'),
  Issue: verb('issue', 'for'),
  Join: verb('join'),
  Label: verb('label'),
  Launch: verb('launch'),
  Leave: verb('leave'),
  Link: verb('link', 'to'),
  List: verb('list'),
  Lock: verb('lock'),
  Lookup: verb('look up'),
  Merge: verb('merge'),
  Migrate: verb('migrate'),
  Modify: verb('change'),
  Move: verb('move'),
  Notify: verb('notify'),
  Open: verb('open', 'to'),
  Override: verb('override'),
  Pause: verb('pause'),
  Peer: verb('peer', 'with'),
  Poll: verb('poll', 'for'),
  Post: verb('post', 'to'),
  Preview: verb('preview'),
  Promote: verb('promote'),
  Provision: verb('provision', 'for'),
  Publish: verb('publish', 'to'),
  Purchase: verb('purchase'),
  Purge: verb('purge'),
  Put: verb('set'),
  Query: verb('query'),
  Reactivate: verb('reactivate'),
  Rebalance: verb('rebalance'),
  Reboot: verb('reboot'),
  Rebuild: verb('rebuild'),
  Receive: verb('receive', 'from'),
  Record: verb('record', 'for'),
  Recover: verb('recover'),
  Redeploy: verb('redeploy'),
  Refresh: verb('refresh'),
  Register: verb('register', 'with'),
  Reject: verb('reject'),
  Release: verb('release'),
  Remove: verb('remove', 'from'),
  Rename: verb('rename'),
  Renew: verb('renew'),
  Replace: verb('replace'),
  Report: verb('report', 'for'),
  Request: verb('request', 'for'),
  Reset: verb('reset'),
  Resize: verb('resize'),
  Resolve: verb('resolve'),
  Respond: verb('respond', 'to'),
  Restart: verb('restart'),
  Restore: verb('restore', 'to'),
  Resume: verb('resume'),
  Resync: verb('resync'),
  Retire: verb('retire'),
  Retry: verb('retry'),
  Return: verb('return'),
  Revoke: verb('revoke', 'from'),
  Rollback: verb('roll back'),
  Rotate: verb('rotate'),
  Run: verb('run'),
  Save: verb('save'),
  Scan: verb('scan'),
  Schedule: verb('schedule', 'for'),
  Search: verb('search'),
  Select: verb('select'),
  Send: verb('send', 'to'),
  Set: verb('set'),
  Share: verb('share', 'with'),
  Sign: verb('sign', 'with'),
  Signal: verb('signal'),
  Simulate: verb('simulate'),
  Skip: verb('skip'),
  Split: verb('split'),
  Start: verb('start', 'for'),
  Stop: verb('stop', 'for'),
  Submit: verb('submit', 'to'),
  Subscribe: verb('subscribe', 'to'),
  Suspend: verb('suspend', 'for'),
  Swap: verb('swap'),
  Switch: verb('switch'),
  Switchover: verb('switch over'),
  Sync: verb('sync'),
  Synchronize: verb('synchronize'),
  Tag: verb('tag'),
  Terminate: verb('terminate'),
  Test: verb('test'),
  Toggle: verb('toggle'),
  Transfer: verb('transfer'),
  Unarchive: verb('unarchive'),
  Unassign: verb('unassign', 'from'),
  Undeploy: verb('undeploy', 'from'),
  Unlink: verb('unlink', 'from'),
  Unlock: verb('unlock'),
  Unmonitor: verb('stop monitoring'),
  Monitor: verb('start monitoring'),
  Unshare: verb('stop sharing', 'with'),
  Unsubscribe: verb('unsubscribe', 'from'),
  Untag: verb('untag'),
  Update: verb('update'),
  Upgrade: verb('upgrade'),
  Upload: verb('upload', 'to'),
  Validate: verb('validate'),
  Verify: verb('verify'),
  View: verb('look at'),
  Wipe: verb('wipe'),
  Withdraw: verb('withdraw'),
}

const MODIFYING = /^(Update|Modify|Put|Set|Change|Configure)/
/** `RotationSucceeded`, `SharedSnapshotVolumeCreated`: events that report what has happened. */
const HAPPENED =
  /(Created|Started|Succeeded|Failed|Completed|Deleted|Initiated|Abandoned|Expired|Changed|Updated|Attached|Detached|Stopped|Terminated|Canceled|Cancelled|Finished|Ended)$/

export function summarizeAny(facts: Facts): Summary {
  const { plainAction, service, resources } = facts
  const action = plainAction.replace(/^Batch(?=[A-Z])/, '')
  const first = /^[A-Z][a-z]+/.exec(action)?.[0] ?? ''
  const known = Object.hasOwn(VERBS, first) ? VERBS[first] : undefined
  const target = resources[0]
  if (known === undefined) {
    if (HAPPENED.test(action)) return { does: `report ${quoted(action)}${about(target)}` }
    return { does: `call ${spoken(plainAction, 80)} of ${serviceName(service)}${on(target)}` }
  }
  const noun = words(action.slice(first.length))
  const does = phrase(known, noun, resources, facts)
  if (!MODIFYING.test(action)) return { does }
  return { does, edits: editsOf(facts.params, identifying(facts)) }
}

function quoted(action: string): string {
  return `“${words(action)}”`
}

function about(target: Resource | undefined): string {
  return target === undefined ? '' : ` about ${the(target)}`
}

function on(target: Resource | undefined): string {
  return target === undefined ? '' : ` on ${the(target)}`
}

/** `the trust anchor ops (49e25ec3-…)`. */
export function the(resource: Resource): string {
  const noun = nounOf(resource.type) ?? words(resource.type.split('::').at(-1) ?? '')
  return noun === '' ? label(resource) : `the ${noun} ${label(resource)}`
}

function phrase(verb: Verb, noun: string, resources: Resource[], facts: Facts): string {
  const [target, second] = resources
  if (target === undefined) return `${verb.says} ${bare(noun, verb, facts.service)}`.trim()
  const kind = nounOf(target.type) ?? words(target.type.split('::').at(-1) ?? '')
  const all = named(resources, target.type) ?? the(target)
  if (noun === '' || isSame(noun, kind)) {
    const joins = /^(to|from|with|for|into)$/.test(verb.to) && second !== undefined
    const isOther = second !== undefined && second.type !== target.type
    const isJoining =
      joins &&
      isOther &&
      /^(attach|associate|add|assign|detach|dissociate|remove|unassign|register|deregister|copy|share)$/.test(
        verb.says,
      )
    return `${verb.says} ${all}${isJoining ? ` ${verb.to} ${the(second)}` : ''}`
  }
  const what = without(noun, kind)
  if (verb.says === 'tag' || verb.says === 'untag') return `${verb.says} ${all}`
  return `${verb.says} the ${what} ${verb.to} ${all}`
}

/** `bucket policy` of a bucket is its policy. */
function without(noun: string, kind: string): string {
  const lower = noun.toLowerCase()
  const head = kind.toLowerCase()
  return lower.startsWith(`${head} `) ? noun.slice(head.length + 1) : noun
}

function isSame(noun: string, kind: string): boolean {
  const flat = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')
      .replace(/s$/, '')
  const [a, b] = [flat(noun), flat(kind)]
  return a === b || a.endsWith(b) || b.endsWith(a)
}

function bare(noun: string, { says }: Verb, service: string): string {
  if (noun === '') return `something in ${serviceName(service)}`
  if (/[^s]s$/.test(noun) && !/(us|is|status|access|DNS)$/.test(noun)) return noun
  const isOneOfMany = isKnownNoun(noun) || says === 'create'
  return isOneOfMany ? withArticle(noun) : `the ${noun}`
}

/** The parameters whose values are the resources themselves. */
export function identifying({ params, resources }: Facts): string[] {
  const ids = new Set(resources.flatMap(({ id, name, arn }) => [id, name, arn]))
  return params
    .entries()
    .filter(([name, value]) => {
      if (typeof value !== 'string') return false
      return ids.has(value) || /^(name|id|arn|resourceArn|resourceId)$/i.test(name)
    })
    .map(([name]) => name)
}
