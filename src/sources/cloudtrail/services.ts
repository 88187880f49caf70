/**
 * Names of AWS's services, and what a change in each usually puts at risk.
 *
 * Keyed by the event source without `.amazonaws.com`.
 */

import type { Risk } from '../../changes/change.ts'
import { words } from '../../changes/text.ts'
import { memo } from './memo.ts'

interface Service {
  name: string
  /** The risk of its changes, unless the action shows another. */
  risk?: Risk
  /** One for the whole partition: summaries name no region. */
  isGlobal?: true
}

const SERVICES: Record<string, Service> = {
  account: { name: 'Account Management', isGlobal: true },
  acm: { name: 'Certificate Manager', risk: 'network' },
  'acm-pca': { name: 'Private CA', risk: 'identity' },
  airflow: { name: 'Managed Airflow' },
  amplify: { name: 'Amplify', risk: 'deploy' },
  aoss: { name: 'OpenSearch Serverless', risk: 'data' },
  apigateway: { name: 'API Gateway', risk: 'network' },
  appconfig: { name: 'AppConfig' },
  'application-autoscaling': { name: 'Application Auto Scaling', risk: 'capacity' },
  appmesh: { name: 'App Mesh', risk: 'network' },
  apprunner: { name: 'App Runner', risk: 'deploy' },
  appsync: { name: 'AppSync' },
  athena: { name: 'Athena', risk: 'data' },
  autoscaling: { name: 'Auto Scaling', risk: 'capacity' },
  'autoscaling-plans': { name: 'Auto Scaling Plans', risk: 'capacity' },
  backup: { name: 'AWS Backup', risk: 'data' },
  batch: { name: 'Batch', risk: 'capacity' },
  bedrock: { name: 'Bedrock' },
  budgets: { name: 'Budgets', isGlobal: true },
  ce: { name: 'Cost Explorer', isGlobal: true },
  cloud9: { name: 'Cloud9' },
  cloudformation: { name: 'CloudFormation', risk: 'deploy' },
  cloudfront: { name: 'CloudFront', risk: 'network', isGlobal: true },
  cloudhsm: { name: 'CloudHSM', risk: 'identity' },
  cloudshell: { name: 'CloudShell' },
  cloudtrail: { name: 'CloudTrail' },
  codeartifact: { name: 'CodeArtifact', risk: 'deploy' },
  codebuild: { name: 'CodeBuild', risk: 'deploy' },
  codecommit: { name: 'CodeCommit', risk: 'deploy' },
  codedeploy: { name: 'CodeDeploy', risk: 'deploy' },
  codepipeline: { name: 'CodePipeline', risk: 'deploy' },
  'cognito-identity': { name: 'Cognito', risk: 'identity' },
  'cognito-idp': { name: 'Cognito', risk: 'identity' },
  config: { name: 'AWS Config' },
  controltower: { name: 'Control Tower', risk: 'identity' },
  datasync: { name: 'DataSync', risk: 'data' },
  dax: { name: 'DAX', risk: 'data' },
  directconnect: { name: 'Direct Connect', risk: 'network' },
  dlm: { name: 'Data Lifecycle Manager', risk: 'data' },
  dms: { name: 'Database Migration Service', risk: 'data' },
  'docdb-elastic': { name: 'DocumentDB', risk: 'data' },
  ds: { name: 'Directory Service', risk: 'identity' },
  dynamodb: { name: 'DynamoDB', risk: 'data' },
  ebs: { name: 'EBS', risk: 'data' },
  ec2: { name: 'EC2' },
  'ec2-instance-connect': { name: 'EC2 Instance Connect', risk: 'identity' },
  ecr: { name: 'ECR', risk: 'deploy' },
  'ecr-public': { name: 'ECR Public', risk: 'deploy' },
  ecs: { name: 'ECS', risk: 'deploy' },
  eks: { name: 'EKS', risk: 'capacity' },
  elasticache: { name: 'ElastiCache', risk: 'data' },
  elasticbeanstalk: { name: 'Elastic Beanstalk', risk: 'deploy' },
  elasticfilesystem: { name: 'EFS', risk: 'data' },
  elasticloadbalancing: { name: 'Elastic Load Balancing', risk: 'network' },
  elasticmapreduce: { name: 'EMR', risk: 'capacity' },
  es: { name: 'OpenSearch', risk: 'data' },
  events: { name: 'EventBridge' },
  firehose: { name: 'Firehose', risk: 'data' },
  fsx: { name: 'FSx', risk: 'data' },
  glacier: { name: 'S3 Glacier', risk: 'data' },
  globalaccelerator: { name: 'Global Accelerator', risk: 'network', isGlobal: true },
  glue: { name: 'Glue', risk: 'data' },
  guardduty: { name: 'GuardDuty' },
  health: { name: 'AWS Health', isGlobal: true },
  iam: { name: 'IAM', risk: 'identity', isGlobal: true },
  identitystore: { name: 'Identity Store', risk: 'identity' },
  imagebuilder: { name: 'Image Builder', risk: 'deploy' },
  inspector2: { name: 'Inspector' },
  iot: { name: 'IoT' },
  kafka: { name: 'MSK', risk: 'data' },
  kinesis: { name: 'Kinesis', risk: 'data' },
  kms: { name: 'KMS', risk: 'data' },
  lakeformation: { name: 'Lake Formation', risk: 'identity' },
  lambda: { name: 'Lambda', risk: 'deploy' },
  logs: { name: 'CloudWatch Logs' },
  macie2: { name: 'Macie' },
  memorydb: { name: 'MemoryDB', risk: 'data' },
  monitoring: { name: 'CloudWatch' },
  mq: { name: 'Amazon MQ', risk: 'data' },
  'network-firewall': { name: 'Network Firewall', risk: 'network' },
  organizations: { name: 'Organizations', risk: 'identity', isGlobal: true },
  pipes: { name: 'EventBridge Pipes' },
  quicksight: { name: 'QuickSight', risk: 'data' },
  ram: { name: 'Resource Access Manager', risk: 'identity' },
  rds: { name: 'RDS', risk: 'data' },
  'rds-data': { name: 'RDS Data API', risk: 'data' },
  redshift: { name: 'Redshift', risk: 'data' },
  'redshift-serverless': { name: 'Redshift Serverless', risk: 'data' },
  'resource-groups': { name: 'Resource Groups' },
  rolesanywhere: { name: 'IAM Roles Anywhere', risk: 'identity' },
  route53: { name: 'Route 53', risk: 'network', isGlobal: true },
  route53domains: { name: 'Route 53 Domains', risk: 'network', isGlobal: true },
  route53resolver: { name: 'Route 53 Resolver', risk: 'network' },
  s3: { name: 'S3', risk: 'data' },
  'S3-outposts': { name: 'S3 on Outposts', risk: 'data' },
  sagemaker: { name: 'SageMaker' },
  scheduler: { name: 'EventBridge Scheduler' },
  secretsmanager: { name: 'Secrets Manager', risk: 'identity' },
  securityhub: { name: 'Security Hub' },
  serverlessrepo: { name: 'Serverless Application Repository', risk: 'deploy' },
  servicecatalog: { name: 'Service Catalog', risk: 'deploy' },
  servicediscovery: { name: 'Cloud Map', risk: 'network' },
  servicequotas: { name: 'Service Quotas', risk: 'capacity' },
  ses: { name: 'SES' },
  shield: { name: 'Shield', risk: 'network', isGlobal: true },
  signin: { name: 'AWS sign-in', risk: 'identity' },
  sns: { name: 'SNS' },
  sqs: { name: 'SQS', risk: 'data' },
  ssm: { name: 'Systems Manager' },
  ssmmessages: { name: 'Session Manager' },
  sso: { name: 'IAM Identity Center', risk: 'identity' },
  'sso-directory': { name: 'IAM Identity Center', risk: 'identity' },
  states: { name: 'Step Functions', risk: 'deploy' },
  storagegateway: { name: 'Storage Gateway', risk: 'data' },
  sts: { name: 'STS', risk: 'identity' },
  support: { name: 'AWS Support', isGlobal: true },
  synthetics: { name: 'CloudWatch Synthetics' },
  tagging: { name: 'Tagging' },
  timestream: { name: 'Timestream', risk: 'data' },
  transfer: { name: 'Transfer Family', risk: 'network' },
  trustedadvisor: { name: 'Trusted Advisor', isGlobal: true },
  'vpc-lattice': { name: 'VPC Lattice', risk: 'network' },
  waf: { name: 'WAF', risk: 'network', isGlobal: true },
  'waf-regional': { name: 'WAF', risk: 'network' },
  wafv2: { name: 'WAF', risk: 'network' },
  workspaces: { name: 'WorkSpaces' },
  xray: { name: 'X-Ray' },
}

