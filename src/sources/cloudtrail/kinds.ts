/**
 * The types of AWS's resources, and how records name them.
 *
 * Types are CloudFormation's names where there is one, as CloudTrail's own Resources use them.
 * ARN templates follow the Service Authorization Reference; a kind has none where its ARN needs
 * what a record does not contain (a role's path, a load balancer's random suffix).
 */

export interface ResourceKind {
  type: string
  noun: string
  /** Names of parameters that hold its id, name or ARN, the surest first; in any case. */
  keys: string[]
  /** Only for actions like these: `name` names many things. */
  only?: RegExp
  /** What follows `arn:PARTITION:`; {region}, {account}, {id} and parameters' names are filled in. */
  arn?: string
}

const kind = (
  type: string,
  noun: string,
  keys: string,
  arn?: string,
  only?: RegExp,
): ResourceKind => ({
  type,
  noun,
  keys: keys.split(' '),
  arn,
  ...(only && { only }),
})

/** EC2's ids show their types: [prefix, type, noun, resource part of the ARN]. */
const EC2_PREFIXES: [string, string, string, string?][] = [
  ['i', 'AWS::EC2::Instance', 'instance', 'instance'],
  ['sg', 'AWS::EC2::SecurityGroup', 'security group', 'security-group'],
  ['sgr', 'AWS::EC2::SecurityGroupRule', 'security group rule', 'security-group-rule'],
  ['vpc', 'AWS::EC2::VPC', 'VPC', 'vpc'],
  ['subnet', 'AWS::EC2::Subnet', 'subnet', 'subnet'],
  ['rtb', 'AWS::EC2::RouteTable', 'route table', 'route-table'],
  ['igw', 'AWS::EC2::InternetGateway', 'internet gateway', 'internet-gateway'],
  [
    'eigw',
    'AWS::EC2::EgressOnlyInternetGateway',
    'egress-only internet gateway',
    'egress-only-internet-gateway',
  ],
  ['nat', 'AWS::EC2::NatGateway', 'NAT gateway', 'natgateway'],
  ['acl', 'AWS::EC2::NetworkAcl', 'network ACL', 'network-acl'],
  ['eni', 'AWS::EC2::NetworkInterface', 'network interface', 'network-interface'],
  ['eipalloc', 'AWS::EC2::EIP', 'Elastic IP', 'elastic-ip'],
  ['vol', 'AWS::EC2::Volume', 'volume', 'volume'],
  ['snap', 'AWS::EC2::Snapshot', 'snapshot'],
  ['ami', 'AWS::EC2::Image', 'image'],
  ['lt', 'AWS::EC2::LaunchTemplate', 'launch template', 'launch-template'],
  ['vpce', 'AWS::EC2::VPCEndpoint', 'VPC endpoint', 'vpc-endpoint'],
  ['vpce-svc', 'AWS::EC2::VPCEndpointService', 'VPC endpoint service', 'vpc-endpoint-service'],
  ['pcx', 'AWS::EC2::VPCPeeringConnection', 'VPC peering connection', 'vpc-peering-connection'],
  ['tgw', 'AWS::EC2::TransitGateway', 'transit gateway', 'transit-gateway'],
  [
    'tgw-attach',
    'AWS::EC2::TransitGatewayAttachment',
    'transit gateway attachment',
    'transit-gateway-attachment',
  ],
  [
    'tgw-rtb',
    'AWS::EC2::TransitGatewayRouteTable',
    'transit gateway route table',
    'transit-gateway-route-table',
  ],
  ['vgw', 'AWS::EC2::VPNGateway', 'VPN gateway', 'vpn-gateway'],
  ['cgw', 'AWS::EC2::CustomerGateway', 'customer gateway', 'customer-gateway'],
  ['vpn', 'AWS::EC2::VPNConnection', 'VPN connection', 'vpn-connection'],
  ['dopt', 'AWS::EC2::DHCPOptions', 'DHCP options', 'dhcp-options'],
  ['fl', 'AWS::EC2::FlowLog', 'flow log', 'vpc-flow-log'],
  ['pl', 'AWS::EC2::PrefixList', 'prefix list', 'prefix-list'],
  ['key', 'AWS::EC2::KeyPair', 'key pair', 'key-pair'],
  ['fleet', 'AWS::EC2::EC2Fleet', 'fleet', 'fleet'],
  ['sfr', 'AWS::EC2::SpotFleet', 'Spot fleet request', 'spot-fleet-request'],
  ['sir', 'AWS::EC2::SpotInstanceRequest', 'Spot request', 'spot-instances-request'],
  ['cr', 'AWS::EC2::CapacityReservation', 'capacity reservation', 'capacity-reservation'],
  ['h', 'AWS::EC2::Host', 'dedicated host', 'dedicated-host'],
  ['pg', 'AWS::EC2::PlacementGroup', 'placement group'],
  ['cvpn-endpoint', 'AWS::EC2::ClientVpnEndpoint', 'client VPN endpoint', 'client-vpn-endpoint'],
  ['rtbassoc', 'AWS::EC2::SubnetRouteTableAssociation', 'route table association'],
  ['aclassoc', 'AWS::EC2::SubnetNetworkAclAssociation', 'network ACL association'],
  ['eni-attach', 'AWS::EC2::NetworkInterfaceAttachment', 'interface attachment'],
  ['eipassoc', 'AWS::EC2::EIPAssociation', 'Elastic IP association'],
  ['iip-assoc', 'AWS::EC2::IamInstanceProfileAssociation', 'instance profile association'],
  ['ipam', 'AWS::EC2::IPAM', 'IPAM', 'ipam'],
]

