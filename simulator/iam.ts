/** AWS IAM, as far as a principal needs it to learn its own role's path. */

import { AwsError } from './errors.ts'
import type { QueryRequest } from './sts.ts'
import { xml } from './xml.ts'

export const iamOperations: Record<string, (request: QueryRequest) => string> = {
  GetRole: getRole,
}

function getRole({ parameters, session, region, accounts }: QueryRequest): string {
  const name = parameters.get('RoleName') ?? ''
  const role = accounts
    .roles()
    .find(({ arn, accountId }) => accountId === session.accountId && arn.endsWith(`/${name}`))
  const stem = `arn:${accounts.partition.name}:iam::${session.accountId}:role`
  const resource = role?.arn ?? `${stem}/${name}`
  accounts.authorize(session, 'iam:GetRole', { protocol: 'query', region, resource })
  if (!role) {
    throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404)
  }
  const { trustDocument } = role
  const trust = typeof trustDocument === 'string' ? trustDocument : JSON.stringify(trustDocument)
  return xml({
    Role: {
      Path: role.arn.slice(stem.length, role.arn.length - name.length),
      RoleName: name,
      RoleId: role.id,
      Arn: role.arn,
      CreateDate: `${new Date(role.createdAt).toISOString().slice(0, 19)}Z`,
      AssumeRolePolicyDocument: encodeURIComponent(trust),
      MaxSessionDuration: String(role.maxSessionDuration),
    },
  })
}
