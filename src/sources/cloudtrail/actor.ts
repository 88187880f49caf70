/**
 * Who made the call: the person, job, program or service behind the credentials, as far as the
 * record shows. What it does not show is a labeled gap in the chain, never a guess.
 *
 * Fields: AWS, "CloudTrail userIdentity element".
 */

import type { Actor, ActorKind, ActorLink } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { arnName, parseArn } from './arn.ts'
import type { AssumedRole, Facts, Workload } from './facts.ts'
import { serviceId, serviceName } from './services.ts'

export function findActor(facts: Facts): Actor {
  const actor = withOnBehalf(byType(facts), facts)
  return {
    kind: actor.kind,
    name: spoken(actor.name) || 'someone',
    id: indexable(actor.id),
    chain: actor.chain.map(cleanLink),
    ...(actor.service !== undefined && { service: indexable(actor.service) }),
    ...(actor.compute !== undefined && { compute: indexable(actor.compute) }),
  }
}

function cleanLink({ kind, name, arn, how }: ActorLink): ActorLink {
  return link(kind, spoken(name), how, arn === undefined ? undefined : indexable(arn))
}

function byType(facts: Facts): Actor {
  const { identity, invokedBy, accountId } = facts
  const arn = identity.text('arn')
  const userName = identity.text('userName')
  switch (identity.text('type')) {
    case 'Root': {
      const id = arn ?? `root:${identity.text('accountId') ?? accountId ?? ''}`
      const session = identity.object('sessionContext')
      if (session.flag('assumedRoot') === true) return ofCentralRoot(facts, id)
      // Before service-linked roles, Auto Scaling and others called as the root user, with no key.
      if (invokedBy !== undefined && session.isEmpty && !identity.has('accessKeyId')) {
        return ofService(invokedBy)
      }
      return single('root', 'the root user', id, arn)
    }
    case 'IAMUser':
      return ofUser(facts)
    case 'AssumedRole':
    case 'Role':
      return ofRole(facts)
    case 'FederatedUser':
      return ofFederatedUser(facts)
    case 'WebIdentityUser':
      return ofWebIdentity(facts)
    case 'SAMLUser':
      return ofProvider(
        facts,
        userName ?? 'someone',
        identity.text('identityProvider') ?? 'a SAML provider',
      )
    case 'IdentityCenterUser':
      return ofIdentityCenter(facts)
    case 'Directory':
      return ofProvider(facts, userName ?? 'someone', 'a directory')
    case 'AWSService': {
      const principal = invokedBy ?? facts.record.text('sourceIPAddress') ?? facts.service
      return ofService(isInternal(principal) ? facts.service : principal)
    }
    case 'AWSAccount':
      return ofAccount(facts)
    default:
      break
  }
  const isSignIn = facts.service === 'signin' && userName !== undefined
  if (isSignIn) return ofIdentityCenter(facts)
  if (invokedBy !== undefined && !isInternal(invokedBy)) return ofService(invokedBy)
  if (facts.record.text('eventType') === 'AwsServiceEvent') return ofService(facts.service)
  if (!facts.record.object('insightDetails').isEmpty) return ofService('cloudtrail')
  if (invokedBy !== undefined) return ofService(invokedBy)
  if (arn !== undefined || userName !== undefined) return ofUser(facts)
  if (identity.has('accountId', 'principalId')) return ofAccount(facts)
  return single('unknown', 'someone', 'unknown')
}

function single(kind: ActorKind, name: string, id: string, arn?: string): Actor {
  return { kind, name, id, chain: [link(kind, name, undefined, arn)] }
}

function link(kind: ActorLink['kind'], name: string, how?: string, arn?: string): ActorLink {
  return { kind, name, ...(arn !== undefined && { arn }), ...(how !== undefined && { how }) }
}

function missing(name: string): ActorLink {
  return { kind: 'missing', name }
}

/** AWS hides a mistyped name: it may be a password. */
function isHidden(name: string | undefined): boolean {
  return name === undefined || name.startsWith('HIDDEN_DUE_TO')
}