/** ARNs of resources that can be public name no account. */
const WITHOUT_ACCOUNT: Record<string, string> = {
  'AWS::EC2::Image': 'ec2:{region}::image/{id}',
  'AWS::EC2::Snapshot': 'ec2:{region}::snapshot/{id}',
}

const EC2_BY_PREFIX = new Map(
  EC2_PREFIXES.map(([prefix, type, noun, arnPart]) => [
    prefix,
    {
      type,
      noun,
      keys: [],
      arn: WITHOUT_ACCOUNT[type] ?? (arnPart && `ec2:{region}:{account}:${arnPart}/{id}`),
    } satisfies ResourceKind,
  ]),
)

/** The kind that an id with a known prefix names, where the field is known to hold an EC2 id: `sg-1`. */
export function ec2KindByPrefix(id: string): ResourceKind | undefined {
  const prefix = /^([a-z]+(?:-[a-z]+)?)-[a-z]{0,12}[0-9][0-9a-z]{0,17}$/.exec(id)?.[1]
  return prefix === undefined ? undefined : EC2_BY_PREFIX.get(prefix)
}

/** The kind that an EC2 id such as `sg-0a1b2c3d` names. */
export function ec2Kind(id: string): ResourceKind | undefined {
  const prefix = /^([a-z]+(?:-[a-z]+)?)-[0-9a-f]{8,17}$/.exec(id)?.[1]
  return prefix === undefined ? undefined : EC2_BY_PREFIX.get(prefix)
}

