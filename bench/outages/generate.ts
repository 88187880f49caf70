/**
 * Writes the outage scenarios: `node bench/outages/generate.ts`. The same files for the same seed.
 *
 * Two halves with different names and wordings. The weights of the ranking were chosen mainly with
 * `tuning.jsonl`; see docs/decisions/040-ranking.md for how far `held.jsonl` is independent.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  AWS_CLI,
  BROWSER,
  call,
  cloudTrailTime,
  roleIdentity,
  ssoIdentity,
  TERRAFORM,
} from '../../testing/cloudtrail/records.ts'
import { deploymentCreated, pullRequestMerged } from './github-events.ts'
import { KINDS, type Kind } from './kinds.ts'
import { hex, OPERATIONS, type Operation, type OperationName, type Random } from './operations.ts'
import { randomOf } from './random.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const ACCOUNTS = {
  production: '111122223333',
  staging: '222233334444',
  development: '333344445555',
  network: '444455556666',
  dns: '555566667777',
  identity: '666677778888',
  data: '777788889999',
} as const
type Account = keyof typeof ACCOUNTS

const HALVES = {
  tuning: {
    seed: 20261,
    services: [
      'checkout',
      'cart',
      'catalog',
      'payments',
      'inventory',
      'shipping',
      'profile',
      'ledger',
      'pricing',
      'reviews',
      'wishlist',
      'gift-cards',
      'returns',
      'tax',
      'coupons',
      'storefront',
    ],
    people: [
      'ana@example.com',
      'ben@example.com',
      'chloe@example.com',
      'ops-admin',
      'dmitri@example.com',
      'ewa@example.com',
    ],
  },
  held: {
    seed: 77411,
    services: [
      'booking',
      'ticketing',
      'boarding',
      'loyalty',
      'fleet',
      'dispatch',
      'telemetry-hub',
      'rider-app',
      'fares',
      'invoicing',
      'maps',
      'concierge',
      'kyc',
      'statements',
      'transfers',
      'onboarding',
    ],
    people: [
      'farid@corp.test',
      'gwen@corp.test',
      'hiro@corp.test',
      'sre-oncall',
      'ines@corp.test',
      'jonas@corp.test',
    ],
  },
} as const
type Half = keyof typeof HALVES

const ROUTINE: OperationName[] = [
  'updateService',
  'functionCode',
  'tag',
  'alarm',
  'snapshot',
  'logRetention',
  'functionConfig',
  'parameter',
  'authorizeIngress',
  'attachPolicy',
  'putRule',
  'record',
  'capacity',
  'asg',
  'modifyDb',
  'rotateSecret',
  'bucketPolicy',
  'webAcl',
  'putRolePolicy',
  'targetGroup',
  'queuePolicy',
  'revokeIngress',
  'deregister',
  'cacheNodes',
]
const ELSEWHERE: Partial<Record<Account, OperationName[]>> = {
  network: ['replaceRoute', 'authorizeIngress', 'aclEntry', 'tag', 'createSg', 'deleteRoute'],
  dns: ['record', 'record', 'tag'],
  identity: ['attachPolicy', 'putRolePolicy', 'trustPolicy'],
}

interface World {
  half: Half
  random: Random
  noticedAt: number
  startedAt: number
  events: object[]
}

const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)]!
const other = <T>(random: Random, items: readonly T[], not: T): T =>
  pick(
    random,
    items.filter((item) => item !== not),
  )

interface Act {
  at: number
  account: Account
  operation: OperationName
  name: string
  isHarmful?: boolean
  who?: 'person' | 'ci' | 'terraform' | 'service'
  run?: number
}

/** Adds the record of an action. @returns its event ID */
function act(
  world: World,
  { at, account, operation, name, isHarmful = false, who = 'person', run = 0 }: Act,
): string {
  const { random, half } = world
  const { service, action, request, response }: Operation = OPERATIONS[operation]
  const accountId = ACCOUNTS[account]
  const began = cloudTrailTime(at - HOUR_MS)
  const identities = {
    person: () =>
      ssoIdentity(pick(random, HALVES[half].people), {
        account: accountId,
        began,
        key: `ASIA${hex(random, 12).toUpperCase()}`,
      }),
    ci: () =>
      roleIdentity({
        role: 'github-deploy',
        session: 'GitHubActions',
        account: accountId,
        began,
        federatedProvider: `arn:aws:iam::${accountId}:oidc-provider/token.actions.githubusercontent.com`,
        key: `ASIA${hex(random, 12).toUpperCase()}`,
      }),
    terraform: () =>
      roleIdentity({
        role: 'terraform',
        session: 'atlantis',
        account: accountId,
        began: cloudTrailTime(run || at),
        key: `ASIA${run.toString(16).toUpperCase()}`,
      }),
    service: () =>
      roleIdentity({
        role: 'AWSServiceRoleForAutoScaling',
        path: '/aws-service-role/autoscaling.amazonaws.com/',
        session: 'AutoScaling',
        account: accountId,
        began,
        invokedBy: 'autoscaling.amazonaws.com',
      }),
  }
  const agents = {
    person: random() < 0.6 ? BROWSER : AWS_CLI,
    ci: 'aws-sdk-js/3.600.0',
    terraform: TERRAFORM,
    service: 'autoscaling.amazonaws.com',
  }
  const id = `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`
  const parameters = request(name, isHarmful, random)
  const record = call(service, action, parameters, response?.(parameters, random) ?? null, {
    eventID: id,
    requestID: undefined,
    tlsDetails: undefined,
    eventTime: cloudTrailTime(at),
    recipientAccountId: accountId,
    userIdentity: identities[who](),
    userAgent: agents[who],
    sourceIPAddress: who === 'service' ? 'autoscaling.amazonaws.com' : '203.0.113.7',
    awsRegion: service === 'iam' || service === 'route53' ? 'us-east-1' : 'eu-west-1',
  })
  const lateness = random() < 0.1 ? { arrivesAt: new Date(at + 12 * MINUTE_MS).toISOString() } : {}
  world.events.push({ type: 'aws.cloudtrail', record, ...lateness })
  return id
}