function ofUser({ identity }: Facts): Actor {
  const arn = identity.text('arn')
  const userName = identity.text('userName') ?? (arn && arnName(arn))
  if (isHidden(userName)) return single('unknown', 'someone', arn ?? 'unknown', arn)
  const principal = identity.text('principalId') ?? userName!
  return single('user', userName!, arn ?? `user:${principal}`, arn)
}

function isInternal(principal: string): boolean {
  return /^AWS Internal$/i.test(principal)
}

/** A session of the root user that AssumeRoot opened: the member account has no record of who did. */
function ofCentralRoot({ identity, accountId }: Facts, rootId: string): Actor {
  const account = identity.text('accountId') ?? accountId ?? 'unknown'
  return {
    kind: 'root',
    name: 'a central root session',
    id: `central-root:${account}`,
    chain: [
      missing('who opened it: recorded in the management account or its delegated administrator'),
      link('session', 'a central root session (AssumeRoot)', 'opened'),
      link('root', `the root user of account ${account}`, 'acting as', rootId),
    ],
  }
}

function ofAccount({ identity }: Facts): Actor {
  const account = identity.text('accountId') ?? 'unknown'
  const session = identity.text('principalId')?.split(':')[1]
  const name = session ? `${session} of account ${account}` : `account ${account}`
  return {
    kind: 'account',
    name,
    id: `account:${account}`,
    chain: [
      missing('the caller: recorded only in that account'),
      link('account', `account ${account}`, 'called from another account'),
    ],
  }
}

function ofService(principal: string): Actor {
  const service = serviceId(principal)
  return { ...single('service', serviceName(principal), `service:${service}`), service }
}

function ofProvider(facts: Facts, name: string, provider: string): Actor {
  const shown = isHidden(name) ? 'someone' : name
  return {
    kind: 'person',
    name: shown,
    id: `${provider}:${facts.identity.text('principalId') ?? shown}`,
    chain: [link('person', shown), link('identity-provider', provider, 'signed in through')],
  }
}

function ofIdentityCenter(facts: Facts): Actor {
  const { identity, extra } = facts
  const principal = identity.text('principalId')
  // The principal of a sign-in is the account.
  const isUser = principal !== undefined && !/^\d{12}$/.test(principal)
  const userId = identity.object('onBehalfOf').text('userId') ?? (isUser ? principal : undefined)
  const name = extra.text('UserName') ?? identity.text('userName')
  const shown = isHidden(name) ? `Identity Center user ${userId ?? ''}`.trim() : name!
  return {
    kind: 'person',
    name: shown,
    id: `identity-center:${userId ?? shown}`,
    chain: [
      link('person', shown),
      link('identity-provider', 'IAM Identity Center', 'signed in through'),
    ],
  }
}

function ofFederatedUser({ identity }: Facts): Actor {
  const arn = identity.text('arn')
  const name = arn?.split(':federated-user/')[1] ?? identity.text('principalId') ?? 'someone'
  const issuer = identity.object('sessionContext').object('sessionIssuer')
  const issuerName = issuer.text('userName')
  return {
    kind: 'person',
    name,
    id: arn ?? `federated:${name}`,
    chain: [
      link('person', name),
      issuerName === undefined
        ? missing('the user whose key created the session')
        : link('user', issuerName, 'given credentials by', issuer.text('arn')),
    ],
  }
}

interface Provider {
  /** Matched against the federated provider's name. */
  host: RegExp
  name: string
  kind: ActorKind
}

