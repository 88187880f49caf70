/** What one story is: an outage as an engineer would describe it afterwards. Types only. */

import type { Call, Fields } from './calls.ts'

export type Account =
  | 'production'
  | 'staging'
  | 'sandbox'
  | 'network'
  | 'dns'
  | 'identity'
  | 'management'
  | 'data'

/** A merged pull request, with the deployment of its commit if it was deployed. */
export interface Pull {
  pull: string
  repository: string
  isDeployed: boolean
}
/** What a pipeline or a flag service reports. */
export interface Report {
  report: string
  service: string
  labels?: string[]
}
export type Event = Call | Pull | Report

export interface Story {
  kind: string
  /** The alert's title. */
  title: string
  services?: string[]
  /** Where the cause happened. Default: production. */
  in?: Account
  /** Null: no recorded change caused it. */
  cause: Event | null
  /** Minutes from the cause to the start. */
  before?: number
  /** Who did it. Default: a person. */
  by?: 'person' | 'ci' | 'terraform'
  /** Others like it on other resources in the weeks before, which broke nothing. */
  usual?: Event[]
  /** The same mistake in staging, shortly before the start. */
  staging?: Call
  /** Changes of the last hours that look risky, near the affected service. */
  innocent: Event[]
  /** What the responders did after the alert. */
  response?: Call
  /** The minutes until CloudTrail delivers the cause. */
  late?: number
  /** Extra fields of the incident, such as the start if it is known. */
  start?: 'known' | 'after'
}

export type { Call, Fields }
