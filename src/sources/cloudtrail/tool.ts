/**
 * What the call was made with, from the user agent and the session.
 *
 * User agents are claims: the caller writes them.
 */

import { type Tool, UNKNOWN_TOOL } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import type { Facts } from './facts.ts'
import { runOf } from './run.ts'
import { serviceName } from './services.ts'

interface Signature {
  name: string
  title: string
  /** Group 1, where there is one, is the version. */
  agent: RegExp
}

// In order: a tool that uses an SDK comes before the SDK. Patterns match what the tools' sources send.
const SIGNATURES: Signature[] = [
  { name: 'opentofu', title: 'OpenTofu', agent: /OpenTofu\/([\w.-]+)/ },
  { name: 'terraform', title: 'Terraform', agent: /\bTerraform\/([\w.-]+)/i },
  { name: 'terraform', title: 'Terraform', agent: /terraform-provider-aws/i },
  { name: 'packer', title: 'Packer', agent: /\bPacker\/([\w.-]+)/i },
  { name: 'vault', title: 'Vault', agent: /\bVault\/([\w.-]+)/ },
  { name: 'pulumi', title: 'Pulumi', agent: /\bPulumi/i },
  { name: 'cdk', title: 'CDK', agent: /\baws-?cdk(?:-cli)?\/([\w.-]+)/i },
  { name: 'sam', title: 'SAM CLI', agent: /\baws-sam-cli\/([\w.-]+)/i },
  {
    name: 'serverless',
    title: 'Serverless Framework',
    agent: /\bserverless(?:-framework)?\/([\w.-]+)/i,
  },
  { name: 'ansible', title: 'Ansible', agent: /\bAnsible\/?([\w.-]*)/i },
  { name: 'eksctl', title: 'eksctl', agent: /\beksctl\/([\w.-]+)/ },
  { name: 'copilot', title: 'Copilot CLI', agent: /\baws-copilot(?:\S*?)\/v?([\w.-]+)/i },
  { name: 'elastic-beanstalk-cli', title: 'EB CLI', agent: /\beb-cli\/([\w.-]+)/i },
  { name: 'crossplane', title: 'Crossplane', agent: /crossplane|upbound-provider-aws/i },
  { name: 'ack', title: 'AWS Controllers for Kubernetes', agent: /aws-controllers-k8s/ },
  { name: 'kops', title: 'kOps', agent: /\bkops(?:-controller)?\/([\w.-]+)/i },
  { name: 'karpenter', title: 'Karpenter', agent: /\bkarpenter(?:\.sh)?[-/]?v?([\d][\w.]*)?/i },
  {
    name: 'cluster-autoscaler',
    title: 'Cluster Autoscaler',
    agent: /cluster-autoscaler\/?v?([\w.]*)/i,
  },
  {
    name: 'aws-load-balancer-controller',
    title: 'AWS Load Balancer Controller',
    agent: /elbv2\.k8s\.aws\/v?([\w.]+)/,
  },
  { name: 'external-dns', title: 'ExternalDNS', agent: /ExternalDNS\/v?([\w.]+)/i },
  { name: 'ebs-csi-driver', title: 'EBS CSI driver', agent: /ebs-csi-driver/i },
  { name: 'vpc-cni', title: 'VPC CNI', agent: /amazon-vpc-cni|vpc-cni-k8s/i },
  {
    name: 'cloud-custodian',
    title: 'Cloud Custodian',
    agent: /(?:cloud-custodian|c7n)\/?([\w.-]*)/i,
  },
  { name: 'spinnaker', title: 'Spinnaker', agent: /spinnaker/i },
  { name: 'ssm-agent', title: 'SSM Agent', agent: /amazon-ssm-agent\/([\d.]*)/ },
  { name: 'ecs-agent', title: 'ECS agent', agent: /Amazon ECS Agent/i },
  { name: 'cloudshell', title: 'CloudShell', agent: /exec-env\/CloudShell/i },
  {
    name: 'github-actions',
    title: 'GitHub Actions',
    agent: /-for-github-actions\b/,
  },
  { name: 'aws-cli', title: 'AWS CLI', agent: /\baws-cli\/([\w.-]+)/ },
  {
    name: 'powershell',
    title: 'AWS Tools for PowerShell',
    agent: /AWSPowerShell(?:\.\w+)?\/([\w.-]+)/i,
  },
  { name: 'boto3', title: 'Boto3', agent: /\bBoto3\/([\w.-]+)/i },
  { name: 'botocore', title: 'Botocore', agent: /\bBotocore\/([\w.-]+)/i },
]

