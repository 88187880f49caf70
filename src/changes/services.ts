/**
 * AWS's services as people call them, and what a change in each can usually harm.
 *
 * Keyed by the event source without `.amazonaws.com`.
 */

import type { Aspect } from './change.ts'
import { words } from './text.ts'

interface Service {
  name: string
  /** What changes here are about when the action says nothing better. */
  aspect?: Aspect
  /** One for the whole partition: naming a region would say nothing. */
  isGlobal?: true
}

const SERVICES: Record<string, Service> = {
  account: { name: 'Account Management', isGlobal: true },
  acm: { name: 'Certificate Manager', aspect: 'network' },
  'acm-pca': { name: 'Private CA', aspect: 'identity' },
  airflow: { name: 'Managed Airflow' },
  amplify: { name: 'Amplify', aspect: 'deploy' },
  aoss: { name: 'OpenSearch Serverless', aspect: 'data' },
  apigateway: { name: 'API Gateway', aspect: 'network' },
  appconfig: { name: 'AppConfig' },
  'application-autoscaling': { name: 'Application Auto Scaling', aspect: 'capacity' },
  appmesh: { name: 'App Mesh', aspect: 'network' },
  apprunner: { name: 'App Runner', aspect: 'deploy' },
  appsync: { name: 'AppSync' },
  athena: { name: 'Athena', aspect: 'data' },
  autoscaling: { name: 'Auto Scaling', aspect: 'capacity' },
  'autoscaling-plans': { name: 'Auto Scaling Plans', aspect: 'capacity' },
  backup: { name: 'AWS Backup', aspect: 'data' },
  batch: { name: 'Batch', aspect: 'capacity' },
  bedrock: { name: 'Bedrock' },
  budgets: { name: 'Budgets', isGlobal: true },
  ce: { name: 'Cost Explorer', isGlobal: true },
  cloud9: { name: 'Cloud9' },
  cloudformation: { name: 'CloudFormation', aspect: 'deploy' },
  cloudfront: { name: 'CloudFront', aspect: 'network', isGlobal: true },
  cloudhsm: { name: 'CloudHSM', aspect: 'identity' },
  cloudshell: { name: 'CloudShell' },
  cloudtrail: { name: 'CloudTrail' },
  codeartifact: { name: 'CodeArtifact', aspect: 'deploy' },
  codebuild: { name: 'CodeBuild', aspect: 'deploy' },
  codecommit: { name: 'CodeCommit', aspect: 'deploy' },
  codedeploy: { name: 'CodeDeploy', aspect: 'deploy' },
  codepipeline: { name: 'CodePipeline', aspect: 'deploy' },
  'cognito-identity': { name: 'Cognito', aspect: 'identity' },
  'cognito-idp': { name: 'Cognito', aspect: 'identity' },
  config: { name: 'AWS Config' },
  controltower: { name: 'Control Tower', aspect: 'identity' },
  datasync: { name: 'DataSync', aspect: 'data' },
  dax: { name: 'DAX', aspect: 'data' },
  directconnect: { name: 'Direct Connect', aspect: 'network' },
  dlm: { name: 'Data Lifecycle Manager', aspect: 'data' },
  dms: { name: 'Database Migration Service', aspect: 'data' },
  'docdb-elastic': { name: 'DocumentDB', aspect: 'data' },
  ds: { name: 'Directory Service', aspect: 'identity' },
  dynamodb: { name: 'DynamoDB', aspect: 'data' },
  ebs: { name: 'EBS', aspect: 'data' },
  ec2: { name: 'EC2' },
  'ec2-instance-connect': { name: 'EC2 Instance Connect', aspect: 'identity' },
  ecr: { name: 'ECR', aspect: 'deploy' },
  'ecr-public': { name: 'ECR Public', aspect: 'deploy' },
  ecs: { name: 'ECS', aspect: 'deploy' },
  eks: { name: 'EKS', aspect: 'capacity' },
  elasticache: { name: 'ElastiCache', aspect: 'data' },
  elasticbeanstalk: { name: 'Elastic Beanstalk', aspect: 'deploy' },
  elasticfilesystem: { name: 'EFS', aspect: 'data' },
  elasticloadbalancing: { name: 'Elastic Load Balancing', aspect: 'network' },
  elasticmapreduce: { name: 'EMR', aspect: 'capacity' },
  es: { name: 'OpenSearch', aspect: 'data' },
  events: { name: 'EventBridge' },
  firehose: { name: 'Firehose', aspect: 'data' },
  fsx: { name: 'FSx', aspect: 'data' },
  glacier: { name: 'S3 Glacier', aspect: 'data' },
  globalaccelerator: { name: 'Global Accelerator', aspect: 'network', isGlobal: true },
  glue: { name: 'Glue', aspect: 'data' },
  guardduty: { name: 'GuardDuty' },
  health: { name: 'AWS Health', isGlobal: true },
  iam: { name: 'IAM', aspect: 'identity', isGlobal: true },
  identitystore: { name: 'Identity Store', aspect: 'identity' },
  imagebuilder: { name: 'Image Builder', aspect: 'deploy' },
  inspector2: { name: 'Inspector' },
  iot: { name: 'IoT' },
  kafka: { name: 'MSK', aspect: 'data' },
  kinesis: { name: 'Kinesis', aspect: 'data' },
  kms: { name: 'KMS', aspect: 'data' },
  lakeformation: { name: 'Lake Formation', aspect: 'identity' },
  lambda: { name: 'Lambda', aspect: 'deploy' },
  logs: { name: 'CloudWatch Logs' },
  macie2: { name: 'Macie' },
  memorydb: { name: 'MemoryDB', aspect: 'data' },
  monitoring: { name: 'CloudWatch' },
  mq: { name: 'Amazon MQ', aspect: 'data' },
  'network-firewall': { name: 'Network Firewall', aspect: 'network' },
  organizations: { name: 'Organizations', aspect: 'identity', isGlobal: true },
  pipes: { name: 'EventBridge Pipes' },
  quicksight: { name: 'QuickSight', aspect: 'data' },
  ram: { name: 'Resource Access Manager', aspect: 'identity' },
  rds: { name: 'RDS', aspect: 'data' },
  'rds-data': { name: 'RDS Data API', aspect: 'data' },
  redshift: { name: 'Redshift', aspect: 'data' },
  'redshift-serverless': { name: 'Redshift Serverless', aspect: 'data' },
  'resource-groups': { name: 'Resource Groups' },
  rolesanywhere: { name: 'IAM Roles Anywhere', aspect: 'identity' },
  route53: { name: 'Route 53', aspect: 'network', isGlobal: true },
  route53domains: { name: 'Route 53 Domains', aspect: 'network', isGlobal: true },
  route53resolver: { name: 'Route 53 Resolver', aspect: 'network' },
  s3: { name: 'S3', aspect: 'data' },
  'S3-outposts': { name: 'S3 on Outposts', aspect: 'data' },
  sagemaker: { name: 'SageMaker' },
  scheduler: { name: 'EventBridge Scheduler' },
  secretsmanager: { name: 'Secrets Manager', aspect: 'identity' },
  securityhub: { name: 'Security Hub' },
  serverlessrepo: { name: 'Serverless Application Repository', aspect: 'deploy' },
  servicecatalog: { name: 'Service Catalog', aspect: 'deploy' },
  servicediscovery: { name: 'Cloud Map', aspect: 'network' },
  servicequotas: { name: 'Service Quotas', aspect: 'capacity' },
  ses: { name: 'SES' },
  shield: { name: 'Shield', aspect: 'network', isGlobal: true },
  signin: { name: 'AWS sign-in', aspect: 'identity' },
  sns: { name: 'SNS' },
  sqs: { name: 'SQS', aspect: 'data' },
  ssm: { name: 'Systems Manager' },
  ssmmessages: { name: 'Session Manager' },
  sso: { name: 'IAM Identity Center', aspect: 'identity' },
  'sso-directory': { name: 'IAM Identity Center', aspect: 'identity' },
  states: { name: 'Step Functions', aspect: 'deploy' },
  storagegateway: { name: 'Storage Gateway', aspect: 'data' },
  sts: { name: 'STS', aspect: 'identity' },
  support: { name: 'AWS Support', isGlobal: true },
  synthetics: { name: 'CloudWatch Synthetics' },
  tagging: { name: 'Tagging' },
  timestream: { name: 'Timestream', aspect: 'data' },
  transfer: { name: 'Transfer Family', aspect: 'network' },
  trustedadvisor: { name: 'Trusted Advisor', isGlobal: true },
  'vpc-lattice': { name: 'VPC Lattice', aspect: 'network' },
  waf: { name: 'WAF', aspect: 'network', isGlobal: true },
  'waf-regional': { name: 'WAF', aspect: 'network' },
  wafv2: { name: 'WAF', aspect: 'network' },
  workspaces: { name: 'WorkSpaces' },
  xray: { name: 'X-Ray' },
}

