import { z } from 'zod'
import { isSameOrRecurrence } from '../../changes/recurrence.ts'
import type { Source } from '../source.ts'
import { UnreadableWebhook } from '../webhook-body.ts'
import { GITHUB } from './detail.ts'
import { translateGitHub } from './translate.ts'

/** Raising it makes workers read the stored payloads again. */
export const GITHUB_READER_VERSION = 2

/** What is stored beside a payload, because it is not in it. The time is stored as RFC 3339. */
const contextSchema = z.object({ event: z.string(), receivedAt: z.coerce.date() })

export const github: Source = {
  id: GITHUB,
  name: 'GitHub',
  detailSchema: z
    .object({
      source: z.literal(GITHUB),
      event: z.string(),
      repository: z.string(),
      number: z.number().optional(),
      title: z.string().optional(),
      authors: z.array(z.string()),
      labels: z.array(z.string()),
      commits: z.array(
        z.object({ sha: z.string(), message: z.string(), author: z.string().optional() }),
      ),
      commitCount: z.number().optional(),
      sha: z.string().optional(),
      before: z.string().optional(),
      forced: z.boolean().optional(),
      head: z.string().optional(),
      environment: z.string().optional(),
      run: z
        .object({
          id: z.string(),
          attempt: z.number().optional(),
          number: z.number().optional(),
          workflow: z.string().optional(),
          event: z.string().optional(),
          conclusion: z.string().optional(),
        })
        .optional(),
      deployment: z
        .object({
          id: z.string(),
          state: z.string(),
          task: z.string().optional(),
          description: z.string().optional(),
        })
        .optional(),
      tag: z.string().optional(),
      edits: z.array(
        z.object({ field: z.string(), from: z.string().optional(), to: z.string().optional() }),
      ),
      updatedAt: z.iso.datetime().optional(),
      sequence: z.number().optional(),
    })
    .meta({
      id: 'GitHubDetail',
      examples: [
        {
          source: GITHUB,
          event: 'pull_request',
          repository: 'acme/shop',
          number: 12,
          title: 'Fix the pool size',
          authors: ['octocat'],
          labels: [],
          commits: [],
          edits: [],
          sha: 'f95f852bd8fca8fcc58a9a2d6c842781e32a215e',
        },
      ],
    }),
  reader: {
    version: GITHUB_READER_VERSION,
    reread({ record, context, sourceId }) {
      const known = contextSchema.safeParse(context)
      if (!known.success) return undefined
      try {
        const { event, receivedAt } = known.data
        return translateGitHub(event, JSON.parse(record), receivedAt).find((change) =>
          isSameOrRecurrence(sourceId, change.sourceId),
        )
      } catch (error) {
        if (error instanceof UnreadableWebhook) return undefined
        throw error
      }
    },
  },
}
