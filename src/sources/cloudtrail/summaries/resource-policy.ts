import type { Risk } from '../../../changes/change.ts'
import { openedByPolicy, readPolicy } from '../policy.ts'
import type { Summary } from '../summary.ts'

/** Sets a resource's own policy, which may let everyone in. `what`: `bucket shop-assets`. */
export function setPolicy(what: string, document: unknown, about: Risk): Summary {
  const opened = openedByPolicy(readPolicy(document))
  if (opened === undefined) return { does: `set the policy of ${what}`, risks: [about, 'identity'] }
  return {
    does: `open ${what} to the world with its policy`,
    more: `: ${opened}`,
    edits: [{ field: 'policy', to: `allows ${opened} to everyone` }],
    opens: `${what}: ${opened}`,
    risks: [about, 'identity'],
  }
}