const KINDS: Record<string, ResourceKind[]> = {
  ec2: [
    kind('AWS::EC2::KeyPair', 'key pair', 'keyName'),
    kind('AWS::EC2::LaunchTemplate', 'launch template', 'launchTemplateName'),
    kind(
      'AWS::EC2::PlacementGroup',
      'placement group',
      'placementGroupName',
      'ec2:{region}:{account}:placement-group/{id}',
    ),
    kind('AWS::EC2::SecurityGroup', 'security group', 'groupName', undefined, /SecurityGroup/),
    kind(
      'AWS::EC2::PlacementGroup',
      'placement group',
      'groupName',
      'ec2:{region}:{account}:placement-group/{id}',
      /PlacementGroup/,
    ),
    kind('AWS::EC2::EIP', 'Elastic IP', 'publicIp'),
  ],
  iam: [
    kind('AWS::IAM::Role', 'role', 'roleName'),
    kind('AWS::IAM::User', 'user', 'userName'),
    kind('AWS::IAM::Group', 'group', 'groupName'),
    kind('AWS::IAM::InstanceProfile', 'instance profile', 'instanceProfileName'),
    kind('AWS::IAM::Policy', 'policy', 'policyArn permissionsBoundary'),
    kind('AWS::IAM::Policy', 'policy', 'policyName'),
    kind('AWS::IAM::AccessKey', 'access key', 'accessKeyId'),
    kind('AWS::IAM::SAMLProvider', 'SAML provider', 'sAMLProviderArn'),
    kind('AWS::IAM::OIDCProvider', 'OIDC provider', 'openIDConnectProviderArn'),
    kind('AWS::IAM::ServerCertificate', 'server certificate', 'serverCertificateName'),
    kind('AWS::IAM::VirtualMFADevice', 'MFA device', 'serialNumber virtualMFADeviceName'),
  ],
  sts: [kind('AWS::IAM::Role', 'role', 'roleArn')],
  s3: [kind('AWS::S3::Bucket', 'bucket', 'bucketName', 's3:::{id}')],
  rds: [
    kind(
      'AWS::RDS::DBInstance',
      'database instance',
      'dBInstanceIdentifier',
      'rds:{region}:{account}:db:{id}',
    ),
    kind(
      'AWS::RDS::DBCluster',
      'database cluster',
      'dBClusterIdentifier',
      'rds:{region}:{account}:cluster:{id}',
    ),
    kind(
      'AWS::RDS::DBSnapshot',
      'database snapshot',
      'dBSnapshotIdentifier targetDBSnapshotIdentifier',
      'rds:{region}:{account}:snapshot:{id}',
    ),
    kind(
      'AWS::RDS::DBClusterSnapshot',
      'cluster snapshot',
      'dBClusterSnapshotIdentifier targetDBClusterSnapshotIdentifier',
      'rds:{region}:{account}:cluster-snapshot:{id}',
    ),
    kind(
      'AWS::RDS::DBSubnetGroup',
      'database subnet group',
      'dBSubnetGroupName',
      'rds:{region}:{account}:subgrp:{id}',
    ),
    kind(
      'AWS::RDS::DBParameterGroup',
      'parameter group',
      'dBParameterGroupName',
      'rds:{region}:{account}:pg:{id}',
    ),
    kind(
      'AWS::RDS::DBClusterParameterGroup',
      'cluster parameter group',
      'dBClusterParameterGroupName',
      'rds:{region}:{account}:cluster-pg:{id}',
    ),
    kind(
      'AWS::RDS::OptionGroup',
      'option group',
      'optionGroupName',
      'rds:{region}:{account}:og:{id}',
    ),
    kind('AWS::RDS::DBProxy', 'database proxy', 'dBProxyName'),
    kind('AWS::RDS::GlobalCluster', 'global cluster', 'globalClusterIdentifier'),
    kind(
      'AWS::RDS::EventSubscription',
      'event subscription',
      'subscriptionName',
      'rds:{region}:{account}:es:{id}',
    ),
  ],
  lambda: [
    kind(
      'AWS::Lambda::Function',
      'function',
      'functionName',
      'lambda:{region}:{account}:function:{id}',
    ),
    kind('AWS::Lambda::LayerVersion', 'layer', 'layerName', 'lambda:{region}:{account}:layer:{id}'),
    kind(
      'AWS::Lambda::EventSourceMapping',
      'event source mapping',
      'uUID',
      'lambda:{region}:{account}:event-source-mapping:{id}',
    ),
  ],
  ecs: [
    kind(
      'AWS::ECS::Service',
      'service',
      'service serviceName',
      'ecs:{region}:{account}:service/{cluster}/{id}',
    ),
    kind(
      'AWS::ECS::TaskDefinition',
      'task definition',
      'taskDefinition family',
      'ecs:{region}:{account}:task-definition/{id}',
    ),
    kind(
      'AWS::ECS::Cluster',
      'cluster',
      'cluster clusterName',
      'ecs:{region}:{account}:cluster/{id}',
    ),
    kind('AWS::ECS::Task', 'task', 'task'),
    kind('AWS::ECS::CapacityProvider', 'capacity provider', 'capacityProvider'),
    kind(
      'AWS::ECS::ContainerInstance',
      'container instance',
      'containerInstance containerInstances',
    ),
  ],
  eks: [
    kind('AWS::EKS::Nodegroup', 'node group', 'nodegroupName'),
    kind('AWS::EKS::Addon', 'add-on', 'addonName'),
    kind('AWS::EKS::FargateProfile', 'Fargate profile', 'fargateProfileName'),
    kind('AWS::EKS::AccessEntry', 'access entry', 'principalArn'),
    kind('AWS::EKS::Cluster', 'cluster', 'clusterName name', 'eks:{region}:{account}:cluster/{id}'),
  ],
  ecr: [
    kind(
      'AWS::ECR::Repository',
      'repository',
      'repositoryName',
      'ecr:{region}:{account}:repository/{id}',
    ),
  ],
  elasticloadbalancing: [
    kind('AWS::ElasticLoadBalancingV2::ListenerRule', 'listener rule', 'ruleArn'),
    kind('AWS::ElasticLoadBalancingV2::Listener', 'listener', 'listenerArn'),
    kind('AWS::ElasticLoadBalancingV2::TargetGroup', 'target group', 'targetGroupArn'),
    kind('AWS::ElasticLoadBalancingV2::LoadBalancer', 'load balancer', 'loadBalancerArn'),
    kind(
      'AWS::ElasticLoadBalancing::LoadBalancer',
      'load balancer',
      'loadBalancerName',
      'elasticloadbalancing:{region}:{account}:loadbalancer/{id}',
    ),
  ],
  route53: [
    kind('AWS::Route53::HostedZone', 'hosted zone', 'hostedZoneId', 'route53:::hostedzone/{id}'),
    kind(
      'AWS::Route53::HealthCheck',
      'health check',
      'healthCheckId',
      'route53:::healthcheck/{id}',
    ),
  ],
  cloudformation: [
    kind('AWS::CloudFormation::StackSet', 'stack set', 'stackSetName'),
    kind('AWS::CloudFormation::Stack', 'stack', 'stackId stackName'),
    kind('AWS::CloudFormation::ChangeSet', 'change set', 'changeSetName'),
  ],
  kms: [
    kind('AWS::KMS::Key', 'key', 'keyId targetKeyId', 'kms:{region}:{account}:key/{id}'),
    kind('AWS::KMS::Alias', 'alias', 'aliasName', 'kms:{region}:{account}:{id}'),
  ],
  secretsmanager: [kind('AWS::SecretsManager::Secret', 'secret', 'aRN secretId secretIdList name')],
  ssm: [
    kind(
      'AWS::EC2::Instance',
      'instance',
      'target resourceId',
      'ec2:{region}:{account}:instance/{id}',
      /^StartSession$|Compliance/,
    ),
    kind(
      'AWS::SSM::Parameter',
      'parameter',
      'name names',
      'ssm:{region}:{account}:parameter{id}',
      /Parameter/,
    ),
    kind(
      'AWS::EC2::Instance',
      'instance',
      'instanceId instanceIds',
      'ec2:{region}:{account}:instance/{id}',
    ),
    kind(
      'AWS::SSM::Document',
      'document',
      'name',
      'ssm:{region}:{account}:document/{id}',
      /Document/,
    ),
    kind('AWS::SSM::Document', 'document', 'documentName', 'ssm:{region}:{account}:document/{id}'),
    kind(
      'AWS::SSM::Association',
      'association',
      'associationId',
      'ssm:{region}:{account}:association/{id}',
    ),
    kind(
      'AWS::SSM::MaintenanceWindow',
      'maintenance window',
      'windowId',
      'ssm:{region}:{account}:maintenancewindow/{id}',
    ),
    kind(
      'AWS::SSM::PatchBaseline',
      'patch baseline',
      'baselineId',
      'ssm:{region}:{account}:patchbaseline/{id}',
    ),
  ],
  autoscaling: [
    kind('AWS::AutoScaling::AutoScalingGroup', 'Auto Scaling group', 'autoScalingGroupName'),
    kind(
      'AWS::AutoScaling::LaunchConfiguration',
      'launch configuration',
      'launchConfigurationName',
    ),
    kind('AWS::AutoScaling::ScalingPolicy', 'scaling policy', 'policyARN policyName'),
    kind('AWS::AutoScaling::LifecycleHook', 'lifecycle hook', 'lifecycleHookName'),
    kind('AWS::AutoScaling::ScheduledAction', 'scheduled action', 'scheduledActionName'),
  ],
  'application-autoscaling': [
    kind('AWS::ApplicationAutoScaling::ScalableTarget', 'scalable target', 'resourceId'),
    kind('AWS::ApplicationAutoScaling::ScalingPolicy', 'scaling policy', 'policyName'),
  ],
  dynamodb: [
    kind(
      'AWS::DynamoDB::Table',
      'table',
      'tableName targetTableName tableArn',
      'dynamodb:{region}:{account}:table/{id}',
    ),
    kind(
      'AWS::DynamoDB::GlobalTable',
      'global table',
      'globalTableName',
      'dynamodb::{account}:global-table/{id}',
    ),
    kind('AWS::DynamoDB::Backup', 'backup', 'backupArn'),
  ],
  monitoring: [
    kind(
      'AWS::CloudWatch::Alarm',
      'alarm',
      'alarmName alarmNames',
      'cloudwatch:{region}:{account}:alarm:{id}',
    ),
    kind(
      'AWS::CloudWatch::Dashboard',
      'dashboard',
      'dashboardName dashboardNames',
      'cloudwatch::{account}:dashboard/{id}',
    ),
  ],
  logs: [
    kind(
      'AWS::Logs::LogGroup',
      'log group',
      'logGroupName logGroupIdentifier',
      'logs:{region}:{account}:log-group:{id}',
    ),
    kind('AWS::Logs::LogStream', 'log stream', 'logStreamName'),
    kind(
      'AWS::Logs::SubscriptionFilter',
      'subscription filter',
      'filterName',
      undefined,
      /SubscriptionFilter/,
    ),
    kind('AWS::Logs::MetricFilter', 'metric filter', 'filterName', undefined, /MetricFilter/),
  ],
  events: [
    kind('AWS::Events::Rule', 'rule', 'rule'),
    kind('AWS::Events::EventBus', 'event bus', 'eventBusName'),
  ],
  route53domains: [kind('AWS::Route53Domains::Domain', 'domain', 'domainName')],
  scheduler: [kind('AWS::Scheduler::Schedule', 'schedule', 'name')],
  sqs: [kind('AWS::SQS::Queue', 'queue', 'queueUrl queueName', 'sqs:{region}:{account}:{id}')],
  sns: [
    kind('AWS::SNS::Topic', 'topic', 'topicArn'),
    kind('AWS::SNS::Subscription', 'subscription', 'subscriptionArn'),
  ],
  cloudfront: [
    kind(
      'AWS::CloudFront::Distribution',
      'distribution',
      'distributionId targetDistributionId',
      'cloudfront::{account}:distribution/{id}',
    ),
  ],
  organizations: [
    kind('AWS::Organizations::Policy', 'policy', 'policyId'),
    kind('AWS::Organizations::Account', 'account', 'accountId childId'),
    kind('AWS::Organizations::Handshake', 'handshake', 'handshakeId'),
    kind('AWS::Organizations::OrganizationalUnit', 'organizational unit', 'organizationalUnitId'),
  ],
  cloudtrail: [
    kind(
      'AWS::CloudTrail::Trail',
      'trail',
      'trailARN trailName name',
      'cloudtrail:{region}:{account}:trail/{id}',
    ),
    kind('AWS::CloudTrail::EventDataStore', 'event data store', 'eventDataStore'),
  ],
  config: [
    kind(
      'AWS::Config::ConfigurationRecorder',
      'configuration recorder',
      'configurationRecorderName',
    ),
    kind('AWS::Config::ConfigRule', 'Config rule', 'configRuleName'),
  ],
  guardduty: [
    kind(
      'AWS::GuardDuty::Detector',
      'detector',
      'detectorId',
      'guardduty:{region}:{account}:detector/{id}',
    ),
  ],
  rolesanywhere: [
    kind(
      'AWS::RolesAnywhere::TrustAnchor',
      'trust anchor',
      'trustAnchorArn trustAnchorId',
      'rolesanywhere:{region}:{account}:trust-anchor/{id}',
    ),
    kind(
      'AWS::RolesAnywhere::Profile',
      'profile',
      'profileArn profileId',
      'rolesanywhere:{region}:{account}:profile/{id}',
    ),
  ],
  elasticache: [
    kind(
      'AWS::ElastiCache::ReplicationGroup',
      'cache',
      'replicationGroupId',
      'elasticache:{region}:{account}:replicationgroup:{id}',
    ),
    kind(
      'AWS::ElastiCache::CacheCluster',
      'cache cluster',
      'cacheClusterId',
      'elasticache:{region}:{account}:cluster:{id}',
    ),
    kind(
      'AWS::ElastiCache::ServerlessCache',
      'serverless cache',
      'serverlessCacheName',
      'elasticache:{region}:{account}:serverlesscache:{id}',
    ),
    kind('AWS::ElastiCache::ParameterGroup', 'cache parameter group', 'cacheParameterGroupName'),
    kind('AWS::ElastiCache::SubnetGroup', 'cache subnet group', 'cacheSubnetGroupName'),
  ],
  redshift: [
    kind(
      'AWS::Redshift::Cluster',
      'warehouse',
      'clusterIdentifier',
      'redshift:{region}:{account}:cluster:{id}',
    ),
  ],
  es: [
    kind(
      'AWS::OpenSearchService::Domain',
      'search domain',
      'domainName',
      'es:{region}:{account}:domain/{id}',
    ),
  ],
  kinesis: [
    kind(
      'AWS::Kinesis::Stream',
      'stream',
      'streamName streamARN',
      'kinesis:{region}:{account}:stream/{id}',
    ),
  ],
  firehose: [
    kind(
      'AWS::KinesisFirehose::DeliveryStream',
      'delivery stream',
      'deliveryStreamName',
      'firehose:{region}:{account}:deliverystream/{id}',
    ),
  ],
  kafka: [kind('AWS::MSK::Cluster', 'Kafka cluster', 'clusterArn clusterName')],
  states: [
    kind('AWS::StepFunctions::StateMachine', 'state machine', 'stateMachineArn'),
    kind('AWS::StepFunctions::Execution', 'execution', 'executionArn'),
  ],
  codebuild: [
    kind(
      'AWS::CodeBuild::Project',
      'build project',
      'projectName name',
      'codebuild:{region}:{account}:project/{id}',
    ),
  ],
  codepipeline: [
    kind(
      'AWS::CodePipeline::Pipeline',
      'pipeline',
      'pipelineName name',
      'codepipeline:{region}:{account}:{id}',
    ),
  ],
  codedeploy: [
    kind(
      'AWS::CodeDeploy::DeploymentGroup',
      'deployment group',
      'deploymentGroupName',
      'codedeploy:{region}:{account}:deploymentgroup:{applicationName}/{id}',
    ),
    kind(
      'AWS::CodeDeploy::Application',
      'application',
      'applicationName',
      'codedeploy:{region}:{account}:application:{id}',
    ),
  ],
  airflow: [kind('AWS::MWAA::Environment', 'environment', 'name')],
  apigateway: [
    kind('AWS::ApiGateway::Stage', 'stage', 'stageName'),
    kind(
      'AWS::ApiGateway::RestApi',
      'API',
      'restApiId apiId',
      'apigateway:{region}::/restapis/{id}',
    ),
  ],
  acm: [kind('AWS::CertificateManager::Certificate', 'certificate', 'certificateArn')],
  elasticfilesystem: [
    kind(
      'AWS::EFS::FileSystem',
      'file system',
      'fileSystemId',
      'elasticfilesystem:{region}:{account}:file-system/{id}',
    ),
    kind('AWS::EFS::MountTarget', 'mount target', 'mountTargetId'),
  ],
  elasticbeanstalk: [
    kind('AWS::ElasticBeanstalk::Environment', 'environment', 'environmentName'),
    kind('AWS::ElasticBeanstalk::Application', 'application', 'applicationName'),
  ],
  wafv2: [
    kind('AWS::WAFv2::WebACL', 'web ACL', 'webACLArn'),
    kind('AWS::WAFv2::IPSet', 'IP set', 'iPSetArn'),
  ],
  'cognito-idp': [
    kind(
      'AWS::Cognito::UserPool',
      'user pool',
      'userPoolId',
      'cognito-idp:{region}:{account}:userpool/{id}',
    ),
  ],
  glue: [
    kind('AWS::Glue::Table', 'table', 'tableName tablesToDelete'),
    kind('AWS::Glue::Connection', 'connection', 'connectionName connectionNameList'),
    kind('AWS::Glue::Crawler', 'crawler', 'crawlerName'),
    kind('AWS::Glue::Job', 'job', 'jobName', 'glue:{region}:{account}:job/{id}'),
    kind(
      'AWS::Glue::Database',
      'database',
      'databaseName',
      'glue:{region}:{account}:database/{id}',
    ),
  ],
  athena: [
    kind(
      'AWS::Athena::WorkGroup',
      'workgroup',
      'workGroup',
      'athena:{region}:{account}:workgroup/{id}',
    ),
  ],
  ram: [kind('AWS::RAM::ResourceShare', 'resource share', 'resourceShareArn')],
  backup: [
    kind(
      'AWS::Backup::BackupVault',
      'backup vault',
      'backupVaultName',
      'backup:{region}:{account}:backup-vault:{id}',
    ),
  ],
}

