import type { Risk } from '../../../changes/change.ts'
import { deniedActions, openedByPolicy, readPolicy } from '../policy.ts'
import type { Summary } from '../summary.ts'

/** Sets a resource's own policy, which may let everyone in. `what`: `bucket shop-assets`. */
export function setPolicy(what: string, document: unknown, about: Risk): Summary {
  const policy = readPolicy(document)
  const opened = openedByPolicy(policy)
  const risks: Risk[] = [about, 'identity']
  if (opened === undefined) {
    const denied = deniedActions(policy)
    const does = `set the policy of ${what}`
    if (denied === undefined) return { does, risks }
    return { does, more: `, denying ${denied}`, edits: [{ field: 'denies', to: denied }], risks }
  }
  return {
    does: `open ${what} to the world with its policy`,
    verb: 'open',
    more: `: ${opened}`,
    edits: [{ field: 'policy', to: `allows ${opened} to everyone` }],
    opens: `${what}: ${opened}`,
    risks: [about, 'identity'],
  }
}
