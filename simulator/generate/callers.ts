/** The callers of the generated account: sessions, with the events that start them. */

import { type Account, CI_ROLE, type Person, permissionSetRole, principalId } from './account.ts'
import { Random } from './random.ts'
import { type Call, type Caller, formatLongTime, formatTime, type Script } from './script.ts'

type UserAgent = Caller['userAgent']

const HOUR_MS = 3_600_000

const kebab = (action: string) =>
  action
    .replace(/\d{8}(v\d)?$/, '')
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-')
    .toLowerCase()

const kernels = {
  macos: 'os/macos#24.3.0 md/arch#arm64',
  linux: 'os/linux#6.8.0-52-generic md/arch#x86_64',
}

/** User agents as the tools send them. */
export const agents = {
  terraform:
    (os: Person['os'] = 'linux'): UserAgent =>
    ({ service }) => {
      const goos =
        os === 'macos' ? 'md/GOOS#darwin md/GOARCH#arm64' : 'md/GOOS#linux md/GOARCH#amd64'
      return `APN/1.0 HashiCorp/1.0 Terraform/1.10.5 (+https://www.terraform.io) terraform-provider-aws/5.86.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.1 ua/2.1 os/${os} lang/go#1.23.5 ${goos} api/${service}#1.40.2 m/g`
    },
  cli:
    (os: Person['os'] = 'linux'): UserAgent =>
    ({ service, action }) =>
      `aws-cli/2.23.6 md/awscrt#0.23.8 ua/2.0 ${kernels[os]} lang/python#3.12.6 md/pyimpl#CPython m/N cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#${service}.${kebab(action)}`,
  /** The AWS CLI on a GitHub runner. */
  runnerCli: (({ service, action }) =>
    `aws-cli/2.23.6 md/awscrt#0.23.8 ua/2.0 os/linux#6.8.0-1021-azure md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython m/N cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#${service}.${kebab(action)}`) satisfies UserAgent,
  githubAction:
    (name: string): UserAgent =>
    ({ service }) =>
      `aws-sdk-js/3.738.0 ua/2.1 os/linux#6.8.0-1021-azure lang/js md/nodejs#20.18.1 api/${service}#3.738.0 m/E ${name}-for-github-actions`,
  docker: (() =>
    'docker/27.5.1 go/go1.22.11 git-commit/4c9b3b0 kernel/6.8.0-1021-azure os/linux arch/amd64 UpstreamClient(Docker-Client/27.5.1 \\(linux\\))') satisfies UserAgent,
  cdk:
    (os: Person['os']): UserAgent =>
    ({ service }) =>
      `aws-sdk-js/3.741.0 ua/2.1 ${os === 'macos' ? 'os/darwin#24.3.0' : 'os/linux#6.8.0-52-generic'} lang/js md/nodejs#20.18.1 api/${service}#3.741.0 cfg/retry-mode#standard m/N aws-cdk-cli/2.1005.0`,
  boto3: (() =>
    'Boto3/1.36.11 md/Botocore#1.36.11 ua/2.0 os/linux#5.10.233-223.887.amzn2.x86_64 md/arch#x86_64 lang/python#3.11.11 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.36.11') satisfies UserAgent,
  ssmAgent: (() =>
    'aws-sdk-go/1.55.5 (go1.22.11; linux; amd64) amazon-ssm-agent/3.3.1611.0') satisfies UserAgent,
}

const browsers = {
  macos:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36',
  linux: 'Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0',
}

/** The response of STS for a new session. The token is not a real one. */
function issue({ random, at }: Script, hours = 1) {
  const accessKeyId = random.iamId('ASIA')
  return {
    credentials: {
      accessKeyId,
      sessionToken: `IQoJb3JpZ2luX2Vj${random.hex(96)}`,
      expiration: formatLongTime(at + hours * HOUR_MS),
    },
    opened: { accessKeyId, startedAt: at },
  }
}

