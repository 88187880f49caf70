/**
 * Noise: routine activity that does not help to find a cause. Hidden by default, never dropped.
 *
 * A rule is here because a responder would dismiss what it covers every time. Failed and denied
 * calls are never noise, except throttled calls that the caller repeats. Calls of the root user are
 * never noise.
 */

import type { Actor, Outcome, Tool } from '../../changes/change.ts'

interface BuiltInNoiseRule {
  id: string
  /** What it covers, in words. */
  covers: string
  /** Why it does not help a responder. */
  reason: string
  /** Any of these. */
  when: BuiltInNoiseMatch[]
}

/** All conditions that are set must match. */
export interface BuiltInNoiseMatch {
  services?: readonly string[]
  /** Without the API version; `*` at the beginning or the end matches any text. */
  actions?: readonly string[]
  /** Only when AWS itself made the call, and not on someone's behalf. */
  byService?: true
  /** Only when one of these services made it: their ids (see services.ts). */
  byServices?: readonly string[]
  tools?: readonly string[]
  /** Only when it failed with one of these errors. */
  errors?: readonly string[]
}

export const NOISE_RULES: readonly BuiltInNoiseRule[] = [
  {
    id: 'throttled',
    covers: 'Throttled calls',
    reason: 'Nothing was changed, and every SDK retries; the attempt that succeeded is shown.',
    when: [
      {
        errors: [
          'Throttling*',
          'ThrottledException',
          'RequestLimitExceeded',
          'Client.RequestLimitExceeded',
          'TooManyRequestsException',
          'SlowDown',
          'RequestThrottled*',
        ],
      },
    ],
  },
  {
    id: 'agent-reports',
    covers: 'Agents on instances that report to Systems Manager and ECS',
    reason: 'Heartbeats, inventories and task states: they report a state and change nothing.',
    when: [
      {
        services: ['ssm'],
        actions: [
          'UpdateInstanceInformation',
          'UpdateInstanceAssociationStatus',
          'UpdateAssociationStatus',
          'PutInventory',
          'PutComplianceItems',
          'PutConfigurePackageResult',
          'RequestManagedInstanceRoleToken',
        ],
      },
      {
        services: ['ssmmessages', 'ec2messages'],
        actions: ['*'],
      },
      {
        services: ['ecs'],
        actions: [
          'SubmitTaskStateChange',
          'SubmitContainerStateChange',
          'SubmitAttachmentStateChanges',
          'RegisterContainerInstance',
          'DiscoverPollEndpoint',
          'Poll',
          'StartTelemetrySession',
          'UpdateContainerAgent',
        ],
      },
    ],
  },
  {
    id: 'credentials-issued',
    covers: 'Temporary credentials handed out',
    reason: 'Every program requests them all the time; what it does with them is shown.',
    when: [
      { services: ['sts'], actions: ['AssumeRole*', 'Get*', 'DecodeAuthorizationMessage'] },
      { services: ['rolesanywhere'], actions: ['CreateSession'] },
      {
        services: ['sso'],
        actions: ['GetRoleCredentials', 'CreateToken', 'Federate', 'Authenticate', 'Logout'],
      },
      { services: ['sso-oauth'], actions: ['*'] },
      { services: ['eks-auth'], actions: ['AssumeRoleForPodIdentity'] },
      { services: ['ecr'], actions: ['GetAuthorizationToken'] },
      {
        services: ['cognito-identity'],
        actions: ['GetId', 'GetCredentialsForIdentity', 'GetOpenIdToken*'],
      },
    ],
  },
  {
    id: 'sign-in',
    covers: 'Console sign-ins and their steps',
    reason:
      'Signing in changes nothing; what was done afterwards is shown. Failures and root are kept.',
    when: [
      {
        services: ['signin'],
        actions: [
          'ConsoleLogin',
          'CheckMfa',
          'SwitchRole',
          'ExitRole',
          'RenewRole',
          'GetSigninToken',
          'UserAuthentication',
          'CredentialChallenge',
          'CredentialVerification',
        ],
      },
    ],
  },
  {
    id: 'secret-versions',
    covers: 'Secrets Manager deleting old versions of secrets',
    reason: 'It cleans up after a deletion or a rotation, which has its own change.',
    when: [
      {
        services: ['secretsmanager'],
        actions: [
          'StartSecretVersionDelete',
          'EndSecretVersionDelete',
          'CancelSecretVersionDelete',
        ],
      },
    ],
  },
  {
    id: 'auto-scaling-activity',
    covers: 'Instances that Auto Scaling, EC2 Fleet and Spot start and stop',
    reason:
      'It follows from load and from the group’s settings; a change of the settings is shown.',
    when: [
      {
        services: ['ec2'],
        actions: [
          'RunInstances',
          'TerminateInstances',
          'StartInstances',
          'StopInstances',
          'CreateTags',
          'CreateFleet',
          'DeleteFleets',
          'RequestSpotInstances',
          'CancelSpotInstanceRequests',
          'BidEvicted*',
        ],
        byServices: [
          'autoscaling',
          'spot',
          'spotfleet',
          'ec2fleet',
          'eks',
          'eks-nodegroup',
          'batch',
          'ecs',
          'elasticmapreduce',
        ],
      },
      {
        services: ['ec2', 'autoscaling', 'eks'],
        actions: [
          'RunInstances',
          'TerminateInstances',
          'CreateFleet',
          'CreateTags',
          'SetDesiredCapacity',
          'TerminateInstanceInAutoScalingGroup',
        ],
        tools: ['karpenter', 'cluster-autoscaler'],
      },
      {
        services: ['autoscaling'],
        actions: ['CompleteLifecycleAction', 'RecordLifecycleActionHeartbeat', 'SetInstanceHealth'],
      },
      {
        services: ['ecs', 'dynamodb', 'rds', 'lambda', 'elasticache', 'kafka', 'sagemaker'],
        actions: [
          'UpdateService',
          'UpdateTable',
          'PutProvisionedConcurrencyConfig',
          'ModifyReplicationGroupShardConfiguration',
          'UpdateBrokerStorage',
          'UpdateEndpointWeightsAndCapacities',
        ],
        byServices: ['application-autoscaling'],
      },
      {
        services: ['monitoring'],
        actions: ['PutMetricAlarm', 'DeleteAlarms'],
        byServices: ['application-autoscaling', 'autoscaling', 'dynamodb'],
      },
    ],
  },
  {
    id: 'target-registration',
    covers: 'Targets that AWS and Kubernetes controllers register with load balancers',
    reason:
      'They follow tasks, pods and instances that start and stop; what stopped them is shown.',
    when: [
      {
        services: ['elasticloadbalancing'],
        actions: [
          'RegisterTargets',
          'DeregisterTargets',
          'RegisterInstancesWithLoadBalancer',
          'DeregisterInstancesFromLoadBalancer',
        ],
        byService: true,
      },
      {
        services: ['elasticloadbalancing'],
        actions: ['RegisterTargets', 'DeregisterTargets'],
        tools: ['aws-load-balancer-controller'],
      },
      {
        services: ['servicediscovery'],
        actions: ['RegisterInstance', 'DeregisterInstance', 'UpdateInstanceCustomHealthStatus'],
        byService: true,
      },
      {
        services: ['route53'],
        actions: ['ChangeResourceRecordSets', '*HealthCheck'],
        byServices: ['servicediscovery', 'ecs'],
      },
    ],
  },
  {
    id: 'service-network-interfaces',
    covers: 'Network interfaces, addresses and volumes that AWS services attach',
    reason: 'Lambda, ECS, EKS, RDS and load balancers create and remove them as they run.',
    when: [
      {
        services: ['ec2'],
        actions: [
          'CreateNetworkInterface',
          'DeleteNetworkInterface',
          'AttachNetworkInterface',
          'DetachNetworkInterface',
          'ModifyNetworkInterfaceAttribute',
          'CreateNetworkInterfacePermission',
          'DeleteNetworkInterfacePermission',
          'AssignPrivateIpAddresses',
          'UnassignPrivateIpAddresses',
          'AssignIpv6Addresses',
          'AssociateAddress',
          'DisassociateAddress',
          'AllocateAddress',
          'ReleaseAddress',
        ],
        byService: true,
      },
      {
        services: ['ec2'],
        actions: [
          'CreateNetworkInterface',
          'DeleteNetworkInterface',
          'AttachNetworkInterface',
          'DetachNetworkInterface',
          'ModifyNetworkInterfaceAttribute',
          'AssignPrivateIpAddresses',
          'UnassignPrivateIpAddresses',
          'CreateTags',
        ],
        tools: ['vpc-cni'],
      },
      {
        services: ['ec2'],
        actions: [
          'AttachVolume',
          'DetachVolume',
          'CreateVolume',
          'DeleteVolume',
          'CreateTags',
          'CreateSnapshot',
          'DeleteSnapshot',
          'ModifyVolume',
        ],
        tools: ['ebs-csi-driver'],
      },
    ],
  },
  {
    id: 'service-grants',
    covers: 'Key grants and key use by AWS services',
    reason: 'An encrypted volume, database or queue needs a grant each time it is attached.',
    when: [
      {
        services: ['kms'],
        actions: ['CreateGrant', 'RetireGrant', 'RevokeGrant'],
        byService: true,
      },
      {
        services: ['kms'],
        actions: [
          'Decrypt',
          'Encrypt',
          'ReEncrypt*',
          'GenerateDataKey*',
          'GenerateMac',
          'VerifyMac',
          'Sign',
          'Verify',
        ],
      },
    ],
  },
  {
    id: 'service-tags',
    covers: 'Tags that AWS services set on the resources they manage',
    reason: 'Bookkeeping of the service; the request for the resource is shown.',
    when: [
      {
        actions: [
          'CreateTags',
          'DeleteTags',
          'TagResource',
          'UntagResource',
          'AddTags*',
          'CreateOrUpdateTags',
          'TagResources',
        ],
        byService: true,
      },
    ],
  },
  {
    id: 'log-streams',
    covers: 'Log streams, and queries over logs',
    reason: 'Every function and task opens its own streams; a query reads.',
    when: [
      {
        services: ['logs'],
        actions: [
          'CreateLogStream',
          'PutLogEvents',
          'StartQuery',
          'StopQuery',
          'TestMetricFilter',
          'StartLiveTail',
        ],
      },
      { services: ['logs'], actions: ['CreateLogGroup', 'CreateExportTask'], byService: true },
    ],
  },
  {
    id: 'image-layers',
    covers: 'The parts of a push to a container registry',
    reason: 'PutImage, which completes a push, is shown.',
    when: [
      {
        services: ['ecr', 'ecr-public'],
        actions: [
          'InitiateLayerUpload',
          'UploadLayerPart',
          'CompleteLayerUpload',
          'BatchCheckLayerAvailability',
        ],
      },
    ],
  },
  {
    id: 'pipeline-bookkeeping',
    covers: 'Pipelines and builds that communicate with their workers',
    reason: 'Who started the pipeline, and what its jobs changed, is shown.',
    when: [
      {
        services: ['codepipeline'],
        actions: [
          'PollForJobs',
          'AcknowledgeJob',
          'PutJobSuccessResult',
          'PollForThirdPartyJobs',
          'AcknowledgeThirdPartyJob',
          'PutThirdPartyJobSuccessResult',
        ],
      },
      {
        services: ['codebuild'],
        actions: ['BatchPutTestCases', 'BatchPutCodeCoverages', 'CreateReport', 'UpdateReport'],
      },
      {
        services: ['codedeploy'],
        actions: [
          'PutLifecycleEventHookExecutionStatus',
          'PollHostCommand',
          'PutHostCommand*',
          'PostHostCommandUpdate',
        ],
      },
      { services: ['codedeploy-commands-secure'], actions: ['*'] },
      { services: ['states'], actions: ['SendTaskSuccess', 'SendTaskHeartbeat'] },
    ],
  },
  {
    id: 'scheduled-backups',
    covers: 'Snapshots that AWS Backup and Data Lifecycle Manager take and remove on schedule',
    reason: 'They come every day; a change of the plan is shown.',
    when: [
      {
        actions: [
          'CreateSnapshot',
          'CreateSnapshots',
          'DeleteSnapshot',
          'CopySnapshot',
          'CreateImage',
          'DeregisterImage',
          'CreateDBSnapshot',
          'DeleteDBSnapshot',
          'CopyDBSnapshot',
          'CreateDBClusterSnapshot',
          'CreateBackup',
          'DeleteBackup',
          'StartBackupJob',
          'CreateTags',
          'AddTagsToResource',
          'BackupJob*',
          'RecoveryPoint*',
          'BackupDeleted',
          'CopyJob*',
        ],
        byServices: ['backup', 'dlm'],
      },
      {
        services: ['backup'],
        actions: ['BackupJob*', 'RecoveryPoint*', 'BackupDeleted', 'CopyJob*'],
      },
    ],
  },
  {
    id: 'posture-checks',
    covers: 'Scanners and recorders that inspect the account',
    reason:
      'Config, Security Hub, Inspector, GuardDuty, Macie and Trusted Advisor record what they find.',
    when: [
      {
        services: ['config'],
        actions: [
          'PutEvaluations',
          'PutExternalEvaluation',
          'DeliverConfigSnapshot',
          'StartConfigRulesEvaluation',
          'SelectResourceConfig',
        ],
      },
      {
        services: ['securityhub'],
        actions: ['BatchImportFindings', 'BatchUpdateFindings'],
        byService: true,
      },
      { services: ['trustedadvisor', 'support'], actions: ['Refresh*'] },
      {
        services: ['access-analyzer'],
        actions: ['StartResourceScan', 'ValidatePolicy', 'CheckNoNewAccess'],
      },
      {
        services: ['ec2', 'ebs', 'inspector2', 'ssm'],
        byServices: [
          'inspector2',
          'guardduty',
          'macie2',
          'securityhub',
          'config',
          'access-analyzer',
        ],
      },
      {
        services: ['iam'],
        actions: [
          'GenerateCredentialReport',
          'GenerateServiceLastAccessedDetails',
          'GenerateOrganizationsAccessReport',
          'SimulateCustomPolicy',
          'SimulatePrincipalPolicy',
        ],
      },
    ],
  },
  {
    id: 'console-bookkeeping',
    covers: 'Internal state of the console and CloudShell',
    reason:
      'Preferences, recent pages and the start and stop of shells; what was done in a shell is shown.',
    when: [
      {
        services: [
          'cloudshell',
          'uxc',
          'consoleapp',
          'console-mobile-client',
          'notifications',
          'user-preferences',
          'ccs',
          'action-recommendations',
        ],
        actions: ['*'],
      },
      {
        services: ['resource-explorer-2', 'q', 'cost-optimization-hub'],
        actions: ['CreateSession', 'StartConversation', 'SendMessage', 'Search*'],
      },
    ],
  },
]

