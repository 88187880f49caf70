/** Changes that pipelines make: deployments and workflow runs. */

import type { z } from 'zod'
import type { Attributes, Change } from '../../changes/change.ts'
import { indexable, spoken } from '../../changes/text.ts'
import type { DeployRule } from '../../integrations/integration.ts'
import {
  actorOf,
  authorsOf,
  buildChange,
  commitSet,
  commitsOf,
  NoChange,
  optional,
  repositoryResource,
  resource,
  runSet,
  shortSha,
} from './build.ts'
import type { GitHubRun } from './detail.ts'
import type * as payload from './payload.ts'
import { isDeployByRules } from './rules.ts'

type Deployment = z.output<typeof payload.deployment>
type WorkflowRun = z.output<typeof payload.workflowRun>

const ACTIONS_TOOL = { name: 'github-actions', title: 'GitHub Actions', label: 'GitHub Actions' }

/** Each state of a deployment that changes what is shown. Others are steps in between. */
const ENDED = { success: 'succeeded', failure: 'failed', error: 'failed' } as const
type EndState = keyof typeof ENDED

const isEnd = (state: string): state is EndState => Object.hasOwn(ENDED, state)

/**
 * A deployment is one change: `deployment` creates it, and the statuses that end it update it. The
 * events can arrive in any order.
 */
