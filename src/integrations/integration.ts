/** What an integration is: a system that sends webhooks. Vocabularies and types. */

export const INTEGRATION_KINDS = ['github', 'pagerduty', 'alertmanager', 'launchdarkly'] as const
export type IntegrationKind = (typeof INTEGRATION_KINDS)[number]

/**
 * - `received`: stored, not yet translated
 * - `translated`: became changes or updated an incident
 * - `ignored`: nothing in it is a change or an incident
 * - `failed`: could not be translated
 */
export const DELIVERY_STATES = ['received', 'translated', 'ignored', 'failed'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Decides whether a deployment of GitHub is a deploy. The first rule that matches decides. */
export interface DeployRule {
  /** A pattern of workflow names with `*`. Absent: every workflow, and none. */
  workflow?: string | undefined
  /** A pattern of environment names with `*`. Absent: every environment. */
  environment?: string | undefined
  /** False: the deployment is ignored. */
  isDeploy: boolean
}

export interface IntegrationSettings {
  /** For GitHub. Deployments that match no rule are deploys. */
  deployRules?: DeployRule[] | undefined
}

/** What a delivery became. */
export interface DeliveryResult {
  /** The IDs of its changes, new or not. */
  changes?: string[]
  /** The number of incident events. */
  incidents?: number
}

/** How long a secret stays valid after another one has replaced it. Hours. */
export const REPLACED_SECRET_HOURS = 24
