/** What only a reported change has, beside the envelope. */

import type { Change, Link, SourceDetail } from '../../changes/change.ts'

export const DEPLOY = 'deploy'

/**
 * How a report arrived:
 *
 * - `changes`: `POST /changes`
 * - `pagerduty`: a PagerDuty change event
 * - `cloudevents`: a CloudEvent, CDEvents included
 * - `github`: GitHub's deployment API
 * - `launchdarkly`: a webhook of LaunchDarkly
 */
export const RECEIVERS = ['changes', 'pagerduty', 'cloudevents', 'github', 'launchdarkly'] as const
type Receiver = (typeof RECEIVERS)[number]

/** What a pipeline reports can only have succeeded or failed. */
export const REPORTED_OUTCOMES = ['succeeded', 'failed'] as const
export type ReportedOutcome = (typeof REPORTED_OUTCOMES)[number]

export interface DeployDetail extends SourceDetail {
  source: typeof DEPLOY
  receivedAs: Receiver
  description?: string
  /** What was deployed: `1.4.2`, a commit. */
  version?: string
  /** `acme/checkout` */
  repository?: string
  /** The names that were reported, whether or not environments have them. */
  environments: string[]
  services: string[]
  authors: string[]
  labels: string[]
}

export type DeployChange = Change<DeployDetail>

/** What a pipeline reported about one change, after validation. Every receiver produces it. */
export interface Report {
  receivedAs: Receiver
  /** The same in every report about this change. At most 512 bytes of UTF-8. */
  idempotencyKey: string
  summary: string
  /** Default: `deploy`. */
  action?: string | undefined
  description?: string | undefined
  /** Default: `endsAt`, otherwise when the report was received. */
  startsAt?: Date | undefined
  endsAt?: Date | undefined
  outcome?: ReportedOutcome | undefined
  version?: string | undefined
  repository?: string | undefined
  environments?: string[] | undefined
  services?: string[] | undefined
  authors?: string[] | undefined
  labels?: string[] | undefined
  links?: Link[] | undefined
  /** The program that reported it: `Argo CD`. */
  tool?: string | undefined
}
