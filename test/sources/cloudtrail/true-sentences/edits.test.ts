/** What a call edits, opens or switches off, for kinds of parameters that many services share. */

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
    'alice changed database instance orders in eu-west-1: publicly accessible off, multi AZ on and allocated storage from 100 to 200, at once',
    ['orders'],
    [],
    call(
      'rds',
      'ModifyDBInstance',
      {
        dBInstanceIdentifier: 'orders',
        publiclyAccessible: false,
        multiAZ: true,
        allocatedStorage: 200,
        applyImmediately: true,
      },
      {
        dBInstanceIdentifier: 'orders',
        publiclyAccessible: false,
        allocatedStorage: 100,
        multiAZ: false,
        pendingModifiedValues: { allocatedStorage: 200, multiAZ: true },
      },
    ),
  ],
  [
    'alice changed database instance orders in eu-west-1: disabled log types audit and error',
    ['orders'],
    ['protection'],
    call('rds', 'ModifyDBInstance', {
      dBInstanceIdentifier: 'orders',
      cloudwatchLogsExportConfiguration: { disableLogTypes: ['audit', 'error'] },
    }),
  ],
  [
    'alice changed database proxy p in eu-west-1: require TLS to false and debug logging on',
    ['p'],
    ['protection'],
    call('rds', 'ModifyDBProxy', { dBProxyName: 'p', requireTLS: false, debugLogging: true }),
  ],
  [
    'alice changed option group og in eu-west-1: removed options MARIADB_AUDIT_PLUGIN',
    ['og'],
    [],
    call('rds', 'ModifyOptionGroup', {
      optionGroupName: 'og',
      optionsToRemove: ['MARIADB_AUDIT_PLUGIN'],
      applyImmediately: true,
    }),
  ],
  [
    'alice changed parameter group pg in eu-west-1: rds.force_ssl to 0',
    ['pg'],
    ['protection'],
    call('rds', 'ModifyDBParameterGroup', {
      dBParameterGroupName: 'pg',
      parameters: [
        { parameterName: 'rds.force_ssl', parameterValue: '0', applyMethod: 'immediate' },
      ],
    }),
  ],
  [
    'alice restored database cluster new from orders to a point in time in eu-west-1',
    ['new'],
    [],
    call('rds', 'RestoreDBClusterToPointInTime', {
      dBClusterIdentifier: 'new',
      sourceDBClusterIdentifier: 'orders',
      useLatestRestorableTime: true,
    }),
  ],
  [
    'alice restored database cluster new from database snapshot snap1 in eu-west-1, open to the internet',
    ['new', 'snap1'],
    ['public_access'],
    call('rds', 'RestoreDBClusterFromSnapshot', {
      dBClusterIdentifier: 'new',
      snapshotIdentifier: 'snap1',
      publiclyAccessible: true,
    }),
  ],
  [
    'alice copied database snapshot a to b in eu-west-1',
    ['b', 'a'],
    [],
    call('rds', 'CopyDBSnapshot', {
      sourceDBSnapshotIdentifier: 'arn:aws:rds:eu-west-1:123456789012:snapshot:a',
      targetDBSnapshotIdentifier: 'b',
    }),
  ],
  [
    'alice added source identifier orders to event subscription ops in eu-west-1',
    ['ops'],
    [],
    call('rds', 'AddSourceIdentifierToSubscription', {
      subscriptionName: 'ops',
      sourceIdentifier: 'orders',
    }),
  ],
  [
    'alice removed source identifier orders from event subscription ops in eu-west-1',
    ['ops'],
    [],
    call('rds', 'RemoveSourceIdentifierFromSubscription', {
      subscriptionName: 'ops',
      sourceIdentifier: 'orders',
    }),
  ],
  [
    'alice changed cache r in eu-west-1: auth token update strategy to DELETE, removed user group ids ug and new password',
    ['r'],
    [],
    call('elasticache', 'ModifyReplicationGroup', {
      replicationGroupId: 'r',
      authTokenUpdateStrategy: 'DELETE',
      authToken: 'abcdefghijklm',
      userGroupIdsToRemove: ['ug'],
    }),
  ],
  [
    'alice increased the replica count of cache r in eu-west-1: new replica count to 3',
    ['r'],
    [],
    call('elasticache', 'IncreaseReplicaCount', {
      replicationGroupId: 'r',
      newReplicaCount: 3,
      applyImmediately: true,
    }),
  ],
  [
    'alice changed user app in eu-west-1: no password required to true and access string to on ~* +@all',
    ['app'],
    ['protection'],
    call('elasticache', 'ModifyUser', {
      userId: 'app',
      noPasswordRequired: true,
      accessString: 'on ~* +@all',
    }),
  ],
  [
    'alice changed user group ug in eu-west-1: added user ids a and removed user ids b',
    ['ug'],
    [],
    call('elasticache', 'ModifyUserGroup', {
      userGroupId: 'ug',
      userIdsToAdd: ['a'],
      userIdsToRemove: ['b'],
    }),
  ],
  [
    'alice updated ACL a in eu-west-1: added user names x',
    ['a'],
    [],
    call('memorydb', 'UpdateACL', { aCLName: 'a', userNamesToAdd: ['x'] }),
  ],
  [
    'alice gave account 444455556666 access to snapshot s in eu-west-1',
    ['s'],
    [],
    call('redshift', 'AuthorizeSnapshotAccess', {
      snapshotIdentifier: 's',
      accountWithRestoreAccess: '444455556666',
    }),
  ],
  [
    'alice ended the access of account 444455556666 to snapshot s in eu-west-1',
    ['s'],
    [],
    call('redshift', 'RevokeSnapshotAccess', {
      snapshotIdentifier: 's',
      accountWithRestoreAccess: '444455556666',
    }),
  ],
  [
    'alice gave account 444455556666 access to warehouse w in eu-west-1',
    ['w'],
    [],
    call('redshift', 'AuthorizeEndpointAccess', {
      clusterIdentifier: 'w',
      account: '444455556666',
    }),
  ],
  [
    'alice changed IAM roles of warehouse w in eu-west-1: added IAM roles copy',
    ['w'],
    [],
    call('redshift', 'ModifyClusterIamRoles', {
      clusterIdentifier: 'w',
      addIamRoles: ['arn:aws:iam::123456789012:role/copy'],
    }),
  ],
  [
    'alice turned off log exports of namespace ns in eu-west-1: new admin user password',
    ['ns'],
    ['protection'],
    call('redshift-serverless', 'UpdateNamespace', {
      namespaceName: 'ns',
      adminUserPassword: 'secretpw1!',
      logExports: [],
    }),
  ],
  [
    'alice opened graph g-abc to the internet in eu-west-1: deletion protection off',
    ['g-abc'],
    ['public_access', 'protection'],
    call('neptune-graph', 'UpdateGraph', {
      graphIdentifier: 'g-abc',
      publicConnectivity: true,
      deletionProtection: false,
    }),
  ],
  [
    'alice created graph gg in eu-west-1, open to the internet',
    ['gg'],
    ['public_access'],
    call(
      'neptune-graph',
      'CreateGraph',
      { graphName: 'gg', publicConnectivity: true, provisionedMemory: 128 },
      { id: 'g-abc', name: 'gg' },
    ),
  ],
  [
    'alice opened search domain logs to the public with its policy in eu-west-1: everything',
    ['logs'],
    ['public_access', 'protection'],
    call('es', 'UpdateDomainConfig', {
      domainName: 'logs',
      accessPolicies:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*","Resource":"*"}]}',
      advancedSecurityOptions: { enabled: false },
    }),
  ],
  [
    'alice turned off domain endpoint options enforce HTTPS of search domain logs in eu-west-1',
    ['logs'],
    ['protection'],
    call('es', 'UpdateElasticsearchDomainConfig', {
      domainName: 'logs',
      domainEndpointOptions: { enforceHTTPS: false },
    }),
  ],
  [
    'alice gave account 444455556666 access to search domain logs in eu-west-1',
    ['logs'],
    [],
    call('es', 'AuthorizeVpcEndpointAccess', { domainName: 'logs', account: '444455556666' }),
  ],
  [
    'alice opened security policy net to the internet in eu-west-1: type to network, new policy and policy version to v1',
    ['net'],
    ['public_access'],
    call('aoss', 'UpdateSecurityPolicy', {
      name: 'net',
      type: 'network',
      policy:
        '[{"Rules":[{"ResourceType":"collection","Resource":["collection/logs"]}],"AllowFromPublic":true}]',
      policyVersion: 'v1',
    }),
  ],
  [
    'alice created security policy net in eu-west-1, open to the internet',
    ['net'],
    ['public_access'],
    call('aoss', 'CreateSecurityPolicy', {
      name: 'net',
      type: 'network',
      policy:
        '[{"Rules":[{"ResourceType":"collection","Resource":["collection/logs"]}],"AllowFromPublic":true}]',
    }),
  ],
  [
    'alice restored table orders2 from backup 0123 in eu-west-1',
    ['orders2', '0123'],
    [],
    call('dynamodb', 'RestoreTableFromBackup', {
      targetTableName: 'orders2',
      backupArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders/backup/0123',
    }),
  ],
  [
    'alice turned off contributor insights action of table orders in eu-west-1',
    ['orders'],
    [],
    call('dynamodb', 'UpdateContributorInsights', {
      tableName: 'orders',
      contributorInsightsAction: 'DISABLE',
    }),
  ],
  [
    'alice turned on versioning of bucket b in eu-west-1',
    ['b'],
    ['protection'],
    call('s3', 'PutBucketVersioning', {
      bucketName: 'b',
      VersioningConfiguration: { Status: 'Enabled', MfaDelete: 'Disabled' },
    }),
  ],
  [
    'alice let account 444455556666 invoke function f in eu-west-1',
    ['f'],
    [],
    call('lambda', 'AddPermission20150331v2', {
      functionName: 'f',
      statementId: 's',
      action: 'lambda:InvokeFunction',
      principal: '*',
      sourceAccount: '444455556666',
    }),
  ],
  [
    'alice turned off image scanning configuration scan on push of repository app in eu-west-1',
    ['app'],
    ['protection'],
    call('ecr', 'PutImageScanningConfiguration', {
      repositoryName: 'app',
      imageScanningConfiguration: { scanOnPush: false },
    }),
  ],
  [
    'alice changed topic alerts in eu-west-1: KMS master key id removed',
    ['alerts'],
    ['protection'],
    call('sns', 'SetTopicAttributes', {
      topicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts',
      attributeName: 'KmsMasterKeyId',
      attributeValue: '',
    }),
  ],
  [
    'alice removed permission l from topic alerts in eu-west-1',
    ['alerts'],
    [],
    call('sns', 'RemovePermission', {
      topicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts',
      label: 'l',
    }),
  ],
  [
    'alice set the data protection policy of topic alerts in eu-west-1: new data protection policy',
    ['alerts'],
    [],
    call('sns', 'PutDataProtectionPolicy', {
      resourceArn: 'arn:aws:sns:eu-west-1:123456789012:alerts',
      dataProtectionPolicy: '{"Name":"x","Statement":[]}',
    }),
  ],
  [
    'alice updated region settings in eu-west-1: resource type opt in preference RDS to false and resource type opt in preference EBS to true',
    [],
    ['protection'],
    call('backup', 'UpdateRegionSettings', {
      resourceTypeOptInPreference: { RDS: false, EBS: true },
    }),
  ],
  [
    'alice removed permission all from event bus default in eu-west-1',
    ['default'],
    [],
    call('events', 'RemovePermission', { eventBusName: 'default', statementId: 'all' }),
  ],
  [
    'alice decreased the retention period of stream clicks in eu-west-1: retention period hours to 24',
    ['clicks'],
    [],
    call('kinesis', 'DecreaseStreamRetentionPeriod', {
      streamName: 'clicks',
      retentionPeriodHours: 24,
    }),
  ],
  [
    'alice deregistered stream consumer app:1525898737 in eu-west-1',
    ['app:1525898737'],
    [],
    call('kinesis', 'DeregisterStreamConsumer', {
      consumerARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks/consumer/app:1525898737',
    }),
  ],
  [
    'alice removed the KMS key from log group /app in eu-west-1',
    ['/app'],
    ['protection'],
    call('logs', 'DisassociateKmsKey', { logGroupName: '/app' }),
  ],
  [
    'alice kept the logs of log group /app for 1 day in eu-west-1',
    ['/app'],
    [],
    call('logs', 'PutRetentionPolicy', { logGroupName: '/app', retentionInDays: 1 }),
  ],
  [
    'alice deleted the material of key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    ['protection'],
    call('kms', 'DeleteImportedKeyMaterial', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
  ],
  [
    'alice disconnected custom key store cks-1234 in eu-west-1',
    ['cks-1234'],
    [],
    call('kms', 'DisconnectCustomKeyStore', { customKeyStoreId: 'cks-1234' }),
  ],
  [
    'alice created resource share s of subnet subnet-0a1b2c3d with * in eu-west-1',
    ['abc', 'subnet-0a1b2c3d'],
    [],
    call(
      'ram',
      'CreateResourceShare',
      {
        name: 's',
        principals: ['*'],
        resourceArns: ['arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-0a1b2c3d'],
        allowExternalPrincipals: true,
      },
      {
        resourceShare: {
          resourceShareArn: 'arn:aws:ram:eu-west-1:123456789012:resource-share/abc',
          name: 's',
        },
      },
    ),
  ],
  [
    'alice added account 444455556666 to resource share abc in eu-west-1',
    ['abc'],
    [],
    call('ram', 'AssociateResourceShare', {
      resourceShareArn: 'arn:aws:ram:eu-west-1:123456789012:resource-share/abc',
      principals: ['444455556666'],
    }),
  ],
  [
    'alice removed account 444455556666 from resource share abc in eu-west-1',
    ['abc'],
    [],
    call('ram', 'DisassociateResourceShare', {
      resourceShareArn: 'arn:aws:ram:eu-west-1:123456789012:resource-share/abc',
      principals: ['444455556666'],
    }),
  ],
  [
    'alice revoked certificate 01:02 from certificate authority abc in eu-west-1',
    ['abc'],
    [],
    call('acm-pca', 'RevokeCertificate', {
      certificateAuthorityArn: 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/abc',
      certificateSerial: '01:02',
      revocationReason: 'KEY_COMPROMISE',
    }),
  ],
  [
    'alice turned off delete protection of firewall fw in eu-west-1',
    ['fw'],
    ['protection'],
    call('network-firewall', 'UpdateFirewallDeleteProtection', {
      firewallName: 'fw',
      deleteProtection: false,
    }),
  ],
  [
    'alice turned off logging configuration log destination configs of firewall fw in eu-west-1',
    ['fw'],
    ['protection'],
    call('network-firewall', 'UpdateLoggingConfiguration', {
      firewallName: 'fw',
      loggingConfiguration: { logDestinationConfigs: [] },
    }),
  ],
  [
    'alice opened 22/tcp to the public on instance web in eu-west-1',
    ['web'],
    ['public_access'],
    call('lightsail', 'OpenInstancePublicPorts', {
      instanceName: 'web',
      portInfo: { fromPort: 22, toPort: 22, protocol: 'tcp' },
    }),
  ],
  [
    'alice opened 22/tcp to 203.0.113.0/24 on instance web in eu-west-1',
    ['web'],
    [],
    call('lightsail', 'OpenInstancePublicPorts', {
      instanceName: 'web',
      portInfo: { fromPort: 22, toPort: 22, protocol: 'tcp', cidrs: ['203.0.113.0/24'] },
    }),
  ],
  [
    'alice opened 22/tcp to the public on instance web in eu-west-1',
    ['web'],
    ['public_access'],
    call('lightsail', 'PutInstancePublicPorts', {
      instanceName: 'web',
      portInfos: [{ fromPort: 22, toPort: 22, protocol: 'tcp', cidrs: ['0.0.0.0/0'] }],
    }),
  ],
  [
    'alice opened relational database db to the internet in eu-west-1: new master user password',
    ['db'],
    ['public_access'],
    call('lightsail', 'UpdateRelationalDatabase', {
      relationalDatabaseName: 'db',
      publiclyAccessible: true,
      masterUserPassword: 'hunter22',
    }),
  ],
  [
    'alice opened bucket b to the public in eu-west-1: access rules get object to public',
    ['b'],
    ['public_access'],
    call('lightsail', 'UpdateBucket', {
      bucketName: 'b',
      accessRules: { getObject: 'public', allowPublicOverrides: true },
    }),
  ],
  [
    'alice shared image ami-0a1b2c3d with organization o-1 in eu-west-1',
    ['ami-0a1b2c3d'],
    [],
    call('ec2', 'ModifyImageAttribute', {
      imageId: 'ami-0a1b2c3d',
      launchPermission: {
        add: {
          items: [{ organizationArn: 'arn:aws:organizations::123456789012:organization/o-1' }],
        },
      },
    }),
  ],
  [
    'alice opened fpga image afi-0a1b2c3d4e5f60718 to everyone in eu-west-1: attribute to loadPermission and operation type to add',
    ['afi-0a1b2c3d4e5f60718'],
    ['public_access'],
    call('ec2', 'ModifyFpgaImageAttribute', {
      ModifyFpgaImageAttributeRequest: {
        FpgaImageId: 'afi-0a1b2c3d4e5f60718',
        Attribute: 'loadPermission',
        UserGroup: { content: 'all', tag: 1 },
        OperationType: 'add',
      },
    }),
  ],
  [
    'alice allowed images to be shared with everyone in eu-west-1',
    [],
    ['public_access', 'protection'],
    call('ec2', 'DisableImageBlockPublicAccess', { DisableImageBlockPublicAccessRequest: {} }),
  ],
  [
    'alice opened 22/tcp to a large part of the internet (0.0.0.0/1) on security group default in eu-west-1',
    ['default'],
    ['public_access'],
    call('ec2', 'AuthorizeSecurityGroupIngress', {
      groupName: 'default',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 22,
            toPort: 22,
            ipRanges: { items: [{ cidrIp: '0.0.0.0/1' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice removed inbound 22/tcp from 10.0.0.0/8 on security group sg-1 in eu-west-1',
    ['sg-1'],
    [],
    call('ec2', 'RevokeSecurityGroupIngress', {
      groupId: 'sg-1',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 22,
            toPort: 22,
            ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice described inbound rules of security group sg-0a1b2c3d4e5f60718 as x in eu-west-1',
    ['sg-0a1b2c3d4e5f60718'],
    [],
    call('ec2', 'UpdateSecurityGroupRuleDescriptionsIngress', {
      UpdateSecurityGroupRuleDescriptionsIngressRequest: {
        GroupId: 'sg-0a1b2c3d4e5f60718',
        IpPermissions: {
          IpProtocol: 'tcp',
          FromPort: 22,
          ToPort: 22,
          IpRanges: { CidrIp: '0.0.0.0/0', Description: 'x', tag: 1 },
          tag: 1,
        },
      },
    }),
  ],
  [
    'alice changed VPC endpoint vpce-0a1b2c3d in eu-west-1: removed subnet id subnet-0a1b2c3d',
    ['vpce-0a1b2c3d', 'subnet-0a1b2c3d'],
    [],
    call('ec2', 'ModifyVpcEndpoint', {
      ModifyVpcEndpointRequest: {
        VpcEndpointId: 'vpce-0a1b2c3d',
        RemoveSubnetId: { content: 'subnet-0a1b2c3d', tag: 1 },
      },
    }),
  ],
  [
    'alice opened VPC endpoint service vpce-svc-0a1b2c3d to everyone in eu-west-1',
    ['vpce-svc-0a1b2c3d'],
    ['public_access'],
    call('ec2', 'ModifyVpcEndpointServicePermissions', {
      ModifyVpcEndpointServicePermissionsRequest: {
        ServiceId: 'vpce-svc-0a1b2c3d',
        AddAllowedPrincipals: { content: '*', tag: 1 },
      },
    }),
  ],
  [
    'alice changed instance i-0a1b2c3d4e5f60718 in eu-west-1: disable API stop to false',
    ['i-0a1b2c3d4e5f60718'],
    ['protection'],
    call('ec2', 'ModifyInstanceAttribute', {
      instanceId: 'i-0a1b2c3d4e5f60718',
      disableApiStop: { value: false },
    }),
  ],
  [
    'alice allowed version 1 of the metadata service on instance i-0a1b2c3d4e5f60718 in eu-west-1',
    ['i-0a1b2c3d4e5f60718'],
    ['protection'],
    call('ec2', 'ModifyInstanceMetadataOptions', {
      ModifyInstanceMetadataOptionsRequest: {
        InstanceId: 'i-0a1b2c3d4e5f60718',
        HttpTokens: 'optional',
        HttpPutResponseHopLimit: 2,
      },
    }),
  ],
  [
    'alice changed instance metadata defaults in eu-west-1: http tokens to optional',
    [],
    ['protection'],
    call('ec2', 'ModifyInstanceMetadataDefaults', {
      ModifyInstanceMetadataDefaultsRequest: { HttpTokens: 'optional' },
    }),
  ],
  [
    'alice removed instance profile web from instance i-0a1b2c3d4e5f60718 in eu-west-1',
    ['i-0a1b2c3d4e5f60718', 'iip-assoc-0a1b2c3d4e5f60718'],
    [],
    call(
      'ec2',
      'DisassociateIamInstanceProfile',
      { associationId: 'iip-assoc-0a1b2c3d4e5f60718' },
      {
        iamInstanceProfileAssociation: {
          associationId: 'iip-assoc-0a1b2c3d4e5f60718',
          instanceId: 'i-0a1b2c3d4e5f60718',
          iamInstanceProfile: { arn: 'arn:aws:iam::123456789012:instance-profile/web' },
        },
      },
    ),
  ],
  [
    'alice replaced the instance profile of instance i-0a1b2c3d4e5f60718 with admin in eu-west-1',
    ['iip-assoc-0a1b2c3d4e5f60718', 'i-0a1b2c3d4e5f60718'],
    [],
    call(
      'ec2',
      'ReplaceIamInstanceProfileAssociation',
      {
        ReplaceIamInstanceProfileAssociationRequest: {
          AssociationId: 'iip-assoc-0a1b2c3d4e5f60718',
          IamInstanceProfile: { Name: 'admin' },
        },
      },
      {
        ReplaceIamInstanceProfileAssociationResponse: {
          iamInstanceProfileAssociation: { instanceId: 'i-0a1b2c3d4e5f60718' },
        },
      },
    ),
  ],
  [
    'alice removed 10.2.0.0/16 from VPC vpc-0a1b2c3d in eu-west-1',
    ['vpc-0a1b2c3d'],
    [],
    call(
      'ec2',
      'DisassociateVpcCidrBlock',
      { DisassociateVpcCidrBlockRequest: { AssociationId: 'vpc-cidr-assoc-0a1b2c3d4e5f60718' } },
      {
        DisassociateVpcCidrBlockResponse: {
          vpcId: 'vpc-0a1b2c3d',
          cidrBlockAssociation: { cidrBlock: '10.2.0.0/16' },
        },
      },
    ),
  ],
  [
    'alice moved association aclassoc-0a1b2c3d to network ACL acl-0a1b2c3d in eu-west-1',
    ['acl-0a1b2c3d', 'aclassoc-0a1b2c3e', 'aclassoc-0a1b2c3d'],
    [],
    call(
      'ec2',
      'ReplaceNetworkAclAssociation',
      { associationId: 'aclassoc-0a1b2c3d', networkAclId: 'acl-0a1b2c3d' },
      { newAssociationId: 'aclassoc-0a1b2c3e' },
    ),
  ],
  [
    'alice moved association rtbassoc-0a1b2c3d to route table rtb-0a1b2c3d in eu-west-1',
    ['rtb-0a1b2c3d', 'rtbassoc-0a1b2c3e', 'rtbassoc-0a1b2c3d'],
    [],
    call(
      'ec2',
      'ReplaceRouteTableAssociation',
      { associationId: 'rtbassoc-0a1b2c3d', routeTableId: 'rtb-0a1b2c3d' },
      { newAssociationId: 'rtbassoc-0a1b2c3e' },
    ),
  ],
  [
    'alice changed prefix list pl-0a1b2c3d4e5f60718 in eu-west-1: added entry CIDR 0.0.0.0/0',
    ['pl-0a1b2c3d4e5f60718'],
    [],
    call('ec2', 'ModifyManagedPrefixList', {
      ModifyManagedPrefixListRequest: {
        PrefixListId: 'pl-0a1b2c3d4e5f60718',
        AddEntry: { Cidr: '0.0.0.0/0', tag: 1 },
        CurrentVersion: 1,
      },
    }),
  ],
  [
    'alice put network interface eni-0a1b2c3d into security group sg-0a1b2c3d4e5f60718 in eu-west-1',
    ['eni-0a1b2c3d'],
    [],
    call('ec2', 'ModifyNetworkInterfaceAttribute', {
      networkInterfaceId: 'eni-0a1b2c3d',
      groupSet: { items: [{ groupId: 'sg-0a1b2c3d4e5f60718' }] },
    }),
  ],
  [
    'alice changed VPC block public access options in eu-west-1: internet gateway block mode to off',
    [],
    ['public_access', 'protection'],
    call('ec2', 'ModifyVpcBlockPublicAccessOptions', {
      ModifyVpcBlockPublicAccessOptionsRequest: { InternetGatewayBlockMode: 'off' },
    }),
  ],
  [
    'alice created a block public access exclusion for VPC vpc-0a1b2c3d in eu-west-1',
    ['vpc-0a1b2c3d'],
    ['public_access'],
    call('ec2', 'CreateVpcBlockPublicAccessExclusion', {
      CreateVpcBlockPublicAccessExclusionRequest: {
        VpcId: 'vpc-0a1b2c3d',
        InternetGatewayExclusionMode: 'allow-bidirectional',
      },
    }),
  ],
  [
    'alice created image ami-0a1b2c3e from instance i-0a1b2c3d4e5f60718 in eu-west-1',
    ['ami-0a1b2c3e', 'i-0a1b2c3d4e5f60718'],
    [],
    call(
      'ec2',
      'CreateImage',
      { instanceId: 'i-0a1b2c3d4e5f60718', name: 'backup' },
      { imageId: 'ami-0a1b2c3e' },
    ),
  ],
  [
    'alice copied snapshot snap-0a1b2c3d of us-east-1 to snap-0a1b2c3e in eu-west-1',
    ['snap-0a1b2c3e', 'snap-0a1b2c3d'],
    [],
    call(
      'ec2',
      'CopySnapshot',
      { sourceRegion: 'us-east-1', sourceSnapshotId: 'snap-0a1b2c3d', encrypted: false },
      { snapshotId: 'snap-0a1b2c3e' },
    ),
  ],
  [
    'alice created a task for image ami-0a1b2c3d in eu-west-1',
    ['ami-0a1b2c3d', 'elsewhere'],
    [],
    call('ec2', 'CreateStoreImageTask', {
      CreateStoreImageTaskRequest: { ImageId: 'ami-0a1b2c3d', Bucket: 'elsewhere' },
    }),
  ],
  [
    'alice turned off connection log options of client VPN endpoint cvpn-endpoint-0a1b2c3d4e5f60718 in eu-west-1',
    ['cvpn-endpoint-0a1b2c3d4e5f60718'],
    ['protection'],
    call('ec2', 'ModifyClientVpnEndpoint', {
      ModifyClientVpnEndpointRequest: {
        ClientVpnEndpointId: 'cvpn-endpoint-0a1b2c3d4e5f60718',
        ConnectionLogOptions: { Enabled: false },
      },
    }),
  ],
  [
    'alice changed cluster prod in eu-west-1: public access CIDRs to 0.0.0.0/0',
    ['prod'],
    ['public_access'],
    call('eks', 'UpdateClusterConfig', {
      name: 'prod',
      resourcesVpcConfig: { publicAccessCidrs: ['0.0.0.0/0'] },
    }),
  ],
  [
    'alice updated the security of Kafka cluster c in eu-west-1: client authentication unauthenticated on and encryption info encryption in transit client broker to PLAINTEXT',
    ['c'],
    ['protection'],
    call('kafka', 'UpdateSecurity', {
      clusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/abc',
      clientAuthentication: { unauthenticated: { enabled: true } },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'PLAINTEXT' } },
    }),
  ],
  [
    'alice removed secret AmazonMSK_x from Kafka cluster c in eu-west-1',
    ['AmazonMSK_x', 'c'],
    [],
    call('kafka', 'BatchDisassociateScramSecret', {
      clusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/abc',
      secretArnList: ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_x'],
    }),
  ],
  [
    'alice updated broker b-1234 in eu-west-1: logs audit off and logs general off',
    ['b-1234'],
    ['protection'],
    call('mq', 'UpdateBroker', { brokerId: 'b-1234', logs: { audit: false, general: false } }),
  ],
  [
    'alice created service web in eu-west-1, open to the internet',
    ['web'],
    ['public_access'],
    call(
      'apprunner',
      'CreateService',
      {
        serviceName: 'web',
        networkConfiguration: { ingressConfiguration: { isPubliclyAccessible: true } },
        sourceConfiguration: {
          imageRepository: {
            imageConfiguration: { runtimeEnvironmentVariables: { API_KEY: 'abc123def' } },
          },
        },
      },
      {
        service: {
          serviceName: 'web',
          serviceArn: 'arn:aws:apprunner:eu-west-1:123456789012:service/web/abc',
        },
      },
    ),
  ],
  [
    'alice opened service abc to the internet in eu-west-1',
    ['abc'],
    ['public_access'],
    call('apprunner', 'UpdateService', {
      serviceArn: 'arn:aws:apprunner:eu-west-1:123456789012:service/web/abc',
      networkConfiguration: { ingressConfiguration: { isPubliclyAccessible: true } },
    }),
  ],
  [
    'alice updated stage prod of API abcde12345 in eu-west-1: access log settings removed',
    ['prod', 'abcde12345'],
    ['protection'],
    call('apigateway', 'UpdateStage', {
      restApiId: 'abcde12345',
      stageName: 'prod',
      patchOperations: [{ op: 'remove', path: '/accessLogSettings' }],
    }),
  ],
  [
    'alice turned off deletion protection of user pool eu-west-1_abc in eu-west-1: admin create user config allow admin create user only to false',
    ['eu-west-1_abc'],
    ['protection'],
    call('cognito-idp', 'UpdateUserPool', {
      userPoolId: 'eu-west-1_abc',
      deletionProtection: 'INACTIVE',
      adminCreateUserConfig: { allowAdminCreateUserOnly: false },
    }),
  ],
  [
    'alice updated user pool client cl of user pool eu-west-1_abc in eu-west-1: client name to web and callback URLs to https://x',
    ['eu-west-1_abc', 'cl'],
    [],
    call('cognito-idp', 'UpdateUserPoolClient', {
      userPoolId: 'eu-west-1_abc',
      clientId: 'cl',
      clientName: 'web',
      callbackURLs: ['https://x'],
    }),
  ],
  [
    'alice disassociated distribution web ACL E123',
    ['E123'],
    ['protection'],
    call('cloudfront', 'DisassociateDistributionWebACL', { id: 'E123' }),
  ],
  [
    'alice updated origin access control x: origin access control config signing behavior to never',
    ['x'],
    [],
    call('cloudfront', 'UpdateOriginAccessControl', {
      id: 'OAC1',
      originAccessControlConfig: { name: 'x', signingBehavior: 'never' },
    }),
  ],
]

it.each(CASES)('%s', (sentence, resources, risks, record) => {
  const change = read(record)
  expect(change.summary).toBe(sentence)
  expect(change.resources.map(({ id }) => id)).toEqual(resources)
  expect(change.risks.filter((risk) => /^(public_access|protection)$/.test(risk))).toEqual(risks)
})