// Principals that are not an event source of their own: [id, name].
const PRINCIPALS: Record<string, readonly [id: string, name: string]> = {
  'ecs-tasks': ['ecs', 'ECS'],
  'eks-fargate-pods': ['eks-fargate', 'EKS Fargate'],
  'eks-nodegroup': ['eks-nodegroup', 'EKS node groups'],
  'dynamodb.application-autoscaling': ['application-autoscaling', 'Application Auto Scaling'],
  'ecs.application-autoscaling': ['application-autoscaling', 'Application Auto Scaling'],
  edgelambda: ['edgelambda', 'Lambda@Edge'],
  'delivery.logs': ['logs', 'CloudWatch Logs'],
  'replication.dynamodb': ['replication.dynamodb', 'DynamoDB replication'],
  'replicator.lambda': ['replicator.lambda', 'Lambda@Edge replication'],
  spot: ['spot', 'EC2 Spot'],
  spotfleet: ['spotfleet', 'Spot Fleet'],
  ec2fleet: ['ec2fleet', 'EC2 Fleet'],
  'ops.apigateway': ['apigateway', 'API Gateway'],
  'access-analyzer': ['access-analyzer', 'IAM Access Analyzer'],
  'compute-optimizer': ['compute-optimizer', 'Compute Optimizer'],
  'member.org.stacksets.cloudformation': ['stacksets.cloudformation', 'CloudFormation StackSets'],
  'stacksets.cloudformation': ['stacksets.cloudformation', 'CloudFormation StackSets'],
  maintenance: ['maintenance', 'RDS maintenance'],
  'AWS Internal': ['aws', 'AWS'],
}

