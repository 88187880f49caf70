import type { SourceDetail } from '../../changes/change.ts'

export const GITHUB = 'github'

/** GitHub's own fields of a change. Texts are indexable. */
export interface GitHubDetail extends SourceDetail {
  source: typeof GITHUB
  /** GitHub's name of the webhook event: `pull_request`. */
  event: string
  /** `acme/shop`. */
  repository: string
  /** Of the pull request. */
  number?: number
  title?: string
  /** Logins or names of those who wrote the commits or opened the pull request. */
  authors: string[]
  labels: string[]
  /** The newest last, at most 50. */
  commits: GitHubCommit[]
  /** How many there were. */
  commitCount?: number
  /** The commit that the change results in or deploys. */
  sha?: string
  /** The commit before a push. */
  before?: string
  /** Whether a push replaced commits of the branch. */
  forced?: boolean
  /** The branch that a pull request was merged from. */
  head?: string
  environment?: string
  run?: GitHubRun
  deployment?: GitHubDeployment
  tag?: string
  /** Which setting changed, from what to what. */
  edits: { field: string; from?: string; to?: string }[]
  /**
   * When the source reported this state, RFC 3339. Only for changes that later events update: an
   * older one never replaces a newer one.
   */
  updatedAt?: string
  /** Orders reports of the same second: the newer one has the larger number. */
  sequence?: number
}

export interface GitHubCommit {
  sha: string
  message: string
  author?: string
}

export interface GitHubRun {
  id: string
  attempt?: number
  number?: number
  workflow?: string
  /** What started it: `push`, `workflow_dispatch`. */
  event?: string
  conclusion?: string
}

interface GitHubDeployment {
  id: string
  /** The last state that changed it: `created`, `success`, `failure`, `error`. */
  state: string
  task?: string
  description?: string
}
