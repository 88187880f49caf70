/** What a call does and to what, for verbs and parameters that many services share. */

import { expect, it } from 'vitest'
import { read } from '../../../../testing/cloudtrail/read.ts'
import { call } from '../../../../testing/cloudtrail/records.ts'

type Case = [
  sentence: string,
  /** The IDs of its resources, the most significant first. */
  resources: string[],
  risks: ('public_access' | 'protection')[],
  record: Record<string, unknown>,
]

const CASES: Case[] = [
  [
    'alice ran a command in task abc123 of cluster prod in eu-west-1',
    ['prod', 'abc123'],
    [],
    call('ecs', 'ExecuteCommand', {
      cluster: 'prod',
      task: 'abc123',
      command: '/bin/sh',
      interactive: true,
      container: 'app',
    }),
  ],
  [
    'alice set account setting containerInsights in eu-west-1: value to disabled',
    ['containerInsights'],
    [],
    call('ecs', 'PutAccountSetting', { name: 'containerInsights', value: 'disabled' }),
  ],
  [
    'alice merged pull request 12 in eu-west-1',
    ['12'],
    [],
    call('codecommit', 'MergePullRequestBySquash', { pullRequestId: '12', repositoryName: 'r' }),
  ],
  [
    'alice set the policy of stack shop in eu-west-1: new stack policy body',
    ['shop'],
    [],
    call('cloudformation', 'SetStackPolicy', {
      stackName: 'shop',
      stackPolicyBody:
        '{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}',
    }),
  ],
  [
    'alice disabled the dnssec of hosted zone Z1',
    ['Z1'],
    ['protection'],
    call('route53', 'DisableHostedZoneDNSSEC', { hostedZoneId: 'Z1' }),
  ],
  [
    'alice deleted query logging config abc',
    ['abc'],
    ['protection'],
    call('route53', 'DeleteQueryLoggingConfig', { id: 'abc' }),
  ],
  [
    'alice disabled the transfer lock of domain example.com',
    ['example.com'],
    ['protection'],
    call('route53domains', 'DisableDomainTransferLock', { domainName: 'example.com' }),
  ],
  [
    'alice updated nameservers of domain example.com: nameservers name to ns1.evil.example',
    ['example.com'],
    [],
    call('route53domains', 'UpdateDomainNameservers', {
      domainName: 'example.com',
      nameservers: [{ name: 'ns1.evil.example' }],
    }),
  ],
  [
    'alice disabled the auto renew of domain example.com',
    ['example.com'],
    [],
    call('route53domains', 'DisableDomainAutoRenew', { domainName: 'example.com' }),
  ],
  [
    'alice updated web ACL edge in eu-west-1: default action to allow and rules removed',
    ['edge'],
    [],
    call('wafv2', 'UpdateWebACL', {
      name: 'edge',
      scope: 'REGIONAL',
      id: 'uuid-1',
      defaultAction: { allow: {} },
      rules: [],
      lockToken: 'x',
    }),
  ],
  [
    'alice updated IP set office in eu-west-1: addresses to 0.0.0.0/1',
    ['office'],
    [],
    call('wafv2', 'UpdateIPSet', {
      name: 'office',
      scope: 'REGIONAL',
      id: 'uuid-2',
      addresses: ['0.0.0.0/1'],
      lockToken: 'x',
    }),
  ],
  [
    'alice disabled the application layer automatic response of load balancer web',
    ['web'],
    ['protection'],
    call('shield', 'DisableApplicationLayerAutomaticResponse', {
      resourceArn:
        'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/0123456789abcdef',
    }),
  ],
  [
    'alice deleted policy p-1 in eu-west-1',
    ['p-1'],
    ['protection'],
    call('fms', 'DeletePolicy', { policyId: 'p-1', deleteAllPolicyResources: true }),
  ],
  [
    'alice updated detector d1 in eu-west-1: account ids to 444455556666, features name to S3_DATA_EVENTS and features status to DISABLED',
    ['d1', '444455556666'],
    ['protection'],
    call('guardduty', 'UpdateMemberDetectors', {
      detectorId: 'd1',
      accountIds: ['444455556666'],
      features: [{ name: 'S3_DATA_EVENTS', status: 'DISABLED' }],
    }),
  ],
  [
    'alice created filter hide in detector d1 in eu-west-1',
    ['hide', 'd1'],
    [],
    call('guardduty', 'CreateFilter', {
      detectorId: 'd1',
      name: 'hide',
      action: 'ARCHIVE',
      findingCriteria: { criterion: {} },
    }),
  ],
  [
    'alice removed members from detector d1 in eu-west-1',
    ['d1', '444455556666'],
    ['protection'],
    call('guardduty', 'DisassociateMembers', { detectorId: 'd1', accountIds: ['444455556666'] }),
  ],
  [
    'alice deleted publishing destination pd1 of detector d1 in eu-west-1',
    ['pd1', 'd1'],
    ['protection'],
    call('guardduty', 'DeletePublishingDestination', { detectorId: 'd1', destinationId: 'pd1' }),
  ],
  [
    'alice created threat intel set ti in detector d1 in eu-west-1',
    ['ti', 'd1'],
    [],
    call(
      'guardduty',
      'CreateThreatIntelSet',
      { detectorId: 'd1', name: 'ti', location: 's3://b/k' },
      { threatIntelSetId: 't1' },
    ),
  ],
  [
    'alice updated control 1.1 in eu-west-1: control status to DISABLED and disabled reason to x',
    ['1.1'],
    ['protection'],
    call('securityhub', 'UpdateStandardsControl', {
      standardsControlArn: 'arn:aws:securityhub:eu-west-1:123456789012:control/cis/v/1/1.1',
      controlStatus: 'DISABLED',
      disabledReason: 'x',
    }),
  ],
  [
    'alice updated the macie session in eu-west-1: status to PAUSED',
    [],
    ['protection'],
    call('macie2', 'UpdateMacieSession', { status: 'PAUSED' }),
  ],
  [
    'alice updated the automated discovery configuration in eu-west-1: status to DISABLED',
    [],
    ['protection'],
    call('macie2', 'UpdateAutomatedDiscoveryConfiguration', { status: 'DISABLED' }),
  ],
  [
    'alice updated the member ec2 deep inspection status of account 444455556666 in eu-west-1: account ids activate deep inspection to false',
    ['444455556666'],
    ['protection'],
    call('inspector2', 'BatchUpdateMemberEc2DeepInspectionStatus', {
      accountIds: [{ accountId: '444455556666', activateDeepInspection: false }],
    }),
  ],
  [
    'alice changed trail org in eu-west-1: include global service events to false and is organization trail to false',
    ['org'],
    ['protection'],
    call('cloudtrail', 'UpdateTrail', {
      name: 'org',
      includeGlobalServiceEvents: false,
      isOrganizationTrail: false,
    }),
  ],
  [
    'alice set insight selectors of trail org in eu-west-1: insight selectors removed',
    ['org'],
    [],
    call('cloudtrail', 'PutInsightSelectors', { trailName: 'org', insightSelectors: [] }),
  ],
  [
    'alice stopped the ingestion for event data store abc in eu-west-1',
    ['abc'],
    ['protection'],
    call('cloudtrail', 'StopEventDataStoreIngestion', {
      eventDataStore: 'arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/abc',
    }),
  ],
  [
    'alice deregistered the organization delegated admin from account 444455556666 in eu-west-1',
    ['444455556666'],
    [],
    call('cloudtrail', 'DeregisterOrganizationDelegatedAdmin', {
      delegatedAdminAccountId: '444455556666',
    }),
  ],
  [
    'alice changed the account’s password policy: minimum length to 6, require symbols to false and hard expiry to false',
    [],
    [],
    call('iam', 'UpdateAccountPasswordPolicy', {
      minimumPasswordLength: 6,
      requireSymbols: false,
      hardExpiry: false,
    }),
  ],
  [
    'alice took permission set ps-1 in account 444455556666 from user u-1 in eu-west-1',
    ['444455556666', 'ssoins-1', 'ps-1'],
    [],
    call('sso', 'DeleteAccountAssignment', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      targetId: '444455556666',
      targetType: 'AWS_ACCOUNT',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      principalType: 'USER',
      principalId: 'u-1',
    }),
  ],
  [
    'alice assigned permission set ps-1 in account 444455556666 to group g-1 in eu-west-1',
    ['444455556666', 'ssoins-1', 'ps-1'],
    [],
    call('sso', 'CreateAccountAssignment', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      targetId: '444455556666',
      targetType: 'AWS_ACCOUNT',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      principalType: 'GROUP',
      principalId: 'g-1',
    }),
  ],
  [
    'alice disabled policy type SERVICE_CONTROL_POLICY of root r-1',
    ['r-1'],
    [],
    call('organizations', 'DisablePolicyType', {
      rootId: 'r-1',
      policyType: 'SERVICE_CONTROL_POLICY',
    }),
  ],
  [
    'alice disabled the access of GuardDuty to the organization',
    [],
    [],
    call('organizations', 'DisableAWSServiceAccess', {
      servicePrincipal: 'guardduty.amazonaws.com',
    }),
  ],
  [
    'alice opened service setting /ssm/documents/console/public-sharing-permission to public sharing in eu-west-1: its block is turned off: setting value to Enable',
    ['/ssm/documents/console/public-sharing-permission'],
    ['public_access'],
    call('ssm', 'UpdateServiceSetting', {
      settingId: '/ssm/documents/console/public-sharing-permission',
      settingValue: 'Enable',
    }),
  ],
  [
    'alice updated the version stage of secret db in eu-west-1: version stage to AWSCURRENT, move to version id to v2 and remove from version id to v1',
    ['db'],
    [],
    call('secretsmanager', 'UpdateSecretVersionStage', {
      secretId: 'db',
      versionStage: 'AWSCURRENT',
      moveToVersionId: 'v2',
      removeFromVersionId: 'v1',
    }),
  ],
  [
    'alice read the value of secrets db and api in eu-west-1',
    ['db', 'api'],
    [],
    call('secretsmanager', 'BatchGetSecretValue', { secretIdList: ['db', 'api'] }),
  ],
  [
    'alice redrove execution flow:run1 in eu-west-1',
    ['flow:run1'],
    [],
    call('states', 'RedriveExecution', {
      executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:flow:run1',
    }),
  ],
  [
    'alice changed state machine flow in eu-west-1: logging configuration level to OFF',
    ['flow'],
    ['protection'],
    call('states', 'UpdateStateMachine', {
      stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:flow',
      loggingConfiguration: { level: 'OFF' },
    }),
  ],
  [
    'alice deleted the model invocation logging configuration in eu-west-1',
    [],
    ['protection'],
    call('bedrock', 'DeleteModelInvocationLoggingConfiguration'),
  ],
  [
    'alice deleted guardrail gr-1 in eu-west-1',
    ['gr-1'],
    ['protection'],
    call('bedrock', 'DeleteGuardrail', { guardrailIdentifier: 'gr-1' }),
  ],
  [
    'alice updated workgroup primary in eu-west-1: configuration updates enforce work group configuration to false and configuration updates result configuration updates remove encryption configuration on',
    ['primary'],
    ['protection'],
    call('athena', 'UpdateWorkGroup', {
      workGroup: 'primary',
      configurationUpdates: {
        enforceWorkGroupConfiguration: false,
        resultConfigurationUpdates: { removeEncryptionConfiguration: true },
      },
    }),
  ],
  [
    'alice granted SELECT on table orders of database sales to role analyst in eu-west-1',
    ['orders'],
    [],
    call('lakeformation', 'GrantPermissions', {
      principal: { dataLakePrincipalIdentifier: 'arn:aws:iam::123456789012:role/analyst' },
      resource: { table: { databaseName: 'sales', name: 'orders' } },
      permissions: ['SELECT'],
    }),
  ],
  [
    'alice revoked ALL on database sales from all IAM principals in eu-west-1',
    ['sales'],
    [],
    call('lakeformation', 'RevokePermissions', {
      principal: { dataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' },
      resource: { database: { name: 'sales' } },
      permissions: ['ALL'],
    }),
  ],
  [
    'alice deregistered bucket lake in eu-west-1',
    ['lake'],
    [],
    call('lakeformation', 'DeregisterResource', { resourceArn: 'arn:aws:s3:::lake' }),
  ],
  [
    'alice opened server s-1 to the internet in eu-west-1: endpoint type to PUBLIC and protocols to FTP',
    ['s-1'],
    ['public_access'],
    call('transfer', 'UpdateServer', {
      serverId: 's-1',
      endpointType: 'PUBLIC',
      protocols: ['FTP'],
    }),
  ],
  [
    'alice cancelled task execution exec-1 in eu-west-1',
    ['exec-1'],
    [],
    call('datasync', 'CancelTaskExecution', {
      taskExecutionArn: 'arn:aws:datasync:eu-west-1:123456789012:task/task-1/execution/exec-1',
    }),
  ],
  [
    'alice turned off termination protection of job flow j-1 in eu-west-1',
    ['j-1'],
    ['protection'],
    call('elasticmapreduce', 'SetTerminationProtection', {
      jobFlowIds: ['j-1'],
      terminationProtected: false,
    }),
  ],
  [
    'alice swapped CNAMEs of environment blue in eu-west-1',
    ['blue'],
    [],
    call('elasticbeanstalk', 'SwapEnvironmentCNAMEs', {
      sourceEnvironmentName: 'blue',
      destinationEnvironmentName: 'green',
    }),
  ],
  [
    'alice released nfs v3 locks of file system fs-0123456789abcdef0 in eu-west-1',
    ['fs-0123456789abcdef0'],
    [],
    call('fsx', 'ReleaseFileSystemNfsV3Locks', { fileSystemId: 'fs-0123456789abcdef0' }),
  ],
  [
    'alice turned off backups of file system fs-0123456789abcdef0 in eu-west-1',
    ['fs-0123456789abcdef0'],
    ['protection'],
    call('fsx', 'UpdateFileSystem', {
      fileSystemId: 'fs-0123456789abcdef0',
      windowsConfiguration: { automaticBackupRetentionDays: 0 },
    }),
  ],
  [
    'alice updated public sharing settings in eu-west-1: public sharing on',
    [],
    ['public_access'],
    call('quicksight', 'UpdatePublicSharingSettings', {
      awsAccountId: '123456789012',
      publicSharingEnabled: true,
    }),
  ],
  [
    'alice updated the IP restriction in eu-west-1: enabled to false',
    [],
    [],
    call('quicksight', 'UpdateIpRestriction', {
      awsAccountId: '123456789012',
      enabled: false,
      ipRestrictionRuleMap: {},
    }),
  ],
  [
    'alice disabled region ap-east-1',
    [],
    [],
    call('account', 'DisableRegion', { regionName: 'ap-east-1' }),
  ],
]

it.each(CASES)('%s', (sentence, resources, risks, record) => {
  const change = read(record)
  expect(change.summary).toBe(sentence)
  expect(change.resources.map(({ id }) => id)).toEqual(resources)
  expect(change.risks.filter((risk) => /^(public_access|protection)$/.test(risk))).toEqual(risks)
})
