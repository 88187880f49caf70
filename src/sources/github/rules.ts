import { matchPattern } from '../../changes/environment-rules.ts'

/** Which deployments are deploys. Jobs that only use an environment's secrets create some too. */

/** The first rule that matches decides. See `DeployRule` in src/integrations/integration.ts. */
export interface DeployRule {
  workflow?: string | undefined
  environment?: string | undefined
  isDeploy: boolean
}

export function isDeploy(
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
