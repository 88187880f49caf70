/**
 * The fields of webhook payloads that Cairn reads. Others are ignored. Fields that GitHub may omit
 * are optional, and null counts as absent.
 *
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */

import { z } from 'zod'
import { indexable } from '../../changes/text.ts'
import { isStorableTime } from '../../changes/time.ts'

const MAX_ID_BYTES = 100
/** Text that Postgres can store. */
const storable = z.string().transform((value) => value.toWellFormed().replaceAll('\0', '\ufffd'))
const text = storable.nullish()
const id = z
  .union([z.number(), z.string()])
  .transform((value) => indexable(String(value), MAX_ID_BYTES))
  .nullish()
/** RFC 3339, or seconds since 1970. */
const time = z
  .union([
    z.string().transform((value) => new Date(value)),
    z.number().transform((value) => new Date(value * 1000)),
  ])
  .refine(isStorableTime, 'is not a time, or not in the years 1970 to 9999')

const user = z.object({ login: text, name: text, email: text, type: text, html_url: text })
export type GitHubUser = z.output<typeof user>

const repository = z.object({
  full_name: z.string().min(1).pipe(storable),
  html_url: text,
  default_branch: text,
  master_branch: text,
  pushed_at: time.nullish().catch(undefined),
  updated_at: time.nullish().catch(undefined),
})
export type Repository = z.output<typeof repository>

/** Fields of every event. */
const common = z.object({ repository, sender: user.nullish(), action: text })

const commit = z.object({
  id: storable,
  message: text,
  url: text,
  author: z.object({ name: text, username: text, email: text }).nullish(),
})

export const pullRequest = common.extend({
  pull_request: z.object({
    number: z.number(),
    title: text,
    html_url: text,
    merged: z.boolean().nullish(),
    merged_at: time.nullish(),
    merge_commit_sha: text,
    merged_by: user.nullish(),
    user: user.nullish(),
    labels: z.array(z.object({ name: text })).nullish(),
    commits: z.number().nullish(),
    head: z.object({ ref: text, sha: text }).nullish(),
    base: z.object({ ref: text, sha: text }).nullish(),
  }),
})

export const push = common.extend({
  ref: storable,
  before: text,
  after: storable,
  forced: z.boolean().nullish(),
  created: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  compare: text,
  commits: z.array(commit).nullish(),
  head_commit: commit.nullish(),
  pusher: z.object({ name: text, email: text }).nullish(),
})

const runFields = z.object({
  id,
  name: text,
  run_number: z.number().nullish(),
  run_attempt: z.number().nullish(),
  event: text,
  html_url: text,
  head_sha: text,
  head_branch: text,
  path: text,
})

export const deployment = common.extend({
  deployment: z.object({
    id,
    sha: text,
    ref: text,
    task: text,
    environment: text,
    description: text,
    creator: user.nullish(),
    created_at: time,
    updated_at: time.nullish(),
  }),
  workflow: z.object({ name: text, path: text }).nullish(),
  workflow_run: runFields.nullish(),
  deployment_status: z
    .object({
      id: z.int().nonnegative().nullish().catch(undefined),
      state: storable,
      description: text,
      environment: text,
      target_url: text,
      log_url: text,
      environment_url: text,
      created_at: time,
      updated_at: time.nullish(),
    })
    .nullish(),
})

export const release = common.extend({
  release: z.object({
    id,
    tag_name: storable,
    target_commitish: text,
    name: text,
    html_url: text,
    prerelease: z.boolean().nullish(),
    author: user.nullish(),
    published_at: time.nullish(),
    created_at: time.nullish(),
  }),
})

export const workflowRun = common.extend({
  workflow: z.object({ name: text, path: text }).nullish(),
  workflow_run: runFields.extend({
    conclusion: text,
    created_at: time,
    run_started_at: time.nullish(),
    updated_at: time.nullish(),
    actor: user.nullish(),
    triggering_actor: user.nullish(),
    head_commit: commit.nullish(),
    pull_requests: z.array(z.object({ number: z.number().nullish() })).nullish(),
  }),
})

/** `changes` of events about settings: the old value of each field. */
const changes = z.record(z.string(), z.unknown()).nullish()

export const branchProtectionRule = common.extend({
  rule: z.looseObject({ name: storable, updated_at: time.nullish().catch(undefined) }),
  changes,
})

export const ruleset = common.extend({
  repository_ruleset: z.looseObject({
    id,
    name: text,
    updated_at: time.nullish().catch(undefined),
    enforcement: text,
  }),
  changes,
})

export const member = common.extend({ member: user, changes })

export const deployKey = common.extend({
  key: z.object({ id, title: text, read_only: z.boolean().nullish() }),
})

export const secretAlert = common.extend({
  alert: z.object({
    number: z.number().nullish(),
    secret_type: text,
    secret_type_display_name: text,
    html_url: text,
    resolution: text,
  }),
})

/** Events that say nothing more than what happened to the repository. */
export const repositoryEvent = common.extend({ changes })

export type CommitFields = z.output<typeof commit>
