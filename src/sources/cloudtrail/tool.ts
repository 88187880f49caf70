/**
 * What the call was made with: from the user agent, and from what the session says of itself.
 *
 * User agents are claims: whoever calls writes them.
 */

import type { Tool } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import type { Facts } from './facts.ts'
import { serviceName } from './services.ts'

interface Signature {
  name: string
  label: string
  /** Group 1, where there is one, is the version. */
  agent: RegExp
}

// In order: what wraps an SDK comes before the SDK. Patterns are those the tools' own sources send.
const SIGNATURES: Signature[] = [
  { name: 'opentofu', label: 'OpenTofu', agent: /OpenTofu\/([\w.-]+)/ },
  { name: 'terraform', label: 'Terraform', agent: /\bTerraform\/([\w.-]+)/i },
  { name: 'terraform', label: 'Terraform', agent: /terraform-provider-aws/i },
  { name: 'packer', label: 'Packer', agent: /\bPacker\/([\w.-]+)/i },
  { name: 'vault', label: 'Vault', agent: /\bVault\/([\w.-]+)/ },
  { name: 'pulumi', label: 'Pulumi', agent: /\bPulumi/i },
  { name: 'cdk', label: 'CDK', agent: /\baws-?cdk(?:-cli)?\/([\w.-]+)/i },
  { name: 'sam', label: 'SAM CLI', agent: /\baws-sam-cli\/([\w.-]+)/i },
  {
    name: 'serverless',
    label: 'Serverless Framework',
    agent: /\bserverless(?:-framework)?\/([\w.-]+)/i,
  },
  { name: 'ansible', label: 'Ansible', agent: /\bAnsible\/?([\w.-]*)/i },
  { name: 'eksctl', label: 'eksctl', agent: /\beksctl\/([\w.-]+)/ },
  { name: 'copilot', label: 'Copilot CLI', agent: /\baws-copilot(?:\S*?)\/v?([\w.-]+)/i },
  { name: 'elastic-beanstalk-cli', label: 'EB CLI', agent: /\beb-cli\/([\w.-]+)/i },
  { name: 'crossplane', label: 'Crossplane', agent: /crossplane|upbound-provider-aws/i },
  { name: 'ack', label: 'AWS Controllers for Kubernetes', agent: /aws-controllers-k8s/ },
  { name: 'kops', label: 'kOps', agent: /\bkops(?:-controller)?\/([\w.-]+)/i },
  { name: 'karpenter', label: 'Karpenter', agent: /\bkarpenter(?:\.sh)?[-/]?v?([\d][\w.]*)?/i },
  {
    name: 'cluster-autoscaler',
    label: 'Cluster Autoscaler',
    agent: /cluster-autoscaler\/?v?([\w.]*)/i,
  },
  {
    name: 'aws-load-balancer-controller',
    label: 'AWS Load Balancer Controller',
    agent: /elbv2\.k8s\.aws\/v?([\w.]+)/,
  },
  { name: 'external-dns', label: 'ExternalDNS', agent: /ExternalDNS\/v?([\w.]+)/i },
  { name: 'ebs-csi-driver', label: 'EBS CSI driver', agent: /ebs-csi-driver/i },
  { name: 'vpc-cni', label: 'VPC CNI', agent: /amazon-vpc-cni|vpc-cni-k8s/i },
  {
    name: 'cloud-custodian',
    label: 'Cloud Custodian',
    agent: /(?:cloud-custodian|c7n)\/?([\w.-]*)/i,
  },
  { name: 'spinnaker', label: 'Spinnaker', agent: /spinnaker/i },
  { name: 'ssm-agent', label: 'SSM Agent', agent: /amazon-ssm-agent\/([\d.]*)/ },
  { name: 'ecs-agent', label: 'ECS agent', agent: /Amazon ECS Agent/i },
  { name: 'cloudshell', label: 'CloudShell', agent: /exec-env\/CloudShell/i },
  {
    name: 'github-actions',
    label: 'GitHub Actions',
    agent: /-for-github-actions\b/,
  },
  { name: 'aws-cli', label: 'AWS CLI', agent: /\baws-cli\/([\w.-]+)/ },
  {
    name: 'powershell',
    label: 'AWS Tools for PowerShell',
    agent: /AWSPowerShell(?:\.\w+)?\/([\w.-]+)/i,
  },
  { name: 'boto3', label: 'Boto3', agent: /\bBoto3\/([\w.-]+)/i },
  { name: 'botocore', label: 'Botocore', agent: /\bBotocore\/([\w.-]+)/i },
]

const SDKS: Signature[] = [
  { name: 'aws-sdk-go', label: 'AWS SDK for Go', agent: /\baws-sdk-go(?:-v2)?\/([\w.-]+)/ },
  { name: 'aws-sdk-java', label: 'AWS SDK for Java', agent: /\baws-sdk-java\/([\w.-]+)/i },
  {
    name: 'aws-sdk-js',
    label: 'AWS SDK for JavaScript',
    agent: /\baws-sdk-(?:js|nodejs)\/([\w.-]+)/,
  },
  {
    name: 'aws-sdk-dotnet',
    label: 'AWS SDK for .NET',
    agent: /\baws-sdk-dotnet[^/\s]*\/([\w.-]+)/i,
  },
  { name: 'aws-sdk-ruby', label: 'AWS SDK for Ruby', agent: /\baws-sdk-ruby\d?\/([\w.-]+)/ },
  { name: 'aws-sdk-php', label: 'AWS SDK for PHP', agent: /\baws-sdk-php\d?\/([\w.-]+)/i },
  { name: 'aws-sdk-rust', label: 'AWS SDK for Rust', agent: /\baws-sdk-rust\/([\w.-]+)/ },
  { name: 'aws-sdk-cpp', label: 'AWS SDK for C++', agent: /\baws-sdk-cpp\/([\w.-]+)/ },
  { name: 'aws-sdk-kotlin', label: 'AWS SDK for Kotlin', agent: /\baws-sdk-kotlin\/([\w.-]+)/ },
  { name: 'aws-sdk-swift', label: 'AWS SDK for Swift', agent: /\baws-sdk-swift\/([\w.-]+)/ },
]

