/**
 * What kinds of change cause what kinds of symptom: the words of an alert name a domain (name
 * resolution, certificates, access, …), and so do a change's service and action.
 */

import type { Candidate } from './candidate.ts'

export interface Domain {
  /** What such changes affect, as the end of a sentence. */
  name: string
  /** The words of an alert about it. */
  alert: RegExp
  /** Whether a change is of this kind: matched against `service:action type…`. */
  change: RegExp
  /** Most alerts are about it, or most changes are of this kind. */
  isBroad?: true
}

const DOMAINS: readonly Domain[] = [
  {
    name: 'name resolution',
    alert:
      /\bdns\b|nxdomain|servfail|enotfound|eai_again|resolv(e|es|ing|er|ution)\b|name resolution|no such host|unknown host|hostname|domain\b/i,
    change:
      /^(route53|route53resolver|route53domains|servicediscovery|cloudmap):|dhcpoptions|privatedns|vpcattribute/i,
  },
  {
    name: 'certificates',
    alert: /\btls\b|\bssl\b|certificate|\bcerts?\b|x509|handshake|https/i,
    change: /^(acm|acm-pca):|certificate|^cloudfront:Update|listener|securitypolicy|truststore/i,
  },
  {
    name: 'permissions',
    alert:
      /access ?denied|explicit deny|denied|service control|forbidden|not authori[sz]ed|unauthori[sz]ed|permission|\b401s?\b|\b403s?\b|assume ?role|security token|client ?token|\biam\b|\bauth\b|authori[sz]ation|log ?ins?\b|sign-?ins?\b|\bsso\b|token|session/i,
    change:
      /^(iam|sts|sso|sso-directory|organizations|cognito-idp|cognito-identity|ram|verifiedpermissions):|policy|permission|grant|accesskey|instanceprofile|identityprovider/i,
  },
  {
    name: 'encryption keys',
    alert: /decrypt|encrypt|\bkms\b|\bkeys?\b|cipher/i,
    change: /^kms:|^cloudhsm/i,
  },
  {
    name: 'secrets',
    alert:
      /secrets?\b|passwords?|credentials?|authentication|rejected|client ?token|access key|log ?ins? (failed|rejected|denied|to)/i,
    change: /accesskey|^secretsmanager:|secret/i,
  },
  {
    name: 'settings',
    alert:
      /config(uration)?\b|settings?\b|parameters?\b|environment variable|wrong host|invalid .*(url|value)/i,
    change: /^(ssm|appconfig|appconfigdata):|parameter|configuration|environment/i,
  },
  {
    name: 'network access',
    alert:
      /time(s|d)?[- ]?outs?|timed out|unreachable|no route|connection (pool|refused|reset|time|error|fail|closed|drop|lost)|cannot connect|unable to connect|fail(s|ed|ing)? to connect|connectivity|refused|reset by peer|connect\b|connection attempts?|network|packet|socket|egress|ingress|outbound|inbound|\bvpn\b|\bvpc\b|peer|upstream|dial tcp|econn|health ?checks?|unhealthy|cannot reach|can't reach|host unreachable|internet|hangs?\b|stuck|e?timedout|no egress|availability zones?/i,
    change:
      /securitygroup|networkacl|route(table)?$|createroute|deleteroute|replaceroute|natgateway|internetgateway|vpcendpoint|vpcpeering|transitgateway|subnet|vpnconnection|vpngateway|directconnect|networkfirewall|^network-firewall|firewall|eni|networkinterface|address|prefixlist|^directconnect|^globalaccelerator/i,
  },
  {
    name: 'reachability',
    alert:
      /unreachable|cannot reach|can't reach|probes? |synthetic|external (check|monitor)s?|pings?\b|(site|website|page|app|api) (is )?down|not reachable|outage/i,
    change:
      /^(route53|elasticloadbalancing|cloudfront|wafv2|acm|globalaccelerator|apigateway|apigatewayv2):|securitygroup|networkacl|route(table)?$|createroute|deleteroute|replaceroute|gateway/i,
  },
  {
    name: 'targets of load balancers',
    alert:
      /unhealthy|health ?checks?|bad gateway|load balanc|\b[an]?lbs?\b|targets?\b|target ?groups?|upstream|\belb\b/i,
    change: /^elasticloadbalancing/i,
  },
  {
    name: 'load balancing',
    isBroad: true,
    alert: /\b50[234]s?\b|\b5xx\b|gateway time-?out|service unavailable|time-?outs?|aborts?\b/i,
    change: /^elasticloadbalancing/i,
  },
  {
    name: 'container images',
    alert:
      /image ?pull|err ?image|pull(ing)? (the )?image|cannot ?pull|manifest (unknown|not found)/i,
    change: /^ecr:|repository/i,
  },
  {
    name: 'databases',
    alert:
      /database|\bdbs?\b|\bsql\b|postgres|mysql|mariadb|aurora|\brds\b|quer(y|ies)|replica|deadlock|connection pool|too many connections|max_connections|transaction|oracle|redshift|docdb|mongo|storage full|failover/i,
    change:
      /^(rds|docdb|neptune|redshift|dms|dsql|memorydb):|dbinstance|dbcluster|dbparameter| (5432|3306|1433|1521|27017|5439)\/tcp/i,
  },
  {
    name: 'tables and throughput',
    alert:
      /throttl|provisionedthroughput|throughput|\b429s?\b|dynamo|\btables?\b|capacity|rate exceeded|too many requests|\brcu\b|\bwcu\b|write|read/i,
    change: /^dynamodb:|^dax:|^application-autoscaling|^cassandra:/i,
  },
  {
    name: 'limits',
    alert: /throttl|\b429s?\b|too many requests|rate ?(limit|exceeded)|quota|concurren|limit/i,
    change: /concurrency|usageplan|throttl|quota|limit|^servicequotas|capacity|accountsettings/i,
  },
  {
    name: 'capacity',
    isBroad: true,
    alert:
      /capacity|latency|slow|saturat|\bcpu\b|memory|\boom\b|out of memory|overload|queue depth|backlog|lag\b|scal(e|ing)|insufficient|instances?|hosts?|p9[059]|response time|load\b|pods? pending|utili[sz]ation|exhaust|running tasks|no healthy|desired/i,
    change:
      /^autoscaling|^application-autoscaling|desired|^(ecs|eks):Update(Service|NodegroupConfig)|terminateinstances|stopinstances|concurrency|instancetype|instanceattribute|modify(db|cache|replication)|resize|shard|^elasticache|nodegroup|deletescalingpolicy|capacity|fleet|stopdb|rebootdb|memory/i,
  },
  {
    name: 'queues and streams',
    alert:
      /queue|\bsqs\b|\bsns\b|messages?|backlog|consumers?|producer|stream|kinesis|kafka|dlq|dead.?letter|\blag\b|events?\b|topic|not (being )?processed|stuck|delivery|publish|iterator age|shard|subscri/i,
    change:
      /^(sqs|sns|kinesis|firehose|kafka|mq|events|pipes|kinesisanalytics):|eventsourcemapping|eventbus/i,
  },
  {
    name: 'caches',
    alert: /cache|redis|memcached|evict|hit ratio|hit rate|elasticache|valkey|session store/i,
    change: /^(elasticache|memorydb|dax):|cache| (6379|11211)\/tcp/i,
  },
  {
    name: 'object storage',
    alert:
      /bucket|\bs3\b|uploads?|downloads?|objects?\b|images?|assets?|static|files?|attachments?|export|media|nosuchbucket|thumbnails?|avatars?|invoices?|documents?|pdf/i,
    change:
      /^kms:(disable|put|schedule|revoke|retire)|^(s3|s3express|s3control|s3-object-lambda|efs|elasticfilesystem|fsx|storagegateway):/i,
  },
  {
    name: 'edge and firewall rules',
    alert:
      /\bcdn\b|cloudfront|\bwaf\b|blocked|captcha|\b403s?\b|forbidden|bots?\b|website|traffic drop|traffic down|cors|origin/i,
    change:
      /^(wafv2|waf|waf-regional|cloudfront|shield|globalaccelerator|network-firewall|fms):|cors|webacl/i,
  },
  {
    name: 'functions',
    alert:
      /lambdas?\b|functions?\b|invocations?|cold start|serverless|runtime(\.| exited)|task timed out|handler/i,
    change: /^lambda:|^states:/i,
  },
  {
    name: 'work that did not happen',
    alert:
      /missing\b|did not (run|arrive|start)|(was|were|are|is)? ?not (been )?(sent|received|delivered|processed|run|executed|generated|updated)|no \w+ (processed|received|sent|generated|delivered|created|since)|receives? no|stopped (processing|receiving|sending|working|consuming|running)|nothing (processed|received)|overdue|dead.?man|stale|no events|last run|has not run|(rule|job|cron) not/i,
    change:
      /(disable|remove|delete|update|put|suspend|set)\w*(rule|targets?|permission|subscription\w*|eventsourcemapping|notification\w*|schedule|accesskey|processes|pipe|trigger|rolepolicy|filter\w*)\b|^scheduler:|accesskey|stopdbinstance|^events:|^sns:unsubscribe/i,
  },
  {
    name: 'released code',
    alert:
      /typeerror|referenceerror|null ?pointer|undefined|stack ?trace|regression|(cannot find|missing|no) module|conversion|blank page|renders?\b|buttons?\b|new flow|forms?\b|sentry|unhandled|panic|segfault|keyerror|attributeerror|assertion|uncaught|after (the )?(release|deploy|rollout)|wrong (price|total|amount|result)s?/i,
    change:
      /^(github|deploy|codedeploy|appconfig|amplify):|updatefunctioncode|^ecs:updateservice|registertaskdefinition|publishversion|updatealias|feature|flag|rollout/i,
  },
  {
    name: 'scheduled work',
    isBroad: true,
    alert:
      /cron|schedul|nightly|jobs?\b|batch|did not run|has not run|missing run|pipeline|etl|workflow|step ?functions?|overdue|not (been )?(run|started|completed)/i,
    change:
      /^(events|scheduler|batch|states|glue|airflow|datapipeline|emr|elasticmapreduce|sagemaker):|(disable|delete|put)rule|schedule/i,
  },
  {
    name: 'containers and hosts',
    isBroad: true,
    alert:
      /pods?\b|exit code|crash ?loop|oomkill|restart|container|kubernetes|\bk8s\b|\beks\b|\becs\b|tasks?\b|nodes?\b|image ?pull|err ?image|tasks? not starting|evicted|deployment|replicas|instances?\b|hosts?\b|not ready/i,
    change:
      /^(ecs|eks|ecr|application-autoscaling|autoscaling|ec2:(Terminate|Stop|Reboot|Modify)Instance|codedeploy|apprunner|elasticbeanstalk)/i,
  },
  {
    name: 'released code and flags',
    isBroad: true,
    alert:
      /\b5xx\b|\b500s?\b|exceptions?|errors?\b|crash|panic|null ?pointer|undefined|typeerror|regression|bugs?\b|stack ?trace|conversion|broken|fail(s|ed|ing|ures?)?\b|deploy|release|version|feature|flag|render|blank/i,
    change:
      /^(github|deploy|codedeploy|appconfig|apprunner|amplify|elasticbeanstalk):|updatefunctioncode|^ecs:updateservice|registertaskdefinition|^cloudformation:(update|execute)|publishversion|updatealias|feature|flag|rollout|launchtemplate|^lambda:update/i,
  },
  {
    name: 'mail',
    alert: /e-?mails?\b|\bmail\b|\bses\b|bounce|smtp|newsletter/i,
    change: /^ses/i,
  },
  {
    name: 'search',
    alert: /search|elasticsearch|opensearch|index(es|ing)?\b/i,
    change: /^(es|opensearch|aoss|cloudsearch):/i,
  },
  {
    name: 'API gateways',
    isBroad: true,
    alert: /\bapi\b|gateway|endpoint|\broutes?\b|\b404s?\b|\b4xx\b|websocket/i,
    change: /^(apigateway|apigatewayv2|execute-api|appsync):/i,
  },
  {
    name: 'monitoring and logs',
    alert:
      /no data|missing (metrics?|data|logs?)|metrics?\b|logs?\b|monitoring|telemetry|traces?\b|heartbeat/i,
    change: /^(monitoring|cloudwatch|logs|xray|synthetics|aps|grafana|firehose|cloudtrail):/i,
  },
  {
    name: 'disks',
    alert: /disk|volumes?\b|storage|iops|\bebs\b|filesystem|inode|no space|read-only file/i,
    change: /volume|^elasticfilesystem|^fsx|snapshot|allocatedstorage/i,
  },
]

