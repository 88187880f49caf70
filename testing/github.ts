/** Typical webhooks of GitHub with the fields that a test sets. */

export const REPOSITORY = {
  id: 1,
  full_name: 'acme/shop',
  html_url: 'https://github.com/acme/shop',
  default_branch: 'main',
}
const octocat = { login: 'octocat', type: 'User' }

export function pullRequestMerged(number: number, at: Date, fields: object = {}) {
  return {
    action: 'closed',
    repository: REPOSITORY,
    sender: octocat,
    pull_request: {
      number,
      title: 'Fix the pool size',
      html_url: `https://github.com/acme/shop/pull/${number}`,
      merged: true,
      merged_at: at.toISOString(),
      merge_commit_sha: String(number).padStart(40, '0'),
      merged_by: octocat,
      user: { login: 'ada', type: 'User' },
      labels: [{ name: 'database' }],
      commits: 2,
      head: { ref: 'fix-pool', sha: 'a'.repeat(40) },
      base: { ref: 'main', sha: 'b'.repeat(40) },
      ...fields,
    },
  }
}

export function deployment(id: number, at: Date, runId?: number) {
  return {
    action: 'created',
    repository: REPOSITORY,
    sender: octocat,
    deployment: {
      id,
      sha: 'c'.repeat(40),
      ref: 'main',
      task: 'deploy',
      environment: 'production',
      creator: octocat,
      created_at: at.toISOString(),
      updated_at: at.toISOString(),
    },
    workflow: { name: 'Deploy', path: '.github/workflows/deploy.yml' },
    ...(runId !== undefined && { workflow_run: { id: runId, name: 'Deploy' } }),
  }
}

export function deploymentStatus(
  created: ReturnType<typeof deployment>,
  state: string,
  at: Date,
  id = 1,
) {
  return {
    ...created,
    deployment_status: {
      id,
      state,
      environment: created.deployment.environment,
      created_at: at.toISOString(),
      updated_at: at.toISOString(),
    },
  }
}

export function workflowRun(id: number, startedAt: Date, endedAt: Date, fields: object = {}) {
  return {
    action: 'completed',
    repository: REPOSITORY,
    sender: octocat,
    workflow: { name: 'Deploy', path: '.github/workflows/deploy.yml' },
    workflow_run: {
      id,
      name: 'Deploy',
      run_number: 36,
      run_attempt: 1,
      event: 'push',
      conclusion: 'success',
      head_branch: 'main',
      head_sha: 'c'.repeat(40),
      html_url: `https://github.com/acme/shop/actions/runs/${id}`,
      created_at: startedAt.toISOString(),
      run_started_at: startedAt.toISOString(),
      updated_at: endedAt.toISOString(),
      triggering_actor: octocat,
      pull_requests: [],
      ...fields,
    },
  }
}
