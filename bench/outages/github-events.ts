/** Events of a scenario that are webhooks of GitHub, as the story's pipeline causes them. */

import { hex, type Random } from './operations.ts'

interface Webhook {
  /** With its owner. */
  repository: string
  login: string
  /** The commit that was merged and is deployed. */
  sha: string
  /** When it happened, which is also when it arrives. Unix milliseconds. */
  at: number
}

export function pullRequestMerged(
  random: Random,
  {
    number,
    title,
    commits,
    branch,
    ...webhook
  }: Webhook & { number: number; title: string; commits: number; branch: string },
) {
  const { repository, sender, time } = partsOf(webhook)
  return {
    type: 'github',
    event: 'pull_request',
    payload: {
      action: 'closed',
      repository,
      sender,
      pull_request: {
        number,
        title,
        html_url: `${repository.html_url}/pull/${number}`,
        merged: true,
        merged_at: time,
        merge_commit_sha: webhook.sha,
        merged_by: sender,
        user: sender,
        labels: [],
        commits,
        head: { ref: branch, sha: hex(random, 40) },
        base: { ref: 'main', sha: hex(random, 40) },
      },
    },
    arrivesAt: time,
  }
}

export function deploymentCreated({ id, ...webhook }: Webhook & { id: number }) {
  const { repository, sender, time } = partsOf(webhook)
  return {
    type: 'github',
    event: 'deployment',
    payload: {
      action: 'created',
      repository,
      sender,
      deployment: {
        id,
        sha: webhook.sha,
        ref: 'main',
        task: 'deploy',
        environment: 'production',
        creator: sender,
        created_at: time,
        updated_at: time,
      },
    },
    arrivesAt: time,
  }
}

function partsOf({ repository, login, at }: Webhook) {
  return {
    repository: {
      full_name: repository,
      html_url: `https://github.com/${repository}`,
      default_branch: 'main',
    },
    sender: { login, type: 'User' },
    time: new Date(at).toISOString(),
  }
}
