export const ACCOUNT = '123456789012'

export type Fields = Record<string, unknown>

/** An IAM user with a long-lived key. */
export function userIdentity(userName: string, account = ACCOUNT): Fields {
  const suffix = `EXAMPLE${userName.toUpperCase()}`.padEnd(15, '0')
  return {
    type: 'IAMUser',
    principalId: `AIDA${suffix}01`,
    arn: `arn:aws:iam::${account}:user/${userName}`,
    accountId: account,
    accessKeyId: `AKIA${suffix}1`,
    userName,
  }
}

export const ALICE = userIdentity('alice')

interface RoleOptions {
  role: string
  session: string
  path?: string
  key?: string
  began?: string
  federatedProvider?: string
  sourceIdentity?: string
  invokedBy?: string
  fields?: Fields
  account?: string
}

/** A session of a role, with the fields that CloudTrail writes for one. */
export function roleIdentity(options: RoleOptions): Fields {
  const {
    role,
    session,
    path = '/',
    key,
    began = '2026-03-02T11:58:00Z',
    account = ACCOUNT,
  } = options
  const roleId = `AROA${Buffer.from(role).toString('hex').toUpperCase().padEnd(17, '0').slice(0, 17)}`
  return {
    type: 'AssumedRole',
    principalId: `${roleId}:${session}`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
    accountId: account,
    ...(key !== '' && { accessKeyId: key ?? 'ASIAEXAMPLESESSION01' }),
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: roleId,
        arn: `arn:aws:iam::${account}:role${path}${role}`,
        accountId: account,
        userName: role,
      },
      ...(options.federatedProvider && {
        webIdFederationData: { federatedProvider: options.federatedProvider, attributes: {} },
      }),
      attributes: { creationDate: began, mfaAuthenticated: 'false' },
      ...(options.sourceIdentity && { sourceIdentity: options.sourceIdentity }),
    },
    ...(options.invokedBy && { invokedBy: options.invokedBy }),
    ...options.fields,
  }
}

/** A person of IAM Identity Center. */
export function ssoIdentity(person: string, options: Partial<RoleOptions> = {}): Fields {
  return roleIdentity({
    role: 'AWSReservedSSO_PowerUser_0123456789abcdef',
    path: '/aws-reserved/sso.amazonaws.com/eu-west-1/',
    session: person,
    ...options,
  })
}

export const TERRAFORM =
  'APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.80.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.6 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.194.0'
export const AWS_CLI =
  'aws-cli/2.22.7 md/awscrt#0.23.4 ua/2.0 os/macos#24.1.0 md/arch#arm64 lang/python#3.12.6 cfg/retry-mode#standard md/installer#source md/command#ec2.run-instances'
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'

/** A time as records state it: UTC, to the second. @param ms since 1970 */
export function cloudTrailTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

let made = 0

/**
 * A record as CloudTrail writes it in 2026, with an event id of its own.
 *
 * @param fields replace those of the record; `undefined` removes one from its JSON
 */
export function record(fields: Fields = {}): Fields {
  made++
  const number = made.toString(16).padStart(12, '0')
  return {
    eventVersion: '1.11',
    userIdentity: ALICE,
    eventTime: '2026-03-02T12:01:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'CreateVpc',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '203.0.113.7',
    userAgent: AWS_CLI,
    requestParameters: null,
    responseElements: null,
    requestID: `11111111-2222-4333-8444-${number}`,
    eventID: `aaaaaaaa-bbbb-4ccc-8ddd-${number}`,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'ec2.eu-west-1.amazonaws.com',
    },
    ...fields,
  }
}

export function call(
  service: string,
  action: string,
  requestParameters: unknown = null,
  responseElements: unknown = null,
  fields: Fields = {},
): Fields {
  return record({
    eventSource: `${service}.amazonaws.com`,
    eventName: action,
    requestParameters,
    responseElements,
    ...fields,
  })
}
