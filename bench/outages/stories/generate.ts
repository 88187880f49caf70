/**
 * Writes the scenarios of the stories: `node bench/outages/stories/generate.ts`. The same files each
 * time. See bench/outages/README.md for what they are.
 */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  AWS_CLI,
  BROWSER,
  call,
  cloudTrailTime,
  roleIdentity,
  ssoIdentity,
  TERRAFORM,
} from '../../../testing/cloudtrail/records.ts'
import { deploymentCreated, pullRequestMerged } from '../github-events.ts'
import { hex, idOf, type Random } from '../operations.ts'
import { randomOf } from '../random.ts'
import * as c from './calls.ts'
import { FIELD } from './field.ts'
import type { Account, Call, Event, Pull, Report, Story } from './story.ts'
import { UNSEEN } from './unseen.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const ACCOUNTS: Record<Account, string> = {
  production: '310000000001',
  staging: '310000000002',
  sandbox: '310000000003',
  network: '310000000004',
  dns: '310000000005',
  identity: '310000000006',
  management: '310000000007',
  data: '310000000008',
}
const SHARED: Account[] = ['network', 'dns', 'identity', 'management']
const PEOPLE = [
  'lea@field.test',
  'marc@field.test',
  'nadia@field.test',
  'otto@field.test',
  'pia@field.test',
  'root-oncall',
]
const SERVICES = [
  'orders-api',
  'search-indexer',
  'mobile-bff',
  'payments',
  'catalog',
  'cart',
  'notifier',
  'ledger',
  'auth-gateway',
  'recs-engine',
  'geo-lookup',
  'reporting',
  'web-frontend',
  'fraud-scoring',
  'emailer',
  'device-registry',
  'partner-sync',
  'statements',
  'media-transcoder',
  'billing-worker',
]
const GLOBAL = new Set(['iam', 'route53', 'cloudfront', 'organizations'])

type Who = 'person' | 'ci' | 'terraform' | 'aws'

class Builder {
  readonly events: object[] = []
  readonly random: Random

  constructor(seed: number) {
    this.random = randomOf(seed)
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!
  }

  /** @returns the source IDs */
  add(
    event: Event,
    at: number,
    options: { in?: Account; by?: Who; run?: number; late?: number } = {},
  ): string[] {
    if ('call' in event) return [this.addCall(event, at, options)]
    return 'pull' in event ? this.addPull(event, at) : [this.addReport(event, at)]
  }

  private addCall(
    { call: name, request, response }: Call,
    at: number,
    {
      in: account = 'production',
      by = 'person',
      run = at,
      late,
    }: { in?: Account; by?: Who; run?: number; late?: number },
  ): string {
    const { random } = this
    const [service, action] = name.split(':') as [string, string]
    const id = ACCOUNTS[account]
    const eventID = `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-9${hex(random, 3)}-${hex(random, 12)}`
    const began = cloudTrailTime(at - 40 * MINUTE_MS)
    const identities = {
      person: () =>
        ssoIdentity(this.pick(PEOPLE), {
          account: id,
          began,
          key: `ASIA${hex(random, 12).toUpperCase()}`,
        }),
      ci: () =>
        roleIdentity({
          role: 'deploy',
          session: `run-${Math.floor(at / 1000)}`,
          account: id,
          began,
          key: `ASIA${hex(random, 12).toUpperCase()}`,
          federatedProvider: `arn:aws:iam::${id}:oidc-provider/token.actions.githubusercontent.com`,
        }),
      terraform: () =>
        roleIdentity({
          role: 'terraform-apply',
          session: 'spacelift',
          account: id,
          began: cloudTrailTime(run),
          key: `ASIA${Math.floor(run / 1000)
            .toString(16)
            .toUpperCase()}`,
        }),
      aws: () =>
        roleIdentity({
          role: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
          session: 'AutoScaling-ManageAlarms',
          account: id,
          began,
          path: '/aws-service-role/ecs.application-autoscaling.amazonaws.com/',
          invokedBy: 'ecs.application-autoscaling.amazonaws.com',
        }),
    }
    const agents = {
      person: random() < 0.6 ? BROWSER : AWS_CLI,
      ci: 'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22',
      terraform: TERRAFORM,
      aws: 'ecs.application-autoscaling.amazonaws.com',
    }
    const record = call(service, action, request, response ?? null, {
      eventID,
      requestID: undefined,
      tlsDetails: undefined,
      eventTime: cloudTrailTime(at),
      recipientAccountId: id,
      userIdentity: identities[by](),
      userAgent: agents[by],
      sourceIPAddress: by === 'aws' ? 'ecs.application-autoscaling.amazonaws.com' : '198.51.100.7',
      awsRegion: GLOBAL.has(service) ? 'us-east-1' : 'eu-central-1',
    })
    const minutes = late ?? (random() < 0.1 ? 11 : 0)
    this.events.push({
      type: 'aws.cloudtrail',
      record,
      ...(minutes > 0 && { arrivesAt: iso(at + minutes * MINUTE_MS) }),
    })
    return eventID
  }

