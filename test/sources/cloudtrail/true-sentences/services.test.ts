/** One sentence for each kind of call that was once misread: messaging, delivery, domains, monitoring and other services. */

import { describe } from 'vitest'
import { ACCOUNT, call } from '../../../../testing/cloudtrail/records.ts'
import {
  arnOf,
  PUBLIC_POLICY,
  type Sentence,
  testSentences,
} from '../../../../testing/cloudtrail/sentences.ts'

const CASES: Sentence[] = [
  [
    'alice removed tag a from parameter /app/x in eu-west-1',
    ['/app/x'],
    false,
    call('ssm', 'RemoveTagsFromResource', {
      resourceType: 'Parameter',
      resourceId: '/app/x',
      tagKeys: ['a'],
    }),
  ],
  [
    'alice tagged hosted zone Z1 with a, and removed tag c',
    ['Z1'],
    false,
    call('route53', 'ChangeTagsForResource', {
      resourceType: 'hostedzone',
      resourceId: 'Z1',
      addTags: [{ key: 'a', value: 'b' }],
      removeTagKeys: ['c'],
    }),
  ],
  [
    'alice tagged queue jobs with a in eu-west-1',
    ['jobs'],
    false,
    call('sqs', 'TagQueue', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      tags: { a: 'b' },
    }),
  ],
  [
    'alice removed resolver rule rslvr-rr-1 from VPC vpc-0123456789abcdef0 in eu-west-1',
    ['rslvr-rr-1', 'vpc-0123456789abcdef0'],
    false,
    call('route53resolver', 'DisassociateResolverRule', {
      vPCId: 'vpc-0123456789abcdef0',
      resolverRuleId: 'rslvr-rr-1',
    }),
  ],
  [
    'alice removed connection dxcon-1 from lag dxlag-1 in eu-west-1',
    ['dxcon-1', 'dxlag-1'],
    false,
    call('directconnect', 'DisassociateConnectionFromLag', {
      connectionId: 'dxcon-1',
      lagId: 'dxlag-1',
    }),
  ],
  [
    'alice removed approval rule template two from repository shop in eu-west-1',
    ['two', 'shop'],
    false,
    call('codecommit', 'DisassociateApprovalRuleTemplateFromRepository', {
      approvalRuleTemplateName: 'two',
      repositoryName: 'shop',
    }),
  ],
  [
    'alice opened queue jobs to everyone in eu-west-1',
    ['jobs'],
    true,
    call('sqs', 'AddPermission', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      label: 'all',
      actions: ['SendMessage'],
      aWSAccountIds: ['*'],
    }),
  ],
  [
    'alice opened topic t to everyone in eu-west-1',
    ['t'],
    true,
    call('sns', 'AddPermission', {
      topicArn: arnOf('sns', 't'),
      label: 'l',
      aWSAccountId: ['*'],
      actionName: ['Publish'],
    }),
  ],
  [
    'alice opened queue jobs to the world with its policy in eu-west-1: x:Get',
    ['jobs'],
    true,
    call('sqs', 'SetQueueAttributes', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      attributes: { Policy: PUBLIC_POLICY },
    }),
  ],
  [
    'alice opened API a1 to everyone in eu-west-1, with no authorization',
    ['a1'],
    true,
    call('apigateway', 'PutMethod', {
      restApiId: 'a1',
      resourceId: 'r1',
      httpMethod: 'GET',
      authorizationType: 'NONE',
    }),
  ],
  [
    'alice opened API a1 to everyone in eu-west-1, with no authorization',
    ['a1'],
    true,
    call('apigateway', 'UpdateMethod', {
      restApiId: 'a1',
      resourceId: 'r1',
      httpMethod: 'GET',
      patchOperations: [{ op: 'replace', path: '/authorizationType', value: 'NONE' }],
    }),
  ],
  [
    'alice created route GET / in API a1 in eu-west-1, open to everyone, with no authorization',
    ['GET /', 'a1'],
    true,
    call('apigateway', 'CreateRoute', {
      apiId: 'a1',
      routeKey: 'GET /',
      authorizationType: 'NONE',
    }),
  ],
  [
    'alice opened event bus default to everyone in eu-west-1',
    ['default'],
    true,
    call('events', 'PutPermission', {
      statementId: 'x',
      principal: '*',
      action: 'events:PutEvents',
      eventBusName: 'default',
    }),
  ],
  [
    'alice opened resource policy p to the public with its policy in eu-west-1: x:Get',
    ['p'],
    true,
    call('logs', 'PutResourcePolicy', { policyName: 'p', policyDocument: PUBLIC_POLICY }),
  ],
  [
    'alice opened application x to everyone in eu-west-1',
    ['x'],
    true,
    call('serverlessrepo', 'PutApplicationPolicy', {
      applicationId: arnOf('serverlessrepo', 'applications/x'),
      statements: [{ principals: ['*'], actions: ['Deploy'] }],
    }),
  ],
  [
    'alice created policy p in eu-west-1',
    ['p'],
    false,
    call('iot', 'CreatePolicy', {
      policyName: 'p',
      policyDocument: JSON.stringify({
        Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
      }),
    }),
  ],
  [
    'alice silenced alarm a in eu-west-1',
    ['a'],
    false,
    call('monitoring', 'DisableAlarmActions', { alarmNames: ['a'] }),
  ],
  [
    'alice set alarm a for CPU over 1 in eu-west-1, with its actions off',
    ['a'],
    false,
    call('monitoring', 'PutMetricAlarm', {
      alarmName: 'a',
      actionsEnabled: false,
      metricName: 'CPU',
      threshold: 1,
      comparisonOperator: 'GreaterThanThreshold',
    }),
  ],
  [
    'alice updated stage prod of API a1 in eu-west-1: access log settings removed',
    ['prod', 'a1'],
    false,
    call('apigateway', 'UpdateStage', {
      restApiId: 'a1',
      stageName: 'prod',
      patchOperations: [{ op: 'remove', path: '/accessLogSettings' }],
    }),
  ],
  [
    'alice deleted query logging config q1',
    ['q1'],
    false,
    call('route53', 'DeleteQueryLoggingConfig', { id: 'q1' }),
  ],
  [
    'alice attached policy p to certificate abc in eu-west-1',
    ['p', 'abc'],
    false,
    call('iot', 'AttachPolicy', { policyName: 'p', target: arnOf('iot', 'cert/abc') }),
  ],
  [
    'alice detached the principal from thing th in eu-west-1',
    ['th', 'abc'],
    false,
    call('iot', 'DetachThingPrincipal', { thingName: 'th', principal: arnOf('iot', 'cert/abc') }),
  ],
  [
    'alice registered instance host-1 in eu-west-1',
    ['host-1'],
    false,
    call('servicediscovery', 'RegisterInstance', {
      serviceId: 'srv-1',
      instanceId: 'host-1',
      attributes: { AWS_INSTANCE_IPV4: '10.0.0.1' },
    }),
  ],
  [
    'alice created a key for API a1 in eu-west-1',
    ['a1'],
    false,
    call('appsync', 'CreateApiKey', { apiId: 'a1' }, { apiKey: { id: 'da2-abc' } }),
  ],
  [
    'alice updated pipeline p in eu-west-1: pipeline version to 2',
    ['p'],
    false,
    call('codepipeline', 'UpdatePipeline', { pipeline: { name: 'p', version: 2 } }),
  ],
  [
    'alice created state machine sm in eu-west-1',
    ['sm'],
    false,
    call(
      'states',
      'CreateStateMachine',
      { name: 'sm', definition: '{}' },
      { stateMachineArn: arnOf('states', 'stateMachine:sm') },
    ),
  ],
  [
    'alice tried to make rule r call f in eu-west-1, but it failed: no',
    ['r', 'f'],
    false,
    call(
      'events',
      'PutTargets',
      { rule: 'r', targets: [{ id: '1', arn: arnOf('lambda', 'function:f') }] },
      {
        failedEntryCount: 1,
        failedEntries: [
          { targetId: '1', errorCode: 'ResourceNotFoundException', errorMessage: 'no' },
        ],
      },
    ),
  ],
  [
    'alice updated document Deploy in eu-west-1: content to {}',
    ['Deploy'],
    false,
    call('ssm', 'UpdateDocument', { name: 'Deploy', content: '{}' }),
  ],
  [
    'alice started automation AWS-RestartEC2Instance in eu-west-1',
    ['AWS-RestartEC2Instance'],
    false,
    call(
      'ssm',
      'StartAutomationExecution',
      {
        documentName: 'AWS-RestartEC2Instance',
        parameters: { InstanceId: ['i-0123456789abcdef0'] },
      },
      { automationExecutionId: '1-2' },
    ),
  ],
  [
    'alice created distribution E1',
    ['E1'],
    false,
    call(
      'cloudfront',
      'CreateDistribution',
      { distributionConfig: { comment: 'shop' } },
      { distribution: { id: 'E1', aRN: `arn:aws:cloudfront::${ACCOUNT}:distribution/E1` } },
    ),
  ],
  [
    'alice updated distribution E1',
    ['E1'],
    false,
    call('cloudfront', 'UpdateDistribution', {
      id: 'E1',
      distributionConfig: { enabled: true, comment: 'x' },
    }),
  ],
  [
    'alice associated alias shop.example.com with distribution E1',
    ['shop.example.com', 'E1'],
    false,
    call('cloudfront', 'AssociateAlias', { targetDistributionId: 'E1', alias: 'shop.example.com' }),
  ],
  [
    'alice sent a message to queue jobs in eu-west-1',
    ['jobs'],
    false,
    call('sqs', 'SendMessage', { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs' }),
  ],
  [
    'alice published to topic alerts in eu-west-1',
    ['alerts'],
    false,
    call('sns', 'PublishBatch', { topicArn: arnOf('sns', 'alerts') }),
  ],
  [
    'alice ended subscription alerts:1-2 in eu-west-1',
    ['alerts:1-2'],
    false,
    call('sns', 'Unsubscribe', { subscriptionArn: arnOf('sns', 'alerts:1-2') }),
  ],
  [
    'alice associated key 1234abcd-12ab-34cd-56ef-1234567890ab with log group /a in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab', '/a'],
    false,
    call('logs', 'AssociateKmsKey', {
      logGroupName: '/a',
      kmsKeyId: arnOf('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
    }),
  ],
  [
    'alice removed the KMS key from log group /a in eu-west-1',
    ['/a'],
    false,
    call('logs', 'DisassociateKmsKey', { logGroupName: '/a' }),
  ],
  [
    'alice removed tag a from distribution E1',
    ['E1'],
    false,
    call('cloudfront', 'UntagResource', {
      resource: `arn:aws:cloudfront::${ACCOUNT}:distribution/E1`,
      tagKeys: { items: ['a'] },
    }),
  ],
  [
    'alice removed tag a from function pay in eu-west-1',
    ['pay'],
    false,
    call('tagging', 'UntagResources', {
      resourceARNList: [arnOf('lambda', 'function:pay')],
      tagKeys: ['a'],
    }),
  ],
  [
    'alice tagged function pay with a in eu-west-1',
    ['pay', 'q'],
    false,
    call('tagging', 'TagResources', {
      resourceARNList: [arnOf('lambda', 'function:pay'), arnOf('sqs', 'q')],
      tags: { a: 'b' },
    }),
  ],
  [
    'alice associated VPC vpc-0a1b2c3d4e5f60718 with hosted zone Z1',
    ['vpc-0a1b2c3d4e5f60718', 'Z1'],
    false,
    call('route53', 'AssociateVPCWithHostedZone', {
      hostedZoneId: 'Z1',
      vPC: { vPCId: 'vpc-0a1b2c3d4e5f60718', vPCRegion: 'us-east-1' },
    }),
  ],
  [
    'alice deleted API a1 in eu-west-1',
    ['a1'],
    false,
    call('apigateway', 'DeleteRestApi', { restApiId: 'a1' }),
  ],
  [
    'alice opened API a1 to the public with its policy in eu-west-1: x:Get',
    ['a1'],
    true,
    call('apigateway', 'UpdateRestApi', {
      restApiId: 'a1',
      patchOperations: [{ op: 'replace', path: '/policy', value: PUBLIC_POLICY }],
    }),
  ],
  [
    'alice deleted route r1 of API a1 in eu-west-1',
    ['r1', 'a1'],
    false,
    call('apigateway', 'DeleteRoute', { apiId: 'a1', routeId: 'r1' }),
  ],
  [
    'alice created API key k in eu-west-1',
    ['k'],
    false,
    call('apigateway', 'CreateApiKey', { name: 'k', value: 's3cr3tvalue' }),
  ],
  [
    'alice created graphql API g in eu-west-1',
    ['g'],
    false,
    call('appsync', 'CreateGraphqlApi', { name: 'g', authenticationType: 'API_KEY' }),
  ],
  [
    'alice removed permission x from topic t in eu-west-1',
    ['t'],
    false,
    call('sns', 'RemovePermission', { topicArn: arnOf('sns', 't'), label: 'x' }),
  ],
  [
    'alice opened topic t to the world with its policy in eu-west-1: x:Get',
    ['t'],
    true,
    call('sns', 'SetTopicAttributes', {
      topicArn: arnOf('sns', 't'),
      attributeName: 'Policy',
      attributeValue: PUBLIC_POLICY,
    }),
  ],
  [
    'alice removed permission x from event bus default in eu-west-1',
    ['default'],
    false,
    call('events', 'RemovePermission', { statementId: 'x', eventBusName: 'default' }),
  ],
  [
    'alice deactivated event source e in eu-west-1',
    ['e'],
    false,
    call('events', 'DeactivateEventSource', { name: 'e' }),
  ],
  [
    'alice removed thing t from thing group g in eu-west-1',
    ['t', 'g'],
    false,
    call('iot', 'RemoveThingFromThingGroup', { thingName: 't', thingGroupName: 'g' }),
  ],
  [
    'alice deleted subscription filter f of log group /a in eu-west-1',
    ['f', '/a'],
    false,
    call('logs', 'DeleteSubscriptionFilter', { logGroupName: '/a', filterName: 'f' }),
  ],
  [
    'alice deleted alarms a and b in eu-west-1',
    ['a', 'b'],
    false,
    call('monitoring', 'DeleteAlarms', { alarmNames: ['a', 'b'] }),
  ],
  [
    'alice created an export task for log group /a in eu-west-1',
    ['/a'],
    false,
    call('logs', 'CreateExportTask', {
      logGroupName: '/a',
      destination: 'elsewhere',
      from: 1,
      to: 2,
    }),
  ],
  [
    'alice opened repository r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('codeartifact', 'PutRepositoryPermissionsPolicy', {
      domain: 'd',
      repository: 'r',
      policyDocument: PUBLIC_POLICY,
    }),
  ],
  [
    'alice opened identity example.com to the public with its policy in eu-west-1: x:Get',
    ['example.com'],
    true,
    call('ses', 'PutIdentityPolicy', {
      identity: 'example.com',
      policyName: 'p',
      policy: PUBLIC_POLICY,
    }),
  ],
  [
    'alice shared document d with everyone in eu-west-1',
    ['d'],
    true,
    call('ssm', 'ModifyDocumentPermission', {
      name: 'd',
      permissionType: 'Share',
      accountIdsToAdd: ['all'],
    }),
  ],
  [
    'alice stopped canary c in eu-west-1',
    ['c'],
    false,
    call('synthetics', 'StopCanary', { name: 'c' }),
  ],
  [
    'alice started a deployment for app a in eu-west-1',
    ['a'],
    false,
    call('amplify', 'StartDeployment', { appId: 'a', branchName: 'main' }),
  ],
  [
    'alice associated the wireless gateway with thing t in eu-west-1',
    ['t'],
    false,
    call('iotwireless', 'AssociateWirelessGatewayWithThing', {
      id: 'g1',
      thingArn: arnOf('iot', 'thing/t'),
    }),
  ],
  [
    'alice removed the contact flow from phone number p1 in eu-west-1',
    ['p1'],
    false,
    call('connect', 'DisassociatePhoneNumberContactFlow', {
      phoneNumberId: 'p1',
      instanceId: '1234-5',
    }),
  ],
  [
    'alice updated endpoint group 098765zyxwvu: traffic dial percentage to 0',
    ['098765zyxwvu'],
    false,
    call('globalaccelerator', 'UpdateEndpointGroup', {
      endpointGroupArn:
        'arn:aws:globalaccelerator::123456789012:accelerator/1234abcd/listener/0123vxyz/endpoint-group/098765zyxwvu',
      trafficDialPercentage: 0,
    }),
  ],
  [
    'alice created link def in sink abc in eu-west-1',
    ['def', 'abc'],
    false,
    call(
      'oam',
      'CreateLink',
      { sinkIdentifier: arnOf('oam', 'sink/abc') },
      { arn: arnOf('oam', 'link/def'), id: 'def' },
    ),
  ],
  [
    'alice created job 1700000000000-abcdef in queue Default in eu-west-1',
    ['1700000000000-abcdef', 'Default'],
    false,
    call(
      'mediaconvert',
      'CreateJob',
      { queue: arnOf('mediaconvert', 'queues/Default') },
      { job: { arn: arnOf('mediaconvert', 'jobs/1700000000000-abcdef') } },
    ),
  ],
  [
    'alice created policy P1 in eu-west-1',
    ['P1'],
    false,
    call(
      'verifiedpermissions',
      'CreatePolicy',
      { policyStoreId: 'PS1' },
      { policyStoreId: 'PS1', policyId: 'P1' },
    ),
  ],
  [
    'alice updated environment def5678 in eu-west-1: description to live',
    ['def5678'],
    false,
    call('appconfig', 'UpdateEnvironment', {
      applicationId: 'abc1234',
      environmentId: 'def5678',
      description: 'live',
    }),
  ],
  [
    'alice increased the replication factor of cluster cache in eu-west-1: new replication factor to 5',
    ['cache'],
    false,
    call('dax', 'IncreaseReplicationFactor', { clusterName: 'cache', newReplicationFactor: 5 }),
  ],
  [
    'alice created a cli token for environment etl in eu-west-1',
    ['etl'],
    false,
    call('airflow', 'CreateCliToken', { name: 'etl' }),
  ],
  [
    'alice opened environment etl to the public in eu-west-1: webserver access mode to PUBLIC_ONLY',
    ['etl'],
    true,
    call('airflow', 'UpdateEnvironment', { name: 'etl', webserverAccessMode: 'PUBLIC_ONLY' }),
  ],
  [
    'alice opened fleet fleet-1 to the public in eu-west-1',
    ['fleet-1'],
    true,
    call('gamelift', 'UpdateFleetPortSettings', {
      fleetId: 'fleet-1',
      inboundPermissionAuthorizations: [{ fromPort: 7777, ipRange: '0.0.0.0/0' }],
    }),
  ],
  [
    'alice deleted stream cam in eu-west-1',
    ['cam'],
    false,
    call('kinesisvideo', 'DeleteStream', {
      streamARN: arnOf('kinesisvideo', 'stream/cam/1700000000000'),
    }),
  ],
  [
    'alice created permissions for resource doc1 in eu-west-1, open to everyone',
    ['doc1'],
    true,
    call('workdocs', 'CreateResourcePermissions', {
      resourceId: 'doc1',
      principals: [{ id: 'anonymous', type: 'ANONYMOUS', role: 'VIEWER' }],
    }),
  ],
  [
    'alice shut down gateway sgw-0a1b in eu-west-1',
    ['sgw-0a1b'],
    false,
    call('storagegateway', 'ShutdownGateway', {
      gatewayARN: arnOf('storagegateway', 'gateway/sgw-0a1b'),
    }),
  ],
]

describe('a call', () => testSentences(CASES))