// The console's services call on the person's behalf with agents of their own:
// `[S3Console/0.4, aws-internal/3 …]`, `RDS Console, aws-internal/3 …`, `AWS Internal`.
const CONSOLE = /console|signin\.amazonaws\.com|^\[?Mozilla\/|^\[?[\w ]+, aws-internal\//i

/** What the call was made with; `unknown` when the record does not say. */
export function findTool(facts: Facts): Tool {
  const { name, version, label } = toolOf(facts)
  return {
    name: indexable(spoken(name, 80)) || 'unknown',
    label: indexable(spoken(label)) || 'an unknown tool',
    ...(version !== undefined && { version: indexable(spoken(version, 40)) }),
  }
}

function toolOf(facts: Facts): Tool {
  const { record, identity, invokedBy, userAgent } = facts
  const agent = userAgent.replace(/^\[(.*)\]$/s, '$1').trim()
  const byService = servicePrincipal(invokedBy) ?? servicePrincipal(agent)
  if (byService !== undefined) return ofService(byService, facts)

  // CloudShell runs inside the console's session, but with a command line.
  const isCloudShell = /exec-env\/CloudShell/i.test(agent)
  if (!isCloudShell && isConsole(facts, agent)) return { name: 'console', label: 'the console' }
  const signature = match(SIGNATURES, agent)
  if (signature) return signature
  const session = sessionName(facts)
  if (session?.startsWith('aws-cdk-')) return { name: 'cdk', label: 'CDK' }
  const sdk = match(SDKS, agent)
  if (sdk) return sdk
  if (/^aws-internal\b|^AWS Internal$/i.test(agent)) return { name: 'aws', label: 'AWS' }
  if (record.text('eventType') === 'AwsServiceEvent' || identity.text('type') === 'AWSService') {
    return { name: 'aws', label: serviceName(invokedBy ?? facts.service) }
  }
  return unknownProduct(agent)
}

function servicePrincipal(text: string | undefined): string | undefined {
  return text !== undefined &&
    /^[\w.-]+\.amazonaws\.com(\.cn)?$/.test(text) &&
    !text.startsWith('console.') &&
    !text.startsWith('signin.')
    ? text
    : undefined
}

function ofService(principal: string, facts: Facts): Tool {
  if (principal.startsWith('cloudformation.')) {
    const issuer =
      facts.identity.object('sessionContext').object('sessionIssuer').text('userName') ?? ''
    // The CDK's own bootstrap names the role that its stacks are deployed with.
    if (/^cdk-\w+-cfn-exec-role-/.test(issuer))
      return { name: 'cdk', label: 'CDK, through CloudFormation' }
    return { name: 'cloudformation', label: 'CloudFormation' }
  }
  return { name: 'aws', label: serviceName(principal) }
}

function isConsole({ record, identity }: Facts, agent: string): boolean {
  if (record.flag('sessionCredentialFromConsole') === true) return true
  if (record.text('eventType') === 'AwsConsoleSignIn') return true
  if (CONSOLE.test(agent)) return true
  // What the console does in the background, for a person who signed in.
  const hasSession = identity.object('sessionContext').object('attributes').has('creationDate')
  return hasSession && !identity.has('invokedBy') && /^AWS Internal$|\baws-internal\//.test(agent)
}

function sessionName({ identity }: Facts): string | undefined {
  return identity.text('arn')?.split(':assumed-role/')[1]?.split('/')[1]
}

/** Agents repeat without end, and there are many patterns: the last thousand are remembered. */
const remembered = new Map<string, Tool | undefined>()

function match(signatures: Signature[], agent: string): Tool | undefined {
  const key = `${signatures.length} ${agent}`
  if (remembered.has(key)) return remembered.get(key)
  if (remembered.size >= 1_000) remembered.clear()
  const tool = matchAll(signatures, agent)
  remembered.set(key, tool)
  return tool
}

function matchAll(signatures: Signature[], agent: string): Tool | undefined {
  for (const { name, label, agent: pattern } of signatures) {
    const found = pattern.exec(agent)
    if (found === null) continue
    const version = found[1]?.replace(/[.-]+$/, '').slice(0, 40)
    return version ? { name, version, label: `${label} ${version}` } : { name, label }
  }
  return undefined
}

/** The first product of the agent, without what differs from run to run: `acme-deployer/1.2 …`. */
function unknownProduct(agent: string): Tool {
  const [, product = '', version] =
    /^([A-Za-z][\w.-]{1,60})(?:\/v?([\w.-]{1,40}))?/.exec(agent) ?? []
  const name = product.replace(/[-_]?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, '')
  if (name.length < 2) return { name: 'unknown', label: 'an unknown tool' }
  const label = version ? `${spoken(name)} ${version}` : spoken(name)
  return { name: name.toLowerCase(), label, ...(version && { version }) }
}