  private addPull({ pull, repository: name, isDeployed }: Pull, at: number): string[] {
    const { random } = this
    const number = 200 + Math.floor(random() * 4000)
    const sha = hex(random, 40)
    const login = this.pick(PEOPLE).split('@')[0]!
    const webhook = { repository: `field/${name}`, login, sha }
    const id = Math.floor(random() * 1e9)
    this.events.push(
      pullRequestMerged(random, {
        ...webhook,
        number,
        title: pull,
        commits: 3,
        branch: 'topic',
        at: at - 7 * MINUTE_MS,
      }),
    )
    const pullId = `pull_request/field/${name}/${number}`
    if (!isDeployed) return [pullId]
    this.events.push(deploymentCreated({ ...webhook, id, at }))
    return [pullId, `deployment/field/${name}/${id}`]
  }

  private addReport({ report, service, labels = [] }: Report, at: number): string {
    const idempotencyKey = `report-${hex(this.random, 10)}`
    this.events.push({
      type: 'change',
      body: {
        summary: report,
        startsAt: iso(at),
        environments: ['production'],
        services: [service],
        authors: [this.pick(PEOPLE)],
        labels,
        idempotencyKey,
      },
    })
    return idempotencyKey
  }
}

const iso = (ms: number) => new Date(ms).toISOString()