// Principals that act but are no event source of their own.
const PRINCIPALS: Record<string, string> = {
  'ecs-tasks': 'ECS',
  'eks-fargate-pods': 'EKS Fargate',
  'eks-nodegroup': 'EKS node groups',
  'dynamodb.application-autoscaling': 'Application Auto Scaling',
  'ecs.application-autoscaling': 'Application Auto Scaling',
  edgelambda: 'Lambda@Edge',
  'delivery.logs': 'CloudWatch Logs',
  'replication.dynamodb': 'DynamoDB replication',
  'replicator.lambda': 'Lambda@Edge replication',
  spot: 'EC2 Spot',
  spotfleet: 'Spot Fleet',
  ec2fleet: 'EC2 Fleet',
  'ops.apigateway': 'API Gateway',
  'access-analyzer': 'IAM Access Analyzer',
  'compute-optimizer': 'Compute Optimizer',
  'member.org.stacksets.cloudformation': 'CloudFormation StackSets',
  'stacksets.cloudformation': 'CloudFormation StackSets',
  maintenance: 'RDS maintenance',
  'AWS Internal': 'AWS',
}

/** `ec2` for `ec2.amazonaws.com`; other texts stay as they are. */
export function shortService(source: string): string {
  return source.replace(/\.(amazonaws\.com(\.cn)?|aws\.amazon\.com|aws\.internal)$/i, '')
}

/** As people call it: `Auto Scaling` for `autoscaling` and for `autoscaling.amazonaws.com`. */
export function serviceName(source: string): string {
  const short = shortService(source)
  if (Object.hasOwn(SERVICES, short)) return SERVICES[short]!.name
  if (Object.hasOwn(PRINCIPALS, short)) return PRINCIPALS[short]!
  // Some principals carry a region: `vpc-flow-logs.eu-west-1`.
  const first = short.split('.')[0] ?? short
  if (Object.hasOwn(SERVICES, first)) return SERVICES[first]!.name
  const said = words(short)
  return said === '' ? 'AWS' : said
}

export function isGlobal(service: string): boolean {
  return Object.hasOwn(SERVICES, service) && SERVICES[service]!.isGlobal === true
}

export function serviceAspect(service: string): Aspect {
  return (Object.hasOwn(SERVICES, service) && SERVICES[service]!.aspect) || 'configuration'
}