const PROVIDERS: Provider[] = [
  {
    host: /token\.actions\.githubusercontent\.com|\bghe\b.*\/token/,
    name: 'GitHub Actions',
    kind: 'ci',
  },
  { host: /\bgitlab\b/i, name: 'GitLab CI', kind: 'ci' },
  { host: /oidc\.circleci\.com/, name: 'CircleCI', kind: 'ci' },
  { host: /api\.bitbucket\.org/, name: 'Bitbucket Pipelines', kind: 'ci' },
  { host: /agent\.buildkite\.com/, name: 'Buildkite', kind: 'ci' },
  { host: /vstoken\.dev\.azure\.com/, name: 'Azure DevOps', kind: 'ci' },
  { host: /app\.terraform\.io/, name: 'HCP Terraform', kind: 'ci' },
  { host: /api\.pulumi\.com/, name: 'Pulumi Cloud', kind: 'ci' },
  { host: /oidc\.spacelift|spacelift\.io/, name: 'Spacelift', kind: 'ci' },
  { host: /oidc\.vercel\.com/, name: 'Vercel', kind: 'ci' },
  {
    host: /oidc\.eks\.[\w-]+\.amazonaws\.com|oidc-eks\./,
    name: 'a Kubernetes service account',
    kind: 'workload',
  },
  { host: /cognito-identity\.amazonaws\.com/, name: 'Cognito', kind: 'person' },
]

function providerOf(federated: string): { name: string; kind: ActorKind } {
  const known = PROVIDERS.find(({ host }) => host.test(federated.slice(0, 500)))
  return known ?? { name: parseArn(federated) ? arnName(federated) : federated, kind: 'person' }
}

/** The call that exchanges a provider's token: the only record that names the repository. */
function ofWebIdentity({ identity }: Facts): Actor {
  const federated = identity.text('identityProvider') ?? identity.text('principalId') ?? ''
  const provider = providerOf(federated)
  const subject = identity.text('userName') ?? identity.text('principalId')?.split(':').at(-1) ?? ''
  // `repo:acme/shop:ref:refs/heads/main`, `repo:acme/shop:environment:production`
  const [, repository, context] = /^repo:([^:]+)(?::(.+))?$/.exec(subject) ?? []
  const [, namespace, pod] = /^system:serviceaccount:([^:]+):(.+)$/.exec(subject) ?? []
  const name = repository ?? (pod ? `${namespace}/${pod}` : subject || 'someone')
  const chain: ActorLink[] = []
  if (repository !== undefined && context !== undefined) {
    chain.push(
      link(
        'ci',
        `${repository}, ${context.replace(/^ref:refs\/heads\//, 'branch ').replace(':', ' ')}`,
      ),
    )
  } else chain.push(link(provider.kind, name))
  chain.push(link('identity-provider', provider.name, 'signed in through'))
  return {
    kind: provider.kind,
    name: provider.kind === 'person' ? name : `${name} (${provider.name})`,
    id: `${provider.name}:${name}`,
    chain,
  }
}

/** The session name that CloudFormation uses with a stack's service role. */
export const STACK_SESSION = 'AWSCloudFormation'

/**
 * Session names that tools make up: a prefix of the tool's own and a random or counted rest. Sources:
 * the AWS SDKs' default role session names (botocore, Go, Java, JavaScript, .NET, Rust, PHP, Ruby),
 * Granted, aws-vault, saml2aws, Leapp, awsume, Vault, Terraform, Pulumi and the AWS CLI.
 */
const GENERATED = new RegExp(
  `^(?:(?:${[
    'botocore-session',
    'boto3-session',
    'aws-go-sdk',
    'aws-sdk',
    'aws-dotnet-sdk',
    'aws-rust-sdk',
    'aws-cli',
    'awscli',
    'aws-vault',
    'awsume',
    'aws-mfa',
    'aws-okta',
    'aws-sso-util',
    'aws2-wrap',
    'assume-role',
    'assumerole',
    'assumed-from-leapp',
    'gimme-aws-creds',
    'gntd',
    'granted',
    'leapp',
    'okta-aws-cli',
    'role-session',
    'saml2aws',
    'sts-session',
    'vault',
    'web-identity-token',
    'default[-_]session',
    'awscli-session',
  ].join(
    '|',
  )})(?=[-_.:@0-9]|$)|session-?\\d|terraform-?\\d|pulumi-?\\d|[0-9a-f]{16,}$|\\d{9,}$|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9A-HJKMNP-TV-Z]{26}@)`,
  'i',
)
const DEFAULTS =
  /^(GitHubActions?|AWSCloudFormation|terraform|session|default|deploy|ci|cdk|pulumi|OrganizationAccountAccessRole|AssumeRoleSession\d*|role-?session|admin|test)$/i