/** What such a company does all day. */
function ordinary(builder: Builder): { event: Event; in: Account; by: Who } {
  const { random } = builder
  const name = builder.pick(SERVICES)
  const number = Math.floor(random() * 900)
  const person = (event: Event, account: Account = 'production') => ({
    event,
    in: account,
    by: 'person' as const,
  })
  const ci = (event: Event, account: Account = 'production') => ({
    event,
    in: account,
    by: 'ci' as const,
  })
  const choices = [
    () => ci(c.ecsService(name, { taskDefinition: `${name}:${number}` })),
    () =>
      ci(
        c.taskDefinition(name, {
          image: `310000000001.dkr.ecr.eu-central-1.amazonaws.com/${name}:1.${number}`,
          memory: 1024,
        }),
      ),
    () => ci(c.functionCode(`${name}-fn`, `${name}/${number}.zip`)),
    () => ci(c.functionAlias(`${name}-fn`, String(number))),
    () => ci(c.apiDeploy(`r4${name.slice(0, 5)}`)),
    () => ci(c.ecsService(name, { taskDefinition: `${name}:${number}` }), 'staging'),
    () => ci(c.stackUpdate(`${name}-${number}`), 'sandbox'),
    () => ({
      event: c.ecsService(name, { desiredCount: 2 + (number % 9) }),
      in: 'production' as const,
      by: 'aws' as const,
    }),
    () => ({
      event: c.ecsService(name, { desiredCount: 2 + (number % 9) }),
      in: 'production' as const,
      by: 'aws' as const,
    }),
    () => person(c.allowIngress(idOf('sg', name), 8000 + number, '10.20.0.0/16')),
    () => person(c.revokeIngress(idOf('sg', `${name}-old`), 8000 + number, '10.20.0.0/16')),
    () => person(c.attach(`${name}-task`, 'CloudWatchAgentServerPolicy')),
    () => person(c.rolePolicy(`${name}-task`, `p${number}`, 'Allow', 's3:GetObject')),
    () => person(c.alarm(`${name}-${number}`, number)),
    () => person(c.retention(`/ecs/${name}`, 30)),
    () => person(c.parameter(`/${name}/feature-${number}`)),
    () => person(c.putSecret(`${name}/token-${number}`)),
    () => person(c.dbSnapshot(`${name}-db`, `manual-${number}`)),
    () => person(c.modifyDb(`${name}-db`, { backupRetentionPeriod: 7 + (number % 20) })),
    () => person(c.bucketLifecycle(`${name}-files`, 10 + (number % 300))),
    () => person(c.queue(`${name}-jobs`, { VisibilityTimeout: String(60 + number) })),
    () => person(c.putRule(`${name}-hourly`, 'rate(1 hour)')),
    () =>
      person(
        c.table(`${name}-state`, {
          provisionedThroughput: { readCapacityUnits: 100 + number, writeCapacityUnits: 100 },
        }),
      ),
    () => person(c.targetGroup(`${name}-tg`, { deregistrationDelayTimeoutSeconds: 30 })),
    () => person(c.webAcl(`${name}-acl`, `rule-${number}`, 'count')),
    () => person(c.functionConfig(`${name}-fn`, { memorySize: 512 + number })),
    () => person(c.tagResource(idOf('i', name), 'team', 'core')),
    () => person(c.stopInstances(idOf('i', `${name}-bastion`))),
    () => person(c.group(`${name}-asg`, { minSize: 3 + (number % 4), maxSize: 20 })),
    () => person(c.concurrency(`${name}-fn`, 50 + number)),
    () => person(c.revokeIngress(idOf('sg', `${name}-s`), 5432, '10.30.0.0/16'), 'staging'),
    () => person(c.rebootDb(`${name}-db`), 'staging'),
    () => person(c.terminate(idOf('i', `x${number}`)), 'sandbox'),
    () => person(c.deleteRoute(idOf('rtb', name), `10.${number % 250}.0.0/16`), 'network'),
    () =>
      person(
        c.replaceRoute(idOf('rtb', name), `10.${number % 250}.0.0/16`, {
          transitGatewayId: 'tgw-0a1',
        }),
        'network',
      ),
    () =>
      person(
        c.aclEntry(idOf('acl', name), 'allow', `10.${number % 250}.0.0/16`, number),
        'network',
      ),
    () =>
      ci(
        c.dnsRecord('UPSERT', `${name}-${number}.example.net`, 'CNAME', `lb-${number}.example.net`),
        'dns',
      ),
    () =>
      ci(
        c.dnsRecord('UPSERT', `_acme-challenge.${name}.example.net`, 'TXT', hex(random, 8)),
        'dns',
      ),
    () => person(c.policyVersion(`team-${name}`, 's3:GetObject'), 'identity'),
    () => person(c.attach(`sso-${name}`, 'ReadOnlyAccess'), 'identity'),
    () => person(c.dbParameter('dwh-pg16', 'log_min_duration_statement', String(number)), 'data'),
    () =>
      ci({
        pull: builder.pick([
          'Fix flaky test',
          'Update dependencies',
          'Add metrics',
          'Rename helper',
        ]),
        repository: name,
        isDeployed: random() < 0.6,
      }),
    () =>
      ci({
        report: `Set flag ${builder.pick(['nav', 'search', 'pay'])}-${number} to ${builder.pick([1, 5, 50])} % of users`,
        service: name,
        labels: ['flag'],
      }),
  ]
  return builder.pick(choices)()
}

const TERRAFORM_PARTS = (name: string, number: number): Call[] => [
  c.tagResource(idOf('i', name), 'managed', 'terraform'),
  c.alarm(`${name}-lag`, number),
  c.retention(`/ecs/${name}`, 60),
  c.attach(`${name}-task`, 'AmazonSSMReadOnlyAccess'),
  c.allowIngress(idOf('sg', name), 9100, '10.0.0.0/8'),
  c.createGroup(`${name}-new`, idOf('sg', `${name}-new`)),
]