interface NoiseFacts {
  service: string
  plainAction: string
  actor: Actor
  tool: Tool
  outcome: Outcome
  errorCode: string | undefined
  isInsight: boolean
}

/** The id of the first rule that covers the change, or null. */
export function builtInNoiseOf(facts: NoiseFacts): string | null {
  if (facts.actor.kind === 'root') return null
  // That a routine call became unusual is the news.
  if (facts.isInsight) return null
  const candidates = BY_SERVICE.get(facts.service) ?? OF_ANY_SERVICE
  return (
    candidates.find(({ id, match }) => matches(match, facts) && !isByHand(id, facts))?.id ?? null
  )
}

/** Rules about what machines do: by hand, the same call is worth knowing. */
const MACHINES_ONLY = new Set([
  'agent-reports',
  'auto-scaling-activity',
  'target-registration',
  'service-network-interfaces',
  'service-tags',
  'scheduled-backups',
  'pipeline-bookkeeping',
])
const BY_HAND = new Set(['console', 'aws-cli', 'cloudshell', 'powershell'])

function isByHand(rule: string, { actor, tool }: NoiseFacts): boolean {
  if (!MACHINES_ONLY.has(rule)) return false
  if (actor.kind === 'person') return true
  return (actor.kind === 'user' || actor.kind === 'role') && BY_HAND.has(tool.name)
}