/** AWS allows 64 characters. What is read from a name takes the square of its length. */
const MAX_SESSION_LENGTH = 128

/** The role of the session, read once for each record. */
export function assumedRole(facts: Facts): AssumedRole {
  facts.role ??= readRole(facts)
  return facts.role
}

function readRole(facts: Facts): AssumedRole {
  const { identity, record } = facts
  const context = identity.object('sessionContext')
  const issuer = context.object('sessionIssuer')
  const arn = parseArn(identity.text('arn') ?? '')
  const [, arnRole, arnSession] = /^assumed-role\/([^/]+)\/(.+)$/s.exec(arn?.resource ?? '') ?? []
  const session = (arnSession ?? sessionOfPrincipal(identity.text('principalId')))?.slice(
    0,
    MAX_SESSION_LENGTH,
  )
  const roleArn = issuer.text('arn')
  const role = issuer.text('userName') ?? arnRole ?? (roleArn && arnName(roleArn)) ?? 'a role'
  const federated = context.object('webIdFederationData').text('federatedProvider')
  const provider = federated === undefined ? undefined : providerOf(federated)
  const isServiceLinked =
    roleArn?.includes(':role/aws-service-role/') === true || role.startsWith('AWSServiceRoleFor')
  return {
    role,
    roleArn,
    session: session === '' ? undefined : session,
    isGenerated: session === undefined || GENERATED.test(session) || DEFAULTS.test(session),
    run: runInSession(session ?? '', provider?.kind === 'ci'),
    provider,
    workload: workloadOf(facts, session, context.has('ec2RoleDelivery')),
    sourceIdentity: context.text('sourceIdentity') ?? record.text('sourceIdentity'),
    isServiceLinked,
    isIdentityCenter:
      role.startsWith('AWSReservedSSO_') || roleArn?.includes('/sso.amazonaws.com/') === true,
  }
}

/** `alice` of `AROAEXAMPLE:alice`. */
function sessionOfPrincipal(principalId: string | undefined): string | undefined {
  return principalId?.split(':').slice(1).join(':')
}

/** What the role was given to, when it is AWS compute. */
function workloadOf(
  facts: Facts,
  session: string | undefined,
  isInstance: boolean,
): Workload | undefined {
  const scope = facts.identity.object('inScopeOf')
  const scoped = scope.text('credentialsIssuedTo', 'sourceArn')
  if (scoped !== undefined) {
    const kind = scope.text('issuerType')?.split('::')[1]
    return {
      compute: (kind ?? 'workload').toLowerCase(),
      label: `${kind ?? 'workload'} ${arnName(scoped)}`,
    }
  }
  if (session === undefined) return undefined
  if (isInstance || /^i-[0-9a-f]{8,17}$/.test(session)) return workload('instance', session)
  if (/exec-env\/AWS_Lambda|AWS_Lambda_/.test(facts.userAgent)) return workload('function', session)
  if (/exec-env\/AWS_ECS|AWS_ECS_/.test(facts.userAgent) || /^[0-9a-f]{32}$/.test(session)) {
    return workload('task', session)
  }
  if (/^eks-[\w-]+-[0-9a-f]{8}-[0-9a-f-]+$/.test(session))
    return workload('pod', session.slice(4, -37))
  return undefined
}

function workload(compute: string, id: string): Workload {
  return { compute, label: `${compute} ${id}` }
}

