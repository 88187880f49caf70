import type { Check } from '../../connections/checks.ts'
import { permissionPolicy } from './permissions.ts'
import { putPermissions, putTrust, type RoleDesign } from './role.ts'
import { trustPolicy } from './trust.ts'

/** A snippet to paste that fixes a failed check. */
interface Snippet {
  title: string
  language: 'json' | 'bash'
  text: string
}

/**
 * The snippets that fix a failed check; none for one that passed or waits.
 *
 * @param role null if the principal that the role must trust is uncertain, or no role is set
 */
export function snippetsFor(
  check: Pick<Check, 'id' | 'state'>,
  role: RoleDesign | null,
): Snippet[] {
  if (role === null || (check.state !== 'failed' && check.state !== 'skipped')) return []
  switch (check.id) {
    case 'assume_with_id':
      return [...trustSnippets(role), assumeSnippet(role)]
    case 'refused_without_id':
    case 'refused_wrong_id':
      return trustSnippets(role)
    case 'identity':
    case 'lookup_events':
    case 'trails':
      return [
        json("The role's permission policy", permissionPolicy),
        {
          title: 'AWS CLI commands',
          language: 'bash',
          text: putPermissions(role).command,
        },
      ]
    default:
      return []
  }
}

function trustSnippets(role: RoleDesign): Snippet[] {
  return [
    json('Complete trust policy', trustPolicy(role)),
    { title: 'AWS CLI commands', language: 'bash', text: putTrust(role).command },
  ]
}

/** What Cairn's own role needs. Most installations allow it for all roles. */
function assumeSnippet({ partition, name, path }: RoleDesign): Snippet {
  return json("In Cairn's own account: the permission that its role needs", {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Resource: `arn:${partition}:iam::*:role${path}${name}`,
      },
    ],
  })
}

function json(title: string, document: unknown): Snippet {
  return { title, language: 'json', text: JSON.stringify(document, null, 2) }
}
