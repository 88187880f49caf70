import { randomUUID } from 'node:crypto'
import type { WorkflowHandle } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { createWorker } from '../../src/temporal/worker.ts'
import { rereadProgressQuery } from '../../src/workflows/messages.ts'
import type { reread } from '../../src/workflows/reread.ts'
import {
  initialRereadState,
  type RereadActivities,
  type RereadState,
} from '../../src/workflows/reread-state.ts'
import { rereadWorkflowId, taskQueueOf } from '../../src/workflows/state.ts'
import { eventually } from '../eventually.ts'
import { fakeActivities } from './fakes.ts'

type Handle = WorkflowHandle<typeof reread>

interface Story {
  /** Outdated changes per organization. A turn reads five of them. */
  outdated: number[]
  turnsPerRun?: number
  /** Called before each turn. */
  turn?: () => void | Promise<void>
  /** The history is recorded when this is true of the progress. Default: when it ends. */
  until?: (state: RereadState) => boolean
}

const PER_TURN = 5

/** Each leaves the workflow `reread` in the state that its history ends with. */
export const rereadStories: Record<string, Story> = {
  'reread-finished': { outdated: [12, 3] },
  'reread-with-nothing-outdated': { outdated: [] },
  'reread-continued-as-new': { outdated: [12, 3], turnsPerRun: 2 },
  // The history ends in the pause after a failed turn.
  'reread-failing-turn': {
    outdated: [12, 3],
    turn: () => {
      throw ApplicationFailure.nonRetryable('column "x" does not exist')
    },
    until: ({ pending }) => pending.some(({ lastError }) => lastError !== null),
  },
}

/** Runs one story, and returns the history of its first run. */
export async function recordReread(env: TestWorkflowEnvironment, story: Story) {
  const installationId = randomUUID()
  const left = new Map(story.outdated.map((count) => [randomUUID() as string, count]))
  const activities: RereadActivities = {
    findOutdated: async () =>
      [...left].flatMap(([organizationId, outdated]) =>
        outdated > 0 ? [{ organizationId, outdated }] : [],
      ),
    async rereadChanges(_, { organizationId }) {
      await story.turn?.()
      const count = Math.min(left.get(organizationId)!, PER_TURN)
      left.set(organizationId, left.get(organizationId)! - count)
      return { reread: count, kept: 0, isDone: left.get(organizationId) === 0 }
    },
    removeUnusedResources: async () => {},
  }
  const worker = await createWorker({
    connection: env.nativeConnection,
    namespace: env.namespace ?? 'default',
    taskQueue: taskQueueOf(installationId),
    activities: { ...fakeActivities(new Map(), () => env.currentTimeMs()), ...activities },
  })
  const running = worker.run()
  try {
    const work = { installationId, versions: { 'aws.cloudtrail': 1 } }
    const { turnsPerRun, until } = story
    const started = await env.client.workflow.start<typeof reread>('reread', {
      workflowId: rereadWorkflowId(installationId),
      taskQueue: taskQueueOf(installationId),
      args: [
        initialRereadState(work, { now: new Date(await env.currentTimeMs()) }),
        turnsPerRun === undefined ? {} : { turnsPerRun },
      ],
    })
    if (until) await eventually(() => started.query(rereadProgressQuery), until)
    else await started.result()
    const first: Handle = env.client.workflow.getHandle(
      rereadWorkflowId(installationId),
      started.firstExecutionRunId,
    )
    const history = await first.fetchHistory()
    if (until) await started.terminate()
    return history
  } finally {
    worker.shutdown()
    await running
  }
}