const SDKS: Signature[] = [
  { name: 'aws-sdk-go', title: 'AWS SDK for Go', agent: /\baws-sdk-go(?:-v2)?\/([\w.-]+)/ },
  { name: 'aws-sdk-java', title: 'AWS SDK for Java', agent: /\baws-sdk-java\/([\w.-]+)/i },
  {
    name: 'aws-sdk-js',
    title: 'AWS SDK for JavaScript',
    agent: /\baws-sdk-(?:js|nodejs)\/([\w.-]+)/,
  },
  {
    name: 'aws-sdk-dotnet',
    title: 'AWS SDK for .NET',
    agent: /\baws-sdk-dotnet[^/\s]*\/([\w.-]+)/i,
  },
  { name: 'aws-sdk-ruby', title: 'AWS SDK for Ruby', agent: /\baws-sdk-ruby\d?\/([\w.-]+)/ },
  { name: 'aws-sdk-php', title: 'AWS SDK for PHP', agent: /\baws-sdk-php\d?\/([\w.-]+)/i },
  { name: 'aws-sdk-rust', title: 'AWS SDK for Rust', agent: /\baws-sdk-rust\/([\w.-]+)/ },
  { name: 'aws-sdk-cpp', title: 'AWS SDK for C++', agent: /\baws-sdk-cpp\/([\w.-]+)/ },
  { name: 'aws-sdk-kotlin', title: 'AWS SDK for Kotlin', agent: /\baws-sdk-kotlin\/([\w.-]+)/ },
  { name: 'aws-sdk-swift', title: 'AWS SDK for Swift', agent: /\baws-sdk-swift\/([\w.-]+)/ },
]

