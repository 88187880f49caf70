/** More outages, written before the ranking was tuned with `field.ts`, and only used after it. */

import * as c from './calls.ts'
import type { Story } from './story.ts'

export const UNSEEN: Story[] = [
  {
    kind: 'mount target',
    title: 'reporting pods stuck in ContainerCreating',
    services: ['reporting'],
    cause: c.mountTargetGroups('fsmt-0aa11bb22', ['sg-0ffffffff00000001']),
    before: 14,
    innocent: [
      c.ecsService('reporting', { taskDefinition: 'reporting:12' }),
      c.addon('core', 'aws-ebs-csi-driver', 'v1.35.0'),
    ],
  },
  {
    kind: 'balancer groups',
    title: 'All regions: HTTP timeouts to api gateway of partners',
    cause: c.lbGroups('edge-router', ['sg-0internalonly0001']),
    before: 3,
    usual: [
      c.lbGroups('backoffice', ['sg-1']),
      c.lbGroups('intranet', ['sg-2']),
      c.lbGroups('intranet', ['sg-3']),
    ],
    staging: c.lbGroups('edge-router', ['sg-0internalonly0009']),
    innocent: [
      c.lbAttributes('edge-router', 'access_logs.s3.enabled', 'true'),
      c.webAcl('edge-acl', 'bot-control', 'count'),
    ],
    start: 'known',
  },
  {
    kind: 'endpoint policy',
    title: 'AccessDenied from S3 in media-transcoder, jobs failing',
    services: ['media-transcoder'],
    in: 'network',
    cause: c.modifyEndpoint(
      'vpce-0a1b2c3d4e5f60718',
      JSON.stringify({
        Statement: [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: 'arn:aws:s3:::public-*',
          },
        ],
      }),
    ),
    before: 25,
    usual: [c.modifyEndpoint('vpce-0a1b2c3d4e5f60711', '{}')],
    innocent: [
      c.bucketLifecycle('media-transcoder-out', 60),
      c.attach('media-transcoder-task', 'AmazonSSMReadOnlyAccess'),
    ],
  },
  {
    kind: 'propagation',
    title: 'Cannot reach on-premises ERP',
    services: ['erp-bridge'],
    in: 'network',
    cause: c.tgwPropagation('tgw-rtb-0aa11bb22cc33dd44', 'tgw-attach-0erp'),
    before: 480,
    usual: [c.tgwPropagation('tgw-rtb-0aa11bb22cc33dd44', 'tgw-attach-0lab')],
    innocent: [c.functionConfig('erp-bridge', { timeout: 90 }), c.putSecret('erp-bridge/user')],
  },
  {
    kind: 'DHCP options',
    title: 'kube-dns: i/o timeout, lookups failing cluster wide',
    in: 'network',
    cause: c.dhcpOptions('vpc-0a11b22c33d44e55f', 'dopt-0old'),
    before: 55,
    usual: [c.dhcpOptions('vpc-0b11b22c33d44e55f', 'dopt-0new')],
    innocent: [
      c.addon('core', 'coredns', 'v1.11.4-eksbuild.2'),
      c.nodegroup('core', 'general', { minSize: 3, maxSize: 12, desiredSize: 6 }),
    ],
  },
  {
    kind: 'CDN',
    title: 'Visitors see stale prices and 504 from CloudFront',
    services: ['web-frontend'],
    cause: c.distribution('E1FIELDWWW', {
      origins: {
        items: [
          {
            id: 'app',
            domainName: 'internal-old.example.net',
            customOriginConfig: { originReadTimeout: 4 },
          },
        ],
      },
      enabled: true,
    }),
    before: 16,
    usual: [
      c.distribution('E2DOCS', { comment: 'docs' }),
      c.distribution('E3IMG', { comment: 'img' }),
      c.distribution('E3IMG', { comment: 'images' }),
    ],
    innocent: [
      c.ecsService('web-frontend', { taskDefinition: 'web-frontend:910' }),
      { pull: 'Update banner', repository: 'web-frontend', isDeployed: true },
    ],
  },
  {
    kind: 'WAF',
    title: 'Traffic to login dropped 70 %',
    services: ['auth-gateway'],
    cause: c.webAcl('edge-acl', 'managed-ip-reputation', 'block'),
    before: 7,
    usual: [
      c.webAcl('edge-acl', 'login-rate', 'count'),
      c.webAcl('www-acl', 'sqli', 'block'),
      c.webAcl('docs-acl', 'geo', 'block'),
    ],
    innocent: [
      c.ecsService('auth-gateway', { desiredCount: 7 }),
      c.userPool('app-client', { refreshTokenValidity: 45 }),
    ],
  },
  {
    kind: 'secret deletion',
    title: 'ResourceInitializationError: unable to pull secrets, statements tasks not starting',
    services: ['statements'],
    cause: c.deleteSecret('shared/kafka-sasl'),
    before: 620,
    usual: [c.deleteSecret('old/a'), c.deleteSecret('old/b'), c.deleteSecret('old/c')],
    innocent: [
      c.ecsService('statements', { taskDefinition: 'statements:23' }),
      c.attach('statements-task', 'CloudWatchAgentServerPolicy'),
    ],
  },
  {
    kind: 'login client',
    title: 'redirect_mismatch on login page',
    services: ['auth-gateway'],
    cause: c.userPool('app-client', {
      callbackURLs: ['https://new.example.net/cb'],
      supportedIdentityProviders: ['COGNITO'],
    }),
    before: 5,
    usual: [
      c.userPool('app-client', { refreshTokenValidity: 30 }),
      c.userPool('tools-client', { accessTokenValidity: 10 }),
    ],
    innocent: [
      c.dnsRecord('UPSERT', 'new.example.net', 'CNAME', 'lb-8.example.net'),
      c.ecsService('auth-gateway', { taskDefinition: 'auth-gateway:71' }),
    ],
    start: 'known',
  },
  {
    kind: 'failover',
    title: 'orders-api could not serialize / read-only transaction errors',
    services: ['orders-api'],
    cause: c.failover('prod-aurora'),
    before: 2,
    usual: [c.failover('test-aurora'), c.failover('dwh-aurora'), c.failover('test-aurora')],
    innocent: [
      c.ecsService('orders-api', { taskDefinition: 'orders-api:230' }),
      c.dbSnapshot('prod-aurora-1', 'm-1'),
    ],
  },
  {
    kind: 'proxy',
    title: 'Too many connections, remaining slots reserved: billing',
    services: ['billing-worker'],
    cause: c.proxyTargets('core-proxy', ['prod-core-ro-2']),
    before: 130,
    usual: [c.proxyTargets('bi-proxy', ['dwh-old'])],
    innocent: [
      c.dbParameter('prod-core-pg16', 'log_connections', '1'),
      c.functionConfig('billing-worker-fn', { memorySize: 700 }),
    ],
  },
  {
    kind: 'search',
    title: 'Search results empty or slow (ClusterBlockException)',
    services: ['search-api'],
    cause: c.searchDomain('search-prod', {
      clusterConfig: { instanceCount: 1, instanceType: 't3.medium.search' },
    }),
    before: 70,
    usual: [
      c.searchDomain('logs', { clusterConfig: { instanceCount: 3 } }),
      c.searchDomain('logs', { snapshotOptions: { automatedSnapshotStartHour: 3 } }),
    ],
    innocent: [
      c.ecsService('search-api', { taskDefinition: 'search-api:42' }),
      c.alarm('search-api-empty', 4),
    ],
  },
  {
    kind: 'alias',
    title: 'pricing lambda: Cannot find module index',
    services: ['pricing'],
    cause: c.functionAlias('pricing', '118'),
    by: 'ci',
    before: 2,
    usual: [
      c.functionAlias('pricing', '116'),
      c.functionAlias('pricing', '117'),
      c.functionAlias('thumbs', '40'),
    ],
    staging: c.functionAlias('pricing', '118'),
    innocent: [
      c.functionConfig('pricing-cron', { timeout: 100 }),
      c.table('pricing-rules', { deletionProtectionEnabled: true }),
    ],
  },
  {
    kind: 'autoscaling processes',
    title: 'batch backlog age 3 h and rising',
    services: ['batch'],
    cause: c.suspend('batch-spot', 'Launch', 'AlarmNotification'),
    before: 300,
    usual: [
      c.suspend('ci-runners', 'AZRebalance'),
      c.suspend('edge-fleet-green', 'Terminate'),
      c.suspend('ci-runners', 'Terminate'),
    ],
    innocent: [
      c.group('batch-spot', { minSize: 0, maxSize: 60 }),
      c.queue('batch-jobs', { VisibilityTimeout: '900' }),
    ],
  },
  {
    kind: 'bad image',
    title: 'New instances fail health checks in edge fleet, replaced in a loop',
    cause: c.templateVersion('lt-0edge', 'ami-0broken'),
    before: 100,
    by: 'ci',
    usual: [
      c.templateVersion('lt-0edge', 'ami-0a1'),
      c.templateVersion('lt-0edge', 'ami-0a2'),
      c.templateVersion('lt-0batch', 'ami-0a3'),
    ],
    innocent: [
      c.group('edge-fleet-blue', { minSize: 8, maxSize: 30 }),
      c.targetGroup('edge-tg', { deregistrationDelayTimeoutSeconds: 20 }),
    ],
  },
  {
    kind: 'filter',
    title: 'fulfilment receives no events since deploy window',
    services: ['fulfilment'],
    cause: c.filterPolicy('order-topic', '{"type":["created"]}'),
    before: 18,
    usual: [c.filterPolicy('geo-topic', '{"a":[1]}'), c.filterPolicy('audit-topic', '{"a":[2]}')],
    innocent: [
      c.ecsService('fulfilment', { taskDefinition: 'fulfilment:8' }),
      c.queue('fulfilment-in', { VisibilityTimeout: '90' }),
    ],
  },
  {
    kind: 'rule targets',
    title: 'Daily digest e-mails not sent',
    services: ['emailer'],
    cause: c.removeTargets('digest-every-morning'),
    before: 720,
    usual: [
      c.removeTargets('old-poll'),
      c.removeTargets('old-poll-2'),
      c.removeTargets('tmp-rule'),
    ],
    innocent: [c.functionCode('emailer', 'emailer/20.zip'), c.sesSending('test-set')],
  },
  {
    kind: 'broker',
    title: 'Kafka consumer lag 4M, under-replicated partitions',
    services: ['ledger'],
    in: 'data',
    cause: c.mskConfig('events-main'),
    before: 10,
    usual: [c.mskConfig('logs')],
    innocent: [c.brokerStorage('logs'), c.ecsService('ledger', { taskDefinition: 'ledger:60' })],
  },
  {
    kind: 'parameter',
    title: 'fraud-scoring pointing at test scorer, approvals wrong',
    services: ['fraud-scoring'],
    cause: c.parameter('/shared/scorer/endpoint'),
    before: 44,
    usual: [
      c.parameter('/shared/log/level'),
      c.parameter('/shared/mail/from'),
      c.parameter('/geo/endpoint'),
    ],
    innocent: [
      c.ecsService('fraud-scoring', { taskDefinition: 'fraud-scoring:34' }),
      { report: 'Set flag scorer-v9 to 1 % of users', service: 'fraud-scoring', labels: ['flag'] },
    ],
  },
  {
    kind: 'remote configuration',
    title: 'checkout button disabled for everyone',
    services: ['web-frontend'],
    cause: c.appConfig('a1webflags', '77'),
    before: 4,
    usual: [
      c.appConfig('a1webflags', '75'),
      c.appConfig('a1webflags', '76'),
      c.appConfig('a2mobile', '9'),
    ],
    innocent: [c.invalidation('E1FIELDWWW'), c.bucketCors('web-frontend-static', '*')],
    start: 'after',
  },
  {
    kind: 'merged code',
    title: 'cart: NullPointerException in DiscountService',
    services: ['cart'],
    cause: { pull: 'Stack discounts', repository: 'cart', isDeployed: true },
    before: 80,
    usual: [
      { pull: 'Log discounts', repository: 'cart', isDeployed: true },
      { pull: 'Upgrade spring', repository: 'cart', isDeployed: true },
      { pull: 'Fix rounding', repository: 'cart', isDeployed: true },
    ],
    innocent: [
      c.table('carts', { deletionProtectionEnabled: true }),
      c.rolePolicy('cart-task', 'x', 'Allow', 'sqs:SendMessage'),
    ],
  },
  {
    kind: 'carrier',
    title: 'Parcel carrier tracking API down',
    services: ['fulfilment'],
    cause: null,
    innocent: [
      c.functionConfig('fulfilment-tracking', { timeout: 50 }),
      c.putSecret('fulfilment/carrier-token'),
    ],
  },
  {
    kind: 'storm',
    title: 'Thread pool exhausted in recs-engine',
    services: ['recs-engine'],
    cause: null,
    innocent: [
      c.ecsService('recs-engine', { desiredCount: 14 }),
      c.alarm('recs-engine-threads', 80),
      c.attach('recs-engine-task', 'AmazonSSMReadOnlyAccess'),
    ],
  },
  {
    kind: 'growth',
    title: 'EBS volume vol-0aa77 almost full',
    cause: null,
    innocent: [c.tagResource('vol-0aa77', 'owner', 'search'), c.retention('/ecs/search-api', 14)],
  },
  {
    kind: 'DDoS',
    title: 'HTTP flood on status page',
    cause: null,
    innocent: [c.webAcl('www-acl', 'rate-limit', 'count'), c.invalidation('E2DOCS')],
  },
  {
    kind: 'clock',
    title: 'JWT not yet valid errors from partner',
    services: ['auth-gateway'],
    cause: null,
    innocent: [
      c.userPool('tools-client', { accessTokenValidity: 20 }),
      c.ecsService('auth-gateway', { desiredCount: 9 }),
    ],
  },
  {
    kind: 'provider',
    title: 'SendGrid bounces > 20 %',
    services: ['emailer'],
    cause: null,
    innocent: [
      c.functionConfig('emailer', { memorySize: 640 }),
      c.dnsRecord('UPSERT', '_dmarc.example.net', 'TXT', 'v=DMARC1; p=none'),
    ],
  },
]
