import { matchPattern } from '../../changes/environment-rules.ts'
import type { DeployRule } from '../../integrations/integration.ts'

/** Which deployments are deploys. Jobs that only use an environment's secrets create some too. */

/** The first rule that matches decides; without one, it is a deploy. */
export function isDeployByRules(
  rules: readonly DeployRule[],
  { workflow, environment }: { workflow: string | undefined; environment: string },
): boolean {
  const rule = rules.find(
    (each) =>
      (each.workflow === undefined || matches(each.workflow, workflow)) &&
      (each.environment === undefined || matches(each.environment, environment)),
  )
  return rule?.isDeploy ?? true
}

/** Whether a text matches a pattern with `*`, ignoring case. An absent text matches none. */
function matches(pattern: string, text: string | undefined): boolean {
  return text !== undefined && matchPattern(text, pattern)
}