const iso = (ms: number) => new Date(ms).toISOString()

/** A merged pull request and the deployment of its commit. @returns their source IDs */
function merge(world: World, { at, name }: Pick<Act, 'at' | 'name'>): string[] {
  const { random, half } = world
  const number = 100 + Math.floor(random() * 900)
  const sha = hex(random, 40)
  const id = Math.floor(random() * 1e9)
  const login = pick(random, HALVES[half].people).split('@')[0]!
  const webhook = { repository: `acme/${name}`, login, sha }
  const titles = [
    'Refactor session handling',
    'Bump dependencies',
    'Fix typo in docs',
    'Add retry to client',
    'Change price rounding',
    'Simplify error handling',
  ]
  world.events.push(
    pullRequestMerged(random, {
      ...webhook,
      number,
      title: pick(random, titles),
      commits: 2,
      branch: 'change',
      at: at - 9 * MINUTE_MS,
    }),
    deploymentCreated({ ...webhook, id, at }),
  )
  return [`pull_request/acme/${name}/${number}`, `deployment/acme/${name}/${id}`]
}

/** A feature flag, reported by a pipeline. @returns its source ID */
function flag(world: World, { at, name }: Pick<Act, 'at' | 'name'>): string[] {
  const { random, half } = world
  const idempotencyKey = `flag-${hex(random, 10)}`
  const what = pick(random, ['new-flow', 'fast-path', 'beta-layout', 'recommendations'])
  world.events.push({
    type: 'change',
    body: {
      summary: `Turned on flag ${what} of ${name} for ${pick(random, [5, 50, 100])} % of users`,
      action: 'update_flag',
      startsAt: iso(at),
      environments: ['production'],
      services: [name],
      authors: [pick(random, HALVES[half].people)],
      labels: ['flag'],
      idempotencyKey,
    },
  })
  return [idempotencyKey]
}

function cause(
  world: World,
  kind: Kind,
  operation: Kind['causes'][number],
  act_: Omit<Act, 'account' | 'operation'>,
): string[] {
  if (operation === 'merge') return merge(world, act_)
  if (operation === 'flag') return flag(world, act_)
  return [act(world, { ...act_, account: kind.account, operation })]
}

/** What happens in any week: deploys, applies, console work, in all accounts. */
function background(
  world: World,
  services: readonly string[],
  from: number,
  to: number,
  count: number,
) {
  const { random } = world
  const accounts: Account[] = [
    'production',
    'production',
    'production',
    'staging',
    'staging',
    'development',
    'network',
    'dns',
    'identity',
    'data',
  ]
  for (let nth = 0; nth < count; nth++) {
    const at = from + random() * (to - from)
    const account = pick(random, accounts)
    const operation = pick(random, ELSEWHERE[account] ?? ROUTINE)
    const who = pick(random, ['person', 'ci', 'ci', 'terraform', 'service'] as const)
    if (who === 'terraform') {
      const size = 2 + Math.floor(random() * 3)
      for (let part = 0; part < size; part++) {
        act(world, {
          at: at + part * 2000,
          account,
          operation: pick(random, ELSEWHERE[account] ?? ROUTINE),
          name: pick(random, services),
          who,
          run: Math.floor(at / 1000) * 1000,
        })
      }
    } else
      act(world, {
        at,
        account,
        operation: who === 'service' ? 'asg' : operation,
        name: pick(random, services),
        who,
      })
  }
}

