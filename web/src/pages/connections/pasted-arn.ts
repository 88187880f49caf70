import type { Connection } from '../../client.ts'

/**
 * Extracts the ARN from pasted text with quotes, a key or a comma, as Terraform and the AWS CLI
 * print it. A role ARN never starts or ends with a quote. Other characters stay and are reported,
 * because a comma without quotes can belong to the name.
 */
export function pastedArn(pasted: string): string {
  const quoted = [...pasted.matchAll(/(["'`])\s*(arn:[^\s"'`]+)\s*\1/g)].map(([, , arn]) => arn!)
  return new Set(quoted).size === 1 ? quoted[0]! : pasted.trim()
}

/**
 * What to confirm before a role of this account is used: the connection is moved from another
 * account, or is named after another one. Undefined if nothing suggests another account.
 *
 * @param accountId the account of the entered role
 */
export function otherAccountQuestion(
  connection: Pick<Connection, 'name' | 'accountId'>,
  accountId: string,
): { title: string; text: string; action: string } | undefined {
  const { name, accountId: current } = connection
  if (current !== null && current !== accountId) {
    return {
      title: 'Move this connection to another account?',
      text: `${name} imports account ${current}. This role is in account ${accountId}. Imports of ${current} stop, and imports of ${accountId} start. Imported changes are kept.`,
      action: `Move to ${accountId}`,
    }
  }
  const named = name.match(/(?<!\d)\d{12}(?!\d)/)?.[0]
  if (current === null && named !== undefined && named !== accountId) {
    return {
      title: 'Is this the account you mean?',
      text: `This role is in account ${accountId}. The connection is named ${name}.`,
      action: `Use ${accountId}`,
    }
  }
  return undefined
}
