/** Changes of code: merged pull requests, pushes and releases. */

import type { z } from 'zod'
import type { Change } from '../../changes/change.ts'
import { counted, indexable, spoken } from '../../changes/text.ts'
import {
  actorOf,
  authorsOf,
  buildChange,
  commitSet,
  commitsOf,
  isDefaultBranch,
  NoChange,
  nameOf,
  optional,
  repositoryResource,
  resource,
} from './build.ts'
import type * as payload from './payload.ts'

type Payload<Name extends keyof typeof payload> =
  (typeof payload)[Name] extends z.ZodType<infer T> ? T : never

/** GitHub allows 100 labels of a pull request. */
const MAX_LABELS = 100

export function readPullRequest(body: Payload<'pullRequest'>): Change {
  const { repository, pull_request: pull } = body
  if (body.action !== 'closed')
    throw new NoChange(`The pull request was not merged: ${body.action}.`)
  if (pull.merged === false || !pull.merged_at) {
    throw new NoChange('The pull request was closed without being merged.')
  }
  const { number } = pull
  const base = pull.base?.ref ?? 'the default branch'
  const title = spoken(pull.title ?? '', 200)
  const labels = (pull.labels ?? [])
    .slice(0, MAX_LABELS)
    .flatMap(({ name }) => (name ? [indexable(name, 200)] : []))
  const author = nameOf(pull.user)
  const sha = pull.merge_commit_sha ?? pull.head?.sha ?? undefined
  const name = `${repository.full_name}#${number}`
  return buildChange(repository, {
    sourceId: `pull_request/${repository.full_name}/${number}`,
    occurredAt: pull.merged_at,
    actor: actorOf(pull.merged_by, body.sender),
    phrase: `merged #${number} ${title} into ${spoken(base, 60)}`.replace(/ {2,}/g, ' '),
    action: 'pull_request.merged',
    resources: [repositoryResource(repository), resource('PullRequest', name, title)],
    changeSet: commitSet(repository, sha ?? name),
    attributes: {
      ...(pull.base?.ref && { branch: indexable(pull.base.ref) }),
      ...(labels.length > 0 && { labels }),
    },
    links: [[`Pull request #${number}`, pull.html_url]],
    detail: {
      event: 'pull_request',
      number,
      title,
      labels,
      authors: author === undefined ? [] : [author],
      ...optional('commitCount', pull.commits),
      ...optional('sha', sha && indexable(sha, 100)),
      ...optional('head', pull.head?.ref && indexable(pull.head.ref)),
    },
  })
}

export function readPush(body: Payload<'push'>, receivedAt: Date): Change {
  const { repository, ref, after, before } = body
  const branch = /^refs\/heads\/(.+)$/s.exec(ref)?.[1]
  if (branch === undefined) throw new NoChange(`Not a push to a branch: ${spoken(ref, 100)}.`)
  if (!isDefaultBranch(repository, branch)) {
    throw new NoChange(`Not a push to the default branch: ${spoken(branch, 100)}.`)
  }
  if (body.deleted) throw new NoChange('The branch was deleted.')
  const commits = body.commits ?? []
  const head = body.head_commit ? [body.head_commit] : []
  const listed = commitsOf(commits.length > 0 ? commits : head)
  const [only] = listed
  const what =
    commits.length <= 1 && only
      ? `“${spoken(only.message, 120)}”`
      : counted(commits.length, 'commit')
  const verb = body.forced ? 'force-pushed' : 'pushed'
  const pushedAt = repository.pushed_at
  // Two webhooks report a push at different times: without a time of its own, the ID has none.
  const push = pushedAt ? [after, Math.floor(pushedAt.getTime() / 1000)] : [after]
  return buildChange(repository, {
    sourceId: ['push', repository.full_name, ...push].join('/'),
    occurredAt: pushedAt ?? receivedAt,
    actor: actorOf(body.sender, body.pusher && { login: body.pusher.name }),
    phrase: `${verb} ${what} to ${spoken(branch, 60)}`,
    action: 'push',
    resources: [
      repositoryResource(repository),
      resource('Branch', `${repository.full_name}/${branch}`, branch),
    ],
    changeSet: commitSet(repository, after),
    attributes: { branch: indexable(branch) },
    links: [['Compare', body.compare]],
    detail: {
      event: 'push',
      commits: listed,
      commitCount: commits.length,
      authors: authorsOf(listed),
      sha: indexable(after, 100),
      ...optional('before', before && indexable(before, 100)),
      ...(body.forced && { forced: true }),
    },
  })
}

export function readRelease(body: Payload<'release'>, receivedAt: Date): Change {
  const { repository, release } = body
  if (body.action !== 'published')
    throw new NoChange(`The release was not published: ${body.action}.`)
  const tag = spoken(release.tag_name, 100)
  const name = spoken(release.name ?? '', 100)
  const title = name === '' || name === tag ? tag : `${tag} (${name})`
  const author = nameOf(release.author)
  return buildChange(repository, {
    sourceId: `release/${repository.full_name}/${release.id ?? release.tag_name}`,
    occurredAt: release.published_at ?? receivedAt,
    actor: actorOf(body.sender, release.author),
    phrase: `published the ${release.prerelease ? 'prerelease' : 'release'} ${title}`,
    action: 'release.published',
    resources: [
      repositoryResource(repository),
      resource('Release', `${repository.full_name}@${release.tag_name}`, tag),
    ],
    risks: ['deploy'],
    changeSet: commitSet(repository, `tag ${release.tag_name}`),
    attributes: {
      ...(release.target_commitish &&
        !/^[0-9a-f]{40}$/.test(release.target_commitish) && {
          branch: indexable(release.target_commitish),
        }),
    },
    links: [[`Release ${tag}`, release.html_url]],
    detail: {
      event: 'release',
      tag: indexable(release.tag_name),
      ...optional('title', name === '' ? undefined : name),
      authors: author === undefined ? [] : [author],
    },
  })
}