const ALL = NOISE_RULES.flatMap(({ id, when }) => when.map((match) => ({ id, match })))
const OF_ANY_SERVICE = ALL.filter(({ match }) => match.services === undefined)
/** By service, in order: the rules that name it, and those that name none. Read for every change. */
const BY_SERVICE = new Map(
  [...new Set(ALL.flatMap(({ match }) => match.services ?? []))].map((service) => [
    service,
    ALL.filter(({ match }) => match.services === undefined || match.services.includes(service)),
  ]),
)

function matches(match: BuiltInNoiseMatch, facts: NoiseFacts): boolean {
  const { actions, byServices, tools, errors, byService } = match
  if (errors !== undefined) {
    if (facts.errorCode === undefined || !anyOf(errors, facts.errorCode)) return false
  } else if (facts.outcome !== 'succeeded') return false
  if (actions !== undefined && !anyOf(actions, facts.plainAction)) return false
  if (byServices !== undefined && !isBy(byServices, facts.actor)) return false
  if (tools !== undefined && !tools.includes(facts.tool.name)) return false
  return !byService || isByService(facts)
}

/** With its own rights, or as a role of the customer's. */
function isBy(services: readonly string[], { service }: Actor): boolean {
  return service !== undefined && services.includes(service)
}

/** Services that do what people wrote down for them: stacks, automations, state machines. */
const ORCHESTRATORS = new Set([
  'cloudformation',
  'stacksets.cloudformation',
  'ssm',
  'states',
  'scheduler',
  'events',
  'codepipeline',
  'servicecatalog',
  'proton',
])

/** Only what AWS did on its own: a call on a person's behalf is the person's. */
function isByService({ actor }: NoiseFacts): boolean {
  return actor.kind === 'service' && !ORCHESTRATORS.has(actor.service ?? '')
}

function anyOf(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => {
    if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1))
    return pattern.startsWith('*') ? text.endsWith(pattern.slice(1)) : text === pattern
  })
}
