import type { RoleArn } from './role-arn.ts'

/** What is known of the identity that Cairn runs as. Null: not known. */
export interface OwnIdentity {
  partition: string | null
  /** Of the IAM role. */
  arn: string | null
  /** As `sts:GetCallerIdentity` returns it: the ARN of a session, which leaves the role's path out. */
  caller: string | null
}

/** Why a connection can never use a role, regardless of its trust policy; undefined if it may. */
export function whyUnusable(
  role: RoleArn,
  own: OwnIdentity,
): { means: string; remedy: string } | undefined {
  if (own.partition !== null && role.partition !== own.partition) {
    return {
      means: `This role is in the partition ${role.partition}, and Cairn runs in ${own.partition}. AWS does not allow access across partitions.`,
      remedy: `Run Cairn in ${role.partition} for this account.`,
    }
  }
  const session = `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name}/`
  if (role.arn === own.arn || own.caller?.startsWith(session)) {
    return {
      means: 'This is the role that Cairn runs as.',
      remedy: 'Enter the role in the account to import, which trusts this role.',
    }
  }
  return undefined
}