function ofRole(facts: Facts): Actor {
  const seen = assumedRole(facts)
  const { role, roleArn, session, sourceIdentity, provider, workload } = seen
  const roleId = roleArn ?? facts.identity.text('arn')?.replace(/\/[^/]*$/, '') ?? `role:${role}`
  const asRole = link('role', role, 'assumed', roleArn)

  if (seen.isServiceLinked) {
    const linked = roleArn?.split('/aws-service-role/')[1]?.split('/')[0]
    const principal = linked ?? facts.invokedBy ?? facts.service
    const name = serviceName(principal)
    return {
      kind: 'service',
      name,
      id: `service:${serviceId(principal)}`,
      service: serviceId(principal),
      chain: [link('service', name), link('role', role, 'with its service-linked role', roleArn)],
    }
  }
  const behalf = facts.identity.object('onBehalfOf').text('userId')
  if (behalf !== undefined && !seen.isIdentityCenter && sourceIdentity === undefined) {
    // Trusted identity propagation: the session acts for a user of IAM Identity Center.
    const name = `Identity Center user ${behalf}`
    return {
      kind: 'person',
      name,
      id: `identity-center:${behalf}`,
      chain: [link('person', name), asRole, ...sessionLink(seen)],
    }
  }
  if (sourceIdentity !== undefined) {
    return {
      kind: 'person',
      name: sourceIdentity,
      id: `source-identity:${sourceIdentity}`,
      chain: [
        link('person', sourceIdentity, 'named as the source identity'),
        asRole,
        ...sessionLink(seen),
      ],
    }
  }
  if (seen.isIdentityCenter) {
    const permissions = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/.exec(role)?.[1] ?? role
    const name = session ?? 'someone'
    return {
      kind: 'person',
      name,
      id: `identity-center:${name}`,
      chain: [
        link('person', name),
        link('identity-provider', 'IAM Identity Center', 'signed in through'),
        link('role', `permission set ${permissions}`, 'given', roleArn),
      ],
    }
  }
  if (provider?.kind === 'ci') return ofCi(seen, roleId, asRole)
  if (provider?.kind === 'workload') {
    return {
      kind: 'workload',
      name: `${role} (${provider.name === 'a Kubernetes service account' ? 'Kubernetes' : provider.name})`,
      id: roleId,
      compute: 'pod',
      chain: [
        missing('which service account: recorded where the role was assumed'),
        link('identity-provider', provider.name, 'signed in through'),
        asRole,
      ],
    }
  }
  if (provider !== undefined) {
    const name = session !== undefined && !seen.isGenerated ? session : `someone as ${role}`
    return {
      kind: 'person',
      name,
      id: `${roleId}/${name}`,
      chain: [
        link('person', name),
        link('identity-provider', provider.name, 'signed in through'),
        asRole,
      ],
    }
  }
  if (workload !== undefined) {
    return {
      kind: 'workload',
      name: `${role} on ${workload.label}`,
      id: roleId,
      compute: workload.compute,
      chain: [link('workload', workload.label), asRole],
    }
  }
  return ofPlainRole(facts, seen, roleId, asRole)
}

function ofCi(
  { role, session, run, provider }: AssumedRole,
  roleId: string,
  asRole: ActorLink,
): Actor {
  const system = provider!.name
  const job = run === undefined ? system : `${system} run ${run}`
  return {
    kind: 'ci',
    name: `${role} (${system})`,
    id: `${system}:${roleId}`,
    chain: [
      link('ci', job),
      missing('which repository: recorded where the role was assumed'),
      link('identity-provider', system, 'signed in through'),
      asRole,
      ...(session === undefined ? [] : [link('session', session, 'session')]),
    ],
  }
}

function sessionLink({ session, sourceIdentity }: AssumedRole): ActorLink[] {
  return session === undefined || session === sourceIdentity
    ? []
    : [link('session', session, 'session')]
}