interface AssumedSession {
  /** The role's name, or path and name. */
  role: string
  name: string
  /** When it was created. Epoch milliseconds. */
  startedAt: number
  /** The sign-in event contains none. */
  accessKeyId?: string
  mfa?: boolean
  /** The provider that authenticated the caller. */
  federatedProvider?: string
  ec2RoleDelivery?: string
  invokedBy?: string
}

/** The `userIdentity` of calls in a role session. */
function assumedRole({ account }: Script, session: AssumedSession) {
  const roleName = session.role.slice(session.role.lastIndexOf('/') + 1)
  const id = principalId(account, 'AROA', roleName)
  return {
    type: 'AssumedRole',
    principalId: `${id}:${session.name}`,
    arn: `arn:aws:sts::${account.id}:assumed-role/${roleName}/${session.name}`,
    accountId: account.id,
    ...(session.accessKeyId && { accessKeyId: session.accessKeyId }),
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: id,
        arn: roleArn(account, session.role),
        accountId: account.id,
        userName: roleName,
      },
      ...(session.federatedProvider && {
        webIdFederationData: { federatedProvider: session.federatedProvider, attributes: {} },
      }),
      attributes: {
        creationDate: formatTime(session.startedAt),
        mfaAuthenticated: String(session.mfa ?? false),
      },
      ...(session.ec2RoleDelivery && { ec2RoleDelivery: session.ec2RoleDelivery }),
    },
    ...(session.invokedBy && { invokedBy: session.invokedBy }),
  }
}

function roleArn(account: Account, role: string): string {
  return `arn:aws:iam::${account.id}:role/${role}`
}

function assumedRoleUser(account: Account, role: string, session: string) {
  const roleName = role.slice(role.lastIndexOf('/') + 1)
  return {
    assumedRoleId: `${principalId(account, 'AROA', roleName)}:${session}`,
    arn: `arn:aws:sts::${account.id}:assumed-role/${roleName}/${session}`,
  }
}

/** A service by its own name: `{type: AWSService}`. */
export function service(name: string): Caller {
  const principal = `${name}.amazonaws.com`
  return {
    userIdentity: { type: 'AWSService', invokedBy: principal },
    sourceIPAddress: principal,
    userAgent: () => principal,
  }
}

/** A service in its role: a service-linked one, or one that was assigned to it. */
export function serviceRole(
  script: Script,
  role: string,
  name: string,
  by: string,
  opened = issue(script).opened,
): Caller {
  const principal = `${by}.amazonaws.com`
  return {
    userIdentity: assumedRole(script, { role, name, ...opened, invokedBy: principal }),
    sourceIPAddress: principal,
    userAgent: () => principal,
  }
}

/** The same caller, for calls that a service makes on its behalf. */
export function onBehalf(caller: Caller, by: string): Caller {
  const principal = `${by}.amazonaws.com`
  return {
    userIdentity: { ...caller.userIdentity, invokedBy: principal },
    sourceIPAddress: principal,
    userAgent: () => principal,
  }
}

/** The session of a role that AWS provides to an instance, a task or a function. */
export function handOut(script: Script, region: string, by: string, role: string, name: string) {
  const { credentials, opened } = issue(script, 6)
  script.call(service(by), region, {
    service: 'sts',
    action: 'AssumeRole',
    request: { roleArn: roleArn(script.account, role), roleSessionName: name },
    response: { credentials },
    resources: [{ type: 'AWS::IAM::Role', ARN: roleArn(script.account, role) }],
  })
  return opened
}

/** An agent on an instance, in the instance's role. */
export function instance(script: Script, region: string, role: string, instanceId: string): Caller {
  const opened = handOut(script, region, 'ec2', role, instanceId)
  return {
    userIdentity: assumedRole(script, {
      role,
      name: instanceId,
      ...opened,
      ec2RoleDelivery: '2.0',
    }),
    sourceIPAddress: '198.51.100.200',
    userAgent: agents.ssmAgent,
  }
}

/** A workflow run id like GitHub's, increasing with time. */
export function githubRun({ at, random }: Script): number {
  return 12_000_000_000 + Math.floor(at / 60_000) * 10 + random.integer(0, 9)
}

