/** One sentence for each kind of call that was once misread: identities, keys, certificates, audit and detection. */

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
    'alice tagged certificate 1234 with env in eu-west-1',
    ['1234'],
    false,
    call('acm', 'AddTagsToCertificate', {
      certificateArn: arnOf('acm', 'certificate/1234'),
      tags: [{ key: 'env', value: 'prod' }],
    }),
  ],
  [
    'alice removed tag a from trail t in eu-west-1',
    ['t'],
    false,
    call('cloudtrail', 'RemoveTags', {
      resourceId: arnOf('cloudtrail', 'trail/t'),
      tagsList: [{ key: 'a' }],
    }),
  ],
  [
    'alice removed regions from the replication of secret db in eu-west-1',
    ['db'],
    false,
    call('secretsmanager', 'RemoveRegionsFromReplication', {
      secretId: 'db',
      removeReplicaRegions: ['eu-west-2'],
    }),
  ],
  [
    'alice replicated secret db to regions in eu-west-1',
    ['db'],
    false,
    call('secretsmanager', 'ReplicateSecretToRegions', {
      secretId: 'db',
      addReplicaRegions: [{ region: 'eu-west-2' }],
    }),
  ],
  [
    'alice added user u1 to group admins in eu-west-1',
    ['u1', 'admins', 'eu_1'],
    false,
    call('cognito-idp', 'AdminAddUserToGroup', {
      userPoolId: 'eu_1',
      username: 'u1',
      groupName: 'admins',
    }),
  ],
  [
    'alice set the password of user u1 in eu-west-1: new password and permanent to true',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminSetUserPassword', {
      userPoolId: 'eu_1',
      username: 'u1',
      password: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      permanent: true,
    }),
  ],
  [
    'alice disabled user u1 of user pool eu_1 in eu-west-1',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminDisableUser', { userPoolId: 'eu_1', username: 'u1' }),
  ],
  [
    'alice reset the password of user u1 in eu-west-1',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminResetUserPassword', { userPoolId: 'eu_1', username: 'u1' }),
  ],
  [
    'alice associated web ACL main with load balancer web in eu-west-1',
    ['main', 'web'],
    false,
    call('wafv2', 'AssociateWebACL', {
      webACLArn: arnOf('wafv2', 'regional/webacl/main/123'),
      resourceArn: arnOf('elasticloadbalancing', 'loadbalancer/app/web/50dc6c495c0c9188'),
    }),
  ],
  [
    'alice retired grant g1 of key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['g1', '1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'RetireGrant', {
      keyId: arnOf('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
      grantId: 'g1',
    }),
  ],
  [
    'alice opened key 1234abcd-12ab-34cd-56ef-1234567890ab to the world with its policy in eu-west-1: x:Get',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    true,
    call('kms', 'PutKeyPolicy', {
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      policyName: 'default',
      policy: PUBLIC_POLICY,
    }),
  ],
  [
    'alice created key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1, open to the public with its policy (x:Get)',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    true,
    call(
      'kms',
      'CreateKey',
      { policy: PUBLIC_POLICY },
      {
        keyMetadata: {
          keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
          arn: arnOf('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
        },
      },
    ),
  ],
  [
    'alice opened secret db to the world with its policy in eu-west-1: x:Get',
    ['db'],
    true,
    call('secretsmanager', 'PutResourcePolicy', { secretId: 'db', resourcePolicy: PUBLIC_POLICY }),
  ],
  [
    'alice opened backup vault v to the public with its policy in eu-west-1: x:Get',
    ['v'],
    true,
    call('backup', 'PutBackupVaultAccessPolicy', { backupVaultName: 'v', policy: PUBLIC_POLICY }),
  ],
  [
    'alice turned off GuardDuty in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'UpdateDetector', { detectorId: 'd1', enable: false }),
  ],
  [
    'alice turned off GuardDuty in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'DeleteDetector', { detectorId: 'd1' }),
  ],
  [
    'alice called DisassociateFromMasterAccount of GuardDuty on detector d1 in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'DisassociateFromMasterAccount', { detectorId: 'd1' }),
  ],
  [
    'alice disabled Security Hub in eu-west-1',
    [],
    false,
    call('securityhub', 'DisableSecurityHub', {}),
  ],
  [
    'alice deleted configuration recorder default in eu-west-1',
    ['default'],
    false,
    call('config', 'DeleteConfigurationRecorder', { configurationRecorderName: 'default' }),
  ],
  [
    'alice stopped recording configurations with AWS Config in eu-west-1',
    ['default'],
    false,
    call('config', 'StopConfigurationRecorder', { configurationRecorderName: 'default' }),
  ],
  [
    'alice changed trail t in eu-west-1: is multi region trail off',
    ['t'],
    false,
    call('cloudtrail', 'UpdateTrail', { name: 't', isMultiRegionTrail: false }),
  ],
  [
    'alice turned off the logging of trail t in eu-west-1',
    ['t'],
    false,
    call('cloudtrail', 'StopLogging', { name: 't' }),
  ],
  [
    'alice deleted the logging configuration of web ACL main in eu-west-1',
    ['main'],
    false,
    call('wafv2', 'DeleteLoggingConfiguration', {
      resourceArn: arnOf('wafv2', 'regional/webacl/main/123'),
    }),
  ],
  [
    'alice turned off the rotation of key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'DisableKeyRotation', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
  ],
  [
    'alice created an account in the organization',
    [],
    false,
    call(
      'organizations',
      'CreateAccount',
      { accountName: 'HIDDEN_DUE_TO_SECURITY_REASONS', email: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      { createAccountStatus: { id: 'car-1', state: 'IN_PROGRESS' } },
    ),
  ],
  [
    'alice registered account 444455556666 as delegated administrator of GuardDuty',
    ['444455556666'],
    false,
    call('organizations', 'RegisterDelegatedAdministrator', {
      accountId: '444455556666',
      servicePrincipal: 'guardduty.amazonaws.com',
    }),
  ],
  [
    'alice accepted handshake h-1',
    ['h-1'],
    false,
    call('organizations', 'AcceptHandshake', { handshakeId: 'h-1' }),
  ],
  [
    'alice assigned permission set ps-1 in account 444455556666 to user u-1 in eu-west-1',
    ['444455556666', 'ssoins-1', 'ps-1'],
    false,
    call('sso', 'CreateAccountAssignment', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      targetId: '444455556666',
      targetType: 'AWS_ACCOUNT',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      principalType: 'USER',
      principalId: 'u-1',
    }),
  ],
  [
    'alice created a membership for group g-1 in eu-west-1',
    ['g-1'],
    false,
    call(
      'identitystore',
      'CreateGroupMembership',
      { identityStoreId: 'd-1', groupId: 'g-1', memberId: { userId: 'u-1' } },
      { membershipId: 'm-1' },
    ),
  ],
  [
    'alice created user u in eu-west-1',
    ['u'],
    false,
    call('transfer', 'CreateUser', {
      serverId: 's-1',
      userName: 'u',
      role: `arn:aws:iam::${ACCOUNT}:role/x`,
      sshPublicKeyBody: 'ssh-rsa AAAA',
    }),
  ],
  [
    'alice imported the SSH public key into server s-1 in eu-west-1',
    ['s-1'],
    false,
    call('transfer', 'ImportSshPublicKey', {
      serverId: 's-1',
      userName: 'u',
      sshPublicKeyBody: 'ssh-rsa AAAAB3',
    }),
  ],
  [
    'alice shared directory d-1 in eu-west-1',
    ['d-1'],
    false,
    call('ds', 'ShareDirectory', {
      directoryId: 'd-1',
      shareTarget: { id: '444455556666', type: 'ACCOUNT' },
    }),
  ],
  [
    'alice deleted OIDC provider x',
    ['x'],
    false,
    call('iam', 'DeleteOpenIDConnectProvider', {
      openIDConnectProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`,
    }),
  ],
  [
    'alice removed client id c from OIDC provider x',
    ['x'],
    false,
    call('iam', 'RemoveClientIDFromOpenIDConnectProvider', {
      openIDConnectProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`,
      clientID: 'c',
    }),
  ],
  [
    'alice uploaded the SSH public key to user bo',
    ['bo'],
    false,
    call(
      'iam',
      'UploadSSHPublicKey',
      { userName: 'bo', sSHPublicKeyBody: 'ssh-rsa AAAA' },
      { sSHPublicKey: { sSHPublicKeyId: 'APKA1' } },
    ),
  ],
  [
    'alice deleted user pool client c1 of user pool p in eu-west-1',
    ['p', 'c1'],
    false,
    call('cognito-idp', 'DeleteUserPoolClient', { userPoolId: 'p', clientId: 'c1' }),
  ],
  [
    'alice opened identity pool eu:1 to everyone in eu-west-1, with no sign-in',
    ['eu:1'],
    true,
    call('cognito-identity', 'UpdateIdentityPool', {
      identityPoolId: 'eu:1',
      identityPoolName: 'n',
      allowUnauthenticatedIdentities: true,
    }),
  ],
  [
    'alice removed user u from group g',
    ['u', 'g'],
    false,
    call('iam', 'RemoveUserFromGroup', { userName: 'u', groupName: 'g' }),
  ],
  [
    'alice deleted SSH public key APK1 of user u',
    ['APK1', 'u'],
    false,
    call('iam', 'DeleteSSHPublicKey', { userName: 'u', sSHPublicKeyId: 'APK1' }),
  ],
  [
    'alice updated SAML provider okta',
    ['okta'],
    false,
    call('iam', 'UpdateSAMLProvider', {
      sAMLProviderArn: `arn:aws:iam::${ACCOUNT}:saml-provider/okta`,
    }),
  ],
  [
    'alice removed tag a from role r',
    ['r'],
    false,
    call('iam', 'UntagRole', { roleName: 'r', tagKeys: ['a'] }),
  ],
  [
    'alice detached policy AdministratorAccess from permission set ps-1 in eu-west-1',
    ['AdministratorAccess', 'ps-1', 'ssoins-1'],
    false,
    call('sso', 'DetachManagedPolicyFromPermissionSet', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      managedPolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
    }),
  ],
  [
    'alice detached the organization’s policy p-1 from 444455556666',
    ['p-1', '444455556666'],
    false,
    call('organizations', 'DetachPolicy', { policyId: 'p-1', targetId: '444455556666' }),
  ],
  [
    'alice deleted members of detector d in eu-west-1',
    ['d', '444455556666'],
    false,
    call('guardduty', 'DeleteMembers', { detectorId: 'd', accountIds: ['444455556666'] }),
  ],
  [
    'alice turned off data sources s3 logs of detector d in eu-west-1',
    ['d'],
    false,
    call('guardduty', 'UpdateDetector', {
      detectorId: 'd',
      dataSources: { s3Logs: { enable: false } },
    }),
  ],
  ['alice disabled Macie in eu-west-1', [], false, call('macie2', 'DisableMacie', null)],
  [
    'alice deleted analyzer a in eu-west-1',
    ['a'],
    false,
    call('access-analyzer', 'DeleteAnalyzer', { analyzerName: 'a' }),
  ],
  [
    'alice disabled Inspector in eu-west-1',
    [],
    false,
    call('inspector2', 'Disable', { resourceTypes: ['EC2'] }),
  ],
  [
    'alice deleted delivery channel default in eu-west-1',
    ['default'],
    false,
    call('config', 'DeleteDeliveryChannel', { deliveryChannelName: 'default' }),
  ],
  [
    'alice changed which events are logged by trail t in eu-west-1: no more management events',
    ['t'],
    false,
    call('cloudtrail', 'PutEventSelectors', {
      trailName: 't',
      eventSelectors: [{ readWriteType: 'All', includeManagementEvents: false }],
    }),
  ],
  [
    'alice deleted event data store 1 in eu-west-1',
    ['1'],
    false,
    call('cloudtrail', 'DeleteEventDataStore', {
      eventDataStore: arnOf('cloudtrail', 'eventdatastore/1'),
    }),
  ],
  [
    'alice deleted the lock configuration of backup vault v in eu-west-1',
    ['v'],
    false,
    call('backup', 'DeleteBackupVaultLockConfiguration', { backupVaultName: 'v' }),
  ],
  [
    'alice deleted recovery point 1 of backup vault v in eu-west-1',
    ['1', 'v'],
    false,
    call('backup', 'DeleteRecoveryPoint', {
      backupVaultName: 'v',
      recoveryPointArn: arnOf('backup', 'recovery-point:1'),
    }),
  ],
  [
    'alice removed health check h1 from protection p1',
    ['h1', 'p1'],
    false,
    call('shield', 'DisassociateHealthCheck', {
      protectionId: 'p1',
      healthCheckArn: 'arn:aws:route53:::healthcheck/h1',
    }),
  ],
  [
    'alice removed subnet subnet-0123456789abcdef0 from firewall fw in eu-west-1',
    ['subnet-0123456789abcdef0', 'fw'],
    false,
    call('network-firewall', 'DisassociateSubnets', {
      firewallName: 'fw',
      subnetIds: ['subnet-0123456789abcdef0'],
    }),
  ],
  [
    'alice turned off delete protection of firewall fw in eu-west-1',
    ['fw'],
    false,
    call('network-firewall', 'UpdateFirewallDeleteProtection', {
      firewallName: 'fw',
      deleteProtection: false,
    }),
  ],
  [
    'alice scheduled the deletion of key 1234abcd-12ab-34cd-56ef-1234567890ab in 7 days in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'ScheduleKeyDeletion', {
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      pendingWindowInDays: 7,
    }),
  ],
  [
    'alice imported the material into key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'ImportKeyMaterial', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
  ],
]

describe('a call', () => testSentences(CASES))