export function readDeployment(
  event: 'deployment' | 'deployment_status',
  body: Deployment,
  rules: readonly DeployRule[],
): Change {
  const { repository, deployment, deployment_status: status } = body
  const state = event === 'deployment_status' ? status?.state : 'created'
  if (state === undefined) throw new NoChange('The status of the deployment is missing.')
  if (state !== 'created' && !isEnd(state)) {
    throw new NoChange(`The deployment has not ended: ${spoken(state, 60)}.`)
  }
  const environment = status?.environment || deployment.environment || 'production'
  const workflow = body.workflow?.name ?? body.workflow_run?.name ?? undefined
  if (!isDeployByRules(rules, { workflow, environment })) {
    throw new NoChange('The rules of this integration do not count this deployment as a deploy.')
  }
  const { ref, sha, created_at: createdAt } = deployment
  const branch =
    ref && !/^[0-9a-f]{7,64}$/.test(ref) ? ref.replace(/^refs\/(heads|tags)\//, '') : null
  const version = [branch && spoken(branch, 60), sha && shortSha(sha)].filter(Boolean)
  const what = version.length === 2 ? `${version[0]} (${version[1]})` : (version[0] ?? 'a version')
  const target = spoken(environment, 60)
  const runId = body.workflow_run?.id ?? runOfUrl(status?.target_url ?? status?.log_url)
  const reportedAt =
    status && state !== 'created' ? (status.updated_at ?? status.created_at) : createdAt
  const endedAt = status && state !== 'created' ? status.created_at : undefined
  return buildChange(repository, {
    sourceId: `deployment/${repository.full_name}/${deployment.id ?? createdAt.getTime()}`,
    occurredAt: createdAt,
    endedAt,
    actor: actorOf(deployment.creator, body.sender),
    phrase: {
      created: `started a deployment of ${what} to ${target}`,
      success: `deployed ${what} to ${target}`,
      failure: `tried to deploy ${what} to ${target}, which failed`,
      error: `tried to deploy ${what} to ${target}, which ended with an error`,
    }[state],
    action: 'deployment',
    resources: [
      resource('Environment', `${repository.full_name}/${environment}`, environment),
      repositoryResource(repository),
    ],
    outcome: state === 'created' ? 'succeeded' : ENDED[state],
    risks: ['deploy'],
    changeSet:
      runId === undefined
        ? commitSet(repository, sha ?? String(deployment.id))
        : runSet(runId, endedAt && endedAt.getTime() - createdAt.getTime()),
    attributes: { ...branchOf(branch), environments: [indexable(environment)] },
    links: [
      ['Log', status?.log_url ?? status?.target_url],
      ['Environment', status?.environment_url],
      ['Workflow run', body.workflow_run?.html_url],
    ],
    tool: runId === undefined ? undefined : { ...ACTIONS_TOOL, run: runId },
    detail: {
      event,
      environment: indexable(environment),
      ...optional('sha', sha && indexable(sha, 100)),
      ...(runId !== undefined && {
        run: { id: runId, ...optional('workflow', workflow && indexable(workflow, 200)) },
      }),
      deployment: {
        id: String(deployment.id ?? ''),
        state,
        ...optional('task', deployment.task && indexable(deployment.task, 200)),
        ...optional(
          'description',
          spoken(status?.description || deployment.description || '', 300) || undefined,
        ),
      },
      updatedAt: reportedAt.toISOString(),
      ...(endedAt && optional('sequence', status?.id)),
    },
  })
}

/** Actions links the status of a deployment to its job: `…/actions/runs/13577902461/job/1`. */
function runOfUrl(url: string | null | undefined): string | undefined {
  return /\/actions\/runs\/(\d+)/.exec(url ?? '')?.[1]
}

function branchOf(branch: string | null | undefined): Attributes {
  return branch ? { branch: indexable(branch) } : {}
}

/** Conclusions of runs that changed nothing. */
const NOTHING_RAN = new Set(['skipped', 'stale', 'action_required'])
const SUCCEEDED = new Set(['success', 'neutral'])
/** Runs for code that is not merged: they check it. */
const CHECKS = new Set(['pull_request', 'pull_request_review', 'merge_group'])

export function readWorkflowRun(body: WorkflowRun): Change {
  const { repository, workflow_run: run } = body
  if (body.action !== 'completed') throw new NoChange(`The run has not completed: ${body.action}.`)
  const conclusion = run.conclusion ?? 'unknown'
  if (NOTHING_RAN.has(conclusion)) throw new NoChange(`Nothing ran: ${conclusion}.`)
  const workflow = spoken(run.name || body.workflow?.name || run.path || 'a workflow', 100)
  const isSuccess = SUCCEEDED.has(conclusion) || conclusion === 'unknown'
  const startedAt = run.run_started_at ?? run.created_at
  const endedAt = run.updated_at ?? undefined
  const id = run.id ?? `${repository.full_name}/${startedAt.getTime()}`
  const attempt = run.run_attempt ?? 1
  const number = run.run_number ? ` #${run.run_number}` : ''
  const branch = run.head_branch ? ` on ${spoken(run.head_branch, 60)}` : ''
  const ending = isSuccess
    ? ''
    : `, which ${conclusion === 'cancelled' ? 'was cancelled' : 'failed'}`
  const path = run.path?.split('@', 1)[0] || body.workflow?.path || workflow
  const commits = commitsOf(run.head_commit ? [run.head_commit] : [])
  const detailRun: GitHubRun = {
    id,
    attempt,
    workflow,
    conclusion: indexable(conclusion, 100),
    ...optional('number', run.run_number),
    ...optional('event', run.event && indexable(run.event, 100)),
  }
  return buildChange(repository, {
    sourceId: `workflow_run/${repository.full_name}/${id}/${attempt}`,
    occurredAt: startedAt,
    endedAt,
    actor: actorOf(run.triggering_actor, run.actor, body.sender),
    phrase: `ran ${workflow}${number}${branch}${ending}`,
    verb: 'ran',
    action: 'workflow_run.completed',
    resources: [
      resource('Workflow', `${repository.full_name}/${path}`, workflow),
      repositoryResource(repository),
    ],
    outcome: isSuccess ? 'succeeded' : 'failed',
    noise: CHECKS.has(run.event ?? '') ? 'github.pull_request_run' : null,
    changeSet: runSet(id, endedAt && endedAt.getTime() - startedAt.getTime()),
    attributes: branchOf(run.head_branch),
    links: [['Workflow run', run.html_url]],
    tool: { ...ACTIONS_TOOL, run: id },
    detail: {
      event: 'workflow_run',
      ...optional('sha', run.head_sha && indexable(run.head_sha, 100)),
      commits,
      authors: authorsOf(commits),
      run: detailRun,
      ...optional('number', run.pull_requests?.[0]?.number),
    },
  })
}
