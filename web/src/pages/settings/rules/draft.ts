import type { EnvironmentRules } from '../../../client.ts'

export type Rule = EnvironmentRules['rules'][number]
export type MatchKey = keyof Rule['match']

/** A rule that is edited, with an ID for the list. */
export interface DraftRule {
  id: string
  rule: Rule
}

export interface Draft {
  /** The version that it is based on. */
  version: number
  mode: EnvironmentRules['mode']
  rules: DraftRule[]
}

export const matchLabels: Record<MatchKey, string> = {
  source: 'Source',
  connection: 'Connection',
  account: 'Account',
  region: 'Region',
  service: 'Service',
  resource: 'Resource',
  tag: 'Tag',
  actor: 'Actor',
  repository: 'Repository',
  branch: 'Branch',
  label: 'Label',
  environment: 'Named environment',
}
export const matchKeys = Object.keys(matchLabels) as MatchKey[]

export const matchExamples: Record<MatchKey, string> = {
  source: 'aws.cloudtrail',
  connection: 'Production*',
  account: '111122223333',
  region: 'eu-*',
  service: 'rds',
  resource: '*prod*, or an ARN',
  tag: 'env=prod*',
  actor: 'terraform*',
  repository: 'acme/*',
  branch: 'main',
  label: 'production',
  environment: 'prod-*',
}

let drafts = 0
export function toDraftRule(rule: Rule): DraftRule {
  drafts += 1
  return { id: `rule-${drafts}`, rule }
}

export function toDraft({ version, mode, rules }: EnvironmentRules): Draft {
  return { version, mode, rules: rules.map((rule, n) => ({ id: `saved-${n}`, rule })) }
}

/** As the API accepts it. */
export function toRules({ mode, rules }: Draft) {
  return { mode, rules: rules.map(({ rule }) => rule) }
}

export function isChanged(draft: Draft, saved: EnvironmentRules): boolean {
  const { mode, rules } = saved
  return JSON.stringify(toRules(draft)) !== JSON.stringify({ mode, rules })
}

/** `Service is rds or ec2, and region is eu-*`. */
export function describeMatch(match: Rule['match']): string {
  const conditions = matchKeys.flatMap((key) => {
    const patterns = match[key]
    return patterns ? [`${matchLabels[key].toLowerCase()} is ${patterns.join(' or ')}`] : []
  })
  const text = conditions.join(', and ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