/** What the domains' patterns are matched against: service, action, types of resources, ports. */
export function kindText(
  change: Pick<Candidate, 'service' | 'action' | 'resources' | 'source' | 'summary'>,
) {
  const types = change.resources.map(({ type }) => type.split('::').at(-1)).join(' ')
  const prefix = change.source.includes('cloudtrail') ? change.service : change.source
  const ports = change.summary.match(/\b\d{2,5}\/(tcp|udp)/g) ?? []
  return `${prefix}:${change.action.replace(/\d{8}(v\d)?$/, '')} ${types} ${ports.join(' ')}`
}

/** At the start of a word: `ledger` is not about the edge. */
const ALERTS = DOMAINS.map(({ alert }) => new RegExp(`\\b(?:${alert.source})`, 'i'))

/** Names of services, such as `auth-gateway`, whose words are not what the alert is about. */
const NAME =
  /\b[a-z0-9]+(-[a-z0-9]+)*-(api|gateway|service|svc|app|web|frontend|backend|bff|ui|engine|[a-z]+[eo]r)\b/g

/** The domains that an alert's text is about. */
export function domainsOfAlert(text: string): Domain[] {
  // `TooManyRequestsException` contains words as well.
  const kept = text.replace(NAME, ' ')
  const parts = kept
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  const words = `${kept} ${parts}`
  return DOMAINS.filter((_, nth) => ALERTS[nth]!.test(words))
}