/** `ec2` for `ec2.amazonaws.com`; other texts stay as they are. */
export function shortService(source: string): string {
  return source.replace(
    /\.(amazonaws\.(com(\.cn)?|eu)|aws\.amazon\.com|aws\.internal|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/i,
    '',
  )
}

/** For people: `Auto Scaling` for `autoscaling` and for `autoscaling.amazonaws.com`. */
export const serviceName = memo((source) => {
  const short = shortService(source)
  if (Object.hasOwn(SERVICES, short)) return SERVICES[short]!.name
  if (Object.hasOwn(PRINCIPALS, short)) return PRINCIPALS[short]![1]
  // Some principals carry a region: `vpc-flow-logs.eu-west-1`.
  const first = short.split('.')[0] ?? short
  if (Object.hasOwn(SERVICES, first)) return SERVICES[first]!.name
  const said = words(short)
  return said === '' ? 'AWS' : said
})

/** The same for every principal and event source of one service: `application-autoscaling`. */
export function serviceId(source: string): string {
  const short = shortService(source)
  if (Object.hasOwn(SERVICES, short)) return short
  if (Object.hasOwn(PRINCIPALS, short)) return PRINCIPALS[short]![0]
  const first = short.split('.')[0] ?? short
  return Object.hasOwn(SERVICES, first) ? first : short || 'aws'
}

export function isGlobal(service: string): boolean {
  return Object.hasOwn(SERVICES, service) && SERVICES[service]!.isGlobal === true
}

export function serviceRisk(service: string): Risk {
  return (Object.hasOwn(SERVICES, service) && SERVICES[service]!.risk) || 'configuration'
}