function ofPlainRole(facts: Facts, seen: AssumedRole, roleId: string, asRole: ActorLink): Actor {
  const { role, session } = seen
  if (session === STACK_SESSION) {
    return {
      kind: 'service',
      name: `CloudFormation as ${role}`,
      id: roleId,
      service: 'cloudformation',
      chain: [
        missing('who changed the stack: recorded with the stack operation'),
        link('service', 'CloudFormation'),
        asRole,
      ],
    }
  }
  const build = /^AWSCodeBuild-(.+)$/.exec(session ?? '')?.[1]
  if (build !== undefined) {
    return {
      kind: 'ci',
      name: `${role} (CodeBuild)`,
      id: `CodeBuild:${roleId}`,
      chain: [link('ci', `CodeBuild build ${build}`), asRole],
    }
  }
  if (facts.invokedBy !== undefined && !/^AWS Internal$/i.test(facts.invokedBy)) {
    // A service with a role of the customer's: Config, Backup, Firehose …
    // Calls on the session's behalf look the same, except that they have the session's access key.
    // AWS Backup's own calls have one too; its session names show that they are its own.
    const isOwn = !facts.identity.has('accessKeyId') || session?.startsWith('AWSBackup-')
    const isServiceCall = facts.userAgent === facts.invokedBy && isOwn
    if (isServiceCall) {
      const service = serviceName(facts.invokedBy)
      return {
        kind: 'service',
        name: `${service} as ${role}`,
        id: roleId,
        service: serviceId(facts.invokedBy),
        chain: [link('service', service), asRole],
      }
    }
  }
  const cdkUser = /^aws-cdk-(.+)$/.exec(session ?? '')?.[1]
  const label = cdkUser ?? (seen.isGenerated ? undefined : stableName(session))
  if (label?.includes('@')) {
    return {
      kind: 'person',
      name: label,
      id: `${roleId}/${label}`,
      chain: [link('person', label, 'session name'), asRole],
    }
  }
  return {
    kind: 'role',
    name: label === undefined ? role : `${label} as ${role}`,
    id: label === undefined ? roleId : `${roleId}/${label}`,
    chain: [
      missing('who assumed the role: recorded where it was assumed'),
      asRole,
      ...(session === undefined ? [] : [link('session', session, 'session')]),
    ],
  }
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i

/**
 * GitHub's and GitLab's runs are numbers, those of Terraform Cloud `run-…`, those of CircleCI, Buildkite
 * and CodeBuild UUIDs. Spacelift names sessions `RUN@STACK@ACCOUNT`.
 */
function runInSession(session: string, isCi: boolean): string | undefined {
  const ofSpacelift = /^([0-9A-HJKMNP-TV-Z]{26})@/.exec(session)?.[1]
  if (ofSpacelift !== undefined) return ofSpacelift
  if (!isCi && !session.startsWith('AWSCodeBuild-')) return undefined
  const run = UUID.exec(session)?.[0] ?? /run-[A-Za-z0-9]{16}(?![A-Za-z0-9])/.exec(session)?.[0]
  return run ?? /(?:^|[^\d])(\d{9,11})(?:[^\d]|$)/.exec(session)?.[1]
}

/** A number that counts the builds of a job: `452` of `jenkins-deploy-prod-452`. */
const BUILD_NUMBER = /^(.*(?:build|job|run|deploy|jenkins|pipeline|release)\b.*)[-_.#]\d+$/i

/** The name without what differs from session to session: `deploy` of `deploy-1712345678901`. */
function stableName(session: string | undefined): string | undefined {
  if (session === undefined || session.includes('@')) return session
  const rest = session.replace(
    /[-_.]?(\d{9,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,})$/i,
    '',
  )
  const named = BUILD_NUMBER.exec(rest)?.[1] ?? rest
  return named === '' || DEFAULTS.test(named) || GENERATED.test(named) ? undefined : named
}

/** A service that acts with the caller's permissions is the last link of the caller's chain. */
function withOnBehalf(actor: Actor, facts: Facts): Actor {
  const { invokedBy } = facts
  const delegate = facts.identity.object('invokedByDelegate').text('accountId')
  if (delegate !== undefined) {
    // A product provider to which the customer delegated permissions for a time.
    const provider = link('account', `account ${delegate}`, 'acting with delegated permissions')
    return { ...actor, chain: [...actor.chain, provider] }
  }
  if (invokedBy === undefined || actor.kind === 'service') return actor
  const service = serviceName(invokedBy)
  return { ...actor, chain: [...actor.chain, link('service', service, 'acting on their behalf')] }
}
