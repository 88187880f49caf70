/** The kinds of outage: what breaks what, and how people word the alert. */

import type { OperationName } from './operations.ts'

export interface Kind {
  name: string
  /** The operations that can cause it. */
  causes: (OperationName | 'merge' | 'flag')[]
  account: 'production' | 'network' | 'dns' | 'identity'
  /**
   * Titles by half. `{S}` is the affected service. The first ones name the changed resource's service,
   * in the others the affected service is another one.
   */
  titles: { tuning: string[]; held: string[] }
  /** Operations that look as risky, on the same service. */
  decoys: OperationName[]
}

export const KINDS: Kind[] = [
  {
    name: 'ingress',
    causes: ['revokeIngress'],
    account: 'production',
    decoys: ['modifyListener', 'attachPolicy', 'authorizeIngress'],
    titles: {
      tuning: ['{S}: database connections time out', '{S} cannot reach postgres'],
      held: ['{S} - SQLSTATE 08001 unable to connect', 'Connection pool of {S} exhausted'],
    },
  },
  {
    name: 'egress',
    causes: ['revokeEgress', 'deleteNat', 'deleteRoute'],
    account: 'network',
    decoys: ['replaceRoute', 'authorizeIngress'],
    titles: {
      tuning: [
        '{S}: outbound calls to payment provider time out',
        'No egress from private subnets of {S}',
      ],
      held: [
        '{S} upstream i/o timeout (dial tcp)',
        'Webhooks from {S} are not delivered: ETIMEDOUT',
      ],
    },
  },
  {
    name: 'acl',
    causes: ['aclEntry'],
    account: 'network',
    decoys: ['replaceRoute', 'authorizeIngress'],
    titles: {
      tuning: [
        '{S} unreachable from two availability zones',
        'Packet loss between {S} and its clients',
      ],
      held: ['{S}: health checks failing in eu-west-1b', 'Network path to {S} down'],
    },
  },
  {
    name: 'endpoint',
    causes: ['deleteEndpoint'],
    account: 'network',
    decoys: ['authorizeIngress'],
    titles: {
      tuning: ['{S}: timeouts calling AWS APIs', 'S3 downloads hang in {S}'],
      held: [
        '{S} stuck on connect to dynamodb.eu-west-1.amazonaws.com',
        '{S} image pulls time out',
      ],
    },
  },
  {
    name: 'permissions',
    causes: ['detachPolicy', 'putRolePolicy', 'trustPolicy'],
    account: 'production',
    decoys: ['attachPolicy', 'rotateSecret', 'functionCode'],
    titles: {
      tuning: [
        '{S}: AccessDenied on s3:PutObject',
        '{S} is not authorized to perform sqs:SendMessage',
      ],
      held: ['403 from AWS APIs in {S}', 'AccessDeniedException spike, {S}'],
    },
  },
  {
    name: 'credentials',
    causes: ['deleteAccessKey', 'rotateSecret'],
    account: 'production',
    decoys: ['attachPolicy', 'updateService'],
    titles: {
      tuning: ['{S}: authentication failed for user app', '{S} InvalidClientTokenId'],
      held: ['{S}: password authentication failed', 'Login to the broker rejected for {S}'],
    },
  },
  {
    name: 'dns',
    causes: ['record', 'resolverRule'],
    account: 'dns',
    decoys: ['record', 'modifyListener'],
    titles: {
      tuning: ['{S}: could not resolve host', 'NXDOMAIN from {S} clients'],
      held: ['getaddrinfo ENOTFOUND in {S}', 'DNS lookups of {S} return SERVFAIL'],
    },
  },
  {
    name: 'database size',
    causes: ['modifyDb', 'rebootDb'],
    account: 'production',
    decoys: ['snapshot', 'rotateSecret', 'parameterGroup'],
    titles: {
      tuning: ['{S}: database CPU at 100 %', '{S} queries slow, p99 4 s'],
      held: ['RDS {S} unavailable', 'DB load of {S} above max vCPU'],
    },
  },
  {
    name: 'database parameters',
    causes: ['parameterGroup'],
    account: 'production',
    decoys: ['snapshot', 'modifyDb'],
    titles: {
      tuning: ['{S}: too many connections', 'FATAL: remaining connection slots are reserved ({S})'],
      held: ['{S} cannot open new database sessions', 'Postgres rejects clients of {S}'],
    },
  },
  {
    name: 'concurrency',
    causes: ['concurrency'],
    account: 'production',
    decoys: ['functionCode', 'functionConfig'],
    titles: {
      tuning: ['{S}: Lambda throttles above 100/min', '{S} TooManyRequestsException'],
      held: ['429 Rate Exceeded from {S}', '{S} invocations dropped'],
    },
  },
  {
    name: 'function settings',
    causes: ['functionConfig', 'functionCode'],
    account: 'production',
    decoys: ['putRule', 'capacity'],
    titles: {
      tuning: ['{S}: task timed out after 3.00 seconds', '{S} function errors 40 %'],
      held: ['Runtime exited with out of memory in {S}', '{S} handler failing'],
    },
  },
  {
    name: 'rollout',
    causes: ['updateService'],
    account: 'production',
    decoys: ['attachPolicy', 'rotateSecret', 'asg'],
    titles: {
      tuning: ['{S}: 5xx above 5 %', '{S} crash loop, no healthy tasks'],
      held: ['Error budget burn on {S}', '{S} returns 503 for all users'],
    },
  },
  {
    name: 'scaling',
    causes: ['asg', 'suspend', 'nodegroup'],
    account: 'production',
    decoys: ['tag', 'updateService', 'terminate'],
    titles: {
      tuning: ['{S}: latency p99 above 3 s', '{S} out of capacity'],
      held: ['{S} saturated, CPU 98 % on all hosts', 'Pods of {S} pending for 10 minutes'],
    },
  },
  {
    name: 'bucket',
    causes: ['bucketPolicy', 'publicBlock', 'lifecycle'],
    account: 'production',
    decoys: ['lifecycle', 'attachPolicy'],
    titles: {
      tuning: ['{S}: images return 403', 'Downloads from {S} are forbidden'],
      held: ['Static assets of {S} missing', '{S}: attachments cannot be opened (AccessDenied)'],
    },
  },
  {
    name: 'key',
    causes: ['disableKey', 'keyPolicy'],
    account: 'production',
    decoys: ['rotateSecret', 'attachPolicy'],
    titles: {
      tuning: ['{S}: KMS DisabledException', '{S} cannot decrypt messages'],
      held: ['{S}: decryption of payloads fails', 'KMSInvalidStateException, {S}'],
    },
  },
  {
    name: 'certificate',
    causes: ['deleteCertificate', 'modifyListener'],
    account: 'production',
    decoys: ['webAcl', 'targetGroup'],
    titles: {
      tuning: ['{S}: TLS handshake failures', 'x509 errors calling {S}'],
      held: ['SSL errors at {S} for mobile clients', 'Certificate of {S} invalid'],
    },
  },
  {
    name: 'targets',
    causes: ['deregister', 'targetGroup'],
    account: 'production',
    decoys: ['updateService', 'webAcl'],
    titles: {
      tuning: ['{S}: 502 Bad Gateway', 'All targets of {S} unhealthy'],
      held: ['ELB 5xx on {S}', '{S} fails load balancer checks'],
    },
  },
  {
    name: 'firewall',
    causes: ['webAcl'],
    account: 'production',
    decoys: ['modifyListener', 'updateService'],
    titles: {
      tuning: ['{S}: partners are blocked with 403', '{S} traffic down 60 %'],
      held: ['Legitimate users of {S} see a block page', '{S}: API clients get Forbidden'],
    },
  },
  {
    name: 'queue',
    causes: ['queuePolicy', 'purgeQueue', 'eventSource'],
    account: 'production',
    decoys: ['functionCode', 'capacity'],
    titles: {
      tuning: ['{S}: messages processed twice', '{S} events lost'],
      held: ['Consumer lag of {S} grows', '{S}: queue depth 80,000 and rising'],
    },
  },
  {
    name: 'stream',
    causes: ['shards'],
    account: 'production',
    decoys: ['functionConfig', 'capacity'],
    titles: {
      tuning: [
        '{S}: stream iterator age above 10 min',
        'Kinesis WriteProvisionedThroughputExceeded in {S}',
      ],
      held: ['{S} producers are rejected', 'Real-time pipeline of {S} is 20 minutes behind'],
    },
  },
  {
    name: 'table',
    causes: ['capacity'],
    account: 'production',
    decoys: ['functionCode', 'updateService'],
    titles: {
      tuning: ['{S}: ProvisionedThroughputExceededException', '{S} writes throttled'],
      held: ['DynamoDB throttling on {S}', '{S}: user requests rejected by the table'],
    },
  },
  {
    name: 'schedule',
    causes: ['disableRule'],
    account: 'production',
    decoys: ['putRule', 'functionCode'],
    titles: {
      tuning: ['{S}: nightly job did not run', '{S} report is overdue'],
      held: ['Dead man’s switch: {S} batch missing', 'No invoices since midnight ({S})'],
    },
  },
  {
    name: 'cache',
    causes: ['cacheNodes'],
    account: 'production',
    decoys: ['rotateSecret', 'updateService'],
    titles: {
      tuning: ['{S}: Redis evictions', '{S} cache hit rate 12 %'],
      held: ['Sessions of {S} lost', '{S}: OOM command not allowed (redis)'],
    },
  },
  {
    name: 'setting',
    causes: ['parameter'],
    account: 'production',
    decoys: ['rotateSecret', 'updateService'],
    titles: {
      tuning: ['{S} starts with wrong configuration', '{S}: invalid database url'],
      held: ['{S} connects to the wrong host', 'Config errors after restart of {S}'],
    },
  },
  {
    name: 'merged code',
    causes: ['merge'],
    account: 'production',
    decoys: ['rotateSecret', 'asg', 'attachPolicy'],
    titles: {
      tuning: ['{S}: TypeError undefined is not a function', '{S}: 5xx above 5 %'],
      held: ['Unhandled exceptions in {S}', '{S} error rate 12 %'],
    },
  },
  {
    name: 'feature flag',
    causes: ['flag'],
    account: 'production',
    decoys: ['updateService', 'asg', 'webAcl'],
    titles: {
      tuning: ['{S}: conversion dropped by half', '{S} renders blank pages'],
      held: ['{S}: new flow fails for users', 'Broken form in {S}'],
    },
  },
]