// The console's services call on the person's behalf with agents of their own:
// `[S3Console/0.4, aws-internal/3 …]`, `RDS Console, aws-internal/3 …`, `AWS Internal`.
const CONSOLE = /console|signin\.amazonaws\.com|^\[?Mozilla\/|^\[?[\w ]+, aws-internal\//i

/** What the call was made with; `unknown` when the record does not show it. */
export function findTool(facts: Facts): Tool {
  const tool = toolWithoutRun(facts)
  const run = runOf(facts)
  return run === undefined ? tool : { ...tool, run }
}

/** Those that `match` remembers are found again and again. */
const readable = new WeakMap<FoundTool, Tool>()

function toolWithoutRun(facts: Facts): Tool {
  const found = toolOf(facts)
  const known = readable.get(found)
  if (known) return known
  const tool = withSafeTexts(found)
  readable.set(found, tool)
  return tool
}

function withSafeTexts(found: FoundTool): Tool {
  const name = indexable(spoken(found.name, 80)) || UNKNOWN_TOOL
  const title = indexable(spoken(found.title)) || 'an unknown tool'
  if (found.version === undefined) return { name, title, label: title }
  const version = indexable(spoken(found.version, 40))
  return { name, title, version, label: indexable(spoken(`${title} ${version}`)) }
}

type FoundTool = Omit<Tool, 'label'>

function toolOf(facts: Facts): FoundTool {
  const { record, identity, invokedBy, userAgent } = facts
  const isBracketed = userAgent.startsWith('[') && userAgent.endsWith(']')
  const agent = (isBracketed ? userAgent.slice(1, -1) : userAgent).trim()
  const byService = servicePrincipal(invokedBy) ?? servicePrincipal(agent)
  if (byService !== undefined) return ofService(byService, facts)

  // CloudShell runs inside the console's session, but with a command line.
  const isCloudShell = /exec-env\/CloudShell/i.test(agent)
  if (!isCloudShell && isConsole(facts, agent)) return { name: 'console', title: 'the console' }
  const signature = match(SIGNATURES, agent)
  if (signature) return signature
  const session = sessionName(facts)
  if (session?.startsWith('aws-cdk-')) return { name: 'cdk', title: 'CDK' }
  const sdk = match(SDKS, agent)
  if (sdk) return sdk
  if (/^aws-internal\b|^AWS Internal$/i.test(agent)) return { name: 'aws', title: 'AWS' }
  if (record.text('eventType') === 'AwsServiceEvent' || identity.text('type') === 'AWSService') {
    return { name: 'aws', title: serviceName(invokedBy ?? facts.service) }
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

function ofService(principal: string, facts: Facts): FoundTool {
  if (principal.startsWith('cloudformation.')) {
    const issuer =
      facts.identity.object('sessionContext').object('sessionIssuer').text('userName') ?? ''
    // The CDK's own bootstrap names the role that its stacks are deployed with.
    if (/^cdk-\w+-cfn-exec-role-/.test(issuer))
      return { name: 'cdk', title: 'CDK, through CloudFormation' }
    return { name: 'cloudformation', title: 'CloudFormation' }
  }
  return { name: 'aws', title: serviceName(principal) }
}

function isConsole({ record, identity }: Facts, agent: string): boolean {
  if (record.flag('sessionCredentialFromConsole') === true) return true
  if (record.text('eventType') === 'AwsConsoleSignIn') return true
  if (CONSOLE.test(agent)) return true
  // What the console does in the background, for a person who signed in. Functions and services use
  // the same agents with a role's session: only a person's session, from an address, is the console's.
  const session = identity.object('sessionContext')
  const isPerson =
    session.object('sessionIssuer').isEmpty ||
    session.object('sessionIssuer').text('userName')?.startsWith('AWSReservedSSO_') === true ||
    sessionName({ identity })?.includes('@') === true
  return (
    isPerson &&
    session.object('attributes').has('creationDate') &&
    !identity.has('invokedBy') &&
    record.text('sourceIPAddress') !== 'AWS Internal' &&
    /^AWS Internal$|\baws-internal\//.test(agent)
  )
}

function sessionName({ identity }: Pick<Facts, 'identity'>): string | undefined {
  return identity.text('arn')?.split(':assumed-role/')[1]?.split('/')[1]
}

/** User agents repeat, and there are many patterns: a cache of a thousand results. */
const remembered = new Map<string, FoundTool | undefined>()

function match(signatures: Signature[], agent: string): FoundTool | undefined {
  const key = `${signatures.length} ${agent}`
  if (remembered.has(key)) return remembered.get(key)
  if (remembered.size >= 1_000) remembered.clear()
  const tool = matchAll(signatures, agent)
  remembered.set(key, tool)
  return tool
}

function matchAll(signatures: Signature[], agent: string): FoundTool | undefined {
  for (const { name, title, agent: pattern } of signatures) {
    const found = pattern.exec(agent)
    if (found === null) continue
    const version = found[1]?.replace(/[.-]+$/, '').slice(0, 40)
    return version ? { name, title, version } : { name, title }
  }
  return undefined
}

/** The first product of the agent, without what differs from run to run: `acme-deployer/1.2 …`. */
function unknownProduct(agent: string): FoundTool {
  const [, product = '', version] =
    /^([A-Za-z][\w.-]{1,60})(?:\/v?([\w.-]{1,40}))?/.exec(agent) ?? []
  const name = product.replace(/[-_]?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, '')
  if (name.length < 2) return { name: UNKNOWN_TOOL, title: 'an unknown tool' }
  const tool: FoundTool = { name: name.toLowerCase(), title: spoken(name) }
  if (version) tool.version = version
  return tool
}