function toScenario(prefix: string, story: Story, number: number) {
  const builder = new Builder(90_001 + number * 7919 + prefix.length * 13)
  const { random } = builder
  const startedAt = Date.UTC(
    2026,
    4,
    4 + (number % 21),
    Math.floor(random() * 24),
    Math.floor(random() * 60),
  )
  const noticedAt = startedAt + Math.floor((1 + random() ** 2 * 35) * MINUTE_MS)
  const spread = (count: number, from: number, to: number) => {
    for (let nth = 0; nth < count; nth++) {
      const { event, in: account, by } = ordinary(builder)
      builder.add(event, from + random() * (to - from), { in: account, by })
    }
  }
  const apply = (at: number, account: Account) => {
    const name = builder.pick(SERVICES)
    TERRAFORM_PARTS(name, number).forEach((part, nth) => {
      builder.add(part, at - (nth + 1) * 1500, {
        in: account,
        by: 'terraform',
        run: at - 2 * MINUTE_MS,
      })
    })
  }
  spread(45, noticedAt - 25 * DAY_MS, noticedAt - 3 * DAY_MS)
  spread(42, noticedAt - 3 * DAY_MS + HOUR_MS, noticedAt - 2 * HOUR_MS)
  spread(16, noticedAt - 2 * HOUR_MS, noticedAt - MINUTE_MS)
  apply(noticedAt - (5 + random() * 50) * HOUR_MS, 'production')
  const account = story.in ?? 'production'
  story.usual?.forEach((event, nth) => {
    builder.add(event, noticedAt - (3.5 + nth * 6 + random() * 2) * DAY_MS, {
      in: account,
      by: story.by === 'ci' ? 'ci' : 'person',
    })
  })
  const at = startedAt - (story.before ?? 0) * MINUTE_MS - Math.floor(random() * 50) * 1000
  if (story.by === 'terraform') apply(at, account)
  const culprits =
    story.cause === null
      ? []
      : builder.add(story.cause, at, {
          in: account,
          by: story.by ?? 'person',
          run: at - 2 * MINUTE_MS,
          ...(story.late !== undefined && { late: story.late }),
        })
  if (story.staging)
    builder.add(story.staging, startedAt - (2 + random() * 25) * MINUTE_MS, { in: 'staging' })
  for (const event of story.innocent) {
    builder.add(event, startedAt - (1 + random() ** 2 * 240) * MINUTE_MS, {
      by: random() < 0.6 ? 'person' : 'ci',
    })
  }
  const answersLater = story.response !== undefined
  if (story.response) builder.add(story.response, noticedAt + 9 * MINUTE_MS, { in: account })
  const askAt =
    story.late !== undefined || answersLater ? [noticedAt, noticedAt + 15 * MINUTE_MS] : null
  return {
    id: `${prefix}-${number + 1}-${story.kind.replaceAll(' ', '-').toLowerCase()}`,
    title: `${story.kind}: ${story.title}`,
    environments: (Object.keys(ACCOUNTS) as Account[]).map((name) => ({
      name,
      match: { account: [ACCOUNTS[name]] },
      ...(name === 'production' && { dependsOn: [...SHARED, 'data'] }),
    })),
    incident: {
      title: story.title,
      noticedAt: iso(noticedAt),
      ...(story.start === 'known' && { startedAt: iso(startedAt) }),
      ...(story.start === 'after' && { startedAfter: iso(startedAt - 30 * MINUTE_MS) }),
      environment: 'production',
      ...(story.services && { services: story.services }),
    },
    ...(askAt && { askAt: askAt.map(iso) }),
    events: builder.events,
    culprits,
  }
}

for (const [name, stories] of [
  ['field', FIELD],
  ['unseen', UNSEEN],
] as const) {
  const lines = stories.map((story, nth) => JSON.stringify(toScenario(name, story, nth)))
  writeFileSync(path.join(import.meta.dirname, '..', `${name}.jsonl`), `${lines.join('\n')}\n`)
  console.log(`${name}.jsonl: ${lines.length} scenarios`)
}
