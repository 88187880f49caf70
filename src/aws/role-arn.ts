export interface RoleArn {
  /** In AWS's spelling, without surrounding text. */
  arn: string
  partition: 'aws' | 'aws-us-gov' | 'aws-cn'
  /** Twelve digits. */
  accountId: string
  /** `/` or `/services/`. */
  path: string
  /** Without the path, as in an assumed-role ARN. */
  name: string
}

const partitions: readonly string[] = [
  'aws',
  'aws-us-gov',
  'aws-cn',
] satisfies RoleArn['partition'][]

/** AWS's other partitions: they exist, but Cairn does not know their regions and endpoints. */
const unsupportedPartitions: Record<string, string> = {
  'aws-eusc': 'the AWS European Sovereign Cloud',
  'aws-iso': 'the isolated AWS Top Secret regions',
  'aws-iso-b': 'the isolated AWS Secret regions',
  'aws-iso-e': 'the isolated AWS regions in Europe',
  'aws-iso-f': 'the isolated AWS regions of the ISOF partition',
}

const example = 'arn:aws:iam::123456789012:role/cairn'

/** Other resources that an IAM ARN can identify, with the error message for each. */
const otherKinds: Record<string, string> = {
  user: 'This is the ARN of an IAM user. Cairn assumes a role and never uses the keys of a user',
  group: 'This is the ARN of an IAM group, which cannot be assumed',
  policy: 'This is the ARN of a policy. Enter the ARN of the role',
  'instance-profile':
    'This is the ARN of an instance profile. Enter the ARN of its role, which the IAM console shows',
  'saml-provider': 'This is the ARN of an identity provider, which cannot be assumed',
  'oidc-provider': 'This is the ARN of an identity provider, which cannot be assumed',
  'server-certificate': 'This is the ARN of a certificate, which cannot be assumed',
  mfa: 'This is the ARN of an MFA device, which cannot be assumed',
}

/**
 * Parses the ARN of an IAM role that a user pasted. Surrounding white space is ignored.
 * Format: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html; names are
 * 1–64 of `[\w+=,.@-]`, paths up to 512 printable ASCII characters (IAM API reference, CreateRole).
 *
 * @returns the role, or a message for the user with the problem and the fix
 */
export function parseRoleArn(text: string): RoleArn | { problem: string } {
  const arn = text.trim()
  if (arn === '') return wrong('The ARN is missing')
  if (/^(['"`<]).*(['"`>])$/s.test(arn)) return wrong('Remove the quotes or brackets')
  if (/\s/.test(arn)) return wrong('The ARN contains spaces or line breaks')
  if (/^https?:/i.test(arn))
    return wrong("This is a URL. Copy the ARN from the role's page in the IAM console")
  if (!arn.startsWith('arn:')) {
    if (/^arn:/i.test(arn)) return wrong('ARNs start with "arn:" in lowercase')
    if (/^\d{12}$/.test(arn)) return wrong('This is only an account ID')
    return wrong('This is not an ARN')
  }

  const [, partition = '', service = '', region = '', account = '', ...rest] = arn.split(':')
  const resource = rest.join(':')
  const unsupported = Object.hasOwn(unsupportedPartitions, partition)
    ? unsupportedPartitions[partition]
    : undefined
  if (unsupported !== undefined) {
    return {
      problem: `Cairn does not support ${unsupported} (${partition}). It supports ${partitions.join(', ')}.`,
    }
  }
  if (!isPartition(partition))
    return wrong(`The partition must be ${partitions.join(', ')}, not ${quote(partition)}`)
  const [kind = '', ...segments] = resource.split('/')

  if (service === 'sts' && kind === 'assumed-role') {
    const name = segments[0] ?? ''
    const likely = isAccount(account) && isName(name)
    return {
      problem:
        "This is the ARN of a session, not of the role. Copy the role's own ARN" +
        (likely
          ? `: arn:${partition}:iam::${account}:role/${name}, if the role has no path.`
          : `: ${example}.`),
    }
  }
  if (service !== 'iam')
    return wrong(
      `This is an ARN of the service ${quote(service)}. Role ARNs have the service "iam"`,
    )
  if (region !== '') return wrong(`Role ARNs have no region, but this one has ${quote(region)}`)
  if (!isAccount(account)) {
    if (account === 'aws') return wrong('This role belongs to AWS. Enter a role in your account')
    if (/^[\d-]+$/.test(account))
      return wrong(`The account ID must have 12 digits. It is ${quote(account)}`)
    return wrong(`Replace ${quote(account)} with your 12-digit account ID`)
  }
  if (resource === 'root')
    return wrong(
      'This is the root of the account. Cairn assumes a role and never uses the root user',
    )
  if (kind !== 'role') return wrong(otherKinds[kind] ?? 'This is not the ARN of a role')

  const name = segments.at(-1) ?? ''
  const path = ['', ...segments.slice(0, -1), ''].join('/')
  if (name === '') return wrong('The role name is missing at the end')
  if (!isName(name))
    return wrong(`A role's name has 1 to 64 letters, digits or +=,.@_-; this one is ${quote(name)}`)
  if (path.length > 512 || !/^[!-~]+$/.test(path))
    return wrong("A role's path has at most 512 ASCII characters")
  return { arn, partition, accountId: account, path, name }
}

function wrong(sentence: string): { problem: string } {
  return { problem: `${sentence}. A role's ARN looks like ${example}.` }
}

function isPartition(text: string): text is RoleArn['partition'] {
  return partitions.includes(text)
}

function isAccount(text: string): boolean {
  return /^\d{12}$/.test(text)
}

function isName(text: string): boolean {
  return /^[\w+=,.@-]{1,64}$/.test(text)
}

function quote(text: string): string {
  return text === '' ? 'empty' : `"${text.length > 70 ? `${text.slice(0, 70)}…` : text}"`
}
