import type { IntegrationKind } from '../../../../src/integrations/integration.ts'

/** What a card and a page show of each kind. */
export const kinds: Record<IntegrationKind, { title: string; what: string; empty: string }> = {
  github: {
    title: 'GitHub',
    what: 'Pull requests, pushes, deployments and workflow runs',
    empty:
      'Not set up. Add a webhook to your organization or repository: merged pull requests, deployments and workflow runs appear beside the changes in AWS.',
  },
  pagerduty: {
    title: 'PagerDuty',
    what: 'Incidents, from webhooks (V3)',
    empty:
      'Not set up. Add a webhook subscription: each incident gets a page with what changed before it.',
  },
  alertmanager: {
    title: 'Alertmanager',
    what: 'Alerts of Prometheus, from webhooks',
    empty: 'Not set up. Add a receiver: each alert gets a page with what changed before it.',
  },
  launchdarkly: {
    title: 'LaunchDarkly',
    what: 'Feature flags, from signed webhooks',
    empty: 'Not set up. Add a webhook: changes of feature flags appear beside the changes in AWS.',
  },
}