function scenario(half: Half, kind: Kind, number: number, hasCulprit: boolean, seed: number) {
  const random = randomOf(seed)
  const services = HALVES[half].services
  const noticedAt = Date.UTC(
    2026,
    2,
    2 + Math.floor(random() * 20),
    Math.floor(random() * 24),
    Math.floor(random() * 60),
  )
  const startedAt = noticedAt - Math.floor(random() ** 2 * 40 * MINUTE_MS) - MINUTE_MS
  const world: World = { half, random, noticedAt, startedAt, events: [] }
  const changed = pick(random, services)
  const isNamed = random() < 0.5
  const affected = isNamed ? changed : other(random, services, changed)
  const title = pick(random, kind.titles[half]).replace('{S}', affected)
  background(world, services, noticedAt - 24 * DAY_MS, noticedAt - 3 * DAY_MS, 34)
  background(world, services, noticedAt - 3 * DAY_MS + HOUR_MS, noticedAt, 40)
  const operation = pick(random, kind.causes)
  for (let nth = 0; nth < 4; nth++) {
    merge(world, { at: noticedAt - (1 + random() * 60) * HOUR_MS, name: pick(random, services) })
    flag(world, { at: noticedAt - (1 + random() * 60) * HOUR_MS, name: pick(random, services) })
  }
  // A busy hour.
  for (let nth = 0; nth < 14; nth++) {
    const who = pick(random, ['person', 'ci', 'ci', 'service'] as const)
    act(world, {
      at: noticedAt - MINUTE_MS * (1 + random() * 90),
      account: pick(random, ['production', 'production', 'network', 'dns', 'staging']),
      operation: who === 'service' ? 'asg' : pick(random, ROUTINE),
      name: pick(random, services),
      who,
    })
  }
  // The action is usual in this account.
  for (let nth = 0; nth < (random() < 0.7 ? 3 : 1); nth++) {
    cause(world, kind, operation, {
      at: noticedAt - (4 + nth * 5 + random()) * DAY_MS,
      name: other(random, services, changed),
    })
  }
  const isOld = random() < 0.37
  const delay = isOld ? HOUR_MS * (1 + random() ** 2 * 22) : MINUTE_MS * (1 + random() * 25)
  const culprits: string[] = []
  const at = startedAt - delay
  if (hasCulprit) {
    const inApply = random() < 0.25
    const run = Math.floor(at / 1000) * 1000
    if (inApply) {
      for (let part = 1; part <= 8; part++)
        act(world, {
          at: at - part * 1000,
          account: kind.account,
          operation: pick(random, [
            'tag',
            'alarm',
            'logRetention',
            'attachPolicy',
            'putRule',
            'authorizeIngress',
          ]),
          name: pick(random, services),
          who: 'terraform',
          run,
        })
    }
    culprits.push(
      ...cause(world, kind, operation, {
        at,
        name: changed,
        isHarmful: true,
        who: inApply ? 'terraform' : pick(random, ['person', 'person', 'ci']),
        run,
      }),
    )
  }
  // The same in staging, and risky-looking changes on the affected service.
  const twin = operation === 'merge' || operation === 'flag' ? 'updateService' : operation
  act(world, {
    at: startedAt - MINUTE_MS * (2 + random() * 20),
    account: 'staging',
    operation: twin,
    name: changed,
    isHarmful: true,
  })
  for (const operation of kind.decoys) {
    act(world, {
      at: startedAt - MINUTE_MS * (1 + random() * 200),
      account: 'production',
      operation,
      name: pick(random, [affected, changed]),
      who: pick(random, ['person', 'ci']),
    })
  }
  const known = random()
  const incident = {
    title,
    noticedAt: new Date(noticedAt).toISOString(),
    ...(known < 0.4 && { startedAt: new Date(startedAt).toISOString() }),
    ...(known > 0.8 && { startedAfter: new Date(startedAt - 30 * MINUTE_MS).toISOString() }),
    environment: 'production',
    services: random() < 0.6 ? [affected] : [],
  }
  const names = Object.keys(ACCOUNTS) as Account[]
  return {
    id: `${half}-${number}-${kind.name.replaceAll(' ', '-')}${hasCulprit ? '' : '-without'}`,
    title: `${kind.name}: ${operation}`,
    environments: names.map((name) => ({
      name,
      match: { account: [ACCOUNTS[name]] },
      ...(name === 'production' && { dependsOn: ['network', 'dns', 'identity'] }),
    })),
    incident,
    // A change that arrives late is ranked after its arrival.
    ...(random() < 0.2 && { askAt: [iso(noticedAt), iso(noticedAt + 15 * MINUTE_MS)] }),
    events: world.events,
    culprits,
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '0' },
    out: { type: 'string', default: import.meta.dirname },
  },
})
for (const half of Object.keys(HALVES) as Half[]) {
  const lines: string[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    KINDS.forEach((kind, nth) => {
      const number = round * KINDS.length + nth
      const seed = HALVES[half].seed + Number(values.seed) + number * 101
      lines.push(JSON.stringify(scenario(half, kind, number, (nth + round) % 4 !== 3, seed)))
    })
  }
  writeFileSync(path.join(values.out, `${half}.jsonl`), `${lines.join('\n')}\n`)
  console.log(`${half}.jsonl: ${lines.length} scenarios`)
}
