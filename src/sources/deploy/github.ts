/**
 * GitHub's deployment API: deployments and their statuses.
 * https://docs.github.com/en/rest/deployments/deployments#create-a-deployment
 * https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
 */

import { z } from 'zod'
import { indexable, spoken } from '../../changes/text.ts'
import type { Report, ReportedOutcome } from './detail.ts'
import { idempotencyKey, longText, present, webLinks } from './foreign.ts'

export const deploymentSchema = z.looseObject({
  ref: z.string().trim().min(1).max(500),
  task: z.string().max(100).default('deploy'),
  environment: z.string().trim().min(1).max(200).default('production'),
  description: z.string().max(10_000).nullish(),
  payload: z.unknown().optional(),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
})

const DEPLOYMENT_STATES = [
  'error',
  'failure',
  'inactive',
  'in_progress',
  'queued',
  'pending',
  'success',
] as const

export const statusSchema = z.looseObject({
  state: z.enum(DEPLOYMENT_STATES),
  target_url: z.string().max(2048).default(''),
  log_url: z.string().max(2048).default(''),
  environment_url: z.string().max(2048).default(''),
  environment: z.string().max(200).optional(),
  description: z.string().max(140).default(''),
})

type ReportedDeployment = z.output<typeof deploymentSchema>
type ReportedDeploymentStatus = z.output<typeof statusSchema>

interface RepositoryName {
  owner: string
  repo: string
}

/** The ID of the change, from those in the URL. */
function keyOf({ owner, repo }: RepositoryName, id: number): string {
  return idempotencyKey('github', `${owner}/${repo}`, id)
}

export function readReportedDeployment(
  repository: RepositoryName,
  id: number,
  body: ReportedDeployment,
): Report {
  const { ref, task, environment, description } = body
  const { owner, repo } = repository
  const verb = task === 'deploy' ? 'Deployed' : `Ran ${task} of`
  return {
    receivedAs: 'github',
    idempotencyKey: keyOf(repository, id),
    summary: `${verb} ${repo} ${ref} to ${environment}`,
    action: task,
    description: longText(description ?? undefined),
    version: ref,
    repository: `${owner}/${repo}`,
    environments: [environment],
    services: [repo],
    links: [],
  }
}

/** Undefined while the deployment has not ended. */
function outcomeOf(state: ReportedDeploymentStatus['state']): ReportedOutcome | undefined {
  if (state === 'success') return 'succeeded'
  return state === 'error' || state === 'failure' ? 'failed' : undefined
}

/** What a status adds to its deployment. */
export function readDeploymentStatus(
  repository: RepositoryName,
  id: number,
  body: ReportedDeploymentStatus,
  now: Date,
): Pick<
  Report,
  'idempotencyKey' | 'endsAt' | 'outcome' | 'description' | 'environments' | 'links'
> {
  const { state, log_url, target_url, environment, environment_url, description } = body
  const outcome = outcomeOf(state)
  return {
    idempotencyKey: keyOf(repository, id),
    endsAt: outcome && now,
    outcome,
    description: longText(description ?? undefined),
    // A status can move its deployment to another environment.
    environments: present(environment && indexable(spoken(environment, 200))),
    links: webLinks([
      { url: log_url || target_url || undefined, label: 'Log' },
      { url: environment_url || undefined, label: 'Environment' },
    ]),
  }
}
