import type { RoleArn } from './role-arn.ts'

/** The identity that Cairn runs as, as far as it is known. Null: unknown. */
export interface OwnIdentity {
  partition: string | null
  /** Of the IAM role. */
  arn: string | null
  /** As `sts:GetCallerIdentity` returns it: the ARN of a session, which omits the role's path. */
  caller: string | null
}

/** Why Cairn can never assume a role, regardless of its trust policy; undefined if it may. */
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