/** A job of GitHub Actions signs in with its OIDC token; the jobs of one run share its number. */
export function githubJob(
  script: Script,
  region: string,
  repository: string,
  run = githubRun(script),
): Caller {
  const { account, random } = script
  const provider = `arn:aws:iam::${account.id}:oidc-provider/token.actions.githubusercontent.com`
  const subject = `repo:example-org/${repository}:ref:refs/heads/main`
  const name = repository === 'shop-infra' ? 'GitHubActions' : `${repository}-${run}`
  const sourceIPAddress = `192.0.2.${random.integer(1, 250)}`
  const { credentials, opened } = issue(script)
  script.call(
    {
      userIdentity: {
        type: 'WebIdentityUser',
        principalId: `${provider}:sts.amazonaws.com:${subject}`,
        userName: subject,
        identityProvider: provider,
      },
      sourceIPAddress,
      userAgent: agents.githubAction('configure-aws-credentials'),
    },
    region,
    {
      service: 'sts',
      action: 'AssumeRoleWithWebIdentity',
      request: {
        roleArn: roleArn(account, CI_ROLE),
        roleSessionName: name,
        durationSeconds: 3600,
      },
      response: {
        credentials,
        subjectFromWebIdentityToken: subject,
        assumedRoleUser: assumedRoleUser(account, CI_ROLE, name),
        provider,
        audience: 'sts.amazonaws.com',
      },
      resources: [{ type: 'AWS::IAM::Role', ARN: roleArn(account, CI_ROLE) }],
    },
  )
  const caller: Caller = {
    userIdentity: assumedRole(script, {
      role: CI_ROLE,
      name,
      ...opened,
      federatedProvider: provider,
    }),
    sourceIPAddress,
    userAgent: agents.runnerCli,
  }
  script.call({ ...caller, userAgent: agents.githubAction('configure-aws-credentials') }, region, {
    service: 'sts',
    action: 'GetCallerIdentity',
  })
  return caller
}

/** A person signs in through IAM Identity Center, for a terminal. */
export function signIn(script: Script, person: Person): Caller {
  const { account } = script
  const role = ssoRole(account, person)
  const opened = openWithSaml(script, person, role)
  return {
    userIdentity: assumedRole(script, {
      role,
      name: person.email,
      ...opened,
    }),
    sourceIPAddress: person.sourceIPAddress,
    userAgent: agents.cli(person.os),
  }
}

/** A person signs in to the console through IAM Identity Center. */
export function openConsole(script: Script, person: Person): Caller {
  const { account } = script
  const role = ssoRole(account, person)
  openWithSaml(script, person, role)
  const userIdentity = assumedRole(script, { role, name: person.email, startedAt: script.at })
  const userAgent = () => browsers[person.os]
  const { sourceIPAddress } = person
  script.call({ userIdentity, sourceIPAddress, userAgent }, 'us-east-1', {
    service: 'signin',
    action: 'ConsoleLogin',
    response: { ConsoleLogin: 'Success' },
    fields: {
      additionalEventData: { MobileVersion: 'No', MFAUsed: 'No' },
      eventType: 'AwsConsoleSignIn',
    },
  })
  return { userIdentity, sourceIPAddress, userAgent, isConsole: true }
}

/** The console uses a separate key for each of its services within one session. */
export function consoleOf(script: Script, console: Caller, serviceName: string): Caller {
  const session = console.userIdentity.sessionContext as { attributes: { creationDate: string } }
  const { arn } = console.userIdentity
  const { creationDate } = session.attributes
  const key = new Random(script.account.seed, String(arn), creationDate, serviceName).iamId('ASIA')
  const { sessionContext, ...identity } = console.userIdentity
  return {
    ...console,
    userIdentity: { ...identity, accessKeyId: key, sessionContext },
    ...(serviceName === 's3' && {
      userAgent: () =>
        'S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.233-223.887.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/17.0.14+7 java/17.0.14 vendor/Oracle_Corporation cfg/retry-mode/standard',
    }),
  }
}

