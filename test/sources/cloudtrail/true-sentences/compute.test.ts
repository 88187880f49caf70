/** One sentence for each kind of call that was once misread: machines, functions, containers and their networks. */

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
    'alice removed tag env from function pay in eu-west-1',
    ['pay'],
    false,
    call('lambda', 'UntagResource20170331v2', {
      resource: arnOf('lambda', 'function:pay'),
      tagKeys: ['env'],
    }),
  ],
  [
    'alice tagged Auto Scaling group web with a in eu-west-1',
    ['web'],
    false,
    call('autoscaling', 'CreateOrUpdateTags', {
      tags: [{ resourceId: 'web', resourceType: 'auto-scaling-group', key: 'a', value: 'b' }],
    }),
  ],
  [
    'alice detached load balancer old from subnet subnet-0123456789abcdef0 in eu-west-1',
    ['old', 'subnet-0123456789abcdef0'],
    false,
    call('elasticloadbalancing', 'DetachLoadBalancerFromSubnets', {
      loadBalancerName: 'old',
      subnets: ['subnet-0123456789abcdef0'],
    }),
  ],
  [
    'alice put load balancer old into security group sg-0123456789abcdef0 in eu-west-1',
    ['old'],
    false,
    call('elasticloadbalancing', 'ApplySecurityGroupsToLoadBalancer', {
      loadBalancerName: 'old',
      securityGroups: ['sg-0123456789abcdef0'],
    }),
  ],
  [
    'alice disassociated the address (eipassoc-0123456789abcdef0) in eu-west-1',
    ['eipassoc-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateAddress', { associationId: 'eipassoc-0123456789abcdef0' }),
  ],
  [
    'alice removed transit gateway route table tgw-rtb-0123456789abcdef0 from transit gateway attachment tgw-attach-0123456789abcdef0 in eu-west-1',
    ['tgw-rtb-0123456789abcdef0', 'tgw-attach-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateTransitGatewayRouteTable', {
      DisassociateTransitGatewayRouteTableRequest: {
        TransitGatewayRouteTableId: 'tgw-rtb-0123456789abcdef0',
        TransitGatewayAttachmentId: 'tgw-attach-0123456789abcdef0',
      },
    }),
  ],
  [
    'alice opened repository r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('ecr-public', 'SetRepositoryPolicy', { repositoryName: 'r', policyText: PUBLIC_POLICY }),
  ],
  [
    'alice opened repository r to the world with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('ecr', 'SetRepositoryPolicy', { repositoryName: 'r', policyText: PUBLIC_POLICY }),
  ],
  [
    'alice opened layer l to everyone in eu-west-1',
    ['l'],
    true,
    call('lambda', 'AddLayerVersionPermission20181031', {
      layerName: 'l',
      versionNumber: 1,
      statementId: 'x',
      action: 'lambda:GetLayerVersion',
      principal: '*',
    }),
  ],
  [
    'alice gave a public URL to function f in eu-west-1, with no sign-in',
    ['f'],
    true,
    call('lambda', 'CreateFunctionUrlConfig', { functionName: 'f', authType: 'NONE' }),
  ],
  [
    'alice opened 22/tcp to the public on instance i in eu-west-1',
    ['i'],
    true,
    call('lightsail', 'OpenInstancePublicPorts', {
      instanceName: 'i',
      portInfo: { fromPort: 22, toPort: 22, protocol: 'tcp', cidrs: ['0.0.0.0/0'] },
    }),
  ],
  [
    'alice changed cluster c in eu-west-1: logging types to audit and logging off',
    ['c'],
    false,
    call('eks', 'UpdateClusterConfig', {
      name: 'c',
      logging: { clusterLogging: [{ types: ['audit'], enabled: false }] },
    }),
  ],
  [
    'alice launched an instance (i-0123456789abcdef0) from image ami-0123456789abcdef0 in eu-west-1, open to the internet',
    ['i-0123456789abcdef0', 'ami-0123456789abcdef0'],
    true,
    call(
      'ec2',
      'RunInstances',
      {
        instancesSet: { items: [{ imageId: 'ami-0123456789abcdef0' }] },
        networkInterfaceSet: { items: [{ associatePublicIpAddress: true }] },
      },
      { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } },
    ),
  ],
  [
    'alice shared snapshot snap-0123456789abcdef0 with everyone in eu-west-1',
    ['snap-0123456789abcdef0'],
    true,
    call('ec2', 'ModifySnapshotAttribute', {
      snapshotId: 'snap-0123456789abcdef0',
      createVolumePermission: { add: { items: [{ group: 'all' }] } },
      attributeType: 'CREATE_VOLUME_PERMISSION',
    }),
  ],
  [
    'alice shared image ami-0123456789abcdef0 with everyone in eu-west-1',
    ['ami-0123456789abcdef0'],
    true,
    call('ec2', 'ModifyImageAttribute', {
      imageId: 'ami-0123456789abcdef0',
      launchPermission: { add: { items: [{ group: 'all' }] } },
      attributeType: 'launchPermission',
    }),
  ],
  [
    'alice allowed images to be shared with everyone in eu-west-1',
    [],
    true,
    call('ec2', 'DisableImageBlockPublicAccess', {}),
  ],
  [
    'alice changed load balancer web in eu-west-1: deletion_protection.enabled off',
    ['web'],
    false,
    call('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
      loadBalancerArn: arnOf('elasticloadbalancing', 'loadbalancer/app/web/1'),
      attributes: [{ key: 'deletion_protection.enabled', value: 'false' }],
    }),
  ],
  [
    'alice changed load balancer web in eu-west-1: access_logs.s3.enabled off',
    ['web'],
    false,
    call('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
      loadBalancerArn: arnOf('elasticloadbalancing', 'loadbalancer/app/web/1'),
      attributes: [{ key: 'access_logs.s3.enabled', value: 'false' }],
    }),
  ],
  [
    'alice turned off the encryption of new volumes in eu-west-1',
    [],
    false,
    call('ec2', 'DisableEbsEncryptionByDefault', {}),
  ],
  [
    'alice terminated workspace ws-1 in eu-west-1',
    ['ws-1'],
    false,
    call('workspaces', 'TerminateWorkspaces', {
      terminateWorkspaceRequests: [{ workspaceId: 'ws-1' }],
    }),
  ],
  [
    'alice tried to run a task of web:1 in cluster c in eu-west-1, but it failed: RESOURCE:MEMORY',
    ['web:1', 'c'],
    false,
    call(
      'ecs',
      'RunTask',
      { cluster: 'c', taskDefinition: 'web:1' },
      { tasks: [], failures: [{ arn: 'x', reason: 'RESOURCE:MEMORY' }] },
    ),
  ],
  [
    'alice started an execution for image pipeline x in eu-west-1',
    ['x'],
    false,
    call('imagebuilder', 'StartImagePipelineExecution', {
      imagePipelineArn: arnOf('imagebuilder', 'image-pipeline/x'),
    }),
  ],
  [
    'alice allowed 5432/tcp from sg-0fedcba9876543210 into security group sg-0123456789abcdef0 (app) in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'AuthorizeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 5432,
            toPort: 5432,
            groups: { items: [{ groupId: 'sg-0fedcba9876543210', description: 'app' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice removed inbound 5432/tcp from 10.0.0.0/8 on security group sg-0123456789abcdef0 (postgres) in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'RevokeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 5432,
            toPort: 5432,
            ipRanges: { items: [{ cidrIp: '10.0.0.0/8', description: 'postgres' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice created security group b in eu-west-1',
    ['b'],
    false,
    call('ec2', 'CreateSecurityGroup', { groupName: 'b' }),
  ],
  [
    'alice attached target group tg to Auto Scaling group web in eu-west-1',
    ['tg', 'web'],
    false,
    call('autoscaling', 'AttachLoadBalancerTargetGroups', {
      autoScalingGroupName: 'web',
      targetGroupARNs: [arnOf('elasticloadbalancing', 'targetgroup/tg/1')],
    }),
  ],
  [
    'alice moved instance i-0123456789abcdef0 into standby in Auto Scaling group web in eu-west-1',
    ['web', 'i-0123456789abcdef0'],
    false,
    call('autoscaling', 'EnterStandby', {
      autoScalingGroupName: 'web',
      instanceIds: ['i-0123456789abcdef0'],
      shouldDecrementDesiredCapacity: true,
    }),
  ],
  [
    'alice disassociated the VPC CIDR block (vpc-cidr-assoc-0123456789abcdef0) in eu-west-1',
    ['vpc-cidr-assoc-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateVpcCidrBlock', { associationId: 'vpc-cidr-assoc-0123456789abcdef0' }),
  ],
  [
    'alice detached VPN gateway vgw-0123456789abcdef0 from VPC vpc-0123456789abcdef0 in eu-west-1',
    ['vgw-0123456789abcdef0', 'vpc-0123456789abcdef0'],
    false,
    call('ec2', 'DetachVpnGateway', {
      vpcId: 'vpc-0123456789abcdef0',
      vpnGatewayId: 'vgw-0123456789abcdef0',
    }),
  ],
  [
    'alice detached VPC vpc-0123456789abcdef0 from instance i-0123456789abcdef0 in eu-west-1',
    ['vpc-0123456789abcdef0', 'i-0123456789abcdef0'],
    false,
    call('ec2', 'DetachClassicLinkVpc', {
      instanceId: 'i-0123456789abcdef0',
      vpcId: 'vpc-0123456789abcdef0',
    }),
  ],
  [
    'alice removed tag Env from i-0123456789abcdef0 in eu-west-1',
    ['i-0123456789abcdef0'],
    false,
    call('ec2', 'DeleteTags', {
      resourcesSet: { items: [{ resourceId: 'i-0123456789abcdef0' }] },
      tagSet: { items: [{ key: 'Env' }] },
    }),
  ],
  [
    'alice disabled the vgw route propagation of route table rtb-0123456789abcdef0 in eu-west-1',
    ['rtb-0123456789abcdef0', 'vgw-0123456789abcdef0'],
    false,
    call('ec2', 'DisableVgwRoutePropagation', {
      routeTableId: 'rtb-0123456789abcdef0',
      gatewayId: 'vgw-0123456789abcdef0',
    }),
  ],
  [
    'alice changed a rule of security group sg-0123456789abcdef0 to 22/tcp from the world in eu-west-1',
    ['sg-0123456789abcdef0', 'sgr-0123456789abcdef0'],
    true,
    call('ec2', 'ModifySecurityGroupRules', {
      ModifySecurityGroupRulesRequest: {
        GroupId: 'sg-0123456789abcdef0',
        SecurityGroupRule: {
          SecurityGroupRuleId: 'sgr-0123456789abcdef0',
          SecurityGroupRule: {
            IpProtocol: 'tcp',
            FromPort: 22,
            ToPort: 22,
            CidrIpv4: '0.0.0.0/0',
            Description: 'ssh',
          },
        },
      },
    }),
  ],
  [
    'alice deleted security group sg-0123456789abcdef0 in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'DeleteSecurityGroup', { groupId: 'sg-0123456789abcdef0' }),
  ],
  [
    'alice removed 1 inbound rule from security group sg-0123456789abcdef0 in eu-west-1',
    ['sg-0123456789abcdef0', 'sgr-0123456789abcdef0'],
    false,
    call('ec2', 'RevokeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      securityGroupRuleIds: { items: [{ securityGroupRuleId: 'sgr-0123456789abcdef0' }] },
    }),
  ],
  [
    'alice allowed all traffic from the world in network ACL acl-0123456789abcdef0 in eu-west-1',
    ['acl-0123456789abcdef0'],
    true,
    call('ec2', 'CreateNetworkAclEntry', {
      networkAclId: 'acl-0123456789abcdef0',
      ruleNumber: 100,
      aclProtocol: '-1',
      ruleAction: 'allow',
      egress: false,
      cidrBlock: '0.0.0.0/0',
    }),
  ],
  [
    'alice gave Elastic IP 1.2.3.4 to instance i-0123456789abcdef0 in eu-west-1',
    ['1.2.3.4', 'i-0123456789abcdef0'],
    false,
    call('ec2', 'AssociateAddress', { instanceId: 'i-0123456789abcdef0', publicIp: '1.2.3.4' }),
  ],
  [
    'alice set the event invoke config of function f in eu-west-1: maximum retry attempts to 0',
    ['f'],
    false,
    call('lambda', 'PutFunctionEventInvokeConfig', { functionName: 'f', maximumRetryAttempts: 0 }),
  ],
  [
    'alice removed layer version permission s from layer l in eu-west-1',
    ['l'],
    false,
    call('lambda', 'RemoveLayerVersionPermission', {
      layerName: 'l',
      versionNumber: 1,
      statementId: 's',
    }),
  ],
  [
    'alice deleted the provisioned concurrency config of function f in eu-west-1',
    ['f'],
    false,
    call('lambda', 'DeleteProvisionedConcurrencyConfig', { functionName: 'f', qualifier: '1' }),
  ],
  [
    'alice set the IP address type of load balancer web in eu-west-1: IP address type to dualstack',
    ['web'],
    false,
    call('elasticloadbalancing', 'SetIpAddressType', {
      loadBalancerArn: arnOf('elasticloadbalancing', 'loadbalancer/app/web/1'),
      ipAddressType: 'dualstack',
    }),
  ],
  [
    'alice disabled availability zones for load balancer old in eu-west-1',
    ['old'],
    false,
    call('elasticloadbalancing', 'DisableAvailabilityZonesForLoadBalancer', {
      loadBalancerName: 'old',
      availabilityZones: ['eu-west-1a'],
    }),
  ],
  [
    'alice removed certificate 1 from listener web in eu-west-1',
    ['web', '1'],
    false,
    call('elasticloadbalancing', 'RemoveListenerCertificates', {
      listenerArn: arnOf('elasticloadbalancing', 'listener/app/web/1/2'),
      certificates: [{ certificateArn: arnOf('acm', 'certificate/1') }],
    }),
  ],
  [
    'alice set capacity providers of cluster c in eu-west-1: capacity providers to FARGATE',
    ['c'],
    false,
    call('ecs', 'PutClusterCapacityProviders', { cluster: 'c', capacityProviders: ['FARGATE'] }),
  ],
  [
    'alice updated service s in cluster c in eu-west-1: network configuration awsvpc configuration assign public IP to ENABLED and network configuration awsvpc configuration subnets to subnet-0123456789abcdef0',
    ['s', 'c'],
    true,
    call('ecs', 'UpdateService', {
      cluster: 'c',
      service: 's',
      networkConfiguration: {
        awsvpcConfiguration: { assignPublicIp: 'ENABLED', subnets: ['subnet-0123456789abcdef0'] },
      },
    }),
  ],
  [
    'alice removed identity provider config oidc from cluster c in eu-west-1',
    ['oidc', 'c'],
    false,
    call('eks', 'DisassociateIdentityProviderConfig', {
      clusterName: 'c',
      identityProviderConfig: { name: 'oidc', type: 'oidc' },
    }),
  ],
  [
    'alice gave AmazonEKSClusterAdminPolicy to role dev in cluster c in eu-west-1',
    ['dev', 'c', 'AmazonEKSClusterAdminPolicy'],
    false,
    call('eks', 'AssociateAccessPolicy', {
      clusterName: 'c',
      principalArn: `arn:aws:iam::${ACCOUNT}:role/dev`,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
    }),
  ],
  [
    'alice detached load balancer old from Auto Scaling group web in eu-west-1',
    ['old', 'web'],
    false,
    call('autoscaling', 'DetachLoadBalancers', {
      autoScalingGroupName: 'web',
      loadBalancerNames: ['old'],
    }),
  ],
  [
    'alice set the protection of instance i-0123456789abcdef0 in eu-west-1: protected from scale in to false',
    ['i-0123456789abcdef0', 'web'],
    false,
    call('autoscaling', 'SetInstanceProtection', {
      autoScalingGroupName: 'web',
      instanceIds: ['i-0123456789abcdef0'],
      protectedFromScaleIn: false,
    }),
  ],
  [
    'alice set the notification configuration of Auto Scaling group web in eu-west-1: topic ARN to t and notification types to x',
    ['web'],
    false,
    call('autoscaling', 'PutNotificationConfiguration', {
      autoScalingGroupName: 'web',
      topicARN: arnOf('sns', 't'),
      notificationTypes: ['x'],
    }),
  ],
  [
    'alice exported image ami-0123456789abcdef0 to bucket elsewhere in eu-west-1',
    ['ami-0123456789abcdef0', 'elsewhere'],
    false,
    call('ec2', 'ExportImage', {
      imageId: 'ami-0123456789abcdef0',
      s3ExportLocation: { s3Bucket: 'elsewhere' },
    }),
  ],
  [
    'alice deleted the policy of repository r in eu-west-1',
    ['r'],
    false,
    call('ecr', 'DeleteRepositoryPolicy', { repositoryName: 'r' }),
  ],
  [
    'alice removed IP group wsipg-1 from directory d-1 in eu-west-1',
    ['wsipg-1', 'd-1'],
    false,
    call('workspaces', 'DisassociateIpGroups', { directoryId: 'd-1', groupIds: ['wsipg-1'] }),
  ],
]

describe('a call', () => testSentences(CASES))
