import { permissionPolicy } from './permissions.ts'
import { awsCommand, quoted, quotedJson, type ShellCommand } from './shell.ts'
import { trustPolicy } from './trust.ts'

/** The default name of the role, the stack and the inline policy. */
export const usualName = 'cairn-read-only'

/** The parameters of a customer's role. */
export interface RoleDesign {
  partition: string
  /** The IAM role (or user) that Cairn runs as. */
  principalArn: string
  externalId: string
  /** Without the path: 1 to 64 of `[\w+=,.@-]`. */
  name: string
  /** `/` or `/services/`. */
  path: string
}

/** The commands without a template: create the role, attach its permissions, print its ARN. */
export function iamCommands(role: RoleDesign): ShellCommand[] {
  return [
    {
      title: 'Create the role',
      command: awsCommand('iam create-role', {
        'role-name': quoted(role.name),
        path: role.path === '/' ? undefined : quoted(role.path),
        description: quoted('Allows Cairn to read CloudTrail events, and nothing else.'),
        'assume-role-policy-document': quotedJson(trustPolicy(role)),
      }),
    },
    putPermissions(role),
    {
      title: 'Show the role ARN',
      command: awsCommand('iam get-role', {
        'role-name': quoted(role.name),
        query: 'Role.Arn',
        output: 'text',
      }),
    },
  ]
}

export function putPermissions(role: { name: string }): ShellCommand {
  return {
    title: 'Add the permissions policy',
    command: awsCommand('iam put-role-policy', {
      'role-name': quoted(role.name),
      'policy-name': usualName,
      'policy-document': quotedJson(permissionPolicy),
    }),
  }
}

export function putTrust(role: RoleDesign): ShellCommand {
  return {
    title: "Set the role's trust policy",
    command: awsCommand('iam update-assume-role-policy', {
      'role-name': quoted(role.name),
      'policy-document': quotedJson(trustPolicy(role)),
    }),
  }
}

/** How to remove the role in AWS: one command for each way in which it may have been created. */
export function removal(role: {
  name: string
  region: string
}): (ShellCommand & { way: 'terraform' | 'cloudFormation' | 'cli' })[] {
  return [
    {
      way: 'terraform',
      title: 'Created with Terraform: remove the module block and apply',
      command: 'terraform apply',
    },
    {
      way: 'cloudFormation',
      title: 'Created with CloudFormation: delete the stack in its region',
      command: awsCommand('cloudformation delete-stack', {
        'stack-name': stackName(role.name),
        region: role.region,
      }),
    },
    {
      way: 'cli',
      title: 'Created with the AWS CLI or in the console: delete the policy, then the role',
      command: [
        awsCommand('iam delete-role-policy', {
          'role-name': quoted(role.name),
          'policy-name': usualName,
        }),
        awsCommand('iam delete-role', { 'role-name': quoted(role.name) }),
      ].join('\n'),
    },
  ]
}

/**
 * The role's name as a CloudFormation stack name: letters, digits and hyphens, starting with a
 * letter.
 */
export function stackName(roleName: string): string {
  return /^[a-z][a-z0-9-]{0,127}$/i.test(roleName) ? roleName : usualName
}