function ssoRole(account: Account, { permissionSet }: Person): string {
  const name = permissionSetRole(account, permissionSet)
  return `aws-reserved/sso.amazonaws.com/${account.homeRegion}/${name}`
}

function openWithSaml(script: Script, { email }: Person, role: string) {
  const { account, random } = script
  const { credentials, opened } = issue(script, 8)
  const principal = `${account.samlProvider}:${email}`
  script.call(
    {
      userIdentity: {
        type: 'SAMLUser',
        principalId: principal,
        userName: email,
        identityProvider: account.samlProvider,
      },
      sourceIPAddress: 'sso.amazonaws.com',
      userAgent: () => 'sso.amazonaws.com',
    },
    account.homeRegion,
    {
      service: 'sts',
      action: 'AssumeRoleWithSAML',
      request: {
        sAMLAssertionID: `_${random.uuid()}`,
        roleSessionName: email,
        durationSeconds: 28_800,
        roleArn: roleArn(account, role),
        principalArn: `arn:aws:iam::${account.id}:saml-provider/${account.samlProvider}`,
      },
      response: {
        subjectType: 'persistent',
        subject: email,
        credentials,
        issuer: `https://portal.sso.${account.homeRegion}.amazonaws.com/saml/assertion/${account.samlProvider}`,
        assumedRoleUser: assumedRoleUser(account, role, email),
        audience: 'https://signin.aws.amazon.com/saml',
      },
      resources: [
        { type: 'AWS::IAM::Role', ARN: roleArn(account, role) },
        {
          type: 'AWS::IAM::SAMLProvider',
          ARN: `arn:aws:iam::${account.id}:saml-provider/${account.samlProvider}`,
        },
      ],
    },
  )
  return opened
}

/** Role chaining, for tools that use a separate role. */
export function assume(
  script: Script,
  caller: Caller,
  region: string,
  {
    role,
    name,
    userAgent = caller.userAgent,
  }: { role: string; name: string; userAgent?: UserAgent },
): Caller {
  const { account } = script
  const { credentials, opened } = issue(script)
  script.call({ ...caller, userAgent }, region, {
    service: 'sts',
    action: 'AssumeRole',
    request: { roleArn: roleArn(account, role), roleSessionName: name },
    response: { credentials, assumedRoleUser: assumedRoleUser(account, role, name) },
    resources: [{ type: 'AWS::IAM::Role', ARN: roleArn(account, role) }],
  })
  return {
    userIdentity: assumedRole(script, { role, name, ...opened }),
    sourceIPAddress: caller.sourceIPAddress,
    userAgent,
  }
}

/** An IAM user with a long-term access key. */
export function iamUser(account: Account, name: string, userAgent: UserAgent): Caller {
  const random = new Random(account.seed, account.id, 'key', name)
  return {
    userIdentity: {
      type: 'IAMUser',
      principalId: principalId(account, 'AIDA', name),
      arn: `arn:aws:iam::${account.id}:user/${name}`,
      accountId: account.id,
      accessKeyId: random.iamId('AKIA'),
      userName: name,
    },
    sourceIPAddress: `198.51.100.${random.integer(100, 190)}`,
    userAgent,
  }
}

/** The error that AWS returns for a denied call, by service. */
export function denial(
  caller: Caller,
  action: string,
  resource: string,
): NonNullable<Call['error']> {
  const [service] = action.split(':')
  const who = `User: ${caller.userIdentity.arn} is not authorized to perform: ${action} on resource: ${resource}`
  const why = `because no identity-based policy allows the ${action} action`
  if (service === 'ec2') {
    return {
      code: 'Client.UnauthorizedOperation',
      message: `You are not authorized to perform this operation. ${who} ${why}`,
    }
  }
  const code = ['iam', 's3', 'sts', 'rds', 'cloudformation'].includes(service!)
    ? 'AccessDenied'
    : 'AccessDeniedException'
  return { code, message: `${who} ${why}` }
}