const NOUNS = new Map<string, string>()
for (const [, type, noun] of EC2_PREFIXES) NOUNS.set(type, noun)
for (const kinds of Object.values(KINDS)) for (const { type, noun } of kinds) NOUNS.set(type, noun)

/** Types by `service:part` of their ARNs, from the templates above: `rds:db`. */
const ARN_TYPES = new Map<string, string>()
for (const { type, arn } of [...EC2_BY_PREFIX.values(), ...Object.values(KINDS).flat()]) {
  const [, service, part] = /^([\w-]+):[^:]*:[^:]*:([a-z-]+)[:/]/.exec(arn ?? '') ?? []
  const key = `${service}:${part}`
  if (service !== undefined && !ARN_TYPES.has(key)) ARN_TYPES.set(key, type)
}

/** The type of what an ARN names. `part`: `db` of `arn:aws:rds:eu-west-1:123456789012:db:orders`. */
export function typeOfArn(service: string, part: string): string | undefined {
  return ARN_TYPES.get(`${service}:${part}`)
}

/** CloudFormation's names of services, where they are not the event source in camel case. */
const CFN_SERVICES: Record<string, string> = {
  acm: 'CertificateManager',
  'acm-pca': 'ACMPCA',
  aoss: 'OpenSearchServerless',
  apigateway: 'ApiGateway',
  appconfig: 'AppConfig',
  apprunner: 'AppRunner',
  appsync: 'AppSync',
  autoscaling: 'AutoScaling',
  cloudfront: 'CloudFront',
  cloudtrail: 'CloudTrail',
  cloudwatch: 'CloudWatch',
  codeartifact: 'CodeArtifact',
  codebuild: 'CodeBuild',
  codecommit: 'CodeCommit',
  codedeploy: 'CodeDeploy',
  codepipeline: 'CodePipeline',
  'cognito-identity': 'Cognito',
  'cognito-idp': 'Cognito',
  controltower: 'ControlTower',
  datasync: 'DataSync',
  dax: 'DAX',
  dms: 'DMS',
  ds: 'DirectoryService',
  dynamodb: 'DynamoDB',
  ec2: 'EC2',
  'ec2-instance-connect': 'EC2',
  ecr: 'ECR',
  'ecr-public': 'ECR',
  ecs: 'ECS',
  eks: 'EKS',
  elasticache: 'ElastiCache',
  elasticbeanstalk: 'ElasticBeanstalk',
  elasticfilesystem: 'EFS',
  elasticloadbalancing: 'ElasticLoadBalancingV2',
  elasticmapreduce: 'EMR',
  es: 'OpenSearchService',
  events: 'Events',
  firehose: 'KinesisFirehose',
  fsx: 'FSx',
  globalaccelerator: 'GlobalAccelerator',
  guardduty: 'GuardDuty',
  iam: 'IAM',
  imagebuilder: 'ImageBuilder',
  inspector2: 'InspectorV2',
  iot: 'IoT',
  kafka: 'MSK',
  kms: 'KMS',
  lakeformation: 'LakeFormation',
  macie2: 'Macie',
  memorydb: 'MemoryDB',
  monitoring: 'CloudWatch',
  mq: 'AmazonMQ',
  'network-firewall': 'NetworkFirewall',
  quicksight: 'QuickSight',
  ram: 'RAM',
  rds: 'RDS',
  'redshift-serverless': 'RedshiftServerless',
  rolesanywhere: 'RolesAnywhere',
  route53resolver: 'Route53Resolver',
  s3: 'S3',
  sagemaker: 'SageMaker',
  secretsmanager: 'SecretsManager',
  securityhub: 'SecurityHub',
  servicecatalog: 'ServiceCatalog',
  servicediscovery: 'ServiceDiscovery',
  ses: 'SES',
  sns: 'SNS',
  sqs: 'SQS',
  ssm: 'SSM',
  sso: 'SSO',
  states: 'StepFunctions',
  'vpc-lattice': 'VpcLattice',
  waf: 'WAF',
  'waf-regional': 'WAFRegional',
  wafv2: 'WAFv2',
  workspaces: 'WorkSpaces',
  xray: 'XRay',
}

/** A type in CloudFormation's style for what no table here names: `AWS::Glue::Connection`. */
export function typeNamed(service: string, noun: string): string {
  const known = Object.hasOwn(CFN_SERVICES, service) ? CFN_SERVICES[service] : undefined
  return `AWS::${known ?? pascal(service)}::${pascal(noun)}`
}

function pascal(text: string): string {
  return text
    .split(/[-_.\s]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
}

/** The kinds of a service, whose name is untrusted text: it may be `constructor`. */
export function kindsOf(service: string): readonly ResourceKind[] {
  return Object.hasOwn(KINDS, service) ? KINDS[service]! : []
}

/** `Role` of AWS::IAM::Role. */
export function nounInType(type: string): string {
  const at = type.lastIndexOf('::')
  return at < 0 ? type : type.slice(at + 2)
}

/** The noun of a type in the tables above. */
export function nounOf(type: string): string | undefined {
  return NOUNS.get(type)
}

const KNOWN_NOUNS = new Set(NOUNS.values())

/** Whether an account has many of these: `a parameter`, but `the logging configuration`. */
export function isKnownNoun(noun: string): boolean {
  return KNOWN_NOUNS.has(noun)
}
